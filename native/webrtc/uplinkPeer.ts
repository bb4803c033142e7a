// The connection half of a WHIP client: offers video and audio, plugs the tracks into the fan-out
// and notices a dead server. Our offer carries no candidate lines: an answerer that starts its
// checks before we hold its answer breaks the DTLS handshake in up to 3 of 100 cases.

import type { Timers } from '../../core/base/clock.ts';
import { type RandomBytes, toHex } from '../../core/base/ids.ts';
import type { Logger } from '../../core/base/logger.ts';
import type { TrackKind } from '../../core/media/feed.ts';
import { parseRtcp } from '../../core/media/rtcp.ts';
import { isRtcp, read32 } from '../../core/media/rtp.ts';
import type { FanOut, ViewerStats } from './fanOut.ts';
import {
  addTrack,
  closePeer,
  contained,
  describeAudio,
  describeVideo,
  openPeer,
  type PeerConnection,
  type PeerOptions,
  type Track,
  trySend,
} from './peer.ts';
import { withoutCandidates } from './sdp.ts';

const VIDEO_PAYLOAD_TYPE = 96;
const AUDIO_PAYLOAD_TYPE = 111;
const H264 = 'profile-level-id=42e01f;packetization-mode=1;level-asymmetry-allowed=1';

/** Servers report every second or few; ICE alone takes 30 s to notice that one died. */
const SILENCE_TICK_MS = 250;
const SILENCE_MS_MIN = 2000;
const SILENCE_MS_MAX = 15_000;

/** Another publisher may have taken over: two studios must not push each other out every 250 ms. */
const GOODBYE_WAIT_MS = 2000;

export type UplinkPeerOptions = {
  fanOut: FanOut;
  peer: PeerOptions;
  timers: Timers;
  random: RandomBytes;
  logger: Logger;
  onConnected(): void;
  /** The other end reported on the picture. */
  onReport?(stats: ViewerStats): void;
  /** Once, unless closed before. */
  onFailed(reason: string, waitMs: number | null): void;
};

export type UplinkPeer = {
  offerSdp: string;
  /** Fails when the answer is no answer to the offer. */
  accept(answerSdp: string): void;
  close(): void;
};

/** Opens a connection that offers to send; throws when the library cannot. */
export function openUplinkPeer(options: UplinkPeerOptions): UplinkPeer {
  const { fanOut, random, timers, logger } = options;
  const peer = openPeer('whip-client', options.peer);
  const { tracks, ssrcs } = addTracks(peer, random);
  const out = (kind: TrackKind, payloadType: number) => ({
    payloadType,
    ssrc: ssrcs[kind],
    playoutDelayId: 0,
    send: (packet: Buffer) => trySend(tracks[kind], packet),
  });
  let isClosed = false;
  const fail = (reason: string, waitMs: number | null = null) => {
    if (isClosed) return;
    close();
    options.onFailed(reason, waitMs);
  };
  const viewer = fanOut.addViewer(
    { video: out('video', VIDEO_PAYLOAD_TYPE), audio: out('audio', AUDIO_PAYLOAD_TYPE) },
    () => fail('The media path to the relay takes no packets any more.'),
  );
  const silence = watchSilence(timers, () => fail('The relay stopped reporting.'));
  const close = () => {
    if (isClosed) return;
    isClosed = true;
    silence.stop();
    viewer.close();
    closePeer(peer);
  };
  for (const kind of ['video', 'audio'] as const) {
    tracks[kind].onOpen(contained(logger, () => viewer.opened(kind)));
    const take = (packet: Buffer) => {
      if (!isRtcp(packet)) return;
      silence.heard();
      viewer.rtcp(kind, packet);
      const items = parseRtcp(packet);
      const isReport = kind === 'video' && items.some((item) => item.type === 'reports');
      if (isReport) options.onReport?.(viewer.stats());
      const isGoodbye = items.some((item) => item.type === 'bye');
      if (isGoodbye) fail('The relay ended the session.', GOODBYE_WAIT_MS);
    };
    tracks[kind].onMessage(contained(logger, take));
  }
  const takeState = (state: string) => {
    if (state === 'connected' && !isClosed) options.onConnected();
    if (state === 'failed' || state === 'closed' || state === 'disconnected') {
      fail('The connection to the relay was lost.');
    }
  };
  peer.onStateChange(contained(logger, takeState));
  peer.setLocalDescription('offer');
  const description = peer.localDescription();
  if (!description) {
    close();
    throw new Error('The peer connection made no offer');
  }
  return {
    offerSdp: exclusivelyMultiplexed(withoutCandidates(description.sdp)),
    accept: (answerSdp) => {
      if (isClosed) return;
      try {
        peer.setRemoteDescription(answerSdp, 'answer');
      } catch {
        fail('The relay answered with a description that cannot be used.');
      }
    },
    close,
  };
}

/** Says that RTCP never has a port of its own, as RFC 9725 section 4.4.2 asks (RFC 8858). */
function exclusivelyMultiplexed(offerSdp: string): string {
  return offerSdp.replaceAll('a=rtcp-mux\r\n', 'a=rtcp-mux\r\na=rtcp-mux-only\r\n');
}

function addTracks(
  peer: PeerConnection,
  random: RandomBytes,
): { tracks: Record<TrackKind, Track>; ssrcs: Record<TrackKind, number> } {
  const name = `studio-${toHex(random(4))}`;
  const first = read32(random(4), 0);
  // Two numbers that differ in one bit are never equal and never both zero.
  const ssrcs = { video: (first | 1) >>> 0, audio: ((first | 1) ^ 2) >>> 0 };
  const video = describeVideo('0', 'SendOnly');
  video.addH264Codec(VIDEO_PAYLOAD_TYPE, H264);
  video.addSSRC(ssrcs.video, name, name, 'video');
  const audio = describeAudio('1', 'SendOnly');
  audio.addOpusCodec(AUDIO_PAYLOAD_TYPE);
  audio.addSSRC(ssrcs.audio, name, name, 'audio');
  return { tracks: { video: addTrack(peer, video), audio: addTrack(peer, audio) }, ssrcs };
}

/** Learns how often the server reports and calls `onSilent` when it falls silent. */
function watchSilence(timers: Timers, onSilent: () => void) {
  let ticksSinceHeard = 0;
  let longestTicks = 0;
  let hasHeard = false;
  const stop = timers.every(SILENCE_TICK_MS, () => {
    ticksSinceHeard++;
    const limitMs = Math.max(SILENCE_MS_MIN, longestTicks * SILENCE_TICK_MS * 2);
    const isSilent = ticksSinceHeard * SILENCE_TICK_MS > Math.min(SILENCE_MS_MAX, limitMs);
    // A server that never reports proves nothing by its silence.
    if (hasHeard && isSilent) onSilent();
  });
  return {
    heard() {
      if (hasHeard) longestTicks = Math.max(longestTicks, ticksSinceHeard);
      hasHeard = true;
      ticksSinceHeard = 0;
    },
    stop,
  };
}

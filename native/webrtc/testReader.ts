// For tests and benches: a WHEP reader without a browser. It counts what a decoder would need, puts
// H.264 together again and may lose packets on purpose. It never decodes.

import { realTimers } from '../../core/base/clock.ts';
import { Depacketizer } from '../../core/media/h264Rtp.ts';
import { parseRtcp, writeKeyFrameRequest, writeNack } from '../../core/media/rtcp.ts';
import { isRtcp, parseRtp, sequenceDistance } from '../../core/media/rtp.ts';
import {
  addTrack,
  closePeer,
  describeAudio,
  describeVideo,
  gatheredDescription,
  holdChannel,
  openPeer,
  type PeerConnection,
  type Track,
  trySend,
} from './peer.ts';
import { withoutCandidates } from './sdp.ts';

export type ReaderTrack = {
  track: Track | undefined;
  ssrcs: Set<number>;
  payloadTypes: Set<number>;
  packets: number;
  sequences: number[];
  timestamps: number[];
  /** Types of the NAL units, in order of arrival. */
  nalTypes: number[];
  gaps: number;
  senderReports: { ntpSeconds: number; ntpFraction: number; rtpTimestamp: number }[];
};

export type TestReader = {
  peer: PeerConnection;
  offerSdp: string;
  video: ReaderTrack;
  audio: ReaderTrack;
  analytics: string[];
  accept(answerSdp: string): void;
  askAgain(sequences: readonly number[]): boolean;
  requestKeyFrame(): boolean;
  close(): void;
};

const PEER = { iceServers: [], bindAddress: '127.0.0.1' };

/** Opens a reader; `direction` is what it offers. */
export async function openTestReader(
  options: {
    analytics?: boolean;
    videoPayloadType?: number;
    audioPayloadType?: number;
    /** Offers this one track; the other stays silent for ever. */
    only?: 'video' | 'audio';
  } = {},
): Promise<TestReader> {
  const peer = openPeer('test-reader', PEER);
  const video = describeVideo('v', 'RecvOnly');
  const h264 = 'profile-level-id=42e01f;packetization-mode=1;level-asymmetry-allowed=1';
  video.addH264Codec(options.videoPayloadType ?? 102, h264);
  const audio = describeAudio('a', 'RecvOnly');
  audio.addOpusCodec(options.audioPayloadType ?? 111);
  const tracks = {
    video: watch(options.only === 'audio' ? undefined : addTrack(peer, video)),
    audio: watch(options.only === 'video' ? undefined : addTrack(peer, audio)),
  };
  const analytics: string[] = [];
  if (options.analytics) {
    const channel = peer.createDataChannel('analytics', { unordered: true, maxRetransmits: 0 });
    // A collected channel closes, so the connection keeps it.
    holdChannel(peer, channel);
    channel.onMessage((message) => analytics.push(String(message)));
  }
  peer.setLocalDescription('offer');
  const sdp = await gatheredDescription(peer, realTimers.after);
  const ssrc = () => [...tracks.video.ssrcs][0] ?? 0;
  const tell = (rtcp: Uint8Array) => {
    const { track } = tracks.video;
    return track !== undefined && trySend(track, Buffer.from(rtcp.buffer));
  };
  return {
    peer,
    offerSdp: withoutCandidates(sdp),
    ...tracks,
    analytics,
    accept: (answerSdp) => peer.setRemoteDescription(answerSdp, 'answer'),
    askAgain: (sequences) => tell(writeNack(1, ssrc(), sequences)),
    requestKeyFrame: () => tell(writeKeyFrameRequest(1, ssrc())),
    close: () => closePeer(peer),
  };
}

function watch(track: Track | undefined): ReaderTrack {
  const depacketizer = new Depacketizer();
  const state: ReaderTrack = {
    track,
    ssrcs: new Set(),
    payloadTypes: new Set(),
    packets: 0,
    sequences: [],
    timestamps: [],
    nalTypes: [],
    gaps: 0,
    senderReports: [],
  };
  track?.onMessage((packet) => {
    if (isRtcp(packet)) {
      for (const item of parseRtcp(packet)) {
        if (item.type === 'senderReport') state.senderReports.push(item.clock);
      }
      return;
    }
    const header = parseRtp(packet);
    if (!header) return;
    const last = state.sequences.at(-1);
    if (last !== undefined && sequenceDistance(last, header.sequence) > 1) state.gaps++;
    state.packets++;
    state.ssrcs.add(header.ssrc);
    state.payloadTypes.add(header.payloadType);
    state.sequences.push(header.sequence);
    state.timestamps.push(header.timestamp);
    const payload = packet.subarray(header.payloadStart, header.payloadEnd);
    for (const unit of depacketizer.push(payload)) state.nalTypes.push((unit[0] ?? 0) & 0x1f);
  });
  return state;
}

// Answers a viewer's WHEP offer with a place in a fan-out. The answer is complete: all candidates
// are in it, nothing is trickled. Tracks have no media handler of the library, so RTCP arrives here
// as bytes and the fan-out answers it.

import type { Timers } from '../../core/base/clock.ts';
import { newId, type RandomBytes } from '../../core/base/ids.ts';
import type { Logger } from '../../core/base/logger.ts';
import type { TrackKind } from '../../core/media/feed.ts';
import { PLAYOUT_MS_MAX } from '../../core/media/playoutDelay.ts';
import { isRtcp, PLAYOUT_DELAY_URI, read32 } from '../../core/media/rtp.ts';
import type { FanOut, FanOutViewer, ViewerStats, ViewerTrack } from './fanOut.ts';
import { OfferRefused } from './offerRefused.ts';
import {
  addCandidates,
  addTrack,
  closePeer,
  contained,
  type DataChannel,
  describeAudio,
  describeVideo,
  gatheredDescription,
  holdChannel,
  openPeer,
  type PeerConnection,
  type PeerOptions,
  type Track,
  trySend,
} from './peer.ts';
import {
  chooseH264,
  chooseOpus,
  type Offer,
  type OfferedSection,
  parseOffer,
  type RemoteCandidate,
  requireOneOfEach,
  withAnnouncedAddresses,
} from './sdp.ts';

/** Label of the data channel that a viewer opens to receive analytics. */
export const ANALYTICS_LABEL = 'analytics';

/** The one message that a page sends by it: how long it may hold pictures back, ms. */
const ROOM_PATTERN = /^room (\d{1,4})$/;

/** A session whose ICE and DTLS are not through by then is closed. */
const CONNECT_TIMEOUT_MS = 15_000;

export type WhepOptions = {
  peer: PeerOptions;
  timers: Timers;
  random: RandomBytes;
  logger: Logger;
  /** ICE and DTLS are through. */
  onConnected?(): void;
  /** The viewer left, failed, never connected or was closed; called once. */
  onClosed?(): void;
};

export type WhepSession = {
  /** 128 random bits, hexadecimal. */
  sessionId: string;
  answerSdp: string;
  /** The offer's ICE user fragment: a PATCH with another one asks for a restart. */
  iceUserFragment: string;
  /** Candidates of the peer that came after its offer. */
  addCandidates(candidates: readonly RemoteCandidate[]): void;
  stats(): ViewerStats;
  close(): void;
};

type PlannedTrack = { kind: TrackKind; track: Track; out: ViewerTrack };

/**
 * Answers a WHEP offer. The viewer may open a data channel labelled `analytics`.
 *
 * Throws OfferRefused with the HTTP status for an offer that cannot be served.
 */
export async function answerWhep(
  offerSdp: string,
  fanOut: FanOut,
  options: WhepOptions,
): Promise<WhepSession> {
  const offer = parseOffer(offerSdp);
  const { video, audio } = requireOneOfEach(offer);
  for (const section of [video, audio]) {
    if (section && section.direction !== 'recvonly' && section.direction !== 'sendrecv') {
      throw new OfferRefused(
        422,
        'Wrong direction',
        `A viewer's ${section.kind} must be recvonly.`,
      );
    }
  }
  // Codecs are chosen before anything is opened, so that a refusal leaves nothing behind.
  const h264 = video && chooseH264(video);
  const opus = audio && chooseOpus(audio);
  const sessionId = newId(options.random);
  const peer = openPeer(`whep-${sessionId.slice(0, 8)}`, options.peer);
  try {
    const planned: PlannedTrack[] = [];
    const stream = `studio-${sessionId.slice(0, 8)}`;
    if (video && h264) planned.push(planVideo(peer, video, h264, stream, options.random));
    if (audio && opus !== undefined) {
      planned.push(planAudio(peer, audio, opus, stream, options.random));
    }
    return await connect(peer, planned, { offer, sessionId, fanOut, options });
  } catch (error) {
    closePeer(peer);
    if (error instanceof OfferRefused) throw error;
    throw new OfferRefused(400, 'Malformed SDP', 'The offer was not accepted as a description.');
  }
}

function planVideo(
  peer: PeerConnection,
  section: OfferedSection,
  codec: { payloadType: number; parameters: string },
  stream: string,
  random: RandomBytes,
): PlannedTrack {
  const ssrc = randomSsrc(random);
  const media = describeVideo(section.mid, 'SendOnly');
  media.addH264Codec(codec.payloadType, codec.parameters);
  media.addSSRC(ssrc, stream, stream, 'video');
  const offeredId = section.extensions.get(PLAYOUT_DELAY_URI) ?? 0;
  // Identifiers 1..14 fit the one-byte form; what is outside is answered as not offered.
  const playoutDelayId = offeredId >= 1 && offeredId <= 14 ? offeredId : 0;
  if (playoutDelayId > 0) media.parseSdpLine(`a=extmap:${playoutDelayId} ${PLAYOUT_DELAY_URI}`);
  return plan('video', addTrack(peer, media), codec.payloadType, ssrc, playoutDelayId);
}

function planAudio(
  peer: PeerConnection,
  section: OfferedSection,
  payloadType: number,
  stream: string,
  random: RandomBytes,
): PlannedTrack {
  const ssrc = randomSsrc(random);
  const media = describeAudio(section.mid, 'SendOnly');
  media.addOpusCodec(payloadType);
  media.addSSRC(ssrc, stream, stream, 'audio');
  return plan('audio', addTrack(peer, media), payloadType, ssrc, 0);
}

function plan(
  kind: TrackKind,
  track: Track,
  payloadType: number,
  ssrc: number,
  playoutDelayId: number,
): PlannedTrack {
  const send = (packet: Buffer) => trySend(track, packet);
  return { kind, track, out: { payloadType, ssrc, playoutDelayId, send } };
}

function randomSsrc(random: RandomBytes): number {
  return read32(random(4), 0) || 1;
}

async function connect(
  peer: PeerConnection,
  planned: readonly PlannedTrack[],
  context: { offer: Offer; sessionId: string; fanOut: FanOut; options: WhepOptions },
): Promise<WhepSession> {
  const { offer, sessionId, fanOut, options } = context;
  let isClosed = false;
  let isHandedOver = false;
  const tracks: { video?: ViewerTrack; audio?: ViewerTrack } = {};
  for (const { kind, out } of planned) tracks[kind] = out;
  let viewer: FanOutViewer | undefined;
  const close = () => {
    if (isClosed) return;
    isClosed = true;
    cancelTimeout();
    viewer?.close();
    closePeer(peer);
    // Before the caller has the session it gets an error instead.
    if (isHandedOver) options.onClosed?.();
  };
  const cancelTimeout = options.timers.after(CONNECT_TIMEOUT_MS, close);
  const { logger } = options;
  const takeState = (state: string) => {
    if (state === 'connected') {
      cancelTimeout();
      logger.debug('Viewer connected', { session: sessionId.slice(0, 8) });
      if (!isClosed) options.onConnected?.();
    } else if (state === 'failed' || state === 'closed' || state === 'disconnected') close();
  };
  peer.onStateChange(contained(logger, takeState));
  try {
    viewer = fanOut.addViewer(tracks, close);
    openTogether(planned, viewer, logger);
    for (const { kind, track } of planned) {
      const member = viewer;
      const take = (packet: Buffer) => {
        if (isRtcp(packet)) member.rtcp(kind, packet);
      };
      track.onMessage(contained(logger, take));
    }
    if (offer.sections.some(({ kind }) => kind === 'application')) takeAnalytics(peer, viewer);
    peer.setRemoteDescription(offer.sdp, 'offer');
    const sdp = await gatheredDescription(peer, options.timers.after.bind(options.timers));
    if (isClosed) throw new Error('The session ended while its answer was made');
    const answerSdp = withAnnouncedAddresses(sdp, options.peer.announceAddresses ?? []);
    const member = viewer;
    isHandedOver = true;
    return {
      sessionId,
      answerSdp,
      iceUserFragment: offer.iceUserFragment,
      addCandidates: (candidates) => addCandidates(peer, candidates),
      stats: () => member.stats(),
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

/**
 * The library opens a connection's tracks together, so one is listened to: each listener is a
 * handle that the event loop walks at every message of any viewer.
 */
function openTogether(planned: readonly PlannedTrack[], member: FanOutViewer, logger: Logger) {
  const first = planned.find(({ kind }) => kind === 'video') ?? planned[0];
  const open = () => {
    for (const { kind } of planned) member.opened(kind);
  };
  first?.track.onOpen(contained(logger, open));
}

function takeAnalytics(peer: PeerConnection, viewer: FanOutViewer): void {
  peer.onDataChannel((channel: DataChannel) => {
    holdChannel(peer, channel);
    if (channel.getLabel() !== ANALYTICS_LABEL) return;
    const attach = () =>
      viewer.setAnalytics({
        bufferedAmount: () => (channel.isOpen() ? channel.bufferedAmount() : 0),
        send: (bytes) => channel.isOpen() && trySend(channel, bytes),
      });
    channel.onClosed(() => viewer.setAnalytics(undefined));
    channel.onMessage((message) => {
      const room = typeof message === 'string' ? ROOM_PATTERN.exec(message)?.[1] : undefined;
      if (room !== undefined) viewer.setRoomMs(Math.min(PLAYOUT_MS_MAX, Number(room)));
    });
    // It may open on the library's thread at any moment: listen first, then look.
    channel.onOpen(attach);
    if (channel.isOpen()) attach();
  });
}

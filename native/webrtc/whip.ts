// Answers a publisher's WHIP offer and takes its packets. All RTCP is ours: receiver reports every
// second, NACK for holes, PLI on request. The library's receiving session must not be used here: it
// swallows sender reports, never sends a NACK and forbids our own RTCP. A publisher that falls
// silent is noticed by its packets, because ICE takes 30 s to notice.

import type { MediaClock, MediaTimeUs, Timers } from '../../core/base/clock.ts';
import { newId, type RandomBytes } from '../../core/base/ids.ts';
import type { Logger } from '../../core/base/logger.ts';
import { RTP_CLOCK_RATE, type TrackKind } from '../../core/media/feed.ts';
import {
  parseRtcp,
  type SenderClock,
  writeBitrateMax,
  writeBye,
  writeKeyFrameRequest,
  writeNack,
  writeReceiverReport,
} from '../../core/media/rtcp.ts';
import { isRtcp, parseRtp, read32 } from '../../core/media/rtp.ts';
import { LossTracker } from './lossTracker.ts';
import { OfferRefused } from './offerRefused.ts';
import {
  addCandidates,
  addTrack,
  closePeer,
  contained,
  describeAudio,
  describeVideo,
  gatheredDescription,
  openPeer,
  type PeerConnection,
  type PeerOptions,
  type Track,
  trySend,
} from './peer.ts';
import {
  chooseH264,
  chooseOpus,
  type OfferedSection,
  parseOffer,
  type RemoteCandidate,
  requireOneOfEach,
  withAnnouncedAddresses,
} from './sdp.ts';

/** Silence after which the picture counts as stalled; looked at every `TICK_MS`. */
const STALL_US = 400_000;
const TICK_MS = 50;
const REPORT_PERIOD_US = 1_000_000;

/** A hole is looked at again this soon; only while there are holes. */
const NACK_TICK_MS = 10;

const CONNECT_TIMEOUT_MS = 15_000;

/** What browsers may send: without a bound they stay at their start rate. */
const BITRATE_MAX = 12_000_000;

/** `flowing`: packets arrive; `stalled`: none for 400 ms, though the session still stands. */
export type IngestState = 'connecting' | 'connected' | 'flowing' | 'stalled' | 'closed';

export type WhipOptions = {
  peer: PeerOptions;
  clock: MediaClock;
  timers: Timers;
  random: RandomBytes;
  logger: Logger;
  /** One RTP packet, in order of arrival; valid during the call only. */
  onPacket(track: TrackKind, packet: Buffer): void;
  onSenderReport(track: TrackKind, clock: SenderClock): void;
  onState(state: IngestState): void;
};

export type IngestStats = {
  packetsReceived: number;
  packetsLost: number;
  nacksSent: number;
  keyFrameRequestsSent: number;
  bytesReceived: number;
};

export type WhipSession = {
  sessionId: string;
  answerSdp: string;
  /** The offer's ICE user fragment: a PATCH with another one asks for a restart. */
  iceUserFragment: string;
  /** Candidates of the peer that came after its offer. */
  addCandidates(candidates: readonly RemoteCandidate[]): void;
  state(): IngestState;
  requestKeyFrame(): void;
  stats(): IngestStats;
  close(): void;
};

type Lane = {
  kind: TrackKind;
  track: Track;
  payloadType: number;
  loss: LossTracker | undefined;
  lastAtUs: MediaTimeUs;
};

/** Answers a WHIP offer. Throws OfferRefused with the HTTP status when it cannot be served. */
export async function answerWhip(offerSdp: string, options: WhipOptions): Promise<WhipSession> {
  const offer = parseOffer(offerSdp);
  const { video, audio } = requireOneOfEach(offer);
  for (const section of [video, audio]) if (section) requireSending(section);
  requireOneStream([video, audio]);
  const h264 = video && chooseH264(video);
  const opus = audio && chooseOpus(audio);
  const sessionId = newId(options.random);
  const peer = openPeer(`whip-${sessionId.slice(0, 8)}`, withOwnThread(options.peer));
  try {
    const lanes: Lane[] = [];
    if (video && h264) {
      const media = describeVideo(video.mid, 'RecvOnly');
      media.addH264Codec(h264.payloadType, h264.parameters);
      lanes.push(lane('video', addTrack(peer, media), h264.payloadType));
    }
    if (audio && opus !== undefined) {
      const media = describeAudio(audio.mid, 'RecvOnly');
      media.addOpusCodec(opus);
      lanes.push(lane('audio', addTrack(peer, media), opus));
    }
    const ingest = new Ingest(peer, lanes, options);
    peer.setRemoteDescription(offer.sdp, 'offer');
    const sdp = await gatheredDescription(peer, options.timers.after.bind(options.timers));
    ingest.start();
    return {
      sessionId,
      answerSdp: withAnnouncedAddresses(sdp, options.peer.announceAddresses ?? []),
      iceUserFragment: offer.iceUserFragment,
      addCandidates: (candidates) => addCandidates(peer, candidates),
      state: () => ingest.state,
      requestKeyFrame: () => ingest.requestKeyFrame(),
      stats: () => ingest.stats(),
      close: () => ingest.close(),
    };
  } catch (error) {
    closePeer(peer);
    if (error instanceof OfferRefused) throw error;
    throw new OfferRefused(400, 'Malformed SDP', 'The offer was not accepted as a description.');
  }
}

/**
 * One thread of the library looks at every viewer's socket whenever any of them has something; a
 * publisher, which always has, gets a port and a thread of its own where ports are free.
 */
function withOwnThread(peer: PeerOptions): PeerOptions {
  return peer.portRange ? peer : { ...peer, udpMux: true };
}

function lane(kind: TrackKind, track: Track, payloadType: number): Lane {
  return { kind, track, payloadType, loss: undefined, lastAtUs: 0 };
}

function requireSending(section: OfferedSection): void {
  if (section.direction !== 'sendonly' && section.direction !== 'sendrecv') {
    const detail = `A publisher's ${section.kind} must be sendonly.`;
    throw new OfferRefused(422, 'Wrong direction', detail);
  }
  if (section.isSimulcast) {
    throw new OfferRefused(422, 'Simulcast is not supported', 'Publish one layer per track.');
  }
  // The library routes packets by the SSRCs of the offer and drops others in silence.
  if (section.ssrcs.length === 0) {
    const detail = `The ${section.kind} needs a=ssrc lines; without them no packet arrives.`;
    throw new OfferRefused(422, 'No SSRC offered', detail);
  }
}

/** RFC 9725 section 4.2: an offer carries one MediaStream. A track without a name fits any. */
function requireOneStream(sections: readonly (OfferedSection | undefined)[]): void {
  const streams = new Set(sections.flatMap((section) => section?.streams ?? []));
  if (streams.size <= 1) return;
  const detail = 'Put picture and sound into one MediaStream (the same first word of a=msid).';
  throw new OfferRefused(422, 'Too many streams', detail);
}

class Ingest {
  state: IngestState = 'connecting';
  readonly #peer: PeerConnection;
  readonly #lanes: readonly Lane[];
  readonly #options: WhipOptions;
  readonly #ssrc: number;
  #cancelTick: (() => void) | undefined;
  #cancelNack: (() => void) | undefined;
  #cancelTimeout: (() => void) | undefined;
  #reportAtUs: MediaTimeUs = 0;
  #nacksSent = 0;
  #keyFrameRequestsSent = 0;
  #bytesReceived = 0;

  constructor(peer: PeerConnection, lanes: readonly Lane[], options: WhipOptions) {
    this.#peer = peer;
    this.#lanes = lanes;
    this.#options = options;
    this.#ssrc = read32(options.random(4), 0) || 1;
    for (const each of lanes) {
      const take = contained(options.logger, (packet: Buffer) => {
        if (isRtcp(packet)) this.#takeRtcp(each, packet);
        else this.#takeRtp(each, packet);
      });
      each.track.onMessage(take);
    }
  }

  start(): void {
    const { timers } = this.#options;
    this.#cancelTimeout = timers.after(CONNECT_TIMEOUT_MS, () => this.close());
    this.#cancelTick = timers.every(TICK_MS, () => this.#tick());
    const { logger } = this.#options;
    this.#peer.onStateChange(contained(logger, (state: string) => this.#takePeerState(state)));
    this.#takePeerState(this.#peer.state());
  }

  requestKeyFrame(): void {
    const video = this.#lanes.find((each) => each.kind === 'video');
    if (!video?.loss || this.state === 'closed') return;
    const request = writeKeyFrameRequest(this.#ssrc, video.loss.ssrc);
    if (trySend(video.track, Buffer.from(request.buffer))) this.#keyFrameRequestsSent++;
  }

  stats(): IngestStats {
    const sum = (value: (loss: LossTracker) => number) =>
      this.#lanes.reduce((total, each) => total + (each.loss ? value(each.loss) : 0), 0);
    return {
      packetsReceived: sum((loss) => loss.received),
      packetsLost: sum((loss) => loss.lost),
      nacksSent: this.#nacksSent,
      keyFrameRequestsSent: this.#keyFrameRequestsSent,
      bytesReceived: this.#bytesReceived,
    };
  }

  close(): void {
    if (this.state === 'closed') return;
    this.#cancelTick?.();
    this.#cancelNack?.();
    this.#cancelTimeout?.();
    this.#enter('closed');
    this.#sayGoodbye();
    closePeer(this.#peer);
  }

  #takePeerState(state: string): void {
    if (state === 'connected' && this.state === 'connecting') {
      this.#cancelTimeout?.();
      this.#enter('connected');
    }
    if (state === 'failed' || state === 'closed' || state === 'disconnected') this.close();
  }

  #takeRtp(each: Lane, packet: Buffer): void {
    const header = parseRtp(packet);
    if (!header || header.payloadType !== each.payloadType || this.state === 'closed') return;
    const nowUs = this.#options.clock.nowUs();
    if (each.loss?.ssrc !== header.ssrc) {
      each.loss = new LossTracker(header.ssrc, RTP_CLOCK_RATE[each.kind]);
    }
    each.loss.receive(header, nowUs);
    each.lastAtUs = nowUs;
    this.#bytesReceived += packet.length;
    if (this.state !== 'flowing' && each.kind === this.#watched()) this.#enter('flowing');
    this.#options.onPacket(each.kind, packet);
    if (each.loss.hasHoles()) this.#scheduleNack();
  }

  /** The track whose silence is a stall: the picture, or the sound where there is no picture. */
  #watched(): TrackKind {
    return this.#lanes.some((each) => each.kind === 'video') ? 'video' : 'audio';
  }

  #takeRtcp(each: Lane, packet: Buffer): void {
    for (const item of parseRtcp(packet)) {
      if (item.type !== 'senderReport' || item.ssrc !== each.loss?.ssrc) continue;
      each.loss.senderReport(item.clock, this.#options.clock.nowUs());
      this.#options.onSenderReport(each.kind, item.clock);
    }
  }

  #scheduleNack(): void {
    // The first look is at once: three newer packets are proof enough.
    if (this.#cancelNack) return;
    this.#cancelNack = this.#options.timers.after(NACK_TICK_MS, () => {
      this.#cancelNack = undefined;
      if (this.#sendNacks()) this.#scheduleNack();
    });
    this.#sendNacks();
  }

  /** True while there are holes. */
  #sendNacks(): boolean {
    const nowUs = this.#options.clock.nowUs();
    let hasHoles = false;
    for (const { loss, track } of this.#lanes) {
      if (!loss?.hasHoles()) continue;
      const wanted = loss.due(nowUs);
      if (wanted.length > 0) {
        const nack = writeNack(this.#ssrc, loss.ssrc, wanted);
        if (trySend(track, Buffer.from(nack.buffer))) this.#nacksSent += wanted.length;
      }
      hasHoles ||= loss.hasHoles();
    }
    return hasHoles;
  }

  #tick(): void {
    const nowUs = this.#options.clock.nowUs();
    const watched = this.#lanes.find((each) => each.kind === this.#watched());
    if (this.state === 'flowing' && watched && nowUs - watched.lastAtUs > STALL_US) {
      this.#enter('stalled');
    }
    const hasPackets = this.#lanes.some((each) => each.loss);
    if (hasPackets && nowUs - this.#reportAtUs >= REPORT_PERIOD_US) {
      this.#reportAtUs = nowUs;
      this.#sendReports(nowUs);
    }
  }

  #sendReports(nowUs: MediaTimeUs): void {
    for (const { kind, loss, track } of this.#lanes) {
      if (!loss) continue;
      const report = writeReceiverReport(this.#ssrc, [loss.report(nowUs)]);
      trySend(track, Buffer.from(report.buffer));
      if (kind !== 'video') continue;
      trySend(track, Buffer.from(writeBitrateMax(this.#ssrc, loss.ssrc, BITRATE_MAX).buffer));
    }
  }

  /** The closing of DTLS reaches a publisher late or never; this it understands at once. */
  #sayGoodbye(): void {
    const nowUs = this.#options.clock.nowUs();
    for (const { loss, track } of this.#lanes) {
      if (!loss) continue;
      // The block in front names the track: the library routes RTCP by the SSRCs it finds.
      const report = writeReceiverReport(this.#ssrc, [loss.report(nowUs)]);
      trySend(track, Buffer.concat([report, writeBye(this.#ssrc)]));
    }
  }

  #enter(state: IngestState): void {
    if (this.state === state) return;
    this.state = state;
    this.#options.logger.info('Publisher changed', { state });
    this.#options.onState(state);
  }
}

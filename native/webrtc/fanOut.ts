// One stream, many viewers: packets come in from one publisher and go out to every viewer with
// headers of its own. A publisher that reconnects or changes goes unnoticed: numbers and clock go
// on. Media may drop and must never wait, so nothing here queues; a joiner gets the packets since
// the last key frame from the ring that answers NACKs. It never reads a picture, so it forwards
// encrypted ones as well.

import type { MediaClock, MediaTimeUs, Timers } from '../../core/base/clock.ts';
import { type RandomBytes, toHex } from '../../core/base/ids.ts';
import type { Logger } from '../../core/base/logger.ts';
import type { TrackKind } from '../../core/media/feed.ts';
import { RTP_CLOCK_RATE } from '../../core/media/feed.ts';
import { startsKeyFrame } from '../../core/media/h264Rtp.ts';
import type { SenderClock } from '../../core/media/rtcp.ts';
import { parseRtp, type RtpPacket } from '../../core/media/rtp.ts';
import { Continuity } from './continuity.ts';
import { CrowdOrder } from './crowdOrder.ts';
import { Viewer } from './fanOutViewer.ts';
import { FORWARDED_PAYLOAD_LENGTH_MAX, PacketRing, type StoredPacket } from './packetRing.ts';
import type { FanOutReader, FanOutSource } from './unitReader.ts';

/** Packets kept: 4096 are 4.9 MB and 12 s of video at 3 Mbit/s, so a group of pictures fits. */
const VIDEO_RING_CAPACITY = 4096;
const AUDIO_RING_CAPACITY = 256;

/** Key frames asked of the publisher at most this often, however many viewers ask. */
const KEY_FRAME_REQUEST_PERIOD_MS = 500;

/** Analytics are skipped for a viewer with more than this queued: they are latest-wins. */
const ANALYTICS_QUEUED_BYTES_MAX = 65_536;

export type FanOutOptions = {
  /** Whose fan-out this is; appears in logs and metrics. */
  owner: string;
  clock: MediaClock;
  timers: Timers;
  random: RandomBytes;
  logger: Logger;
  /** A viewer lacks a picture it can decode; at most one call per 500 ms. */
  onKeyFrameRequest(): void;
  onViewersChanged?(viewerCount: number): void;
  /** The publisher's timestamps moved by this many ticks against those that viewers see. */
  onTimestampShift?(track: TrackKind, shift: number): void;
  /** What viewers' browsers are told about buffering; default: from each one's path. */
  playoutDelay?: { msMin: number; msMax: number };
  /** Runs something in a later turn of the event loop; default setImmediate. */
  soon?(run: () => void): void;
};

/** One publisher's packets. Opening a new input ends the older one; viewers notice nothing. */
export type FanOutInput = {
  /** One RTP packet as received or made; copied, never kept. */
  push(track: TrackKind, packet: Uint8Array): void;
  /** The publisher's clock for a track, from its sender report or from capture time. */
  senderReport(track: TrackKind, clock: SenderClock): void;
  /** True while this input is the newest one. */
  isCurrent(): boolean;
};

/** How one viewer takes one track. */
export type ViewerTrack = {
  payloadType: number;
  ssrc: number;
  /** Identifier of the playout-delay header extension in the viewer's offer; 0 when not offered. */
  playoutDelayId: number;
  /** Sends RTP or RTCP; false when the viewer is gone. The buffer is reused after the call. */
  send(packet: Buffer): boolean;
};

export type FanOutViewer = {
  /**
   * The track can take packets: video starts with the cached key frame, or with the `next` one that
   * the publisher makes.
   */
  opened(track: TrackKind, from?: 'cached' | 'next'): void;
  /** RTCP that the viewer sent on a track. */
  rtcp(track: TrackKind, packet: Uint8Array): void;
  /** Where analytics go; undefined until the viewer's data channel opens and once it closed. */
  setAnalytics(
    channel: { bufferedAmount(): number; send(bytes: Buffer): boolean } | undefined,
  ): void;
  /** The page holds pictures back by itself for up to so long and needs the room for it, ms. */
  setRoomMs(roomMs: number): void;
  /**
   * Tries for a moment whether the path bears so many bits a second more; `stats().probedTripMs`
   * answers with one of the next reports.
   */
  probe(bitsPerSecond: number): void;
  stats(): ViewerStats;
  /** What went out on video so far; `last`: the newest packet, none before the first. */
  sentVideo(): SentVideo;
  close(): void;
};

export type SentVideo = {
  last: { sequence: number; timestamp: number } | undefined;
  packets: number;
  octets: number;
};

export type ViewerStats = {
  roundTripMs: number | null;
  /** 0..1 as of the last receiver report on video. */
  fractionLost: number;
  packetsSent: number;
  /** Round trip right behind the last probe; null while it is not known. */
  probedTripMs: number | null;
};

export type FanOutCounters = {
  packetsIn: number;
  packetsRefused: number;
  packetsOut: number;
  sendFailures: number;
  burstPackets: number;
  /** Not sent, because what came before took too long. */
  packetsGivenUp: number;
  /** Rests of viewers until the next key frame, because the process could not keep up. */
  viewersRested: number;
  /** Packets that resting viewers were not sent. */
  packetsWithheld: number;
  nacksAsked: number;
  nacksAnswered: number;
  /** Asked again within one round trip, or beyond a viewer's share: not sent twice. */
  nacksGuarded: number;
  nacksTooOld: number;
  keyFrameRequestsIn: number;
  keyFrameRequestsOut: number;
  viewersJoined: number;
  viewersDropped: number;
  analyticsSent: number;
  analyticsSkipped: number;
};

export type FanOut = {
  openInput(): FanOutInput;
  openReader(reader: FanOutReader): FanOutSource;
  /** `onDropped` is called when the viewer takes no packets any more; it is removed already. */
  addViewer(
    tracks: { video?: ViewerTrack; audio?: ViewerTrack },
    onDropped: () => void,
  ): FanOutViewer;
  /** Delivers to every viewer that asked for them; skips those with more than 64 KiB queued. */
  sendAnalytics(bytes: Uint8Array): void;
  /** Ticks added to the publisher's timestamps so that viewers see one continuous clock. */
  timestampShift(track: TrackKind): number;
  viewerCount(): number;
  hasKeyFrame(): boolean;
  counters(): FanOutCounters;
  close(): void;
};

type Lane = {
  kind: TrackKind;
  ring: PacketRing;
  continuity: Continuity;
  senderClock: SenderClock | undefined;
  senderClockAtUs: MediaTimeUs;
};

/** Creates a fan-out without viewers and without a publisher. */
export function createFanOut(options: FanOutOptions): FanOut {
  return new Spread(options);
}

class Spread implements FanOut {
  readonly #options: FanOutOptions;
  readonly #lanes: Record<TrackKind, Lane> = {
    video: lane('video', VIDEO_RING_CAPACITY),
    audio: lane('audio', AUDIO_RING_CAPACITY),
  };
  readonly #order: CrowdOrder<Viewer>;
  readonly #readers = new Set<FanOutReader>();
  readonly #counters: FanOutCounters = noCounters();
  readonly #canonicalName: string;
  #input = 0;
  #keyFrame: { sequence: number; timestamp: number } | undefined;
  #lastRequestUs: number | undefined;
  #cancelRequest: (() => void) | undefined;
  #isClosed = false;

  constructor(options: FanOutOptions) {
    this.#options = options;
    this.#order = new CrowdOrder(options.timers, options.soon ?? ((run) => void setImmediate(run)));
    this.#canonicalName = toHex(options.random(8));
  }

  openInput(): FanOutInput {
    const id = ++this.#input;
    for (const each of Object.values(this.#lanes)) {
      each.continuity.restart();
      each.senderClock = undefined;
    }
    const isCurrent = () => id === this.#input && !this.#isClosed;
    return {
      push: (track, packet) => {
        if (isCurrent()) this.#push(this.#lanes[track], packet);
      },
      senderReport: (track, clock) => {
        if (isCurrent()) this.#senderReport(this.#lanes[track], clock);
      },
      isCurrent,
    };
  }

  openReader(reader: FanOutReader): FanOutSource {
    this.#readers.add(reader);
    return {
      ring: (kind) => this.#lanes[kind].ring,
      keyFrameStart: () => this.#keyFrameStart(),
      senderClock: (kind) => this.#lanes[kind].senderClock,
      requestKeyFrame: () => this.#requestKeyFrame(),
      close: () => void this.#readers.delete(reader),
    };
  }

  addViewer(
    tracks: { video?: ViewerTrack; audio?: ViewerTrack },
    onDropped: () => void,
  ): FanOutViewer {
    const viewer: Viewer = new Viewer(this.#viewerHost(), tracks, () => {
      if (!this.#remove(viewer)) return;
      this.#counters.viewersDropped++;
      this.#options.logger.warn('Viewer takes no packets and was dropped', {
        owner: this.#options.owner,
        viewersDropped: this.#counters.viewersDropped,
      });
      onDropped();
    });
    this.#order.add(viewer);
    this.#counters.viewersJoined++;
    this.#options.onViewersChanged?.(this.#order.viewers.length);
    return {
      opened: (track, from) => viewer.opened(track, from),
      rtcp: (track, packet) => viewer.rtcp(track, packet),
      setAnalytics: (channel) => {
        viewer.analytics = channel;
      },
      setRoomMs: (roomMs) => {
        viewer.roomMs = roomMs;
      },
      probe: (bitsPerSecond) => viewer.probe(bitsPerSecond),
      stats: () => viewer.stats(),
      sentVideo: () => viewer.sentVideo(),
      close: () => this.#remove(viewer),
    };
  }

  sendAnalytics(bytes: Uint8Array): void {
    const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes);
    for (const { analytics } of this.#order.viewers) {
      if (!analytics) continue;
      const isFree = analytics.bufferedAmount() <= ANALYTICS_QUEUED_BYTES_MAX;
      if (isFree && analytics.send(buffer)) this.#counters.analyticsSent++;
      else this.#counters.analyticsSkipped++;
    }
    for (const reader of this.#readers) reader.analytics(bytes);
  }

  timestampShift(track: TrackKind): number {
    return this.#lanes[track].continuity.shift;
  }

  viewerCount(): number {
    return this.#order.viewers.length;
  }

  hasKeyFrame(): boolean {
    return this.#keyFrameStart() !== undefined;
  }

  counters(): FanOutCounters {
    return { ...this.#counters, packetsGivenUp: this.#order.packetsGivenUp };
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelRequest?.();
    for (const viewer of this.#order.viewers) this.#remove(viewer);
    this.#order.close();
    this.#readers.clear();
  }

  #viewerHost() {
    const { clock, timers, random, playoutDelay } = this.#options;
    return {
      clock,
      timers,
      counters: this.#counters,
      settle: () => this.#order.settle(),
      ring: (kind: TrackKind) => this.#lanes[kind].ring,
      keyFrameStart: () => this.#keyFrameStart(),
      senderClock: (kind: TrackKind) => this.#lanes[kind].senderClock,
      senderClockAgeMs: (kind: TrackKind) =>
        Math.floor((clock.nowUs() - this.#lanes[kind].senderClockAtUs) / 1000),
      canonicalName: this.#canonicalName,
      randomSequence: () => (((random(1)[0] ?? 0) << 6) | 1) & 0x3fff,
      playoutDelay,
      requestKeyFrame: () => this.#requestKeyFrame(),
    };
  }

  #push(target: Lane, packet: Uint8Array): void {
    const header = parseRtp(packet);
    const stored = header && this.#store(target, header, packet);
    if (!stored) {
      this.#counters.packetsRefused++;
      return;
    }
    this.#counters.packetsIn++;
    const isKeyFrameStart =
      target.kind === 'video' &&
      startsKeyFrame(packet, header.payloadStart, header.payloadEnd) &&
      this.#noteKeyFrame(stored);
    this.#order.push({ kind: target.kind, stored, isKeyFrameStart });
    for (const reader of this.#readers) reader.packet(target.kind, stored);
  }

  #store(target: Lane, header: RtpPacket, packet: Uint8Array): StoredPacket | undefined {
    const length = header.payloadEnd - header.payloadStart;
    // An empty payload is a bandwidth probe; its number must not become a hole for viewers.
    if (length > FORWARDED_PAYLOAD_LENGTH_MAX) return undefined;
    const isStart = target.continuity.isStart(header);
    if (isStart && target.kind === 'video') {
      // Viewers' decoders hold the old publisher's pictures: only a key frame may follow them.
      if (!startsKeyFrame(packet, header.payloadStart, header.payloadEnd)) {
        this.#requestKeyFrame();
        return undefined;
      }
    }
    const shiftBefore = target.continuity.shift;
    const place = target.continuity.map(header, this.#options.clock.nowUs());
    if (!place || target.ring.isTooOld(place.sequence)) return undefined;
    if (isStart && target.continuity.shift !== shiftBefore) {
      this.#options.onTimestampShift?.(target.kind, target.continuity.shift);
    }
    // A publisher that comes back may repeat the very key frame that is known, under new numbers.
    if (isStart && target.kind === 'video') this.#keyFrame = undefined;
    return target.ring.store(place.sequence, place.timestamp, header, packet);
  }

  /** Remembers where the newest key frame starts; false for a repeated SPS inside of it. */
  #noteKeyFrame(stored: StoredPacket): boolean {
    const known = this.#keyFrame;
    if (known && (known.timestamp === stored.timestamp || known.sequence > stored.sequence)) {
      return false;
    }
    this.#keyFrame = { sequence: stored.sequence, timestamp: stored.timestamp };
    this.#cancelRequest?.();
    this.#cancelRequest = undefined;
    return true;
  }

  #keyFrameStart(): number | undefined {
    const start = this.#keyFrame?.sequence;
    return start !== undefined && this.#lanes.video.ring.get(start) ? start : undefined;
  }

  #senderReport(target: Lane, clock: SenderClock): void {
    const rtpTimestamp = (clock.rtpTimestamp + target.continuity.shift) >>> 0;
    const isNewClock = target.senderClock === undefined;
    target.senderClock = { ...clock, rtpTimestamp };
    target.senderClockAtUs = this.#options.clock.nowUs();
    for (const viewer of this.#order.viewers) viewer.senderReport(target.kind, isNewClock);
  }

  #requestKeyFrame(): void {
    if (this.#isClosed || this.#cancelRequest) return;
    const sinceMs =
      this.#lastRequestUs === undefined
        ? Number.POSITIVE_INFINITY
        : (this.#options.clock.nowUs() - this.#lastRequestUs) / 1000;
    if (sinceMs >= KEY_FRAME_REQUEST_PERIOD_MS) {
      this.#sendKeyFrameRequest();
      return;
    }
    // One more goes out at the end of the period, unless a key frame comes first.
    this.#cancelRequest = this.#options.timers.after(KEY_FRAME_REQUEST_PERIOD_MS - sinceMs, () => {
      this.#cancelRequest = undefined;
      this.#sendKeyFrameRequest();
    });
  }

  #sendKeyFrameRequest(): void {
    this.#lastRequestUs = this.#options.clock.nowUs();
    this.#counters.keyFrameRequestsOut++;
    this.#options.onKeyFrameRequest();
  }

  #remove(viewer: Viewer): boolean {
    if (!this.#order.remove(viewer)) return false;
    viewer.close();
    this.#options.onViewersChanged?.(this.#order.viewers.length);
    return true;
  }
}

function lane(kind: TrackKind, capacity: number): Lane {
  return {
    kind,
    ring: new PacketRing(capacity),
    continuity: new Continuity(RTP_CLOCK_RATE[kind]),
    senderClock: undefined,
    senderClockAtUs: 0,
  };
}

function noCounters(): FanOutCounters {
  return {
    packetsIn: 0,
    packetsRefused: 0,
    packetsOut: 0,
    sendFailures: 0,
    burstPackets: 0,
    packetsGivenUp: 0,
    viewersRested: 0,
    packetsWithheld: 0,
    nacksAsked: 0,
    nacksAnswered: 0,
    nacksGuarded: 0,
    nacksTooOld: 0,
    keyFrameRequestsIn: 0,
    keyFrameRequestsOut: 0,
    viewersJoined: 0,
    viewersDropped: 0,
    analyticsSent: 0,
    analyticsSkipped: 0,
  };
}

// One viewer of a fan-out: its sequence numbers, payload types and SSRCs, its answers to NACK, its
// place in the burst that starts it. It must never hold packets of its own; it points into the
// stream's rings. Video starts at a key frame only: anything else would show grey.

import type { MediaClock, MediaTimeUs, Timers } from '../../core/base/clock.ts';
import { RTP_CLOCK_RATE, type TrackKind } from '../../core/media/feed.ts';
import { PlayoutDelay } from '../../core/media/playoutDelay.ts';
import {
  ntpMiddle,
  parseRtcp,
  type RtcpItem,
  type SenderClock,
  writeSenderReport,
} from '../../core/media/rtcp.ts';
import {
  extendSequence,
  RTP_HEADER_LENGTH,
  write16,
  write32,
  writePlayoutDelay,
} from '../../core/media/rtp.ts';
import type { FanOutCounters, SentVideo, ViewerStats, ViewerTrack } from './fanOut.ts';
import type { PacketRing, StoredPacket } from './packetRing.ts';
import { laterBy, PathProbe } from './pathProbe.ts';

/** The burst of cached packets is spread over this long so that it does not overrun a socket. */
const BURST_STEPS = 6;
const BURST_STEP_MS = 5;

/** A viewer's socket that refuses this many packets in a row is dead. */
const FAILURES_IN_A_ROW_MAX = 200;

/** Packets sent again to one viewer in 100 ms at most, whatever it asks for. */
const RESEND_WINDOW_US = 100_000;
const RESENDS_PER_WINDOW_MAX = 200;

/** Round trip assumed until the viewer's first report, and the least that is believed. */
const ROUND_TRIP_US_DEFAULT = 30_000;
const ROUND_TRIP_US_MIN = 5_000;

/**
 * A browser lays sound on the picture by its first reports; later ones only follow the drift, and
 * each is answered by one. Every five seconds is what browsers themselves do for sound.
 */
const REPORTS_AT_FIRST = 3;
const SOUND_REPORT_PERIOD_US = 4_900_000;

/**
 * A picture's round trip is measured right before key frames, where a path that bears the stream
 * has no queue: behind one, its bits would look like a path that is too narrow. Publishers' own
 * reports are passed on where no key frame comes for so long.
 */
const PICTURE_REPORT_PERIOD_US = 2_500_000;
/** Key frames in a row are not all worth a report. */
const PICTURE_REPORT_US_MIN = 500_000;
/** Until it is answered, or for so long, no other report goes out. */
const PROBE_ANSWER_US_MAX = 2_000_000;
/** More asked for again than this share: a queue overflows, and copies would feed it. */
const OVERFLOW_SHARE = 0.1;
const OVERFLOW_PACKETS = 5;

type TrackState = 'closed' | 'waiting' | 'bursting' | 'live' | 'resting';

type Track = {
  kind: TrackKind;
  out: ViewerTrack;
  ring: PacketRing;
  state: TrackState;
  /** Added to stream numbers; chosen at the first packet. */
  offset: number | undefined;
  /** First stream number that the offset is right for: after a rest the next key frame's. */
  offsetSince: number;
  /** Next stream number of the burst. */
  cursor: number;
  packets: number;
  octets: number;
  /** Newest packet that went out, by its stream number and timestamp; -1 before any. */
  newest: number;
  newestTimestamp: number;
  reportsSent: number;
  /** Sender reports sent lately, by which the viewer's reports give the round trip. */
  reports: { middle: number; atUs: MediaTimeUs }[];
};

/** What a viewer needs of its fan-out. */
export type ViewerHost = {
  clock: MediaClock;
  timers: Timers;
  counters: FanOutCounters;
  /** Sends what still waits: the ring must not hold what a viewer is yet to get. */
  settle(): void;
  ring(kind: TrackKind): PacketRing;
  /** Stream number of the cached key frame's first packet, while all of it is in the ring. */
  keyFrameStart(): number | undefined;
  senderClock(kind: TrackKind): SenderClock | undefined;
  /** How long ago that clock was told, ms. */
  senderClockAgeMs(kind: TrackKind): number;
  canonicalName: string;
  randomSequence(): number;
  /** Undefined: from each viewer's path. */
  playoutDelay: { msMin: number; msMax: number } | undefined;
  requestKeyFrame(): void;
};

export class Viewer {
  readonly #host: ViewerHost;
  // Two fields and not a record: a key that varies costs a look-up at every packet.
  readonly #video: Track | undefined;
  readonly #audio: Track | undefined;
  readonly #resentAtUs = new Map<number, MediaTimeUs>();
  readonly #drop: () => void;
  #roundTripUs: number | undefined;
  #fractionLost = 0;
  readonly #playout = new PlayoutDelay();
  /** Video packets sent and asked for again since the last report. */
  #sentSinceReport = 0;
  #nackedSinceReport = 0;
  #failuresInARow = 0;
  #resendWindowUs: MediaTimeUs = 0;
  #resendCount = 0;
  #cancelBurst: (() => void) | undefined;
  readonly #probe: PathProbe;
  #probeReport: { middle: number; atUs: MediaTimeUs } | null = null;
  #probedTripMs: number | null = null;
  #isClosed = false;
  analytics: { bufferedAmount(): number; send(bytes: Buffer): boolean } | undefined;
  /** What the page itself may hold a picture back, ms. */
  roomMs = 0;

  constructor(
    host: ViewerHost,
    tracks: { video?: ViewerTrack; audio?: ViewerTrack },
    drop: () => void,
  ) {
    this.#host = host;
    this.#drop = drop;
    this.#probe = new PathProbe(host.timers);
    this.#video = tracks.video && trackOf('video', tracks.video, host);
    this.#audio = tracks.audio && trackOf('audio', tracks.audio, host);
  }

  opened(kind: TrackKind, from: 'cached' | 'next' = 'cached'): void {
    const track = this.#trackOf(kind);
    if (track?.state !== 'closed' || this.#isClosed) return;
    if (kind === 'audio') {
      track.state = 'live';
      this.senderReport('audio');
      return;
    }
    this.#host.settle();
    const start = from === 'cached' ? this.#host.keyFrameStart() : undefined;
    if (start === undefined) {
      track.state = 'waiting';
      this.#host.requestKeyFrame();
      return;
    }
    track.state = 'bursting';
    track.cursor = start;
    this.#burst(track, BURST_STEPS);
  }

  /** A packet has just come in. */
  forward(kind: TrackKind, packet: StoredPacket, isKeyFrameStart: boolean): boolean {
    const track = this.#trackOf(kind);
    if (!track || track.state === 'closed' || track.state === 'bursting') return false;
    if (track.state !== 'live') {
      if (!isKeyFrameStart) {
        if (track.state === 'resting') this.#host.counters.packetsWithheld++;
        return false;
      }
      if (track.state === 'resting') goOn(track, packet.sequence);
      track.state = 'live';
      this.senderReport('video');
    }
    if (isKeyFrameStart && kind === 'video') this.#reportBeforeKeyFrame(track);
    this.#send(track, packet);
    return true;
  }

  #reportBeforeKeyFrame(track: Track): void {
    const sinceUs = this.#host.clock.nowUs() - (track.reports.at(-1)?.atUs ?? 0);
    if (sinceUs >= PICTURE_REPORT_US_MIN) this.senderReport('video', false, true);
  }

  /** The process cannot keep up: no pictures until the next key frame. Sound goes on. */
  rest(): void {
    if (this.#video?.state !== 'live') return;
    this.#video.state = 'resting';
    this.#host.counters.viewersRested++;
  }

  /** Sends what went out lately once more on top, then a report by which the path is judged. */
  probe(bitsPerSecond: number): void {
    const track = this.#video;
    if (track?.state !== 'live' || this.#isClosed) return;
    this.#probedTripMs = null;
    const newest = track.newest;
    const again = (back: number) => {
      const packet = track.ring.get(newest - back);
      if (!packet || packet.sequence < track.offsetSince) return 0;
      this.#send(track, packet);
      return packet.payloadLength + RTP_HEADER_LENGTH;
    };
    this.#probe.start(bitsPerSecond, again, () => this.#reportProbe(track));
  }

  #reportProbe(track: Track): void {
    const clock = this.#clockNow('video');
    if (!clock || this.#isClosed) return;
    this.#probeReport = { middle: ntpMiddle(clock), atUs: this.#host.clock.nowUs() };
    this.#sendReport(track, clock);
  }

  /** The publisher's clock as of now: each report can be told from the one before by its time. */
  #clockNow(kind: TrackKind): SenderClock | undefined {
    const clock = this.#host.senderClock(kind);
    if (!clock) return undefined;
    return laterBy(clock, this.#host.senderClockAgeMs(kind), RTP_CLOCK_RATE[kind]);
  }

  /**
   * @param isNewClock what was reported before is no longer so
   * @param isMoment now is when it tells most
   */
  senderReport(kind: TrackKind, isNewClock = false, isMoment = false): void {
    const track = this.#trackOf(kind);
    const clock = this.#clockNow(kind);
    if (!track || !clock || track.state === 'closed' || track.state === 'waiting') return;
    if (isNewClock) track.reportsSent = 0;
    const lastUs = track.reports.at(-1)?.atUs ?? Number.NEGATIVE_INFINITY;
    const isSettled = track.reportsSent >= REPORTS_AT_FIRST && !isMoment;
    const nowUs = this.#host.clock.nowUs();
    const periodUs = kind === 'audio' ? SOUND_REPORT_PERIOD_US : PICTURE_REPORT_PERIOD_US;
    if (isSettled && nowUs - lastUs < periodUs) return;
    // Reports name the newest one they know: it must be the probe's.
    const probeUs = this.#probeReport?.atUs ?? Number.NEGATIVE_INFINITY;
    if (kind === 'video' && !isNewClock && nowUs - probeUs < PROBE_ANSWER_US_MAX) return;
    track.reportsSent++;
    track.reports.push({ middle: ntpMiddle(clock), atUs: nowUs });
    if (track.reports.length > 4) track.reports.shift();
    this.#sendReport(track, clock);
  }

  #sendReport(track: Track, clock: SenderClock): void {
    const name = this.#host.canonicalName;
    const report = writeSenderReport(track.out.ssrc, clock, track.packets, track.octets, name);
    track.out.send(Buffer.from(report.buffer));
  }

  rtcp(kind: TrackKind, packet: Uint8Array): void {
    const track = this.#trackOf(kind);
    if (!track || this.#isClosed) return;
    for (const item of parseRtcp(packet)) this.#take(track, item);
  }

  stats(): ViewerStats {
    return {
      roundTripMs: this.#roundTripUs === undefined ? null : this.#roundTripUs / 1000,
      fractionLost: this.#fractionLost,
      packetsSent: (this.#video?.packets ?? 0) + (this.#audio?.packets ?? 0),
      probedTripMs: this.#probedTripMs,
    };
  }

  sentVideo(): SentVideo {
    if (!this.#video) return { last: undefined, packets: 0, octets: 0 };
    const { newest, newestTimestamp, offset, packets, octets } = this.#video;
    if (offset === undefined) return { last: undefined, packets, octets };
    const last = { sequence: (newest + offset) & 0xffff, timestamp: newestTimestamp };
    return { last, packets, octets };
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelBurst?.();
    this.#probe.stop();
    for (const track of [this.#video, this.#audio]) if (track) track.state = 'closed';
    this.analytics = undefined;
  }

  #trackOf(kind: TrackKind): Track | undefined {
    return kind === 'video' ? this.#video : this.#audio;
  }

  #burst(track: Track, stepsLeft: number): void {
    this.#host.settle();
    if (this.#isClosed) return;
    // Packets that arrive during the burst are part of it, so the order is never broken.
    const count = Math.ceil((track.ring.highest + 1 - track.cursor) / stepsLeft);
    const end = stepsLeft === 1 ? track.ring.highest + 1 : track.cursor + count;
    for (; track.cursor < end && !this.#isClosed; track.cursor++) {
      const packet = track.ring.get(track.cursor);
      if (!packet) continue;
      this.#host.counters.burstPackets++;
      this.#send(track, packet);
    }
    if (stepsLeft === BURST_STEPS) this.senderReport('video');
    if (track.cursor > track.ring.highest) {
      track.state = 'live';
      return;
    }
    this.#cancelBurst = this.#host.timers.after(BURST_STEP_MS, () =>
      this.#burst(track, stepsLeft - 1),
    );
  }

  #send(track: Track, packet: StoredPacket): void {
    // Starting low keeps the first wrap-around away from SRTP's first packets (RFC 3711, 3.3.1).
    track.offset ??= this.#host.randomSequence() - packet.sequence;
    const extensionId = track.out.playoutDelayId;
    const buffer = extensionId > 0 ? packet.extended : packet.plain;
    buffer[0] = extensionId > 0 ? 0x90 : 0x80;
    buffer[1] = (packet.marker ? 0x80 : 0) | track.out.payloadType;
    write16(buffer, 2, (packet.sequence + track.offset) & 0xffff);
    write32(buffer, 4, packet.timestamp);
    write32(buffer, 8, track.out.ssrc);
    if (extensionId > 0) {
      const { playoutDelay } = this.#host;
      const msMax = playoutDelay?.msMax ?? Math.max(this.#playout.msMax, this.roomMs);
      const msMin = playoutDelay?.msMin ?? this.#playout.msMin;
      writePlayoutDelay(buffer, RTP_HEADER_LENGTH, extensionId, msMin, msMax);
    }
    if (packet.sequence > track.newest) {
      track.newest = packet.sequence;
      track.newestTimestamp = packet.timestamp;
    }
    if (track.out.send(buffer)) {
      track.packets = (track.packets + 1) >>> 0;
      track.octets = (track.octets + packet.payloadLength) >>> 0;
      if (track.kind === 'video') this.#sentSinceReport++;
      this.#host.counters.packetsOut++;
      this.#failuresInARow = 0;
      return;
    }
    this.#host.counters.sendFailures++;
    if (++this.#failuresInARow > FAILURES_IN_A_ROW_MAX) this.#drop();
  }

  #take(track: Track, item: RtcpItem): void {
    if (item.type === 'keyFrameRequest') {
      this.#host.counters.keyFrameRequestsIn++;
      // While the burst runs the picture is on its way already.
      if (track.state !== 'bursting') this.#host.requestKeyFrame();
    } else if (item.type === 'nack') {
      for (const sequence of item.sequences) this.#resend(track, sequence);
    } else if (item.type === 'reports') {
      for (const block of item.blocks) {
        if (block.ssrc !== track.out.ssrc) continue;
        if (track.kind === 'video') this.#fractionLost = block.fractionLost;
        this.#measureRoundTrip(track, block.lastSenderReport, block.delaySinceLast);
        if (track.kind === 'video') this.#judgePath(block.jitter);
      }
    }
  }

  #judgePath(jitterTicks: number): void {
    const sent = Math.max(1, this.#sentSinceReport);
    this.#playout.report({
      roundTripMs: this.#roundTripUs === undefined ? null : this.#roundTripUs / 1000,
      jitterMs: (jitterTicks * 1000) / RTP_CLOCK_RATE.video,
      nackShare: Math.min(1, this.#nackedSinceReport / sent),
      atMs: this.#host.clock.nowUs() / 1000,
    });
    this.#sentSinceReport = 0;
    this.#nackedSinceReport = 0;
  }

  #measureRoundTrip(track: Track, middle: number, delay: number): void {
    const isProbe = track.kind === 'video' && this.#probeReport?.middle === middle;
    const report = isProbe
      ? this.#probeReport
      : track.reports.find((entry) => entry.middle === middle && middle !== 0);
    if (!report) return;
    const tripUs = this.#host.clock.nowUs() - report.atUs - (delay * 1_000_000) / 65_536;
    if (tripUs < 0 || tripUs >= 10_000_000) return;
    if (isProbe) {
      this.#probedTripMs = tripUs / 1000;
      this.#probeReport = null;
    } else this.#roundTripUs = tripUs;
  }

  #resend(track: Track, viewerSequence: number): void {
    const { counters, clock } = this.#host;
    counters.nacksAsked++;
    if (track.kind === 'video') this.#nackedSinceReport++;
    if (track.offset === undefined || track.state === 'closed') return;
    const near = track.ring.highest + track.offset;
    const sequence = extendSequence(viewerSequence, near) - track.offset;
    const isBeforeRest = sequence < track.offsetSince;
    const packet = isBeforeRest ? undefined : track.ring.get(sequence);
    if (!packet) {
      counters.nacksTooOld++;
      // After a rest a key frame has come already.
      const isLost = track.kind === 'video' && sequence < track.ring.highest;
      if (isLost && !isBeforeRest) this.#host.requestKeyFrame();
      return;
    }
    // Audio and video have rings of their own, so the key tells them apart by its sign.
    const key = track.kind === 'video' ? sequence : -1 - sequence;
    const nowUs = clock.nowUs();
    const guardUs = Math.max(ROUND_TRIP_US_MIN, this.#roundTripUs ?? ROUND_TRIP_US_DEFAULT);
    const lastUs = this.#resentAtUs.get(key);
    if ((lastUs !== undefined && nowUs - lastUs < guardUs) || !this.#mayResend(nowUs)) {
      counters.nacksGuarded++;
      return;
    }
    if (this.#resentAtUs.size > 1024) this.#resentAtUs.clear();
    this.#resentAtUs.set(key, nowUs);
    counters.nacksAnswered++;
    this.#send(track, packet);
    // Where much is lost the repair may be lost too, and a browser asks again only 100 ms later.
    if (this.#playout.isLossy && !this.#isOverflowing()) this.#send(track, packet);
  }

  #isOverflowing(): boolean {
    return this.#nackedSinceReport > OVERFLOW_PACKETS + this.#sentSinceReport * OVERFLOW_SHARE;
  }

  #mayResend(nowUs: MediaTimeUs): boolean {
    if (nowUs - this.#resendWindowUs > RESEND_WINDOW_US) {
      this.#resendWindowUs = nowUs;
      this.#resendCount = 0;
    }
    return ++this.#resendCount <= RESENDS_PER_WINDOW_MAX;
  }
}

/** The key frame that ends a rest gets the number after the last one that went out. */
function goOn(track: Track, sequence: number): void {
  if (track.offset === undefined) return;
  track.offset += track.newest + 1 - sequence;
  track.offsetSince = sequence;
}

function trackOf(kind: TrackKind, out: ViewerTrack, host: ViewerHost): Track {
  return {
    ...{ kind, out, ring: host.ring(kind), state: 'closed', offset: undefined },
    ...{ offsetSince: Number.NEGATIVE_INFINITY },
    ...{ cursor: 0, packets: 0, octets: 0, newest: -1, newestTimestamp: 0, reports: [] },
    reportsSent: 0,
  };
}

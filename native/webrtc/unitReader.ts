// Reads whole access units and Opus packets out of a fan-out, once per stream, for those who take
// no RTP. It waits a little for packets that the publisher sends again; what stays lost costs the
// pictures up to the next key frame, because a decoder must never be fed a picture with a hole.

import type { TrackKind } from '../../core/media/feed.ts';
import { RTP_CLOCK_RATE } from '../../core/media/feed.ts';
import { isKeyFrame, joinAnnexB, NAL_DELIMITER, nalTypeOf } from '../../core/media/h264.ts';
import { Depacketizer } from '../../core/media/h264Rtp.ts';
import type { SenderClock } from '../../core/media/rtcp.ts';
import { RTP_HEADER_LENGTH, timestampDistance } from '../../core/media/rtp.ts';
import type { PacketRing, StoredPacket } from './packetRing.ts';

/** Who reads a stream itself instead of a viewer's copy. */
export type FanOutReader = {
  /** A packet came in; packets may come out of order and are looked up in the ring. */
  packet(track: TrackKind, stored: StoredPacket): void;
  /** Latest-wins facts beside the picture. */
  analytics(bytes: Uint8Array): void;
};

/** What a reader may look up. */
export type FanOutSource = {
  ring(track: TrackKind): PacketRing;
  /** Stream number of the cached key frame's first packet, while all of it is in the ring. */
  keyFrameStart(): number | undefined;
  senderClock(track: TrackKind): SenderClock | undefined;
  requestKeyFrame(): void;
  close(): void;
};

/** One access unit (Annex B) or one Opus packet, with the timestamps that viewers see. */
export type ReadUnit = {
  track: TrackKind;
  isKeyFrame: boolean;
  rtpTimestamp: number;
  /** When it was made on the sender's own clock, microseconds; null while unknown. */
  senderUs: number | null;
  bytes: Uint8Array;
};

export type UnitReaderCounters = { units: number; unitsLost: number; packetsLost: number };

/** Packets behind a missing one after which it is given up: about 200 ms at 3 Mbit/s. */
const MISSING_PACKETS_WAITED = 64;

/** Starts at the cached key frame, or at the next one. */
export class UnitReader {
  readonly counters: UnitReaderCounters = { units: 0, unitsLost: 0, packetsLost: 0 };
  readonly #source: FanOutSource;
  readonly #take: (unit: ReadUnit) => void;
  readonly #depacketizer = new Depacketizer();
  /** Stream number of the video packet that is read next; undefined before the first key frame. */
  #next: number | undefined;
  #units: Uint8Array[] = [];
  #timestamp: number | undefined;
  /** A packet of the picture in progress is lost. */
  #isTorn = false;
  /** Pictures refer to one that is lost: only a key frame may follow. */
  #needsKeyFrame = true;
  #soundSequence = -1;

  constructor(
    fanOut: { openReader(reader: FanOutReader): FanOutSource },
    options: { take(unit: ReadUnit): void; analytics(bytes: Uint8Array): void },
  ) {
    this.#take = options.take;
    this.#source = fanOut.openReader({
      packet: (track, stored) => (track === 'video' ? this.#readOn() : this.#sound(stored)),
      analytics: (bytes) => options.analytics(bytes),
    });
    this.#readOn();
    if (this.#next === undefined) this.#source.requestKeyFrame();
  }

  requestKeyFrame(): void {
    this.#source.requestKeyFrame();
  }

  close(): void {
    this.#source.close();
  }

  /** Reads every packet that is there in order. */
  #readOn(): void {
    const ring = this.#source.ring('video');
    this.#next ??= this.#source.keyFrameStart();
    if (this.#next === undefined) return;
    while (this.#next <= ring.highest) {
      const packet = ring.get(this.#next);
      if (packet) this.#video(packet);
      else if (ring.highest - this.#next < MISSING_PACKETS_WAITED) return;
      else this.#lost();
      this.#next++;
    }
  }

  #video(packet: StoredPacket): void {
    // A lost marker: the next picture's first packet ends the one before.
    if (this.#timestamp !== undefined && this.#timestamp !== packet.timestamp) this.#finish();
    this.#timestamp = packet.timestamp;
    const payload = packet.plain.subarray(RTP_HEADER_LENGTH);
    for (const unit of this.#depacketizer.push(payload)) {
      // The ring's memory is used again; a unit in one packet is only a view into it.
      if (nalTypeOf(unit) !== NAL_DELIMITER) this.#units.push(Uint8Array.from(unit));
    }
    if (packet.marker) this.#finish();
  }

  #lost(): void {
    this.counters.packetsLost++;
    this.#depacketizer.reset();
    this.#isTorn = true;
    this.#needsKeyFrame = true;
    this.#source.requestKeyFrame();
  }

  #finish(): void {
    const units = this.#units;
    const timestamp = this.#timestamp;
    const isTorn = this.#isTorn;
    this.#units = [];
    this.#timestamp = undefined;
    this.#isTorn = false;
    if (timestamp === undefined) return;
    const isKey = isKeyFrame(units);
    // A lost packet may have been the end of one picture or the start of this one.
    if (units.length === 0 || isTorn || (this.#needsKeyFrame && !isKey)) {
      this.counters.unitsLost++;
      return;
    }
    this.#needsKeyFrame = false;
    this.#emit('video', isKey, timestamp, joinAnnexB(units));
  }

  #sound(packet: StoredPacket): void {
    // Late ones are of no use: their moment has been played.
    if (packet.sequence <= this.#soundSequence || packet.payloadLength === 0) return;
    this.#soundSequence = packet.sequence;
    const bytes = Uint8Array.from(packet.plain.subarray(RTP_HEADER_LENGTH));
    this.#emit('audio', true, packet.timestamp, bytes);
  }

  #emit(track: TrackKind, isKeyFrame: boolean, rtpTimestamp: number, bytes: Uint8Array): void {
    this.counters.units++;
    const clock = this.#source.senderClock(track);
    const senderUs = clock ? senderTimeUs(clock, rtpTimestamp, RTP_CLOCK_RATE[track]) : null;
    this.#take({ track, isKeyFrame, rtpTimestamp, senderUs, bytes });
  }
}

/** RFC 3550 section 6.4.1: a report ties a track's timestamps to the sender's clock. */
function senderTimeUs(clock: SenderClock, rtpTimestamp: number, rateHz: number): number {
  const reportedUs = clock.ntpSeconds * 1_000_000 + (clock.ntpFraction * 1_000_000) / 2 ** 32;
  const sinceTicks = timestampDistance(clock.rtpTimestamp, rtpTimestamp);
  return Math.round(reportedUs + (sinceTicks * 1_000_000) / rateHz);
}

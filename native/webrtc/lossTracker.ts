// What a receiver knows about one RTP stream: what is missing and should be asked for again, and
// the figures of a receiver report (RFC 3550 appendix A). A packet counts as missing only after a
// short wait, because reordered packets are not lost ones. It must never grow without bound: the
// oldest holes are given up.

import type { MediaTimeUs } from '../../core/base/clock.ts';
import type { ReportBlock, SenderClock } from '../../core/media/rtcp.ts';
import { ntpMiddle } from '../../core/media/rtcp.ts';
import { extendSequence, type RtpPacket } from '../../core/media/rtp.ts';

/** A hole is asked for after 3 newer packets or 10 ms, whichever is first. */
const REORDER_PACKETS = 3;
const REORDER_US = 10_000;

/** Asked again after this, at most so often, then given up. */
const RETRY_US = 50_000;
const TRIES_MAX = 10;

/** Holes watched at a time: more is not loss but a dead path. */
const MISSING_MAX = 256;

/** A jump beyond this is a new stream, not a loss. */
const JUMP_MAX = 3000;

type Hole = { sinceUs: MediaTimeUs; askedUs: MediaTimeUs; tries: number };

export class LossTracker {
  readonly ssrc: number;
  readonly #rateHz: number;
  #base: number | undefined;
  #highest = 0;
  #received = 0;
  #expectedPrior = 0;
  #receivedPrior = 0;
  #jitter = 0;
  #transit: number | undefined;
  #missing = new Map<number, Hole>();
  #senderReport: { middle: number; atUs: MediaTimeUs } | undefined;

  constructor(ssrc: number, rateHz: number) {
    this.ssrc = ssrc;
    this.#rateHz = rateHz;
  }

  get received(): number {
    return this.#received;
  }

  /** Packets that never came, as of now; duplicates make it smaller, as the RFC has it. */
  get lost(): number {
    return this.#base === undefined ? 0 : this.#highest - this.#base + 1 - this.#received;
  }

  hasHoles(): boolean {
    return this.#missing.size > 0;
  }

  receive(packet: RtpPacket, nowUs: MediaTimeUs): void {
    if (this.#base === undefined) this.#begin(packet.sequence);
    const extended = extendSequence(packet.sequence, this.#highest);
    if (Math.abs(extended - this.#highest) > JUMP_MAX) this.#begin(packet.sequence);
    else if (extended > this.#highest) {
      this.#noteHoles(extended, nowUs);
      this.#highest = extended;
    } else this.#missing.delete(extended);
    this.#received++;
    this.#measureJitter(packet.timestamp, nowUs);
  }

  senderReport(clock: SenderClock, nowUs: MediaTimeUs): void {
    this.#senderReport = { middle: ntpMiddle(clock), atUs: nowUs };
  }

  /** Sequence numbers to ask for now, ascending. */
  due(nowUs: MediaTimeUs): number[] {
    const wanted: number[] = [];
    for (const [extended, hole] of this.#missing) {
      const isLost =
        nowUs - hole.sinceUs >= REORDER_US || this.#highest - extended >= REORDER_PACKETS;
      if (!isLost || (hole.tries > 0 && nowUs - hole.askedUs < RETRY_US)) continue;
      if (hole.tries >= TRIES_MAX) {
        this.#missing.delete(extended);
        continue;
      }
      hole.tries++;
      hole.askedUs = nowUs;
      wanted.push(extended & 0xffff);
    }
    return wanted;
  }

  report(nowUs: MediaTimeUs): ReportBlock {
    const expected = this.#base === undefined ? 0 : this.#highest - this.#base + 1;
    const expectedNow = expected - this.#expectedPrior;
    const lostNow = expectedNow - (this.#received - this.#receivedPrior);
    this.#expectedPrior = expected;
    this.#receivedPrior = this.#received;
    const sinceUs = this.#senderReport ? nowUs - this.#senderReport.atUs : 0;
    return {
      ssrc: this.ssrc,
      fractionLost: expectedNow > 0 && lostNow > 0 ? lostNow / expectedNow : 0,
      cumulativeLost: this.lost,
      highestSequence: this.#highest >>> 0,
      jitter: Math.round(this.#jitter),
      lastSenderReport: this.#senderReport?.middle ?? 0,
      delaySinceLast: Math.round((sinceUs * 65_536) / 1_000_000) >>> 0,
    };
  }

  #begin(sequence: number): void {
    this.#base = sequence;
    this.#highest = sequence;
    this.#received = 0;
    this.#expectedPrior = 0;
    this.#receivedPrior = 0;
    this.#missing.clear();
  }

  #noteHoles(extended: number, nowUs: MediaTimeUs): void {
    const first = Math.max(this.#highest + 1, extended - MISSING_MAX);
    for (let hole = first; hole < extended; hole++) {
      this.#missing.set(hole, { sinceUs: nowUs, askedUs: 0, tries: 0 });
    }
    for (const oldest of this.#missing.keys()) {
      if (this.#missing.size <= MISSING_MAX) break;
      this.#missing.delete(oldest);
    }
  }

  #measureJitter(timestamp: number, nowUs: MediaTimeUs): void {
    const arrivalTicks = Math.round((nowUs % 1_000_000_000) * (this.#rateHz / 1_000_000));
    const transit = (arrivalTicks - timestamp) | 0;
    if (this.#transit !== undefined) {
      const difference = Math.abs((transit - this.#transit) | 0);
      // A jump of seconds is the clock's wrap or a stall, not jitter.
      if (difference < this.#rateHz) this.#jitter += (difference - this.#jitter) / 16;
    }
    this.#transit = transit;
  }
}

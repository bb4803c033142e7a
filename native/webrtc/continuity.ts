// Makes one stream out of many publishers' streams: sequence numbers and timestamps that viewers
// see go on over a publisher's reconnect or change. Timestamps stay as the publisher sent them
// whenever they fit (a studio's are a fixed function of capture time, also over its restarts);
// only a stranger's clock is shifted, and the shift is told.

import type { MediaTimeUs } from '../../core/base/clock.ts';
import type { RtpPacket } from '../../core/media/rtp.ts';
import { extendSequence, timestampDistance } from '../../core/media/rtp.ts';

/** Timestamps further than this from where the clock should be belong to another clock. */
const CLOCK_TOLERANCE_SECONDS = 10;

/** A jump of this many packets is another stream under the same name (RFC 3550 appendix A.1). */
const SEQUENCE_JUMP_MAX = 3000;

export class Continuity {
  readonly #rateHz: number;
  #ssrc: number | undefined;
  /** Extended sequence number of the publisher's newest packet. */
  #inputHighest = 0;
  /** Added to the publisher's extended sequence number. */
  #offset = 0;
  /** Stream number of the current publisher's first packet: nothing older is taken. */
  #first = 0;
  #highest = -1;
  #shift = 0;
  #timestamp: number | undefined;
  #timestampAtUs: MediaTimeUs = 0;

  constructor(rateHz: number) {
    this.#rateHz = rateHz;
  }

  /** Ticks that are added to the publisher's timestamps. */
  get shift(): number {
    return this.#shift;
  }

  /** The next packet is the first one of another publisher. */
  restart(): void {
    this.#ssrc = undefined;
  }

  /** True when this packet would start a new publisher's stream. */
  isStart(header: RtpPacket): boolean {
    if (this.#ssrc !== header.ssrc) return true;
    const extended = extendSequence(header.sequence, this.#inputHighest);
    return Math.abs(extended - this.#inputHighest) > SEQUENCE_JUMP_MAX;
  }

  /** Stream number and timestamp of a packet; undefined when it is from before the start. */
  map(header: RtpPacket, nowUs: MediaTimeUs): { sequence: number; timestamp: number } | undefined {
    if (this.isStart(header)) this.#start(header, nowUs);
    const extended = extendSequence(header.sequence, this.#inputHighest);
    if (extended > this.#inputHighest) this.#inputHighest = extended;
    const sequence = extended + this.#offset;
    if (sequence < this.#first) return undefined;
    const timestamp = (header.timestamp + this.#shift) >>> 0;
    if (sequence > this.#highest) {
      this.#highest = sequence;
      this.#timestamp = timestamp;
      this.#timestampAtUs = nowUs;
    }
    return { sequence, timestamp };
  }

  #start(header: RtpPacket, nowUs: MediaTimeUs): void {
    this.#ssrc = header.ssrc;
    this.#inputHighest = header.sequence;
    this.#first = this.#highest + 1;
    this.#offset = this.#first - header.sequence;
    if (this.#timestamp === undefined) return;
    const elapsedTicks = Math.round(((nowUs - this.#timestampAtUs) * this.#rateHz) / 1_000_000);
    const expected = (this.#timestamp + (elapsedTicks % 4_294_967_296)) >>> 0;
    const tolerance = CLOCK_TOLERANCE_SECONDS * this.#rateHz;
    const isOwnClock = (shift: number) =>
      Math.abs(timestampDistance(expected, (header.timestamp + shift) >>> 0)) <= tolerance;
    if (isOwnClock(0)) this.#shift = 0;
    else if (!isOwnClock(this.#shift)) {
      this.#shift = timestampDistance(header.timestamp, expected);
    }
  }
}

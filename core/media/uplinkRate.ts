// How many bits per second an uplink may carry, from what the other end reports. Pure. It goes down
// at once to what really arrived, and up in small steps after a quiet time that grows with each
// step that failed, because each step may cost an encoder its restart. Rates are a short list for
// the same reason.

import type { MediaTimeUs } from '../base/clock.ts';

/** Bits per second that are used, best first: 500 kbit/s to 10 Mbit/s. */
export const UPLINK_RATES = [
  10_000_000, 8_000_000, 6_000_000, 5_000_000, 4_000_000, 3_200_000, 2_500_000, 2_000_000,
  1_600_000, 1_250_000, 1_000_000, 800_000, 630_000, 500_000,
] as const;

export type UplinkReport = {
  atUs: MediaTimeUs;
  /** 0..1 since the previous report. */
  fractionLost: number;
  roundTripMs: number | null;
  /** What was sent lately, video and sound. */
  sentBitsPerSecond: number;
};

const LOSS_BAD = 0.06;
const LOSS_GOOD = 0.01;
/** A queue on the way, above the best round trip. */
const QUEUE_MS_BAD = 200;
const QUEUE_MS_GOOD = 50;
/** Of what arrived: room for sound, headers and what is sent again. */
const HEADROOM = 0.8;
/** An encoder needs about a second to follow; until then reports speak of the old rate. */
const SETTLE_US = 2_500_000;
const UP_AFTER_US_FIRST = 8_000_000;
const UP_AFTER_US_MAX = 120_000_000;
const FAILED_RISE_US = 10_000_000;

export class UplinkRate {
  #most: number;
  #rate: number;
  #bestTripMs: number | null = null;
  #changedAtUs: MediaTimeUs | null = null;
  #roseAtUs: MediaTimeUs | null = null;
  #quietSinceUs: MediaTimeUs | null = null;
  #upAfterUs = UP_AFTER_US_FIRST;

  /** @param bitsPerSecondMax what is wished for, where the path allows it */
  constructor(bitsPerSecondMax: number) {
    this.#most = bitsPerSecondMax;
    this.#rate = bitsPerSecondMax;
  }

  get bitsPerSecond(): number {
    return this.#rate;
  }

  /**
   * Another wish. What the path was found to bear still holds, unless less than that is wished for.
   *
   * @returns the rate from now on
   */
  setMost(bitsPerSecondMax: number): number {
    const isFree = this.#rate >= this.#most;
    this.#most = bitsPerSecondMax;
    this.#rate = isFree ? bitsPerSecondMax : Math.min(this.#rate, bitsPerSecondMax);
    return this.#rate;
  }

  /** The rate from now on. */
  take(report: UplinkReport): number {
    const queueMs = this.#queueMs(report.roundTripMs);
    const { atUs, fractionLost } = report;
    const isBad = fractionLost >= LOSS_BAD || queueMs >= QUEUE_MS_BAD;
    const isSettling = this.#changedAtUs !== null && atUs - this.#changedAtUs < SETTLE_US;
    if (isBad) {
      this.#quietSinceUs = null;
      if (!isSettling) this.#fall(report);
      return this.#rate;
    }
    if (fractionLost > LOSS_GOOD || queueMs > QUEUE_MS_GOOD) this.#quietSinceUs = null;
    else this.#quietSinceUs ??= atUs;
    const quietUs = this.#quietSinceUs === null ? 0 : atUs - this.#quietSinceUs;
    if (this.#rate < this.#most && quietUs >= this.#upAfterUs) this.#rise(atUs);
    return this.#rate;
  }

  #fall({ atUs, fractionLost, sentBitsPerSecond }: UplinkReport): void {
    const arrived = Math.min(this.#rate, sentBitsPerSecond) * (1 - fractionLost) * HEADROOM;
    const fitting = UPLINK_RATES.find((rate) => rate <= arrived) ?? UPLINK_RATES.at(-1);
    const below = UPLINK_RATES.find((rate) => rate < this.#rate);
    const next = Math.min(fitting ?? this.#rate, below ?? this.#rate);
    const hasFailed = this.#roseAtUs !== null && atUs - this.#roseAtUs < FAILED_RISE_US;
    this.#upAfterUs = hasFailed
      ? Math.min(UP_AFTER_US_MAX, this.#upAfterUs * 2)
      : UP_AFTER_US_FIRST;
    if (next >= this.#rate) return;
    this.#rate = next;
    this.#changedAtUs = atUs;
  }

  #rise(atUs: MediaTimeUs): void {
    const above = UPLINK_RATES.findLast((rate) => rate > this.#rate) ?? this.#most;
    this.#rate = Math.min(this.#most, above);
    this.#changedAtUs = atUs;
    this.#roseAtUs = atUs;
    this.#quietSinceUs = null;
  }

  #queueMs(roundTripMs: number | null): number {
    if (roundTripMs === null) return 0;
    const best = this.#bestTripMs;
    this.#bestTripMs = best === null ? roundTripMs : Math.min(roundTripMs, best * 1.02);
    return roundTripMs - this.#bestTripMs;
  }
}

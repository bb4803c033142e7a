// Percentiles over the recent past for meters: a bounded window of samples with their times.

import type { MediaClock } from '../../core/base/clock.ts';

/** Samples kept at most; the oldest fall out first. At 30 a second this is half a minute. */
const SAMPLES_MAX = 1024;

/** Keeps samples of the last `windowMs` and tells their percentiles. */
export class RecentSamples {
  readonly #clock: MediaClock;
  readonly #windowUs: number;
  #samples: { atUs: number; value: number }[] = [];

  constructor(clock: MediaClock, windowMs: number) {
    this.#clock = clock;
    this.#windowUs = windowMs * 1000;
  }

  add(value: number): void {
    this.#samples.push({ atUs: this.#clock.nowUs(), value });
    if (this.#samples.length > SAMPLES_MAX) this.#samples.shift();
  }

  /**
   * @param share 0..1, for example 0.95
   * @returns the nearest-rank percentile, or null without samples
   */
  percentile(share: number): number | null {
    const fromUs = this.#clock.nowUs() - this.#windowUs;
    this.#samples = this.#samples.filter((sample) => sample.atUs >= fromUs);
    if (this.#samples.length === 0) return null;
    const sorted = this.#samples.map((sample) => sample.value).sort((a, b) => a - b);
    const rank = Math.max(0, Math.ceil(share * sorted.length) - 1);
    return sorted[rank] ?? null;
  }
}

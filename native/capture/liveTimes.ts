// When a frame that comes over a network was captured, on our media clock: its own time plus the
// least that any frame of the last seconds was late. Never in the future, because markets lock on
// these times. A burst after a stall therefore keeps its old times instead of looking new.

import type { MediaTimeUs } from '../../core/base/clock.ts';

/** The best arrival of this long counts, twice: one running window and the one before. */
const WINDOW_US = 5_000_000;

export class LiveTimes {
  #startUs: MediaTimeUs = 0;
  #before = Number.POSITIVE_INFINITY;
  #running = Number.POSITIVE_INFINITY;

  /** A picture has just come: learns from it, and gives its capture time. */
  arrived(ptsUs: number, nowUs: MediaTimeUs): MediaTimeUs {
    if (nowUs - this.#startUs > WINDOW_US) {
      this.#before = this.#running;
      this.#running = Number.POSITIVE_INFINITY;
      this.#startUs = nowUs;
    }
    this.#running = Math.min(this.#running, nowUs - ptsUs);
    return this.captureUs(ptsUs, nowUs);
  }

  /** Of sound, which follows the pictures' clock. */
  captureUs(ptsUs: number, nowUs: MediaTimeUs): MediaTimeUs {
    const offsetUs = Math.min(this.#before, this.#running);
    return Math.round(Math.min(nowUs, ptsUs + offsetUs));
  }

  get isKnown(): boolean {
    return Number.isFinite(Math.min(this.#before, this.#running));
  }
}

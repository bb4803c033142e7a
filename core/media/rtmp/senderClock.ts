// Puts an encoder's own times on the media clock. Its times are milliseconds modulo 2^32 from an
// unknown start, by a crystal that is not ours. The packet that was quickest on its way says best
// when pictures were made; its offset follows drift slowly, so that a slow network moves nothing.

import type { MediaTimeUs } from '../../base/clock.ts';

/** Times that go back or ahead by more than this are a new count, milliseconds. */
const BACK_MS_MAX = 5_000;
const AHEAD_MS_MAX = 60_000;
/** Over this long the quickest packet is looked for, microseconds. */
const WINDOW_US = 2_000_000;
/** Crystals differ by 0.1 ms a second at most; five times that is followed. */
const FOLLOW_US_PER_WINDOW = 1_000;

export class SenderClock {
  #last32 = 0;
  #lastMs: number | null = null;
  #lastSeenUs: MediaTimeUs = 0;
  #offsetUs: number | null = null;
  #windowEndUs: MediaTimeUs = 0;
  #windowLeastUs = Number.POSITIVE_INFINITY;

  /**
   * A packet's decode time without the wrap at 2^32, milliseconds. Tracks are told together: they
   * share one count.
   *
   * @param timestamp milliseconds modulo 2^32
   */
  extend(timestamp: number, nowUs: MediaTimeUs): number {
    const difference = (timestamp - this.#last32) | 0;
    let timeMs = timestamp;
    if (this.#lastMs !== null) {
      const isNewCount = difference < -BACK_MS_MAX || difference > AHEAD_MS_MAX;
      const elapsedMs = Math.max(1, Math.round((nowUs - this.#lastSeenUs) / 1000));
      timeMs = this.#lastMs + (isNewCount ? elapsedMs : difference);
    }
    this.#last32 = timestamp;
    this.#lastMs = timeMs;
    this.#lastSeenUs = nowUs;
    return timeMs;
  }

  /** A picture or packet came. @param presentationMs as extended, plus its composition time */
  arrived(presentationMs: number, nowUs: MediaTimeUs): void {
    const seenUs = nowUs - presentationMs * 1000;
    if (this.#offsetUs === null) {
      this.#offsetUs = seenUs;
      this.#windowEndUs = nowUs + WINDOW_US;
    }
    // Nothing comes before it was made.
    this.#offsetUs = Math.min(this.#offsetUs, seenUs);
    this.#windowLeastUs = Math.min(this.#windowLeastUs, seenUs);
    if (nowUs < this.#windowEndUs) return;
    this.#offsetUs += Math.min(FOLLOW_US_PER_WINDOW, this.#windowLeastUs - this.#offsetUs);
    this.#windowEndUs = nowUs + WINDOW_US;
    this.#windowLeastUs = Number.POSITIVE_INFINITY;
  }

  /** When it was made, on the media clock. */
  captureUsOf(presentationUs: number): MediaTimeUs {
    return Math.round(presentationUs + (this.#offsetUs ?? 0));
  }
}

// How long the socket waits before it tries the relay again: soon at first, because a relay that
// was just lost is most likely restarting, and rarely once it has been away for long.

/** First wait, ms; grows by half each time. */
const RETRY_MS_FIRST = 250;
const RETRY_GROWTH = 1.5;
const RETRY_MS_MAX = 5_000;
/** While the loss is fresh no wait is longer: the relay is back within 3 s, and so are we. */
const RETRY_MS_MAX_EARLY = 750;
const EARLY_US = 30_000_000;
/** Two studios with one key must not throw each other out all the time, ms. */
const RETRY_MS_REPLACED = 30_000;

export class RetryWait {
  #waitMs = RETRY_MS_FIRST;
  #goneSinceUs: number;

  constructor(nowUs: number) {
    this.#goneSinceUs = nowUs;
  }

  /** The relay answered. */
  succeeded(): void {
    this.#waitMs = RETRY_MS_FIRST;
  }

  /** A connection that had stood was lost. */
  lost(nowUs: number): void {
    this.#goneSinceUs = nowUs;
  }

  /** Another studio with the same key is there. */
  replaced(): void {
    this.#waitMs = RETRY_MS_REPLACED;
  }

  /**
   * The next wait, ms, and longer ones after it.
   *
   * @param share 0..1, random: a tenth either way, so that the studios of a restarted relay do not
   *   come in one wave
   */
  next(nowUs: number, share: number): number {
    const waitMs = this.#waitMs * (0.9 + 0.2 * share);
    const isEarly = nowUs - this.#goneSinceUs < EARLY_US;
    const longestMs = isEarly ? RETRY_MS_MAX_EARLY : RETRY_MS_MAX;
    this.#waitMs = Math.min(longestMs, this.#waitMs * RETRY_GROWTH);
    return waitMs;
  }
}

// A limit on how often somebody may do something: tokens drip in at a rate, up to a burst. Time
// comes from the caller, so the same limit runs in tests and on any clock.

/** Holds at most `burst` tokens and gains `perSecond` of them each second. */
export class TokenBucket {
  readonly #perSecond: number;
  readonly #burst: number;
  #tokens: number;
  #atUs: number;

  constructor(options: { perSecond: number; burst: number; nowUs: number }) {
    this.#perSecond = options.perSecond;
    this.#burst = options.burst;
    this.#tokens = options.burst;
    this.#atUs = options.nowUs;
  }

  /** Takes one token; false when there is none. A clock that goes back gives nothing. */
  take(nowUs: number): boolean {
    const passedUs = Math.max(0, nowUs - this.#atUs);
    this.#atUs = nowUs;
    this.#tokens = Math.min(this.#burst, this.#tokens + (passedUs * this.#perSecond) / 1_000_000);
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}

// How often one session may be asked for something: candidates, a choice of layer. The limits of an
// address stand before this (relay/limits.ts) and spare this machine; this one spares nobody. A
// bucket goes with its session, so nothing here grows.

import type { MediaClock } from '../../core/base/clock.ts';
import { TokenBucket } from '../../core/wire/tokenBucket.ts';

/** Candidates of a browser come in a burst of some twenty; a choice of layer is a tap. */
const BURST = 40;

export class SessionLimits {
  readonly #clock: MediaClock;
  readonly #burst: number;
  readonly #buckets = new WeakMap<object, TokenBucket>();

  constructor(clock: MediaClock, burst = BURST) {
    this.#clock = clock;
    this.#burst = burst;
  }

  /** One more act on a session that stands. */
  isAllowed(session: object): boolean {
    const nowUs = this.#clock.nowUs();
    const rate = { perSecond: this.#burst / 8, burst: this.#burst };
    const bucket = this.#buckets.get(session) ?? new TokenBucket({ ...rate, nowUs });
    this.#buckets.set(session, bucket);
    return bucket.take(nowUs);
  }
}

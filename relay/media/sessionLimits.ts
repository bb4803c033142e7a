// How often one session may be asked for something: candidates, a choice of layer. The limits of an
// address stand before this (relay/limits.ts) and spare this machine; this one spares nobody. A
// bucket goes with its session, so nothing here grows.

import type { MediaClock } from '../../core/base/clock.ts';
import { TokenBucket } from '../../core/wire/tokenBucket.ts';

/** Candidates of a browser come in a burst of some twenty; a choice of layer is a tap. */
const RATE = { perSecond: 5, burst: 40 };

export class SessionLimits {
  readonly #clock: MediaClock;
  readonly #buckets = new WeakMap<object, TokenBucket>();

  constructor(clock: MediaClock) {
    this.#clock = clock;
  }

  /** One more request to a session that stands. */
  isAllowed(session: object): boolean {
    const nowUs = this.#clock.nowUs();
    const bucket = this.#buckets.get(session) ?? new TokenBucket({ ...RATE, nowUs });
    this.#buckets.set(session, bucket);
    return bucket.take(nowUs);
  }
}

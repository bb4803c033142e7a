// WHIP tokens: a fresh random one per registration. A token outlives its studio's connection by a
// grace, so that media go on over a short loss of the facts plane or a restart of the engine.
// Tokens are compared in constant time and never logged.

import { createHash, timingSafeEqual } from 'node:crypto';
import type { MediaClock } from '../core/base/clock.ts';
import { type RandomBytes, toHex } from '../core/base/ids.ts';

/** The studio is back within 3 s when it was killed, within 5 s when its link was lost. */
export const TOKEN_GRACE_MS = 10_000;
/** A studio that registers in a loop must not grow this; the oldest token goes. */
const TOKENS_PER_CHANNEL_MAX = 8;

type Token = { digest: Buffer; endsAtUs: number | null };

export class PublisherTokens {
  readonly #clock: MediaClock;
  readonly #random: RandomBytes;
  readonly #tokens = new Map<string, Token[]>();

  constructor(clock: MediaClock, random: RandomBytes) {
    this.#clock = clock;
    this.#random = random;
  }

  /** A new token; those before it end after the grace. */
  issue(channelId: string): string {
    this.expire(channelId);
    const token = toHex(this.#random(32));
    const kept = (this.#tokens.get(channelId) ?? []).slice(-(TOKENS_PER_CHANNEL_MAX - 1));
    this.#tokens.set(channelId, [...kept, { digest: digestOf(token), endsAtUs: null }]);
    return token;
  }

  /** The studio went away: its tokens end after the grace. */
  expire(channelId: string): void {
    const nowUs = this.#clock.nowUs();
    const endsAtUs = nowUs + TOKEN_GRACE_MS * 1000;
    const kept = (this.#tokens.get(channelId) ?? [])
      .filter((token) => token.endsAtUs === null || token.endsAtUs > nowUs)
      .map((token) => ({ ...token, endsAtUs: token.endsAtUs ?? endsAtUs }));
    if (kept.length > 0) this.#tokens.set(channelId, kept);
    else this.#tokens.delete(channelId);
  }

  /** True for a living token of any channel: its holder is known, but not for every channel. */
  isValidElsewhere(channelId: string, token: string): boolean {
    const digest = digestOf(token);
    let isFound = false;
    for (const other of this.#tokens.keys()) {
      if (other !== channelId && this.#holds(other, digest)) isFound = true;
    }
    return isFound;
  }

  /** Channels whose last token ended hold no memory. */
  forgetEnded(): void {
    const nowUs = this.#clock.nowUs();
    for (const [channelId, tokens] of this.#tokens) {
      const isEnded = ({ endsAtUs }: Token) => endsAtUs !== null && endsAtUs <= nowUs;
      if (tokens.every(isEnded)) this.#tokens.delete(channelId);
    }
  }

  isValid(channelId: string, token: string): boolean {
    return this.#holds(channelId, digestOf(token));
  }

  /** Looks at every token, so that the time tells nothing. */
  #holds(channelId: string, digest: Buffer): boolean {
    const nowUs = this.#clock.nowUs();
    let isFound = false;
    for (const known of this.#tokens.get(channelId) ?? []) {
      const isAlive = known.endsAtUs === null || known.endsAtUs > nowUs;
      if (timingSafeEqual(known.digest, digest) && isAlive) isFound = true;
    }
    return isFound;
  }
}

function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

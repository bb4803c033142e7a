// How often one person may chat: a few at once, then one every second and a half; in slow mode one
// each so many seconds; and not the same words again at once. Time comes from the caller.

import { TokenBucket } from '../wire/tokenBucket.ts';

export const CHAT_PER_SECOND = 1 / 1.5;
export const CHAT_BURST = 4;
/** The same words count as said again within this, ms. */
export const REPEAT_MS = 30_000;

export type PaceRefusal =
  | { code: 'RATE_LIMITED' }
  | { code: 'SLOW_MODE'; waitSeconds: number }
  | { code: 'REPEATED' };

export class ChatPace {
  readonly #bucket: TokenBucket;
  #lastMs = Number.NEGATIVE_INFINITY;
  #lastText = '';

  constructor(nowMs: number) {
    this.#bucket = new TokenBucket({
      perSecond: CHAT_PER_SECOND,
      burst: CHAT_BURST,
      nowUs: nowMs * 1000,
    });
  }

  /** Null when it may be said now, and then it counts as said. A refusal costs nothing but rate. */
  say(text: string, nowMs: number, slowSeconds: number): PaceRefusal | null {
    if (!this.#bucket.take(nowMs * 1000)) return { code: 'RATE_LIMITED' };
    const waitMs = this.#lastMs + slowSeconds * 1000 - nowMs;
    if (waitMs > 0) return { code: 'SLOW_MODE', waitSeconds: Math.ceil(waitMs / 1000) };
    const plain = text.normalize('NFKC').toLowerCase();
    if (plain === this.#lastText && nowMs - this.#lastMs < REPEAT_MS) return { code: 'REPEATED' };
    this.#lastMs = nowMs;
    this.#lastText = plain;
    return null;
  }
}

// What a viewer's page shows at the relay's HTTP verbs: a token that says which device of which
// channel this is, for which verb, and until when. It comes over the line that the device's key
// opened, a newer one before it ends, and for what must happen once it works once. Any node with
// the same secret reads it; nobody can make or change one without.

import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { newId, type RandomBytes } from '../core/base/ids.ts';
import { isId } from '../core/wire/signing.ts';

/** A token's life, seconds; pages get the next one at two thirds of it. */
export const TOKEN_SECONDS = 300;
/** Used tokens remembered; each is forgotten when it ends. */
const USED_MAX = 50_000;

export type TokenScope = 'signIn';
export type Guest = { channelId: string; subject: string };
export type TokenFault = 'malformed' | 'forged' | 'expired' | 'wrongScope' | 'used';

export class GuestTokens {
  readonly #secret: Buffer;
  readonly #random: RandomBytes;
  readonly #wallMs: () => number;
  /** Id -> end, in order of use. */
  readonly #used = new Map<string, number>();

  /** @param secret any text; nodes that share it read each other's tokens */
  constructor(options: { secret: string; random: RandomBytes; wallMs(): number }) {
    this.#secret = createHash('sha256').update(`guest-tokens|${options.secret}`).digest();
    this.#random = options.random;
    this.#wallMs = options.wallMs;
  }

  issue(guest: Guest, scope: TokenScope): string {
    const expiresMs = this.#wallMs() + TOKEN_SECONDS * 1000;
    const parts = [scope, guest.channelId, guest.subject, expiresMs, newId(this.#random)];
    const body = parts.join('.');
    return `${body}.${this.#mac(body)}`;
  }

  /** Reads a token for a verb and uses it up: the same one is refused the second time. */
  take(token: string, scope: TokenScope): { guest: Guest } | { fault: TokenFault } {
    const cut = token.lastIndexOf('.');
    const body = token.slice(0, cut);
    const [ofScope, channelId = '', subject = '', expires = '', id = '', ...more] = body.split('.');
    if (cut < 0 || token.length > 300 || more.length > 0 || !isId(id)) {
      return { fault: 'malformed' };
    }
    if (!isSame(token.slice(cut + 1), this.#mac(body))) return { fault: 'forged' };
    const nowMs = this.#wallMs();
    if (Number(expires) <= nowMs) return { fault: 'expired' };
    if (ofScope !== scope) return { fault: 'wrongScope' };
    if (this.#used.has(id)) return { fault: 'used' };
    this.#used.set(id, Number(expires));
    for (const [known, endMs] of this.#used) {
      if (endMs > nowMs && this.#used.size <= USED_MAX) break;
      this.#used.delete(known);
    }
    return { guest: { channelId, subject } };
  }

  #mac(body: string): string {
    return createHmac('sha256', this.#secret).update(body).digest('hex');
  }
}

/** In a time that says nothing about where they differ. */
function isSame(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}

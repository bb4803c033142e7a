// Who may use the studio in a browser: a link carries a code that works once within 60 s and turns
// into a cookie. Cookies are signed instead of remembered, so a restarted engine still knows the
// browser that is open; its secret comes with the configuration. Neither is ever logged.

import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { type RandomBytes, toHex } from '../../core/base/ids.ts';

/** How long a fresh link works, ms. */
export const CODE_LIFE_MS = 60_000;
/** Links that can be unused at once; the oldest makes room. */
const CODES_MAX = 32;

export type Access = {
  readonly cookieName: string;
  /** A new code: works once, within 60 s. */
  issueCode(): string;
  /** The Set-Cookie value when the code is right and fresh, else null. Uses the code up. */
  redeem(code: string): string | null;
  /** True when the Cookie header holds a cookie that this studio gave. */
  isKnown(cookieHeader: string | undefined): boolean;
};

/**
 * @param options.port is in the cookie's name: cookies do not know ports, two studios would clash
 * @param options.secret at least 32 bytes; the same after a restart keeps browsers in
 * @param options.monotonicMs a clock that setting the time does not move
 */
export function createAccess(options: {
  port: number;
  secret: Uint8Array;
  random: RandomBytes;
  monotonicMs: () => number;
}): Access {
  const { secret, random, monotonicMs } = options;
  if (secret.length < 32) throw new RangeError('The cookie secret needs at least 32 bytes');
  const cookieName = `morphine-studio-${options.port}`;
  const codes = new Map<string, number>();

  const sign = (id: string) => createHmac('sha256', secret).update(`cookie|${id}`).digest('hex');

  return {
    cookieName,
    issueCode() {
      const code = toHex(random(16));
      codes.set(digest(code), monotonicMs() + CODE_LIFE_MS);
      for (const oldest of codes.keys()) {
        if (codes.size <= CODES_MAX) break;
        codes.delete(oldest);
      }
      return code;
    },
    redeem(code) {
      // Looked up by digest: how long the search takes says nothing about a code.
      const key = digest(code);
      const untilMs = codes.get(key);
      codes.delete(key);
      if (untilMs === undefined || monotonicMs() > untilMs) return null;
      const id = toHex(random(16));
      return `${cookieName}=${id}.${sign(id)}; Path=/; HttpOnly; SameSite=Strict`;
    },
    isKnown(cookieHeader) {
      for (const pair of (cookieHeader ?? '').split(';')) {
        const [name, value] = splitOnce(pair.trim(), '=');
        if (name !== cookieName) continue;
        const [id, signature] = splitOnce(value, '.');
        if (/^[0-9a-f]{32}$/.test(id) && equal(signature, sign(id))) return true;
      }
      return false;
    },
  };
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function equal(one: string, other: string): boolean {
  const a = Buffer.from(one);
  const b = Buffer.from(other);
  return a.length === b.length && timingSafeEqual(a, b);
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

// A webhook that anybody can send who has the key: HMAC-SHA-256 (RFC 2104) over the sender's time,
// a dot and the exact body. An old or repeated post is refused, and signatures are compared in
// constant time, so that neither a copy nor a guess becomes an event.

import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { eventTypeSchema } from '../../core/contract/events.ts';

/** How far the sender's clock may lie from ours, ms. */
export const WINDOW_MS = 30_000;
/** Signatures remembered; more in one window are refused. */
const REMEMBERED_MAX = 5_000;

export const webhookSchema = z.strictObject({
  type: eventTypeSchema,
  subject: z.string().max(60).default(''),
  confidence: z.number().min(0).max(1).default(0.99),
  why: z.string().min(1).max(250),
  /** How long ago it happened when this was sent, ms. */
  happenedMsAgo: z.number().min(0).max(10_000).default(0),
});
/** One caption: what is being said, in one or two lines. */
export const captionSchema = z.strictObject({
  text: z.string().trim().min(1).max(200),
  /** How long it stays unless the next one comes, ms; without one, by its length. */
  showMs: z.number().int().min(500).max(15_000).optional(),
  /** BCP 47, for screen readers and fonts. */
  language: z
    .string()
    .regex(/^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$/)
    .max(35)
    .default('en'),
});
export type CaptionBody = { text: string; showMs: number; language: string };

/** Reading takes about 17 characters a second (BBC subtitle guidelines), and never under 1.5 s. */
export function captionOf(body: z.infer<typeof captionSchema>): CaptionBody {
  const { text, language } = body;
  return { text, language, showMs: body.showMs ?? Math.max(1_500, text.length * 60) };
}

export type WebhookBody = z.infer<typeof webhookSchema>;

/** `sha256=` and the signature in hexadecimal. */
export function signed(key: Uint8Array, timestampMs: number, body: string): string {
  const mac = createHmac('sha256', key).update(`${timestampMs}.${body}`).digest('hex');
  return `sha256=${mac}`;
}

/** Refuses what was not signed with the key just now. */
export class WebhookGuard {
  readonly #key: Uint8Array;
  readonly #seen = new Map<string, number>();

  constructor(key: Uint8Array) {
    this.#key = key;
  }

  /**
   * @param nowMs our wall clock
   * @returns why the post is refused, or null
   */
  refusal(
    headers: { timestamp: string | undefined; signature: string | undefined },
    body: string,
    nowMs: number,
  ): string | null {
    const { timestamp = '', signature = '' } = headers;
    if (!/^\d{13}$/.test(timestamp)) {
      return 'x-morphine-timestamp: milliseconds since 1970 were expected.';
    }
    const sentMs = Number(timestamp);
    const given = Buffer.from(signature);
    const right = Buffer.from(signed(this.#key, sentMs, body));
    if (given.length !== right.length || !timingSafeEqual(given, right)) {
      return (
        'x-morphine-signature: this is not "sha256=" and the HMAC-SHA-256 of timestamp, dot and ' +
        'body with the key of this studio.'
      );
    }
    if (Math.abs(nowMs - sentMs) > WINDOW_MS) {
      const seconds = Math.round(Math.abs(nowMs - sentMs) / 1000);
      return `x-morphine-timestamp: ${seconds} s off; ${WINDOW_MS / 1000} s are allowed.`;
    }
    for (const [known, atMs] of this.#seen) if (nowMs - atMs > WINDOW_MS) this.#seen.delete(known);
    if (this.#seen.has(signature)) return 'x-morphine-signature: this post was taken already.';
    if (this.#seen.size >= REMEMBERED_MAX) return 'Too many posts in half a minute.';
    this.#seen.set(signature, sentMs);
    return null;
  }
}

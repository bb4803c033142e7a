// The messages by which a studio and a relay learn each other's keys, once. Both prove by HMAC that
// they know the code that a person carried from one to the other, and sign with their own keys; so
// whoever stands between them, even on plain HTTP, learns nothing and can change nothing. The code
// itself never travels.

import { z } from 'zod';

/** Where a studio asks. */
export const PAIRING_PATH = '/pair';
/** Attempts at a code by brute force cost this much each (scrypt, RFC 7914): about 50 ms. */
export const PAIRING_KEY = { salt: 'morphine-pair-v1', length: 32, cost: 2 ** 14 } as const;

const hex = (length: number) => z.string().regex(new RegExp(`^[0-9a-f]{${length}}$`));

export const pairingRequestSchema = z.strictObject({
  version: z.literal(1),
  channelId: hex(32),
  /** The channel's Ed25519 key. */
  publicKey: hex(64),
  /** Fresh from the studio. */
  nonce: hex(64),
  /** HMAC-SHA256 of `pairingStudioText` by the key that the code gives. */
  proof: hex(64),
  /** The same text, signed by the channel's key. */
  signature: hex(128),
});
export type PairingRequest = z.infer<typeof pairingRequestSchema>;

export const pairingAnswerSchema = z.strictObject({
  version: z.literal(1),
  /** Where the relay is for everybody. */
  url: z.url({ protocol: /^https?$/ }),
  /** Its Ed25519 key, which signs what it witnessed. */
  relayKey: hex(64),
  /** HMAC-SHA256 of `pairingRelayText`. */
  proof: hex(64),
  signature: hex(128),
});
export type PairingAnswer = z.infer<typeof pairingAnswerSchema>;

/** What the studio proves and signs. */
export function pairingStudioText(
  request: Pick<PairingRequest, 'channelId' | 'publicKey' | 'nonce'>,
): string {
  return `morphine-pair-studio-v1|${request.channelId}|${request.publicKey}|${request.nonce}`;
}

/** What the relay proves and signs: its own words and the studio's, so that none can be swapped. */
export function pairingRelayText(
  request: Pick<PairingRequest, 'channelId' | 'nonce'>,
  answer: Pick<PairingAnswer, 'url' | 'relayKey'>,
): string {
  const asked = `${request.channelId}|${request.nonce}`;
  return `morphine-pair-relay-v1|${asked}|${answer.relayKey}|${answer.url}`;
}

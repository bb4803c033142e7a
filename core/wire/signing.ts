// The texts that devices and studios sign, and the one way to sign and to check them. Pure
// JavaScript Ed25519, so that a page without a secure context can sign too. A signature covers a
// nonce of the server and the channel: it cannot be replayed on another connection or channel.

import { ed25519 } from '@noble/curves/ed25519.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { fromHex, toHex } from '../base/ids.ts';

export { FACTS_VERSION, viewerSigningText } from './signingTexts.ts';

const CHANNEL_PATTERN = /^[0-9a-f]{32}$/;
const PUBLIC_KEY_PATTERN = /^[0-9a-f]{64}$/;
const SIGNATURE_PATTERN = /^[0-9a-f]{128}$/;

/** Ed25519 key pair as hexadecimal; `secretKey` is the 32-byte seed of RFC 8032. */
export type KeyPair = { secretKey: string; publicKey: string };

/** Channel ids and subjects are 32 lower-case hexadecimal characters. */
export function isId(text: string): boolean {
  return CHANNEL_PATTERN.test(text);
}

/** The key pair that belongs to a 32-byte secret. */
export function keyPairOf(secret: Uint8Array): KeyPair {
  return { secretKey: toHex(secret), publicKey: toHex(ed25519.getPublicKey(secret)) };
}

/** The channel of a studio key: the first 32 hex characters of SHA-256 over its 32 bytes. */
export function channelIdOf(publicKey: string): string {
  return toHex(sha256(fromHex(publicKey))).slice(0, 32);
}

/** What a studio signs to register a channel. */
export function studioSigningText(channelId: string, nonce: string): string {
  return `morphine-studio-v1|${channelId}|${nonce}`;
}

/** What a relay signs when it witnessed a journal up to a row; `hash` is hexadecimal. */
export function witnessSigningText(
  channelId: string,
  mark: { ledgerId: string; epoch: number; seq: number; hash: string; timeMs: number },
): string {
  const { ledgerId, epoch, seq, hash, timeMs } = mark;
  return `morphine-witness-v1|${channelId}|${ledgerId}|${epoch}|${seq}|${hash}|${timeMs}`;
}

/** What a studio signs of a picture that shows what decided a market; `hash` is its SHA-256. */
export function stillSigningText(
  channelId: string,
  still: { marketId: string; captureUs: number; hash: string },
): string {
  const { marketId, captureUs, hash } = still;
  return `morphine-still-v1|${channelId}|${marketId}|${captureUs}|${hash}`;
}

/** Whether a picture that shows what decided a market is the channel's own. Never throws. */
export function isStillSigned(
  channelId: string,
  still: {
    marketId: string;
    captureUs: number;
    jpeg: Uint8Array;
    signature: string;
    publicKey: string;
  },
): boolean {
  const { marketId, captureUs, jpeg, signature, publicKey } = still;
  if (!PUBLIC_KEY_PATTERN.test(publicKey) || channelIdOf(publicKey) !== channelId) return false;
  const text = stillSigningText(channelId, { marketId, captureUs, hash: toHex(sha256(jpeg)) });
  return isSigned(text, signature, publicKey);
}

/** Signs a text; the result is 128 hexadecimal characters. */
export function signText(text: string, secretKey: string): string {
  return toHex(ed25519.sign(new TextEncoder().encode(text), fromHex(secretKey)));
}

/** True when `signature` is the key's over `text`. Malformed input is false, never a throw. */
export function isSigned(text: string, signature: string, publicKey: string): boolean {
  if (!PUBLIC_KEY_PATTERN.test(publicKey) || !SIGNATURE_PATTERN.test(signature)) return false;
  try {
    const bytes = new TextEncoder().encode(text);
    return ed25519.verify(fromHex(signature), bytes, fromHex(publicKey), { zip215: false });
  } catch {
    return false;
  }
}

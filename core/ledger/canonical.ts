// The one way a journal row becomes bytes, and the chain over those bytes. What is hashed is what
// is stored and what travels; nobody re-serialises a row to check it. JSON with sorted keys and
// integers only (a float has many spellings); amounts are decimal strings.

import { sha256 } from '@noble/hashes/sha2.js';

export type CanonicalValue =
  | string
  | number
  | boolean
  | null
  | readonly CanonicalValue[]
  | { readonly [key: string]: CanonicalValue };

const encoder = new TextEncoder();

/** Hash before the first row: 32 zero bytes. */
export const FIRST_PREVIOUS_HASH: Uint8Array = new Uint8Array(32);

/** Canonical JSON text. Throws TypeError for a number that is no safe integer. */
export function canonicalText(value: CanonicalValue): string {
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw new TypeError(`Not a safe integer: ${value}`);
    return Object.is(value, -0) ? '0' : String(value);
  }
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) {
    return JSON.stringify(value);
  }
  if (isList(value)) return `[${value.map(canonicalText).join(',')}]`;
  // Code-unit order, the order of a plain sort(); all keys of ours are ASCII.
  const parts = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalText(value[key] as CanonicalValue)}`);
  return `{${parts.join(',')}}`;
}

/** Canonical JSON as UTF-8 bytes. */
export function canonicalBytes(value: CanonicalValue): Uint8Array {
  return encoder.encode(canonicalText(value));
}

/** Hash of a row: SHA-256(hash of the row before || bytes of this row). */
export function chainHash(previousHash: Uint8Array, bytes: Uint8Array): Uint8Array {
  return sha256.create().update(previousHash).update(bytes).digest();
}

/** Leaf of the Merkle tree (RFC 6962, section 2.1): SHA-256(0x00 || bytes). */
export function leafHash(bytes: Uint8Array): Uint8Array {
  return sha256.create().update(Uint8Array.of(0)).update(bytes).digest();
}

/** Root of the Merkle tree over rows (RFC 6962, section 2.1). No rows: SHA-256 of nothing. */
export function merkleRoot(rows: readonly Uint8Array[]): Uint8Array {
  if (rows.length === 0) return sha256(new Uint8Array(0));
  const first = rows[0];
  if (rows.length === 1 && first) return leafHash(first);
  // The largest power of two below the number of rows.
  const split = 2 ** Math.floor(Math.log2(rows.length - 1));
  const left = merkleRoot(rows.slice(0, split));
  const right = merkleRoot(rows.slice(split));
  return sha256.create().update(Uint8Array.of(1)).update(left).update(right).digest();
}

function isList(value: CanonicalValue): value is readonly CanonicalValue[] {
  return Array.isArray(value);
}

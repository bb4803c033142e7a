// Texts stand beside the journal and rows name them by a salted hash. Which hashes a row names, and
// whether a text is the one that was hashed; ledger, relay and check agree on it here.

import { sha256 } from '@noble/hashes/sha2.js';
import { toHex } from '../base/ids.ts';
import { parseRow, type Row } from './rows.ts';

export type JournalTextBytes = { hash: string; salt: Uint8Array; text: string };

/** Hashes of the texts that a row names: a reason, the rules of a market. */
export function textsNamedBy(row: Row): string[] {
  const named: string[] = [];
  if ('reason' in row && row.reason !== '') named.push(row.reason);
  if ('rules' in row) named.push(row.rules);
  return named;
}

/** The same for stored rows, each hash once. What does not read as a row names nothing. */
export function textsNamedIn(rows: readonly { body: Uint8Array }[]): string[] {
  const named = new Set<string>();
  for (const { body } of rows) {
    try {
      for (const hash of textsNamedBy(parseRow(body))) named.add(hash);
    } catch {
      // Whoever checks the row says so.
    }
  }
  return [...named];
}

/** Whether a text and its salt give the hash: SHA-256(salt, text as UTF-8). */
export function isTextOf({ hash, salt, text }: JournalTextBytes): boolean {
  const bytes = new TextEncoder().encode(text);
  return toHex(sha256.create().update(salt).update(bytes).digest()) === hash;
}

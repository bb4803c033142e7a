// The witness's copy of the texts beside a journal (titles, rules, reasons), so that a rebuilt
// studio can show them. It keeps only what a row of the same batch names and what gives its hash:
// nobody can store anything else here. What the studio erased is erased here and confirmed.

import { isTextOf, type JournalTextBytes, textsNamedIn } from '../../core/ledger/texts.ts';
import type { Witness } from './witness.ts';

/** A text of ours has 300 characters, rules some thousand. */
const TEXT_CHARACTERS_MAX = 16_000;
/** Salts have 16 bytes, rules carry their own. */
const SALT_BYTES_MAX = 64;
/** Hashes of one message. */
export const ERASURES_MAX = 1_000;

type Rows = readonly { body: Uint8Array }[];

/** Keeps the texts of a batch; call it before the batch is applied, so that an ack covers them. */
export async function keepTexts(
  witness: Witness,
  channelId: string,
  rows: Rows,
  texts: readonly JournalTextBytes[],
): Promise<void> {
  if (texts.length === 0) return;
  const named = new Set(textsNamedIn(rows));
  const kept = texts.filter(
    (one) =>
      named.has(one.hash) &&
      one.text.length <= TEXT_CHARACTERS_MAX &&
      one.salt.length <= SALT_BYTES_MAX &&
      isTextOf(one),
  );
  if (kept.length > 0) await witness.putTexts(channelId, kept);
}

/** The texts that rows name, as far as they are kept. */
export async function textsOfRows(
  witness: Witness,
  channelId: string,
  rows: Rows,
): Promise<JournalTextBytes[]> {
  const named = textsNamedIn(rows);
  return named.length === 0 ? [] : witness.textsOf(channelId, named);
}

/** Erases copies. Returns what is gone, for the studio. */
export async function eraseTexts(
  witness: Witness,
  channelId: string,
  hashes: readonly string[],
): Promise<string[]> {
  const asked = hashes.slice(0, ERASURES_MAX).filter((hash) => /^[0-9a-f]{64}$/.test(hash));
  await witness.eraseTexts(channelId, asked);
  return asked;
}

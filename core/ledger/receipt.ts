// A proof of one bet that anybody can check: the rows of the bet and of its market as they were
// hashed, each with the hash before it, and the relay's signature over all of them and over how far
// it had witnessed the journal. It holds no row of another viewer. Checking it trusts nobody but
// the holder of the relay's key; the page and the command line use this one function.

import { z } from 'zod';
import { fromHex, toHex } from '../base/ids.ts';
import { isSigned } from '../wire/signing.ts';
import { type CanonicalValue, canonicalText, chainHash } from './canonical.ts';
import { type ReceiptStory, StoryBroken, storyOf } from './receiptStory.ts';
import { parseRow, type Row } from './rows.ts';

/** A bet has at most a dozen rows and its market a few; more is no proof of ours. */
export const PROOF_ROWS_MAX = 500;
/** Bytes of a proof file; one of ours has 2 to 10 KB. */
export const PROOF_BYTES_MAX = 512 * 1024;

const hex = (length: number) => z.string().regex(new RegExp(`^[0-9a-f]{${length}}$`));
const whole = z.number().int().nonnegative();
const proofSchema = z.strictObject({
  format: z.literal('morphine-bet'),
  version: z.literal(1),
  channel: hex(32),
  ledgerId: hex(32),
  epoch: whole,
  /** Row of the receipt. */
  seq: whole,
  /** How far the relay had witnessed the journal when it signed. */
  mark: z.strictObject({ seq: whole, hash: hex(64) }),
  /** The relay's wall clock when it signed, ms since 1970. */
  timeMs: whole,
  rows: z
    .array(z.strictObject({ seq: whole, prevHash: hex(64), hash: hex(64), body: z.string() }))
    .min(1)
    .max(PROOF_ROWS_MAX),
  relayKey: hex(64),
  signature: hex(128),
});
export type BetProof = z.infer<typeof proofSchema>;

/** In the order in which they are looked at; the first that does not hold is named. */
export const RECEIPT_STEPS = ['form', 'receipt', 'chain', 'signature', 'rule'] as const;
export type ReceiptStep = (typeof RECEIPT_STEPS)[number];

export type ReceiptFinding = {
  /** Every step held. */
  isProved: boolean;
  /** The first thing that does not hold; `seq` 0 when it is no row. A sentence for a person. */
  failed: { step: ReceiptStep; seq: number; sentence: string } | null;
  /** Null when the file could not be read as a proof. */
  proof: BetProof | null;
  /** Null unless every step held. */
  story: ReceiptStory | null;
};

/** What the checker knows already, from elsewhere than the proof. */
export type ReceiptInHand = {
  /** The viewer's own receipt. */
  receipt?: { seq: number; hash: string };
  channel?: string;
  /** The relay's key, as this device or person knows it. */
  relayKey?: string;
};

/** What the relay signs. Every field of a proof stands in it, or is recomputed from the rows. */
export function receiptSigningText(proof: Omit<BetProof, 'signature' | 'relayKey'>): string {
  const { channel, ledgerId, epoch, seq, mark, timeMs } = proof;
  const rows = proof.rows.map((row) => `${row.seq}:${row.prevHash}:${row.hash}`).join(',');
  return (
    `morphine-receipt-v1|${channel}|${ledgerId}|${epoch}|${seq}|${mark.seq}|${mark.hash}|` +
    `${timeMs}|${rows}`
  );
}

/** The one spelling of a proof; a file with another one is refused. */
export function proofText(proof: BetProof): string {
  return `${canonicalText(proof as CanonicalValue)}\n`;
}

class DoesNotHold extends Error {
  readonly step: ReceiptStep;
  readonly seq: number;

  constructor(step: ReceiptStep, seq: number, sentence: string) {
    super(sentence);
    this.step = step;
    this.seq = seq;
  }
}

/**
 * Checks a proof file. Never throws for bad input.
 *
 * @param text the file, as it was served or saved
 */
export function checkReceipt(text: string, inHand: ReceiptInHand = {}): ReceiptFinding {
  let proof: BetProof | null = null;
  try {
    proof = readProof(text);
    const read = rowsOf(proof);
    checkInHand(proof, inHand);
    checkChain(proof, read);
    checkSignature(proof, inHand);
    return { isProved: true, failed: null, proof, story: checkRule(proof, read) };
  } catch (cause) {
    if (!(cause instanceof DoesNotHold)) throw cause;
    const { step, seq, message: sentence } = cause;
    return { isProved: false, failed: { step, seq, sentence }, proof, story: null };
  }
}

function readProof(text: string): BetProof {
  if (text.length > PROOF_BYTES_MAX) {
    throw new DoesNotHold('form', 0, 'The file is too long to be a proof of a bet.');
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new DoesNotHold('form', 0, 'The file is no proof of a bet: it is not whole.');
  }
  const parsed = proofSchema.safeParse(value);
  if (!parsed.success) {
    const where = parsed.error.issues[0]?.path.join('.') || 'format';
    throw new DoesNotHold(
      'form',
      0,
      `The file is no proof of a bet: ${where} is not as it must be.`,
    );
  }
  if (proofText(parsed.data) !== text) {
    throw new DoesNotHold('form', 0, 'The file was changed after the relay had written it.');
  }
  return parsed.data;
}

function rowsOf(proof: BetProof): Row[] {
  let before = 0;
  return proof.rows.map(({ seq, body }) => {
    if (seq <= before) throw new DoesNotHold('form', seq, `Row ${seq} is out of order.`);
    before = seq;
    try {
      return parseRow(new TextEncoder().encode(body));
    } catch {
      throw new DoesNotHold('form', seq, `Row ${seq} is no row of a journal.`);
    }
  });
}

function checkInHand(proof: BetProof, { receipt, channel }: ReceiptInHand): void {
  const row = proof.rows.find(({ seq }) => seq === proof.seq);
  if (!row) throw new DoesNotHold('receipt', proof.seq, `Row ${proof.seq} is not in the proof.`);
  if (channel !== undefined && channel !== proof.channel) {
    throw new DoesNotHold('receipt', proof.seq, 'The proof is of another channel.');
  }
  if (receipt && (receipt.seq !== proof.seq || receipt.hash !== row.hash)) {
    const what = `Row ${receipt.seq} is not the one of your receipt ${receipt.hash.slice(0, 8)}.`;
    throw new DoesNotHold('receipt', receipt.seq, what);
  }
}

/** Every row's hash from its bytes and the hash before it; neighbours must meet. */
function checkChain(proof: BetProof, read: readonly Row[]): void {
  const encoder = new TextEncoder();
  for (const [index, { seq, prevHash, hash, body }] of proof.rows.entries()) {
    if (toHex(chainHash(fromHex(prevHash), encoder.encode(body))) !== hash) {
      throw new DoesNotHold('chain', seq, `Row ${seq} does not give its hash: it was changed.`);
    }
    if (read[index]?.seq !== seq) {
      throw new DoesNotHold('chain', seq, `Row ${seq} says that it is another row.`);
    }
    const next = proof.rows[index + 1];
    if (next?.seq === seq + 1 && next.prevHash !== hash) {
      throw new DoesNotHold('chain', next.seq, `Row ${next.seq} does not follow row ${seq}.`);
    }
    const isMark = seq === proof.mark.seq;
    if (seq > proof.mark.seq || (isMark && hash !== proof.mark.hash)) {
      throw new DoesNotHold('chain', seq, `Row ${seq} is not below the mark that was signed.`);
    }
  }
}

function checkSignature(proof: BetProof, { relayKey }: ReceiptInHand): void {
  if (relayKey !== undefined && relayKey !== proof.relayKey) {
    throw new DoesNotHold('signature', 0, 'The proof is signed by another relay than you know.');
  }
  if (!isSigned(receiptSigningText(proof), proof.signature, proof.relayKey)) {
    throw new DoesNotHold('signature', 0, 'The relay’s signature does not hold for this proof.');
  }
}

function checkRule(proof: BetProof, rows: readonly Row[]): ReceiptStory {
  try {
    const story = storyOf(rows);
    const named = rows.find(({ seq }) => seq === proof.seq);
    if (named?.kind !== 'bet' && named?.kind !== 'sell') {
      throw new StoryBroken(proof.seq, 'is neither a bet nor a sale');
    }
    return story;
  } catch (cause) {
    if (!(cause instanceof StoryBroken)) throw cause;
    throw new DoesNotHold('rule', cause.seq, cause.message);
  }
}

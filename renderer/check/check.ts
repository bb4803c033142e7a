// One check from link or file to finding: asks the relay for the proof, checks it here with what
// this device knows, and remembers the relay's key once a proof held. The relay's word decides
// nothing but whether there is a proof yet.

import { z } from 'zod';
import { checkReceipt, PROOF_BYTES_MAX, type ReceiptFinding } from '../../core/ledger/receipt.ts';
import type { DeviceMemory } from './deviceMemory.ts';
import { proofPath, type ReceiptLink } from './receiptLink.ts';

export type KeyState = 'same' | 'first' | 'other';
export type CheckState =
  | { state: 'asking' }
  /** Looked at again by itself. */
  | { state: 'away' }
  | { state: 'notYet' }
  /** The relay has no such bet; its sentence. */
  | { state: 'refused'; sentence: string }
  | { state: 'found'; finding: ReceiptFinding; text: string; key: KeyState; isFile: boolean };

const refusalSchema = z.object({ code: z.string(), sentence: z.string().max(500) });

/** Asks for the proof of a receipt and checks it. Never rejects. */
export async function checkLink(link: ReceiptLink, memory: DeviceMemory): Promise<CheckState> {
  try {
    const answer = await fetch(proofPath(link), { cache: 'no-store', credentials: 'omit' });
    const text = await answer.text();
    if (answer.ok) {
      const { channel, seq, hash } = link;
      return found(text, memory, { channel, receipt: { seq, hash } }, false);
    }
    const refusal = refusalSchema.safeParse(JSON.parse(text));
    if (!refusal.success) return { state: 'away' };
    const { code, sentence } = refusal.data;
    return code === 'NOT_YET_WITNESSED' ? { state: 'notYet' } : { state: 'refused', sentence };
  } catch {
    return { state: 'away' };
  }
}

/** Checks a proof that was saved. */
export async function checkFile(file: Blob, memory: DeviceMemory): Promise<CheckState> {
  // One byte more than is allowed is enough to be refused for its length.
  return found(await file.slice(0, PROOF_BYTES_MAX + 1).text(), memory, {}, true);
}

function found(
  text: string,
  memory: DeviceMemory,
  expected: Parameters<typeof checkReceipt>[1],
  isFile: boolean,
): CheckState {
  const known = memory.relayKey();
  const finding = checkReceipt(text, { ...expected, ...(known ? { relayKey: known } : {}) });
  const used = finding.proof?.relayKey;
  const key = known === null ? 'first' : known === used ? 'same' : 'other';
  // A file may come from anywhere: only what the relay itself served is remembered.
  if (finding.isProved && known === null && used && !isFile) memory.keepRelayKey(used);
  return { state: 'found', finding, text, key, isFile };
}

// The ledger client as the shipper's journal: it follows the journal's head and hands out rows.
// It keeps no rows; after the ledger came back it asks anew where the journal ends.

import type { LedgerClient } from '../ledger/client.ts';
import type { JournalSource } from './journalShipper.ts';
import { createSignal } from '../../core/base/signal.ts';

export type LedgerJournal = JournalSource & {
  /** For the signed registration; null while the ledger has never been seen. */
  identity(): { ledgerId: string; epoch: number } | null;
  close(): void;
};

/** Follows the journal of a ledger that may come and go. */
export function createLedgerJournal(
  ledger: Pick<
    LedgerClient,
    'head' | 'rowsFrom' | 'onRows' | 'onConnected' | 'onDisconnected' | 'isConnected'
  >,
): LedgerJournal {
  const moved = createSignal<[]>();
  let head: { ledgerId: string; epoch: number; seq: number } | null = null;
  let isAway = !ledger.isConnected();
  let unsubscribe: (() => void) | null = null;
  let isClosed = false;

  async function learn(): Promise<void> {
    try {
      const { ledgerId, epoch, seq } = await ledger.head();
      if (isClosed) return;
      // A ledger restored from an older copy has fewer rows than before: take its word.
      head = { ledgerId, epoch, seq };
      isAway = false;
      unsubscribe?.();
      unsubscribe = ledger.onRows(seq + 1, (row) => {
        if (head) head.seq = row.seq;
        moved.emit();
      });
      moved.emit();
    } catch {
      // It went away again; onConnected comes once more.
    }
  }

  ledger.onConnected(() => void learn());
  ledger.onDisconnected(() => {
    isAway = true;
    moved.emit();
  });
  if (!isAway) void learn();

  return {
    identity: () => head && { ledgerId: head.ledgerId, epoch: head.epoch },
    head: () => (isAway ? null : head),
    rowsFrom: (fromSeq, limit) => ledger.rowsFrom(fromSeq, limit),
    onRows: moved.subscribe,
    close() {
      isClosed = true;
      unsubscribe?.();
    },
  };
}

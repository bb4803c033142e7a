// The journal as the shipper and the meters see it: where its end is, and its rows. Follows the
// ledger client over the ledger's restarts; holds no rows itself.

import { toHex } from '../../core/base/ids.ts';
import { createSignal } from '../../core/base/signal.ts';
import type { LedgerClient } from '../ledger/client.ts';
import type { JournalRowBytes, JournalSource } from '../upstream/journalShipper.ts';

export type FollowedJournal = JournalSource & {
  /** Hash of the last row as hexadecimal; empty while unknown. */
  hash(): string;
  identity(): { ledgerId: string; epoch: number } | null;
};

/**
 * Starts following; `onRows` also runs when the ledger came back.
 *
 * @param epochOf the epoch that we took over in, 0 for none: a later one than the ledger began in
 */
export function followJournal(
  ledger: LedgerClient,
  epochOf: (ledgerId: string) => number,
): FollowedJournal {
  const moved = createSignal<[]>();
  let head: { ledgerId: string; epoch: number; seq: number; hash: string } | null = null;
  let unsubscribe = () => {};
  ledger.onConnected(() => {
    ledger
      .head()
      .then((found) => {
        head = { ...found, epoch: Math.max(found.epoch, epochOf(found.ledgerId)) };
        unsubscribe();
        unsubscribe = ledger.onRows(found.seq + 1, (row) => {
          if (head) head = { ...head, seq: row.seq, hash: toHex(row.hash) };
          moved.emit();
        });
        moved.emit();
      })
      // The link was lost again; the next connection asks anew.
      .catch(() => {});
  });
  ledger.onDisconnected(() => {
    unsubscribe();
    unsubscribe = () => {};
    head = null;
    moved.emit();
  });
  return {
    head: () => head,
    hash: () => head?.hash ?? '',
    identity: () => (head ? { ledgerId: head.ledgerId, epoch: head.epoch } : null),
    rowsFrom: (fromSeq, limit): Promise<readonly JournalRowBytes[]> =>
      ledger.rowsFrom(fromSeq, limit),
    onRows: moved.subscribe,
  };
}

// The journal as the shipper and the meters see it: where its end is, and its rows. Follows the
// ledger client over the ledger's restarts; holds no rows itself.

import { toHex } from '../../core/base/ids.ts';
import { createSignal } from '../../core/base/signal.ts';
import type { LedgerClient } from '../ledger/client.ts';
import type { JournalRowBytes, JournalSource } from '../upstream/journalShipper.ts';
import { type TextSource, textSourceOf } from '../upstream/textCopies.ts';

export type FollowedJournal = JournalSource & {
  texts: TextSource;
  /** Hash of the last row as hexadecimal; empty while unknown. */
  hash(): string;
  identity(): { ledgerId: string; epoch: number } | null;
  /** Bets behind this row, among those that were not witnessed when the studio started. */
  betsAfter(seq: number): number;
};

/** Rows behind the witnessed mark that are read at a start: a show's worth without a relay. */
const BACKLOG_ROWS_MAX = 10_000;
const BET_MARK = Buffer.from('"kind":"bet"');

/**
 * Starts following; `onRows` also runs when the ledger came back.
 *
 * @param witnessedSeq the furthest row that a relay signed
 * @param epochOf the epoch that we took over in, 0 for none: a later one than the ledger began in
 */
export function followJournal(
  ledger: LedgerClient,
  epochOf: (ledgerId: string) => number,
  witnessedSeq: () => number = () => Number.MAX_SAFE_INTEGER,
): FollowedJournal {
  const moved = createSignal<[]>();
  let head: { ledgerId: string; epoch: number; seq: number; hash: string } | null = null;
  /** Rows that are bets, in order; those that were witnessed are forgotten. */
  let betSeqs: number[] = [];
  let unsubscribe = () => {};
  /** Rows of one commit arrive together and are told once. */
  let isTelling = false;
  function tellOnce(): void {
    if (isTelling) return;
    isTelling = true;
    queueMicrotask(() => {
      isTelling = false;
      moved.emit();
    });
  }
  ledger.onConnected(() => {
    ledger
      .head()
      .then((found) => {
        head = { ...found, epoch: Math.max(found.epoch, epochOf(found.ledgerId)) };
        unsubscribe();
        const known = Math.max(witnessedSeq(), found.seq - BACKLOG_ROWS_MAX);
        betSeqs = [];
        unsubscribe = ledger.onRows(Math.min(known, found.seq) + 1, (row) => {
          if (Buffer.from(row.body).includes(BET_MARK)) betSeqs.push(row.seq);
          if (head && row.seq > head.seq) head = { ...head, seq: row.seq, hash: toHex(row.hash) };
          tellOnce();
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
    betsAfter(seq) {
      const copied = betSeqs.findLastIndex((bet) => bet <= seq) + 1;
      if (copied > 0) betSeqs = betSeqs.slice(copied);
      return betSeqs.length;
    },
    rowsFrom: (fromSeq, limit): Promise<readonly JournalRowBytes[]> =>
      ledger.rowsFrom(fromSeq, limit),
    onRows: moved.subscribe,
    texts: textSourceOf(ledger),
  };
}

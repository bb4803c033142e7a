// Where the witness keeps what it saw: per channel the journal's exact bytes, its high-water mark
// and the folded balances. Two stores fulfil this contract (a file, PostgreSQL) and one suite of
// tests runs over both. A batch is one `append`: whole, durable when it returns, or not at all.

import type { WitnessAccount, WitnessBet } from './fold.ts';

export type HighWaterMark = {
  ledgerId: string;
  epoch: number;
  seq: number;
  hash: Uint8Array;
};

export type WitnessRow = { seq: number; body: Uint8Array; hash: Uint8Array };

/** The accounts and bets that a batch touches; one that is not stored is not in the map. */
export type WitnessPages = {
  accounts: Map<string, WitnessAccount>;
  bets: Map<string, WitnessBet>;
};

/** What a batch leaves behind. */
export type WitnessChange = {
  /** The mark that this change was worked out from; null for the first batch of a channel. */
  from: HighWaterMark | null;
  to: HighWaterMark;
  rows: readonly WitnessRow[];
  accounts: ReadonlyMap<string, WitnessAccount>;
  bets: ReadonlyMap<string, WitnessBet>;
};

export type WitnessTotals = { sumMinor: number; heldMinor: number; reservedMinor: number };

export type WitnessStore = {
  /** Null: nothing of this channel was ever witnessed. */
  mark(channelId: string): Promise<HighWaterMark | null>;
  /** Rows from `fromSeq` on, in order, at most `limit`. */
  rowsFrom(channelId: string, fromSeq: number, limit: number): Promise<WitnessRow[]>;
  pages(
    channelId: string,
    accounts: readonly string[],
    bets: readonly string[],
  ): Promise<WitnessPages>;
  /**
   * All or nothing, durable when it resolves.
   *
   * @returns false, and nothing is changed, when the mark is no longer `change.from`: another relay
   *   on the same database was quicker.
   */
  append(channelId: string, change: WitnessChange): Promise<boolean>;
  /** Sum of all posted points (0 when debits equal credits) and of the viewers' points. */
  totals(channelId: string): Promise<WitnessTotals>;
  close(): Promise<void>;
};

/** True when both name the same row of the same ledger in the same epoch. */
export function isSameMark(left: HighWaterMark | null, right: HighWaterMark | null): boolean {
  if (!left || !right) return left === right;
  return (
    left.ledgerId === right.ledgerId &&
    left.epoch === right.epoch &&
    left.seq === right.seq &&
    Buffer.compare(left.hash, right.hash) === 0
  );
}

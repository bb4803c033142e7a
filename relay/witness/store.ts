// Where the witness keeps what it saw: per channel the journal's exact bytes, its high-water mark
// and the folded balances. Two stores fulfil this contract (a file, PostgreSQL) and one suite of
// tests runs over both. A batch is one `append`: whole, durable when it returns, or not at all.

import type { Row } from '../../core/ledger/rows.ts';
import type { JournalTextBytes } from '../../core/ledger/texts.ts';
import type { WitnessAccount, WitnessBet } from './fold.ts';

export type HighWaterMark = {
  ledgerId: string;
  epoch: number;
  seq: number;
  hash: Uint8Array;
};

export type WitnessRow = { seq: number; body: Uint8Array; hash: Uint8Array };
/** With the hash of the row before it; of row 1 that is 32 zero bytes. */
export type LinkedRow = WitnessRow & { prevHash: Uint8Array };

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
  /** `about`: what one finds the row by later, see namesAbout. */
  rows: readonly (WitnessRow & { about: readonly string[] })[];
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
  /** Rows about any of these names (see namesAbout), in order, at most `limit`. */
  rowsAbout(channelId: string, names: readonly string[], limit: number): Promise<LinkedRow[]>;
  /** Keeps texts; one that is there already stays. */
  putTexts(channelId: string, texts: readonly JournalTextBytes[]): Promise<void>;
  /** The texts of these hashes that are kept, in the order of their hashes. */
  textsOf(channelId: string, hashes: readonly string[]): Promise<JournalTextBytes[]>;
  /** Leaves nothing of them where the store can: a file at once, a server when it tidies up. */
  eraseTexts(channelId: string, hashes: readonly string[]): Promise<void>;
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

/** What a row is found by when a bet is to be proved: its bet or sale, or its market. */
export function namesAbout(row: Row): string[] {
  if (row.kind === 'bet') return [aboutBet(row.id)];
  if ('pending' in row) return [aboutBet(row.pending)];
  if ('sale' in row) return [aboutBet(row.sale)];
  if ('bet' in row && row.bet !== '') return [aboutBet(row.bet)];
  return row.kind.startsWith('market.') && 'market' in row ? [aboutMarket(row.market)] : [];
}

/** Name of a bet or of a sale; their ids are unique in a journal. */
export function aboutBet(id: string): string {
  return `b:${id}`;
}

export function aboutMarket(id: string): string {
  return `m:${id}`;
}

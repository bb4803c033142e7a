// The witness: takes a channel's journal as it grows and lets nothing be rewritten. A batch is
// applied whole or not at all, only where the last one ended, only with every hash recomputed and
// the arithmetic checked; it is durable before it is acknowledged. There is no merging: the only
// answer to a second past is a refusal. It decides nothing about money.

import { FIRST_PREVIOUS_HASH } from '../../core/ledger/canonical.ts';
import { parseRow, type Row } from '../../core/ledger/rows.ts';
import type { JournalTextBytes } from '../../core/ledger/texts.ts';
import { chainHashOf } from '../../native/hash/sha256.ts';
import { bookRow, booksOver, NotRead, namesIn, Unbalanced } from './fold.ts';
import {
  type HighWaterMark,
  isSameMark,
  type LinkedRow,
  namesAbout,
  type WitnessChange,
  type WitnessRow,
  type WitnessStore,
  type WitnessTotals,
} from './store.ts';

/** Rows of one batch; the studio sends fewer. Bounds the time one batch takes. */
const BATCH_ROWS_MAX = 1_000;
/** Batches of one channel that may wait; a studio has one in flight and sends it again. */
const WAITING_MAX = 8;

export type WitnessCode = 'GAP' | 'FORK' | 'FENCED' | 'BAD_HASH' | 'BAD_ROW' | 'UNBALANCED';

export type WitnessBatch = {
  ledgerId: string;
  epoch: number;
  fromSeq: number;
  toSeq: number;
  prevHash: Uint8Array;
  rows: readonly { body: Uint8Array; hash: Uint8Array }[];
  /** Hash of the last row. */
  hash: Uint8Array;
};

export type WitnessAnswer =
  | ({ ok: true; isDuplicate: boolean } & HighWaterMark)
  | { ok: false; code: WitnessCode; needSeq: number; message: string };

export type Witness = {
  /** Null: nothing of this channel was ever witnessed. */
  mark(channelId: string): Promise<HighWaterMark | null>;
  /** True when `mark` or `apply` found something of this channel since the start. */
  isKnown(channelId: string): boolean;
  /** Null: too many batches of this channel wait already; nothing was looked at. */
  apply(channelId: string, batch: WitnessBatch): Promise<WitnessAnswer | null>;
  /**
   * Begins the next epoch, so that whoever writes in an older one is fenced off from now on.
   *
   * @returns the mark in its new epoch; null when nothing was witnessed or too much waits
   */
  takeOver(channelId: string): Promise<HighWaterMark | null>;
  rowsFrom(channelId: string, fromSeq: number, limit: number): Promise<WitnessRow[]>;
  /** Rows about bets and markets, by the names of namesAbout. */
  rowsAbout(channelId: string, names: readonly string[], limit: number): Promise<LinkedRow[]>;
  /** Texts beside the journal; their hashes stand in rows, and the studio alone erases them. */
  putTexts(channelId: string, texts: readonly JournalTextBytes[]): Promise<void>;
  textsOf(channelId: string, hashes: readonly string[]): Promise<JournalTextBytes[]>;
  eraseTexts(channelId: string, hashes: readonly string[]): Promise<void>;
  totals(channelId: string): Promise<WitnessTotals>;
  readonly counters: WitnessCounters;
  close(): Promise<void>;
};

export type WitnessCounters = {
  rows: number;
  batches: number;
  duplicates: number;
  refusals: number;
  dropped: number;
};

/** Why a studio of an older epoch may not write. */
export function fencedSentence(epoch: number, current: number): string {
  return (
    `Another studio with this key took over (epoch ${current} writes now, this is ${epoch}); ` +
    'this one may only read.'
  );
}

class Refused extends Error {
  readonly code: WitnessCode;

  constructor(code: WitnessCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** A witness over either store. Batches of one channel are looked at one after the other. */
export function createWitness(store: WitnessStore): Witness {
  return new StoredWitness(store);
}

class StoredWitness implements Witness {
  readonly counters = { rows: 0, batches: 0, duplicates: 0, refusals: 0, dropped: 0 };
  readonly #store: WitnessStore;
  /** Marks as last seen. Another relay on the same database may be further. */
  readonly #marks = new Map<string, HighWaterMark>();
  readonly #waiting = new Map<string, { count: number; last: Promise<unknown> }>();

  constructor(store: WitnessStore) {
    this.#store = store;
  }

  isKnown(channelId: string): boolean {
    return this.#marks.has(channelId);
  }

  async mark(channelId: string): Promise<HighWaterMark | null> {
    const mark = await this.#store.mark(channelId);
    if (mark) this.#marks.set(channelId, mark);
    return mark;
  }

  rowsFrom(channelId: string, fromSeq: number, limit: number): Promise<WitnessRow[]> {
    return this.#store.rowsFrom(channelId, fromSeq, limit);
  }

  rowsAbout(channelId: string, names: readonly string[], limit: number): Promise<LinkedRow[]> {
    return this.#store.rowsAbout(channelId, names, limit);
  }

  putTexts(channelId: string, texts: readonly JournalTextBytes[]): Promise<void> {
    return this.#store.putTexts(channelId, texts);
  }

  textsOf(channelId: string, hashes: readonly string[]): Promise<JournalTextBytes[]> {
    return this.#store.textsOf(channelId, hashes);
  }

  eraseTexts(channelId: string, hashes: readonly string[]): Promise<void> {
    return this.#store.eraseTexts(channelId, hashes);
  }

  totals(channelId: string): Promise<WitnessTotals> {
    return this.#store.totals(channelId);
  }

  async close(): Promise<void> {
    await Promise.allSettled([...this.#waiting.values()].map(({ last }) => last));
    await this.#store.close();
  }

  async apply(channelId: string, batch: WitnessBatch): Promise<WitnessAnswer | null> {
    return this.#inTurn(channelId, () => this.#applyNow(channelId, batch));
  }

  async takeOver(channelId: string): Promise<HighWaterMark | null> {
    return this.#inTurn(channelId, async () => {
      for (;;) {
        const from = await this.mark(channelId);
        if (!from) return null;
        const to = { ...from, epoch: from.epoch + 1 };
        const change = { from, to, rows: [], accounts: new Map(), bets: new Map() };
        if (!(await this.#store.append(channelId, change))) continue;
        this.#marks.set(channelId, to);
        return to;
      }
    });
  }

  /** One after the other within a channel; null when too many wait. */
  async #inTurn<Result>(channelId: string, run: () => Promise<Result>): Promise<Result | null> {
    const queue = this.#waiting.get(channelId) ?? { count: 0, last: Promise.resolve() };
    if (queue.count >= WAITING_MAX) {
      this.counters.dropped++;
      return null;
    }
    queue.count++;
    this.#waiting.set(channelId, queue);
    const turn = queue.last.then(run, run);
    queue.last = turn;
    try {
      return await turn;
    } finally {
      queue.count--;
      if (queue.count === 0) this.#waiting.delete(channelId);
    }
  }

  async #applyNow(channelId: string, batch: WitnessBatch): Promise<WitnessAnswer> {
    const seen = this.#marks.get(channelId);
    if (seen) {
      const answer = await this.#tryApply(channelId, seen, batch);
      if (answer?.ok) return answer;
      // Refused by what we saw last; it may have moved on since.
      const now = await this.mark(channelId);
      if (answer && isSameMark(seen, now)) return this.#refused(answer);
    }
    for (;;) {
      const answer = await this.#tryApply(channelId, await this.mark(channelId), batch);
      if (answer) return answer.ok ? answer : this.#refused(answer);
    }
  }

  #refused(answer: WitnessAnswer): WitnessAnswer {
    this.counters.refusals++;
    return answer;
  }

  /** Null when the store had moved on from `mark`. */
  async #tryApply(
    channelId: string,
    mark: HighWaterMark | null,
    batch: WitnessBatch,
  ): Promise<WitnessAnswer | null> {
    const lastSeq = mark?.seq ?? 0;
    try {
      checkShape(batch);
      checkIdentity(mark, batch);
      if (batch.fromSeq > lastSeq + 1) {
        throw new Refused('GAP', `Rows from ${lastSeq + 1} on are missing.`);
      }
      await this.#compareKnown(channelId, lastSeq, batch);
      if (mark && batch.toSeq <= lastSeq) {
        this.counters.batches++;
        this.counters.duplicates++;
        return { ok: true, ...mark, isDuplicate: true };
      }
      const change = await this.#changeOf(channelId, mark, batch);
      if (!(await this.#store.append(channelId, change))) return null;
      this.#marks.set(channelId, change.to);
      this.counters.batches++;
      this.counters.rows += batch.toSeq - lastSeq;
      return { ok: true, ...change.to, isDuplicate: false };
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      return { ok: false, code: error.code, needSeq: lastSeq + 1, message: error.message };
    }
  }

  /** Rows that are known already must be the same bytes; other ones are a second past. */
  async #compareKnown(channelId: string, lastSeq: number, batch: WitnessBatch): Promise<void> {
    const count = Math.min(batch.toSeq, lastSeq) - batch.fromSeq + 1;
    if (count <= 0) return;
    const known = await this.#store.rowsFrom(channelId, batch.fromSeq, count);
    for (const [index, row] of batch.rows.slice(0, count).entries()) {
      const seq = batch.fromSeq + index;
      const stored = known[index];
      const isSame =
        stored?.seq === seq && isEqual(stored.hash, row.hash) && isEqual(stored.body, row.body);
      if (!isSame) throw new Refused('FORK', `Row ${seq} was witnessed with other content.`);
    }
  }

  /** Checks every new row and books it, reading from the store what its rows name. */
  async #changeOf(
    channelId: string,
    mark: HighWaterMark | null,
    batch: WitnessBatch,
  ): Promise<WitnessChange> {
    const rows = checkedRows(mark, batch);
    const names = namesIn(rows.map(({ row }) => row));
    for (;;) {
      const pages = await this.#store.pages(channelId, [...names.accounts], [...names.bets]);
      const books = booksOver(names, pages);
      try {
        for (const { row } of rows) bookRow(books, row);
      } catch (error) {
        if (error instanceof Unbalanced) throw new Refused('UNBALANCED', error.message);
        if (!(error instanceof NotRead)) throw error;
        (error.of === 'account' ? names.accounts : names.bets).add(error.key);
        continue;
      }
      const { ledgerId, epoch, toSeq: seq, hash } = batch;
      const stored = rows.map((row) => ({ ...row, about: namesAbout(row.row) }));
      return { from: mark, to: { ledgerId, epoch, seq, hash }, rows: stored, ...books.changed };
    }
  }
}

function checkShape(batch: WitnessBatch): void {
  const { fromSeq, toSeq, rows } = batch;
  const areNumbers = [fromSeq, toSeq, batch.epoch].every(
    (value) => Number.isSafeInteger(value) && value >= 1,
  );
  const isCounted = toSeq - fromSeq + 1 === rows.length;
  if (!areNumbers || !isCounted || rows.length < 1 || rows.length > BATCH_ROWS_MAX) {
    throw new Refused('BAD_ROW', 'The batch does not hold the rows that it names.');
  }
  if (!/^[0-9a-f]{32}$/.test(batch.ledgerId)) {
    throw new Refused('BAD_ROW', 'The ledger id must be 32 hexadecimal characters.');
  }
  const last = rows.at(-1);
  if (!last || !isEqual(last.hash, batch.hash)) {
    throw new Refused('BAD_HASH', 'The hash of the batch is not that of its last row.');
  }
}

function checkIdentity(mark: HighWaterMark | null, batch: WitnessBatch): void {
  if (!mark) return;
  if (batch.ledgerId !== mark.ledgerId) {
    throw new Refused('FORK', 'This channel has the journal of another ledger.');
  }
  // A higher epoch comes from a takeover; from then on the older studio is fenced off.
  if (batch.epoch < mark.epoch) {
    throw new Refused('FENCED', fencedSentence(batch.epoch, mark.epoch));
  }
}

/** The rows behind the mark, each with its place, its hash and its kind checked. */
function checkedRows(
  mark: HighWaterMark | null,
  batch: WitnessBatch,
): (WitnessRow & { row: Row })[] {
  const lastSeq = mark?.seq ?? 0;
  const known = lastSeq + 1 - batch.fromSeq;
  let previous = mark?.hash ?? FIRST_PREVIOUS_HASH;
  if (known === 0 && !isEqual(previous, batch.prevHash)) {
    throw new Refused('FORK', `Row ${lastSeq} here is not the one that this batch follows.`);
  }
  return batch.rows.slice(known).map(({ body, hash }, index) => {
    const seq = lastSeq + 1 + index;
    if (!isEqual(chainHashOf(previous, body), hash)) {
      throw new Refused('BAD_HASH', `The hash of row ${seq} is not that of its bytes.`);
    }
    previous = hash;
    return { seq, body, hash, row: checkedRow(seq, batch.ledgerId, body) };
  });
}

function checkedRow(seq: number, ledgerId: string, body: Uint8Array): Row {
  let row: Row;
  try {
    row = parseRow(body);
  } catch {
    throw new Refused('BAD_ROW', `Row ${seq} is of no known kind.`);
  }
  if (row.seq !== seq) throw new Refused('BAD_ROW', `Row ${seq} says that it is row ${row.seq}.`);
  if ((seq === 1) !== (row.kind === 'ledger.opened')) {
    throw new Refused('BAD_ROW', 'A journal begins with the opening of its ledger, once.');
  }
  if (row.kind === 'ledger.opened' && row.ledger !== ledgerId) {
    throw new Refused('BAD_ROW', 'The first row opens another ledger than the batch names.');
  }
  return row;
}

function isEqual(left: Uint8Array, right: Uint8Array): boolean {
  return Buffer.compare(left, right) === 0;
}

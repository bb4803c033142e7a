// The witness: takes a channel's journal as it grows and lets nothing be rewritten. A batch is
// applied whole or not at all, only where the last one ended, only with every hash recomputed and
// the arithmetic checked; it is durable before it is acknowledged. There is no merging: the only
// answer to a second past is a refusal. It decides nothing about money.

import { chainHash, FIRST_PREVIOUS_HASH } from '../../core/ledger/canonical.ts';
import { parseRow, type Row } from '../../core/ledger/rows.ts';
import { bookRow, gatherBooks, Unbalanced } from './fold.ts';
import type { HighWaterMark, WitnessStore } from './store.ts';

/** Rows of one batch; the studio sends fewer. Bounds the time one batch takes. */
const BATCH_ROWS_MAX = 1_000;

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
  | { ok: true; epoch: number; seq: number; hash: Uint8Array; isDuplicate: boolean }
  | { ok: false; code: WitnessCode; needSeq: number; message: string };

export type Witness = {
  /** Null: nothing of this channel was ever witnessed. */
  mark(channelId: string): HighWaterMark | null;
  apply(channelId: string, batch: WitnessBatch): WitnessAnswer;
  totals: WitnessStore['totals'];
  channels(): string[];
  readonly counters: { rows: number; batches: number; duplicates: number; refusals: number };
  close(): void;
};

class Refused extends Error {
  readonly code: WitnessCode;

  constructor(code: WitnessCode, message: string) {
    super(message);
    this.code = code;
  }
}

export function createWitness(store: WitnessStore): Witness {
  const counters = { rows: 0, batches: 0, duplicates: 0, refusals: 0 };
  return {
    counters,
    mark: (channelId) => store.mark(channelId),
    totals: (channelId) => store.totals(channelId),
    channels: () => store.channels(),
    close: () => store.close(),
    apply(channelId, batch) {
      const mark = store.mark(channelId);
      try {
        checkShape(batch);
        checkIdentity(mark, batch);
        const lastSeq = mark?.seq ?? 0;
        if (batch.fromSeq > lastSeq + 1) {
          throw new Refused('GAP', `Rows from ${lastSeq + 1} on are missing.`);
        }
        const answer =
          batch.toSeq <= lastSeq
            ? compareKnown(store, channelId, batch)
            : appendNew(store, channelId, mark, batch);
        counters.batches++;
        if (answer.isDuplicate) counters.duplicates++;
        else counters.rows += answer.seq - lastSeq;
        return answer;
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        counters.refusals++;
        const needSeq = (mark?.seq ?? 0) + 1;
        return { ok: false, code: error.code, needSeq, message: error.message };
      }
    },
  };
}

type Accepted = Extract<WitnessAnswer, { ok: true }>;

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
    throw new Refused('FENCED', `Epoch ${batch.epoch} ended; epoch ${mark.epoch} writes now.`);
  }
}

/** All rows are known: the same bytes are acknowledged again, other ones are a second past. */
function compareKnown(store: WitnessStore, channelId: string, batch: WitnessBatch): Accepted {
  for (const [index, row] of batch.rows.entries()) {
    compareRow(store, channelId, batch.fromSeq + index, row);
  }
  const mark = store.mark(channelId);
  if (!mark) throw new Error('A known row belongs to a channel with a mark.');
  return { ok: true, epoch: mark.epoch, seq: mark.seq, hash: mark.hash, isDuplicate: true };
}

function compareRow(
  store: WitnessStore,
  channelId: string,
  seq: number,
  row: { body: Uint8Array; hash: Uint8Array },
): void {
  const known = store.row(channelId, seq);
  if (!known || !isEqual(known.hash, row.hash) || !isEqual(known.body, row.body)) {
    throw new Refused('FORK', `Row ${seq} was witnessed with other content.`);
  }
}

function appendNew(
  store: WitnessStore,
  channelId: string,
  mark: HighWaterMark | null,
  batch: WitnessBatch,
): Accepted {
  const lastSeq = mark?.seq ?? 0;
  const known = lastSeq + 1 - batch.fromSeq;
  return store.inTransaction(() => {
    let previous = mark?.hash ?? FIRST_PREVIOUS_HASH;
    if (known === 0 && !isEqual(previous, batch.prevHash)) {
      throw new Refused('FORK', `Row ${lastSeq} here is not the one that this batch follows.`);
    }
    const books = gatherBooks(store.books(channelId));
    for (const [index, row] of batch.rows.entries()) {
      const seq = batch.fromSeq + index;
      if (index < known) {
        compareRow(store, channelId, seq, row);
        continue;
      }
      if (!isEqual(chainHash(previous, row.body), row.hash)) {
        throw new Refused('BAD_HASH', `The hash of row ${seq} is not that of its bytes.`);
      }
      bookChecked(books, seq, batch, row.body);
      store.addRow(channelId, seq, row.body, row.hash);
      previous = row.hash;
    }
    books.write();
    const next = {
      ledgerId: batch.ledgerId,
      epoch: batch.epoch,
      seq: batch.toSeq,
      hash: batch.hash,
    };
    store.setMark(channelId, next);
    return { ok: true, epoch: next.epoch, seq: next.seq, hash: next.hash, isDuplicate: false };
  });
}

function bookChecked(
  books: Parameters<typeof bookRow>[0],
  seq: number,
  batch: WitnessBatch,
  body: Uint8Array,
): void {
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
  if (row.kind === 'ledger.opened' && row.ledger !== batch.ledgerId) {
    throw new Refused('BAD_ROW', 'The first row opens another ledger than the batch names.');
  }
  try {
    bookRow(books, row);
  } catch (error) {
    if (error instanceof Unbalanced) throw new Refused('UNBALANCED', error.message);
    throw error;
  }
}

function isEqual(left: Uint8Array, right: Uint8Array): boolean {
  return Buffer.compare(left, right) === 0;
}

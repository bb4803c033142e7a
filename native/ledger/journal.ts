// The journal as it stands on disk and, folded, in memory. Rows are appended inside a group that
// commits as one; memory follows row by row, so when a commit fails the memory is thrown away and
// folded again from the disk. Nothing here decides whether a row is right to write. Surprising:
// only what is still moving is in memory; ended markets are fetched from the shelf beside the rows.

import { randomBytes } from 'node:crypto';
import { sha256 } from '@noble/hashes/sha2.js';
import { toHex } from '../../core/base/ids.ts';
import { PART } from '../../core/base/parts.ts';
import { FIRST_PREVIOUS_HASH } from '../../core/ledger/canonical.ts';
import {
  applyRow,
  type Bet,
  emptyLedger,
  type LedgerState,
  type Market,
  type Sale,
} from '../../core/ledger/fold.ts';
import { parseRow, type Row, rowText } from '../../core/ledger/rows.ts';
import { chainHashOf, sha256HexOf } from '../hash/sha256.ts';
import { Checkpoints } from './checkpoints.ts';
import { INSERT_ROWS, type JournalStore, type StoredRow } from './journalStore.ts';
import { Shelf } from './shelf.ts';

/** A row without its place in the journal. */
export type RowDraft = Row extends infer One ? (One extends Row ? Omit<One, 'seq'> : never) : never;

/** The stored journal breaks its own chain or its own arithmetic. */
export class JournalBroken extends Error {
  readonly seq: number;

  constructor(seq: number, what: string) {
    super(`Row ${seq} of the journal does not verify: ${what}.`);
    this.name = 'JournalBroken';
    this.seq = seq;
  }
}

export type JournalOptions = {
  /** A journal of fewer rows is always folded whole at the start. */
  checkpointRowsMin?: number;
  /** A market with more undecided bets is settled in parts. */
  settledAtOnceMax?: number;
  /** Rows of one such part, about. */
  partRows?: number;
  /** Bets that one part goes over at most, in whatever is done beside requests. */
  partBets?: number;
  /** The salt of a text, when a recorded show is run again; else it is random. */
  saltOf?: (text: string) => Uint8Array;
};

const HASH_BYTES = 32;
const PAGE_ROWS = 2_000;
/** Folding these takes about as long as a person may wait for a start. */
const CHECKPOINT_ROWS_MIN = 2_000;
/** From here on what has ended is put away while folding, so that memory stays small. */
const PUT_AWAY_ROWS_MIN = 50_000;
const SETTLED_AT_ONCE_MAX = 1_000;
/** Some milliseconds. */
const PART_ROWS = 500;

export class Journal {
  readonly store: JournalStore;
  readonly shelf: Shelf;
  readonly checkpoints: Checkpoints;
  state: LedgerState = emptyLedger();
  lastHash: Uint8Array = FIRST_PREVIOUS_HASH;
  /** Rows up to here were taken from a checkpoint and not folded since the start. */
  unfoldedSeq = 0;
  /** What the last step beside requests was, and how many bets it went over. */
  did = { what: '', bets: 0 };
  readonly settledAtOnceMax: number;
  readonly partRows: number;
  readonly partBets: number;
  readonly #saltOf: (text: string) => Uint8Array;
  readonly #checkpointRowsMin: number;
  #isInGroup = false;
  /** Rows of the group that SQLite has not been given yet. */
  #waiting: { seq: number; body: Uint8Array; hash: Uint8Array }[] = [];

  /**
   * Takes the last checkpoint, folds and verifies the rows after it; without one, all rows.
   *
   * @throws JournalBroken, SqliteFailure
   */
  constructor(store: JournalStore, options: JournalOptions = {}) {
    this.store = store;
    this.#checkpointRowsMin = options.checkpointRowsMin ?? CHECKPOINT_ROWS_MIN;
    this.settledAtOnceMax = options.settledAtOnceMax ?? SETTLED_AT_ONCE_MAX;
    this.partRows = options.partRows ?? PART_ROWS;
    this.partBets = options.partBets ?? PART;
    this.#saltOf = options.saltOf ?? (() => randomBytes(16));
    this.shelf = new Shelf(
      store,
      () => this.state,
      this.partBets,
      (what, bets) => {
        this.did = { what, bets };
      },
    );
    this.checkpoints = new Checkpoints(store);
    this.reload();
  }

  /** Forgets the memory and reads the disk again. */
  reload(): void {
    this.#waiting = [];
    this.shelf.reset();
    const checkpoint = this.checkpoints.read();
    if (checkpoint && checkpoint.state.seq >= this.#checkpointRowsMin) {
      this.state = checkpoint.state;
      this.lastHash = checkpoint.hash;
      this.unfoldedSeq = checkpoint.state.seq;
      try {
        this.#foldRest(() => {});
        return;
      } catch (cause) {
        // A broken row is found again below, where every row before it was verified, too.
        if (!(cause instanceof JournalBroken)) throw cause;
      }
    }
    this.#foldAll();
  }

  #foldAll(): void {
    this.state = emptyLedger();
    this.lastHash = FIRST_PREVIOUS_HASH;
    this.unfoldedSeq = 0;
    this.shelf.distrust();
    // Small journals stay in memory as they are: a full disk must not keep anybody from reading.
    let isPutAway = false;
    this.#foldRest(() => {
      if (this.state.seq < PUT_AWAY_ROWS_MIN) return;
      this.write();
      isPutAway = true;
      this.shelf.putAllAway();
    });
    if (!isPutAway) return;
    this.keepCheckpoint();
    this.commitGroup();
  }

  #foldRest(afterPage: () => void): void {
    for (;;) {
      const page = this.store.rowsFrom.all(this.state.seq + 1, PAGE_ROWS);
      for (const stored of page) this.#fold(stored);
      afterPage();
      if (page.length < PAGE_ROWS) break;
    }
  }

  #fold(stored: StoredRow): void {
    const { seq, body } = stored;
    const hash = chainHashOf(this.lastHash, body);
    if (!stored.hash.equals(hash)) throw new JournalBroken(seq, 'its hash is another');
    try {
      const row = parseRow(body);
      if (row.seq !== seq) throw new Error('it says another number');
      this.#apply(row);
    } catch (cause) {
      throw new JournalBroken(seq, cause instanceof Error ? cause.message : 'unknown');
    }
    this.lastHash = hash;
  }

  #apply(row: Row): void {
    // A correction is the only thing that still moves an ended market.
    if (row.kind === 'market.corrected' || row.kind === 'adjust') this.takeDown(row.market);
    if (row.kind === 'act' && row.act === 'market.settling') this.takeDown(row.target);
    if (row.kind === 'recount') this.takeDown(this.bet(row.bet)?.market ?? '');
    applyRow(this.state, row);
  }

  /** Appends rows to the open group and folds them. Returns each row's hash in hexadecimal. */
  append(drafts: readonly RowDraft[]): string[] {
    this.write();
    const hashes: string[] = [];
    for (const draft of drafts) {
      const row = { ...draft, seq: this.state.seq + 1 } as Row;
      const bytes = bytesBehind(this.lastHash, rowText(row));
      this.#apply(row);
      hashes.push(this.#add(row.seq, bytes));
    }
    return hashes;
  }

  /**
   * Appends a row that came from elsewhere.
   *
   * @param isNext whether its hash is the one that it came with
   */
  appendStored(body: Uint8Array, isNext: (hash: Uint8Array) => boolean): boolean {
    const bytes = Buffer.concat([this.lastHash, body]);
    const hex = sha256HexOf(bytes);
    if (!isNext(Buffer.from(hex, 'hex'))) return false;
    this.#apply(parseRow(body));
    this.#add(this.state.seq, bytes, hex);
    return true;
  }

  #add(seq: number, bytes: Buffer, hex = sha256HexOf(bytes)): string {
    const hash = Buffer.from(hex, 'hex');
    this.#waiting.push({ seq, body: bytes.subarray(HASH_BYTES), hash });
    this.lastHash = hash;
    return hex;
  }

  /** Whether the open group has something to make durable. */
  get isWriting(): boolean {
    return this.#isInGroup;
  }

  /** Makes sure that the group is open; call it before writing beside the journal. */
  write(): void {
    if (this.#isInGroup) return;
    this.store.database.begin();
    this.#isInGroup = true;
  }

  /** Gives SQLite the rows of the open group, so that they can be read. */
  flush(): void {
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    const { insertRow, insertRows } = this.store;
    let at = 0;
    for (; at + INSERT_ROWS <= waiting.length; at += INSERT_ROWS) {
      const values: (number | Uint8Array)[] = [];
      for (let next = at; next < at + INSERT_ROWS; next++) {
        const row = waiting[next];
        if (row) values.push(row.seq, row.body, row.hash);
      }
      insertRows.run(values);
    }
    for (const row of waiting.slice(at)) insertRow.run(row.seq, row.body, row.hash);
    this.#waiting = [];
  }

  /** Makes the group durable. Nothing may be answered before this returned. */
  commitGroup(): void {
    if (!this.#isInGroup) return;
    this.flush();
    this.store.database.commit();
    this.shelf.hasMoved = false;
    this.#isInGroup = false;
  }

  /** Undoes a group that appended nothing; memory is read anew only if something was put away. */
  abandonUnchanged(): void {
    if (this.shelf.hasMoved) {
      this.abandonGroup();
      return;
    }
    this.#isInGroup = false;
    this.store.database.rollback();
  }

  /** Undoes the group, on disk and in memory. */
  abandonGroup(): void {
    this.#isInGroup = false;
    this.store.database.rollback();
    this.reload();
  }

  /** Empties an unused journal within the open group; its rows must be gone from the disk. */
  restart(): void {
    this.state = emptyLedger();
    this.lastHash = FIRST_PREVIOUS_HASH;
    this.#waiting = [];
    this.checkpoints.clear();
    this.shelf.clear();
  }

  /** A market that is still moving, or one that was put away, without its bets. */
  market(id: string): Market | undefined {
    return this.state.markets.get(id) ?? this.shelf.market(id);
  }

  bet(id: string): Bet | undefined {
    return this.state.bets.get(id) ?? this.shelf.bet(id);
  }

  sale(id: string): Sale | undefined {
    return this.state.sales.get(id) ?? this.shelf.sale(id);
  }

  /** Whether a bet or a sale has this id. */
  hasId(id: string): boolean {
    return this.state.bets.has(id) || this.state.sales.has(id) || this.shelf.has(id);
  }

  /** All bets of a market in journal order. */
  betsOf(marketId: string): readonly Bet[] {
    return this.state.markets.get(marketId)?.bets ?? this.shelf.betsOf(marketId);
  }

  /** A subject's last bets, newest first. */
  newestBets(subject: string, limit: number): Bet[] {
    const { state, shelf } = this;
    const moving = state.betsOfSubject.get(subject) ?? [];
    const own = moving.filter((bet) => state.markets.has(bet.market)).slice(-limit);
    const ended = shelf.newestBets(subject, limit);
    return [...own, ...ended].sort((one, other) => other.seq - one.seq).slice(0, limit);
  }

  /** A subject's bets that arrived after `sinceUs`, in no order. */
  betsSince(subject: string, sinceUs: number): Bet[] {
    const { state, shelf } = this;
    const all = state.betsOfSubject.get(subject) ?? [];
    const first = all.findLastIndex((bet) => bet.atUs <= sinceUs) + 1;
    const own = all.slice(first).filter((bet) => state.markets.has(bet.market));
    const ended = shelf.betsSince(subject, sinceUs);
    return ended.length === 0 ? own : [...ended, ...own];
  }

  /** Brings a market's bets back into memory, to decide it anew. */
  takeDown(marketId: string): void {
    if (!this.state.markets.has(marketId)) this.shelf.takeDown(marketId);
  }

  /** Keeps the folded state beside the journal, in the open group. */
  keepCheckpoint(): void {
    this.write();
    this.flush();
    this.shelf.renew();
    this.checkpoints.write(this.state, this.lastHash);
    this.shelf.hasMoved = true;
  }

  /** The next start is to read every row, unless another is kept until then. */
  forgetCheckpoint(): void {
    this.write();
    this.checkpoints.clear();
    this.shelf.hasMoved = true;
  }

  /** Keeps a text beside the journal and returns its salted hash; empty for no text. */
  keepText(text: string): string {
    if (text === '') return '';
    this.write();
    const salt = this.#saltOf(text);
    const hash = toHex(sha256.create().update(salt).update(Buffer.from(text)).digest());
    this.store.putText.run(hash, salt, text);
    return hash;
  }

  /** Keeps a text that carries its own salt (rules) under its given hash. */
  keepSaltedText(hash: string, text: string): void {
    this.write();
    this.store.putText.run(hash, new Uint8Array(0), text);
  }

  /** The text of a hash; undefined when it was erased, or is not the text that was hashed. */
  textOf(hash: string): string | undefined {
    if (hash === '') return '';
    const kept = this.store.textOf.get(hash);
    if (!kept) return undefined;
    const digest = toHex(sha256.create().update(kept.salt).update(Buffer.from(kept.text)).digest());
    return digest === hash ? kept.text : undefined;
  }

  hashHexOf(seq: number): string {
    this.flush();
    return this.store.hashOf.get(seq)?.hash.toString('hex') ?? '';
  }

  rowsFrom(fromSeq: number, limit: number): StoredRow[] {
    this.flush();
    return this.store.rowsFrom.all(fromSeq, limit);
  }
}

/** What is hashed: the hash before, then the row. */
function bytesBehind(previousHash: Uint8Array, text: string): Buffer {
  const bytes = Buffer.allocUnsafe(HASH_BYTES + Buffer.byteLength(text));
  bytes.set(previousHash, 0);
  bytes.write(text, HASH_BYTES, 'utf8');
  return bytes;
}

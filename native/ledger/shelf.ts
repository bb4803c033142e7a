// Where ended markets go: their bets leave the memory in small steps and lie, signed, in tables
// beside the journal, by bettor and findable by id. What is here only repeats the journal; a part
// whose signature is wrong is not used. While a market is in memory, the memory is right and what
// the shelf says of it is not looked at.

import type { Bet, LedgerState, Market, Sale } from '../../core/ledger/fold.ts';
import { escrowAccount, parseRow } from '../../core/ledger/rows.ts';
import { SqliteFailure } from '../sqlite/failure.ts';
import {
  type BetTuple,
  betOfTuple,
  betTuple,
  headText,
  isMac,
  macOf,
  marketOfHead,
} from './bookCodec.ts';
import { IDS_PAGE, IdFilter } from './idFilter.ts';
import { type JournalStore, PUT_AWAY, PUT_AWAY_TABLES } from './journalStore.ts';
import { idBytes, type Part, Rising, Shelving } from './shelving.ts';

/** Bets of a bettor in one market. */
type StoredBets = { subject: string; lastSeq: number; market: string; bets: string; mac: Buffer };
type StoredMarket = { market: string; head: string; mac: Buffer };
/** Ids, or bets, that one step writes; some milliseconds. */
const STEP_BETS = 500;
/** Bettors whose last day is remembered for limits. */
const DAYS_MAX = 10_000;

const BETS = 'SELECT subject, last_seq AS lastSeq, market, bets, mac FROM ended_bets';

export class Shelf {
  /** What was found to be wrong; empty: nothing. */
  difference = '';
  /** Whether memory and tables moved in the open group although no row was appended. */
  hasMoved = false;
  readonly #store: JournalStore;
  readonly #stateOf: () => LedgerState;
  readonly #statements: ReturnType<typeof statementsOf>;
  /** The market that is being put away, until all of it is written. */
  #shelving: Shelving | null = null;
  /** What is written and still lies in memory. */
  #leaving: Part[] = [];
  /** The market that is being brought back, until all of it is read. */
  #rising: Rising | null = null;
  /** The market that was read last: its bets are asked for page by page. */
  #open: { market: string; bets: Bet[] } | null = null;
  #days = new Map<string, { sinceUs: number; bets: Bet[] }>();
  #filter = new IdFilter();
  /** Whether the tables are from before the journal was folded whole. */
  #isDistrusted = false;
  /** What was wrong with the file then. */
  #damage: readonly string[] = [];

  readonly #partBets: number;
  readonly #tell: (what: string, bets: number) => void;

  /** @param tell is told what a step did, and with how many bets */
  constructor(
    store: JournalStore,
    stateOf: () => LedgerState,
    partBets: number,
    tell: (what: string, bets: number) => void,
  ) {
    this.#store = store;
    this.#stateOf = stateOf;
    this.#partBets = partBets;
    this.#tell = tell;
    this.#statements = statementsOf(store);
  }

  /** Whether a bet or a sale that was put away has this id. */
  has(id: string): boolean {
    if (!this.#filter.mayHave(id)) return false;
    const row = this.#rowOf(id);
    return row?.kind === 'bet' || row?.kind === 'sell';
  }

  /** Row of a bet or a sale that was put away, as its id leads there. */
  seqOf(id: string): number | undefined {
    return this.#filter.mayHave(id) ? this.#statements.seqOf.get(idBytes(id))?.seq : undefined;
  }

  /** The memory was thrown away. */
  reset(): void {
    this.hasMoved = false;
    this.#shelving = null;
    this.#leaving = [];
    this.#rising = null;
    this.#open = null;
    this.#days.clear();
    this.#filter = new IdFilter();
    this.#isDistrusted = false;
    this.#damage = [];
  }

  /** Reads some of the ids that were put away before this start. Returns whether there are more. */
  readIds(): boolean {
    if (this.#filter.isWhole) return false;
    const after = this.#filter.last ?? Buffer.alloc(0);
    this.#filter.read(this.#statements.idsAfter.all(after).map(({ id }) => id));
    return true;
  }

  /** Forgets everything, in the open transaction. */
  clear(): void {
    const damage = this.#damage;
    this.reset();
    this.#damage = damage;
    this.#empty();
  }

  /**
   * The journal was folded whole and everything is in memory: what stands here is not looked at,
   * and is thrown away before anything is written.
   *
   * @throws SqliteFailure corrupt, when writing anything might overwrite rows
   */
  distrust(): void {
    this.#damage = this.#store.database.damage();
    const free = this.#damage.find((line) => line.startsWith('Freelist'));
    if (free) throw new SqliteFailure('corrupt', `The database file is damaged. (${free})`);
    this.#isDistrusted = true;
    this.#filter = new IdFilter();
    this.#filter.read([]);
  }

  /** Makes the tables fit to be trusted by the next start, in the open transaction. */
  renew(): void {
    if (this.#isDistrusted) this.#empty();
  }

  #empty(): void {
    const { database } = this.#store;
    if (this.#damage.length === 0) {
      for (const table of PUT_AWAY_TABLES) database.exec(`DELETE FROM ${table}`);
    } else {
      database.unlinkTables(PUT_AWAY_TABLES);
      database.exec(PUT_AWAY);
    }
    this.#damage = [];
    this.#isDistrusted = false;
    this.#filter = new IdFilter();
    this.#filter.read([]);
  }

  /** Whether a market waits to be put away. */
  hasWork(): boolean {
    return this.#shelving !== null || this.#leaving.length > 0 || this.#nextEnded() !== undefined;
  }

  /** Writes one small part in the open transaction. */
  putAway(): void {
    this.hasMoved = true;
    this.renew();
    if (this.#leaving.length > 0) {
      this.#leave(STEP_BETS * 4);
      return;
    }
    if (!this.#shelving?.isOf(this.#stateOf())) {
      const market = this.#nextEnded();
      this.#shelving = market ? new Shelving(market) : null;
    }
    const shelving = this.#shelving;
    if (!shelving) return;
    const gathered = shelving.gather(this.#partBets);
    this.#tell('gather', gathered);
    if (gathered > 0 || this.#writeIds(shelving)) return;
    const sorted = shelving.sortBettors(this.#partBets);
    this.#tell('sort bettors', sorted);
    if (sorted > 0 || this.#writeParts(shelving)) return;
    this.#finish(shelving);
    this.#tell('shelve', 0);
  }

  /** Returns whether there were any. */
  #writeIds(shelving: Shelving): boolean {
    const ids = shelving.takeIds(STEP_BETS);
    for (const [id, seq] of ids) {
      this.#statements.putId.run(id, seq);
      this.#filter.add(id);
    }
    this.#tell('write ids', ids.length);
    return ids.length > 0;
  }

  /** Returns whether there were any. */
  #writeParts(shelving: Shelving): boolean {
    let written = 0;
    while (written < STEP_BETS) {
      const part = shelving.takePart();
      if (!part) break;
      this.#writeBets(shelving.market.id, ...part);
      written += part[1].length;
    }
    this.#tell('write bets', written);
    return written > 0;
  }

  /** Puts everything away at once, in the open transaction; for a start without checkpoint. */
  putAllAway(): void {
    while (this.hasWork()) this.putAway();
  }

  /** Whether these are the bets that were put away. */
  isWhole({ subject, market, bets, mac }: Omit<StoredBets, 'lastSeq'>): boolean {
    return isMac(mac, macOf(this.#store.key, 'bets', [subject, market, bets]));
  }

  market(id: string): Market | undefined {
    if (this.#isDistrusted) return undefined;
    const stored = this.#statements.market.get(id);
    return stored && this.#marketOf(stored);
  }

  /** Ended markets, newest first, from before row `beforeSeq`. */
  *markets(beforeSeq: number): Iterable<Market> {
    let before = beforeSeq;
    while (!this.#isDistrusted) {
      const stored = this.#statements.marketBefore.get(before);
      if (!stored) return;
      before = stored.seq;
      if (this.#stateOf().markets.has(stored.market)) continue;
      const market = this.#marketOf(stored);
      if (market) yield market;
    }
  }

  betsOf(marketId: string): readonly Bet[] {
    if (this.#isDistrusted) return [];
    if (this.#open?.market === marketId) return this.#open.bets;
    const bets = this.#statements.betsOfMarket.all(marketId).flatMap((one) => this.#betsOf(one));
    bets.sort((one, other) => one.seq - other.seq);
    this.#open = { market: marketId, bets };
    return bets;
  }

  bet(id: string): Bet | undefined {
    if (!this.#filter.mayHave(id)) return undefined;
    const row = this.#rowOf(id);
    if (row?.kind !== 'bet') return undefined;
    const subject = row.dr.slice('user:'.length);
    const market = row.cr.slice('escrow:'.length);
    for (const stored of this.#statements.betsAfter.iterate(subject, row.seq)) {
      if (stored.market !== market) continue;
      return this.#betsOf(stored).find((bet) => bet.id === id);
    }
    return undefined;
  }

  sale(id: string): Sale | undefined {
    if (!this.#filter.mayHave(id)) return undefined;
    const row = this.#rowOf(id);
    if (row?.kind !== 'sell') return undefined;
    return this.bet(row.bet)?.sales.find((sale) => sale.id === id);
  }

  newestBets(subject: string, limit: number): Bet[] {
    const found: Bet[] = [];
    if (this.#isDistrusted) return found;
    const { markets } = this.#stateOf();
    // Parts are ordered by their last bet, so a part may reach behind the next: all that could.
    let lowest = Number.NEGATIVE_INFINITY;
    for (const stored of this.#statements.newestOf.iterate(subject)) {
      if (stored.lastSeq < lowest) break;
      if (markets.has(stored.market)) continue;
      found.push(...this.#betsOf(stored));
      if (found.length < limit) continue;
      found.sort((one, other) => other.seq - one.seq);
      lowest = found[limit - 1]?.seq ?? lowest;
    }
    return found.sort((one, other) => other.seq - one.seq).slice(0, limit);
  }

  betsSince(subject: string, sinceUs: number): Bet[] {
    let day = this.#days.get(subject);
    if (!day || day.sinceUs > sinceUs) {
      day = { sinceUs, bets: this.#readSince(subject, sinceUs) };
      if (this.#days.size >= DAYS_MAX) this.#days.clear();
      this.#days.set(subject, day);
    }
    const { markets } = this.#stateOf();
    return day.bets.filter((bet) => bet.atUs > sinceUs && !markets.has(bet.market));
  }

  /** Brings an ended market back into memory; one that is not whole stays. */
  takeDown(marketId: string): void {
    while (this.raise(marketId, Number.POSITIVE_INFINITY));
  }

  /**
   * One part of bringing an ended market back, about so many bets. The shelf keeps what it has, and
   * until the last part the market is still read from there.
   *
   * @returns whether there is more
   */
  raise(marketId: string, wanted = STEP_BETS): boolean {
    const state = this.#stateOf();
    if (state.markets.has(marketId)) return false;
    if (this.#leaving.length > 0) {
      this.#leave(wanted);
      return true;
    }
    if (this.#rising?.head.id !== marketId) {
      const head = this.market(marketId);
      if (!head) return false;
      this.#rising = new Rising(head);
    }
    const rising = this.#rising;
    if (!rising.isRead) {
      this.#readRising(rising, wanted);
      return this.#isRisingWhole(rising);
    }
    const taken = rising.take(state, wanted);
    this.#tell('take', taken);
    if (taken > 0) return true;
    rising.end(state);
    this.#rising = null;
    this.#open = null;
    this.#days.clear();
    return false;
  }

  #readRising(rising: Rising, wanted: number): void {
    const { head, subject, lastSeq } = rising;
    const parts = this.#statements.betsOfMarketAfter.iterate(head.id, subject, lastSeq);
    let taken = 0;
    for (const part of parts) {
      rising.subject = part.subject;
      rising.lastSeq = part.lastSeq;
      const bets = this.#betsOf(part);
      returnBets(this.#stateOf(), bets);
      rising.add(bets, this.#partBets);
      taken += bets.length;
      if (taken >= wanted) break;
    }
    if (taken < wanted) {
      rising.isRead = true;
      rising.sort();
    }
    this.#tell('read', taken);
  }

  /** Without all of its bets it would be decided wrongly. */
  #isRisingWhole(rising: Rising): boolean {
    if (!rising.isRead) return true;
    const { head, bets } = rising;
    const { bets: expected = bets } = head.shelved ?? {};
    if (bets !== expected) this.differ(`bets of market ${head.id} are not there`);
    if (this.difference === '') return true;
    this.#rising = null;
    return false;
  }

  #readSince(subject: string, sinceUs: number): Bet[] {
    const found: Bet[] = [];
    if (this.#isDistrusted) return found;
    for (const stored of this.#statements.newestOf.iterate(subject)) {
      const bets = this.#betsOf(stored);
      found.push(...bets.filter((bet) => bet.atUs > sinceUs));
      if ((bets.at(-1)?.atUs ?? sinceUs) <= sinceUs) break;
    }
    return found;
  }

  #rowOf(id: string) {
    const seq = this.#statements.seqOf.get(idBytes(id))?.seq;
    const [stored] = seq === undefined ? [] : this.#store.rowsFrom.all(seq, 1);
    const row = stored && parseRow(stored.body);
    return row?.id === id ? row : undefined;
  }

  #marketOf({ market, head, mac }: StoredMarket): Market | undefined {
    if (isMac(mac, macOf(this.#store.key, 'market', [market, head]))) {
      const found = marketOfHead(head);
      // What a cut journal no longer has never was.
      return found.seq <= this.#stateOf().seq ? found : undefined;
    }
    this.differ(`what is kept of market ${market} was changed`);
    return undefined;
  }

  #betsOf(stored: StoredBets): Bet[] {
    const { subject, market, bets } = stored;
    if (!this.isWhole(stored)) {
      this.differ(`what is kept of bets in market ${market} was changed`);
      return [];
    }
    return (JSON.parse(bets) as BetTuple[]).map((bet) => betOfTuple(bet, subject, market));
  }

  /** Betting stops: `what` is not as it was written. */
  differ(what: string): void {
    this.difference ||= `Beside the journal, ${what}; a restart reads the journal anew.`;
  }

  #nextEnded(): Market | undefined {
    const { accounts, markets } = this.#stateOf();
    for (const market of markets.values()) {
      const hasEnded = market.state === 'RESOLVED' || market.state === 'VOID';
      if (!hasEnded || market.isSettling) continue;
      const escrow = accounts.get(escrowAccount(market.id));
      // Until nothing is held any more, its settlement is still being written.
      if (!escrow || (escrow.posted === 0 && escrow.pendingIn === 0)) return market;
    }
    return undefined;
  }

  #writeBets(market: string, subject: string, bets: readonly Bet[]): void {
    const text = JSON.stringify(bets.map(betTuple));
    const mac = macOf(this.#store.key, 'bets', [subject, market, text]);
    this.#statements.putBets.run(subject, bets.at(-1)?.seq ?? 0, market, text, mac);
  }

  #finish({ market, hadWinner, taken }: Shelving): void {
    const bettors = market.bettors.map((subjects) => subjects.size);
    const { length: bets } = market.bets;
    const head = headText({ ...market, shelved: { bettors, hadWinner, bets } });
    const mac = macOf(this.#store.key, 'market', [market.id, head]);
    this.#statements.putMarket.run(market.id, market.seq, head, mac);
    this.#stateOf().markets.delete(market.id);
    this.#leaving = taken;
    this.#shelving = null;
    this.#open = null;
    this.#days.clear();
  }

  /** Lets bets go out of memory, about as many. */
  #leave(wanted: number): void {
    const { bets: known, sales, betsOfSubject } = this.#stateOf();
    for (let done = 0; done < wanted; ) {
      const part = this.#leaving.pop();
      if (!part) return;
      const [subject, bets] = part;
      for (const bet of bets) {
        known.delete(bet.id);
        for (const sale of bet.sales) sales.delete(sale.id);
      }
      const market = bets[0]?.market;
      const left = betsOfSubject.get(subject)?.filter((bet) => bet.market !== market) ?? [];
      if (left.length > 0) betsOfSubject.set(subject, left);
      else betsOfSubject.delete(subject);
      done += bets.length;
    }
  }
}

/** A bettor's bets of one market, among those in memory. */
function returnBets(state: LedgerState, bets: readonly Bet[]): void {
  const [first] = bets;
  if (!first) return;
  for (const bet of bets) {
    state.bets.set(bet.id, bet);
    for (const sale of bet.sales) state.sales.set(sale.id, sale);
  }
  const others = state.betsOfSubject.get(first.subject) ?? [];
  const own = [...others.filter(({ market }) => market !== first.market), ...bets];
  own.sort((one, other) => one.seq - other.seq);
  state.betsOfSubject.set(first.subject, own);
}

function statementsOf({ database }: JournalStore) {
  return {
    putId: database.prepare<[id: Buffer, seq: number], never>(
      'INSERT OR REPLACE INTO ids (id, seq) VALUES (?, ?)',
    ),
    seqOf: database.prepare<[id: Buffer], { seq: number }>('SELECT seq FROM ids WHERE id = ?'),
    idsAfter: database.prepare<[id: Buffer], { id: Buffer }>(
      `SELECT id FROM ids WHERE id > ? ORDER BY id LIMIT ${IDS_PAGE}`,
    ),
    putBets: database.prepare<[string, number, string, string, Uint8Array], never>(
      'INSERT OR REPLACE INTO ended_bets (subject, last_seq, market, bets, mac) ' +
        'VALUES (?, ?, ?, ?, ?)',
    ),
    betsOfMarket: database.prepare<[string], StoredBets>(`${BETS} WHERE market = ?`),
    betsOfMarketAfter: database.prepare<[string, string, number], StoredBets>(
      `${BETS} WHERE market = ? AND (subject, last_seq) > (?, ?) ORDER BY subject, last_seq`,
    ),
    betsAfter: database.prepare<[string, number], StoredBets>(
      `${BETS} WHERE subject = ? AND last_seq >= ? ORDER BY last_seq`,
    ),
    newestOf: database.prepare<[string], StoredBets>(
      `${BETS} WHERE subject = ? ORDER BY last_seq DESC`,
    ),
    putMarket: database.prepare<[string, number, string, Uint8Array], never>(
      'INSERT OR REPLACE INTO ended_markets (market, seq, head, mac) VALUES (?, ?, ?, ?)',
    ),
    market: database.prepare<[string], StoredMarket>(
      'SELECT market, head, mac FROM ended_markets WHERE market = ?',
    ),
    marketBefore: database.prepare<[number], StoredMarket & { seq: number }>(
      'SELECT market, seq, head, mac FROM ended_markets WHERE seq < ? ORDER BY seq DESC LIMIT 1',
    ),
  };
}

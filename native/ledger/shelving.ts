// The way of one ended market to the shelf and back, part by part: gathered and put in the order in
// which the tables are sorted (near pages together), and read back into the order of its bets.
// Nothing here writes. Surprising: a market may be corrected on its way there; then it begins anew.

import { SortedRuns } from '../../core/base/parts.ts';
import type { Bet, LedgerState, Market } from '../../core/ledger/fold.ts';
import { takeBets } from './bookCodec.ts';

/** Bets of a bettor in one market. */
export type Part = [subject: string, bets: Bet[]];
export type IdPlace = [id: Buffer, seq: number];

export function idBytes(id: string): Buffer {
  return Buffer.from(id, /^[0-9a-f]{32}$/.test(id) ? 'hex' : 'utf8');
}

const byId = ([one]: IdPlace, [other]: IdPlace) => Buffer.compare(one, other);
const bySubject = ([one]: Part, [other]: Part) => (one < other ? -1 : 1);
const bySeq = (one: Bet, other: Bet) => one.seq - other.seq;

export class Shelving {
  readonly market: Market;
  /** Nobody won or nobody else had bet: which of them is told of a refund. */
  hadWinner = false;
  /** Parts that were taken to be written. */
  readonly taken: Part[] = [];
  readonly #revision: number;
  readonly #ids = new SortedRuns(byId);
  readonly #parts = new SortedRuns(bySubject);
  readonly #ownBets = new Map<string, Bet[]>();
  #gathered = 0;
  #unsorted: Iterator<Part> | null = null;

  constructor(market: Market) {
    this.market = market;
    this.#revision = market.revision;
  }

  /** Whether the market is still the one that was gathered. */
  isOf(state: LedgerState): boolean {
    const { id, revision } = this.market;
    return state.markets.get(id) === this.market && revision === this.#revision;
  }

  /** Goes over at most so many bets. Returns over how many; 0: all were gathered before. */
  gather(most: number): number {
    const { bets } = this.market;
    const some = bets.slice(this.#gathered, this.#gathered + most);
    const ids: IdPlace[] = [];
    for (const bet of some) {
      const own = this.#ownBets.get(bet.subject);
      if (own) own.push(bet);
      else this.#ownBets.set(bet.subject, [bet]);
      ids.push([idBytes(bet.id), bet.seq]);
      for (const sale of bet.sales) ids.push([idBytes(sale.id), sale.seq]);
      if (bet.why === 'REFUND' && bet.outcome === this.market.winner) this.hadWinner = true;
    }
    this.#ids.add(ids);
    this.#gathered += some.length;
    return some.length;
  }

  /** The next ids in their order, at most so many; empty: all were taken. */
  takeIds(most: number): IdPlace[] {
    const ids: IdPlace[] = [];
    for (let id = this.#ids.shift(); id; id = this.#ids.shift()) {
      ids.push(id);
      if (ids.length === most) break;
    }
    return ids;
  }

  /** Sorts at most so many bettors. Returns how many; 0: all were sorted before. */
  sortBettors(most: number): number {
    this.#unsorted ??= this.#ownBets.entries();
    const run: Part[] = [];
    while (run.length < most) {
      const next = this.#unsorted.next();
      if (next.done) break;
      run.push(next.value);
    }
    this.#parts.add(run);
    return run.length;
  }

  takePart(): Part | undefined {
    const part = this.#parts.shift();
    if (part) this.taken.push(part);
    return part;
  }
}

/** A market on its way back: its bets are read by bettor and put in their own order. */
export class Rising {
  readonly head: Market;
  /** The place of the part that was read last. */
  subject = '';
  lastSeq = 0;
  bets = 0;
  isRead = false;
  readonly #market: Market;
  readonly #runs = new SortedRuns(bySeq);
  #run: Bet[] = [];

  constructor(head: Market) {
    this.head = head;
    this.#market = { ...head, shelved: null };
  }

  add(bets: readonly Bet[], runBets: number): void {
    for (const bet of bets) this.#run.push(bet);
    this.bets += bets.length;
    if (this.#run.length >= runBets) this.sort();
  }

  sort(): void {
    this.#runs.add(this.#run);
    this.#run = [];
  }

  /** Takes at most so many bets into the market. Returns over how many; 0: it has all. */
  take(state: LedgerState, most: number): number {
    const some: Bet[] = [];
    while (some.length < most) {
      const bet = this.#runs.shift();
      if (!bet) break;
      some.push(bet);
    }
    takeBets(state, this.#market, some);
    return some.length;
  }

  /** From now on the memory is right. */
  end(state: LedgerState): void {
    state.markets.set(this.head.id, this.#market);
  }
}

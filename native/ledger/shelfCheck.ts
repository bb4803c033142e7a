// Compares what lies on the shelf with what the rows say, in steps of a few milliseconds: every
// part's signature and place, and that each index leads to what its table holds, entry by entry.
// What is gone from the shelf has no signature that could be wrong, so it counts. It looks only at
// markets that lay there when it began, and changes nothing.

import type { Journal } from './journal.ts';

/** Entries of one step. */
const STEP_ENTRIES = 200;

type Counted = { bets: number; parts: number; found: number; listed: number };
type Part = {
  subject: string;
  lastSeq: number;
  market: string;
  bets: string;
  mac: Buffer;
  count: number;
  lastSeqInside: number;
};
type PartPlace = Pick<Part, 'subject' | 'lastSeq' | 'market'>;
type MarketPlace = { market: string; seq: number };

export class ShelfCheck {
  readonly #journal: Journal;
  readonly #statements: ReturnType<typeof statementsOf>;
  /** Bets of every market, by the rows. */
  readonly #bets: ReadonlyMap<string, number>;
  readonly #counted: Map<string, Counted>;
  /** Each returns whether it was the last step of its kind; empty, or the market that is wrong. */
  readonly #walks: readonly (() => { isLast: boolean; wrong: string })[];
  readonly #begunSeq: number;
  /** Markets that were in memory when it began. */
  readonly #moving: ReadonlySet<string>;
  #walk = 0;
  #part = { subject: '', lastSeq: 0 };
  #indexedPart: PartPlace = { subject: '', lastSeq: 0, market: '' };
  #market = '';
  #listed: MarketPlace = { market: '', seq: 0 };

  constructor(journal: Journal, bets: ReadonlyMap<string, number>) {
    this.#journal = journal;
    this.#bets = bets;
    this.#statements = statementsOf(journal);
    const { markets, seq } = journal.state;
    this.#begunSeq = seq;
    this.#moving = new Set(markets.keys());
    const ended = [...bets.keys()].filter((market) => !markets.has(market));
    this.#counted = new Map(
      ended.map((market) => [market, { bets: 0, parts: 0, found: 0, listed: 0 }]),
    );
    this.#walks = [
      () => this.#walkParts(),
      () => this.#walkPartsByMarket(),
      () => this.#walkMarkets(),
      () => this.#walkMarketsBySeq(),
    ];
  }

  /** One step. Null: there is more; empty: all is well; else the market that is not as it was. */
  step(): string | null {
    const walk = this.#walks[this.#walk];
    if (!walk) return this.#sum();
    const { isLast, wrong } = walk();
    if (wrong !== '') return wrong;
    if (isLast) this.#walk++;
    return null;
  }

  #walkParts() {
    const { subject, lastSeq } = this.#part;
    const parts = this.#statements.parts.all(subject, lastSeq, STEP_ENTRIES);
    for (const part of parts) {
      const isBehind = isAfter(
        [part.subject, part.lastSeq],
        [this.#part.subject, this.#part.lastSeq],
      );
      this.#part = part;
      const known = this.#counted.get(part.market);
      // A part under another bettor's name or place would only be missing where it belongs.
      const isInPlace = part.lastSeq === part.lastSeqInside && this.#journal.shelf.isWhole(part);
      const isFine = isInPlace && (known !== undefined || this.#isLater(part.market));
      if (!isBehind || !isFine) return wrongAt(part.market);
      if (!known) continue;
      known.bets += part.count;
      known.parts++;
    }
    return { isLast: parts.length < STEP_ENTRIES, wrong: '' };
  }

  #walkPartsByMarket() {
    const { market, subject, lastSeq } = this.#indexedPart;
    const found = this.#statements.partsByMarket.all(market, subject, lastSeq, STEP_ENTRIES);
    for (const part of found) {
      const { market: lastMarket, subject: lastSubject, lastSeq: lastLastSeq } = this.#indexedPart;
      const isBehind = isAfter(
        [part.market, part.subject, part.lastSeq],
        [lastMarket, lastSubject, lastLastSeq],
      );
      this.#indexedPart = part;
      const known = this.#counted.get(part.market);
      const there = this.#statements.partAt.get(part.subject, part.lastSeq)?.market;
      if (!isBehind || there !== part.market) return wrongAt(part.market);
      if (known) known.found++;
    }
    return { isLast: found.length < STEP_ENTRIES, wrong: '' };
  }

  #walkMarkets() {
    const found = this.#statements.markets.all(this.#market, STEP_ENTRIES);
    for (const { market, seq } of found) {
      const isBehind = isAfter([market], [this.#market]);
      this.#market = market;
      const isWhole = this.#journal.shelf.market(market)?.seq === seq;
      const isFine = isWhole && (this.#counted.has(market) || this.#isLater(market));
      if (!isBehind || !isFine) return wrongAt(market);
    }
    return { isLast: found.length < STEP_ENTRIES, wrong: '' };
  }

  /** As lists find them: by their index, which may be damaged by itself. */
  #walkMarketsBySeq() {
    const found = this.#statements.marketsBySeq.all(
      this.#listed.seq,
      this.#listed.market,
      STEP_ENTRIES,
    );
    for (const { market, seq } of found) {
      const isBehind = isAfter([seq, market], [this.#listed.seq, this.#listed.market]);
      this.#listed = { market, seq };
      const isThere = this.#statements.marketAt.get(market)?.seq === seq;
      if (!isBehind || !isThere) return wrongAt(market);
      const known = this.#counted.get(market);
      if (known) known.listed++;
    }
    return { isLast: found.length < STEP_ENTRIES, wrong: '' };
  }

  /** Whether a market that was not counted may lie there: it was in memory, or came since. */
  #isLater(market: string): boolean {
    if (this.#moving.has(market)) return true;
    return (this.#journal.shelf.market(market)?.seq ?? 0) > this.#begunSeq;
  }

  #sum(): string {
    const { state } = this.#journal;
    for (const [id, { bets, parts, found, listed }] of this.#counted) {
      // Taken down since, to be corrected: the memory is right.
      if (state.markets.has(id)) continue;
      if (bets !== this.#bets.get(id) || found !== parts || listed !== 1) return id;
    }
    return '';
  }
}

function wrongAt(market: string) {
  return { isLast: true, wrong: market || '(without a name)' };
}

/** Whether a key comes after another; a damaged page may give none, or the same twice. */
function isAfter(key: readonly (string | number)[], last: readonly (string | number)[]): boolean {
  for (const [at, value] of key.entries()) {
    const before = last[at];
    if (typeof value !== typeof before) return false;
    if (value === before || before === undefined) continue;
    if (typeof value === 'number') return value > Number(before);
    return Buffer.compare(Buffer.from(value), Buffer.from(String(before))) > 0;
  }
  return false;
}

function statementsOf({ store: { database } }: Journal) {
  return {
    parts: database.prepare<[string, number, number], Part>(
      'SELECT subject, last_seq AS lastSeq, market, bets, mac, ' +
        'iif(json_valid(bets), json_array_length(bets), -1) AS count, ' +
        "iif(json_valid(bets), json_extract(bets, '$[#-1][1]'), -1) AS lastSeqInside " +
        'FROM ended_bets NOT INDEXED ' +
        'WHERE (subject, last_seq) > (?, ?) ORDER BY subject, last_seq LIMIT ?',
    ),
    partsByMarket: database.prepare<[string, string, number, number], PartPlace>(
      'SELECT market, subject, last_seq AS lastSeq FROM ended_bets ' +
        'INDEXED BY ended_bets_by_market WHERE (market, subject, last_seq) > (?, ?, ?) ' +
        'ORDER BY market, subject, last_seq LIMIT ?',
    ),
    partAt: database.prepare<[string, number], { market: string }>(
      'SELECT market FROM ended_bets NOT INDEXED WHERE subject = ? AND last_seq = ?',
    ),
    markets: database.prepare<[string, number], MarketPlace>(
      'SELECT market, seq FROM ended_markets NOT INDEXED WHERE market > ? ORDER BY market LIMIT ?',
    ),
    marketsBySeq: database.prepare<[number, string, number], MarketPlace>(
      'SELECT market, seq FROM ended_markets INDEXED BY ended_markets_by_seq ' +
        'WHERE (seq, market) > (?, ?) ORDER BY seq, market LIMIT ?',
    ),
    marketAt: database.prepare<[string], { seq: number }>(
      'SELECT seq FROM ended_markets NOT INDEXED WHERE market = ?',
    ),
  };
}

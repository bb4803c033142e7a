// After a start from a checkpoint: reads the journal from its first row in small parts, recomputes
// the chain and every balance, and compares both with the memory once it has caught up. Written
// apart from the fold: it looks only at transfers and reservations, so it needs no memory of bets.
// Then it counts what the shelf has of each ended market: what is gone from there has no signature
// that could be wrong.

import { FIRST_PREVIOUS_HASH } from '../../core/ledger/canonical.ts';
import type { Account } from '../../core/ledger/fold.ts';
import { chainHashOf, type Journal } from './journal.ts';
import { idBytes } from './shelf.ts';

/** Rows of one part: about two milliseconds. */
const PART_ROWS = 400;

/** Parts of the shelf of one step. */
const SHELF_PARTS = 200;

type Fields = {
  kind: string;
  seq: number;
  id: string;
  amount: string;
  dr: string;
  cr: string;
  market?: string;
};
type Counted = { bets: number; parts: number };
type ShelfPart = {
  subject: string;
  lastSeq: number;
  market: string;
  bets: string;
  mac: Buffer;
  count: number;
  lastSeqInside: number;
};

export class JournalCheck {
  readonly #journal: Journal;
  readonly #accounts = new Map<string, Account>();
  /** Bets of every market, by the rows. */
  readonly #bets = new Map<string, number>();
  readonly #statements: ReturnType<typeof statementsOf>;
  #seq = 0;
  #hash: Uint8Array = FIRST_PREVIOUS_HASH;
  /** What is counted on the shelf, of the markets that lay there when counting began. */
  #counted: Map<string, Counted> | null = null;
  #last = { subject: '', lastSeq: 0, market: '' };

  constructor(journal: Journal) {
    this.#journal = journal;
    this.#statements = statementsOf(journal);
  }

  get seq(): number {
    return this.#seq;
  }

  /** Checks one part. Null: there is more; empty: all is well; else what is wrong and where. */
  step(): string | null {
    if (this.#counted) return this.#countShelf(this.#counted);
    const rows = this.#journal.rowsFrom(this.#seq + 1, PART_ROWS);
    for (const { seq, body, hash } of rows) {
      const expected = chainHashOf(this.#hash, body);
      if (seq !== this.#seq + 1) return broken(this.#seq + 1, 'it is not there');
      if (!hash.equals(expected)) return broken(seq, 'its hash is another');
      try {
        const row = JSON.parse(body.toString('utf8')) as Fields;
        if (row.seq !== seq) return broken(seq, 'it says another number');
        this.#book(row);
        if (row.kind === 'market.opened') this.#bets.set(row.market ?? '', 0);
        if (row.kind === 'bet' && !this.#isFound(row)) return notKept(`bet ${row.id}`);
      } catch {
        return broken(seq, 'it cannot be read');
      }
      this.#hash = expected;
      this.#seq = seq;
    }
    if (this.#seq < this.#journal.state.seq && rows.length > 0) return null;
    const found = this.#compare();
    if (found !== '') return found;
    const { markets } = this.#journal.state;
    const ended = [...this.#bets.keys()].filter((market) => !markets.has(market));
    this.#counted = new Map(ended.map((market) => [market, { bets: 0, parts: 0 }]));
    return null;
  }

  /** Counts the bet; false when its market has ended and the shelf does not find it. */
  #isFound({ id, seq, cr }: Fields): boolean {
    const market = cr.slice('escrow:'.length);
    this.#bets.set(market, (this.#bets.get(market) ?? 0) + 1);
    if (this.#journal.state.markets.has(market)) return true;
    return this.#statements.seqOf.get(idBytes(id))?.seq === seq;
  }

  #countShelf(counted: Map<string, Counted>): string | null {
    const { subject, lastSeq, market } = this.#last;
    const { shelf, state } = this.#journal;
    const parts = this.#statements.parts.all(subject, lastSeq, market, SHELF_PARTS);
    for (const part of parts) {
      this.#last = part;
      const known = counted.get(part.market);
      if (known === undefined) continue;
      // A part under another bettor's name or place would only be missing where it belongs.
      const isInPlace = part.lastSeq === part.lastSeqInside && shelf.isWhole(part);
      if (!isInPlace) return notKept(`market ${part.market}`);
      known.bets += part.count;
      known.parts++;
    }
    if (parts.length === SHELF_PARTS) return null;
    // As histories and lists find them: by their indexes, which may be damaged by themselves.
    const listed = new Map(this.#statements.listed.all().map((one) => [one.market, one.seq]));
    for (const [id, { bets, parts: found }] of counted) {
      // Taken down since, to be corrected: the memory is right.
      if (state.markets.has(id)) continue;
      const isWhole =
        bets === this.#bets.get(id) &&
        found === this.#statements.partsOf.get(id)?.count &&
        listed.has(id) &&
        listed.get(id) === shelf.market(id)?.seq;
      if (!isWhole) return notKept(`market ${id}`);
    }
    return '';
  }

  #book({ kind, amount, dr, cr }: Fields): void {
    if (dr === undefined || kind === 'sell') return;
    const minor = Number(amount);
    const from = this.#account(dr);
    const to = this.#account(cr);
    if (kind === 'bet' || kind === 'post' || kind === 'void') {
      const sign = kind === 'bet' ? 1 : -1;
      from.pendingOut += sign * minor;
      to.pendingIn += sign * minor;
    }
    if (kind === 'bet' || kind === 'void') return;
    from.posted -= minor;
    to.posted += minor;
  }

  #account(name: string): Account {
    let account = this.#accounts.get(name);
    if (!account) {
      account = { posted: 0, pendingOut: 0, pendingIn: 0 };
      this.#accounts.set(name, account);
    }
    return account;
  }

  #compare(): string {
    const { state, lastHash } = this.#journal;
    if (this.#seq !== state.seq || !Buffer.from(lastHash).equals(this.#hash)) {
      return broken(this.#seq + 1, 'the journal on the disk ends before it');
    }
    if (this.#accounts.size !== state.accounts.size) {
      return `After row ${this.#seq} there are other accounts than the rows say.`;
    }
    for (const [name, account] of this.#accounts) {
      const known = state.accounts.get(name);
      const isSame =
        known?.posted === account.posted &&
        known.pendingOut === account.pendingOut &&
        known.pendingIn === account.pendingIn;
      if (!isSame) return `After row ${this.#seq} ${name} holds another amount than the rows say.`;
    }
    return '';
  }
}

function statementsOf({ store: { database } }: Journal) {
  return {
    seqOf: database.prepare<[id: Buffer], { seq: number }>('SELECT seq FROM ids WHERE id = ?'),
    listed: database.prepare<[], { market: string; seq: number }>(
      'SELECT market, seq FROM ended_markets WHERE seq > 0 ORDER BY seq DESC',
    ),
    partsOf: database.prepare<[market: string], { count: number }>(
      'SELECT count(*) AS count FROM ended_bets WHERE market = ?',
    ),
    parts: database.prepare<[string, number, string, number], ShelfPart>(
      'SELECT subject, last_seq AS lastSeq, market, bets, mac, ' +
        'iif(json_valid(bets), json_array_length(bets), -1) AS count, ' +
        "iif(json_valid(bets), json_extract(bets, '$[#-1][1]'), -1) AS lastSeqInside " +
        'FROM ended_bets ' +
        'WHERE (subject, last_seq, market) > (?, ?, ?) ' +
        'ORDER BY subject, last_seq, market LIMIT ?',
    ),
  };
}

function notKept(what: string): string {
  return `Beside the journal, ${what} is not kept as the rows say; a restart reads them anew.`;
}

function broken(seq: number, what: string): string {
  return `Row ${seq} of the journal does not verify: ${what}.`;
}

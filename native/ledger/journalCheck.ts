// After a start from a checkpoint: reads the journal from its first row in small parts, recomputes
// the chain and every balance, and compares both with the memory once it has caught up. Written
// apart from the fold: it looks only at transfers and reservations, so it needs no memory of bets.
// Then it looks whether the shelf has all of each ended market, and finds it.

import { FIRST_PREVIOUS_HASH } from '../../core/ledger/canonical.ts';
import type { Account } from '../../core/ledger/fold.ts';
import { chainHashOf } from '../hash/sha256.ts';
import { isDamage } from '../sqlite/failure.ts';
import type { Journal } from './journal.ts';
import { ShelfCheck } from './shelfCheck.ts';

/** Rows of one part: about two milliseconds. */
const PART_ROWS = 400;

type Fields = {
  kind: string;
  seq: number;
  id: string;
  amount: string;
  dr: string;
  cr: string;
  market?: string;
};

export class JournalCheck {
  readonly #journal: Journal;
  readonly #accounts = new Map<string, Account>();
  /** Bets of every market, by the rows. */
  readonly #bets = new Map<string, number>();
  #seq = 0;
  #hash: Uint8Array = FIRST_PREVIOUS_HASH;
  #shelf: ShelfCheck | null = null;

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  get seq(): number {
    return this.#seq;
  }

  /** Checks one part. Null: there is more; empty: all is well; else what is wrong and where. */
  step(): string | null {
    try {
      return this.#shelf ? this.#stepShelf(this.#shelf) : this.#stepRows();
    } catch (cause) {
      if (!isDamage(cause)) throw cause;
      return this.#shelf ? notKept('a market') : broken(this.#seq + 1, 'it cannot be read');
    }
  }

  #stepShelf(shelf: ShelfCheck): string | null {
    const wrong = shelf.step();
    return wrong ? notKept(`market ${wrong}`) : wrong;
  }

  #stepRows(): string | null {
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
        if (row.kind === 'bet') this.#count(row);
        if (!this.#isFound(row)) return notKept(`${row.kind} ${row.id}`);
      } catch {
        return broken(seq, 'it cannot be read');
      }
      this.#hash = expected;
      this.#seq = seq;
    }
    if (this.#seq < this.#journal.state.seq && rows.length > 0) return null;
    const found = this.#compare();
    if (found !== '') return found;
    this.#shelf = new ShelfCheck(this.#journal, this.#bets);
    return null;
  }

  #count({ cr }: Fields): void {
    const market = marketOf(cr);
    this.#bets.set(market, (this.#bets.get(market) ?? 0) + 1);
  }

  /** Whether a retry of a bet or a sale would find it: in memory, or by its id on the shelf. */
  #isFound({ kind, id, seq, dr, cr }: Fields): boolean {
    if (kind !== 'bet' && kind !== 'sell') return true;
    const { shelf, state } = this.#journal;
    // A sale's points come out of its market.
    if (state.markets.has(marketOf(kind === 'sell' ? dr : cr))) return true;
    try {
      return shelf.seqOf(id) === seq;
    } catch (cause) {
      if (isDamage(cause)) return false;
      throw cause;
    }
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

function marketOf(escrow: string): string {
  return escrow.slice('escrow:'.length);
}

function notKept(what: string): string {
  return `Beside the journal, ${what} is not kept as the rows say; a restart reads them anew.`;
}

function broken(seq: number, what: string): string {
  return `Row ${seq} of the journal does not verify: ${what}.`;
}

// The witness's own arithmetic, written apart from the ledger's fold so that the two check each
// other: points move between accounts, stakes are reserved and released once, nobody but the house
// and debts goes below zero. It keeps balances and undecided bets, nothing about markets.

import { mayOwe, type Row } from '../../core/ledger/rows.ts';

export type WitnessAccount = { postedMinor: number; reservedMinor: number };
export type WitnessBet = {
  account: string;
  escrow: string;
  amountMinor: number;
  state: 'PENDING' | 'POSTED' | 'PAID' | 'VOID';
};

/** Where balances live while a batch is worked out. */
export type WitnessBooks = {
  account(name: string): WitnessAccount;
  setAccount(name: string, account: WitnessAccount): void;
  bet(id: string): WitnessBet | null;
  setBet(id: string, bet: WitnessBet): void;
};

/** A row needs an account or a bet that was not read from the store: read it and begin again. */
export class NotRead extends Error {
  readonly of: 'account' | 'bet';
  readonly key: string;

  constructor(of: 'account' | 'bet', key: string) {
    super(`The ${of} ${key} was not read.`);
    this.of = of;
    this.key = key;
  }
}

type Pages = { accounts: Map<string, WitnessAccount>; bets: Map<string, WitnessBet> };

/** The accounts and bets that rows most likely touch, by the fields that name one. */
export function namesIn(rows: readonly Row[]): { accounts: Set<string>; bets: Set<string> } {
  const accounts = new Set<string>();
  const bets = new Set<string>();
  for (const row of rows) {
    if ('dr' in row) accounts.add(row.dr).add(row.cr);
    if (row.kind === 'bet') bets.add(row.id);
    if ('pending' in row) bets.add(row.pending);
    if ('bet' in row) bets.add(row.bet);
  }
  return { accounts, bets };
}

/**
 * Books of one batch in memory: what was read, and what the batch changed.
 *
 * @param names what was asked of the store; a name that it did not have is a new one
 */
export function booksOver(
  names: { accounts: ReadonlySet<string>; bets: ReadonlySet<string> },
  pages: Pages,
): WitnessBooks & { changed: Pages } {
  const changed: Pages = { accounts: new Map(), bets: new Map() };
  return {
    changed,
    account(name) {
      if (!names.accounts.has(name)) throw new NotRead('account', name);
      const known = changed.accounts.get(name) ?? pages.accounts.get(name);
      return known ?? { postedMinor: 0, reservedMinor: 0 };
    },
    setAccount(name, account) {
      changed.accounts.set(name, account);
    },
    bet(id) {
      if (!names.bets.has(id)) throw new NotRead('bet', id);
      return changed.bets.get(id) ?? pages.bets.get(id) ?? null;
    },
    setBet(id, bet) {
      changed.bets.set(id, bet);
    },
  };
}

/** The arithmetic of a row does not hold. */
export class Unbalanced extends Error {}

/** Books one row. Throws Unbalanced; what was booked before it in the batch is then undone. */
export function bookRow(books: WitnessBooks, row: Row): void {
  switch (row.kind) {
    case 'grant':
    case 'rake':
    case 'repay':
    case 'subsidy':
    case 'residue':
    case 'proceeds':
    case 'adjust':
      move(books, row);
      return;
    case 'bet': {
      if (books.bet(row.id)) throw new Unbalanced(`Bet ${row.id} was placed before.`);
      const amountMinor = Number(row.amount);
      reserve(books, row.dr, amountMinor);
      const bet = { account: row.dr, escrow: row.cr, amountMinor, state: 'PENDING' } as const;
      books.setBet(row.id, bet);
      return;
    }
    case 'post':
    case 'void': {
      const bet = books.bet(row.pending);
      const isWhole =
        bet?.state === 'PENDING' &&
        bet.account === row.dr &&
        bet.escrow === row.cr &&
        bet.amountMinor === Number(row.amount);
      if (!isWhole) throw new Unbalanced(`Row ${row.seq} decides a bet that does not wait so.`);
      reserve(books, row.dr, -bet.amountMinor);
      if (row.kind === 'post') move(books, row);
      books.setBet(row.pending, { ...bet, state: row.kind === 'post' ? 'POSTED' : 'VOID' });
      return;
    }
    case 'payout': {
      const bet = books.bet(row.bet);
      if (bet?.state !== 'POSTED' || bet.account !== row.cr || bet.escrow !== row.dr) {
        throw new Unbalanced(`Row ${row.seq} pays a bet that does not stand so.`);
      }
      move(books, row);
      books.setBet(row.bet, { ...bet, state: 'PAID' });
      return;
    }
    default:
      // Openings, locks, decisions, wishes and acts move no points.
      return;
  }
}

function move(books: WitnessBooks, row: { seq: number; dr: string; cr: string; amount: string }) {
  if (row.dr === row.cr) throw new Unbalanced(`Row ${row.seq} moves points onto themselves.`);
  const amountMinor = Number(row.amount);
  const from = books.account(row.dr);
  const to = books.account(row.cr);
  change(books, row.dr, { ...from, postedMinor: from.postedMinor - amountMinor });
  change(books, row.cr, { ...to, postedMinor: to.postedMinor + amountMinor });
}

function reserve(books: WitnessBooks, name: string, amountMinor: number): void {
  const account = books.account(name);
  change(books, name, { ...account, reservedMinor: account.reservedMinor + amountMinor });
}

function change(books: WitnessBooks, name: string, next: WitnessAccount): void {
  if (!Number.isSafeInteger(next.postedMinor) || !Number.isSafeInteger(next.reservedMinor)) {
    throw new Unbalanced(`${name} left the range of exact numbers.`);
  }
  if (next.reservedMinor < 0 || (!mayOwe(name) && next.postedMinor < next.reservedMinor)) {
    throw new Unbalanced(`${name} does not cover what it gives.`);
  }
  books.setAccount(name, next);
}

// The witness's own arithmetic, written apart from the ledger's fold so that the two check each
// other: points move between accounts, stakes are reserved and released once, nobody but the house
// goes below zero. It keeps balances and undecided bets, nothing about markets.

import { HOUSE, HOUSE_RAKE, type Row } from '../../core/ledger/rows.ts';

export type WitnessAccount = { postedMinor: number; reservedMinor: number };
export type WitnessBet = {
  account: string;
  escrow: string;
  amountMinor: number;
  state: 'PENDING' | 'POSTED' | 'PAID' | 'VOID';
};

/** Where balances live: in the store's open transaction, so that a refused batch leaves nothing. */
export type WitnessBooks = {
  account(name: string): WitnessAccount;
  setAccount(name: string, account: WitnessAccount): void;
  bet(id: string): WitnessBet | null;
  setBet(id: string, bet: WitnessBet): void;
};

/** Books of one batch: each account is read once and written once, however often it changes. */
export function gatherBooks(books: WitnessBooks): WitnessBooks & { write(): void } {
  const accounts = new Map<string, WitnessAccount>();
  const changedAccounts = new Set<string>();
  const bets = new Map<string, WitnessBet | null>();
  const changedBets = new Set<string>();
  return {
    account(name) {
      const known = accounts.get(name) ?? books.account(name);
      accounts.set(name, known);
      return known;
    },
    setAccount(name, account) {
      accounts.set(name, account);
      changedAccounts.add(name);
    },
    bet(id) {
      const known = bets.get(id);
      const bet = known === undefined ? books.bet(id) : known;
      bets.set(id, bet);
      return bet;
    },
    setBet(id, bet) {
      bets.set(id, bet);
      changedBets.add(id);
    },
    write() {
      for (const name of changedAccounts) books.setAccount(name, this.account(name));
      for (const id of changedBets) {
        const bet = bets.get(id);
        if (bet) books.setBet(id, bet);
      }
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
      // Openings, locks, decisions and acts move no points.
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
  const isHouse = name === HOUSE || name === HOUSE_RAKE;
  if (!Number.isSafeInteger(next.postedMinor) || !Number.isSafeInteger(next.reservedMinor)) {
    throw new Unbalanced(`${name} left the range of exact numbers.`);
  }
  if (next.reservedMinor < 0 || (!isHouse && next.postedMinor < next.reservedMinor)) {
    throw new Unbalanced(`${name} does not cover what it gives.`);
  }
  books.setAccount(name, next);
}

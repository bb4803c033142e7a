// What the journal means: accounts, pendings, markets and bets, folded row by row. Pure state, no
// clock and no disk. It trusts the rows it is given (the writer refused everything else before) and
// asserts what must hold, so that a broken journal stops here instead of paying somebody.

import { assert, unreachable } from '../base/assert.ts';
import type { MarketState } from '../contract/state.ts';
import { tighterCutoff } from '../markets/mediaClock.ts';
import { accountOwner, HOUSE, HOUSE_RAKE, type Row, type RowOf, userAccount } from './rows.ts';

export type Account = {
  /** Everything that came minus everything that went, minor points. */
  posted: number;
  /** Reserved by bets that are not decided. */
  pendingOut: number;
  pendingIn: number;
};

export type Bet = {
  id: string;
  seq: number;
  subject: string;
  market: string;
  outcome: number;
  amountMinor: number;
  atUs: number;
  state: 'PENDING' | 'POSTED' | 'VOID';
  why: RowOf<'void'>['why'] | null;
  paidMinor: number;
};

export type Market = {
  id: string;
  seq: number;
  state: MarketState;
  rules: string;
  outcomes: number;
  opensAtUs: number;
  lockAtUs: number;
  horizonAtUs: number;
  deadlineAtUs: number;
  guardMs: number;
  rakeBasisPoints: number;
  cutoffUs: number | null;
  tCapUs: number | null;
  winner: number | null;
  settlement: 'paid' | 'refund' | null;
  /** Hash of the text that says why it was locked, resolved or voided last. */
  reason: string;
  poolsMinor: number[];
  /** Per outcome, subject -> number of its bets that stand. */
  bettors: Map<string, number>[];
  bets: Bet[];
  voidedBets: number;
  paidMinor: number;
};

export type LedgerState = {
  seq: number;
  ledger: string;
  epoch: number;
  channel: string;
  accounts: Map<string, Account>;
  markets: Map<string, Market>;
  bets: Map<string, Bet>;
  betsOfSubject: Map<string, Bet[]>;
};

/** The state before the first row. */
export function emptyLedger(): LedgerState {
  return {
    seq: 0,
    ledger: '',
    epoch: 0,
    channel: '',
    accounts: new Map(),
    markets: new Map(),
    bets: new Map(),
    betsOfSubject: new Map(),
  };
}

/** Points that `account` can spend now, minor. */
export function availableMinor(state: LedgerState, account: string): number {
  const known = state.accounts.get(account);
  return known ? known.posted - known.pendingOut : 0;
}

/** Takes one row into `state`. Throws when the row cannot follow. */
export function applyRow(state: LedgerState, row: Row): void {
  assert(row.seq === state.seq + 1, `row ${row.seq} follows row ${state.seq}`);
  switch (row.kind) {
    case 'ledger.opened':
      assert(row.seq === 1, 'a ledger is opened once, in its first row');
      state.ledger = row.ledger;
      state.epoch = row.epoch;
      state.channel = row.channel;
      break;
    case 'grant':
    case 'rake':
      move(state, row);
      break;
    case 'market.opened':
      openMarket(state, row);
      break;
    case 'market.locked':
      lockMarket(state, row);
      break;
    case 'market.resolved':
      resolveMarket(state, row);
      break;
    case 'market.voided':
      endMarket(state, row, 'VOID');
      break;
    case 'bet':
      reserve(state, row);
      break;
    case 'post':
      postPending(state, row);
      break;
    case 'void':
      voidPending(state, row);
      break;
    case 'payout':
      payOut(state, row);
      break;
    case 'act':
      break;
    default:
      unreachable(row);
  }
  state.seq = row.seq;
}

type Transfer = { dr: string; cr: string; amount: string };

function accountOf(state: LedgerState, name: string): Account {
  let account = state.accounts.get(name);
  if (!account) {
    account = { posted: 0, pendingOut: 0, pendingIn: 0 };
    state.accounts.set(name, account);
  }
  return account;
}

function isHouse(name: string): boolean {
  return name === HOUSE || name === HOUSE_RAKE;
}

function move(state: LedgerState, transfer: Transfer): void {
  const amount = Number(transfer.amount);
  const from = accountOf(state, transfer.dr);
  const to = accountOf(state, transfer.cr);
  from.posted -= amount;
  to.posted += amount;
  assert(Number.isSafeInteger(from.posted) && Number.isSafeInteger(to.posted), 'sums are exact');
  // Only the house may owe: it is where play points come from.
  assert(isHouse(transfer.dr) || from.posted >= from.pendingOut, `${transfer.dr} covers it`);
}

function openMarket(state: LedgerState, row: RowOf<'market.opened'>): void {
  assert(!state.markets.has(row.market), `market ${row.market} is opened once`);
  state.markets.set(row.market, {
    id: row.market,
    seq: row.seq,
    state: 'OPEN',
    rules: row.rules,
    outcomes: row.outcomes,
    opensAtUs: row.opensAt,
    lockAtUs: row.lockAt,
    horizonAtUs: row.horizonAt,
    deadlineAtUs: row.deadlineAt,
    guardMs: row.guardMs,
    rakeBasisPoints: row.rakeBasisPoints,
    cutoffUs: null,
    tCapUs: null,
    winner: null,
    settlement: null,
    reason: row.reason,
    poolsMinor: new Array<number>(row.outcomes).fill(0),
    bettors: Array.from({ length: row.outcomes }, () => new Map<string, number>()),
    bets: [],
    voidedBets: 0,
    paidMinor: 0,
  });
}

function marketOf(state: LedgerState, id: string): Market {
  const market = state.markets.get(id);
  assert(market !== undefined, `market ${id} was opened`);
  return market;
}

function lockMarket(state: LedgerState, row: RowOf<'market.locked'>): void {
  const market = marketOf(state, row.market);
  assert(market.state === 'OPEN' || market.state === 'LOCKED', `${row.market} can be locked`);
  market.state = 'LOCKED';
  market.reason = row.reason;
  market.cutoffUs = tighterCutoff(market.cutoffUs, row.cutoff);
  if (row.tCap !== null && (market.tCapUs === null || row.tCap < market.tCapUs)) {
    market.tCapUs = row.tCap;
  }
}

function resolveMarket(state: LedgerState, row: RowOf<'market.resolved'>): void {
  const market = marketOf(state, row.market);
  assert(market.state === 'LOCKED', `${row.market} is locked before it is resolved`);
  assert(row.outcome < market.outcomes, `${row.market} has outcome ${row.outcome}`);
  market.state = 'RESOLVED';
  market.winner = row.outcome;
  market.settlement = row.settlement;
  market.reason = row.reason;
}

function endMarket(state: LedgerState, row: RowOf<'market.voided'>, to: 'VOID'): void {
  const market = marketOf(state, row.market);
  assert(market.state === 'OPEN' || market.state === 'LOCKED', `${row.market} can be voided`);
  market.state = to;
  market.reason = row.reason;
}

function reserve(state: LedgerState, row: RowOf<'bet'>): void {
  const amount = Number(row.amount);
  const market = marketOf(state, accountOwner(row.cr));
  assert(market.state === 'OPEN', `${market.id} takes bets`);
  assert(row.outcome < market.outcomes, `${market.id} has outcome ${row.outcome}`);
  assert(!state.bets.has(row.id), `bet ${row.id} is new`);
  const from = accountOf(state, row.dr);
  from.pendingOut += amount;
  assert(from.pendingOut <= from.posted, `${row.dr} covers its bets`);
  accountOf(state, row.cr).pendingIn += amount;

  const subject = accountOwner(row.dr);
  const bet: Bet = {
    id: row.id,
    seq: row.seq,
    subject,
    market: market.id,
    outcome: row.outcome,
    amountMinor: amount,
    atUs: row.at,
    state: 'PENDING',
    why: null,
    paidMinor: 0,
  };
  state.bets.set(bet.id, bet);
  market.bets.push(bet);
  const own = state.betsOfSubject.get(subject);
  if (own) own.push(bet);
  else state.betsOfSubject.set(subject, [bet]);
  market.poolsMinor[bet.outcome] = (market.poolsMinor[bet.outcome] ?? 0) + amount;
  const bettors = market.bettors[bet.outcome];
  bettors?.set(subject, (bettors.get(subject) ?? 0) + 1);
}

function release(state: LedgerState, row: Transfer & { pending: string }): Bet {
  const bet = state.bets.get(row.pending);
  assert(bet !== undefined && bet.state === 'PENDING', `${row.pending} is decided once`);
  assert(bet.amountMinor === Number(row.amount), `${row.pending} is decided whole`);
  assert(row.dr === userAccount(bet.subject), `${row.pending} is decided for its bettor`);
  assert(accountOwner(row.cr) === bet.market, `${row.pending} is decided in its market`);
  accountOf(state, row.dr).pendingOut -= bet.amountMinor;
  accountOf(state, row.cr).pendingIn -= bet.amountMinor;
  return bet;
}

function postPending(state: LedgerState, row: RowOf<'post'>): void {
  const bet = release(state, row);
  bet.state = 'POSTED';
  move(state, row);
}

function voidPending(state: LedgerState, row: RowOf<'void'>): void {
  const bet = release(state, row);
  bet.state = 'VOID';
  bet.why = row.why;
  const market = marketOf(state, bet.market);
  if (row.why === 'LATE_MEDIA') market.voidedBets++;
  market.poolsMinor[bet.outcome] = (market.poolsMinor[bet.outcome] ?? 0) - bet.amountMinor;
  const bettors = market.bettors[bet.outcome];
  const left = (bettors?.get(bet.subject) ?? 1) - 1;
  if (left > 0) bettors?.set(bet.subject, left);
  else bettors?.delete(bet.subject);
}

function payOut(state: LedgerState, row: RowOf<'payout'>): void {
  const bet = state.bets.get(row.bet);
  assert(bet !== undefined && bet.state === 'POSTED', `${row.bet} stands when it is paid`);
  assert(bet.paidMinor === 0, `${row.bet} is paid once`);
  assert(row.cr === userAccount(bet.subject), `${row.bet} is paid to its bettor`);
  bet.paidMinor = Number(row.amount);
  marketOf(state, bet.market).paidMinor += bet.paidMinor;
  move(state, row);
}

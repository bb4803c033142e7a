// What the journal means: accounts, pendings, markets and bets, folded row by row. Pure state, no
// clock and no disk. It trusts the rows it is given (the writer refused everything else before) and
// asserts what must hold, so that a broken journal stops here instead of paying somebody.

import { assert } from '../base/assert.ts';
import type { MarketState } from '../contract/state.ts';
import { tighterCutoff } from '../markets/mediaClock.ts';
import {
  adjust,
  countBet,
  fillBet,
  payProceeds,
  recount,
  recountWithdrawals,
  sellShares,
  withdrawBet,
} from './foldMoves.ts';
import {
  DAY_US,
  FIRST_POLICY,
  type LimitHistory,
  type LimitName,
  type Policy,
  withLimit,
} from './policy.ts';
import {
  accountOwner,
  escrowAccount,
  HOUSE_SUBSIDY,
  mayOwe,
  type Row,
  type RowOf,
  userAccount,
} from './rows.ts';

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
  /** All that it brought: payout and sales, as decided last. */
  paidMinor: number;
  /** When its bettor asked for the stake back; null when not. */
  withdrawnAtUs: number | null;
  /** Thousandths of shares bought; 0 where winners share the pool. */
  milliShares: number;
  sales: readonly Sale[];
  /** Whether its stake is in the pool that is shown. */
  isCounted: boolean;
};

export type Sale = {
  id: string;
  seq: number;
  bet: string;
  atUs: number;
  milliShares: number;
  amountMinor: number;
  state: 'PENDING' | 'PAID' | 'VOID';
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
  /** Most of the pool that guests may hold; absent: any part. */
  guestShareBasisPoints?: number;
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
  rakeMinor: number;
  /** What the house put in; 0 where winners share the pool. */
  budgetMinor: number;
  residueMinor: number;
  /** Thousandths of shares held per outcome; empty where winners share the pool. */
  milliShares: number[];
  /** Counts what moved the price. */
  quoteSeq: number;
  /** Arrival of the last bet or sale: where order is price, time never runs backwards. */
  lastMoveUs: number;
  resolvedAtUs: number;
  /** How often the decision was corrected. */
  revision: number;
  /** It was decided, and not all of what follows from that is written yet. */
  isSettling: boolean;
  /** Of an ended market whose bets were put away: what is still told of them. */
  shelved: { bettors: number[]; hadWinner: boolean; bets?: number } | null;
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
  /** Of everybody who ever bet. */
  bettors: Map<string, { bets: number; lastSeq: number; lastAtUs: number }>;
  sales: Map<string, Sale>;
  policy: Policy;
  /** Latest time in any row, microseconds: the ledger's clock, which no clock set back can turn. */
  nowUs: number;
  limits: Map<string, Map<LimitName, LimitHistory>>;
  banned: Set<string>;
  /** Who runs the show: subject -> markets, '' for all. */
  staff: Map<string, ReadonlySet<string>>;
  /** What vested to a subject by watching. */
  vested: Map<string, Vested>;
};

/** `recent` are those of the last day; the older ones only count. */
export type Vested = {
  count: number;
  lastAtUs: number;
  recent: { atUs: number; amountMinor: number }[];
};

/** Whether a viewer runs the show or may decide this market. */
export function isStaffOf(state: LedgerState, subject: string, market: string): boolean {
  const markets = state.staff.get(subject);
  return markets !== undefined && (markets.has('') || markets.has(market));
}

/** A viewer to whom nothing has vested by watching yet. */
export function isGuest(state: LedgerState, subject: string): boolean {
  return (state.vested.get(subject)?.count ?? 0) === 0;
}

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
    bettors: new Map(),
    sales: new Map(),
    policy: FIRST_POLICY,
    nowUs: 0,
    limits: new Map(),
    banned: new Set(),
    staff: new Map(),
    vested: new Map(),
  };
}

/** Most bets never have one. */
const NO_SALES: readonly Sale[] = [];

/** Points that `account` can spend now, minor. */
export function availableMinor(state: LedgerState, account: string): number {
  const known = state.accounts.get(account);
  return known ? known.posted - known.pendingOut : 0;
}

/** Takes one row into `state`. Throws when the row cannot follow. */
export function applyRow(state: LedgerState, row: Row): void {
  assert(row.seq === state.seq + 1, () => `row ${row.seq} follows row ${state.seq}`);
  const apply = APPLY[row.kind] as (state: LedgerState, row: Row) => void;
  apply(state, row);
  state.seq = row.seq;
  state.nowUs = Math.max(state.nowUs, row.at);
}

const APPLY: { [Kind in Row['kind']]: (state: LedgerState, row: RowOf<Kind>) => void } = {
  'ledger.opened': (state, row) => {
    assert(row.seq === 1, 'a ledger is opened once, in its first row');
    state.ledger = row.ledger;
    state.epoch = row.epoch;
    state.channel = row.channel;
  },
  'market.opened': openMarket,
  'market.extended': extendMarket,
  'market.locked': lockMarket,
  'market.resolved': resolveMarket,
  'market.voided': voidMarket,
  'market.corrected': correctMarket,
  grant,
  repay: move,
  rake: (state, row) => {
    marketOf(state, accountOwner(row.dr)).rakeMinor += Number(row.amount);
    move(state, row);
  },
  subsidy: putIn,
  residue: (state, row) => {
    marketOf(state, accountOwner(row.dr)).residueMinor += Number(row.amount);
    move(state, row);
  },
  bet: reserve,
  post: postPending,
  void: voidPending,
  payout: payOut,
  withdraw: withdrawBet,
  fill: fillBet,
  sell: sellShares,
  proceeds: (state, row) => {
    payProceeds(state, row);
    move(state, row);
  },
  recount,
  adjust: (state, row) => {
    adjust(state, row);
    move(state, row);
  },
  policy: (state, row) => {
    state.policy = row.policy;
  },
  limit: setLimit,
  ban: (state, row) => {
    if (row.isBanned) state.banned.add(row.subject);
    else state.banned.delete(row.subject);
  },
  staff: (state, row) => {
    const markets = new Set(state.staff.get(row.subject));
    if (row.isStaff) markets.add(row.market);
    else markets.delete(row.market);
    state.staff.set(row.subject, markets);
  },
  evidence: () => {
    // It shows why; what it decided stands in rows of its own.
  },
  act: (state, row) => {
    if (row.act === 'market.settling') marketOf(state, row.target).isSettling = true;
    if (row.act === 'market.settled') endSettling(state, row.target);
  },
};

function endSettling(state: LedgerState, id: string): void {
  const market = marketOf(state, id);
  const escrow = accountOf(state, escrowAccount(id));
  assert(market.isSettling && market.state !== 'OPEN', () => `${id} was being settled`);
  assert(escrow.posted === 0 && escrow.pendingIn === 0, () => `${id} holds nothing any more`);
  market.isSettling = false;
}

function grant(state: LedgerState, row: RowOf<'grant'>): void {
  const subject = accountOwner(row.cr);
  if (row.id !== `grant:${subject}`) {
    const { count, recent } = state.vested.get(subject) ?? { count: 0, recent: [] };
    const kept = recent.filter((one) => one.atUs > state.nowUs - DAY_US);
    kept.push({ atUs: row.at, amountMinor: Number(row.amount) });
    state.vested.set(subject, { count: count + 1, lastAtUs: row.at, recent: kept });
  }
  move(state, row);
}

function setLimit(state: LedgerState, row: RowOf<'limit'>): void {
  const own = state.limits.get(row.subject) ?? new Map<LimitName, LimitHistory>();
  state.limits.set(row.subject, own);
  const setting = { value: row.value, fromUs: row.from };
  own.set(row.limit, withLimit(own.get(row.limit), setting, row.at));
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

function move(state: LedgerState, transfer: Transfer): void {
  const amount = Number(transfer.amount);
  const from = accountOf(state, transfer.dr);
  const to = accountOf(state, transfer.cr);
  from.posted -= amount;
  to.posted += amount;
  assert(Number.isSafeInteger(from.posted) && Number.isSafeInteger(to.posted), 'sums are exact');
  // Only the house and debts may owe: that is where play points come from, and where they lack.
  assert(mayOwe(transfer.dr) || from.posted >= from.pendingOut, () => `${transfer.dr} covers it`);
}

function openMarket(state: LedgerState, row: RowOf<'market.opened'>): void {
  assert(!state.markets.has(row.market), () => `market ${row.market} is opened once`);
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
    ...(row.guestShareBasisPoints === undefined
      ? {}
      : { guestShareBasisPoints: row.guestShareBasisPoints }),
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
    rakeMinor: 0,
    budgetMinor: 0,
    residueMinor: 0,
    milliShares: [],
    quoteSeq: 0,
    lastMoveUs: 0,
    resolvedAtUs: 0,
    revision: 0,
    isSettling: false,
    shelved: null,
  });
}

function putIn(state: LedgerState, row: RowOf<'subsidy'>): void {
  const market = marketOf(state, accountOwner(row.cr));
  assert(row.dr === HOUSE_SUBSIDY && market.bets.length === 0, 'a subsidy comes first');
  market.budgetMinor += Number(row.amount);
  market.milliShares = new Array<number>(market.outcomes).fill(0);
  move(state, row);
}

function extendMarket(state: LedgerState, row: RowOf<'market.extended'>): void {
  const market = marketOf(state, row.market);
  const isOpen = market.state === 'OPEN';
  assert(isOpen || market.state === 'LOCKED', () => `${row.market} can be extended`);
  assert(row.lockAt === market.lockAtUs || (isOpen && row.lockAt > market.lockAtUs), 'later');
  assert(row.deadlineAt >= market.deadlineAtUs, 'a deadline only moves later');
  market.lockAtUs = row.lockAt;
  market.deadlineAtUs = row.deadlineAt;
}

function marketOf(state: LedgerState, id: string): Market {
  const market = state.markets.get(id);
  assert(market !== undefined, () => `market ${id} was opened`);
  return market;
}

function lockMarket(state: LedgerState, row: RowOf<'market.locked'>): void {
  const market = marketOf(state, row.market);
  assert(market.state === 'OPEN' || market.state === 'LOCKED', () => `${row.market} can be locked`);
  market.state = 'LOCKED';
  market.reason = row.reason;
  market.cutoffUs = tighterCutoff(market.cutoffUs, row.cutoff);
  if (row.tCap !== null && (market.tCapUs === null || row.tCap < market.tCapUs)) {
    market.tCapUs = row.tCap;
  }
  recountWithdrawals(market);
}

function resolveMarket(state: LedgerState, row: RowOf<'market.resolved'>): void {
  const market = marketOf(state, row.market);
  assert(market.state === 'LOCKED', () => `${row.market} is locked before it is resolved`);
  assert(row.outcome < market.outcomes, () => `${row.market} has outcome ${row.outcome}`);
  market.state = 'RESOLVED';
  market.winner = row.outcome;
  market.settlement = row.settlement;
  market.reason = row.reason;
  market.resolvedAtUs = row.at;
}

function voidMarket(state: LedgerState, row: RowOf<'market.voided'>): void {
  const market = marketOf(state, row.market);
  assert(market.state === 'OPEN' || market.state === 'LOCKED', () => `${row.market} can be voided`);
  market.state = 'VOID';
  market.reason = row.reason;
}

function correctMarket(state: LedgerState, row: RowOf<'market.corrected'>): void {
  const market = marketOf(state, row.market);
  assert(market.state === 'RESOLVED', () => `${row.market} was resolved before it is corrected`);
  assert(row.revision === market.revision + 1, () => `${row.market} is corrected in order`);
  assert(row.outcome === null || row.outcome < market.outcomes, 'it has this outcome');
  market.state = row.outcome === null ? 'VOID' : 'RESOLVED';
  market.winner = row.outcome;
  market.settlement = row.settlement === 'void' ? null : row.settlement;
  market.cutoffUs = row.cutoff;
  if (row.tCap !== null) market.tCapUs = row.tCap;
  market.reason = row.reason;
  market.revision = row.revision;
  recountWithdrawals(market);
}

function reserve(state: LedgerState, row: RowOf<'bet'>): void {
  const amount = Number(row.amount);
  const market = marketOf(state, accountOwner(row.cr));
  assert(market.state === 'OPEN', () => `${market.id} takes bets`);
  assert(row.outcome < market.outcomes, () => `${market.id} has outcome ${row.outcome}`);
  assert(!state.bets.has(row.id), () => `bet ${row.id} is new`);
  const from = accountOf(state, row.dr);
  from.pendingOut += amount;
  assert(from.pendingOut <= from.posted, () => `${row.dr} covers its bets`);
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
    withdrawnAtUs: null,
    milliShares: 0,
    sales: NO_SALES,
    isCounted: false,
  };
  state.bets.set(bet.id, bet);
  market.bets.push(bet);
  const own = state.betsOfSubject.get(subject);
  if (own) own.push(bet);
  else state.betsOfSubject.set(subject, [bet]);
  const bettor = state.bettors.get(subject);
  if (bettor) {
    bettor.bets++;
    bettor.lastSeq = bet.seq;
    bettor.lastAtUs = bet.atUs;
  } else {
    state.bettors.set(subject, { bets: 1, lastSeq: bet.seq, lastAtUs: bet.atUs });
  }
  countBet(market, bet, true);
  market.lastMoveUs = Math.max(market.lastMoveUs, row.at);
}

function release(state: LedgerState, row: Transfer & { pending: string }): Bet {
  const bet = state.bets.get(row.pending);
  assert(bet !== undefined && bet.state === 'PENDING', () => `${row.pending} is decided once`);
  assert(bet.amountMinor === Number(row.amount), () => `${row.pending} is decided whole`);
  assert(row.dr === userAccount(bet.subject), () => `${row.pending} is decided for its bettor`);
  assert(accountOwner(row.cr) === bet.market, () => `${row.pending} is decided in its market`);
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
  countBet(market, bet, false);
  for (const sale of bet.sales) sale.state = 'VOID';
}

function payOut(state: LedgerState, row: RowOf<'payout'>): void {
  const bet = state.bets.get(row.bet);
  assert(bet !== undefined && bet.state === 'POSTED', () => `${row.bet} stands when it is paid`);
  assert(row.cr === userAccount(bet.subject), () => `${row.bet} is paid to its bettor`);
  const soldMinor = bet.sales.reduce(
    (sum, sale) => sum + (sale.state === 'PAID' ? sale.amountMinor : 0),
    0,
  );
  assert(bet.paidMinor === soldMinor, () => `${row.bet} is paid once`);
  bet.paidMinor += Number(row.amount);
  marketOf(state, bet.market).paidMinor += Number(row.amount);
  move(state, row);
}

// Bets, markets and the folded state as text and back: what is kept beside the journal so that not
// every start folds it anew, and the signature over it. Nothing is decoded whose signature was not
// checked first; so the shapes are trusted and not looked at one by one.

import { hash, timingSafeEqual } from 'node:crypto';
import type { Account, Bet, LedgerState, Market, Sale, Vested } from '../../core/ledger/fold.ts';
import { emptyLedger } from '../../core/ledger/fold.ts';
import type { LimitHistory, LimitName } from '../../core/ledger/policy.ts';

/**
 * Signature of parts that belong together, in this order; `kind` keeps them apart from others. As
 * HMAC it hashes twice under the key; an Hmac object for each would cost several times as much.
 */
export function macOf(key: Uint8Array, kind: string, parts: readonly (string | Uint8Array)[]) {
  const bytes = parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part));
  const lengths = bytes.map(({ length }) => length).join(',');
  const inner = Buffer.concat([key, Buffer.from(`inner ${kind} ${lengths}|`), ...bytes]);
  const outer = Buffer.concat([key, Buffer.from('outer'), sha256(inner)]);
  return sha256(outer);
}

function sha256(bytes: Uint8Array): Buffer {
  return Buffer.from(hash('sha256', bytes, 'binary'), 'latin1');
}

export function isMac(mac: Uint8Array, expected: Uint8Array): boolean {
  return mac.length === expected.length && timingSafeEqual(mac, expected);
}

type SaleTuple = [string, number, number, number, number, Sale['state']];
export type BetTuple = [
  id: string,
  seq: number,
  outcome: number,
  amountMinor: number,
  atUs: number,
  state: Bet['state'],
  why: Bet['why'],
  paidMinor: number,
  withdrawnAtUs: number | null,
  milliShares: number,
  isCounted: 0 | 1,
  sales: SaleTuple[] | 0,
];

export function betTuple(bet: Bet): BetTuple {
  const sales = bet.sales.map(
    ({ id, seq, atUs, milliShares, amountMinor, state }): SaleTuple => [
      ...([id, seq, atUs, milliShares, amountMinor, state] as const),
    ],
  );
  return [
    bet.id,
    bet.seq,
    bet.outcome,
    bet.amountMinor,
    bet.atUs,
    bet.state,
    bet.why,
    bet.paidMinor,
    bet.withdrawnAtUs,
    bet.milliShares,
    bet.isCounted ? 1 : 0,
    sales.length === 0 ? 0 : sales,
  ];
}

export function betOfTuple(tuple: BetTuple, subject: string, market: string): Bet {
  const [id, seq, outcome, amountMinor, atUs, state, why, paidMinor] = tuple;
  const [, , , , , , , , withdrawnAtUs, milliShares, isCounted, sales] = tuple;
  return {
    id,
    seq,
    subject,
    market,
    outcome,
    amountMinor,
    atUs,
    state,
    why,
    paidMinor,
    withdrawnAtUs,
    milliShares,
    sales: (sales || []).map(([saleId, saleSeq, saleAtUs, shares, amount, saleState]) => ({
      id: saleId,
      seq: saleSeq,
      bet: id,
      atUs: saleAtUs,
      milliShares: shares,
      amountMinor: amount,
      state: saleState,
    })),
    isCounted: isCounted === 1,
  };
}

type MarketHead = Omit<Market, 'bets' | 'bettors'>;

/** A market without its bets. */
export function headText(market: Market): string {
  const { bets: _, bettors: __, ...head } = market;
  return JSON.stringify(head satisfies MarketHead);
}

export function marketOfHead(text: string): Market {
  const head = JSON.parse(text) as MarketHead;
  return { ...head, bettors: head.poolsMinor.map(() => new Map<string, number>()), bets: [] };
}

/** Puts bets of a market back: into it and into everything that finds them. In order of seq. */
export function takeBets(state: LedgerState, market: Market, bets: readonly Bet[]): void {
  for (const bet of bets) {
    market.bets.push(bet);
    state.bets.set(bet.id, bet);
    for (const sale of bet.sales) state.sales.set(sale.id, sale);
    if (!bet.isCounted) continue;
    const bettors = market.bettors[bet.outcome];
    bettors?.set(bet.subject, (bettors.get(bet.subject) ?? 0) + 1);
  }
}

type StateText = {
  head: Pick<LedgerState, 'seq' | 'ledger' | 'epoch' | 'channel' | 'policy' | 'nowUs'>;
  accounts: (string | number)[];
  markets: { head: string; subjects: string[]; bets: (number | BetTuple)[] }[];
  bettors: (string | number)[];
  limits: [string, [LimitName, LimitHistory][]][];
  banned: string[];
  staff: [string, string[]][];
  vested: [string, Vested][];
};

/** Holds the compiler to it: a part that is added to the state is kept, or said here to be made. */
function assertAllIsKept(state: LedgerState): void {
  const { seq, ledger, epoch, channel, policy, nowUs, ...parts } = state;
  const { accounts, bettors, markets, limits, banned, staff, vested, ...made } = parts;
  const { bets, betsOfSubject, sales, ...forgotten } = made;
  forgotten satisfies Record<string, never>;
}

/** The folded state; about 1 us a bet and an account. */
export function stateText(state: LedgerState): string {
  const { seq, ledger, epoch, channel, policy, nowUs } = state;
  assertAllIsKept(state);
  const accounts: (string | number)[] = [];
  for (const [name, { posted, pendingOut, pendingIn }] of state.accounts) {
    accounts.push(name, posted, pendingOut, pendingIn);
  }
  const bettors: (string | number)[] = [];
  for (const [subject, { bets, lastSeq, lastAtUs }] of state.bettors) {
    bettors.push(subject, bets, lastSeq, lastAtUs);
  }
  const text: StateText = {
    head: { seq, ledger, epoch, channel, policy, nowUs },
    accounts,
    bettors,
    markets: [...state.markets.values()].map((market) => {
      const numbers = new Map<string, number>();
      const bets = market.bets.flatMap((bet) => {
        const number = numbers.get(bet.subject) ?? numbers.size;
        numbers.set(bet.subject, number);
        return [number, betTuple(bet)];
      });
      return { head: headText(market), subjects: [...numbers.keys()], bets };
    }),
    limits: [...state.limits].map(([subject, own]) => [subject, [...own]]),
    banned: [...state.banned],
    staff: [...state.staff].map(([subject, markets]) => [subject, [...markets]]),
    vested: [...state.vested],
  };
  return JSON.stringify(text);
}

export function stateOfText(text: string): LedgerState {
  const read = JSON.parse(text) as StateText;
  const state: LedgerState = { ...emptyLedger(), ...read.head };
  for (let at = 0; at < read.accounts.length; at += 4) {
    const account = {
      posted: read.accounts[at + 1],
      pendingOut: read.accounts[at + 2],
      pendingIn: read.accounts[at + 3],
    } as Account;
    state.accounts.set(read.accounts[at] as string, account);
  }
  const { bettors } = read;
  for (let at = 0; at < bettors.length; at += 4) {
    const [bets, lastSeq, lastAtUs] = [bettors[at + 1], bettors[at + 2], bettors[at + 3]];
    const bettor = { bets, lastSeq, lastAtUs } as {
      bets: number;
      lastSeq: number;
      lastAtUs: number;
    };
    state.bettors.set(bettors[at] as string, bettor);
  }
  const all: Bet[] = [];
  for (const { head, subjects, bets } of read.markets) {
    const market = marketOfHead(head);
    const own: Bet[] = [];
    for (let at = 0; at < bets.length; at += 2) {
      const subject = subjects[bets[at] as number] ?? '';
      own.push(betOfTuple(bets[at + 1] as BetTuple, subject, market.id));
    }
    state.markets.set(market.id, market);
    takeBets(state, market, own);
    for (const bet of own) all.push(bet);
  }
  if (read.markets.length > 1) all.sort((one, other) => one.seq - other.seq);
  for (const bet of all) remember(state, bet);
  state.limits = new Map(read.limits.map(([subject, own]) => [subject, new Map(own)]));
  state.banned = new Set(read.banned);
  state.staff = new Map(read.staff.map(([subject, markets]) => [subject, new Set(markets)]));
  state.vested = new Map(read.vested);
  return state;
}

/** Among the bets of its bettor; in order of seq. */
export function remember(state: LedgerState, bet: Bet): void {
  const own = state.betsOfSubject.get(bet.subject);
  if (own) own.push(bet);
  else state.betsOfSubject.set(bet.subject, [bet]);
}

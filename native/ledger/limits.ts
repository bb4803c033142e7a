// Who may bet how much, and what is given for watching. Checked while a bet is taken, on the
// ledger's own clock (the latest time it ever wrote), which nobody can set back.

import type { Bet, LedgerState, Market } from '../../core/ledger/fold.ts';
import {
  DAY_US,
  type LimitName,
  limitAt,
  limitFromUs,
  type Policy,
} from '../../core/ledger/policy.ts';
import { LedgerRefusal } from '../../core/ledger/refusal.ts';
import { accountOwner, debtAccount, HOUSE, userAccount } from '../../core/ledger/rows.ts';
import type { Journal, RowDraft } from './journal.ts';
import type { RequestArgs, RequestResult } from './protocol.ts';

const SECOND_US = 1_000_000;

/** Throws LedgerRefusal when a bet passes a limit of the studio or of the viewer. */
export function checkLimits(
  journal: Journal,
  subject: string,
  market: Market,
  amountMinor: number,
  arrivedUs: number,
): void {
  const { state } = journal;
  const nowUs = Math.max(arrivedUs, state.nowUs);
  if (state.banned.has(subject)) throw new LedgerRefusal('BANNED');
  const own = state.limits.get(subject);
  const ownAt = (limit: LimitName) => limitAt(own?.get(limit), nowUs);
  if ((ownAt('excludedUntil') ?? 0) > arrivedUs) throw new LedgerRefusal('SELF_EXCLUDED');
  if ((ownAt('pausedUntil') ?? 0) > arrivedUs) throw new LedgerRefusal('TIME_OUT');
  const { policy } = state;
  within(amountMinor, policy.stakeMinorPerBet, 'A stake');
  if (policy.stakeMinorPerMarket !== null) {
    const inMarket = staked(market.bets.filter((bet) => bet.subject === subject));
    within(inMarket + amountMinor, policy.stakeMinorPerMarket, 'All stakes in one market');
  }
  const stakeDay = smaller(policy.stakeMinorPerDay, ownAt('stakeDay'));
  const lossDay = ownAt('lossDay');
  if (stakeDay === null && lossDay === null && policy.betsPerSecond === null) return;
  const recent = journal.betsSince(subject, nowUs - DAY_US);
  within(staked(recent) + amountMinor, stakeDay, 'All stakes of 24 hours');
  within(lossOf(recent) + amountMinor, lossDay, 'What may be lost in 24 hours');
  if (policy.betsPerSecond === null) return;
  const lastSecond = recent.filter((bet) => bet.atUs > arrivedUs - SECOND_US).length;
  if (lastSecond >= policy.betsPerSecond) {
    throw new LedgerRefusal(
      'LIMIT_REACHED',
      `Only ${policy.betsPerSecond} bets a second are taken.`,
    );
  }
}

/** Row that sets a viewer's own limit: stricter at once, looser after 24 hours. */
export function limitRows(journal: Journal, args: RequestArgs<'setLimit'>): RowDraft[] {
  const { state } = journal;
  const nowUs = Math.max(args.atUs, state.nowUs);
  const history = state.limits.get(args.subject)?.get(args.limit);
  return [
    {
      kind: 'limit',
      id: `limit:${args.commandId}`,
      at: nowUs,
      subject: args.subject,
      limit: args.limit,
      value: args.value,
      from: limitFromUs(args.limit, history, args.value, nowUs),
    },
  ];
}

/** The viewer's own limits in force, and when a waiting one comes into force. */
export function limitsView(journal: Journal, args: RequestArgs<'limits'>): RequestResult<'limits'> {
  const { state } = journal;
  const nowUs = Math.max(args.atUs, state.nowUs);
  const own = state.limits.get(args.subject);
  const view = (limit: LimitName) => {
    const history = own?.get(limit);
    const waiting = history?.find((setting) => setting.fromUs > nowUs) ?? null;
    return { value: limitAt(history, nowUs), waiting };
  };
  return {
    stakeDay: view('stakeDay'),
    lossDay: view('lossDay'),
    pausedUntil: view('pausedUntil'),
    excludedUntil: view('excludedUntil'),
    isBanned: state.banned.has(args.subject),
  };
}

/** Row that gives a subject its welcome, or none when it has had it. */
export function welcomeRows(journal: Journal, subject: string, atUs: number): RowDraft[] {
  const { state } = journal;
  const { grantMinor } = state.policy;
  if (state.accounts.has(userAccount(subject)) || grantMinor === 0) return [];
  return [grant(subject, `grant:${subject}`, grantMinor, atUs)];
}

/** Rows for time watched: what vested since the last time, at most what the policy gives. */
export function vestRows(journal: Journal, args: RequestArgs<'vest'>): RowDraft[] {
  const { state } = journal;
  const { policy } = state;
  const nowUs = Math.max(args.atUs, state.nowUs);
  const boundAtUs = journal.store.boundAtOf.get(args.subject)?.boundAtUs;
  if (boundAtUs === undefined) throw new LedgerRefusal('UNKNOWN_SUBJECT');
  const vested = state.vested.get(args.subject);
  const count = vested?.count ?? 0;
  const sinceUs = Math.max(vested?.lastAtUs ?? 0, boundAtUs);
  // Nobody watches longer than time passes.
  const seconds = Math.min(args.watchedSeconds, Math.floor((nowUs - sinceUs) / SECOND_US));
  const amount = vestMinor(state, args.subject, policy, Math.floor(seconds / 60), nowUs);
  if (amount <= 0) return [];
  const rows = [grant(args.subject, `grant:${args.subject}:${count + 1}`, amount, nowUs)];
  return [...rows, ...repayRows(state, new Map([[args.subject, amount]]), `v${count}`, nowUs)];
}

/** Rows by which viewers pay off their debts from what they have just been given. */
export function repayRows(
  state: LedgerState,
  given: ReadonlyMap<string, number>,
  key: string,
  atUs: number,
  owedMore: ReadonlyMap<string, number> = new Map(),
): RowDraft[] {
  const rows: RowDraft[] = [];
  for (const [subject, amount] of given) {
    const debt = debtAccount(subject);
    const posted = state.accounts.get(debt)?.posted ?? 0;
    const owed = (owedMore.get(subject) ?? 0) - posted;
    const paid = Math.min(owed, amount);
    if (paid <= 0) continue;
    rows.push({
      kind: 'repay',
      id: `repay:${key}:${subject}`,
      at: atUs,
      amount: String(paid),
      dr: userAccount(subject),
      cr: debt,
    });
  }
  return rows;
}

/**
 * Rows of a decision on a market with those by which its bettors pay off their debts: from what it
 * pays them, and from stakes that come back to them.
 */
export function withRepays(
  state: LedgerState,
  rows: readonly RowDraft[],
  atUs: number,
): RowDraft[] {
  const given = new Map<string, number>();
  for (const row of rows) {
    const isPaid = row.kind === 'payout' || row.kind === 'proceeds';
    if (row.kind !== 'void' && !isPaid) continue;
    const subject = accountOwner(isPaid ? row.cr : row.dr);
    given.set(subject, (given.get(subject) ?? 0) + Number(row.amount));
  }
  // The number of the row before is no other decision's.
  return [...rows, ...repayRows(state, given, `s${state.seq}`, atUs)];
}

function vestMinor(
  state: LedgerState,
  subject: string,
  policy: Policy,
  minutes: number,
  nowUs: number,
): number {
  const account = state.accounts.get(userAccount(subject));
  const room = policy.vestBelowMinor - (account?.posted ?? 0);
  const today = (state.vested.get(subject)?.recent ?? [])
    .filter((one) => one.atUs > nowUs - DAY_US)
    .reduce((sum, one) => sum + one.amountMinor, 0);
  return Math.min(minutes * policy.vestMinorPerMinute, room, policy.vestMinorPerDay - today);
}

function grant(subject: string, id: string, amount: number, at: number): RowDraft {
  const cr = userAccount(subject);
  return { kind: 'grant', id, at, amount: String(amount), dr: HOUSE, cr };
}

/** Stakes that were not given back. */
function staked(bets: readonly Bet[]): number {
  let sum = 0;
  for (const bet of bets) if (bet.state !== 'VOID') sum += bet.amountMinor;
  return sum;
}

/** What was lost, counting undecided stakes as lost. */
function lossOf(bets: readonly Bet[]): number {
  let sum = 0;
  for (const bet of bets) if (bet.state !== 'VOID') sum += bet.amountMinor - bet.paidMinor;
  return sum;
}

function within(amount: number, limit: number | null, what: string): void {
  if (limit === null || amount <= limit) return;
  throw new LedgerRefusal('LIMIT_REACHED', `${what} may be at most ${limit} points.`);
}

function smaller(one: number | null, other: number | null): number | null {
  if (one === null) return other;
  return other === null ? one : Math.min(one, other);
}

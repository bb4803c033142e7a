// Opening and extending markets, and the acts of whoever runs the show on policy and viewers. Every
// function looks first and returns the rows last: a refusal (LedgerRefusal) leaves journal, texts
// and memory as they were. Whether a state allows a verb is asked of core/markets/machine.ts alone.

import type { Role } from '../../core/contract/roles.ts';
import type { MarketState } from '../../core/contract/state.ts';
import { type CanonicalValue, canonicalText } from '../../core/ledger/canonical.ts';
import type { Market } from '../../core/ledger/fold.ts';
import { LedgerRefusal } from '../../core/ledger/refusal.ts';
import { escrowAccount, HOUSE_SUBSIDY } from '../../core/ledger/rows.ts';
import { judge, type MarketVerb } from '../../core/markets/machine.ts';
import { budgetOf, LIFE_US_MAX, rulesHash } from '../../core/markets/rules.ts';
import type { Journal, RowDraft } from './journal.ts';
import type { RequestArgs } from './protocol.ts';

export type Act = { actor: string; role: Role; atUs: number; commandId: string };

/** Longest betting window, microseconds. */
const WINDOW_US_MAX = 1_800_000_000;

export function openRows(journal: Journal, args: RequestArgs<'openMarket'>): RowDraft[] {
  allow(journal.market(args.marketId)?.state ?? 'DRAFT', 'open', args.role);
  const { rules } = args;
  const hash = rulesHash(rules);
  journal.keepSaltedText(hash, canonicalText(rules as CanonicalValue));
  const opened: RowDraft = {
    kind: 'market.opened',
    id: `market.opened:${args.marketId}`,
    ...actOf(journal, args, args.reason),
    market: args.marketId,
    rules: hash,
    outcomes: rules.outcomes.length,
    opensAt: rules.opensAtUs,
    lockAt: rules.lockAtUs,
    horizonAt: rules.horizonAtUs,
    deadlineAt: rules.deadlineAtUs,
    guardMs: rules.guardMs,
    rakeBasisPoints: rules.rakeBasisPoints,
    ...(rules.guestShareBasisPoints === undefined
      ? {}
      : { guestShareBasisPoints: rules.guestShareBasisPoints }),
  };
  const budgetMinor = budgetOf(rules);
  if (budgetMinor === null) return [opened];
  return [
    opened,
    {
      kind: 'subsidy',
      id: `market.subsidy:${args.marketId}`,
      at: args.atUs,
      amount: String(budgetMinor),
      dr: HOUSE_SUBSIDY,
      cr: escrowAccount(args.marketId),
    },
  ];
}

/** A longer betting window or a later deadline. The question itself never grows. */
export function extendRows(journal: Journal, args: RequestArgs<'extendMarket'>): RowDraft[] {
  const market = known(journal, args.marketId);
  allow(market.state, 'extend', args.role);
  const { lockAtUs, deadlineAtUs } = args;
  const isBetting = market.state === 'OPEN' && args.atUs < market.lockAtUs;
  const isWindowRight =
    lockAtUs === market.lockAtUs ||
    (isBetting &&
      lockAtUs > market.lockAtUs &&
      lockAtUs - market.opensAtUs <= WINDOW_US_MAX &&
      lockAtUs <= market.horizonAtUs - market.guardMs * 1000);
  const isDeadlineRight =
    deadlineAtUs >= market.deadlineAtUs &&
    args.atUs < market.deadlineAtUs &&
    deadlineAtUs - market.opensAtUs <= LIFE_US_MAX;
  const isLonger = lockAtUs > market.lockAtUs || deadlineAtUs > market.deadlineAtUs;
  if (!isWindowRight || !isDeadlineRight || !isLonger) throw new LedgerRefusal('BAD_TIMES');
  return [
    {
      kind: 'market.extended',
      id: `market.extended:${args.commandId}`,
      ...actOf(journal, args, args.reason),
      market: market.id,
      lockAt: lockAtUs,
      deadlineAt: deadlineAtUs,
    },
  ];
}

export function policyRows(journal: Journal, args: RequestArgs<'setPolicy'>): RowDraft[] {
  if (args.role !== 'owner') throw new LedgerRefusal('NOT_ALLOWED');
  const { policy } = args;
  if (canonicalText(policy) === canonicalText(journal.state.policy)) return [];
  return [
    {
      kind: 'policy',
      id: `policy:${args.commandId}`,
      ...actOf(journal, args, args.reason),
      policy,
    },
  ];
}

export function banRows(journal: Journal, args: RequestArgs<'setBan'>): RowDraft[] {
  if (!['owner', 'coHost', 'moderator'].includes(args.role)) throw new LedgerRefusal('NOT_ALLOWED');
  const { subject, isBanned } = args;
  if (journal.state.banned.has(subject) === isBanned) return [];
  return [
    {
      kind: 'ban',
      id: `ban:${args.commandId}`,
      ...actOf(journal, args, args.reason),
      subject,
      isBanned,
    },
  ];
}

export function staffRows(journal: Journal, args: RequestArgs<'setStaff'>): RowDraft[] {
  // Who may open the rules may say who else is bound by them.
  if (!['owner', 'coHost'].includes(args.role)) throw new LedgerRefusal('NOT_ALLOWED');
  const { subject, isStaff, marketId: market = '' } = args;
  if (market !== '') known(journal, market);
  const isKnown = journal.state.staff.get(subject)?.has(market) ?? false;
  if (isKnown === isStaff) return [];
  return [
    {
      kind: 'staff',
      id: `staff:${args.commandId}`,
      ...actOf(journal, args, args.reason),
      subject,
      market,
      isStaff,
    },
  ];
}

/** Row that says who suspended betting by hand; it is suspended elsewhere, and at once. */
export function suspensionRows(journal: Journal, args: RequestArgs<'noteSuspension'>): RowDraft[] {
  if (!['owner', 'coHost', 'moderator'].includes(args.role)) throw new LedgerRefusal('NOT_ALLOWED');
  const { marketId: target = '', isSuspended } = args;
  if (target !== '') known(journal, target);
  return [
    {
      kind: 'act',
      id: `suspension:${args.commandId}`,
      ...actOf(journal, args, args.reason),
      act: isSuspended ? 'betting.suspended' : 'betting.resumed',
      target,
    },
  ];
}

/** The machine keeps what it saw, and only of a market that was decided. */
export function evidenceRows(journal: Journal, args: RequestArgs<'keepEvidence'>): RowDraft[] {
  if (args.role !== 'vision') throw new LedgerRefusal('NOT_ALLOWED');
  const market = known(journal, args.marketId);
  if (market.state !== 'RESOLVED') throw new LedgerRefusal('MARKET_NOT_RESOLVED');
  const { file, captureUs, frame } = args;
  return [
    {
      kind: 'evidence',
      id: `evidence:${args.commandId}`,
      ...actOf(journal, args, ''),
      ...{ market: market.id, file, captureUs, frame },
    },
  ];
}

export function actOf(journal: Journal, act: Act, reason: string) {
  return { at: act.atUs, actor: act.actor, role: act.role, reason: journal.keepText(reason) };
}

export function known(journal: Journal, marketId: string): Market {
  const market = journal.market(marketId);
  if (!market) throw new LedgerRefusal('UNKNOWN_MARKET');
  return market;
}

/** Throws LedgerRefusal when the machine does not allow it. */
export function allow(state: MarketState, verb: MarketVerb, role: Role): void {
  const verdict = judge(state, verb, role);
  if ('refused' in verdict) throw new LedgerRefusal(verdict.refused);
}

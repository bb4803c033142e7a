// What each command writes, or why it is refused. Every function looks first and returns the rows
// last: a refusal (LedgerRefusal) leaves journal, texts and memory as they were. Whether a state
// allows a verb is asked of core/markets/machine.ts alone.

import type { Role } from '../../core/contract/roles.ts';
import type { MarketState } from '../../core/contract/state.ts';
import { canonicalText } from '../../core/ledger/canonical.ts';
import { availableMinor, type Bet, type Market } from '../../core/ledger/fold.ts';
import { LedgerRefusal } from '../../core/ledger/refusal.ts';
import { escrowAccount, HOUSE, HOUSE_RAKE, userAccount } from '../../core/ledger/rows.ts';
import { judge, type MarketVerb } from '../../core/markets/machine.ts';
import { cutoffUs, isBeforeLock, isLate, tighterCutoff } from '../../core/markets/mediaClock.ts';
import { type Settlement, settle } from '../../core/markets/parimutuel.ts';
import { rulesHash } from '../../core/markets/rules.ts';
import type { Journal, RowDraft } from './journal.ts';
import { type RequestArgs, STAKE_MINOR_MAX, STARTING_GRANT_MINOR } from './protocol.ts';

type VoidWhy = NonNullable<Bet['why']>;
type Act = { actor: string; role: Role; atUs: number; commandId: string };

/** Rows that make a bet; the caller has already looked for the same id. */
export function betRows(
  journal: Journal,
  args: RequestArgs<'placeBet'>,
  isStaff: boolean,
): RowDraft[] {
  const { state } = journal;
  const market = state.markets.get(args.marketId);
  if (!market) throw new LedgerRefusal('UNKNOWN_MARKET');
  allow(market.state, 'bet', isStaff ? 'owner' : 'viewer');
  if (!isBeforeLock(args.arrivedUs, market.lockAtUs)) throw new LedgerRefusal('MARKET_LOCKED');
  const { outcome, amountMinor } = args;
  if (!Number.isInteger(outcome) || outcome < 0 || outcome >= market.outcomes) {
    throw new LedgerRefusal('BAD_OUTCOME');
  }
  if (!Number.isInteger(amountMinor) || amountMinor < 1 || amountMinor > STAKE_MINOR_MAX) {
    throw new LedgerRefusal('BAD_AMOUNT');
  }
  const account = userAccount(args.subject);
  const available = availableMinor(state, account);
  if (available < amountMinor) {
    throw new LedgerRefusal(
      'INSUFFICIENT_BALANCE',
      `There are ${available} points left; the stake is ${amountMinor}.`,
    );
  }
  return [
    {
      kind: 'bet',
      id: args.betId,
      at: args.arrivedUs,
      amount: String(amountMinor),
      dr: account,
      cr: escrowAccount(market.id),
      outcome,
    },
  ];
}

/** Row that gives a subject its starting points, or none when it has had them. */
export function grantRows(journal: Journal, subject: string, atUs: number): RowDraft[] {
  const account = userAccount(subject);
  if (journal.state.accounts.has(account)) return [];
  return [
    {
      kind: 'grant',
      id: `grant:${subject}`,
      at: atUs,
      amount: String(STARTING_GRANT_MINOR),
      dr: HOUSE,
      cr: account,
    },
  ];
}

export function openRows(journal: Journal, args: RequestArgs<'openMarket'>): RowDraft[] {
  allow(journal.state.markets.get(args.marketId)?.state ?? 'DRAFT', 'open', args.role);
  const { rules } = args;
  const hash = rulesHash(rules);
  journal.keepSaltedText(hash, canonicalText(rules));
  return [
    {
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
    },
  ];
}

export function lockRows(journal: Journal, args: RequestArgs<'lockMarket'>): RowDraft[] {
  const market = known(journal, args.marketId);
  allow(market.state, 'lock', args.role);
  return cutRows(journal, market, args, args.tCapUs, args.reason);
}

export function resolveRows(journal: Journal, args: RequestArgs<'resolveMarket'>): RowDraft[] {
  const market = known(journal, args.marketId);
  allow(market.state, 'resolve', args.role);
  if (args.outcome >= market.outcomes) throw new LedgerRefusal('BAD_OUTCOME');
  const tCapUs = args.evidence?.captureUs ?? null;
  const cut = cutRows(journal, market, args, tCapUs, args.reason);
  const undone = new Set(cut.flatMap((row) => (row.kind === 'void' ? [row.pending] : [])));
  const standing = market.bets.filter((bet) => bet.state === 'PENDING' && !undone.has(bet.id));
  const settlement = settle(standing, args.outcome, {
    rakeBasisPoints: market.rakeBasisPoints,
    rakeBase: 'losers',
  });
  return [
    ...cut,
    {
      kind: 'market.resolved',
      id: `market.resolved:${market.id}`,
      ...actOf(journal, args, args.reason),
      market: market.id,
      outcome: args.outcome,
      evidence: args.evidence && {
        event: args.evidence.id,
        type: args.evidence.type,
        captureUs: args.evidence.captureUs,
        detectedUs: args.evidence.detectedUs,
        confidencePermille: args.evidence.confidencePermille,
      },
      settlement: settlement.kind,
    },
    ...settlementRows(market, standing, settlement, args.atUs),
  ];
}

export function voidRows(journal: Journal, args: RequestArgs<'voidMarket'>): RowDraft[] {
  const market = known(journal, args.marketId);
  allow(market.state, 'void', args.role);
  const pending = market.bets.filter((bet) => bet.state === 'PENDING');
  return [
    {
      kind: 'market.voided',
      id: `market.voided:${market.id}`,
      ...actOf(journal, args, args.reason),
      market: market.id,
    },
    ...pending.map((bet) => undo(bet, args.atUs, 'MARKET_VOID')),
  ];
}

/** Locks, and undoes what came too late; nothing when the market is cut as tightly already. */
function cutRows(
  journal: Journal,
  market: Market,
  act: Act,
  tCapUs: number | null,
  reason: string,
): RowDraft[] {
  const asked = tCapUs === null ? null : cutoffUs(tCapUs, market.guardMs);
  const cutoff = tighterCutoff(market.cutoffUs, asked);
  if (market.state === 'LOCKED' && cutoff === market.cutoffUs) return [];
  const late = market.bets.filter(
    (bet) => bet.state === 'PENDING' && cutoff !== null && isLate(bet.atUs, cutoff),
  );
  return [
    {
      kind: 'market.locked',
      id: `market.locked:${act.commandId}`,
      ...actOf(journal, act, reason),
      market: market.id,
      tCap: tCapUs,
      cutoff: asked,
    },
    ...late.map((bet) => undo(bet, act.atUs, 'LATE_MEDIA')),
  ];
}

function settlementRows(
  market: Market,
  standing: readonly Bet[],
  settlement: Settlement,
  atUs: number,
): RowDraft[] {
  if (settlement.kind === 'refund') return standing.map((bet) => undo(bet, atUs, 'REFUND'));
  const rows: RowDraft[] = standing.map((bet) => ({
    kind: 'post',
    id: `post:${bet.id}`,
    at: atUs,
    amount: String(bet.amountMinor),
    dr: userAccount(bet.subject),
    cr: escrowAccount(market.id),
    pending: bet.id,
  }));
  for (const [index, bet] of standing.entries()) {
    const payout = settlement.payoutsMinor[index] ?? 0;
    if (payout === 0) continue;
    rows.push({
      kind: 'payout',
      id: `payout:${bet.id}`,
      at: atUs,
      amount: String(payout),
      dr: escrowAccount(market.id),
      cr: userAccount(bet.subject),
      bet: bet.id,
    });
  }
  if (settlement.rakeMinor > 0) {
    rows.push({
      kind: 'rake',
      id: `market.rake:${market.id}`,
      at: atUs,
      amount: String(settlement.rakeMinor),
      dr: escrowAccount(market.id),
      cr: HOUSE_RAKE,
    });
  }
  return rows;
}

function undo(bet: Bet, atUs: number, why: VoidWhy): RowDraft {
  return {
    kind: 'void',
    id: `void:${bet.id}`,
    at: atUs,
    amount: String(bet.amountMinor),
    dr: userAccount(bet.subject),
    cr: escrowAccount(bet.market),
    pending: bet.id,
    why,
  };
}

function actOf(journal: Journal, act: Act, reason: string) {
  return { at: act.atUs, actor: act.actor, role: act.role, reason: journal.keepText(reason) };
}

function known(journal: Journal, marketId: string): Market {
  const market = journal.state.markets.get(marketId);
  if (!market) throw new LedgerRefusal('UNKNOWN_MARKET');
  return market;
}

function allow(state: MarketState, verb: MarketVerb, role: Role): void {
  const verdict = judge(state, verb, role);
  if ('refused' in verdict) throw new LedgerRefusal(verdict.refused);
}

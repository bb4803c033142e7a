// What a decision means for every bet of a market: which stand, what they bring, what the house
// gets. The same for a first decision and for a correction, which only moves the difference.

import { atOnce, type InParts, PART } from '../base/parts.ts';
import { liquidityOf, winMinor } from '../markets/lmsr.ts';
import { isLate } from '../markets/mediaClock.ts';
import { settling } from '../markets/parimutuel.ts';
import type { Bet, Market, Sale } from './fold.ts';
import { isWithdrawn } from './foldMoves.ts';

/** `why` null: the bet stands. `paidMinor`: all that it brings, sales included. */
export type Fate = { bet: Bet; why: Bet['why']; paidMinor: number; sales: readonly Sale[] };

export type Decision = {
  settlement: 'paid' | 'refund' | 'void';
  /** In the order of the bets. */
  fates: Fate[];
  rakeMinor: number;
  /** What is left of the house's subsidy. */
  residueMinor: number;
};

/**
 * Decides a market for `outcome` (null: void), with everything from `cutoff` on undone.
 *
 * @param returned bets of guests that go back in the same step; those of an earlier one stay so
 */
export function decisionOf(
  market: Market,
  outcome: number | null,
  cutoff: number | null,
  returned: ReadonlySet<string> = new Set(),
): Decision {
  return atOnce(deciding(market, outcome, cutoff, { returned }));
}

/** The same, part by part. Meanwhile the market may get no other bets. */
export function* deciding(
  market: Market,
  outcome: number | null,
  cutoff: number | null,
  { returned = NOBODY, part = PART }: { returned?: ReadonlySet<string>; part?: number } = {},
): InParts<Decision> {
  const fateOf = (bet: Bet): Fate => {
    const why = whyNot(bet, cutoff, returned) ?? (outcome === null ? 'MARKET_VOID' : null);
    return { bet, why, paidMinor: 0, sales: [] };
  };
  const fates: Fate[] = [];
  const standing: Fate[] = [];
  for (let from = 0; from < market.bets.length; from += part) {
    const some = market.bets.slice(from, from + part);
    for (const bet of some) {
      const fate = fateOf(bet);
      fates.push(fate);
      if (fate.why === null) standing.push(fate);
    }
    if (some.length === part) yield part;
  }
  if (outcome === null) {
    return { settlement: 'void', fates, rakeMinor: 0, residueMinor: market.budgetMinor };
  }
  const { budgetMinor, rakeBasisPoints } = market;
  if (budgetMinor > 0) {
    const residueMinor = budgetMinor + (yield* pricing(standing, outcome, cutoff, part));
    return { settlement: 'paid', fates, rakeMinor: 0, residueMinor };
  }
  const { settlement, rakeMinor } = yield* shared(standing, outcome, rakeBasisPoints, part);
  return { settlement, fates, rakeMinor, residueMinor: 0 };
}

/**
 * Only whether such a decision pays or refunds: a look at the bets until it is certain, mostly at
 * the first few.
 */
export function settlementOf(
  market: Market,
  outcome: number | null,
  cutoff: number | null,
  returned: ReadonlySet<string> = NOBODY,
): Decision['settlement'] {
  if (outcome === null) return 'void';
  if (market.budgetMinor > 0) return 'paid';
  let first: string | null = null;
  let isOneBettor = true;
  let hasWinner = false;
  for (const bet of market.bets) {
    if (whyNot(bet, cutoff, returned) !== null) continue;
    first ??= bet.subject;
    if (bet.subject !== first) isOneBettor = false;
    if (bet.outcome === outcome) hasWinner = true;
    if (hasWinner && !isOneBettor) return 'paid';
  }
  return 'refund';
}

/** Liquidity of a market with prices. */
export function liquidityOfMarket(market: Market): number {
  return liquidityOf(market.budgetMinor, market.outcomes);
}

const NOBODY: ReadonlySet<string> = new Set();

function whyNot(bet: Bet, cutoff: number | null, returned: ReadonlySet<string>): Bet['why'] {
  if (bet.why === 'GUEST_SHARE' || returned.has(bet.id)) return 'GUEST_SHARE';
  if (cutoff !== null && isLate(bet.atUs, cutoff)) return 'LATE_MEDIA';
  return isWithdrawn(bet, cutoff) ? 'WITHDRAWN' : null;
}

function* shared(
  standing: readonly Fate[],
  outcome: number,
  rakeBasisPoints: number,
  part: number,
): InParts<{ settlement: 'paid' | 'refund'; rakeMinor: number }> {
  const rules = { rakeBasisPoints, rakeBase: 'losers' } as const;
  const stakes = standing.map(({ bet }) => bet);
  const settlement = yield* settling(stakes, outcome, rules, part);
  const isPaid = settlement.kind === 'paid';
  for (let from = 0; from < standing.length; from += part) {
    const some = standing.slice(from, from + part);
    for (const [offset, fate] of some.entries()) {
      if (isPaid) fate.paidMinor = settlement.payoutsMinor[from + offset] ?? 0;
      else fate.why = 'REFUND';
    }
    if (some.length === part) yield part;
  }
  return { settlement: settlement.kind, rakeMinor: isPaid ? settlement.rakeMinor : 0 };
}

/** Returns what the house gains by these bets; negative when it loses. */
function* pricing(
  standing: readonly Fate[],
  outcome: number,
  cutoff: number | null,
  part: number,
): InParts<number> {
  let gainMinor = 0;
  for (let from = 0; from < standing.length; from += part) {
    const some = standing.slice(from, from + part);
    for (const fate of some) {
      const { bet } = fate;
      const sales = bet.sales.filter((sale) => cutoff === null || !isLate(sale.atUs, cutoff));
      const sold = sales.reduce((sum, sale) => sum + sale.milliShares, 0);
      const proceeds = sales.reduce((sum, sale) => sum + sale.amountMinor, 0);
      const won = bet.outcome === outcome ? winMinor(bet.milliShares - sold) : 0;
      fate.paidMinor = proceeds + won;
      fate.sales = sales;
      gainMinor += bet.amountMinor - fate.paidMinor;
    }
    if (some.length === part) yield part;
  }
  return gainMinor;
}

// What a decision means for every bet of a market: which stand, what they bring, what the house
// gets. The same for a first decision and for a correction, which only moves the difference.

import { liquidityOf, winMinor } from '../markets/lmsr.ts';
import { isLate } from '../markets/mediaClock.ts';
import { settle } from '../markets/parimutuel.ts';
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
  const early = market.bets.map((bet) => ({ bet, why: whyNot(bet, cutoff, returned) }));
  if (outcome === null) {
    const fates = early.map(({ bet, why }) => refund(bet, why ?? 'MARKET_VOID'));
    return { settlement: 'void', fates, rakeMinor: 0, residueMinor: market.budgetMinor };
  }
  return market.budgetMinor > 0
    ? priced(market, outcome, cutoff, early)
    : shared(market, outcome, early);
}

/** Liquidity of a market with prices. */
export function liquidityOfMarket(market: Market): number {
  return liquidityOf(market.budgetMinor, market.outcomes);
}

type Early = { bet: Bet; why: Bet['why'] };

function whyNot(bet: Bet, cutoff: number | null, returned: ReadonlySet<string>): Bet['why'] {
  if (bet.why === 'GUEST_SHARE' || returned.has(bet.id)) return 'GUEST_SHARE';
  if (cutoff !== null && isLate(bet.atUs, cutoff)) return 'LATE_MEDIA';
  return isWithdrawn(bet, cutoff) ? 'WITHDRAWN' : null;
}

function refund(bet: Bet, why: NonNullable<Bet['why']>): Fate {
  return { bet, why, paidMinor: 0, sales: [] };
}

function shared(market: Market, outcome: number, early: readonly Early[]): Decision {
  const standing = early.filter(({ why }) => why === null).map(({ bet }) => bet);
  const settlement = settle(standing, outcome, {
    rakeBasisPoints: market.rakeBasisPoints,
    rakeBase: 'losers',
  });
  const isPaid = settlement.kind === 'paid';
  const payouts = new Map(
    standing.map((bet, index) => [bet.id, isPaid ? (settlement.payoutsMinor[index] ?? 0) : 0]),
  );
  const fates = early.map(({ bet, why }): Fate => {
    if (why !== null) return refund(bet, why);
    if (!isPaid) return refund(bet, 'REFUND');
    return { bet, why: null, paidMinor: payouts.get(bet.id) ?? 0, sales: [] };
  });
  const rakeMinor = isPaid ? settlement.rakeMinor : 0;
  return { settlement: settlement.kind, fates, rakeMinor, residueMinor: 0 };
}

function priced(
  market: Market,
  outcome: number,
  cutoff: number | null,
  early: readonly Early[],
): Decision {
  let residueMinor = market.budgetMinor;
  const fates = early.map(({ bet, why }): Fate => {
    if (why !== null) return refund(bet, why);
    const sales = bet.sales.filter((sale) => cutoff === null || !isLate(sale.atUs, cutoff));
    const sold = sales.reduce((sum, sale) => sum + sale.milliShares, 0);
    const proceeds = sales.reduce((sum, sale) => sum + sale.amountMinor, 0);
    const won = bet.outcome === outcome ? winMinor(bet.milliShares - sold) : 0;
    const paidMinor = proceeds + won;
    residueMinor += bet.amountMinor - paidMinor;
    return { bet, why: null, paidMinor, sales };
  });
  return { settlement: 'paid', fates, rakeMinor: 0, residueMinor };
}

// For tests and the endurance run: random paths of trades on LMSR markets, and whether the house
// ever lost more than its budget or a round trip ever paid. Repeatable from its seed.

import { liquidityOf, milliSharesFor, saleMinor, winMinor } from '../lmsr.ts';
import { createSeededRandom } from './seededRandom.ts';

export type LmsrWalk = {
  trades: number;
  sales: number;
  /** Largest loss met, as a part of the budget. */
  worstOfBudget: number;
  /** The first violation in words; empty when there was none. */
  broken: string;
};

/** Walks `paths` random markets, each to every possible end. */
export function walkLmsr(paths: number, seed: number): LmsrWalk {
  const random = createSeededRandom(seed);
  const result: LmsrWalk = { trades: 0, sales: 0, worstOfBudget: 0, broken: '' };
  for (let path = 0; path < paths && result.broken === ''; path++) walkOne(random, result);
  return result;
}

function walkOne(random: (below: number) => number, result: LmsrWalk): void {
  const outcomes = 2 + random(4);
  const budget = 1 + random(random(2) === 0 ? 50 : 3000);
  const liquidity = liquidityOf(budget, outcomes);
  let milli = new Array<number>(outcomes).fill(0);
  const bets: { outcome: number; shares: number }[] = [];
  let collected = 0;
  // One favourite in half of the paths, so that losses come near the bound.
  const favourite = random(2) === 0 ? random(outcomes) : null;
  for (let left = 5 + random(25); left > 0; left--) {
    const bet = random(4) === 0 ? bets[random(Math.max(1, bets.length))] : undefined;
    if (bet && bet.shares > 0) {
      const sold = 1 + random(bet.shares);
      collected -= saleMinor(milli, liquidity, bet.outcome, sold);
      milli = milli.with(bet.outcome, (milli[bet.outcome] ?? 0) - sold);
      bet.shares -= sold;
      result.sales++;
      continue;
    }
    const outcome = favourite ?? random(outcomes);
    const stake = 1 + random(Math.ceil(budget * 1.5));
    const shares = milliSharesFor(milli, liquidity, outcome, stake);
    if (shares === 0) continue;
    milli = milli.with(outcome, (milli[outcome] ?? 0) + shares);
    if (saleMinor(milli, liquidity, outcome, shares) > stake) {
      result.broken = `A round trip of ${stake} paid more.`;
    }
    collected += stake;
    bets.push({ outcome, shares });
    result.trades++;
  }
  for (let winner = 0; winner < outcomes; winner++) {
    let paid = 0;
    for (const bet of bets) if (bet.outcome === winner) paid += winMinor(bet.shares);
    const loss = paid - collected;
    result.worstOfBudget = Math.max(result.worstOfBudget, loss / budget);
    if (loss > budget) result.broken = `A budget of ${budget} lost ${loss}.`;
  }
}

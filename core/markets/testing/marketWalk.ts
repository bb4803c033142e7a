// For tests and the endurance run: random markets that share their pool, settled and recomputed by
// long division: sums exact, nobody who won below the stake, the odd points to the largest
// remainders. Repeatable from its seed.

import { type Stake, settle } from '../parimutuel.ts';
import { createSeededRandom } from './seededRandom.ts';

export type MarketWalk = {
  markets: number;
  stakes: number;
  refunds: number;
  /** Markets whose products pass 2^53, where plain numbers would be wrong. */
  large: number;
  /** The first violation in words; empty when there was none. */
  broken: string;
};

/** Settles `count` random markets. */
export function walkMarkets(count: number, seed: number): MarketWalk {
  const random = createSeededRandom(seed);
  const result: MarketWalk = { markets: 0, stakes: 0, refunds: 0, large: 0, broken: '' };
  for (let left = count; left > 0 && result.broken === ''; left--) {
    const isLarge = random(4) === 0;
    const stakes = randomStakes(random, isLarge);
    const winner = random(4);
    const rakeBasisPoints = random(3) === 0 ? 0 : random(2001);
    const what = whatIsWrong(stakes, winner, rakeBasisPoints, result);
    if (what !== '') result.broken = `${what}: ${JSON.stringify({ stakes, winner })}`;
    result.markets++;
    result.stakes += stakes.length;
    if (isLarge) result.large++;
  }
  return result;
}

function randomStakes(random: (below: number) => number, isLarge: boolean): Stake[] {
  return Array.from({ length: random(12) }, (_, index) => ({
    seq: index + 1,
    subject: `s${random(5)}`,
    outcome: random(4),
    amountMinor: 1 + (isLarge ? random(1_000_000) * 1_000_000 + random(1_000_000) : random(200)),
  }));
}

function whatIsWrong(
  stakes: readonly Stake[],
  winner: number,
  rakeBasisPoints: number,
  result: MarketWalk,
): string {
  const settled = settle(stakes, winner, { rakeBasisPoints, rakeBase: 'losers' });
  const winners = stakes.filter((stake) => stake.outcome === winner);
  const isAlone = new Set(stakes.map((stake) => stake.subject)).size < 2;
  if (settled.kind === 'refund') {
    result.refunds++;
    return winners.length === 0 || isAlone ? '' : 'a market with a winner is refunded';
  }
  if (winners.length === 0 || isAlone) return 'a market without a winner is paid';
  const pool = sum(stakes);
  const won = sum(winners);
  const rake = ((pool - won) * BigInt(rakeBasisPoints)) / 10_000n;
  if (BigInt(settled.rakeMinor) !== rake) return 'the rake is another';
  const paid = settled.payoutsMinor.reduce((total, one) => total + BigInt(one), 0n);
  if (paid + rake !== pool) return 'payouts and rake are not the stakes';
  return wrongShare(stakes, settled.payoutsMinor, winner, { net: pool - rake, won });
}

/** Each share is the floor or one more, and one more only for the largest remainders. */
function wrongShare(
  stakes: readonly Stake[],
  payouts: readonly number[],
  winner: number,
  { net, won }: { net: bigint; won: bigint },
): string {
  let smallestRaised = won;
  let largestLeft = -1n;
  for (const [index, stake] of stakes.entries()) {
    const payout = BigInt(payouts[index] ?? -1);
    if (stake.outcome !== winner) {
      if (payout !== 0n) return 'a loser is paid';
      continue;
    }
    const product = BigInt(stake.amountMinor) * net;
    const more = payout - product / won;
    const remainder = product % won;
    if (more !== 0n && more !== 1n) return 'a share is off by more than its odd point';
    if (payout < BigInt(stake.amountMinor)) return 'a winner receives less than the stake';
    if (more === 1n && remainder < smallestRaised) smallestRaised = remainder;
    if (more === 0n && remainder > largestLeft) largestLeft = remainder;
  }
  return largestLeft > smallestRaised ? 'an odd point went past a larger remainder' : '';
}

function sum(stakes: readonly Stake[]): bigint {
  return stakes.reduce((total, stake) => total + BigInt(stake.amountMinor), 0n);
}

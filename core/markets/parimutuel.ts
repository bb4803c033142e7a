// Parimutuel settlement: winners share what is left of all stakes in proportion to theirs. Integers
// only and BigInt inside, because stake * pool passes 2^53. The sum is exact: payouts plus rake are
// the stakes, to the last point (largest remainder, ties to the lowest seq).

import { assert } from '../base/assert.ts';

export type Stake = { seq: number; subject: string; outcome: number; amountMinor: number };
export type Pricing = {
  rakeBasisPoints: number;
  /** losers: a winner never receives less than the stake. total: kept for comparison only. */
  rakeBase: 'losers' | 'total';
};
export type Settlement =
  | { kind: 'refund'; why: 'NOBODY_BET' | 'NOBODY_WON' | 'ONE_BETTOR' }
  /** `payoutsMinor` in the order of the stakes; 0 for a losing one. */
  | { kind: 'paid'; rakeMinor: number; payoutsMinor: number[] };

/** What a resolved market pays, or that everybody gets the stake back. */
export function settle(stakes: readonly Stake[], winner: number, pricing: Pricing): Settlement {
  if (stakes.length === 0) return { kind: 'refund', why: 'NOBODY_BET' };
  if (!stakes.some((stake) => stake.outcome === winner)) {
    return { kind: 'refund', why: 'NOBODY_WON' };
  }
  const first = stakes[0]?.subject;
  if (stakes.every((stake) => stake.subject === first)) {
    return { kind: 'refund', why: 'ONE_BETTOR' };
  }
  return sharePool(stakes, winner, pricing);
}

/** The share-out itself, without the refund rules. At least one stake must be on the winner. */
export function sharePool(
  stakes: readonly Stake[],
  winner: number,
  pricing: Pricing,
): Settlement & { kind: 'paid' } {
  let total = 0n;
  let onWinner = 0n;
  for (const stake of stakes) {
    total += BigInt(stake.amountMinor);
    if (stake.outcome === winner) onWinner += BigInt(stake.amountMinor);
  }
  assert(onWinner > 0n, 'somebody bet on the winner');
  const raked = pricing.rakeBase === 'losers' ? total - onWinner : total;
  const rake = (raked * BigInt(pricing.rakeBasisPoints)) / 10_000n;
  const net = total - rake;

  const payouts = stakes.map(() => 0n);
  const shares: { index: number; seq: number; remainder: bigint }[] = [];
  let breakage = net;
  for (const [index, stake] of stakes.entries()) {
    if (stake.outcome !== winner) continue;
    const product = BigInt(stake.amountMinor) * net;
    const floor = product / onWinner;
    payouts[index] = floor;
    breakage -= floor;
    shares.push({ index, seq: stake.seq, remainder: product % onWinner });
  }
  shares.sort(byRemainderThenSeq);
  for (const share of shares.slice(0, Number(breakage))) {
    payouts[share.index] = (payouts[share.index] ?? 0n) + 1n;
  }
  return { kind: 'paid', rakeMinor: toSafe(rake), payoutsMinor: payouts.map(toSafe) };
}

type Share = { seq: number; remainder: bigint };

function byRemainderThenSeq(one: Share, other: Share): number {
  if (one.remainder !== other.remainder) return one.remainder > other.remainder ? -1 : 1;
  return one.seq - other.seq;
}

function toSafe(amount: bigint): number {
  const number = Number(amount);
  assert(Number.isSafeInteger(number), 'a payout fits a safe integer');
  return number;
}

// Parimutuel settlement: winners share what is left of all stakes in proportion to theirs. Integers
// only and BigInt inside, because stake * pool passes 2^53. The sum is exact: payouts plus rake are
// the stakes, to the last point (largest remainder, ties to the lowest seq).

import { assert } from '../base/assert.ts';
import { atOnce, type InParts, PART, SortedRuns } from '../base/parts.ts';

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
  return atOnce(settling(stakes, winner, pricing));
}

/** The same, part by part. */
export function* settling(
  stakes: readonly Stake[],
  winner: number,
  pricing: Pricing,
  part = PART,
): InParts<Settlement> {
  if (stakes.length === 0) return { kind: 'refund', why: 'NOBODY_BET' };
  const sums = yield* summing(stakes, winner, part);
  if (!sums.hasWinner) return { kind: 'refund', why: 'NOBODY_WON' };
  if (sums.isOneBettor) return { kind: 'refund', why: 'ONE_BETTOR' };
  return yield* sharing(stakes, winner, pricing, sums, part);
}

/** The share-out itself, without the refund rules. At least one stake must be on the winner. */
export function sharePool(
  stakes: readonly Stake[],
  winner: number,
  pricing: Pricing,
): Settlement & { kind: 'paid' } {
  const sums = atOnce(summing(stakes, winner, PART));
  return atOnce(sharing(stakes, winner, pricing, sums, PART));
}

type Sums = { total: bigint; onWinner: bigint; hasWinner: boolean; isOneBettor: boolean };

function* summing(stakes: readonly Stake[], winner: number, part: number): InParts<Sums> {
  const first = stakes[0]?.subject;
  const sums = { total: 0n, onWinner: 0n, hasWinner: false, isOneBettor: true };
  for (let from = 0; from < stakes.length; from += part) {
    const some = stakes.slice(from, from + part);
    for (const stake of some) {
      const amount = BigInt(stake.amountMinor);
      sums.total += amount;
      if (stake.subject !== first) sums.isOneBettor = false;
      if (stake.outcome !== winner) continue;
      sums.hasWinner = true;
      sums.onWinner += amount;
    }
    if (some.length === part) yield part;
  }
  return sums;
}

function* sharing(
  stakes: readonly Stake[],
  winner: number,
  pricing: Pricing,
  { total, onWinner }: Sums,
  part: number,
): InParts<Settlement & { kind: 'paid' }> {
  assert(onWinner > 0n, 'somebody bet on the winner');
  const raked = pricing.rakeBase === 'losers' ? total - onWinner : total;
  const rake = (raked * BigInt(pricing.rakeBasisPoints)) / 10_000n;
  const net = total - rake;

  const payoutsMinor = new Array<number>(stakes.length).fill(0);
  const shares = new SortedRuns(byRemainderThenSeq);
  let breakage = net;
  for (let from = 0; from < stakes.length; from += part) {
    const some = stakes.slice(from, from + part);
    const run: Share[] = [];
    for (const [offset, stake] of some.entries()) {
      if (stake.outcome !== winner) continue;
      const product = BigInt(stake.amountMinor) * net;
      const floor = product / onWinner;
      payoutsMinor[from + offset] = toSafe(floor);
      breakage -= floor;
      run.push({ index: from + offset, seq: stake.seq, remainder: product % onWinner });
    }
    shares.add(run);
    if (some.length === part) yield part;
  }
  for (let left = Number(breakage); left > 0; left--) {
    const { index } = shares.shift() ?? { index: 0 };
    payoutsMinor[index] = toSafe(BigInt(payoutsMinor[index] ?? 0) + 1n);
    if (left % part === 0) yield part;
  }
  return { kind: 'paid', rakeMinor: toSafe(rake), payoutsMinor };
}

type Share = { index: number; seq: number; remainder: bigint };

function byRemainderThenSeq(one: Share, other: Share): number {
  if (one.remainder !== other.remainder) return one.remainder > other.remainder ? -1 : 1;
  return one.seq - other.seq;
}

function toSafe(amount: bigint): number {
  const number = Number(amount);
  assert(Number.isSafeInteger(number), 'a payout fits a safe integer');
  return number;
}

// Proves the published settlement vectors PV1 to PV3 to the last point, the refunds, and over
// random markets that payouts and rake are exactly the stakes and that no winner receives less than
// was staked.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Stake, settle, sharePool } from './parimutuel.ts';
import { walkMarkets } from './testing/marketWalk.ts';

function stakes(...list: [subject: string, amount: number, outcome: number][]): Stake[] {
  return list.map(([subject, amountMinor, outcome], index) => ({
    subject,
    amountMinor,
    outcome,
    seq: index + 1,
  }));
}

const pv1 = stakes(['a', 100, 0], ['b', 200, 0], ['c', 37, 0], ['d', 500, 1], ['e', 163, 1]);

test('PV1: shares, rake and largest remainders are the published ones', () => {
  assert.deepEqual(settle(pv1, 0, { rakeBasisPoints: 0, rakeBase: 'losers' }), {
    kind: 'paid',
    rakeMinor: 0,
    payoutsMinor: [297, 593, 110, 0, 0],
  });
  assert.deepEqual(settle(pv1, 0, { rakeBasisPoints: 500, rakeBase: 'total' }), {
    kind: 'paid',
    rakeMinor: 50,
    payoutsMinor: [282, 564, 104, 0, 0],
  });
  assert.deepEqual(settle(pv1, 0, { rakeBasisPoints: 500, rakeBase: 'losers' }), {
    kind: 'paid',
    rakeMinor: 33,
    payoutsMinor: [287, 574, 106, 0, 0],
  });
});

test('PV2: equal remainders go to the lowest seq, whatever the order of the list', () => {
  const list = stakes(['a', 1, 0], ['b', 1, 0], ['c', 1, 0], ['d', 7, 1]);
  const pricing = { rakeBasisPoints: 0, rakeBase: 'losers' } as const;
  assert.deepEqual(sharePool(list, 0, pricing).payoutsMinor, [4, 3, 3, 0]);
  assert.deepEqual(sharePool(list.toReversed(), 0, pricing).payoutsMinor, [0, 3, 3, 4]);
});

test('PV3: rake on the losers never takes from a market where all won', () => {
  const list = stakes(['a', 60, 0], ['b', 40, 0]);
  const losers = settle(list, 0, { rakeBasisPoints: 500, rakeBase: 'losers' });
  const total = settle(list, 0, { rakeBasisPoints: 500, rakeBase: 'total' });
  assert.deepEqual(losers, { kind: 'paid', rakeMinor: 0, payoutsMinor: [60, 40] });
  assert.deepEqual(total, { kind: 'paid', rakeMinor: 5, payoutsMinor: [57, 38] });
});

test('nobody bet, nobody won and a lone bettor are refunds', () => {
  const pricing = { rakeBasisPoints: 500, rakeBase: 'losers' } as const;
  assert.deepEqual(settle([], 0, pricing), { kind: 'refund', why: 'NOBODY_BET' });
  assert.deepEqual(settle(stakes(['a', 5, 1], ['b', 5, 1]), 0, pricing), {
    kind: 'refund',
    why: 'NOBODY_WON',
  });
  assert.deepEqual(settle(stakes(['a', 5, 0], ['a', 5, 1]), 0, pricing), {
    kind: 'refund',
    why: 'ONE_BETTOR',
  });
});

test('products above 2^53 stay exact', () => {
  const list = stakes(['a', 3e15, 0], ['b', 4e15, 0], ['c', 1, 1]);
  const { payoutsMinor } = sharePool(list, 0, { rakeBasisPoints: 0, rakeBase: 'losers' });
  assert.deepEqual(payoutsMinor, [3e15, 4e15 + 1, 0]);
});

test('over random markets the sum is exact and a winner receives at least the stake', () => {
  const stake = fc.record({
    subject: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
    outcome: fc.nat({ max: 3 }),
    amountMinor: fc.oneof(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 1e12 })),
  });
  fc.assert(
    fc.property(
      fc.array(stake, { minLength: 1, maxLength: 40 }),
      fc.nat({ max: 3 }),
      fc.integer({ min: 0, max: 2000 }),
      (list, winner, rakeBasisPoints) => {
        const numbered = list.map((one, index) => ({ ...one, seq: index + 1 }));
        const result = settle(numbered, winner, { rakeBasisPoints, rakeBase: 'losers' });
        if (result.kind === 'refund') {
          const hasWinner = list.some((one) => one.outcome === winner);
          assert.ok(!hasWinner || new Set(list.map((one) => one.subject)).size === 1);
          return;
        }
        const total = list.reduce((sum, one) => sum + one.amountMinor, 0);
        const paid = result.payoutsMinor.reduce((sum, one) => sum + one, 0);
        assert.equal(paid + result.rakeMinor, total);
        for (const [index, one] of list.entries()) {
          const payout: number = result.payoutsMinor[index] ?? -1;
          if (one.outcome === winner) assert.ok(payout >= one.amountMinor);
          else assert.equal(payout, 0);
        }
      },
    ),
    { numRuns: 1000 },
  );
});

test('5,000 random markets balance, recomputed by long division', () => {
  const result = walkMarkets(5_000, 20_261);
  assert.equal(result.broken, '');
  assert.ok(result.markets === 5_000 && result.large > 500, JSON.stringify(result));
  assert.ok(result.refunds > 100 && result.refunds < 4_000, JSON.stringify(result));
});

test('PV5: the official table of dividends', () => {
  // West Virginia, rule 178-05, table 178-5C, in cents: gross, 18 % taken out, on the winner.
  const gross = 19_291_300n;
  const taken = (gross * 18n) / 100n;
  const onWinner = 2_387_200n;
  assert.equal(taken, 3_472_434n);
  const net = gross - taken;
  assert.equal(net, 15_818_866n);
  // Unbroken dividend of one dollar to the hundred-millionth; then broken to the dime.
  assert.equal((net * 100_000_000n) / onWinner, 662_653_569n);
  const broken = ((net * 10n) / onWinner) * 10n;
  assert.equal(broken, 660n);
  assert.equal((broken * onWinner) / 100n, 15_755_520n);
  assert.equal(net - 15_755_520n, 63_346n);
  // The same pool through our own arithmetic: rake on the total, one winner, no breakage lost.
  const paid = sharePool(
    stakes(['a', Number(onWinner), 0], ['b', Number(gross - onWinner), 1]),
    0,
    { rakeBasisPoints: 1800, rakeBase: 'total' },
  );
  assert.deepEqual(paid, {
    kind: 'paid',
    rakeMinor: Number(taken),
    payoutsMinor: [Number(net), 0],
  });
});

// Proves the published vectors LV1 to LV3 and the cash-out to 1e-9, that nothing overflows, and over
// random paths of whole-point trades that the house never loses more than its budget and that
// buying and selling back never pays.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  chargeMinor,
  costOf,
  liquidityOf,
  milliSharesFor,
  pricesOf,
  saleMinor,
  sharesForStake,
  tradeCost,
} from './lmsr.ts';
import { walkLmsr } from './testing/lmsrWalk.ts';

function near(actual: number, expected: number, within = 1e-9): void {
  assert.ok(Math.abs(actual - expected) < within, `${actual} is ${expected}`);
}

test('LV1: costs, prices and the bound are the published ones', () => {
  const b = 100;
  near(b * Math.log(2), 69.314718056);
  near(tradeCost([0, 0], b, 0, 50), 28.092980362);
  near(pricesOf([50, 0], b)[0] ?? 0, 0.6224593312);
  near(tradeCost([50, 0], b, 1, 30), 12.4061885201);
  near(pricesOf([50, 30], b)[0] ?? 0, 0.5498339973);
  near(tradeCost([50, 30], b, 0, -30), -15.3742209308);
  near(pricesOf([20, 30], b)[0] ?? 0, 0.4750208125);
  const collected = tradeCost([0, 0], b, 0, 50) + tradeCost([50, 0], b, 1, 30);
  near(collected, 40.4991688822);
  near(50 - collected, 9.5008311178);
  near(30 - collected, -10.4991688822);
});

test('LV2 and LV3: shares for a stake, four outcomes', () => {
  near(sharesForStake([0, 0], 100, 0, 25), 44.9833340647);
  near(100 * Math.log(4), 138.629436112);
  near(tradeCost([0, 0, 0, 0], 100, 0, 100), 35.7374019509);
  const prices = pricesOf([100, 0, 0, 0], 100);
  near(prices[0] ?? 0, 0.4753668864);
  for (const other of prices.slice(1)) near(other, 0.1748777045);
});

test('cash-out is the cost in reverse', () => {
  near(-tradeCost([50, 0], 100, 0, -50), 28.092980362);
  near(-tradeCost([50, 80], 100, 0, -50), 18.3254578521);
  near(pricesOf([50, 80], 100)[0] ?? 0, 0.4255574832);
});

test('whole points: up when charged, down when paid', () => {
  assert.equal(chargeMinor([0, 0], 100, 0, 50_000), 29);
  assert.equal(chargeMinor([50_000, 0], 100, 1, 30_000), 13);
  assert.equal(saleMinor([50_000, 0], 100, 0, 50_000), 28);
  assert.equal(saleMinor([50_000, 80_000], 100, 0, 50_000), 18);
  assert.equal(chargeMinor([0, 0], 100, 0, 1), 1);
  assert.equal(saleMinor([1, 0], 100, 0, 1), 0);
});

test('far from the middle everything stays finite', () => {
  near(costOf([1000, 0], 1), 1000);
  near(tradeCost([-1000, 0], 1, 0, 1000), Math.log(2));
  for (const far of [1e2, 1e3, 1e4]) {
    for (const shares of [
      [far, 0],
      [0, far],
      [-far, far],
      [far, far],
    ]) {
      for (const size of [1e-3, 1, far, 3 * far]) {
        for (const value of [
          costOf(shares, 1),
          tradeCost(shares, 1, 0, size),
          tradeCost(shares, 1, 0, -size),
          sharesForStake(shares, 1, 0, size),
          ...pricesOf(shares, 1),
        ]) {
          assert.ok(Number.isFinite(value), `${shares} ${size}`);
        }
        // What a stake buys costs the stake. Far below the money both are limits of the format.
        const bought = sharesForStake(shares, 1, 0, size);
        near(tradeCost(shares, 1, 0, bought), size, 1e-9 * Math.max(1, far) * 10);
      }
    }
  }
});

test('a stake buys what it pays for, and selling back never pays more', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 3_000_000 }), { minLength: 2, maxLength: 10 }),
      fc.integer({ min: 50, max: 5000 }),
      fc.integer({ min: 1, max: 5000 }),
      (milli, budget, stake) => {
        const b = liquidityOf(budget, milli.length);
        const bought = milliSharesFor(milli, b, 0, stake);
        assert.ok(bought >= 0 && Number.isSafeInteger(bought));
        if (bought === 0) return;
        assert.ok(chargeMinor(milli, b, 0, bought) <= stake);
        const after = milli.with(0, (milli[0] ?? 0) + bought);
        assert.ok(saleMinor(after, b, 0, bought) <= stake);
        // Nor in pieces, where rounding up would add up.
        let left = after;
        let pieces = 0;
        for (let piece = 0; piece < 10; piece++) {
          const sold = Math.min(Math.ceil(bought / 10), (left[0] ?? 0) - (milli[0] ?? 0));
          if (sold < 1) break;
          pieces += saleMinor(left, b, 0, sold);
          left = left.with(0, (left[0] ?? 0) - sold);
        }
        assert.ok(pieces <= stake, `${pieces} for ${stake}`);
        // Not a point less than a fair price, either.
        assert.ok(
          tradeCost(
            milli.map((one) => one / 1000),
            b,
            0,
            (bought + 2) / 1000,
          ) >
            stake - 1,
        );
      },
    ),
    { numRuns: 2000 },
  );
});

test('over 3,000 random paths the house loses at most its budget, whoever wins', () => {
  const result = walkLmsr(3_000, 20_261);
  assert.ok(result.trades > 30_000 && result.sales > 3_000, JSON.stringify(result));
  assert.equal(result.broken, '');
  // The bound is met closely: a test that never comes near it would prove little.
  assert.ok(result.worstOfBudget > 0.8, `${result.worstOfBudget}`);
});

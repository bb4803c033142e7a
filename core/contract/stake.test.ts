// Proves that a typed stake means what a person means, for any number and balance: exact points, a
// share that is never more than was asked for, and nothing at all where a guess would be needed.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseStake, STAKE_MAX, stakePoints } from './stake.ts';

const points = fc.integer({ min: 1, max: STAKE_MAX });

const pointsOf = (typed: string, available = 0) => {
  const stake = parseStake(typed);
  return stake && stakePoints(stake, available);
};

test('points, with and without groups, thousands and millions', () => {
  fc.assert(
    fc.property(points, fc.constantFrom('', ' ', '  '), (amount, space) => {
      assert.equal(pointsOf(`${space}${amount}${space}`), amount);
      for (const group of [',', '.', ' ', "'"]) {
        const grouped = String(amount).replace(/\B(?=(\d{3})+$)/g, group);
        assert.equal(pointsOf(grouped), amount, grouped);
      }
    }),
  );
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 999_999 }), (thousandths) => {
      const whole = Math.floor(thousandths / 1000);
      const rest = String(thousandths % 1000).padStart(3, '0');
      assert.equal(pointsOf(`${whole}.${rest}k`), thousandths);
      assert.equal(pointsOf(`${whole},${rest} K`), thousandths);
    }),
  );
  assert.deepEqual(
    ['50', '1k', '2.5k', '1m', '0.5k'].map((typed) => pointsOf(typed)),
    [...[50, 1000, 2500, 1_000_000, 500]],
  );
});

test('a share is never more than it says, and never nothing of something', () => {
  const balances = fc.integer({ min: 1, max: STAKE_MAX });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10_000 }), balances, (hundredths, available) => {
      const amount = pointsOf(`${hundredths / 100}%`, available) ?? 0;
      assert.ok(amount >= 1 && amount <= available);
      const exact = (BigInt(available) * BigInt(hundredths)) / 10_000n;
      assert.equal(amount, Math.max(1, Number(exact)));
    }),
  );
  assert.equal(pointsOf('25%', 410), 102);
  assert.equal(pointsOf('29 %', 100), 29);
  assert.equal(pointsOf('all', 77), 77);
  assert.equal(pointsOf('25%', 0), 0);
});

test('what is no stake for sure is none', () => {
  const none = ['', ' ', '0', '00', '0%', '101%', '-5', '+5', '1.5', '1,5', '1.2345k', '5x', 'k'];
  for (const typed of [...none, '5 0', '1e3', '50 %%', '٥٠', '1000000000', '1,00', '0x10']) {
    assert.equal(parseStake(typed), null, typed);
  }
  fc.assert(
    fc.property(fc.string({ maxLength: 12 }), (typed) => {
      const stake = parseStake(typed);
      if (stake?.kind === 'points') {
        assert.ok(Number.isSafeInteger(stake.points) && stake.points > 0);
      } else if (stake) assert.ok(stake.share > 0 && stake.share <= 1);
    }),
  );
});

// Proves the bench's arithmetic: nearest-rank percentiles against a plain definition on random
// samples (fast-check, seed printed), best and worst round, and that a verdict can fail.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  bestAndWorst,
  middleOf,
  PERCENTILES,
  rankingPercentile,
  spreadOf,
  verdictOf,
} from './statistics.ts';

const seed = Number(process.env.MORPHINE_TEST_SEED ?? Date.now() % 1_000_000);
console.log(`seed ${seed}`);

const SHARES = { p50: 0.5, p95: 0.95, p99: 0.99, p999: 0.999, max: 1 };

test('a percentile is the smallest sample that enough samples do not exceed', () => {
  const samples = fc.array(fc.double({ noNaN: true, min: 0, max: 1e6 }), { minLength: 1 });
  fc.assert(
    fc.property(samples, (values) => {
      const spread = spreadOf(values);
      assert.ok(spread);
      assert.equal(spread.count, values.length);
      for (const name of PERCENTILES) {
        const enough = (limit: number) =>
          values.filter((value) => value <= limit).length >= SHARES[name] * values.length;
        assert.ok(values.includes(spread[name]));
        assert.ok(enough(spread[name]));
        assert.ok(values.every((value) => value >= spread[name] || !enough(value)));
      }
    }),
    { seed },
  );
});

test('a round without samples is no number, and a sample that is none is refused', () => {
  assert.equal(spreadOf([]), null);
  assert.throws(() => spreadOf([1, Number.NaN]), /not a number/);
});

test('best and worst round are ranked by the judged percentile', () => {
  const rounds = [spreadOf([1, 1, 90]), spreadOf([40, 41, 42]), spreadOf([2, 2, 60]), null];
  assert.equal(bestAndWorst(rounds, 'max')?.best.max, 42);
  assert.equal(bestAndWorst(rounds, 'max')?.worst.max, 90);
  assert.equal(bestAndWorst(rounds, 'p50')?.best.max, 90);
  assert.equal(bestAndWorst([null, null], 'p50'), null);
  assert.equal(middleOf(rounds, 'max'), 60);
  assert.equal(rankingPercentile({ p50: 30, p95: 60 }), 'p95');
  assert.equal(rankingPercentile({}), 'p95');
});

test('a target holds only when every round holds every limit', () => {
  const [low, high] = [spreadOf([10]), spreadOf([20])];
  const judge = (rounds: ReturnType<typeof spreadOf>[], limit: number) =>
    verdictOf(rounds, () => ({ p50: limit, p95: 1000 })).held;
  assert.equal(judge([low, high, low], 20), 'yes');
  assert.equal(judge([low, high, low], 19), 'in part');
  assert.equal(judge([low, high, low], 9), 'no');
  assert.equal(judge([low, null, low], 20), 'in part');
  assert.equal(judge([null, null, null], 20), 'not measured');
  assert.equal(verdictOf([low], () => ({})).held, 'no target');
});

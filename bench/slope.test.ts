// Proves that a line is found, that its error is nothing on a line and grows with what lies beside
// it, and that too few points are refused.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { slopeOf } from './slope.ts';

test('a slope and its error, against a textbook', () => {
  const exact = slopeOf([0, 1, 2, 3], [5, 7, 9, 11]);
  assert.ok(Math.abs(exact.slope - 2) < 1e-12 && exact.standardError < 1e-12);
  // y = 2, 4, 5, 4, 5 at x = 1 … 5: slope 0.6, standard error 0.2828.
  const beside = slopeOf([1, 2, 3, 4, 5], [2, 4, 5, 4, 5]);
  assert.ok(Math.abs(beside.slope - 0.6) < 1e-12);
  assert.ok(Math.abs(beside.standardError - 0.2828) < 1e-4);
});

test('too few points, or all at one place, are refused', () => {
  assert.throws(() => slopeOf([1, 2], [1, 2]), /three points/);
  assert.throws(() => slopeOf([1, 1, 1], [1, 2, 3]), /one place/);
});

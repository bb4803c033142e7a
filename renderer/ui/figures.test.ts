// Proves how numbers read: amounts, countdowns, odds. Tables and the edges of each.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  countdownText,
  elapsedText,
  oddsText,
  pointsText,
  poolOdds,
  poolShare,
} from './figures.ts';

test('amounts are grouped by three and never by a dot', () => {
  const groups = [0, 7, 999, 1000, 124_500, 1_234_567].map(pointsText);
  assert.deepEqual(
    groups.map((words) => words.replace(/\s/g, '_')),
    ['0', '7', '999', '1_000', '124_500', '1_234_567'],
  );
  assert.ok(!/ /.test(pointsText(1_000_000)), 'no-break spaces only');
});

test('a countdown shows a second until it is over and never goes below zero', () => {
  const left = [14_000_000, 13_000_001, 1, 0, -5_000_000, 3_723_000_000].map(countdownText);
  assert.deepEqual(left, ['00:14', '00:14', '00:01', '00:00', '00:00', '1:02:03']);
  assert.equal(elapsedText(761_900_000), '00:12:41');
  assert.equal(elapsedText(-1), '00:00:00');
});

test('pool odds pay the whole pool to the winners', () => {
  const pools = [410, 252, 0];
  assert.deepEqual(
    pools.map((_, index) => oddsText(poolOdds(pools, index))),
    ['1.61×', '2.63×', '–'],
  );
  assert.equal(oddsText(250.4), '250×');
  assert.equal(poolShare([0, 0], 0), 0);
  assert.equal(poolShare(pools, 2), 0);
  assert.equal(
    pools.reduce((sum, _, index) => sum + poolShare(pools, index), 0),
    1,
  );
});

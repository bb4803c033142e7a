// Proves what reports of a viewer come to: sums over half a second, also over the wrap of numbers and
// where repairs make them smaller, and round trips of which each counts once.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PathView } from './pathView.ts';

const block = (highestSequence: number, cumulativeLost: number, lastSenderReport = 1) => ({
  ...{ highestSequence, cumulativeLost, lastSenderReport },
});

test('one lost of eight is no judgement; half a second is', () => {
  const path = new PathView();
  assert.equal(path.take(0, block(1000, 0), null), null);
  assert.equal(path.take(40_000, block(1008, 1), null), null);
  assert.equal(path.take(520_000, block(1100, 2), null)?.fractionLost, 0.02);
  // Repairs came: fewer are lost than before.
  assert.equal(path.take(1_040_000, block(1200, 0), null)?.fractionLost, 0);
  assert.equal(path.take(1_600_000, block(1200, 0), null)?.fractionLost, 0);
  assert.equal(path.take(2_200_000, block(1210, 90), null)?.fractionLost, 1);
});

test('numbers wrap', () => {
  const path = new PathView();
  path.take(0, block(0xffff_fff0, -5), null);
  assert.equal(path.take(600_000, block(84, 5), null)?.fractionLost, 0.1);
});

test('of the round trips of one while the shortest counts, and each sender report once', () => {
  const path = new PathView();
  path.take(0, block(0, 0, 1), 80);
  path.take(200_000, block(10, 0, 2), 140);
  assert.equal(path.take(600_000, block(20, 0, 3), 30)?.roundTripMs, 30);
  assert.equal(path.take(1_200_000, block(30, 0, 3), 30)?.roundTripMs, null, 'told already');
  assert.equal(path.take(1_800_000, block(40, 0, 4), 90)?.roundTripMs, 90);
});

test('the estimate is the newest one', () => {
  const path = new PathView();
  path.take(0, block(0, 0), null);
  path.bitsPerSecondMax = 500_000;
  path.bitsPerSecondMax = 700_000;
  assert.equal(path.take(600_000, block(1, 0), null)?.bitsPerSecondMax, 700_000);
});

// Proves that a stage's times stay what the status may say of them, whatever the clock did.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StageTimes } from './stageTimes.ts';

test('a clock behind the captures makes no negative time; what was not measured is null', () => {
  const times = new StageTimes();
  for (const valueMs of [-1.7e12, 4, 9]) times.add('frameToResult', valueMs);
  const { frameToResult, decode } = times.percentiles(0.95);
  assert.deepEqual([frameToResult, decode], [9, null]);
  assert.equal(times.percentiles(0).frameToResult, 0);
});

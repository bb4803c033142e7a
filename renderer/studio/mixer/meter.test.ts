// Proves how the meter moves: up at once, down as slowly as said, never below its floor or above
// its end; the highest stays for 20 s, and what has clipped stays marked.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { SoundLevelReading } from '../../../core/contract/mixer.ts';
import { highest, moved, restingMeter, shareOf } from './meter.ts';

const level = (peak: number, other = peak): SoundLevelReading => ({
  ...{ key: 'demo:', peakDb: [peak, other], rmsDb: [peak - 10, other - 10] },
});

test('peaks rise at once and fall 20 dB in 1.7 s; the highest stays for 20', () => {
  let view = moved(restingMeter(), level(-6, -30), 1_000);
  assert.deepEqual(
    view.needles.map(({ peakDb }) => peakDb),
    [-6, -30],
  );
  view = moved(view, null, 2_700);
  assert.ok(Math.abs(highest(view, 'peakDb') + 26) < 1e-9);
  assert.equal(highest(view, 'heldDb'), -6);
  assert.equal(highest(moved(view, level(-40), 20_900), 'heldDb'), -6);
  assert.equal(highest(moved(view, level(-40), 21_100), 'heldDb'), -40);
});

test('what is drawn stays within the meter, whatever is told and whenever', () => {
  const told = fc.array(
    fc.tuple(fc.double({ min: -100, max: 60, noNaN: true }), fc.nat(5_000), fc.boolean()),
  );
  fc.assert(
    fc.property(told, (levels) => {
      let view = restingMeter();
      let nowMs = 0;
      let hasClipped = false;
      for (const [peak, laterMs, isHeard] of levels) {
        nowMs += laterMs;
        hasClipped ||= isHeard && peak >= 0;
        view = moved(view, isHeard ? level(peak) : null, nowMs);
        const share = shareOf(highest(view, 'peakDb'));
        assert.ok(share >= 0 && share <= 1);
        if (isHeard) assert.ok(highest(view, 'peakDb') >= peak);
        assert.ok(highest(view, 'heldDb') >= (isHeard ? peak : -100));
      }
      assert.equal(view.hasClipped, hasClipped);
    }),
  );
  assert.deepEqual([-60, -30, 0].map(shareOf), [0, 0.5, 1]);
});

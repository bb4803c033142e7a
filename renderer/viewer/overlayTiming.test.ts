// Proves the exact mode's arithmetic: frames are shown once, in order, never before their moment;
// the delay follows the p95 of the facts; memory for held frames is bounded and given back.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  EXACT_DELAY_US_MAX,
  EXACT_MARGIN_US,
  exactDelayUs,
  HeldFrames,
  OwnFrameShare,
  RollingFigure,
} from './overlayTiming.ts';

const seed = Number(process.env.SEED ?? Date.now() % 2_147_483_647);
console.log(`overlayTiming seed ${seed}`);

function figureOf(samples: number[]): RollingFigure {
  const figure = new RollingFigure(300);
  for (const sample of samples) figure.add(sample);
  return figure;
}

test('the delay is p95 + 20 ms, rises at once, sinks only by more than a frame, and is bounded', () => {
  const hundred = Array.from({ length: 100 }, (_, at) => (at + 1) * 1000);
  assert.equal(exactDelayUs(figureOf(hundred), null), 95_000 + EXACT_MARGIN_US);
  assert.equal(exactDelayUs(figureOf(hundred), 80_000), 115_000);
  assert.equal(exactDelayUs(figureOf(hundred), 130_000), 130_000);
  assert.equal(exactDelayUs(figureOf(hundred), 200_000), 115_000);
  assert.equal(exactDelayUs(figureOf(hundred.map((us) => us * 100)), null), EXACT_DELAY_US_MAX);
});

test('without enough facts there is no delay, and the present one stays', () => {
  assert.equal(exactDelayUs(figureOf([]), null), null);
  assert.equal(exactDelayUs(figureOf([1, 2, 3]), null), null);
  assert.equal(exactDelayUs(figureOf([1, 2, 3]), 70_000), 70_000);
});

test('a clock that is off by any amount moves frames and facts alike', () => {
  for (const errorUs of [-3_000_000, 0, 5_000_000]) {
    // Facts arrive 60 ms after capture by the true clock; the page's clock is off by errorUs.
    const delayUs = 60_000 + errorUs + EXACT_MARGIN_US;
    const held = new HeldFrames<string>(8, () => {});
    held.hold({ captureUs: 1_000_000_000, rtpTimestamp: 1, picture: 'a' });
    const trueNowUs = 1_000_000_000 + 80_000;
    assert.equal(held.takeDue(trueNowUs - 1 + errorUs, delayUs), null);
    assert.equal(held.takeDue(trueNowUs + errorUs, delayUs)?.picture, 'a');
  }
});

test('every frame is shown at most once, in order, not early; every picture comes back once', () => {
  const gaps = fc.array(fc.integer({ min: -5000, max: 80_000 }), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(gaps, fc.integer({ min: 0, max: 400_000 }), (steps, delayUs) => {
      const released: number[] = [];
      const held = new HeldFrames<number>(8, (picture) => released.push(picture));
      let captureUs = 1_000_000;
      let nowUs = captureUs;
      let lastShownUs = 0;
      const shown: number[] = [];
      for (const [at, gapUs] of steps.entries()) {
        captureUs += gapUs;
        nowUs = Math.max(nowUs, captureUs);
        held.hold({ captureUs, rtpTimestamp: at, picture: at });
        assert.ok(held.length <= 8);
        const due = held.takeDue(nowUs, delayUs);
        if (!due) continue;
        assert.ok(due.captureUs + delayUs <= nowUs);
        assert.ok(due.captureUs > lastShownUs);
        lastShownUs = due.captureUs;
        shown.push(due.picture);
      }
      held.clear();
      const all = [...shown, ...released].sort((one, other) => one - other);
      assert.deepEqual(
        all,
        steps.map((_, at) => at),
      );
    }),
    { seed, numRuns: 500 },
  );
});

test('the share counts frames with their own boxes among all shown', () => {
  const share = new OwnFrameShare();
  assert.equal(share.share(), null);
  for (const own of [true, true, false, true]) share.add(own);
  assert.equal(share.share(), 0.75);
});

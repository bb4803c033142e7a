// Proves that every hole in the picture is told with its two ends, once, and that a stall is seen
// within its limit; on a clock that moves only when told.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualTime } from '../../core/base/clock.ts';
import { createPictureWatch } from './pictureWatch.ts';

function watched(lastFrameUs = 0) {
  const time = new ManualTime(10_000_000);
  const signals: string[] = [];
  const watch = createPictureWatch({
    clock: time,
    timers: time,
    lastFrameUs,
    onStall: (isStalled) => signals.push(isStalled ? 'stalled' : 'back'),
    onGap: (fromUs, toUs) => signals.push(`gap ${fromUs}-${toUs}`),
  });
  const frame = () => watch.frame(time.nowUs());
  return { time, signals, watch, frame };
}

test('a steady picture has no gap and no stall', () => {
  const { time, signals, frame } = watched();
  for (let i = 0; i < 300; i++) {
    frame();
    time.advance(33);
  }
  assert.deepEqual(signals, ['back']);
});

test('a hole is a stall within 500 ms, then a gap between the frames around it', () => {
  const { time, signals, watch, frame } = watched();
  frame();
  const fromUs = time.nowUs();
  time.advance(400);
  assert.equal(watch.isStalled(), false);
  time.advance(100);
  assert.equal(watch.isStalled(), true);
  time.advance(900);
  frame();
  assert.deepEqual(signals, ['back', 'stalled', `gap ${fromUs}-${time.nowUs()}`, 'back']);
});

test('the time between the last frame of a dead engine and the first of the next is a gap', () => {
  const { time, signals, frame } = watched(8_000_000);
  frame();
  assert.deepEqual(signals, [`gap 8000000-${time.nowUs()}`, 'back']);
});

// Proves with a clock that is moved by hand that each frame leaves at its time and in order, that
// a producer is told to stop at a second ahead and never while the other track starves, and that a
// lasting delay moves the start instead of piling up.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ManualTime } from '../../core/base/clock.ts';
import type { TrackKind } from '../../core/media/feed.ts';
import { createPacer } from './pacer.ts';

const seed = Date.now() % 2 ** 31;
console.log(`pacer.test seed ${seed}`);

function make() {
  const time = new ManualTime();
  const due: { track: TrackKind; captureUs: number; nowUs: number; ptsUs: number }[] = [];
  const paused: Record<TrackKind, boolean> = { video: false, audio: false };
  const broken: { track: TrackKind; gapUs: number }[] = [];
  const pacer = createPacer({
    clock: time,
    timers: time,
    onDue: ({ track, ptsUs }, captureUs) => {
      due.push({ track, captureUs, nowUs: time.nowUs(), ptsUs });
    },
    onPause: (track, isPaused) => {
      paused[track] = isPaused;
    },
    onBroken: (track, gapUs) => broken.push({ track, gapUs }),
  });
  const push = (track: TrackKind, ptsUs: number) =>
    pacer.push({ track, ptsUs, bytes: new Uint8Array(100) });
  return { time, due, paused, broken, pacer, push };
}

test('frames leave at their time and in order, however they come', () => {
  const arrival = fc.record({ track: fc.constantFrom('video', 'audio'), waitMs: fc.nat(30) });
  fc.assert(
    fc.property(fc.array(arrival, { minLength: 5, maxLength: 80 }), (arrivals) => {
      const { time, due, push } = make();
      const next = { video: 0, audio: 0 };
      for (const { track, waitMs } of arrivals) {
        push(track as TrackKind, next[track as TrackKind]);
        next[track as TrackKind] += track === 'video' ? 33_333 : 20_000;
        time.advance(waitMs);
      }
      time.advance(10_000);
      assert.equal(due.length, arrivals.length);
      for (const track of ['video', 'audio']) {
        const own = due.filter((frame) => frame.track === track);
        for (const [index, frame] of own.entries()) {
          const before = own[index - 1];
          if (before) assert.ok(frame.captureUs > before.captureUs);
          // Never in the future, and on the millisecond unless it came late.
          assert.ok(frame.captureUs <= frame.nowUs);
        }
      }
    }),
    { seed, numRuns: 100 },
  );
});

test('a producer is stopped at a second ahead and goes on at half', () => {
  const { time, due, paused, push } = make();
  for (let i = 0; i < 70; i++) {
    push('video', i * 33_333);
    push('audio', i * 20_000);
  }
  time.advance(300);
  assert.deepEqual(paused, { video: true, audio: true });
  time.advance(2_500);
  assert.deepEqual(paused, { video: false, audio: false });
  assert.equal(due.length, 140);
});

test('no track is stopped while the other one starves', () => {
  const { time, paused, push } = make();
  push('audio', 0);
  for (let i = 0; i < 90; i++) push('video', i * 33_333);
  time.advance(300);
  push('video', 90 * 33_333);
  assert.equal(paused.video, false);
  for (let i = 1; i < 90; i++) push('audio', i * 20_000);
  assert.equal(paused.video, true);
});

test('a lasting delay moves the start, for both tracks', () => {
  const { time, due, push } = make();
  push('video', 0);
  push('audio', 0);
  time.advance(5_000);
  push('video', 33_333);
  push('audio', 40_000);
  time.advance(100);
  const [video, audio] = due.slice(-2);
  assert.equal(video?.captureUs, video?.nowUs);
  assert.equal((audio?.captureUs ?? 0) - (video?.captureUs ?? 0), 40_000 - 33_333);
});

test('nothing leaves after close', () => {
  const { time, due, pacer, push } = make();
  push('video', 0);
  pacer.close();
  push('video', 33_333);
  time.advance(5_000);
  assert.equal(due.length, 0);
});

test('a jump of minutes is a broken file, a still of seconds is none', () => {
  const { time, due, broken, push } = make();
  for (let index = 0; index < 10; index++) {
    push('video', index * 33_333);
    push('audio', index * 20_000);
  }
  push('video', 20_000_000);
  time.advance(30_000);
  assert.equal(due.at(-1)?.ptsUs, 20_000_000);
  push('video', 366_480_000);
  assert.deepEqual(broken, [{ track: 'video', gapUs: 346_480_000 }]);
  push('video', 366_520_000);
  time.advance(400_000);
  assert.equal(due.at(-1)?.ptsUs, 20_000_000, 'nothing goes out any more');
  assert.equal(broken.length, 1, 'it is told once');
});

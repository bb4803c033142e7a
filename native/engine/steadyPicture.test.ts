// Proves, on a clock that moves only when told, that betting is never possible while the picture is
// away, that it stops in the same call as the stall is told, and that a picture which comes and goes
// opens it no more often than the wait allows; over random sequences, and one that is written out.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ManualTime } from '../../core/base/clock.ts';
import { createShow, firstShow, SUSPENSIONS } from './show.ts';
import { createSteadyPicture, STEADY_MS } from './steadyPicture.ts';

function setUp() {
  const time = new ManualTime();
  const channel = { title: '', channelId: 'c', isLive: true, liveSinceUs: 1, suspendedByHand: '' };
  /** When betting became possible, ms. */
  const openings: number[] = [];
  let before = 'not yet';
  const show = createShow({
    clock: time,
    first: firstShow({ clock: time, ...channel }),
    onChange({ bettingSuspended }) {
      if (bettingSuspended === '' && before !== '') openings.push(time.nowUs() / 1000);
      before = bettingSuspended;
    },
  });
  const steady = createSteadyPicture({ timers: time, show });
  show.suspend('ledgerAway', false);
  steady.suspend('pictureStalled', false);
  return { time, steady, openings, words: () => show.view().bettingSuspended };
}

test('the first picture opens betting at once; one that returns has to stay a moment', () => {
  const { time, steady, words } = setUp();
  assert.equal(words(), '');
  steady.suspend('pictureStalled', true);
  assert.equal(words(), SUSPENSIONS.pictureStalled);
  steady.suspend('pictureLost', true);
  steady.suspend('pictureStalled', false);
  assert.equal(words(), SUSPENSIONS.pictureLost);
  steady.suspend('pictureLost', false);
  assert.equal(words(), SUSPENSIONS.pictureReturning);
  time.advance(STEADY_MS - 1);
  assert.equal(words(), SUSPENSIONS.pictureReturning);
  time.advance(1);
  assert.equal(words(), '');
});

const step = fc.record({
  reason: fc.constantFrom('pictureStalled' as const, 'pictureLost' as const),
  isOn: fc.boolean(),
  afterMs: fc.integer({ min: 0, max: 1_500 }),
});

test('whatever comes and goes: no bet while it is away, and no flapping', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const { time, steady, openings, words } = setUp();
      const away = new Set<string>();
      for (const { reason, isOn, afterMs } of steps) {
        steady.suspend(reason, isOn);
        if (isOn) away.add(reason);
        else away.delete(reason);
        if (away.size > 0) assert.notEqual(words(), '', 'betting stops in the same call');
        time.advance(afterMs);
        if (away.size > 0) assert.notEqual(words(), '');
      }
      for (const [at, openedMs] of openings.entries()) {
        const before = openings[at - 1];
        if (before !== undefined) assert.ok(openedMs - before >= STEADY_MS);
      }
      for (const reason of ['pictureStalled', 'pictureLost'] as const)
        steady.suspend(reason, false);
      time.advance(STEADY_MS);
      assert.equal(words(), '', 'in the end betting goes on');
    }),
    { numRuns: 300 },
  );
});

// Proves how much room a viewer's browser is given: none on a local network, enough for one repair
// on a lossy path, never beyond what shows pictures at once; more at once, less after ten seconds.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PLAYOUT_MS_MAX, PlayoutDelay, playoutMsMax } from './playoutDelay.ts';

const lan = { roundTripMs: 2, jitterMs: 1, nackShare: 0, atMs: 0 };
const lossy = { roundTripMs: 40, jitterMs: 12, nackShare: 0.02, atMs: 0 };

test('paths and their room', () => {
  assert.equal(playoutMsMax(lan), 0);
  assert.equal(playoutMsMax({ ...lan, roundTripMs: null }), null);
  assert.equal(playoutMsMax(lossy), 110);
  assert.equal(playoutMsMax({ ...lossy, nackShare: 0 }), 50);
  assert.equal(playoutMsMax({ ...lossy, nackShare: 0.1 }), 170);
  assert.equal(playoutMsMax({ ...lossy, jitterMs: 900 }), PLAYOUT_MS_MAX);
});

test('worse is believed at once, better after ten seconds', () => {
  const delay = new PlayoutDelay();
  assert.equal(delay.msMax, 0, 'before anything is known');
  delay.report({ ...lan, roundTripMs: null });
  delay.report({ ...lan, jitterMs: 40 });
  assert.equal(delay.msMax, 0, 'the burst that a viewer starts with is no jitter');
  delay.report({ ...lossy, atMs: 1000 });
  assert.equal(delay.msMax, 120, 'room for one repair whose request is lost');
  for (let atMs = 2000; atMs < 12_000; atMs += 1000) {
    delay.report({ ...lan, atMs });
    assert.equal(delay.msMax, 120, `${atMs}`);
  }
  delay.report({ ...lan, atMs: 12_000 });
  assert.equal(delay.msMax, 0);
});

test('where losses are usual every picture waits for one repair, and ten seconds without end it', () => {
  const delay = new PlayoutDelay();
  delay.report(lan);
  delay.report({ ...lossy, nackShare: 0.004, atMs: 1000 });
  assert.deepEqual([delay.msMin, delay.isLossy], [0, false], 'one packet is an accident');
  delay.report({ ...lossy, atMs: 2000 });
  assert.deepEqual([delay.msMin, delay.isLossy], [120, true]);
  for (let atMs = 3000; atMs < 20_000; atMs += 1000) {
    delay.report({ ...lossy, nackShare: atMs % 5000 === 0 ? 0.006 : 0, atMs });
  }
  assert.deepEqual([delay.msMin, delay.isLossy], [120, true], 'now and then is enough');
  for (let atMs = 20_000; atMs < 45_000; atMs += 1000) delay.report({ ...lan, atMs });
  assert.deepEqual([delay.msMin, delay.msMax, delay.isLossy], [0, 0, false]);
  const far = new PlayoutDelay();
  for (let atMs = 0; atMs < 3000; atMs += 1000) far.report({ ...lossy, roundTripMs: 200, atMs });
  assert.deepEqual([far.msMin, far.isLossy], [0, true], 'a long way is not waited for');
});

test('it is always a step of the extension within its bounds', () => {
  const path = fc.record({
    roundTripMs: fc.option(fc.double({ min: 0, max: 9999, noNaN: true })),
    jitterMs: fc.double({ min: 0, max: 9999, noNaN: true }),
    nackShare: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  fc.assert(
    fc.property(fc.array(path), (paths) => {
      const delay = new PlayoutDelay();
      for (const [index, each] of paths.entries()) {
        delay.report({ ...each, atMs: index * 1000 });
        assert.ok(delay.msMin >= 0 && delay.msMin <= delay.msMax && delay.msMin % 10 === 0);
        assert.ok(delay.msMax >= 0 && delay.msMax <= PLAYOUT_MS_MAX && delay.msMax % 10 === 0);
      }
    }),
  );
});

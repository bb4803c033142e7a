// Proves that the shift between two clocks is found from pictures alone: over any shift and over
// frames that one side never shows, and that still or wrong pictures give none instead of a guess.
// Random streams come from a printed seed.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FrameMatch, PAIRS_MIN } from './frameMatch.ts';

test('any shift is found from the frames that both sides showed', () => {
  const seed = Number(process.env.SEED ?? Date.now() & 0x7fffffff);
  console.log(`seed ${seed}`);
  const tick = fc.integer({ min: 0, max: 0xffffffff });
  fc.assert(
    fc.property(
      tick,
      tick,
      fc.array(fc.boolean(), { minLength: 40, maxLength: 90 }),
      (start, shift, shown) => {
        const match = new FrameMatch();
        let common = 0;
        shown.forEach((isShown, i) => {
          const at = (start + i * 3000) >>> 0;
          // The other engine's frames come later and some never; ours lacks every fifth.
          if (i % 5 !== 0) match.seenHere(`picture ${i}`, at);
          if (isShown) match.seenElsewhere(`picture ${i}`, (at + shift) >>> 0);
          if (isShown && i % 5 !== 0) common++;
        });
        assert.equal(match.shift(), common >= PAIRS_MIN ? shift : null);
      },
    ),
    { seed, numRuns: 200 },
  );
});

test('a still picture proves nothing', () => {
  const match = new FrameMatch();
  for (let i = 0; i < 60; i++) {
    match.seenHere('still', i * 3000);
    match.seenElsewhere('still', i * 3000 + 77);
  }
  assert.equal(match.shift(), null);
});

test('one frame drawn late is outvoted; a picture of another show is no proof', () => {
  const match = new FrameMatch();
  for (let i = 0; i < 12; i++) {
    match.seenHere(`p${i}`, i * 3000);
    match.seenElsewhere(i === 3 ? 'p4late' : `p${i}`, i * 3000 + 900);
  }
  match.seenHere('p4late', 4 * 3000);
  assert.equal(match.shift(), 900);
  const other = new FrameMatch();
  for (let i = 0; i < 40; i++) {
    other.seenHere(`a${i}`, i * 3000);
    other.seenElsewhere(`b${i}`, i * 3000);
  }
  assert.equal(other.shift(), null);
  const random = new FrameMatch();
  for (let i = 0; i < 40; i++) {
    random.seenHere(`p${i}`, i * 3000);
    random.seenElsewhere(`p${i}`, (i * i * 7919) >>> 0);
  }
  assert.equal(random.shift(), null, 'pairs that do not agree');
});

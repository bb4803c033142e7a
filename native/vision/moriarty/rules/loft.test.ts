// Proves the shot without a goal in the picture: a ball that is thrown high is one, on the picture
// on which it began to rise, also when it was found only while it flew; dribbles, slow hands and
// things that are faster than any ball are none.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { BallSighting } from '../../tracking/ballTrack.ts';
import { Game } from '../events.ts';
import { parsePack } from '../pack.ts';

const FRAME_US = 33_333;

function gameOf(): Game {
  const found = parsePack(
    JSON.stringify({
      ...{ version: 2, id: 'own', title: 'Own', ball: { label: 'ball' } },
      ...{ detector: { model: 'any', minimumConfidence: 0.4 } },
      events: { shot: { speedMin: 0.4, riseMin: 0.3 } },
    }),
    'own',
  );
  assert.ok('pack' in found, 'reason' in found ? found.reason : '');
  return new Game(found.pack);
}

/** Frames of the shots that are told of a ball at these heights; it is found at `from`. */
function shots(heights: readonly number[], from = 0): number[] {
  const game = gameOf();
  const at = (frame: number) => ({
    ...{ captureUs: 1_000_000 + frame * FRAME_US, x: 0.5 + frame * 0.004 },
    y: heights[frame] ?? 0,
  });
  return heights.flatMap((_, frame) => {
    const time = { captureUs: at(frame).captureUs, rtpTimestamp: frame };
    const before = Array.from({ length: from }, (__, index) => at(index));
    const ball: BallSighting | null =
      frame < from
        ? null
        : {
            ...{ ...at(frame), ...time, width: 0.02, height: 0.03, confidence: 0.6 },
            ...{ isSeen: true, trackId: 5, ...(frame === from ? { before } : {}) },
          };
    return game
      .judge({ ...time, tracks: [], ball })
      .filter(({ type }) => type === 'shot')
      .map(({ captureUs }) => Math.round((captureUs - 1_000_000) / FRAME_US));
  });
}

/** Held for ten pictures, then thrown at `speed` heights a second. */
const thrown = (speed: number, gravity: number) =>
  Array.from({ length: 60 }, (_, frame) => {
    const t = Math.max(0, (frame - 10) / 30);
    return 0.6 - speed * t + (gravity / 2) * t * t;
  });

test('a ball that is thrown high is a shot, once, on its first picture', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 1, max: 2, noNaN: true }),
      fc.double({ min: 0.8, max: 1.3, noNaN: true }),
      fc.integer({ min: 0, max: 14 }),
      (speed, gravity, from) => {
        assert.deepEqual(shots(thrown(speed, gravity), from), [10]);
      },
    ),
    { numRuns: 60 },
  );
});

test('dribbles, slow hands and leaps are none', () => {
  const dribble = Array.from(
    { length: 90 },
    (_, frame) => 0.8 - 0.25 * Math.abs(Math.sin(frame / 6)),
  );
  assert.deepEqual(shots(dribble), []);
  const lifted = Array.from({ length: 90 }, (_, frame) => 0.9 - frame * 0.006);
  assert.deepEqual(shots(lifted), [], 'lifted by a hand');
  const leaps = Array.from({ length: 40 }, (_, frame) => (frame % 3 === 0 ? 0.9 : 0.4));
  assert.deepEqual(shots(leaps), [], 'faster than a ball');
  assert.deepEqual(shots(thrown(0.6, 1)), [], 'not high enough');
});

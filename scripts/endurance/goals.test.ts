// Proves the short form of the ten matches: some seconds of one match with a goal in them, through
// drawing, encoding, decoding, the shipped model and the judges. The long form runs by
// `npm run endurance -- --only goals`.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMatch } from '../../native/capture/demo/match.ts';
import { hasFfmpeg, resolveFfmpeg } from '../../native/ffmpeg/resolve.ts';
import { playMatch, summary } from './goals.ts';

const ffmpeg = await resolveFfmpeg({ environmentPath: process.env.MORPHINE_FFMPEG });
const skip = hasFfmpeg(ffmpeg) ? false : 'no ffmpeg';
const SEED = 28;
/** What is played before the goal. */
const BEFORE_FRAMES = 120;

test('the first goal of a match is told, on its picture, and no other', { skip }, async () => {
  const frames = BEFORE_FRAMES + 45;
  const from = createMatch(SEED).nextGoalFrame(0) - BEFORE_FRAMES;
  const result = await playMatch(SEED, frames, from);
  const all = summary([result]);
  assert.equal(result.judged, frames);
  assert.deepEqual([all.goals, all.missed, all.falseGoals], [1, 0, 0]);
  assert.ok(all.errorP95Frames <= 1, `${all.errorP95Frames} pictures off`);
  assert.ok(all.recall >= 0.9, `recall ${all.recall}`);
});

test('what several matches give together', () => {
  const one = {
    ...{ seed: 1, frames: 100, judged: 100, withoutDetector: 0, seconds: 1 },
    ball: { visible: 80, seen: 60, reported: 70, near: 63 },
    ...{ goals: 2, missed: [50], falseGoals: [], errorFrames: [0, 1] },
  };
  const all = summary([one, { ...one, goals: 1, missed: [], falseGoals: [7], errorFrames: [3] }]);
  assert.equal(all.f1, 6 / 8);
  assert.equal(all.errorP95Frames, 3);
  assert.equal(all.recall, 0.75);
  assert.equal(all.precision, 0.9);
});

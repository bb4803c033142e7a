// Proves that people in a real street keep their ids: a public sequence with given detections
// (TUD-Campus of MOT15, not ours to ship) is followed and scored by the scorer that stands beside
// it. Skipped where the sequence or a Python with SciPy is not there.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { followSequence, pythonWithSciPy, readDetections, scoreTracks } from './testing/mot.ts';

const folder = join(import.meta.dirname, '../../../../shared/mot');
const python = pythonWithSciPy();
const isThere = existsSync(join(folder, 'TUD-Campus/det.txt'));
const skip = !isThere ? 'the sequence is not here' : !python ? 'no Python with SciPy' : false;

test('TUD-Campus with the given detections: MOTA and IDF1', { skip }, () => {
  const frames = readDetections(join(folder, 'TUD-Campus/det.txt'));
  assert.equal(frames.length, 71);
  const { text } = followSequence(frames);
  const score = scoreTracks(python ?? '', folder, text);
  assert.equal(score.truth, 359);
  assert.ok(score.mota >= 61.6, `MOTA ${score.mota}`);
  assert.ok(score.idf1 >= 70.3, `IDF1 ${score.idf1}`);
});

test('the scorer can say no', { skip }, () => {
  const score = scoreTracks(python ?? '', folder, '1,1,0,0,10,10,1,-1,-1,-1\n');
  assert.ok(score.mota < 1 && score.idf1 < 1);
});

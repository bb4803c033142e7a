// Figures `tracking`, `trackingmota` and `trackingidf`: a public street sequence with given
// detections, followed again and again, and scored once by the scorer that stands beside it.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  followSequence,
  pythonWithSciPy,
  readDetections,
  scoreTracks,
} from '../native/vision/tracking/testing/mot.ts';
import { root } from '../tests/harness/studio.ts';
import { type BenchContext, type Measured, notMeasured, ROUNDS } from './figure.ts';

const FOLDER = join(root, '../shared/mot');
const FILE = join(FOLDER, 'TUD-Campus/det.txt');
/** Times that the sequence is followed in a round, and before the first. */
const REPEATS = { short: 20, full: 200 };

export async function measureTracking(context: BenchContext): Promise<Measured[]> {
  if (!existsSync(FILE)) {
    const reason = 'the sequence is not here';
    return ['tracking', 'trackingmota', 'trackingidf'].map((name) => notMeasured(name, reason));
  }
  await context.quiet();
  const frames = readDetections(FILE);
  const repeats = context.isFull ? REPEATS.full : REPEATS.short;
  const follow = () => Array.from({ length: repeats }, () => followSequence(frames).timesMs).flat();
  follow();
  const rounds = Array.from({ length: ROUNDS }, follow);
  const mean = rounds.flat().reduce((sum, one) => sum + one, 0) / rounds.flat().length;
  const remarks = [`mean ${mean.toFixed(4)} ms a picture of TUD-Campus, given detections`];
  const times: Measured = { figure: 'tracking', rounds, remarks };
  const python = pythonWithSciPy();
  if (!python) {
    const reason = 'no Python with SciPy for the scorer';
    return [times, notMeasured('trackingmota', reason), notMeasured('trackingidf', reason)];
  }
  const score = scoreTracks(python, FOLDER, followSequence(frames).text);
  const said = `HOTA ${score.hota}, ${score.switches} switches of ids; 71 pictures, one sequence`;
  return [
    times,
    { figure: 'trackingmota', rounds: [[score.mota]], remarks: [said] },
    { figure: 'trackingidf', rounds: [[score.idf1]], remarks: [] },
  ];
}

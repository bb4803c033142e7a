// Reads, follows and scores a MOT15 sequence, for the test and for the bench. The scorer is a
// Python script that stands beside the sequence; nothing of either is part of the product.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BoxTracker } from '../boxTracker.ts';
import { type Detection, makeIds } from '../track.ts';

/** TUD-Campus: pixels, and microseconds from picture to picture. */
const SIZE = { width: 640, height: 480 };
const FRAME_US = 40_000;

/** Detections of each picture; a line is frame,-1,x,y,width,height,confidence. */
export function readDetections(file: string): Detection[][] {
  const frames: Detection[][] = [];
  for (const line of readFileSync(file, 'utf8').trim().split('\n')) {
    const [frame = 0, , x = 0, y = 0, width = 0, height = 0, confidence = 0] = line
      .split(',')
      .map(Number);
    while (frames.length < frame) frames.push([]);
    frames[frame - 1]?.push({
      ...{ label: 'person', confidence },
      ...{ x: x / SIZE.width, y: y / SIZE.height },
      ...{ width: width / SIZE.width, height: height / SIZE.height },
    });
  }
  return frames;
}

/** Tracks as MOT15 text, and what each picture took, ms. Only what is seen is said, not guesses. */
export function followSequence(frames: readonly Detection[][]): {
  text: string;
  timesMs: number[];
} {
  const tracker = new BoxTracker(makeIds());
  const timesMs: number[] = [];
  let text = '';
  frames.forEach((detections, index) => {
    const startedMs = performance.now();
    const tracks = tracker.update(detections, index * FRAME_US);
    timesMs.push(performance.now() - startedMs);
    for (const { id, x, y, width, height, predicted } of tracks) {
      if (predicted) continue;
      const box = [x * SIZE.width, y * SIZE.height, width * SIZE.width, height * SIZE.height];
      text += `${[index + 1, id, ...box, 1, -1, -1, -1].join(',')}\n`;
    }
  });
  return { text, timesMs };
}

/** Debian's own Python has Debian's packages; another one may come first in the path. */
export function pythonWithSciPy(): string | undefined {
  return ['/usr/bin/python3', 'python3', 'python'].find((program) => {
    try {
      execFileSync(program, ['-c', 'import numpy, scipy.optimize'], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  });
}

export function scoreTracks(
  python: string,
  folder: string,
  text: string,
): { mota: number; idf1: number; hota: number; switches: number; truth: number } {
  const temporary = mkdtempSync(join(tmpdir(), 'morphine-mot-'));
  try {
    const file = join(temporary, 'tracks.txt');
    writeFileSync(file, text);
    const script = join(folder, 'score_mot.py');
    const args = [script, join(folder, 'TUD-Campus/gt.txt'), file];
    const said = execFileSync(python, args, { encoding: 'utf8' });
    const numberOf = (name: string) => {
      const found = new RegExp(`'${name}': (-?[\\d.]+)`).exec(said);
      if (!found) throw new Error(`The scorer said no ${name}: ${said}`);
      return Number(found[1]);
    };
    return {
      ...{ mota: numberOf('MOTA'), idf1: numberOf('IDF1'), hota: numberOf('HOTA') },
      ...{ switches: numberOf('IDS'), truth: numberOf('GT') },
    };
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

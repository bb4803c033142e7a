// Figures `motion`, `motionbusy` and `motionboxes`: the difference mode with ids and velocities beside
// the usual OpenCV chain, in turns, on the very pictures that OpenCV judges (decoded, gray and scaled
// by it, not timed on either side). Ours is timed with the copy of the picture into its memory.

import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BlobTracker } from '../native/vision/tracking/blobTracker.ts';
import { makeIds } from '../native/vision/tracking/track.ts';
import type { Component } from '../native/vision/vibrio/components.ts';
import { MotionDetector, PICTURE } from '../native/vision/vibrio/motion.ts';
import { normalised } from '../native/vision/vibrio/place.ts';
import { root } from '../tests/harness/studio.ts';
import { type BenchContext, type Measured, notMeasured, ROUNDS } from './figure.ts';

const SHARED = join(root, '../shared');
const PEER = join(SHARED, 'peers/framediff_opencv.py');
const SCRIPT = join(import.meta.dirname, 'openCv.py');
const CLIPS = [
  { figure: 'motion', file: join(SHARED, 'media/intel_one_by_one_person.mp4') },
  { figure: 'motionbusy', file: join(SHARED, 'media/mmaction_structuralize.mp4') },
];
/** The peer drops as many of its first samples. */
const WARM_UP_FRAMES = 10;
const MINIMUM_AREA = 500;
const FRAME_US = 40_000;
const SAME_OVERLAP = 0.9;

type Box = [x: number, y: number, width: number, height: number, area: number];
type PeerResult = { samplesMs: number[]; boxes: { frame: number; boxes: Box[] }[] };

/** Debian's own Python has Debian's OpenCV; another one may come first in the path. */
function findPython(): string | undefined {
  return ['/usr/bin/python3', 'python3', 'python'].find((program) => {
    try {
      execFileSync(program, ['-c', 'import cv2'], { stdio: 'ignore', timeout: 30_000 });
      return true;
    } catch {
      return false;
    }
  });
}

function runPython(python: string, args: string[]): Promise<string> {
  return new Promise((done, fail) => {
    execFile(python, args, { maxBuffer: 2 ** 28 }, (error, stdout) => {
      if (error) fail(error);
      else done(stdout);
    });
  });
}

export async function measureMotion(context: BenchContext): Promise<Measured[]> {
  const python = findPython();
  const missing = [PEER, ...CLIPS.map(({ file }) => file)].find((file) => !existsSync(file));
  const reason = missing ? 'the clips or the peer are not here' : 'no Python with OpenCV';
  if (missing || !python) {
    return [
      ...CLIPS.map(({ figure }) => notMeasured(figure, reason)),
      notMeasured('motionboxes', reason),
    ];
  }
  await context.quiet();
  const figures: Measured[] = [];
  const same: number[] = [];
  const remarks: string[] = [];
  for (const { figure, file } of CLIPS) {
    const { measured, share, count } = await measureClip(python, figure, file);
    figures.push(measured);
    same.push(share);
    remarks.push(`${figure}: ${share.toFixed(2)} % of ${count} boxes`);
  }
  return [...figures, { figure: 'motionboxes', rounds: same.map((share) => [share]), remarks }];
}

async function measureClip(python: string, figure: string, file: string) {
  const folder = mkdtempSync(join(tmpdir(), 'morphine-motion-'));
  try {
    const framesFile = join(folder, 'frames.gray');
    await runPython(python, [SCRIPT, PEER, file, framesFile]);
    const frames = readFileSync(framesFile);
    const ours: number[][] = [];
    const theirs: number[][] = [];
    let compared = { share: 0, count: 0 };
    for (let round = 0; round < ROUNDS; round++) {
      const own = judge(frames);
      const peer = JSON.parse(await runPython(python, [SCRIPT, PEER, file])) as PeerResult;
      ours.push(own.samplesMs.slice(WARM_UP_FRAMES));
      theirs.push(peer.samplesMs);
      compared = compare(own.seen, peer);
    }
    const measured: Measured = {
      ...{ figure, rounds: ours },
      remarks: [`${ours[0]?.length ?? 0} pictures a round; the copy into our memory is in it`],
      peer: {
        name: 'OpenCV',
        rounds: theirs,
        remarks: ['one thread, without decoding, gray and scaling; all its own stages'],
      },
    };
    return { measured, ...compared };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function judge(frames: Buffer): { samplesMs: number[]; seen: Component[][] } {
  const area = PICTURE.width * PICTURE.height;
  const options = { ...PICTURE, threshold: 25, minimumArea: MINIMUM_AREA };
  const detector = new MotionDetector(options);
  const tracker = new BlobTracker(makeIds());
  const samplesMs: number[] = [];
  const seen: Component[][] = [];
  for (let frame = 0; frame < Math.floor(frames.length / area); frame++) {
    const luma = frames.subarray(frame * area, (frame + 1) * area);
    const startedMs = performance.now();
    const components = detector.detect(luma);
    tracker.update(components.map(normalised), frame * FRAME_US);
    samplesMs.push(performance.now() - startedMs);
    seen.push(components);
  }
  // The first picture has nothing to be compared with; the peer does not count it either.
  return { samplesMs: samplesMs.slice(1), seen };
}

/** Share of boxes, of both sides together, that have a partner on the other side, percent. */
function compare(seen: Component[][], peer: PeerResult): { share: number; count: number } {
  let paired = 0;
  let count = 0;
  for (const { frame, boxes } of peer.boxes) {
    const own = (seen[frame] ?? []).map(
      ({ left, top, right, bottom, area }): Box => [left, top, right - left, bottom - top, area],
    );
    const pairs = boxes.filter((box) => own.some((other) => overlap(box, other) >= SAME_OVERLAP));
    paired += pairs.length;
    count += Math.max(own.length, boxes.length);
  }
  return { share: count === 0 ? 0 : (100 * paired) / count, count };
}

function overlap(a: Box, b: Box): number {
  const width = Math.min(a[0] + a[2], b[0] + b[2]) - Math.max(a[0], b[0]);
  const height = Math.min(a[1] + a[3], b[1] + b[3]) - Math.max(a[1], b[1]);
  if (width <= 0 || height <= 0) return 0;
  return (width * height) / (a[2] * a[3] + b[2] * b[3] - width * height);
}

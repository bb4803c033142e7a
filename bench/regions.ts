// Figure `regions`: how many people of the person clip are found when they are small, by looks at the
// whole picture alone and by looks at parts in turn. The clip is shrunk and laid on grey, as if it
// were seen from farther away; what yolox-nano sees surely on the clip at its full size stands for
// the truth. Both ways run through sight, with the same detector and as many looks.

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { realTimers } from '../core/base/clock.ts';
import { FrameFactsSchema } from '../core/wire/gen/facts_pb.js';
import { TEST_FFMPEG_PATH } from '../native/ffmpeg/testFfmpeg.ts';
import type { Detector } from '../native/vision/models/detector.ts';
import type { Model } from '../native/vision/models/manifest.ts';
import { type DetectorSession, openSession } from '../native/vision/models/session.ts';
import { SHARED, SHARED_SKIP, sharedModel } from '../native/vision/models/testing/photo.ts';
import { EMPTY_PACK } from '../native/vision/moriarty/pack.ts';
import { Sight } from '../native/vision/sight.ts';
import { type Box, makeIds, overlapOf } from '../native/vision/tracking/track.ts';
import { PICTURE } from '../native/vision/vibrio/motion.ts';
import { type BenchContext, type Measured, notMeasured } from './figure.ts';

const CLIP = join(SHARED, 'media/intel_one_by_one_person.mp4');
const FRAME_BYTES = (PICTURE.width * PICTURE.height * 3) / 2;
/** Ten pictures a second. */
const FRAME_US = 100_000;
const START_SECONDS = 4;
const FRAMES = { short: 200, full: 1300 };
const SHRUNK = [2, 3, 4];
const REFERENCE_MIN = 0.5;
const SAME_MIN = 0.5;

function decode(filter: string, frames: number): Buffer {
  const input = ['-v', 'error', '-ss', `${START_SECONDS}`, '-i', CLIP, '-frames:v', `${frames}`];
  const output = ['-vf', `${filter},format=yuv420p`, '-fps_mode', 'passthrough', '-f', 'rawvideo'];
  return execFileSync(TEST_FFMPEG_PATH, [...input, ...output, 'pipe:1'], { maxBuffer: 2 ** 30 });
}

const pictureAt = (yuv: Buffer, frame: number) =>
  yuv.subarray(frame * FRAME_BYTES, (frame + 1) * FRAME_BYTES);
const look = (bytes: Uint8Array) =>
  ({ ...PICTURE, bytes, range: 'video', matrix: 'bt709' }) as const;

/** People on each picture of the clip at its full size. */
async function reference(yuv: Buffer): Promise<Box[][]> {
  const session = await openSession(await sharedModel('yolox_nano_416'), { allowed: [] });
  const found: Box[][] = [];
  for (let frame = 0; (frame + 1) * FRAME_BYTES <= yuv.length; frame++) {
    const { detections } = await session.detect(look(pictureAt(yuv, frame)));
    found.push(
      detections.filter(
        ({ label, confidence }) => label === 'person' && confidence >= REFERENCE_MIN,
      ),
    );
  }
  await session.close();
  return found;
}

/** A detector in this thread; where `isWhole`, it says that its input is no smaller one. */
function detectorOf(model: Model, session: DetectorSession, isWhole: boolean): Detector {
  const running = { reason: '', provider: 'cpu', medianMs: 0, refusals: [] } as const;
  return {
    model: isWhole ? { ...model, input: { ...model.input, fit: 'stretch' } } : model,
    state: () => ({ state: 'running', ...running }),
    isIdle: () => true,
    detect: (picture, region) => session.detect(picture, region),
    onChange() {},
    async close() {},
  };
}

type Counts = { right: number; told: number; people: number };

async function follow(yuv: Buffer, people: Box[][], shrunk: number, detector: Detector) {
  const timers = {
    ...realTimers,
    after: (delayMs: number, run: () => void) => {
      return realTimers.after(delayMs * 50, run);
    },
  };
  const parts = { clock: { nowUs: () => 0 }, timers, takeId: makeIds(), pack: EMPTY_PACK };
  const sight = new Sight({ ...parts, detector });
  const counts: Counts = { right: 0, told: 0, people: 0 };
  for (let frame = 0; (frame + 1) * FRAME_BYTES <= yuv.length; frame++) {
    const at = { captureUs: 1_000_000 + frame * FRAME_US, rtpTimestamp: frame };
    const picture = { ...at, yuv: pictureAt(yuv, frame), receivedMs: 0, decodedMs: 0 };
    const { facts } = await sight.judge(picture, true);
    const told = fromBinary(FrameFactsSchema, facts).tracks.flatMap(({ label, box }) =>
      label === 'person' && box ? [box] : [],
    );
    const truth = (people[frame] ?? []).map(({ x, y, width, height }) => ({
      // The clip lies in the middle.
      ...{ x: (x - 0.5) / shrunk + 0.5, y: (y - 0.5) / shrunk + 0.5 },
      ...{ width: width / shrunk, height: height / shrunk },
    }));
    counts.told += told.length;
    counts.people += truth.length;
    counts.right += truth.filter((one) =>
      told.some((box) => overlapOf(one, box) >= SAME_MIN),
    ).length;
  }
  return counts;
}

export async function measureRegions(context: BenchContext): Promise<Measured[]> {
  if (SHARED_SKIP !== false || !existsSync(CLIP)) return [notMeasured('regions', `no ${CLIP}`)];
  await context.quiet();
  const frames = context.isFull ? FRAMES.full : FRAMES.short;
  const { width, height } = PICTURE;
  const people = await reference(decode(`scale=${width}:${height}`, frames));
  const remarks = [
    `${frames} pictures, ${people.flat().length} people by yolox-nano from ${REFERENCE_MIN} at full size`,
  ];
  const recalls: number[] = [];
  for (const name of ['light_person_detector', 'yolox_nano_416']) {
    const model = await sharedModel(name);
    const session = await openSession(model, { allowed: [] });
    for (const shrunk of SHRUNK) {
      const [w, h] = [2 * Math.round(width / shrunk / 2), 2 * Math.round(height / shrunk / 2)];
      const pad = `pad=${width}:${height}:(ow-iw)/2:(oh-ih)/2:gray`;
      const yuv = decode(`scale=${w}:${h},${pad}`, frames);
      const [whole, parts] = [
        await follow(yuv, people, shrunk, detectorOf(model, session, true)),
        await follow(yuv, people, shrunk, detectorOf(model, session, false)),
      ];
      const words = ({ right, told, people: all }: Counts) =>
        `recall ${(right / Math.max(1, all)).toFixed(3)}, precision ${(right / Math.max(1, told)).toFixed(3)}`;
      remarks.push(
        `${name}, 1/${shrunk} of the size: whole ${words(whole)}; parts ${words(parts)}`,
      );
      recalls.push((100 * parts.right) / Math.max(1, parts.people));
    }
    await session.close();
  }
  return [{ figure: 'regions', rounds: [recalls], remarks }];
}

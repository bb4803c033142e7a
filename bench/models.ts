// Figures `glue`, `pose` and `poses`: what a detector's pre- and post-processing costs beside its
// inference, how near poses lie to labelled joints on real photos, and how long six poses of one
// picture take. In this process and its workers, without a show beside; models of others are
// measured only where somebody put them.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { realTimers } from '../core/base/clock.ts';
import { silentLogger } from '../core/base/logger.ts';
import { createMatch, PICTURE_BYTES } from '../native/capture/demo/match.ts';
import { findModel, type Model } from '../native/vision/models/manifest.ts';
import type { Picture } from '../native/vision/models/picture.ts';
import { createPoser } from '../native/vision/models/poser.ts';
import { openSession } from '../native/vision/models/session.ts';
import { similaritiesOf } from '../native/vision/models/testing/labelledPoses.ts';
import { SHARED_MODELS, SHARED_SKIP } from '../native/vision/models/testing/photo.ts';
import type { TrackView } from '../native/vision/tracking/track.ts';
import { root } from '../tests/harness/studio.ts';
import { type BenchContext, type Measured, notMeasured, ROUNDS } from './figure.ts';
import { pause } from './floors.ts';

const OURS = 'demo-players-ball';
const OTHERS = ['yolox_nano_416', 'light_person_detector', 'nanodet_m_416', 'fastestdet'];
const WARM_UP = 10;
/** A frame in the middle of play. */
const FRAME = 300;
const LOOKS = { short: 60, full: 300 };

const percent = (share: number) => share * 100;

/** A drawn frame of the demo's match, of the size that vision decodes to, in shared memory. */
function drawnPicture(): Picture {
  const [width, height] = [640, 360];
  const drawn = new Uint8Array(PICTURE_BYTES);
  createMatch(7).drawFrame(FRAME, drawn);
  const bytes = new Uint8Array(new SharedArrayBuffer((width * height * 3) / 2));
  // Every second sample of each plane: what is on it matters here, not how it was made smaller.
  const planes = [
    { source: 0, target: 0, columns: width, rows: height },
    { source: 4 * width * height, target: width * height, columns: width / 2, rows: height / 2 },
    { source: 5 * width * height, target: 1.25 * width * height, columns: 320, rows: 180 },
  ];
  for (const { source, target, columns, rows } of planes) {
    for (let y = 0; y < rows; y++) {
      for (let x = 0; x < columns; x++) {
        bytes[target + y * columns + x] = drawn[source + 2 * y * 2 * columns + 2 * x] ?? 0;
      }
    }
  }
  return { width, height, bytes, range: 'video', matrix: 'bt709' };
}

async function modelOf(id: string): Promise<Model | null> {
  const found = await findModel(id, [SHARED_MODELS, join(root, 'models')]);
  return 'model' in found ? found.model : null;
}

/** Percent of inference that goes before and after it. */
async function glueOf(model: Model, looks: number): Promise<{ shares: number[]; words: string }> {
  const session = await openSession(model, { allowed: [] });
  const picture = drawnPicture();
  const glue: number[] = [];
  const infer: number[] = [];
  const shares: number[] = [];
  for (let look = -WARM_UP; look < looks; look++) {
    const { glueMs, inferMs } = await session.detect(picture);
    if (look < 0) continue;
    glue.push(glueMs);
    infer.push(inferMs);
    shares.push((glueMs / inferMs) * 100);
  }
  await session.close();
  const [g, i] = [medianOf(glue), medianOf(infer)];
  const words = `${model.id} ${g.toFixed(2)} + ${i.toFixed(2)} ms (${((g / i) * 100).toFixed(0)} %)`;
  return { shares, words };
}

export async function measureGlue(context: BenchContext): Promise<Measured[]> {
  const ours = await modelOf(OURS);
  if (!ours) return [notMeasured('glue', 'our own model is not here')];
  await context.quiet();
  const looks = context.isFull ? LOOKS.full : LOOKS.short;
  const rounds: number[][] = [];
  const said: string[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const { shares, words } = await glueOf(ours, looks);
    rounds.push(shares);
    if (round === 0) said.push(words);
  }
  for (const id of OTHERS) {
    const model = await modelOf(id);
    if (model) said.push((await glueOf(model, looks)).words);
  }
  const remarks = [`glue + inference of a drawn frame of 640x360, medians: ${said.join(', ')}`];
  return [{ figure: 'glue', rounds, remarks }];
}

/** Time from a picture with six people to all of their poses, through the worker as in a show. */
async function sixPoses(model: Model, looks: number): Promise<number[]> {
  const built = join(root, 'out/main/inferenceWorker.js');
  const source = join(root, 'native/vision/models/worker.ts');
  const poser = createPoser({
    ...{ model, providers: [], timers: realTimers, logger: silentLogger, label: 'person' },
    workerUrl: pathToFileURL(existsSync(built) ? built : source),
  });
  while (poser.state().state === 'starting') await pause(20);
  const picture = drawnPicture();
  const people = Array.from({ length: 6 }, (_, index) => personAt(index));
  const times: number[] = [];
  poser.onSeen(({ totalMs }) => times.push(totalMs));
  while (times.length < looks + WARM_UP && poser.state().state === 'running') {
    poser.offer(picture, { captureUs: 1, receivedMs: performance.now() }, people);
    await pause(5);
  }
  await poser.close();
  return times.slice(WARM_UP);
}

function personAt(index: number): TrackView {
  return {
    ...{ id: index + 1, label: 'person', x: 0.05 + index * 0.15, y: 0.3, width: 0.1, height: 0.4 },
    ...{ velocityX: 0, velocityY: 0, confidence: 0.9, ageFrames: 9, predicted: false },
  };
}

export async function measurePose(context: BenchContext): Promise<Measured[]> {
  const large = await modelOf('pp_tinypose_256x192');
  const small = await modelOf('pp_tinypose_128x96');
  if (SHARED_SKIP || !large || !small) {
    const reason = 'the networks, photos and labels are not here';
    return [notMeasured('pose', reason), notMeasured('poses', reason)];
  }
  await context.quiet();
  const found = (await similaritiesOf(large)).map(percent);
  const foundSmall = (await similaritiesOf(small)).map(percent);
  const each = found.map((value) => value.toFixed(0)).join(', ');
  const looks = context.isFull ? LOOKS.full : LOOKS.short;
  const rounds: number[][] = [];
  for (let round = 0; round < ROUNDS; round++) rounds.push(await sixPoses(small, looks));
  const slow = await sixPoses(large, Math.min(looks, 20));
  return [
    {
      figure: 'pose',
      // The mean is one number; the same photos give the same one in each round.
      rounds: Array.from({ length: ROUNDS }, () => [meanOf(found)]),
      remarks: [
        `${found.length} people, 256x192, crops from the labelled boxes: ${each}`,
        `128x96: mean ${meanOf(foundSmall).toFixed(1)}`,
      ],
    },
    {
      figure: 'poses',
      rounds,
      remarks: [
        'six people, 128x96, from the picture decoded to the last pose; no show beside',
        `256x192: median ${medianOf(slow).toFixed(0)} ms`,
      ],
    },
  ];
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}

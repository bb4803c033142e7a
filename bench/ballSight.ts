// The basketball clip through sight as vision runs it: the pack that is shipped, both models in their
// threads, the camera's own shift, the ball's track and the rules. Every picture waits for both
// models, for here nobody is late; what is told of each picture is returned.

import { join } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { realTimers, type Timers } from '../core/base/clock.ts';
import { silentLogger } from '../core/base/logger.ts';
import type { GameEvent } from '../core/contract/events.ts';
import { FrameFactsSchema } from '../core/wire/gen/facts_pb.js';
import { createBallSeer } from '../native/vision/models/ballSeer.ts';
import { createDetector } from '../native/vision/models/detector.ts';
import { findModel, type Model } from '../native/vision/models/manifest.ts';
import type { ModelState } from '../native/vision/models/modelWorker.ts';
import { sharedModel } from '../native/vision/models/testing/photo.ts';
import { findPack, type Pack } from '../native/vision/moriarty/pack.ts';
import { Sight } from '../native/vision/sight.ts';
import { makeIds } from '../native/vision/tracking/track.ts';
import { PICTURE } from '../native/vision/vibrio/motion.ts';
import { root } from '../tests/harness/studio.ts';

const FRAME_BYTES = (PICTURE.width * PICTURE.height * 3) / 2;
const START_US = 1_000_000;
const patient: Timers = {
  after: (delayMs, run) => realTimers.after(delayMs * 50, run),
  every: (periodMs, run) => realTimers.every(periodMs, run),
};

/** A ball as a picture's facts tell it, in pixels of PICTURE. */
export type ToldBall = { x: number; y: number; confidence: number; isSeen: boolean };
export type SightRun = {
  balls: Map<number, ToldBall[]>;
  events: { frame: number; event: GameEvent }[];
};

export async function packOf(id: string): Promise<Pack> {
  const found = await findPack(id, join(root, 'models/packs'));
  if ('reason' in found) throw new Error(found.reason);
  return found.pack;
}

async function ownModel(id: string): Promise<Model> {
  const found = await findModel(id, [join(root, 'models')]);
  if ('reason' in found) throw new Error(found.reason);
  return found.model;
}

function running(one: { state(): ModelState; onChange(run: () => void): void }): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = () => {
      const { state, reason } = one.state();
      if (state === 'running') resolve();
      else if (state !== 'starting') reject(new Error(reason));
    };
    one.onChange(look);
    look();
  });
}

/** Judges every picture of a clip of PICTURE's size. */
export async function throughSight(yuv: Buffer, pack: Pack, frameUs: number): Promise<SightRun> {
  const parts = {
    ...{ providers: [], timers: patient, logger: silentLogger },
    workerUrl: new URL('../native/vision/models/worker.ts', import.meta.url),
  };
  const detector = createDetector({ ...parts, model: await sharedModel('yolox_nano_416') });
  const finder = pack.ball?.finder;
  const ballSeer = finder && createBallSeer({ ...parts, model: await ownModel(finder.model) });
  await Promise.all([running(detector), ballSeer && running(ballSeer)]);
  const own = { clock: { nowUs: () => 0 }, timers: patient, takeId: makeIds() };
  const sight = new Sight({ ...own, pack, detector, ballSeer: ballSeer ?? null });
  const run: SightRun = { balls: new Map(), events: [] };
  for (let frame = 0; (frame + 1) * FRAME_BYTES <= yuv.length; frame++) {
    // Memory that threads share, as the decoder's is.
    const bytes = new Uint8Array(new SharedArrayBuffer(FRAME_BYTES));
    bytes.set(yuv.subarray(frame * FRAME_BYTES, (frame + 1) * FRAME_BYTES));
    const captureUs = START_US + Math.round(frame * frameUs);
    const at = { captureUs, rtpTimestamp: frame * 3003, receivedMs: 0, decodedMs: 0 };
    const { facts, events } = await sight.judge({ ...at, yuv: bytes }, true);
    for (const event of events) {
      run.events.push({ frame: Math.round((event.captureUs - START_US) / frameUs), event });
    }
    const balls = fromBinary(FrameFactsSchema, facts).tracks.filter(
      ({ label }) => label === 'ball',
    );
    run.balls.set(
      frame,
      balls.map(({ box, confidence, predicted }) => ({
        x: ((box?.x ?? 0) + (box?.width ?? 0) / 2) * PICTURE.width,
        y: ((box?.y ?? 0) + (box?.height ?? 0) / 2) * PICTURE.height,
        ...{ confidence, isSeen: !predicted },
      })),
    );
  }
  await Promise.all([detector.close(), ballSeer?.close()]);
  return run;
}

// Proves the way from joints to facts and events through sight: skeletons made by procedure, a camera
// that pans, poses that come late; and on a real clip with real networks, one pose for each picture,
// somebody who walks in and stands. Networks and clip lie beside the checkout; without, it is skipped.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { fromBinary } from '@bufbuild/protobuf';
import { realTimers, type Timers } from '../../core/base/clock.ts';
import { silentLogger } from '../../core/base/logger.ts';
import { writeFacts } from '../../core/wire/factLines.ts';
import { FrameFactsSchema } from '../../core/wire/gen/facts_pb.js';
import { TEST_FFMPEG_PATH } from '../ffmpeg/testFfmpeg.ts';
import { createDetector, type Detector } from './models/detector.ts';
import type { ModelState } from './models/modelWorker.ts';
import { createPoser, type Poser, type SeenPose } from './models/poser.ts';
import { SHARED, SHARED_SKIP, sharedModel } from './models/testing/photo.ts';
import type { Action } from './moriarty/actions.ts';
import { type Pack, parsePack } from './moriarty/pack.ts';
import { joints, MOTIONS } from './moriarty/testing/skeletons.ts';
import { Sight } from './sight.ts';
import { type Detection, makeIds } from './tracking/track.ts';
import { PICTURE } from './vibrio/motion.ts';

const FRAME_BYTES = (PICTURE.width * PICTURE.height * 3) / 2;
const FRAME_US = 40_000;
/** A busy machine is no hanging model. */
const patient: Timers = {
  after: (delayMs, run) => realTimers.after(delayMs * 50, run),
  every: (periodMs, run) => realTimers.every(periodMs, run),
};

function packOf(): Pack {
  const found = parsePack(
    JSON.stringify({
      ...{ version: 2, id: 'own', title: 'Own', ball: null },
      ...{ detector: { model: 'any', minimumConfidence: 0.4 } },
      ...{ pose: { model: 'joints', label: 'person' } },
      events: { action: {}, jump: {} },
    }),
    'own',
  );
  if ('reason' in found) throw new Error(found.reason);
  return found.pack;
}

/** Sees one person, always where the camera shows the place. */
function oneDetector(place: () => Detection): Detector {
  return {
    state: () => ({ state: 'running', reason: '', provider: 'cpu' }),
    model: { id: 'one' },
    isIdle: () => true,
    detect: async () => ({ detections: [place()], inferMs: 1, glueMs: 0 }),
    onChange() {},
    async close() {},
  } as unknown as Detector;
}

/** Says `pose` of everybody, two pictures late. */
function latePoser(pose: (captureUs: number) => SeenPose['keypoints']): Poser {
  const waiting: SeenPose[] = [];
  return {
    offer(_, { captureUs }, tracks) {
      const people = tracks.filter(({ label }) => label === 'person');
      for (const { id } of people) waiting.push({ id, captureUs, keypoints: pose(captureUs) });
    },
    takeNew: () => waiting.splice(0, Math.max(0, waiting.length - 2)),
    poseOf: () => null,
    reset() {},
  } as Partial<Poser> as Poser;
}

/** A ground with edges in both directions, so that a shift can be measured. */
function ground(pan: number): Uint8Array {
  const yuv = new Uint8Array(FRAME_BYTES).fill(128);
  for (let y = 0; y < PICTURE.height; y++) {
    for (let x = 0; x < PICTURE.width; x++) {
      const [column, row] = [Math.floor((x - pan + 6400) / 40), Math.floor(y / 40)];
      yuv[y * PICTURE.width + x] = 60 + ((column * 7 + row * 13 + column * row * 5) % 17) * 9;
    }
  }
  return yuv;
}

async function play(action: Action, panPixels: number) {
  let pan = 0;
  const tremble = () => 0;
  const place = (): Detection => ({
    ...{ label: 'person', confidence: 0.9 },
    ...{ x: 0.4 + pan / PICTURE.width, y: 0.3, width: 0.15, height: 0.5 },
  });
  const startUs = 1_000_000;
  const poser = latePoser((captureUs) => {
    const frame = (captureUs - startUs) / FRAME_US;
    const moved = (frame * panPixels) / PICTURE.width;
    const figure = joints(MOTIONS[action](frame / 25), 0.12, tremble, false);
    return figure.map((joint) => ({ ...joint, x: joint.x + moved }));
  });
  const sight = new Sight({
    ...{ clock: { nowUs: () => 1 }, timers: patient, takeId: makeIds(), pack: packOf() },
    ...{ detector: oneDetector(place), poser },
  });
  const actions = new Set<string>();
  const events: string[] = [];
  let text = '';
  for (let frame = 0; frame < 60; frame++) {
    pan = frame * panPixels;
    const at = { captureUs: startUs + frame * FRAME_US, rtpTimestamp: frame };
    const times = { receivedMs: 0, decodedMs: 0 };
    const result = await sight.judge({ ...at, ...times, yuv: ground(pan) }, true);
    const facts = fromBinary(FrameFactsSchema, result.facts);
    for (const track of facts.tracks) if (track.action !== '') actions.add(track.action);
    text += writeFacts(facts);
    for (const event of result.events) {
      if (event.type === 'highlight') continue;
      events.push(`${event.type} ${event.subject}`.trim());
      assert.ok(result.judgedUntilUs < at.captureUs, 'poses come late, and that is said');
      assert.match(event.why, /person 1/);
    }
  }
  return { actions, events, text };
}

for (const [action, told] of [
  ['kick', 'action kick'],
  ['throw', 'action throw'],
  ['jump', 'jump'],
] as const) {
  for (const pan of [0, 2]) {
    test(`${action}: on the track, in the text and an event, panned by ${pan}`, async () => {
      const { actions, events, text } = await play(action, pan);
      assert.ok(actions.has(action), [...actions].join());
      assert.deepEqual(events, [told]);
      assert.match(text, new RegExp(`track id=1 label="person".* action="${action}"`));
    });
  }
}

function running(one: { state(): ModelState; onChange(run: () => void): void }): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (one.state().state === 'running') resolve();
    };
    one.onChange(look);
    look();
  });
}

test('somebody who walks in and stands, on a real clip', { skip: SHARED_SKIP }, async () => {
  const clip = join(SHARED, 'media/intel_one_by_one_person.mp4');
  const filter = `scale=${PICTURE.width}:${PICTURE.height}:flags=fast_bilinear,format=yuv420p`;
  const input = ['-v', 'error', '-ss', '12', '-i', clip, '-frames:v', '110', '-vf', filter];
  const yuv = execFileSync(TEST_FFMPEG_PATH, [...input, '-f', 'rawvideo', 'pipe:1'], {
    maxBuffer: 120 * FRAME_BYTES,
  });
  const parts = {
    ...{ providers: [], timers: patient, logger: silentLogger },
    workerUrl: new URL('./models/worker.ts', import.meta.url),
  };
  const detector = createDetector({ ...parts, model: await sharedModel('light_person_detector') });
  const model = await sharedModel('pp_tinypose_128x96');
  const poser = createPoser({ ...parts, model, label: 'person' });
  await Promise.all([running(detector), running(poser)]);
  // It rests between two looks; here it is offered each picture until it has looked.
  let offered: Parameters<Poser['offer']> | null = null;
  const patientPoser: Poser = {
    ...{ model, state: () => poser.state(), onChange: (run) => poser.onChange(run) },
    offer: (...what) => {
      offered = what[2].some((one) => one.label === 'person' && !one.predicted) ? what : null;
    },
    ...{ poseOf: (...what) => poser.poseOf(...what), takeNew: () => poser.takeNew() },
    ...{ onSeen: (run) => poser.onSeen(run), reset: () => poser.reset() },
    close: () => poser.close(),
  };
  let looks = 0;
  poser.onSeen(() => looks++);
  const sight = new Sight({
    ...{ clock: { nowUs: () => 1 }, timers: patient, takeId: makeIds(), pack: packOf() },
    ...{ detector, poser: patientPoser },
  });
  const actions = new Map<string, number>();
  const events: string[] = [];
  for (let frame = 0; (frame + 1) * FRAME_BYTES <= yuv.length; frame++) {
    const bytes = new Uint8Array(new SharedArrayBuffer(FRAME_BYTES));
    bytes.set(yuv.subarray(frame * FRAME_BYTES, (frame + 1) * FRAME_BYTES));
    const at = { captureUs: 1_000_000 + frame * FRAME_US, rtpTimestamp: frame };
    const result = await sight.judge({ ...at, receivedMs: 0, decodedMs: 0, yuv: bytes }, true);
    events.push(...result.events.map(({ type }) => type));
    const people = fromBinary(FrameFactsSchema, result.facts).tracks.filter(
      ({ label, keypoints }) => label === 'person' && keypoints.length > 0,
    );
    for (const { action } of people) actions.set(action, (actions.get(action) ?? 0) + 1);
    const before = looks;
    while (offered && looks === before) {
      poser.offer(...(offered as Parameters<Poser['offer']>));
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  await Promise.all([detector.close(), poser.close()]);
  console.log([...actions].map((one) => one.join(': ')).join(', '));
  assert.ok((actions.get('stand') ?? 0) >= 15, `stands on ${actions.get('stand')} pictures`);
  for (const none of ['fall', 'throw', 'swing']) assert.equal(actions.get(none), undefined, none);
  assert.ok(!events.includes('action'), 'nothing is told of somebody who walks and stands');
});

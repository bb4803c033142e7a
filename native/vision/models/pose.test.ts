// Proves that poses lie where people labelled them: mean object keypoint similarity against COCO's
// labels on real photos, crops from the labelled boxes. Proves with a scripted worker that people
// take turns, that a pose moves along with its person, and that a broken network costs poses only.

import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ManualTime } from '../../../core/base/clock.ts';
import { silentLogger } from '../../../core/base/logger.ts';
import type { TrackView } from '../tracking/track.ts';
import type { Model } from './manifest.ts';
import type { Picture } from './picture.ts';
import { createPoser } from './poser.ts';
import { similaritiesOf } from './testing/labelledPoses.ts';
import { SHARED_SKIP, sharedModel } from './testing/photo.ts';

test('the 256x192 network has a mean similarity of at least 0.85 to the labels', {
  skip: SHARED_SKIP,
}, async () => {
  const found = await similaritiesOf(await sharedModel('pp_tinypose_256x192'));
  const mean = found.reduce((sum, value) => sum + value, 0) / found.length;
  assert.equal(found.length, 7);
  assert.ok(mean >= 0.85, `mean similarity ${mean.toFixed(3)}`);
});

const model: Model = {
  ...{ id: 'pose', file: 'pose.onnx', path: '/nowhere/pose.onnx', sha256: '0'.repeat(64) },
  ...{ layout: 'heatmaps', licence: '', labels: ['nose'], minimumConfidence: 0.1 },
  ...{ overlapMax: 0.5, stride: 4, cropScale: 1.1 },
  input: {
    ...{ name: 'image', width: 96, height: 128, channels: 'RGB', scale: 1, fit: 'stretch' },
    ...{ pad: 0, mean: [0, 0, 0], deviation: [1, 1, 1] },
  },
};
const picture: Picture = {
  ...{ width: 64, height: 64, bytes: new Uint8Array((64 * 64 * 3) / 2) },
  ...{ range: 'video', matrix: 'bt709' },
};

function person(id: number, x: number, predicted = false): TrackView {
  return {
    ...{ id, label: 'person', x, y: 0.2, width: 0.1, height: 0.4, predicted },
    ...{ velocityX: 0, velocityY: 0, confidence: 0.9, ageFrames: 9 },
  };
}

/** Answers with each box's centre as its nose; the first look of a `broken` one ends the thread. */
function open(isBroken: boolean) {
  const source = `const { parentPort } = require('node:worker_threads');
    parentPort.postMessage({ type: 'ready', provider: 'cpu', medianMs: 1, refusals: [] });
    parentPort.on('message', (message) => {
      if (message.type === 'stop' || ${isBroken}) process.exit(0);
      const poses = message.boxes.map((box) => [
        { x: box.x + box.width / 2, y: box.y + box.height / 2, confidence: 1 }]);
      parentPort.postMessage({
        type: 'seen', id: message.id, seen: { poses, inferMs: 1, glueMs: 0 } }); });`;
  const path = join(mkdtempSync(join(tmpdir(), 'worker-')), 'worker.cjs');
  writeFileSync(path, source);
  return createPoser({
    ...{ model, providers: [], timers: new ManualTime(), logger: silentLogger, label: 'person' },
    workerUrl: new URL(`file://${path}`),
  });
}

test('people take turns, and a pose moves along with its person', async () => {
  const poser = open(false);
  await new Promise<void>((done) => poser.onChange(done));
  const crowd = Array.from({ length: 8 }, (_, index) => person(index + 1, index / 10));
  const ghost = person(99, 0.5, true);
  const frame = { captureUs: 1_000_000, receivedMs: performance.now() };
  const seen = new Set<number>();
  while (seen.size < 8) {
    const answer = new Promise<number>((done) => poser.onSeen(({ people }) => done(people)));
    // It rests between two looks, so the first offers may find it resting.
    const offers = setInterval(() => poser.offer(picture, frame, [...crowd, ghost]), 1);
    assert.equal(await answer, 6);
    clearInterval(offers);
    for (const track of crowd) if (poser.poseOf(track, frame.captureUs)) seen.add(track.id);
    assert.ok(seen.size === 6 || seen.size === 8, `${seen.size} people after a look`);
  }
  const moved = { ...person(1, 0.5), y: 0.4, width: 0.2 };
  const nose = poser.poseOf(moved, 1_100_000)?.keypoints[0];
  assert.ok(nose && Math.abs(nose.x - 0.6) < 1e-9 && Math.abs(nose.y - 0.6) < 1e-9);
  assert.equal(poser.poseOf(ghost, 1_000_000), null, 'nobody looks at who was not seen');
  assert.equal(poser.poseOf(moved, 3_000_000), null, 'an old pose says nothing');
  poser.reset();
  assert.equal(poser.poseOf(moved, 1_100_000), null);
  await poser.close();
});

test('a network that dies costs poses and says so', async () => {
  const poser = open(true);
  await new Promise<void>((done) => poser.onChange(done));
  const failed = new Promise<void>((done) => poser.onChange(done));
  poser.offer(picture, { captureUs: 1, receivedMs: 0 }, [person(1, 0.1)]);
  await failed;
  assert.match(poser.state().reason, /"pose" failed: .*Everything but poses goes on/);
  poser.offer(picture, { captureUs: 2, receivedMs: 0 }, [person(1, 0.1)]);
  assert.equal(poser.poseOf(person(1, 0.1), 2), null);
  await poser.close();
});

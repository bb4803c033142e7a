// Proves that the models' shelf works in a real studio: the owner sees what runs where and why not
// elsewhere, takes in a stranger's file and removes it, and a download without an accepted licence
// is refused. The show's vision goes on meanwhile.

import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { madeEntry, madeYolov8 } from '../native/vision/models/testing/onnxWriter.ts';
import { enterStudio } from './harness/owner.ts';
import { startStudio, waitFor } from './harness/studio.ts';

const stages = ['decode', 'motion', 'infer', 'track', 'event', 'send', 'total'];

/** Whether the metrics page has a time of every stage of a picture that was judged. */
function hasEveryStage(page: string): boolean {
  const figures = stages.map((stage) => `vision_stage_milliseconds\\{stage="${stage}"\\} [0-9.]+`);
  return ['vision_pictures_total\\{outcome="judged"\\} [1-9]', ...figures].every((figure) =>
    new RegExp(figure).test(page),
  );
}

test('the shelf of a real studio', async (t) => {
  const studio = await startStudio();
  t.after(() => studio.stop());
  const facts = studio.facts();
  const owner = await enterStudio(facts.studio ?? '');
  t.after(() => owner.close());
  const { models } = owner.client.studio;
  await owner.until('vision to run', (state) => state.vision.state === 'running');
  const running = await waitFor('a model that runs', async () => {
    const shelf = await models.list({});
    return shelf.running.find((one) => one.state === 'running' && shelf.decoder.name !== '');
  });
  assert.deepEqual([running.id, running.use], ['demo-players-ball', 'detector']);
  assert.ok((running.medianMs ?? 0) > 0);
  const tried = running.refusals.map(({ provider }) => provider);
  assert.ok(running.provider !== 'cpu' || tried.length === 4, tried.join(', '));
  assert.ok(running.refusals.every(({ reason }) => reason !== ''));

  const shelf = await models.list({});
  const card = shelf.models.find(({ id }) => id === 'yolox-nano-416');
  assert.deepEqual([card?.state, card?.isAccepted], ['absent', false]);
  await assert.rejects(models.download({ id: 'yolox-nano-416' }), /Accept the licence/);
  assert.match(shelf.notOurs[0]?.name ?? '', /YOLOv8/);

  const path = join(mkdtempSync(join(tmpdir(), 'stranger-')), 'stranger.onnx');
  const boxes = [{ x: 8, y: 10, width: 40, height: 20, scores: [0.2, 0.9] }];
  writeFileSync(path, madeYolov8({ width: 160, height: 160, classes: 2, boxes }));
  await assert.rejects(models.import({ path, json: '{' }), /manifest: expected JSON/);
  await assert.rejects(models.import({ path, json: '{"id":"stranger"}' }), /manifest, layout: /);
  const { sha256: _, ...entry } = madeEntry('stranger', ['cart', 'kart'], 160, '');
  const { id } = await models.import({ path, json: JSON.stringify(entry) });
  assert.equal(id, 'stranger');
  const kept = join(facts.data, 'models', 'stranger.onnx');
  assert.ok(existsSync(kept));
  const own = (await models.list({})).models.find((one) => one.id === 'stranger');
  assert.deepEqual([own?.state, own?.isRemovable, own?.layout], ['here', true, 'yolov8']);
  await models.remove({ id });
  assert.equal(existsSync(kept), false);
  // Vision tells its figures once a second; the first may be of a second in which nothing was seen.
  const page = await waitFor('figures of judged pictures', async () => {
    const text = await (await fetch(new URL('/metrics', facts.studio ?? ''))).text();
    return hasEveryStage(text) ? text : undefined;
  });
  assert.match(page, /vision_inference_milliseconds\{model="demo-players-ball"\} [0-9.]+/);
  await models.retry({});
  await waitFor('the model to run again', async () => {
    const again = await models.list({});
    return again.running.find((one) => one.state === 'running');
  });
});

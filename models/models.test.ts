// Proves that what the manifest and the packs say is true: the shipped file has the hash and size
// named for it and every field a reader needs, and the demo's pack lies where the demo's own camera
// shows posts and spot. Files are read as they are in the checkout.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  BALL_RADIUS,
  goalLine,
  PICTURE_HEIGHT,
  PICTURE_WIDTH,
  project,
} from '../native/capture/demo/camera.ts';
import { findPack } from '../native/vision/moriarty/pack.ts';

const here = import.meta.dirname;
const read = (path: string) => JSON.parse(readFileSync(join(here, path), 'utf8'));

test('every model of the manifest is described, and the shipped one is the file it names', () => {
  const { models } = read('manifest.json');
  const ids = models.map((model: { id: string }) => model.id);
  assert.equal(new Set(ids).size, ids.length);
  assert.ok(ids.includes('demo-players-ball'));
  for (const model of models) {
    for (const key of [
      'file',
      'sha256',
      'bytes',
      'licence',
      'origin',
      'layout',
      'input',
      'labels',
      'title',
      'trainedOn',
      'measured',
      'golden',
    ]) {
      assert.ok(model[key] !== undefined, `${model.id} lacks ${key}`);
    }
    assert.ok(existsSync(join(here, 'cards', `${model.id}.md`)), `${model.id} has no card`);
    const path = join(here, model.file);
    if (model.licence !== 'MIT') {
      if (model.url !== undefined) assert.match(model.url, /^https:\/\/[^ ]+\.onnx$/);
      assert.ok(!existsSync(path), `${model.file} belongs to others and must not be shipped`);
      continue;
    }
    const bytes = readFileSync(path);
    assert.equal(bytes.length, model.bytes);
    assert.equal(createHash('sha256').update(bytes).digest('hex'), model.sha256);
    assert.ok(bytes.length < 512 * 1024);
  }
  const names = read('manifest.json').notOurs.map((one: { name: string }) => one.name);
  assert.ok(names.some((name: string) => name.includes('YOLOv8')));
});

test('the pack of the demo lies where the camera of the demo shows things', () => {
  const pack = read('packs/demo.json');
  const close = (point: [number, number], seen: { x: number; y: number }): void => {
    assert.ok(Math.abs(point[0] * PICTURE_WIDTH - seen.x) < 0.1, `${point} is not ${seen.x}`);
    assert.ok(Math.abs(point[1] * PICTURE_HEIGHT - seen.y) < 0.1, `${point} is not ${seen.y}`);
  };
  for (const side of ['left', 'right'] as const) {
    const line = pack.goalLines.find((one: { subject: string }) => one.subject === side);
    const { far, near } = goalLine(side);
    close(line.from, far);
    close(line.to, near);
    assert.equal(line.inside, side);
  }
  close([pack.centreSpot.x, pack.centreSpot.y], project(0, 0, BALL_RADIUS));
});

test('every pack has the id of its file, and there is one for each kind of game', async () => {
  const folder = join(here, 'packs');
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'));
  for (const id of [
    ...['football', 'basketball', 'tennis', 'racing', 'desktop-game', 'generic', 'demo'],
  ]) {
    assert.ok(names.includes(`${id}.json`), `no pack ${id}`);
  }
  for (const name of names) {
    const found = await findPack(name.slice(0, -5), folder);
    assert.ok('pack' in found, 'reason' in found ? found.reason : '');
    const model = found.pack.detector?.model;
    const { models } = read('manifest.json');
    assert.ok(!model || models.some((one: { id: string }) => one.id === model), `${model}`);
  }
});

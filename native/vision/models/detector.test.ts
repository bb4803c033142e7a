// Proves that a model that crashes, hangs, lies or is not there costs detections only: the detector
// answers with nothing, says why in a sentence, and comes back. Workers are small scripts that
// misbehave on purpose; time is moved by hand where a hang must be waited for.

import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ManualTime } from '../../../core/base/clock.ts';
import { silentLogger } from '../../../core/base/logger.ts';
import { createDetector, type Detector } from './detector.ts';
import { findModel, type Model } from './manifest.ts';
import type { Picture } from './picture.ts';

const picture: Picture = {
  ...{ width: 64, height: 64, bytes: new Uint8Array((64 * 64 * 3) / 2) },
  ...{ range: 'video', matrix: 'bt709' },
};

const model: Model = {
  ...{ id: 'test', file: 'test.onnx', path: '/nowhere/test.onnx', sha256: '0'.repeat(64) },
  ...{ layout: 'yolox', licence: '', labels: ['person'], minimumConfidence: 0.1 },
  ...{ overlapMax: 0.5, stride: 4, cropScale: 1 },
  input: {
    ...{ name: 'images', width: 64, height: 64, channels: 'RGB', scale: 1, fit: 'letterbox' },
    ...{ pad: 114, mean: [0, 0, 0], deviation: [1, 1, 1] },
  },
};

const READY = `parentPort.postMessage({
  type: 'ready', provider: 'cpu', medianMs: 1, refusals: [] });`;
// Scripts that can end; those that hang are ended by force.
const STOPS = `parentPort.on('message', (message) => {
  if (message.type === 'stop') process.exit(0); });`;
const SEEN = `{
  type: 'seen', id: message.id, seen: { detections: [], inferMs: 1, glueMs: 1 } }`;

function open(script: string, time: ManualTime): Detector {
  const source = `const { parentPort } = require('node:worker_threads'); ${script}`;
  const folder = mkdtempSync(join(tmpdir(), 'worker-'));
  const path = join(folder, 'worker.cjs');
  writeFileSync(path, source);
  return createDetector({
    ...{ model, providers: [], timers: time, logger: silentLogger },
    workerUrl: new URL(`file://${path}`),
  });
}

function reached(detector: Detector, state: string): Promise<void> {
  return new Promise((done) => {
    const look = () => {
      if (detector.state().state === state) done();
    };
    detector.onChange(look);
    look();
  });
}

test('a worker that dies answers with nothing and comes back', async () => {
  const time = new ManualTime();
  const detector = open(
    `${READY} ${STOPS} parentPort.on('message', (message) => {
      if (message.id === 1) process.exit(3); else parentPort.postMessage(${SEEN}); });`,
    time,
  );
  await reached(detector, 'running');
  assert.equal(await detector.detect(picture), null);
  assert.equal(detector.state().state, 'failed');
  assert.match(detector.state().reason, /"test" failed: .*Motion still judges/);
  assert.equal(await detector.detect(picture), null, 'a broken detector answers at once');
  time.advance(250);
  await reached(detector, 'running');
  assert.deepEqual((await detector.detect(picture))?.detections, []);
  await detector.close();
});

test('a worker that hangs is given up', async () => {
  const time = new ManualTime();
  const detector = open(`${READY} parentPort.on('message', () => { for (;;) {} });`, time);
  await reached(detector, 'running');
  const answer = detector.detect(picture);
  assert.equal(detector.isIdle(), false);
  time.advance(2_000);
  assert.equal(await answer, null);
  assert.match(detector.state().reason, /took longer than 2 s/);
  await detector.close();
  assert.equal(await detector.detect(picture), null, 'a closed detector answers at once');
});

test('a provider that dies at work is not tried again, and the next one stands in', async () => {
  const time = new ManualTime();
  // It runs on CUDA unless it is told not to, and dies on its first picture there.
  const detector = open(
    `const { workerData } = require('node:worker_threads');
    const isTold = workerData.distrusted.cuda !== undefined;
    parentPort.postMessage({
      type: 'ready', provider: isTold ? 'cpu' : 'cuda', medianMs: 1,
      refusals: isTold ? [{ provider: 'cuda', reason: workerData.distrusted.cuda, medianMs: null }] : [] });
    ${STOPS} parentPort.on('message', (message) => {
      if (message.type !== 'look') return;
      if (isTold) parentPort.postMessage(${SEEN});
      else parentPort.postMessage({ type: 'failed', reason: 'CUDA error 700' }); });`,
    time,
  );
  await reached(detector, 'running');
  assert.equal(detector.state().provider, 'cuda');
  assert.equal(await detector.detect(picture), null);
  assert.match(detector.state().reason, /CUDA error 700/);
  time.advance(250);
  await reached(detector, 'running');
  const { provider, refusals } = detector.state();
  assert.equal(provider, 'cpu');
  assert.match(refusals[0]?.reason ?? '', /it failed while in use: CUDA error 700/);
  assert.deepEqual((await detector.detect(picture))?.detections, []);
  await detector.close();
});

test('a model that never answers is given up, with a sentence, and tried no more', async () => {
  const time = new ManualTime();
  const detector = open(`throw new Error('out of memory');`, time);
  for (let failure = 1; failure < 8; failure++) {
    await reached(detector, 'failed');
    const tried = new Promise<void>((done) => detector.onChange(done));
    time.advance(30_000);
    await tried;
  }
  assert.equal(detector.state().state, 'givenUp');
  assert.match(detector.state().reason, /out of memory\. It is given up after 8 failures/);
  time.advance(120_000);
  assert.equal(detector.state().state, 'givenUp');
  assert.equal(await detector.detect(picture), null);
  await detector.close();
});

test('a worker that throws says why', async () => {
  const detector = open(`throw new Error('no such operator: Frob');`, new ManualTime());
  await reached(detector, 'failed');
  assert.match(detector.state().reason, /no such operator: Frob/);
  await detector.close();
});

test('the real worker refuses a file that is no model, in words', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'models-'));
  writeFileSync(join(folder, 'test.onnx'), 'this is not ONNX');
  const detector = createDetector({
    ...{ providers: [], timers: new ManualTime(), logger: silentLogger },
    model: { ...model, path: join(folder, 'test.onnx') },
    workerUrl: new URL('./worker.ts', import.meta.url),
  });
  await reached(detector, 'failed');
  assert.match(detector.state().reason, /"test"/);
  await detector.close();
});

test('manifests: wrong hash, unknown layout, missing file, no JSON, folders in order', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'models-'));
  const reasonFor = async (manifest: string) => {
    writeFileSync(join(folder, 'manifest.json'), manifest);
    const found = await findModel('test', [folder]);
    return 'reason' in found ? found.reason : 'found';
  };
  const { path: _, ...entry } = model;
  const list = (change: object) => JSON.stringify({ models: [{ ...entry, ...change }] });
  assert.match(await reasonFor(list({})), /test\.onnx is named in the manifest and not there/);
  writeFileSync(join(folder, 'test.onnx'), 'bytes');
  assert.match(await reasonFor(list({})), /wrong sha256/);
  assert.match(await reasonFor(list({ layout: 'frob' })), /model "test", layout: /);
  assert.match(await reasonFor(list({ input: { ...model.input, width: 33 } })), /input\.width/);
  assert.match(await reasonFor('{'), /is no JSON/);
  assert.match(await reasonFor('{}'), /"models" must be a list/);
  assert.match(await reasonFor('{"models":[]}'), /No model "test"/);
  const sha256 = '277089d91c0bdf4f2e6862ba7e4a07605119431f5d13f726dd352b06f1b206a9';
  assert.equal(await reasonFor(list({ sha256 })), 'found');
  const other = mkdtempSync(join(tmpdir(), 'models-'));
  writeFileSync(join(other, 'manifest.json'), list({ sha256 }));
  const elsewhere = await findModel('test', [other, folder]);
  assert.ok('model' in elsewhere && elsewhere.model.path === join(folder, 'test.onnx'));
  const missing = await findModel('test', ['/nowhere', folder]);
  assert.ok('model' in missing && missing.model.path === join(folder, 'test.onnx'));
});

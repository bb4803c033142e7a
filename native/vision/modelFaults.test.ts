// Proves that a model that crashes, hangs, says nonsense, is damaged or vanishes costs detections
// and nothing else: every picture is judged by motion, in order and with its own time, and the
// status says what is wrong. Real pictures through the real decoder, a real vision over its link.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { Unit } from '../../core/media/feed.ts';
import type { FrameFacts } from '../../core/wire/gen/facts_pb.js';
import { madeEntry, madeYolov8, onnxBytes } from './models/testing/onnxWriter.ts';
import { encodeClip } from './testFeed.ts';
import { openVision, packFolderOf, FFMPEG_SKIP as skip } from './testing/openVision.ts';

const SIDE = 160;
const BOX = { x: 16, y: 20, width: 40, height: 30, scores: [0.2, 2] };
const GOOD = madeYolov8({ width: SIDE, height: SIDE, classes: 2, boxes: [BOX] });

/** A white square that travels over grey, so that motion has something to say. */
function clip(frames: number, width: number, height: number, startUs: number, config: number) {
  function* pictures(): Generator<Uint8Array> {
    for (let frame = 0; frame < frames; frame++) {
      const picture = new Uint8Array((width * height * 3) / 2).fill(128);
      picture.fill(60, 0, width * height);
      const left = 40 + ((frame * 8) % (width - 160));
      for (let y = 100; y < 190; y++) picture.fill(230, y * width + left, y * width + left + 90);
      yield picture;
    }
  }
  const input = ['-f', 'rawvideo', '-s', `${width}x${height}`, '-r', '30', '-i', 'pipe:0'];
  return encodeClip({ input, pictures: pictures(), frames, startUs, config });
}

/** A worker that says it is ready and then does what `onLook` says. */
function playedWorker(onLook: string): URL {
  const path = join(mkdtempSync(join(tmpdir(), 'worker-')), 'worker.cjs');
  writeFileSync(
    path,
    `const { parentPort } = require('node:worker_threads');
    parentPort.postMessage({ type: 'ready', provider: 'cpu', medianMs: 1, refusals: [] });
    parentPort.on('message', (message) => {
      if (message.type === 'stop') process.exit(0);
      ${onLook} });`,
  );
  return pathToFileURL(path);
}

/** Vision with a stranger's model and a pack that asks for it, fed by an engine's client. */
async function open(
  t: TestContext,
  options: { bytes?: Buffer; worker?: URL; damage?: boolean; finder?: Buffer },
) {
  const { bytes = GOOD, worker, damage = false, finder } = options;
  const folder = mkdtempSync(join(tmpdir(), 'faults-'));
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const entry = madeEntry('stranger', ['cart', 'kart'], SIDE, sha256);
  const models: object[] = [entry];
  if (finder) {
    const hash = createHash('sha256').update(finder).digest('hex');
    const crops = { ...entry.input, name: 'crops', width: 48, height: 48, fit: 'stretch' };
    models.push({ ...madeEntry('finder', ['ball'], 48, hash), layout: 'crops', input: crops });
    writeFileSync(join(folder, 'finder.onnx'), finder);
  }
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify({ models }));
  writeFileSync(join(folder, 'stranger.onnx'), damage ? bytes.subarray(100) : bytes);
  const packFolder = packFolderOf({
    ...{ id: 'strange', detector: { model: 'stranger', minimumConfidence: 0.3 } },
    ...(finder ? { version: 2, ball: { label: 'ball', finder: { model: 'finder' } } } : {}),
  });
  const parts = await openVision({
    ...{ pack: 'strange', packFolder, modelFolders: [folder] },
    ...(worker ? { workerUrl: worker } : {}),
  });
  t.after(() => parts.close());
  return { ...parts, folder };
}

/** Every unit has its facts once, in order, and motion was seen. */
function assertWhole(facts: readonly FrameFacts[], units: readonly Unit[]): void {
  assert.deepEqual(
    facts.map(({ captureUs }) => Number(captureUs)),
    units.map(({ captureUs }) => captureUs),
  );
  const withMotion = facts.filter(({ tracks }) => tracks.some(({ label }) => label === 'motion'));
  // The background settles first, and a thing that comes back to a place is learned there.
  assert.ok(withMotion.length >= 5, `${withMotion.length} pictures with motion`);
}

test('a stranger’s model, named by a pack alone, sees; without its file motion goes on', {
  skip,
}, async (t) => {
  const parts = await open(t, {});
  await parts.until(() => parts.statuses.some(({ model }) => model === 'stranger'));
  const units = await clip(45, 640, 360, 5_000_000, 1);
  await parts.judge(units);
  assertWhole(parts.facts, units);
  const seen = parts.facts.flatMap(({ tracks }) => tracks.filter(({ label }) => label === 'kart'));
  assert.ok(seen.length > 10, `${seen.length} karts`);
  // Not on each picture: a busy machine spares the model.
  assert.ok(parts.facts.some(({ model }) => model === 'stranger'));
  const running = parts.statuses.at(-1)?.models[0];
  assert.deepEqual(
    [running?.id, running?.provider, running?.state],
    ['stranger', 'cpu', 'running'],
  );
  assert.ok((running?.medianMs ?? 0) > 0);
  // The file vanishes; whoever looks again is told.
  writeFileSync(join(parts.folder, 'manifest.json'), JSON.stringify({ models: [] }));
  parts.client.modelsChanged();
  await parts.until(() => /No model "stranger"/.test(parts.statuses.at(-1)?.reason ?? ''));
  const more = await clip(30, 640, 360, 8_000_000, 2);
  await parts.judge(more);
  assertWhole(parts.facts.slice(45), more);
});

const FAULTS: [string, Parameters<typeof open>[1], RegExp][] = [
  ['crashes', { worker: playedWorker('process.exit(9);') }, /"stranger" failed: its thread ended/],
  ['hangs', { worker: playedWorker('for (;;) {}') }, /took longer than 2 s/],
  [
    'fails in use',
    { worker: playedWorker(`parentPort.postMessage({ type: 'failed', reason: 'device lost' });`) },
    /"stranger" failed: device lost/,
  ],
  [
    'says nothing but NaN',
    { bytes: madeYolov8({ width: SIDE, height: SIDE, classes: 2, boxes: [], fill: Number.NaN }) },
    /"output0" holds no numbers/,
  ],
  [
    'answers in another shape',
    {
      bytes: onnxBytes({
        inputs: [{ name: 'images', dims: [1, 3, SIDE, SIDE] }],
        outputs: [{ name: 'same', dims: [1, 3, SIDE, SIDE] }],
        constants: [],
        nodes: [{ type: 'Relu', inputs: ['images'], outputs: ['same'] }],
      }),
    },
    /Layout yolov8 expects an output of 1x6x525, got 1x3x160x160/,
  ],
  ['is damaged', { damage: true }, /wrong sha256/],
  ['is no network', { bytes: Buffer.from('no network') }, /file: expected an ONNX model/],
];

for (const [what, options, reason] of FAULTS) {
  test(`a model that ${what} costs detections only, and the status says so`, {
    skip,
  }, async (t) => {
    const parts = await open(t, options);
    const units = await clip(45, 640, 360, 5_000_000, 1);
    const more = await clip(45, 1280, 720, 7_000_000, 2);
    await parts.judge(units);
    // The picture's size changes while the model is broken.
    await parts.judge(more);
    assertWhole(parts.facts, [...units, ...more]);
    await parts.until(() => parts.statuses.some((status) => reason.test(status.reason)));
    const told = parts.statuses.find((status) => reason.test(status.reason));
    assert.equal(told?.state, 'degraded');
  });
}

test('a finder of balls that is another network costs its balls only', { skip }, async (t) => {
  const dims = [1, 4, 48, 48];
  const finder = onnxBytes({
    inputs: [{ name: 'crops', dims }],
    outputs: [{ name: 'same', dims }],
    constants: [],
    nodes: [{ type: 'Relu', inputs: ['crops'], outputs: ['same'] }],
  });
  const parts = await open(t, { finder });
  await parts.until(() => parts.statuses.some(({ model }) => model === 'stranger'));
  const units = await clip(45, 640, 360, 5_000_000, 1);
  await parts.judge(units);
  assertWhole(parts.facts, units);
  assert.ok(parts.facts.some(({ tracks }) => tracks.some(({ label }) => label === 'kart')));
  const reason = /"finder" failed: .*crops.*Balls are seen by the detector alone/;
  await parts.until(() => reason.test(parts.statuses.at(-1)?.reason ?? ''));
  const told = parts.statuses.at(-1)?.models.map(({ id, use }) => [id, use]);
  assert.deepEqual(told, [
    ['stranger', 'detector'],
    ['finder', 'ball'],
  ]);
});

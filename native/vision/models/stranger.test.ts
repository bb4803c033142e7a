// Proves that a stranger's ONNX file works with nothing but a manifest entry, in the layout of
// YOLOv8 and YOLO11, and that each way in which file and entry can disagree is a sentence that names
// the field and what was expected. The networks are made here, byte by byte, with known boxes.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { decodeOutputs } from './decode.ts';
import { findModel, type Model } from './manifest.ts';
import { openSession } from './session.ts';
import { madeEntry, madeYolov8, onnxBytes } from './testing/onnxWriter.ts';

const SIDE = 160;
const LABELS = ['cart', 'kart'];
const BOXES = [
  { x: 8, y: 10, width: 40, height: 20, scores: [0.2, 0.9] },
  { x: 100, y: 30, width: 24, height: 48, scores: [0.8, 0.1] },
  // Lies over the first one with the same class: suppressed.
  { x: 10, y: 11, width: 40, height: 20, scores: [0.1, 0.6] },
  { x: 60, y: 60, width: 10, height: 10, scores: [0.05, 0.04] },
];

function place(bytes: Buffer, change: (entry: ReturnType<typeof madeEntry>) => object): string {
  const folder = mkdtempSync(join(tmpdir(), 'models-'));
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  writeFileSync(join(folder, 'stranger.onnx'), bytes);
  const entry = change(madeEntry('stranger', LABELS, SIDE, sha256));
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify({ models: [entry] }));
  return folder;
}

/** Full-range picture of one brightness, twice as wide as high. */
function picture(brightness: number) {
  const bytes = new Uint8Array((320 * 160 * 3) / 2).fill(128);
  bytes.fill(brightness, 0, 320 * 160);
  return { width: 320, height: 160, bytes, range: 'full', matrix: 'bt601' } as const;
}

test('boxes of a stranger’s file come out where it sees them, and follow the picture', async () => {
  const bytes = madeYolov8({ width: SIDE, height: SIDE, classes: 2, boxes: BOXES });
  const found = await findModel('stranger', [place(bytes, (entry) => entry)]);
  assert.ok('model' in found, 'reason' in found ? found.reason : '');
  const session = await openSession(found.model, { allowed: [] });
  const { detections } = await session.detect(picture(255));
  // Half of the input is grey padding, so the mean is (1 + 114/255) / 2.
  const mean = (1 + 114 / 255) / 2;
  const rounded = detections.map(({ label, confidence, ...box }) => ({
    label,
    confidence: Number((confidence / mean).toFixed(3)),
    box: [box.x * 160, box.y * 80, box.width * 160, box.height * 80].map((one) => Math.round(one)),
  }));
  assert.deepEqual(rounded, [
    { label: 'kart', confidence: 0.9, box: [8, 10, 40, 20] },
    { label: 'cart', confidence: 0.8, box: [100, 30, 24, 48] },
  ]);
  const dark = await session.detect(picture(0));
  assert.ok(dark.detections.every(({ confidence }) => confidence < 0.3));
  await session.close();
});

test('what does not fit is named, with what was expected', async () => {
  const good = madeYolov8({ width: SIDE, height: SIDE, classes: 2, boxes: BOXES });
  const reasonFor = async (
    bytes: Buffer,
    change: (entry: ReturnType<typeof madeEntry>) => object,
  ) => {
    const found = await findModel('stranger', [place(bytes, change)]);
    if ('reason' in found) return found.reason;
    const opened = openSession(found.model, { allowed: [] });
    return opened.then(
      async (session) => {
        await session.close();
        return 'it opened';
      },
      (cause: Error) => cause.message,
    );
  };
  const input = (change: object) => (entry: ReturnType<typeof madeEntry>) => ({
    ...entry,
    input: { ...entry.input, ...change },
  });
  assert.equal(await reasonFor(good, (entry) => entry), 'it opened');
  assert.match(
    await reasonFor(Buffer.from('GIF89a, no network'), (entry) => entry),
    /file: expected an ONNX model/,
  );
  assert.match(
    await reasonFor(good.subarray(0, good.length >> 1), (entry) => entry),
    /file: expected an ONNX model/,
  );
  assert.match(
    await reasonFor(good, (entry) => ({ ...entry, layout: 'yolo99' })),
    /model "stranger", layout: .*"yolox"/,
  );
  assert.match(
    await reasonFor(good, input({ name: 'pixels' })),
    /input\.name: expected one of the file's inputs \(images\), got "pixels"/,
  );
  assert.match(
    await reasonFor(good, input({ width: 320 })),
    /input\.width and input\.height: the manifest says 1x3x160x320, the file expects 1x3x160x160/,
  );
  assert.match(
    await reasonFor(good, (entry) => ({ ...entry, labels: ['cart'] })),
    /labels: Layout yolov8 expects an output of 1x5x525, got 1x6x525/,
  );
  assert.match(
    await reasonFor(good, (entry) => ({ ...entry, layout: 'yolox' })),
    /layout or labels: Layout yolox expects an output of 1x525x7, got 1x6x525/,
  );
  assert.match(
    await reasonFor(good, (entry) => ({ ...entry, layout: 'nanodet' })),
    /expects an output "cls_pred_stride_8" of 1x400x2, got nothing; .*outputs are output0/,
  );
  const nothing = madeYolov8({
    width: SIDE,
    height: SIDE,
    classes: 2,
    boxes: [],
    fill: Number.NaN,
  });
  assert.match(await reasonFor(nothing, (entry) => entry), /"output0" holds no numbers/);
  const shortOutput = onnxBytes({
    inputs: [{ name: 'images', dims: [1, 3, SIDE, SIDE] }],
    outputs: [{ name: 'same', dims: [1, 3, SIDE, SIDE] }],
    constants: [],
    nodes: [{ type: 'Relu', inputs: ['images'], outputs: ['same'] }],
  });
  assert.match(await reasonFor(shortOutput, (entry) => entry), /expects an output of 1x6x525, got/);
});

test('numbers from nowhere never become a box that is none', () => {
  const model = { labels: LABELS, layout: 'yolov8', minimumConfidence: 0.1 } as Model;
  const full = { ...model, input: { width: 32, height: 32 } } as Model;
  const cells = 16 + 4 + 1;
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -5, 0]) {
    const output = { dims: [1, 6, cells], data: new Float32Array(6 * cells).fill(value) };
    for (const box of decodeOutputs({ output0: output }, full)) {
      assert.ok(Number.isFinite(box.x + box.y + box.width + box.height) && box.width > 0);
    }
  }
});

// Proves that what a model sees lands where it is: letterbox and stretch are inverted exactly,
// suppression equals a slow reference, and decoders refuse wrong shapes with what they expected.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Detection, overlapOf } from '../tracking/track.ts';
import { decodeOutputs } from './decode.ts';
import { FastInput } from './fastInput.ts';
import { LayoutError } from './layouts/layout.ts';
import type { Model } from './manifest.ts';
import { type InputShape, InputWriter, type Picture, scalingOf } from './picture.ts';
import { suppress } from './suppression.ts';

const box = fc.record({
  label: fc.constantFrom('person', 'ball'),
  confidence: fc.double({ min: 0.01, max: 1, noNaN: true }),
  x: fc.double({ min: 0, max: 0.9, noNaN: true }),
  y: fc.double({ min: 0, max: 0.9, noNaN: true }),
  width: fc.double({ min: 0.01, max: 0.5, noNaN: true }),
  height: fc.double({ min: 0.01, max: 0.5, noNaN: true }),
});

/** Takes the surest box, removes what it overlaps, again and again. */
function slowSuppress(boxes: readonly Detection[], overlapMax: number): Detection[] {
  let rest = boxes.map((one, index) => ({ one, index }));
  const kept: Detection[] = [];
  while (rest.length > 0) {
    const best = rest.reduce((a, b) => (b.one.confidence > a.one.confidence ? b : a));
    kept.push(best.one);
    rest = rest.filter(
      ({ one, index }) =>
        index !== best.index &&
        (one.label !== best.one.label || overlapOf(one, best.one) <= overlapMax),
    );
  }
  return kept;
}

test('suppression equals the slow reference', () => {
  fc.assert(
    fc.property(
      fc.array(box, { maxLength: 40 }),
      fc.double({ min: 0.05, max: 0.95, noNaN: true }),
      (boxes, overlapMax) => {
        assert.deepEqual(suppress(boxes, overlapMax), slowSuppress(boxes, overlapMax));
      },
    ),
    { numRuns: 300 },
  );
});

function shape(width: number, height: number, fit: InputShape['fit']): InputShape {
  return {
    ...{ width, height, fit, channels: 'RGB', scale: 1, pad: 114 },
    ...{ mean: [0, 0, 0], deviation: [1, 1, 1] },
  };
}

test('a white square lands where the scaling says', () => {
  const side = fc.integer({ min: 40, max: 200 }).map((value) => value * 2);
  const input = fc.constantFrom(shape(192, 192, 'letterbox'), shape(256, 160, 'stretch'));
  fc.assert(
    fc.property(side, side, input, fc.double({ min: 0, max: 1, noNaN: true }), (w, h, into, at) => {
      const bytes = new Uint8Array((w * h * 3) / 2).fill(128);
      bytes.fill(16, 0, w * h);
      const size = Math.floor(Math.min(w, h) / 3);
      const left = Math.floor(at * (w - size));
      const top = Math.floor((1 - at) * (h - size));
      for (let y = top; y < top + size; y++) bytes.fill(235, y * w + left, y * w + left + size);
      const picture: Picture = { width: w, height: h, bytes, range: 'video', matrix: 'bt709' };
      const out = new Float32Array(3 * into.width * into.height);
      const scaling = new InputWriter(into).write(picture, out);
      assert.deepEqual(scaling, scalingOf(picture, into));
      // The bright half of the plane, back in picture pixels, is the square.
      let [minX, minY, maxX, maxY] = [into.width, into.height, 0, 0];
      for (let y = 0; y < into.height; y++) {
        for (let x = 0; x < into.width; x++) {
          if ((out[y * into.width + x] ?? 0) < 127.5) continue;
          [minX, maxX] = [Math.min(minX, x), Math.max(maxX, x + 1)];
          [minY, maxY] = [Math.min(minY, y), Math.max(maxY, y + 1)];
        }
      }
      const stepX = 1 / scaling.x + 1e-6;
      const stepY = 1 / scaling.y + 1e-6;
      assert.ok(Math.abs(minX / scaling.x - left) <= stepX);
      assert.ok(Math.abs(maxX / scaling.x - left - size) <= stepX);
      assert.ok(Math.abs(minY / scaling.y - top) <= stepY);
      assert.ok(Math.abs(maxY / scaling.y - top - size) <= stepY);
    }),
    { numRuns: 60 },
  );
});

test('the fast way to an input gives what the exact way gives, to two steps', () => {
  const even = fc.integer({ min: 8, max: 40 }).map((value) => value * 32);
  const side = fc.integer({ min: 4, max: 80 }).map((value) => value * 8);
  const input = fc.record({
    ...{ width: side, height: side, channels: fc.constantFrom('RGB', 'BGR') },
    ...{ fit: fc.constantFrom('letterbox', 'stretch'), pad: fc.integer({ min: 0, max: 255 }) },
    scale: fc.constant(1),
    mean: fc.constant<[number, number, number]>([10, 20, 30]),
    deviation: fc.constant<[number, number, number]>([1, 2, 4]),
  }) as fc.Arbitrary<InputShape>;
  let compared = 0;
  const matrix = fc.constantFrom('bt601', 'bt709');
  const range = fc.constantFrom('video', 'full');
  fc.assert(
    fc.property(even, even, input, matrix, range, fc.nat(), (width, height, shape, ...rest) => {
      const [colours, lights, seed] = rest;
      let state = seed;
      const bytes = Uint8Array.from({ length: (width * height * 3) / 2 }, () => {
        state = (Math.imul(state, 1664525) + 1013904223) | 0;
        return state >>> 24;
      });
      const picture: Picture = { width, height, bytes, range: lights, matrix: colours };
      const fast = FastInput.for(picture, shape);
      if (!fast) return;
      compared++;
      const exact = new Float32Array(3 * shape.width * shape.height);
      assert.deepEqual(fast.write(picture), new InputWriter(shape).write(picture, exact));
      const steps = lights === 'video' ? 255 / 219 : 1;
      exact.forEach((value, index) => {
        const channel = Math.floor(index / (shape.width * shape.height));
        const apart = Math.abs(value - (fast.values[index] ?? Number.NaN));
        // Both round: luma to quarters or to steps, chroma's factors to thirty-seconds.
        const most = (steps * 2) / (shape.deviation[channel] ?? 1);
        assert.ok(apart <= most, `${index}: ${value} and ${fast.values[index]}`);
      });
    }),
    { numRuns: 60 },
  );
  assert.ok(compared >= 15, `only ${compared} shapes were for it`);
});

test('letterbox pads with its grey, and colours survive', () => {
  const width = 64;
  const bytes = new Uint8Array((width * 32 * 3) / 2);
  // Pure red of BT.709, video range.
  bytes.fill(63, 0, width * 32);
  bytes.fill(102, width * 32, width * 32 + 512);
  bytes.fill(240, width * 32 + 512);
  const into = shape(64, 64, 'letterbox');
  const out = new Float32Array(3 * 64 * 64);
  new InputWriter(into).write({ width, height: 32, bytes, range: 'video', matrix: 'bt709' }, out);
  const at = (channel: number, x: number, y: number) => out[channel * 4096 + y * 64 + x] ?? -1;
  assert.ok(at(0, 20, 10) > 250 && at(1, 20, 10) < 5 && at(2, 20, 10) < 5);
  assert.deepEqual([at(0, 20, 40), at(1, 20, 40), at(2, 20, 40)], [114, 114, 114]);
});

const centreNet: Model = {
  ...{ id: 'c', file: 'c.onnx', path: '', sha256: '', layout: 'centernet', licence: '' },
  ...{
    labels: ['player', 'ball'],
    minimumConfidence: 0.3,
    overlapMax: 0.5,
    stride: 4,
    cropScale: 1,
  },
  input: { ...shape(32, 16, 'stretch'), name: 'picture' } as Model['input'],
};

test('a peak becomes a box; neighbours, numbers that are none and wrong shapes do not', () => {
  const plane = 8 * 4;
  const heat = new Float32Array(2 * plane);
  const size = new Float32Array(2 * plane).fill(2);
  const offset = new Float32Array(2 * plane).fill(0.5);
  heat[plane + 2 * 8 + 3] = 0.9;
  heat[plane + 2 * 8 + 4] = 0.8;
  heat[5] = Number.NaN;
  const tensor = (data: Float32Array) => ({ dims: [1, 2, 4, 8], data });
  const outputs = { heat: tensor(heat), size: tensor(size), offset: tensor(offset) };
  const found = decodeOutputs(outputs, centreNet);
  assert.equal(found.length, 1);
  const { label, x, y, width, height } = found[0] ?? {};
  assert.deepEqual(
    { label, x, y, width, height },
    { label: 'ball', x: 10, y: 6, width: 8, height: 8 },
  );
  const wrong = { ...outputs, size: { dims: [1, 1, 4, 8], data: size } };
  assert.throws(
    () => decodeOutputs(wrong, centreNet),
    (error: unknown) => {
      assert.ok(error instanceof LayoutError);
      assert.match(error.message, /"size" of 1x2x4x8, got 1x1x4x8/);
      return true;
    },
  );
  assert.throws(() => decodeOutputs({}, { ...centreNet, layout: 'yolox' }), LayoutError);
});

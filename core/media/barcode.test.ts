// Proves that every time drawn is read back, also from a scaled picture, and that pictures without
// a barcode read as null. The way through a real encoder is proved with the demo source.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BARCODE_BITS, barcodeTimeMs, drawBarcode, readBarcode } from './barcode.ts';

const seed = Date.now() % 2 ** 31;
console.log(`barcode.test seed ${seed}`);
const [width, height] = [1280, 720];

test('each time is read back from luma, from RGBA and at half size', () => {
  const yuv = new Uint8Array((width * height * 3) / 2).fill(90);
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4e15 }), (captureUs) => {
      drawBarcode(yuv, width, height, captureUs);
      const ms = Math.floor(captureUs / 1000);
      const value = readBarcode({ bytes: yuv, stride: width, step: 1 });
      assert.equal(value, ms % 2 ** BARCODE_BITS);
      assert.equal(barcodeTimeMs(value ?? 0, ms + 5000), ms);
      const half = new Uint8Array((width / 2) * 40);
      const rgba = new Uint8ClampedArray(width * 40 * 4);
      for (let y = 0; y < 40; y++) {
        for (let x = 0; x < width; x++) {
          const luma = yuv[y * width + x] ?? 0;
          rgba[(y * width + x) * 4 + 1] = luma;
          if (x % 2 === 0 && y % 2 === 0) half[((y / 2) * width) / 2 + x / 2] = luma;
        }
      }
      assert.equal(readBarcode({ bytes: half, stride: width / 2, step: 1 }, 8), value);
      const green = rgba.subarray(1);
      assert.equal(readBarcode({ bytes: green, stride: width * 4, step: 4 }), value);
    }),
    { seed, numRuns: 40 },
  );
});

test('a picture without a barcode, a damaged one and one that is too small are null', () => {
  const grey = { bytes: new Uint8Array(width * 40).fill(120), stride: width, step: 1 };
  assert.equal(readBarcode(grey), null);
  const yuv = new Uint8Array((width * height * 3) / 2);
  drawBarcode(yuv, width, height, 123_456_789_000);
  // One block of the upper row now says the same as the one below it.
  for (let y = 0; y < 16; y++)
    yuv.copyWithin(y * width + 32, (y + 16) * width + 32, (y + 16) * width + 48);
  assert.equal(readBarcode({ bytes: yuv, stride: width, step: 1 }), null);
  assert.equal(readBarcode({ bytes: yuv.subarray(0, 4000), stride: width, step: 1 }), null);
  const noise = Uint8Array.from({ length: width * 40 }, (_, i) => (i * 7919) % 256);
  assert.equal(readBarcode({ bytes: noise, stride: width, step: 1 }), null);
});

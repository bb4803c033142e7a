// Proves that the assembled loops do what a plain per-pixel version does, to the last bit, on
// random pictures (fast-check prints the seed), that the module is valid, and that sizes and
// buffers that do not fit are refused in words. The cleaning of masks is proved in motion.test.ts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BACKGROUND_BITS, CELL, kernelModule } from './kernels.ts';
import { Pixels } from './pixels.ts';

const SIZE = { width: 256, height: 16 };
const AREA = SIZE.width * SIZE.height;

/** Pictures of every kind of luma: flat, steps and noise from one number. */
const picture = fc.integer({ min: 1, max: 2 ** 31 - 1 }).map((seed) => {
  let state = seed;
  const next = () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return state >>> 8;
  };
  const spread = 1 + (seed % 256);
  const base = next() % 256;
  return Uint8Array.from({ length: AREA }, () => Math.min(255, base + (next() % spread)));
});

/** Marked pixels, one number each, as the mask before cleaning says: it holds the complement. */
function markedBy(isMarked: (at: number) => boolean): number {
  let count = 0;
  for (let at = 0; at < AREA; at++) if (isMarked(at)) count++;
  return count;
}

test('the module is valid', () => {
  assert.ok(WebAssembly.validate(kernelModule({ width: 640, height: 360 })));
  assert.ok(WebAssembly.validate(kernelModule(SIZE)));
});

test('differences and backgrounds are those of the plain version', () => {
  const run = (
    pictures: Uint8Array[],
    threshold: number,
    shift: number,
    isEverywhere: boolean,
    lifted: number,
  ) => {
    const pixels = new Pixels(SIZE);
    const [first = new Uint8Array(AREA)] = pictures;
    pixels.put(first);
    pixels.adopt();
    const model = Int32Array.from(first, (luma) => luma << BACKGROUND_BITS);
    let before = first;
    for (const luma of pictures.slice(1)) {
      pixels.put(luma);
      pixels.compare(threshold);
      const apart = (at: number) => Math.abs((luma[at] ?? 0) - (before[at] ?? 0));
      assert.equal(
        pixels.markedCount(),
        markedBy((at) => apart(at) > threshold),
      );
      pixels.learn(threshold, shift, isEverywhere);
      let marked = 0;
      for (let at = 0; at < AREA; at++) {
        const old = model[at] ?? 0;
        const distance = ((luma[at] ?? 0) << BACKGROUND_BITS) - old;
        const isFar = Math.abs(distance) > threshold << BACKGROUND_BITS;
        if (isFar) marked++;
        if (!isFar || isEverywhere) model[at] = old + (distance >> shift);
      }
      assert.equal(pixels.markedCount(), marked);
      assert.deepEqual([...pixels.background], [...model]);
      pixels.lift(lifted);
      for (let at = 0; at < AREA; at++) {
        const sum = (model[at] ?? 0) + Math.round(lifted * 2 ** BACKGROUND_BITS);
        model[at] = Math.min(0x7fff, Math.max(0, sum));
      }
      assert.deepEqual([...pixels.background], [...model]);
      before = luma;
    }
  };
  fc.assert(
    fc.property(
      fc.array(picture, { minLength: 2, maxLength: 4 }),
      fc.integer({ min: 0, max: 255 }),
      fc.integer({ min: 1, max: 14 }),
      fc.boolean(),
      fc.double({ min: -4, max: 4, noNaN: true }),
      run,
    ),
    { numRuns: 60 },
  );
});

test('cells are means of 8x8 pixels, rounded down', () => {
  fc.assert(
    fc.property(picture, (luma) => {
      const pixels = new Pixels(SIZE);
      pixels.put(luma);
      pixels.shrink();
      const columns = SIZE.width / CELL;
      for (const [at, cell] of pixels.cells.entries()) {
        const left = (at % columns) * CELL;
        const top = Math.floor(at / columns) * CELL;
        let sum = 0;
        for (let y = top; y < top + CELL; y++) {
          for (let x = left; x < left + CELL; x++) sum += luma[y * SIZE.width + x] ?? 0;
        }
        assert.equal(cell, Math.floor(sum / CELL ** 2));
      }
    }),
    { numRuns: 60 },
  );
});

test('a size that the loops cannot take and a short picture are refused by name', () => {
  assert.throws(() => new Pixels({ width: 600, height: 360 }), /600x360.*multiple of 128/);
  assert.throws(() => new Pixels({ width: 640, height: 361 }), /640x361.*one of 8/);
  assert.throws(() => new Pixels(SIZE).put(new Uint8Array(10)), /10 bytes; 4096 were expected/);
});

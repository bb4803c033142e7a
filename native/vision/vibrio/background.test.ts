// Proves what the default mode promises, on drawn scenes with texture and noise: a thing is one
// component where it is, while it moves and while it stands; what a thing leaves behind, a shadow, a
// change of light and a camera that moves are no things; and a shift is found to the pixel.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BackgroundMotion, type BackgroundResult } from './background.ts';
import { CameraMotion } from './cameraMotion.ts';
import { PICTURE } from './motion.ts';

const { width, height } = PICTURE;
const STEP_US = 40_000;

function random(seed: number): () => number {
  let state = seed || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** A wall of soft patches, larger than the picture so that it can be looked at from elsewhere. */
function makeWorld(seed: number): (x: number, y: number) => number {
  const next = random(seed);
  const side = 64;
  const knots = Array.from({ length: side * side }, () => 70 + 110 * next());
  const at = (x: number, y: number) => knots[(y & 63) * side + (x & 63)] ?? 0;
  return (x, y) => {
    const [column, row] = [Math.floor(x / 24), Math.floor(y / 24)];
    const [u, v] = [x / 24 - column, y / 24 - row];
    const top = at(column, row) * (1 - u) + at(column + 1, row) * u;
    const bottom = at(column, row + 1) * (1 - u) + at(column + 1, row + 1) * u;
    return top * (1 - v) + bottom * v;
  };
}

type Thing = { x: number; y: number; width: number; height: number };
type Look = { dx?: number; dy?: number; things?: Thing[]; gain?: number; shadow?: Thing };

function isIn({ x, y, width: w, height: h }: Thing, px: number, py: number): boolean {
  return px >= x && px < x + w && py >= y && py < y + h;
}

function draw(world: (x: number, y: number) => number, look: Look, noise: () => number) {
  const { dx = 0, dy = 0, things = [], gain = 1, shadow } = look;
  const luma = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const thing = things.find((one) => isIn(one, x, y));
      // A thing has a pattern of its own.
      const isBright = thing && ((x - thing.x) >> 3) % 2 === ((y - thing.y) >> 3) % 2;
      const own = thing ? (isBright ? 235 : 20) : undefined;
      let value = own ?? world(x + 1000 - dx, y + 1000 - dy);
      if (!thing && shadow && isIn(shadow, x, y)) value *= 0.7;
      luma[y * width + x] = Math.min(255, Math.max(0, value * gain + noise() * 4 - 2));
    }
  }
  return luma;
}

function watch(looks: Look[], seed = 7): BackgroundResult[] {
  const world = makeWorld(seed);
  const noise = random(seed + 1);
  const motion = new BackgroundMotion();
  return looks.map((look, index) => {
    return motion.detect(draw(world, look, noise), 1_000_000 + index * STEP_US);
  });
}

const large = ({ components }: BackgroundResult) => components.filter(({ area }) => area >= 500);
const quiet = (count: number): Look[] => Array.from({ length: count }, () => ({}));

test('a thing is one component where it is, moving or standing, and nothing once it is gone', () => {
  const thingAt = (frame: number) => ({
    ...{ x: Math.min(400, 100 + frame * 10), y: 120, width: 60, height: 120 },
  });
  const looks = [
    ...quiet(20),
    ...Array.from({ length: 50 }, (_, frame) => ({ things: [thingAt(frame)] })),
    ...quiet(10),
  ];
  const seen = watch(looks);
  for (const result of seen.slice(0, 20)) assert.deepEqual(result.components, []);
  seen.slice(20, 70).forEach((result, frame) => {
    const [first, ...rest] = large(result);
    assert.deepEqual(rest, [], `frame ${frame}`);
    const { x } = thingAt(frame);
    assert.ok(Math.abs((first?.centreX ?? 0) - x - 30) < 3, `frame ${frame}: ${first?.centreX}`);
  });
  for (const result of seen.slice(70)) assert.deepEqual(large(result), []);
});

test('who was there from the start leaves no ghost', () => {
  const thing = (frame: number) => [{ x: 200 + frame * 8, y: 120, width: 50, height: 100 }];
  const looks = Array.from({ length: 45 }, (_, frame) => ({
    things: thing(Math.max(0, frame - 5)),
  }));
  const seen = watch(looks);
  for (const result of seen.slice(-8)) assert.equal(large(result).length, 1);
});

test('a shadow and a change of light are no things', () => {
  const shadow = { x: 200, y: 100, width: 120, height: 80 };
  const shaded = watch([...quiet(20), ...quiet(15).map((look) => ({ ...look, shadow }))]);
  assert.deepEqual(shaded.flatMap(large), []);
  const dimmed = watch([...quiet(20), ...quiet(15).map((look) => ({ ...look, gain: 0.5 }))]);
  assert.deepEqual(dimmed.flatMap(large), []);
  // And a thing in the new light is seen.
  const things = [{ x: 300, y: 100, width: 60, height: 120 }];
  const later = Array.from({ length: 4 }, () => ({ gain: 0.5, things }));
  const after = watch([...quiet(20), ...quiet(20).map(() => ({ gain: 0.5 })), ...later]);
  assert.equal(large(after.at(-1) as BackgroundResult).length, 1);
});

test('a picture that is another one altogether starts the background anew', () => {
  const noise = random(5);
  const [one, two] = [makeWorld(11), makeWorld(12)];
  const motion = new BackgroundMotion();
  const states = Array.from({ length: 50 }, (_, frame) => {
    const luma = draw(frame < 20 ? one : (x, y) => 255 - two(x, y) / 4, {}, noise);
    const result = motion.detect(luma, 1_000_000 + frame * STEP_US);
    assert.deepEqual(large(result), [], `frame ${frame}`);
    return result.state;
  });
  assert.ok(states.includes('light') || states.includes('moving'), states.join(' '));
  assert.equal(states.at(-1), 'steady');
});

test('while the camera moves its picture is no thing, and one that moves is', () => {
  const moving = Array.from({ length: 25 }, (_, frame) => ({ dx: 3 * frame, dy: -frame }));
  const seen = watch([...quiet(20), ...moving]);
  assert.deepEqual(seen.flatMap(large), []);
  assert.ok(seen.slice(22).every(({ state }) => state === 'moving'));
  const [shift] = seen.slice(-1).map((result) => result.shift);
  assert.deepEqual([shift?.x, shift?.y], [3, -1]);
  const things = (frame: number) => [{ x: 500 - 9 * frame, y: 140, width: 50, height: 100 }];
  const both = moving.map((look, frame) => ({ ...look, things: things(frame) }));
  const found = watch([...quiet(20), ...both]).at(-1) as BackgroundResult;
  const expected = 500 - 9 * 24 + 25;
  assert.ok(large(found).some(({ centreX }) => Math.abs(centreX - expected) < 30));
});

test('a shift of the whole picture is found to the pixel', () => {
  const shift = fc.tuple(fc.integer({ min: -40, max: 40 }), fc.integer({ min: -40, max: 40 }));
  fc.assert(
    fc.property(shift, fc.integer({ min: 1, max: 1_000_000 }), ([dx, dy], seed) => {
      const world = makeWorld(seed);
      const noise = random(seed);
      const cellsOf = (luma: Uint8Array) => {
        const cells = new Uint8Array((width / 8) * (height / 8));
        for (let at = 0; at < cells.length; at++) {
          const [x, y] = [(at % (width / 8)) * 8, Math.floor(at / (width / 8)) * 8];
          let sum = 0;
          for (let row = y; row < y + 8; row++) {
            for (let column = x; column < x + 8; column++) sum += luma[row * width + column] ?? 0;
          }
          cells[at] = sum / 64;
        }
        return cells;
      };
      const before = draw(world, {}, noise);
      const after = draw(world, { dx, dy }, noise);
      const camera = new CameraMotion(PICTURE);
      const found = camera.estimate(cellsOf(after), cellsOf(before), after, before);
      assert.deepEqual([found.x, found.y], [dx, dy]);
    }),
    { numRuns: 12 },
  );
});

test('a thing put down becomes background, and is known again when it is taken away', () => {
  const box = { x: 300, y: 200, width: 50, height: 50 };
  const seconds = (count: number) => Math.round((count * 1_000_000) / STEP_US);
  const motion = new BackgroundMotion();
  const world = makeWorld(3);
  const [empty, full] = [draw(world, {}, () => 0.5), draw(world, { things: [box] }, () => 0.5)];
  let frame = 0;
  const look = (luma: Uint8Array) => motion.detect(luma, 1_000_000 + frame++ * STEP_US);
  for (let index = 0; index < seconds(1); index++) look(empty);
  assert.equal(large(look(full)).length, 1);
  for (let index = 0; index < seconds(11); index++) assert.equal(large(look(full)).length, 1);
  for (let index = 0; index < seconds(2); index++) look(full);
  assert.deepEqual(large(look(full)), []);
  assert.deepEqual(large(look(empty)), []);
  assert.deepEqual(large(look(empty)), []);
});

// Proves that bit-parallel motion finds exactly the components of a plain per-pixel version, on
// random pictures (fast-check prints the seed) and on edges of the picture.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Component } from './components.ts';
import { MotionDetector } from './motion.ts';

const WIDTH = 128;
const HEIGHT = 40;

type Plane = Uint8Array;

function slowMorph(from: Plane, isDilation: boolean): Plane {
  const out = new Uint8Array(from.length);
  for (let y = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++) {
      let value = isDilation ? 0 : 1;
      for (let dy = -1; dy <= 1; dy++) {
        for (let dx = -1; dx <= 1; dx++) {
          const nx = x + dx;
          const ny = y + dy;
          const isInside = nx >= 0 && ny >= 0 && nx < WIDTH && ny < HEIGHT;
          if (!isInside) continue;
          const other = from[ny * WIDTH + nx] ?? 0;
          value = isDilation ? value | other : value & other;
        }
      }
      out[y * WIDTH + x] = value;
    }
  }
  return out;
}

function slowComponents(mask: Plane, minimumArea: number): string[] {
  const seen = new Uint8Array(mask.length);
  const found: string[] = [];
  for (let start = 0; start < mask.length; start++) {
    if (!mask[start] || seen[start]) continue;
    const stack = [start];
    seen[start] = 1;
    const component = { area: 0, left: WIDTH, top: HEIGHT, right: 0, bottom: 0, x: 0, y: 0 };
    while (stack.length > 0) {
      const at = stack.pop() ?? 0;
      const x = at % WIDTH;
      const y = (at - x) / WIDTH;
      component.area++;
      component.x += x + 0.5;
      component.y += y + 0.5;
      component.left = Math.min(component.left, x);
      component.right = Math.max(component.right, x + 1);
      component.top = Math.min(component.top, y);
      component.bottom = Math.max(component.bottom, y + 1);
      for (let ny = Math.max(0, y - 1); ny <= Math.min(HEIGHT - 1, y + 1); ny++) {
        for (let nx = Math.max(0, x - 1); nx <= Math.min(WIDTH - 1, x + 1); nx++) {
          const next = ny * WIDTH + nx;
          if (!mask[next] || seen[next]) continue;
          seen[next] = 1;
          stack.push(next);
        }
      }
    }
    if (component.area < minimumArea) continue;
    const { area, left, top, right, bottom, x, y } = component;
    found.push(describe({ area, left, top, right, bottom, centreX: x / area, centreY: y / area }));
  }
  return found.sort();
}

function describe(component: Component): string {
  const { area, left, top, right, bottom, centreX, centreY } = component;
  return [area, left, top, right, bottom, centreX.toFixed(6), centreY.toFixed(6)].join(' ');
}

function slowMotion(before: Plane, after: Plane, minimumArea: number): string[] {
  let mask: Plane = new Uint8Array(before.length);
  for (let at = 0; at < mask.length; at++) {
    mask[at] = Math.abs((after[at] ?? 0) - (before[at] ?? 0)) > 25 ? 1 : 0;
  }
  for (const isDilation of [false, true, true, true, false, false, true, true]) {
    mask = slowMorph(mask, isDilation);
  }
  return slowComponents(mask, minimumArea);
}

const rectangle = fc.record({
  x: fc.integer({ min: -6, max: WIDTH - 1 }),
  y: fc.integer({ min: -6, max: HEIGHT - 1 }),
  width: fc.integer({ min: 1, max: 40 }),
  height: fc.integer({ min: 1, max: 16 }),
  luma: fc.integer({ min: 0, max: 255 }),
});

function paint(
  rectangles: { x: number; y: number; width: number; height: number; luma: number }[],
) {
  const plane = new Uint8Array(WIDTH * HEIGHT).fill(100);
  for (const { x, y, width, height, luma } of rectangles) {
    for (let row = Math.max(0, y); row < Math.min(HEIGHT, y + height); row++) {
      plane.fill(luma, row * WIDTH + Math.max(0, x), row * WIDTH + Math.min(WIDTH, x + width));
    }
  }
  return plane;
}

test('finds what the plain version finds', () => {
  const run = (rectangles: Parameters<typeof paint>[0], minimumArea: number) => {
    const detector = new MotionDetector({
      width: WIDTH,
      height: HEIGHT,
      threshold: 25,
      minimumArea,
    });
    const before = paint([]);
    const after = paint(rectangles);
    assert.deepEqual(detector.detect(before), [], 'the first picture has nothing to compare with');
    const fast = detector.detect(after).map(describe).sort();
    assert.deepEqual(fast, slowMotion(before, after, minimumArea));
  };
  fc.assert(
    fc.property(fc.array(rectangle, { maxLength: 8 }), fc.integer({ min: 1, max: 90 }), run),
    { numRuns: 300 },
  );
});

test('noise agrees too, and salt alone is no motion', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: WIDTH * HEIGHT, maxLength: WIDTH * HEIGHT }),
      (noise) => {
        const detector = new MotionDetector({
          width: WIDTH,
          height: HEIGHT,
          threshold: 25,
          minimumArea: 1,
        });
        const before = paint([]);
        detector.detect(before);
        assert.deepEqual(detector.detect(noise).map(describe).sort(), slowMotion(before, noise, 1));
      },
    ),
    { numRuns: 40 },
  );
  const salt = paint([]);
  for (let at = 0; at < salt.length; at += 37) salt[at] = 255;
  const detector = new MotionDetector({
    width: WIDTH,
    height: HEIGHT,
    threshold: 25,
    minimumArea: 1,
  });
  detector.detect(paint([]));
  assert.deepEqual(detector.detect(salt), []);
});

test('after a reset the next picture is compared with nothing', () => {
  const detector = new MotionDetector({
    width: WIDTH,
    height: HEIGHT,
    threshold: 25,
    minimumArea: 1,
  });
  detector.detect(paint([]));
  detector.reset();
  assert.deepEqual(
    detector.detect(paint([{ x: 10, y: 10, width: 20, height: 10, luma: 255 }])),
    [],
  );
});

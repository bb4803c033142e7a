// Proves the ground under the picture by properties: a homography fitted to points of any camera
// takes every other point where that camera has it, there and back; points on a line are refused
// with the reason; speeds of drawn runs lie in their intervals; a carried camera knows when it is
// lost. Cameras, fields and noise are random with a printed seed.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Camera } from './camera.ts';
import { Field, speedOf } from './field.ts';
import {
  calibrationFault,
  fitHomography,
  inverted,
  mapped,
  multiplied,
  type PointPair,
} from './homography.ts';

const seed = Number(process.env.SEED ?? 20_261_121);

/** A camera above a 100 x 60 m field: looks down by `tilt`, turned by `pan`. */
const cameraArbitrary = fc.record({
  tilt: fc.double({ min: 0.2, max: 1.2, noNaN: true }),
  pan: fc.double({ min: -0.5, max: 0.5, noNaN: true }),
  height: fc.double({ min: 5, max: 40, noNaN: true }),
  zoom: fc.double({ min: 0.6, max: 2, noNaN: true }),
});
type CameraSetting = { tilt: number; pan: number; height: number; zoom: number };

/** Where the camera sees a point of the ground; null behind it. */
function seen(camera: CameraSetting, x: number, y: number): { x: number; y: number } | null {
  const { tilt, pan, height, zoom } = camera;
  const [ground, far] = [
    x * Math.cos(pan) - y * Math.sin(pan),
    x * Math.sin(pan) + y * Math.cos(pan),
  ];
  const depth = (far + 30) * Math.cos(tilt) + height * Math.sin(tilt);
  if (depth < 1) return null;
  const down = height * Math.cos(tilt) - (far + 30) * Math.sin(tilt);
  return { x: 0.5 + (zoom * ground) / depth / 1.78, y: 0.5 + (zoom * down) / depth };
}

const CORNERS = [
  [-20, -10],
  [20, -10],
  [20, 15],
  [-20, 15],
] as const;

function pairsOf(camera: CameraSetting): PointPair[] | null {
  const pairs = CORNERS.map(([x, y]) => ({ picture: seen(camera, x, y), field: { x, y } }));
  return pairs.every((pair) => pair.picture !== null) ? (pairs as PointPair[]) : null;
}

test('four corners say where every point of the ground lies, there and back', () => {
  const point = fc.tuple(
    fc.double({ min: -25, max: 25, noNaN: true }),
    fc.double({ min: -12, max: 20, noNaN: true }),
  );
  fc.assert(
    fc.property(cameraArbitrary, point, (camera, [x, y]) => {
      const pairs = pairsOf(camera);
      const place = seen(camera, x, y);
      fc.pre(pairs !== null && place !== null && calibrationFault(pairs) === null);
      const toField = fitHomography(pairs ?? []);
      assert.ok(toField && place);
      const found = mapped(toField, place);
      assert.ok(found && Math.hypot(found.x - x, found.y - y) < 0.01, JSON.stringify(found));
      const back = mapped(inverted(toField) ?? [], found);
      assert.ok(back && Math.hypot(back.x - place.x, back.y - place.y) < 1e-6);
    }),
    { seed, numRuns: 300 },
  );
});

test('more points with errors: the fit is nearer than any four of them promise', () => {
  const camera = { tilt: 0.6, pan: 0.2, height: 20, zoom: 1 };
  let state = 7;
  const noise = () => {
    state = (state * 48_271) % 2_147_483_647;
    return (state / 2_147_483_647 - 0.5) * 0.004;
  };
  const pairs = [-20, -10, 0, 10, 20].flatMap((x) =>
    [-10, 0, 15].map((y) => {
      const place = seen(camera, x, y) ?? { x: 0, y: 0 };
      return { picture: { x: place.x + noise(), y: place.y + noise() }, field: { x, y } };
    }),
  );
  const toField = fitHomography(pairs);
  const middle = seen(camera, 3, 4);
  assert.ok(toField && middle);
  const found = mapped(toField, middle);
  assert.ok(found && Math.hypot(found.x - 3, found.y - 4) < 0.3, JSON.stringify(found));
});

test('a matrix times its inverse changes nothing', () => {
  const value = fc.integer({ min: -9, max: 9 });
  fc.assert(
    fc.property(fc.array(value, { minLength: 9, maxLength: 9 }), (matrix) => {
      const inverse = inverted(matrix);
      fc.pre(inverse !== null);
      const one = multiplied(matrix, inverse ?? []);
      one.forEach((cell, at) => {
        assert.ok(Math.abs(cell - (at % 4 === 0 ? 1 : 0)) < 1e-6);
      });
    }),
    { seed, numRuns: 200 },
  );
});

test('points that say nothing about the ground are refused with the reason', () => {
  const camera = { tilt: 0.6, pan: 0, height: 20, zoom: 1 };
  const pairs = pairsOf(camera) ?? [];
  assert.equal(calibrationFault(pairs), null);
  assert.match(calibrationFault(pairs.slice(0, 3)) ?? '', /four points are needed, there are 3/);
  const flat = pairs.map((pair, index) => ({ ...pair, picture: { x: index / 4, y: index / 8 } }));
  assert.match(calibrationFault(flat) ?? '', /picture points lie on one line/);
  const row = pairs.map((pair, index) => ({ ...pair, field: { x: index, y: 0 } }));
  assert.match(calibrationFault(row) ?? '', /field points lie on one line/);
  const same = pairs.map((pair) => ({ ...pair, picture: { x: 0.5, y: 0.5 } }));
  assert.match(calibrationFault(same) ?? '', /picture points lie on one line/);
  const [a, b, c, d] = pairs;
  assert.ok(a && b && c && d);
  const crossed = [a, b, { ...c, field: d.field }, { ...d, field: c.field }];
  assert.match(calibrationFault(crossed) ?? '', /another order/);
});

test('speeds of runs lie in their intervals as often as they promise', () => {
  let state = 11;
  const random = () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
  const normal = () => Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random());
  let held = 0;
  const RUNS = 400;
  for (let run = 0; run < RUNS; run++) {
    const speed = random() * 12;
    const angle = random() * 6.28;
    const error = 0.03 + random() * 0.1;
    const places = Array.from({ length: 15 }, (_, index) => ({
      captureUs: Math.round((index * 1_000_000) / 30),
      x: (speed * Math.cos(angle) * index) / 30 + normal() * error,
      y: (speed * Math.sin(angle) * index) / 30 + normal() * error,
      error,
    }));
    const found = speedOf(places);
    assert.ok(found);
    if (found.lowKmh <= speed * 3.6 && speed * 3.6 <= found.highKmh) held++;
  }
  assert.ok(held / RUNS >= 0.93, `${held} of ${RUNS}`);
});

test('two places are no speed; a field follows each thing by itself', () => {
  assert.equal(speedOf([]), null);
  const camera = { tilt: 0.6, pan: 0, height: 20, zoom: 1 };
  const field = Field.from(pairsOf(camera) ?? []);
  assert.ok(field);
  const speeds: (number | undefined)[] = [];
  for (let frame = 0; frame < 20; frame++) {
    const runner = seen(camera, -5 + frame * 0.2, 2);
    const other = seen(camera, 5, 5);
    assert.ok(runner && other);
    const captureUs = Math.round((frame * 1_000_000) / 30);
    speeds.push(field.follow(1, runner, captureUs)?.kmh);
    const still = field.follow(2, other, captureUs);
    if (frame > 10) assert.ok(still && still.lowKmh === 0 && still.kmh < 0.1);
  }
  assert.equal(speeds[3], undefined);
  // 0.2 m a picture at 30 a second.
  assert.ok(Math.abs((speeds[19] ?? 0) - 21.6) < 0.2, String(speeds[19]));
});

test('a panned camera carries the places; a cut or an unknown movement loses them', () => {
  const camera = new Camera();
  assert.equal(camera.state().state, 'still');
  camera.move({ x: 0.0001, y: 0 });
  assert.equal(camera.state().state, 'still');
  for (let step = 0; step < 50; step++) camera.move({ x: 0.004, y: -0.001 });
  assert.equal(camera.state().state, 'carried');
  const drawn = camera.toDrawn({ x: 0.7, y: 0.4 });
  assert.ok(Math.abs(drawn.x - 0.5) < 1e-9 && Math.abs(drawn.y - 0.45) < 1e-9);
  for (let step = 0; step < 4; step++) camera.move(null);
  assert.deepEqual(camera.state(), {
    state: 'lost',
    reason: 'how the camera moved is not known',
  });
  camera.restart();
  assert.equal(camera.isLost(), false);
  for (let step = 0; step < 2_000; step++) camera.move({ x: step % 2 ? 0.003 : -0.003, y: 0 });
  assert.match(camera.state().reason, /moved for too long/);
  camera.restart();
  camera.cut();
  assert.match(camera.state().reason, /cut/);
});

test('a picture that was lost is found again, and one that lies aside is not', () => {
  const scene = (pan: number): Uint8Array => {
    const luma = new Uint8Array(640 * 360);
    for (let y = 0; y < 360; y++) {
      for (let x = 0; x < 640; x++) {
        const at = x - pan;
        const hill = Math.sin(at / 31) * 40 + Math.cos(y / 19 + at / 77) * 30;
        luma[y * 640 + x] = 120 + hill + (at % 97 < 20 ? 30 : 0);
      }
    }
    return luma;
  };
  const camera = new Camera();
  camera.look(scene(0));
  camera.cut();
  for (let frame = 0; frame < 10; frame++) camera.look(scene(200));
  assert.equal(camera.isLost(), true, 'another view');
  for (let frame = 0; frame < 10; frame++) camera.look(scene(12));
  assert.equal(camera.isLost(), true, 'twelve pixels aside');
  for (let frame = 0; frame < 2; frame++) camera.look(scene(0));
  assert.equal(camera.isLost(), true, 'not yet sure');
  camera.look(scene(0));
  assert.equal(camera.state().state, 'still');
});

test('a camera that stands is not lost by shifts that nobody could measure', () => {
  const luma = Uint8Array.from(
    { length: 640 * 360 },
    (_, at) => 60 + ((at * 37) % 97) + (at % 640) / 8,
  );
  const camera = new Camera();
  for (let frame = 0; frame < 60; frame++) {
    camera.move(frame % 2 ? null : { x: 0.001, y: 0 });
    camera.look(luma);
    camera.look(luma);
  }
  assert.notEqual(camera.state().state, 'lost');
});

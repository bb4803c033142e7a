// Proves the way of a small fast ball on pictures drawn here: a disc that flies over a textured
// ground is found along its way with the file that we ship, wherever the camera drifts; a ground on
// which nothing moves, or only a long limb swings, is no ball. How well it does on a real clip is a
// matter of `npm run bench -- --only ball`.

import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { after, test } from 'node:test';
import { BallFinder, type FoundBall } from '../moriarty/ballFinder.ts';
import { openBallClassifier } from './ballClassifier.ts';

const WIDTH = 640;
const HEIGHT = 360;
const file = resolve(import.meta.dirname, '../../../models/ball-or-not.onnx');
const classifier = await openBallClassifier(file);
after(() => classifier.close());

/** Soft hills and a few edges, the same for a place of the world on every picture. */
function ground(x: number, y: number): number {
  const hills = Math.sin(x / 37) * 18 + Math.cos(y / 23 + x / 91) * 15;
  return 110 + hills + (x % 160 < 80 ? 12 : 0) + (y > 220 ? -25 : 0);
}

type Disc = { x: number; y: number; radius: number };
type Limb = { x: number; y: number; angle: number; length: number; half: number };

function draw(pan: number, disc: Disc | null, limb: Limb | null): Uint8Array {
  const luma = new Uint8Array((WIDTH * HEIGHT * 3) / 2).fill(128);
  for (let y = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++) {
      let value = ground(x - pan, y);
      if (disc) {
        const far = Math.hypot(x - disc.x, y - disc.y);
        const cover = Math.min(1, Math.max(0, disc.radius - far + 0.5));
        const light = 205 - ((x - disc.x + y - disc.y) / disc.radius) * 20;
        value += (light - value) * cover;
      }
      if (limb) {
        const [dx, dy] = [Math.cos(limb.angle), Math.sin(limb.angle)];
        const along = (x - limb.x) * dx + (y - limb.y) * dy;
        const at = Math.min(limb.length, Math.max(0, along));
        const far = Math.hypot(x - limb.x - at * dx, y - limb.y - at * dy);
        value += (40 - value) * Math.min(1, Math.max(0, limb.half - far + 0.5));
      }
      luma[y * WIDTH + x] = Math.round(value);
    }
  }
  return luma;
}

/** A throw over the picture. */
const flight = (frame: number): Disc => ({
  ...{ x: 60 + frame * 11, y: 250 - frame * 9 + 0.22 * frame * frame, radius: 9 },
});

async function foundOn(count: number, of: (frame: number) => Uint8Array, pan = 0) {
  const finder = new BallFinder(classifier.classify);
  const found: FoundBall[][] = [];
  for (let frame = 0; frame < count; frame++) {
    found.push(await finder.judge(of(frame), { x: pan, y: 0 }));
  }
  return found;
}

for (const pan of [0, 3]) {
  test(`a thrown disc is found on its way while the camera pans ${pan} pixels`, async () => {
    const found = await foundOn(40, (frame) => draw(frame * pan, flight(frame), null), pan);
    let near = 0;
    let elsewhere = 0;
    found.forEach((balls, frame) => {
      const { x, y } = flight(frame);
      for (const ball of balls) {
        if (Math.hypot(ball.x - x, ball.y - y) <= 6) near++;
        else elsewhere++;
      }
    });
    // Three pictures before the first word, three more words before it is told.
    assert.ok(near >= 26, `found on ${near} of 40 pictures`);
    assert.ok(elsewhere <= 2, `${elsewhere} elsewhere`);
    const sizes = found.flat().map(({ radius }) => radius);
    assert.ok(sizes.every((radius) => radius > 5 && radius < 16));
  });
}

test('nothing moves, or a long limb swings: no ball', async () => {
  assert.deepEqual((await foundOn(12, () => draw(0, null, null))).flat(), []);
  const swing = await foundOn(25, (frame) =>
    draw(0, null, { x: 300, y: 120, angle: 0.6 + frame * 0.05, length: 110, half: 9 }),
  );
  assert.ok(swing.flat().length <= 2, `${swing.flat().length} of 25 pictures`);
});

// Proves the way of a small fast ball on pictures drawn here: a disc that flies over a textured
// ground is found along its way with the file that we ship, wherever the camera drifts; a ground on
// which nothing moves, or only a long limb swings, is no ball. How well it does on a real clip is a
// matter of `npm run bench -- --only ball`.

import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { after, test } from 'node:test';
import { BallFinder, type FoundBall } from '../moriarty/ballFinder.ts';
import { openBallClassifier } from './ballClassifier.ts';
import { draw, flight } from './testing/drawnBall.ts';

const file = resolve(import.meta.dirname, '../../../models/ball-or-not.onnx');
const classifier = await openBallClassifier(file);
after(() => classifier.close());

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

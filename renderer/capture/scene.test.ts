// Proves by random editing that a scene stays one that can be kept, read again and seen: never more
// than eight layers, each with its own number, inside the picture and large enough to take hold of;
// and that a fitted picture keeps its shape and touches its box.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  addLayer,
  directCamera,
  firstScene,
  fitInto,
  LAYER_KINDS,
  LAYERS_MAX,
  moveLayer,
  parseScene,
  raiseLayer,
  removeLayer,
  resizeLayer,
  type Scene,
  SIDE_MIN,
  setDetail,
} from './scene.ts';

const seed = Date.now() % 2 ** 31;
console.log(`scene.test seed ${seed}`);

const by = fc.double({ min: -2, max: 2, noNaN: true });
const id = fc.integer({ min: 1, max: 12 });
const edit = fc.oneof(
  fc.record({ add: fc.constantFrom(...LAYER_KINDS) }),
  fc.record({ remove: id }),
  fc.record({ move: id, x: by, y: by }),
  fc.record({ resize: id, x: by, y: by }),
  fc.record({ raise: id, step: fc.constantFrom(1 as const, -1 as const) }),
  fc.record({ detail: id, words: fc.string({ maxLength: 200 }) }),
);
type Edit = typeof edit extends fc.Arbitrary<infer One> ? One : never;

function apply(scene: Scene, one: Edit): Scene {
  if ('add' in one) return addLayer(scene, one.add) ?? scene;
  if ('remove' in one) return removeLayer(scene, one.remove);
  if ('move' in one) return moveLayer(scene, one.move, one.x, one.y);
  if ('resize' in one) return resizeLayer(scene, one.resize, one.x, one.y);
  if ('raise' in one) return raiseLayer(scene, one.raise, one.step);
  return setDetail(scene, one.detail, one.words);
}

test('whatever is edited, the scene can be kept and every layer be reached', () => {
  fc.assert(
    fc.property(fc.array(edit, { maxLength: 40 }), (edits) => {
      const scene = edits.reduce(apply, firstScene('camera'));
      assert.ok(scene.layers.length <= LAYERS_MAX);
      for (const { x, y, width, height } of scene.layers) {
        assert.ok(width >= SIDE_MIN && height >= SIDE_MIN);
        assert.ok(x >= 0 && y >= 0 && x + width <= 1 + 1e-9 && y + height <= 1 + 1e-9);
      }
      // As it is kept and read: minus zero is no number of JSON.
      assert.deepEqual(parseScene(JSON.stringify(scene)), JSON.parse(JSON.stringify(scene)));
    }),
    { seed, numRuns: 300 },
  );
});

test('a full scene takes no ninth layer, and order is changed by neighbours', () => {
  let scene = firstScene('screen');
  for (let count = 1; count < LAYERS_MAX; count++) scene = addLayer(scene, 'text') ?? scene;
  assert.equal(scene.layers.length, LAYERS_MAX);
  assert.equal(addLayer(scene, 'camera'), null);
  const raised = raiseLayer(scene, 1, 1);
  assert.deepEqual(
    raised.layers.slice(0, 2).map(({ id }) => id),
    [2, 1],
  );
  assert.equal(raiseLayer(scene, 1, -1), scene);
});

test('only the whole picture of one camera goes undrawn', () => {
  const scene = firstScene('camera');
  assert.equal(directCamera(scene)?.kind, 'camera');
  assert.equal(directCamera(resizeLayer(scene, 1, -0.5, 0)), null);
  assert.equal(directCamera(addLayer(scene, 'text') ?? scene), null);
  assert.equal(directCamera({ layers: [] }), null);
  assert.equal(directCamera(firstScene('screen')), null);
});

test('a kept scene that lies is not taken', () => {
  const whole = JSON.stringify(firstScene('camera'));
  assert.ok(parseScene(whole));
  for (const text of [
    '',
    '{}',
    '[]',
    whole.replace('"x":0', '"x":0.5'),
    whole.replace('camera', 'cat'),
  ]) {
    assert.equal(parseScene(text), null, text);
  }
  const [layer] = firstScene('camera').layers;
  assert.equal(parseScene(JSON.stringify({ layers: [layer, layer] })), null);
});

test('a fitted picture keeps its shape, lies inside and touches two sides', () => {
  const length = fc.integer({ min: 1, max: 4000 });
  fc.assert(
    fc.property(length, length, length, length, (boxWidth, boxHeight, width, height) => {
      const box = { x: 3, y: 5, width: boxWidth, height: boxHeight };
      const fitted = fitInto(box, width, height);
      assert.ok(Math.abs(fitted.width / fitted.height / (width / height) - 1) < 1e-9);
      assert.ok(fitted.x >= box.x - 1e-9 && fitted.y >= box.y - 1e-9);
      const touchesX = Math.abs(fitted.width - boxWidth) < 1e-6;
      assert.ok(touchesX || Math.abs(fitted.height - boxHeight) < 1e-6);
    }),
    { seed },
  );
});

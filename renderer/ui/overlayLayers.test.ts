// Proves that trails follow what is in the picture now, that speeds are told only of what moves, and
// that the choice of layers is kept as it was made.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { FrameFactsSchema } from '../../core/wire/gen/facts_pb.js';
import {
  LAYERS_AT_FIRST,
  OVERLAY_LAYERS,
  readLayers,
  speedText,
  trailsOf,
  writeLayers,
} from './overlayLayers.ts';

const frame = (tracks: { id: number; x: number; height?: number }[]) =>
  create(FrameFactsSchema, {
    tracks: tracks.map(({ id, x, height = 0.1 }) => ({
      ...{ id, label: 'ball' },
      box: { x, y: 0.5, width: 0.1, height },
    })),
  });

test('a trail is the way of what is there now, through gaps, by feet or middle', () => {
  const facts = [
    frame([
      { id: 1, x: 0.1 },
      { id: 9, x: 0.9 },
    ]),
    frame([{ id: 2, x: 0.5 }]),
    frame([
      { id: 1, x: 0.3 },
      { id: 2, x: 0.5, height: 0.4 },
      { id: 3, x: 0 },
    ]),
  ];
  const rounded = trailsOf(facts).map(({ id, points }) => [
    id,
    ...points.map(({ x, y }) => [Number(x.toFixed(3)), Number(y.toFixed(3))]),
  ]);
  assert.deepEqual(rounded, [
    [1, [0.15, 0.55], [0.35, 0.55]],
    [2, [0.55, 0.55], [0.55, 0.9]],
  ]);
  assert.deepEqual(trailsOf([]), []);
});

test('a speed is told of what moves', () => {
  assert.deepEqual([0, 0.01, Number.NaN, 0.02, 0.423].map(speedText), [
    '',
    '',
    '',
    '2 %/s',
    '42 %/s',
  ]);
});

test('the choice is kept', () => {
  assert.deepEqual(readLayers(null), LAYERS_AT_FIRST);
  for (let bits = 0; bits < 2 ** OVERLAY_LAYERS.length; bits++) {
    const layers = readLayers(OVERLAY_LAYERS.filter((_, at) => bits & (1 << at)).join());
    assert.deepEqual(readLayers(writeLayers(layers)), layers);
  }
  assert.equal(readLayers('x,y').boxes, false);
});

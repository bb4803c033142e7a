// Proves what a choice of picture comes to: today's defaults unchanged, sizes and rates that rise with
// what is chosen and never above what the owner allows, copies smaller in bits than their picture,
// and levels that table A-1 of H.264 allows, by trying every choice there is.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  FIRST_PICTURE_CHOICE,
  PICTURE_HEIGHTS,
  PICTURE_INTENTS,
  PICTURE_RATES,
  type PictureChoice,
  pictureChoiceSchema,
} from '../contract/picture.ts';
import { LOWER_LAYERS } from './feed.ts';
import {
  copyTargetOf,
  FIRST_PICTURE_TARGET,
  levelOf,
  pictureTargetOf,
  sizeInside,
} from './pictureTarget.ts';

const CHOICES: PictureChoice[] = PICTURE_INTENTS.flatMap((intent) =>
  PICTURE_HEIGHTS.flatMap((height) =>
    PICTURE_RATES.map((framesPerSecond) => ({
      ...{ intent, height, framesPerSecond, encoder: 'x264' as const },
    })),
  ),
);

test('who chose nothing gets 720p30, balanced, 2.5 Mbit/s, level 3.1, by x264', () => {
  assert.deepEqual(FIRST_PICTURE_TARGET, {
    ...{ width: 1280, height: 720, framesPerSecond: 30, bitsPerSecond: 2_500_000 },
    ...{ intent: 'balanced', encoder: 'x264' },
  });
  assert.equal(levelOf(FIRST_PICTURE_TARGET).level, '3.1');
  for (const layer of ['medium', 'low'] as const) {
    const copy = copyTargetOf(FIRST_PICTURE_TARGET, layer, LOWER_LAYERS[layer]);
    assert.equal(copy.bitsPerSecond, LOWER_LAYERS[layer].bitsPerSecond);
  }
});

test('each choice: even sides, a level that allows it, copies that are less than it', () => {
  assert.equal(CHOICES.length, 24);
  for (const choice of CHOICES) {
    const target = pictureTargetOf(choice);
    assert.equal(target.height, choice.height);
    assert.ok(target.width % 2 === 0 && Math.abs(target.width / target.height - 16 / 9) < 0.01);
    const { blocks, blocksPerSecond } = levelOf(target);
    const has = Math.ceil(target.width / 16) * Math.ceil(target.height / 16);
    assert.ok(has <= blocks && has * target.framesPerSecond <= blocksPerSecond);
    for (const layer of ['medium', 'low'] as const) {
      const copy = copyTargetOf({ ...target, encoder: 'nvenc' }, layer, LOWER_LAYERS[layer]);
      assert.ok(copy.bitsPerSecond < target.bitsPerSecond);
      assert.ok(copy.bitsPerSecond <= LOWER_LAYERS[layer].bitsPerSecond);
      assert.equal(copy.encoder, 'x264');
    }
    assert.equal(pictureTargetOf(choice, 500_000).bitsPerSecond <= 500_000, true);
  }
});

test('more picture costs more bits, a weak uplink fewer', () => {
  const bits = (change: Partial<PictureChoice>) =>
    pictureTargetOf({ ...FIRST_PICTURE_CHOICE, ...change }).bitsPerSecond;
  for (const [at, height] of PICTURE_HEIGHTS.entries()) {
    const below = PICTURE_HEIGHTS[at - 1];
    if (below) assert.ok(bits({ height }) > bits({ height: below }));
    assert.ok(bits({ height, framesPerSecond: 60 }) > bits({ height }));
    assert.ok(bits({ height, intent: 'weakUplink' }) < bits({ height }));
  }
});

test('a size inside of another keeps its form and is never larger', () => {
  const most = { width: 1280, height: 720 };
  assert.deepEqual(sizeInside({ width: 1920, height: 1080 }, most), most);
  assert.deepEqual(sizeInside({ width: 1080, height: 1920 }, most), { width: 406, height: 720 });
  assert.deepEqual(sizeInside({ width: 320, height: 240 }, most), { width: 320, height: 240 });
});

test('settings may name a part of it; a typo is refused', () => {
  assert.deepEqual(pictureChoiceSchema.parse({ height: 1080 }), {
    ...FIRST_PICTURE_CHOICE,
    height: 1080,
  });
  for (const wrong of [
    { height: 719 },
    { framesPerSecond: 50 },
    { intent: 'best' },
    { hight: 1 },
  ]) {
    assert.equal(pictureChoiceSchema.safeParse(wrong).success, false);
  }
});

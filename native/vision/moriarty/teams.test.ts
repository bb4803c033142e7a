// Proves the sides by shirts on pictures drawn here: two colours part people, one colour names
// nobody, and a shirt's colour is read from the middle of the box, not from what is behind it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { labOf, shirtOf, Teams, type YuvPicture } from './teams.ts';

const WIDTH = 640;
const HEIGHT = 360;

function picture(): YuvPicture & { paint: (box: Place, yuv: [number, number, number]) => void } {
  const bytes = new Uint8Array((WIDTH * HEIGHT * 3) / 2).fill(128);
  bytes.fill(90, 0, WIDTH * HEIGHT);
  return {
    ...{ bytes, width: WIDTH, height: HEIGHT },
    paint({ x, y, width, height }, [luma, u, v]) {
      for (let row = y; row < y + height; row++) {
        for (let column = x; column < x + width; column++) {
          bytes[row * WIDTH + column] = luma;
          const chroma = WIDTH * HEIGHT + (row >> 1) * (WIDTH / 2) + (column >> 1);
          bytes[chroma] = u;
          bytes[chroma + (WIDTH * HEIGHT) / 4] = v;
        }
      }
    },
  };
}
type Place = { x: number; y: number; width: number; height: number };
const box = ({ x, y, width, height }: Place) => ({
  ...{ x: x / WIDTH, y: y / HEIGHT, width: width / WIDTH, height: height / HEIGHT },
});
const RED: [number, number, number] = [63, 102, 240];
const WHITE: [number, number, number] = [220, 128, 128];

test('Lab of known colours', () => {
  const close = (found: number[], wanted: number[]) =>
    found.forEach((value, index) => {
      assert.ok(Math.abs(value - (wanted[index] ?? 0)) < 1, `${found} is not ${wanted}`);
    });
  close(labOf(255, 255, 255), [100, 0, 0]);
  close(labOf(255, 0, 0), [53.2, 80.1, 67.2]);
  close(labOf(0, 0, 255), [32.3, 79.2, -107.9]);
});

test('people in red and in white are two sides, whoever is asked', () => {
  const teams = new Teams();
  const shown = picture();
  const people = Array.from({ length: 8 }, (_, index) => ({
    ...{ x: 20 + index * 70, y: 100, width: 30, height: 90 },
  }));
  people.forEach((place, index) => {
    shown.paint({ ...place, y: place.y + 14, height: 34 }, index % 2 === 0 ? RED : WHITE);
  });
  for (const [index, place] of people.entries()) {
    teams.look(index, shown, box(place), 1_000_000);
  }
  const sides = people.map((_, index) => teams.of(index));
  assert.equal(new Set(sides).size, 2);
  sides.forEach((side, index) => {
    assert.equal(side, sides[index % 2]);
    assert.notEqual(side, null);
  });
  assert.equal(teams.of(99), null);
});

test('one colour, or too few people, name nobody', () => {
  const teams = new Teams();
  for (let id = 0; id < 10; id++) teams.learn(id, [50 + (id % 3), 60, 40 + (id % 2)], 1_000_000);
  assert.equal(teams.of(3), null);
  const two = new Teams();
  two.learn(1, [90, 0, 0], 1_000_000);
  two.learn(2, [30, 60, 40], 1_000_000);
  assert.equal(two.of(1), null);
});

test('a box too small for a shirt is not looked at', () => {
  assert.equal(shirtOf(picture(), { x: 0.5, y: 0.5, width: 0.002, height: 0.004 }), null);
});

// Proves that an arrow goes to the nearest thing in its direction, never back, and that from any
// place everything in a grid can be reached.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Arrow, isArrow, type Place, placeTowards } from './arrowFocus.ts';

const at = (column: number, row: number): Place => ({
  ...{ left: column * 100, right: column * 100 + 80 },
  ...{ top: row * 50, bottom: row * 50 + 40 },
});

test('along a row and a column, over a gap, and not behind', () => {
  const places = [at(1, 0), at(3, 0), at(0, 2), at(1, 3)];
  assert.equal(placeTowards(at(0, 0), 'ArrowRight', places), 0);
  assert.equal(placeTowards(at(2, 0), 'ArrowRight', places), 1);
  assert.equal(placeTowards(at(0, 0), 'ArrowDown', places), 2);
  assert.equal(placeTowards(at(0, 0), 'ArrowUp', places), -1);
  assert.equal(placeTowards(at(0, 0), 'ArrowLeft', places), -1);
  assert.ok(isArrow('ArrowUp') && !isArrow('Enter'));
});

test('everything in a grid is reached from everywhere', () => {
  const sides = fc.integer({ min: 1, max: 5 });
  fc.assert(
    fc.property(sides, sides, fc.nat(), (columns, rows, seed) => {
      const cells = Array.from({ length: columns * rows }, (_, index) =>
        at(index % columns, Math.floor(index / columns)),
      );
      const start = seed % cells.length;
      const seen = new Set([start]);
      const open = [start];
      for (let next = open.pop(); next !== undefined; next = open.pop()) {
        for (const arrow of ['ArrowUp', 'ArrowDown', 'ArrowLeft', 'ArrowRight'] as Arrow[]) {
          const to = placeTowards(cells[next] as Place, arrow, cells);
          if (to >= 0 && !seen.has(to)) {
            seen.add(to);
            open.push(to);
          }
        }
      }
      assert.equal(seen.size, cells.length);
    }),
  );
});

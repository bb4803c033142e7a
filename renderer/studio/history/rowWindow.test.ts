// Proves that a long list draws every row that is seen and never more than it may, and that keys
// lead to rows that are there and into sight, for lists of any length and height.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ROWS_MAX, rowAfterKey, rowWindow, scrolledTo } from './rowWindow.ts';

const ROW_PX = 44;
const list = fc.record({
  count: fc.integer({ min: 0, max: 20_000 }),
  heightPx: fc.integer({ min: 0, max: 1_900 }),
  share: fc.double({ min: 0, max: 1, noNaN: true }),
});

test('every row that is seen is drawn, and no more than may be', () => {
  fc.assert(
    fc.property(list, ({ count, heightPx, share }) => {
      const scrollTopPx = share * Math.max(0, count * ROW_PX - heightPx);
      const { from, to } = rowWindow(scrollTopPx, heightPx, ROW_PX, count);
      assert.ok(from >= 0 && to <= count && to - from <= ROWS_MAX);
      const firstSeen = Math.floor(scrollTopPx / ROW_PX);
      const lastSeen = Math.min(count, Math.ceil((scrollTopPx + heightPx) / ROW_PX));
      if (count > 0 && heightPx > 0) assert.ok(from <= firstSeen && to >= lastSeen);
    }),
  );
});

test('a list that became shorter than it was scrolled draws nothing that is not there', () => {
  assert.deepEqual(rowWindow(100_000, 400, ROW_PX, 3), { from: 2, to: 3 });
  assert.deepEqual(rowWindow(100_000, 400, ROW_PX, 0), { from: 0, to: 0 });
});

test('a key leads to a row that is there, and that row is then seen whole', () => {
  const keys = fc.constantFrom('ArrowDown', 'ArrowUp', 'PageDown', 'PageUp', 'Home', 'End');
  fc.assert(
    fc.property(list, keys, ({ count, heightPx: any, share }, key) => {
      const heightPx = Math.max(ROW_PX, any);
      const row = Math.floor(share * Math.max(0, count - 1));
      const next = rowAfterKey(key, row, { count, heightPx, rowPx: ROW_PX });
      if (count === 0) return assert.equal(next, undefined);
      assert.ok(next !== undefined && next >= 0 && next < count);
      const top = scrolledTo(next, { scrollTopPx: row * ROW_PX, heightPx, rowPx: ROW_PX });
      assert.ok(next * ROW_PX >= top && (next + 1) * ROW_PX <= top + heightPx);
    }),
  );
  const small = { count: 9, heightPx: 4 * ROW_PX, rowPx: ROW_PX };
  const keysFrom4 = ['ArrowDown', 'ArrowUp', 'PageDown', 'PageUp', 'Home', 'End', 'x'];
  assert.deepEqual(
    keysFrom4.map((key) => rowAfterKey(key, 4, small)),
    [5, 3, 7, 1, 0, 8, undefined],
  );
});

// Proves that runs that are merged while they are taken come in the order of one sort over all, by
// random lists cut at random places, also when more is added while some were taken.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { atOnce, type InParts, SortedRuns } from './parts.ts';

const byNumber = (one: number, other: number) => one - other;

test('merged runs are one sorted list', () => {
  fc.assert(
    fc.property(fc.array(fc.array(fc.integer(), { maxLength: 12 }), { maxLength: 12 }), (runs) => {
      const all = new SortedRuns(byNumber);
      for (const run of runs) all.add([...run]);
      const expected = runs.flat().sort(byNumber);
      assert.equal(all.count, expected.length);
      assert.deepEqual(
        expected.map(() => all.shift()),
        expected,
      );
      assert.deepEqual([all.shift(), all.count], [undefined, 0]);
    }),
  );
});

test('what is added between is taken in its place', () => {
  const all = new SortedRuns(byNumber);
  all.add([5, 1]);
  assert.equal(all.shift(), 1);
  all.add([7, 3, 6]);
  assert.deepEqual([all.shift(), all.shift(), all.shift(), all.shift()], [3, 5, 6, 7]);
});

test('all parts at once give the result', () => {
  function* counting(): InParts<string> {
    yield 1;
    yield 2;
    return 'three';
  }
  assert.equal(atOnce(counting()), 'three');
});

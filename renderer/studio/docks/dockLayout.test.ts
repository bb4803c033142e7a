// Proves that a layout that was kept is taken as it was or not at all, whatever stands there, that
// each change gives a layout that is taken again, and that a reset is how the page came. Random
// layouts and random texts (the seed is printed on failure).

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  DOCK_PLACES,
  dockLayoutSchema,
  dockSizePx,
  FIRST_LAYOUT,
  isHidden,
  PLACE_SIZE_PX_MIN,
  withDockSize,
  withHidden,
  withPlaceSize,
} from './dockLayout.ts';

const ids = fc.constantFrom('sources', 'markets', 'events', 'of another version');
const px = fc.option(fc.double({ min: -500, max: 7_000, noNaN: true }));
const change = fc.oneof(
  fc.tuple(fc.constant('place' as const), fc.constantFrom(...DOCK_PLACES), px),
  fc.tuple(fc.constant('dock' as const), ids, px),
  fc.tuple(fc.constant('hidden' as const), ids, fc.boolean()),
);

test('every change gives a layout that is read back as it was', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 20 }), (changes) => {
      let layout = FIRST_LAYOUT;
      for (const [what, name, value] of changes) {
        if (what === 'place') layout = withPlaceSize(layout, name, value);
        else if (what === 'dock') layout = withDockSize(layout, name, value);
        else layout = withHidden(layout, name, value);
      }
      assert.deepEqual(dockLayoutSchema.parse(JSON.parse(JSON.stringify(layout))), layout);
    }),
    { numRuns: 200 },
  );
});

test('what is no layout of ours is refused whole', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const read = dockLayoutSchema.safeParse(value);
      if (read.success) assert.deepEqual(read.data, value);
    }),
    { numRuns: 200 },
  );
  for (const broken of [
    { ...FIRST_LAYOUT, version: 2 },
    { ...FIRST_LAYOUT, places: { left: 1e9, right: null, below: null } },
    { ...FIRST_LAYOUT, places: { left: 'wide', right: null, below: null } },
    { ...FIRST_LAYOUT, docks: { sources: { isHidden: 'yes', sizePx: null } } },
    { ...FIRST_LAYOUT, docks: [] },
    { ...FIRST_LAYOUT, more: 1 },
  ]) {
    assert.equal(dockLayoutSchema.safeParse(broken).success, false, JSON.stringify(broken));
  }
});

test('a dock is as it comes until somebody chose, and not smaller than can be read', () => {
  const dock = { id: 'clips', startsHidden: true };
  assert.equal(isHidden(FIRST_LAYOUT, dock), true);
  assert.equal(isHidden(withHidden(FIRST_LAYOUT, 'clips', false), dock), false);
  assert.equal(isHidden(FIRST_LAYOUT, { id: 'sources' }), false);
  const small = withPlaceSize(FIRST_LAYOUT, 'left', 3);
  assert.equal(small.places.left, PLACE_SIZE_PX_MIN.left);
  assert.equal(dockSizePx(withDockSize(small, 'clips', 300.4), 'clips'), 300);
  assert.equal(dockSizePx(withDockSize(small, 'clips', null), 'clips'), null);
});

// Proves drawing without a screen: points stay in the picture and snap, sides that cross are
// refused, what is drawn comes back as it was, and moving all of it never leaves the picture.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  crossesItself,
  isInsidePlace,
  type PlacePoint,
} from '../../../core/contract/placeShapes.ts';
import { type Places, placesSchema } from '../../../core/contract/places.ts';
import { isInside } from '../../../native/vision/moriarty/rules/zones.ts';
import {
  type Draft,
  draftFault,
  draftsOf,
  freeName,
  POINTS_MAX,
  snapped,
  withDrawn,
  withoutDrawn,
  withPoint,
  withShift,
} from './draft.ts';

const some = (seed: number) => ({ seed, numRuns: 300, verbose: true });
const share = fc.integer({ min: 0, max: 10_000 }).map((one) => one / 10_000);
const point = fc.tuple(share, share);
const anywhere = fc.tuple(
  fc.double({ min: -2, max: 3, noNaN: true }),
  fc.double({ min: -2, max: 3, noNaN: true }),
);
const NOTHING: Places = { goalLines: null, lines: null, zones: null, calibration: null };

/** Corners around a middle, in the order of their angles: such a polygon cannot cross itself. */
const star = fc
  .array(
    fc.tuple(fc.integer({ min: 0, max: 359 }), fc.double({ min: 0.1, max: 0.45, noNaN: true })),
    {
      minLength: 3,
      maxLength: 16,
    },
  )
  .map((found) => {
    const byAngle = new Map(found);
    const angles = [...byAngle.keys()].sort((one, other) => one - other);
    return angles.map((angle): PlacePoint => {
      const radius = byAngle.get(angle) ?? 0;
      const turn = (angle / 180) * Math.PI;
      return [0.5 + radius * Math.cos(turn), 0.5 + radius * Math.sin(turn)];
    });
  })
  .filter((corners) => {
    const angles = corners.map(([x, y]) => Math.atan2(y - 0.5, x - 0.5));
    const gaps = angles.map((angle, at) => {
      const next = angles[(at + 1) % angles.length] ?? 0;
      return (next - angle + 2 * Math.PI) % (2 * Math.PI);
    });
    return corners.length >= 3 && gaps.every((gap) => gap > 0.01 && gap < 3.1);
  });

const zone = (points: readonly PlacePoint[], subject = 'box'): Draft => {
  return { kind: 'zone', subject, points, instead: null };
};

test('a point lies in the picture, and at what it is near to', () => {
  fc.assert(
    fc.property(anywhere, fc.array(point, { maxLength: 5 }), (at, others) => {
      const found = snapped(at, others);
      assert.ok(found.every((one) => one >= 0 && one <= 1));
      assert.deepEqual(snapped(found, []), snapped(snapped(found, []), []));
    }),
    some(4905),
  );
  assert.deepEqual(snapped([0.501, 0.5], [[0.5, 0.49]]), [0.5, 0.49]);
  assert.deepEqual(snapped([0.99, 0.004], []), [1, 0]);
});

test('sides that cross are refused, whichever corner comes first; others are not', () => {
  fc.assert(
    fc.property(star, fc.nat(), (corners, turn) => {
      const at = turn % corners.length;
      const turned = [...corners.slice(at), ...corners.slice(0, at)];
      assert.equal(crossesItself(turned), false);
      assert.equal(crossesItself([...turned].reverse()), false);
      assert.equal(draftFault(zone(turned), []), null);
    }),
    some(4906),
  );
  const bow: PlacePoint[] = [
    [0.1, 0.1],
    [0.9, 0.9],
    [0.9, 0.1],
    [0.1, 0.9],
  ];
  for (let turn = 0; turn < 4; turn++) {
    const turned = [...bow.slice(turn), ...bow.slice(0, turn)];
    assert.equal(draftFault(zone(turned), []), 'studio.drawing.crosses');
  }
  // Bent, with an area of its own: only its sides tell.
  const hook: PlacePoint[] = [...bow.slice(0, 2), [0.95, 0.3], [0.2, 0.8]];
  assert.equal(crossesItself(hook), true);
});

test('what lies in a zone here lies in it for vision, too', () => {
  fc.assert(
    fc.property(star, point, (corners, [x, y]) => {
      const own = corners.map(([cx, cy]): [number, number] => [cx, cy]);
      assert.equal(isInsidePlace([x, y], own), isInside({ x, y }, own));
    }),
    some(4907),
  );
});

test('what is drawn comes back as it was, and goes again', () => {
  fc.assert(
    fc.property(star, point, point, (corners, from, to) => {
      const near = Math.hypot(from[0] - to[0], from[1] - to[1]) < 0.02;
      const drawn = zone(corners);
      const line: Draft = { kind: 'line', subject: 'line', points: [from, to], instead: null };
      const places = near ? withDrawn(NOTHING, drawn) : withDrawn(withDrawn(NOTHING, drawn), line);
      const kept = placesSchema.parse(JSON.parse(JSON.stringify(places)));
      const back = draftsOf(kept);
      assert.deepEqual(back[0], { ...drawn, instead: 'box' });
      if (!near) assert.deepEqual(back[1]?.points, [from, to]);
      const gone = back.reduce(withoutDrawn, kept);
      assert.deepEqual(draftsOf(gone), []);
      const renamed = withDrawn(kept, { ...drawn, subject: ' area ', instead: 'box' });
      assert.deepEqual(
        renamed.zones?.map(({ subject }) => subject),
        ['area'],
      );
    }),
    some(4908),
  );
});

test('all of it moves together and stays in the picture', () => {
  fc.assert(
    fc.property(star, anywhere, (corners, by) => {
      const rounded = corners.map((corner) => snapped(corner, []));
      const { points } = withShift(zone(rounded), by);
      const [dx, dy] = [0, 1].map((axis) => (points[0]?.[axis] ?? 0) - (rounded[0]?.[axis] ?? 0));
      for (const [at, [x, y]] of points.entries()) {
        assert.ok(x >= 0 && x <= 1 && y >= 0 && y <= 1);
        assert.ok(Math.abs(x - (rounded[at]?.[0] ?? 0) - (dx ?? 0)) < 2e-4);
        assert.ok(Math.abs(y - (rounded[at]?.[1] ?? 0) - (dy ?? 0)) < 2e-4);
      }
    }),
    some(4909),
  );
});

test('limits: points, names, length', () => {
  let draft: Draft = zone([]);
  for (let at = 0; at < 40; at++) draft = withPoint(draft, [at / 40, 0.5]);
  assert.equal(draft.points.length, POINTS_MAX.zone);
  const triangle = zone([
    [0.1, 0.1],
    [0.5, 0.1],
    [0.3, 0.5],
  ]);
  assert.equal(draftFault(triangle, ['box']), 'studio.drawing.nameTaken');
  assert.equal(draftFault({ ...triangle, instead: 'box' }, ['box']), null);
  assert.equal(draftFault({ ...triangle, subject: ' ' }, []), 'studio.drawing.noName');
  assert.equal(draftFault(zone(triangle.points.slice(1)), []), 'studio.drawing.lacks.zone');
  const short: Draft = {
    ...triangle,
    kind: 'line',
    points: [
      [0, 0],
      [0.001, 0],
    ],
  };
  assert.equal(draftFault(short, []), 'studio.drawing.tooShort');
  assert.equal(freeName('Zone', ['Zone 1', 'Zone 2']), 'Zone 3');
});

// Proves that boxes land where the picture is and belong to the frame on screen: letterboxing both
// ways, RTP wrap, reordered results, and the bound on carrying forward. Random sizes, seed printed.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { FrameFactsSchema } from '../../core/wire/gen/facts_pb.js';
import {
  CARRY_MS_MAX,
  carriedForward,
  createFactsTimeline,
  onElement,
  percentile,
  pictureRectangle,
  rtpMsBetween,
  wordsOf,
} from './overlayGeometry.ts';

const seed = Number(process.env.SEED ?? Date.now() % 2_147_483_647);
console.log(`overlay geometry: SEED=${seed}`);

const near = (one: number, other: number) => assert.ok(Math.abs(one - other) < 1e-6, `${one}`);
const facts = (rtpTimestamp: number) => create(FrameFactsSchema, { rtpTimestamp });

test('a picture stands in the middle, touches two edges and keeps its shape', () => {
  const length = fc.integer({ min: 1, max: 4000 });
  fc.assert(
    fc.property(length, length, length, length, (ew, eh, pw, ph) => {
      const at = pictureRectangle({ width: ew, height: eh }, { width: pw, height: ph });
      near(at.width / at.height / (pw / ph), 1);
      near(Math.min(ew - at.width, eh - at.height), 0);
      near(at.x * 2 + at.width, ew);
      near(at.y * 2 + at.height, eh);
      assert.ok(at.width <= ew + 1e-6 && at.height <= eh + 1e-6);
    }),
    { seed },
  );
  const nothing = pictureRectangle({ width: 0, height: 9 }, { width: 16, height: 9 });
  assert.deepEqual(nothing, { x: 0, y: 0, width: 0, height: 0 });
});

test('a box of the picture lands inside it, beside the bars', () => {
  const at = pictureRectangle({ width: 1000, height: 1000 }, { width: 1600, height: 900 });
  const box = onElement({ x: 0.25, y: 0.5, width: 0.5, height: 0.25 }, at);
  assert.deepEqual(box, { x: 250, y: 500, width: 500, height: 140.625 });
});

test('frames are ordered across the wrap of the RTP clock', () => {
  near(rtpMsBetween(0xffff_ffff - 89, 0), 1);
  near(rtpMsBetween(0, 0xffff_ffff - 89), -1);
  const timeline = createFactsTimeline();
  timeline.push(facts(0xffff_f000));
  timeline.push(facts(3_000));
  timeline.push(facts(500));
  assert.equal(timeline.atOrBefore(1_000)?.rtpTimestamp, 500);
  assert.equal(timeline.atOrBefore(0xffff_ff00)?.rtpTimestamp, 0xffff_f000);
  assert.equal(timeline.atOrBefore(4_000)?.rtpTimestamp, 3_000);
  assert.equal(timeline.atOrBefore(0xffff_0000), undefined);
  assert.equal(timeline.exactly(500)?.rtpTimestamp, 500);
  assert.equal(timeline.exactly(501), undefined);
});

test('results that come in any order are found as if they had come in order', () => {
  const steps = fc.shuffledSubarray(
    Array.from({ length: 60 }, (_, n) => n),
    { minLength: 1 },
  );
  fc.assert(
    fc.property(steps, fc.nat(0xffff_ffff), fc.nat(70), (order, start, wanted) => {
      const timeline = createFactsTimeline();
      const stamp = (n: number) => (start + n * 3000) >>> 0;
      for (const n of order) timeline.push(facts(stamp(n)));
      const best = order.filter((n) => n <= wanted).sort((a, b) => b - a)[0];
      const found = timeline.atOrBefore(stamp(wanted))?.rtpTimestamp;
      assert.equal(found, best === undefined ? undefined : stamp(best));
    }),
    { seed },
  );
});

test('a box is carried by its velocity, then predicted, never past the bound', () => {
  const frame = create(FrameFactsSchema, {
    tracks: [
      { id: 1, label: 'ball', box: { x: 0.5, y: 0.5, width: 0.1, height: 0.1 }, velocityX: 1 },
      { id: 2, label: 'person', box: { x: 0, y: 0, width: 0.1, height: 0.1 }, predicted: true },
      { id: 3, label: 'no box' },
    ],
  });
  const own = carriedForward(frame, 0);
  assert.deepEqual(
    own.map(({ id, predicted }) => [id, predicted]),
    [
      [1, false],
      [2, true],
    ],
  );
  const [ahead] = carriedForward(frame, 100);
  near(ahead?.x ?? 0, 0.6);
  assert.equal(ahead?.predicted, true);
  near(carriedForward(frame, 60_000)[0]?.x ?? 0, 0.5 + CARRY_MS_MAX / 1000);
});

test('a percentile is a value that was measured', () => {
  assert.equal(percentile([], 0.95), null);
  assert.equal(percentile([7], 0.95), 7);
  assert.equal(percentile([5, 1, 4, 2, 3], 0.5), 3);
  assert.equal(
    percentile(
      Array.from({ length: 100 }, (_, n) => n + 1),
      0.95,
    ),
    95,
  );
});

test('a box says what its person does where there is room, then who, then only the number', () => {
  const facts = create(FrameFactsSchema, {
    tracks: [{ id: 7, label: 'person', box: {}, action: 'jump' }],
  });
  const [box] = carriedForward(facts, 0);
  assert.ok(box);
  const upTo = (length: number) => wordsOf(box, (words) => words.length <= length);
  assert.deepEqual([20, 15, 12, 3].map(upTo), [
    'person 7 · jump',
    'person 7 · jump',
    'person 7',
    '7',
  ]);
  assert.equal(
    wordsOf({ ...box, action: 'stand' }, () => true),
    'person 7',
  );
});

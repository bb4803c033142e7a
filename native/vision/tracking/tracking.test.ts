// Proves properties of the trackers: the pairing is the cheapest one (against all permutations),
// ids are stable, unique and given only after confirmation, things that meet keep theirs, order of
// detections does not matter, and a ball track ignores what cannot be the ball.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { assign } from './assignment.ts';
import { BallTrack } from './ballTrack.ts';
import { BlobTracker } from './blobTracker.ts';
import { BoxTracker } from './boxTracker.ts';
import { type Detection, makeIds, type TrackView } from './track.ts';

function cheapest(costs: number[][], row: number, taken: Set<number>): number {
  if (row === costs.length) return 0;
  let best = Number.POSITIVE_INFINITY;
  (costs[row] ?? []).forEach((cost, column) => {
    if (taken.has(column)) return;
    taken.add(column);
    best = Math.min(best, cost + cheapest(costs, row + 1, taken));
    taken.delete(column);
  });
  return best;
}

test('the pairing is the cheapest one', () => {
  const matrix = fc
    .tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 0, max: 2 }))
    .chain(([rows, extra]) =>
      fc.array(
        fc.array(fc.integer({ min: 0, max: 50 }), {
          minLength: rows + extra,
          maxLength: rows + extra,
        }),
        { minLength: rows, maxLength: rows },
      ),
    );
  fc.assert(
    fc.property(matrix, (costs) => {
      const columns = assign(costs);
      assert.equal(new Set(columns).size, columns.length);
      const sum = columns.reduce((total, column, row) => total + (costs[row]?.[column] ?? 0), 0);
      assert.equal(sum, cheapest(costs, 0, new Set()));
      // Turned by 90 degrees it pairs the same sum.
      const turned = (costs[0] ?? []).map((_, column) => costs.map((row) => row[column] ?? 0));
      const rows = assign(turned);
      const turnedSum = rows.reduce((total, row, column) => {
        return row < 0 ? total : total + (turned[column]?.[row] ?? 0);
      }, 0);
      assert.equal(turnedSum, sum);
    }),
    { numRuns: 300 },
  );
});

const person = (x: number, y: number, confidence = 0.9): Detection => ({
  ...{ label: 'person', confidence },
  ...{ x: x - 0.03, y: y - 0.1, width: 0.06, height: 0.2 },
});
const atFrame = (frame: number) => Math.round((frame * 1_000_000) / 30);

function follow(frames: (Detection[] | null)[]): TrackView[][] {
  const tracker = new BoxTracker(makeIds());
  return frames.map((detections, frame) => tracker.update(detections, atFrame(frame)));
}

test('an id comes with the second sighting and stays over gaps and unsure sightings', () => {
  const frames = Array.from({ length: 60 }, (_, frame) => {
    if (frame >= 20 && frame < 30) return [];
    if (frame >= 35 && frame < 40) return null;
    return [person(0.2 + frame * 0.005, 0.5, frame > 45 ? 0.2 : 0.9)];
  });
  const seen = follow(frames);
  assert.deepEqual(seen.slice(0, 1), [[]]);
  for (const tracks of seen.slice(1)) {
    assert.deepEqual(
      tracks.map((track) => track.id),
      [1],
    );
  }
  assert.ok(seen[25]?.[0]?.predicted);
  const velocity = seen[59]?.[0]?.velocityX ?? 0;
  assert.ok(Math.abs(velocity - 0.15) < 0.02, `velocity ${velocity}`);
  const place = seen[29]?.[0];
  assert.ok(Math.abs((place?.x ?? 0) + 0.03 - (0.2 + 29 * 0.005)) < 0.01, 'carried forward');
});

test('two that pass each other keep their ids', () => {
  const frames = Array.from({ length: 60 }, (_, frame) => [
    person(0.2 + frame * 0.01, 0.45),
    person(0.8 - frame * 0.01, 0.55),
  ]);
  const seen = follow(frames);
  const idAt = (frame: number, y: number) =>
    seen[frame]?.find((track) => Math.abs(track.y + 0.1 - y) < 0.04)?.id;
  assert.equal(idAt(5, 0.45), idAt(59, 0.45));
  assert.equal(idAt(5, 0.55), idAt(59, 0.55));
  assert.notEqual(idAt(5, 0.45), idAt(5, 0.55));
});

test('the order of detections does not matter, ids are unique, one sighting makes no track', () => {
  const place = fc.tuple(
    fc.double({ min: 0.1, max: 0.9, noNaN: true }),
    fc.double({ min: 0.2, max: 0.8, noNaN: true }),
    fc.double({ min: -0.01, max: 0.01, noNaN: true }),
  );
  fc.assert(
    fc.property(fc.array(place, { minLength: 1, maxLength: 6 }), (things) => {
      const frames = Array.from({ length: 12 }, (_, frame) =>
        things.map(([x, y, speed], index) => person(x + speed * frame, y, 0.71 + index / 50)),
      );
      const forward = follow(frames);
      const backward = follow(frames.map((detections) => detections.toReversed()));
      const boxes = (tracks: TrackView[] = []) =>
        tracks.map((track) => `${track.x.toFixed(6)} ${track.y.toFixed(6)}`).sort();
      assert.deepEqual(boxes(forward.at(-1)), boxes(backward.at(-1)));
      const ids = forward.at(-1)?.map((track) => track.id) ?? [];
      assert.equal(new Set(ids).size, ids.length);
    }),
    { numRuns: 100 },
  );
  assert.deepEqual(follow([[person(0.5, 0.5)], [], []]).flat(), []);
});

test('detections in any order and with any gaps give the same tracks', () => {
  const sighting = fc.record({
    x: fc.double({ min: 0.1, max: 0.9, noNaN: true }),
    y: fc.double({ min: 0.2, max: 0.8, noNaN: true }),
    confidence: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  const frames = fc.array(fc.option(fc.array(sighting, { maxLength: 7 }), { freq: 8 }), {
    maxLength: 20,
  });
  const said = (tracks: TrackView[]) => tracks.map(({ id: _, ...rest }) => JSON.stringify(rest));
  fc.assert(
    fc.property(frames, fc.integer({ min: 1, max: 6 }), (all, turned) => {
      const seen = all.map((one) => one?.map(({ x, y, confidence }) => person(x, y, confidence)));
      const given = seen.map((one) => one ?? null);
      const moved = given.map((one) => one && [...one.slice(turned), ...one.slice(0, turned)]);
      const [first, second] = [follow(given), follow(moved)];
      first.forEach((tracks, frame) => {
        assert.deepEqual(said(tracks).sort(), said(second[frame] ?? []).sort());
      });
    }),
    { numRuns: 150 },
  );
});

test('what is faster than its own width is followed, and an unsure sighting starts nothing', () => {
  const runner = Array.from({ length: 20 }, (_, frame) => [person(0.1 + frame * 0.035, 0.5)]);
  assert.equal(new Set(follow(runner).flatMap((tracks) => tracks.map(({ id }) => id))).size, 1);
  const faint = Array.from({ length: 20 }, () => [person(0.5, 0.5, 0.65)]);
  assert.deepEqual(follow(faint).flat(), []);
});

test('after a gap the speed is that of the way between the sightings', () => {
  // It turns while nobody sees it: the old guess would run on and come back with a jump.
  const frames = Array.from({ length: 45 }, (_, frame) => {
    if (frame >= 15 && frame < 30) return [];
    return [person(frame <= 15 ? 0.2 + frame * 0.004 : 0.26 - (frame - 15) * 0.002, 0.5)];
  });
  const seen = follow(frames);
  assert.equal(new Set(seen.slice(1).flatMap((tracks) => tracks.map(({ id }) => id))).size, 1);
  const speed = seen[30]?.[0]?.velocityX ?? 1;
  assert.ok(Math.abs(speed + 0.06) < 0.02, `${speed} pictures a second instead of -0.06`);
});

test('what stands for two seconds is still, and stays known while nobody looks', () => {
  const tracker = new BoxTracker(makeIds());
  let views: TrackView[] = [];
  for (let frame = 0; frame < 90; frame++) {
    assert.equal(
      tracker.places().every(({ isStill }) => isStill),
      frame === 0 || frame > 60,
      `frame ${frame}`,
    );
    views = tracker.update([person(0.5 + (frame % 2) * 0.001, 0.5)], atFrame(frame));
  }
  for (let frame = 90; frame < 150; frame++) views = tracker.update(null, atFrame(frame));
  assert.deepEqual(
    views.map(({ id, isStill }) => [id, isStill]),
    [[1, true]],
  );
  tracker.update([person(0.55, 0.5)], atFrame(150));
  assert.equal(
    tracker.places().every(({ isStill }) => isStill),
    false,
  );
});

test('labels are not mixed', () => {
  const frames = Array.from({ length: 10 }, (_, frame) => [
    { ...person(0.5, 0.5), label: frame < 5 ? 'person' : 'dog' },
  ]);
  const seen = follow(frames);
  assert.deepEqual([...new Set(seen.flat().map((track) => track.label))].sort(), ['dog', 'person']);
});

test('blobs keep their id while they move, and show direction', () => {
  const tracker = new BlobTracker(makeIds());
  let last: TrackView[] = [];
  for (let frame = 0; frame < 30; frame++) {
    const blob = { x: 0.1 + frame * 0.01, y: 0.4, width: 0.08, height: 0.1 };
    last = tracker.update(frame % 7 === 6 ? [] : [blob], atFrame(frame));
  }
  assert.deepEqual(
    last.map((track) => track.id),
    [1],
  );
  assert.ok(Math.abs((last[0]?.velocityX ?? 0) - 0.3) < 0.05);
});

const ballAt = (x: number, y: number, confidence = 0.8): Detection => ({
  ...{ label: 'ball', confidence },
  ...{ x: x - 0.006, y: y - 0.011, width: 0.012, height: 0.022 },
});

test('the ball keeps its track through a kick and a false ball elsewhere, and never jumps', () => {
  const track = new BallTrack(makeIds());
  const ids = new Set<number>();
  for (let frame = 0; frame < 60; frame++) {
    const x = frame < 30 ? 0.3 : 0.3 + (frame - 30) * 0.015;
    const balls = frame % 9 === 8 ? [] : [ballAt(x, 0.5)];
    if (frame % 5 === 0) balls.push(ballAt(0.9, 0.1, 0.95));
    const at = { captureUs: atFrame(frame), rtpTimestamp: frame };
    const seen = track.update(balls, [], at);
    if (frame < 2 || !seen) continue;
    ids.add(seen.trackId);
    assert.ok(Math.abs(seen.x - x) < 0.02, `frame ${frame}: ${seen.x} instead of ${x}`);
  }
  assert.equal(ids.size, 1);
});

test('motion carries a ball over a gap but never makes one', () => {
  const blob = (x: number) => [{ x: x - 0.01, y: 0.49, width: 0.02, height: 0.02 }];
  const nothing = new BallTrack(makeIds());
  const carried = new BallTrack(makeIds());
  for (let frame = 0; frame < 20; frame++) {
    const x = 0.3 + frame * 0.004;
    const at = { captureUs: atFrame(frame), rtpTimestamp: frame };
    assert.equal(nothing.update([], blob(x), at), null);
    const seen = carried.update(frame < 5 ? [ballAt(x, 0.5)] : [], blob(x), at);
    if (frame < 5) continue;
    assert.equal(seen?.isSeen, false);
    assert.ok(Math.abs((seen?.x ?? 0) - x) < 0.01);
  }
});

// Proves the ballistic part of the ball's track on drawn throws, rolls and bounces with errors of a
// pixel and gaps of a third of a second: a throw is bridged along its bend, whatever gravity is in
// the picture and wherever the camera drifts; what rolls is not bent; a bounce begins another way.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BallTrack } from './ballTrack.ts';
import { Flight } from './flight.ts';
import { ASPECT, type Detection, makeIds } from './track.ts';

const PIXEL = 1 / 360;
const RUNS = { numRuns: 200 };

type Point = { x: number; y: number };
/** x and y in picture heights. */
const seenAt = ({ x, y }: Point): Detection => ({
  ...{ label: 'ball', confidence: 0.8, width: 0.02, height: 0.03 },
  ...{ x: x / ASPECT - 0.01, y: y - 0.015 },
});

/** Errors of up to a pixel, the same for a seed. */
function trembling(seed: number): () => number {
  let state = (seed * 7919 + 12_345) % 2_147_483_647;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return (state / 2_147_483_647 - 0.5) * 2 * PIXEL;
  };
}

const throws = fc.record({
  seed: fc.nat(100_000),
  framesPerSecond: fc.constantFrom(25, 30, 50, 60),
  gravity: fc.double({ min: 1, max: 5, noNaN: true }),
  speedX: fc.double({ min: -0.7, max: 0.7, noNaN: true }),
  /** How high it goes, picture heights. */
  rise: fc.double({ min: 0.15, max: 0.4, noNaN: true }),
  /** The camera's drift, heights a second. */
  pan: fc.double({ min: -0.2, max: 0.2, noNaN: true }),
});

/** Follows a way that is not seen for a third of a second; the farthest that the track was off it. */
function worstInGap(
  way: (seconds: number) => Point,
  { seed, framesPerSecond, pan }: { seed: number; framesPerSecond: number; pan: number },
) {
  const tremble = trembling(seed);
  const track = new BallTrack(makeIds());
  const [gapStart, gapEnd, end] = [0.4, 0.73, 0.9];
  const ids = new Set<number>();
  let worst = 0;
  for (let frame = 0; frame / framesPerSecond < end; frame++) {
    const seconds = frame / framesPerSecond;
    const { x, y } = way(seconds);
    const shown = { x: x + pan * seconds, y };
    const isHidden = seconds > gapStart && seconds < gapEnd;
    const seen = seenAt({ x: shown.x + tremble(), y: shown.y + tremble() });
    const at = { captureUs: 1_000_000 + Math.round(seconds * 1_000_000), rtpTimestamp: frame };
    const shift = { x: frame === 0 ? 0 : pan / framesPerSecond / ASPECT, y: 0 };
    const ball = track.update(isHidden ? [] : [seen], [], at, shift);
    if (ball) ids.add(ball.trackId);
    if (!isHidden) continue;
    assert.equal(ball?.isSeen, false);
    worst = Math.max(
      worst,
      Math.hypot((ball?.x ?? 0) * ASPECT - shown.x, (ball?.y ?? 0) - shown.y),
    );
  }
  assert.equal(ids.size, 1, 'the ball came back as the same one');
  return worst / PIXEL;
}

test('a throw that is hidden for a third of a second is bridged along its bend', () => {
  let sum = 0;
  let straight = 0;
  fc.assert(
    fc.property(throws, (one) => {
      const { gravity, speedX, rise } = one;
      const speedY = -Math.sqrt(2 * gravity * rise);
      const way = (t: number) => ({
        ...{ x: 0.9 + speedX * t, y: 0.55 + speedY * t + (gravity / 2) * t * t },
      });
      const { y } = way(0.73);
      fc.pre(y > 0.02 && y < 0.98);
      const worst = worstInGap(way, one);
      sum += worst;
      // What the tangent at the last sighting would have made of it.
      straight += ((gravity / 2) * 0.33 ** 2) / PIXEL;
      assert.ok(worst <= 20, `${worst.toFixed(1)} pixels of 360 off`);
    }),
    RUNS,
  );
  assert.ok(sum < straight / 4, `${sum.toFixed(0)} pixels in all, ${straight.toFixed(0)} straight`);
});

test('what rolls is not bent, and goes straight on while it is hidden', () => {
  const rolls = fc.record({
    seed: fc.nat(100_000),
    framesPerSecond: fc.constantFrom(25, 30, 50, 60),
    speedX: fc.double({ min: -0.6, max: 0.6, noNaN: true }),
    speedY: fc.double({ min: -0.3, max: 0.3, noNaN: true }),
    pan: fc.constant(0),
  });
  let bent = 0;
  let pictures = 0;
  fc.assert(
    fc.property(rolls, (one) => {
      const way = (t: number) => ({ x: 0.9 + one.speedX * t, y: 0.5 + one.speedY * t });
      assert.ok(worstInGap(way, one) <= 14);
      const flight = new Flight();
      const tremble = trembling(one.seed + 1);
      for (let frame = 0; frame < one.framesPerSecond; frame++) {
        const { x, y } = way(frame / one.framesPerSecond);
        const captureUs = Math.round((frame * 1_000_000) / one.framesPerSecond);
        flight.add({ captureUs, x: x + tremble(), y: y + tremble() });
        pictures++;
        if (flight.way()?.gravity) bent++;
      }
    }),
    RUNS,
  );
  assert.ok(bent / pictures < 0.01, `${bent} of ${pictures} pictures bent`);
});

test('a bounce begins another way: the fall before it says nothing, gravity does', () => {
  fc.assert(
    fc.property(fc.nat(100_000), fc.double({ min: 1.2, max: 4, noNaN: true }), (seed, gravity) => {
      const tremble = trembling(seed);
      const fall = Math.sqrt((2 * 0.5) / gravity);
      const up = gravity * fall * 0.8;
      const flight = new Flight();
      const at = (t: number) => {
        if (t < fall) return 0.4 + (gravity / 2) * t * t;
        return 0.9 - up * (t - fall) + (gravity / 2) * (t - fall) ** 2;
      };
      for (let frame = 0; frame / 30 < fall; frame++) {
        const captureUs = Math.round((frame * 1_000_000) / 30);
        flight.add({ captureUs, x: 0.5 + frame * 0.01 + tremble(), y: at(frame / 30) + tremble() });
      }
      const down = flight.way();
      assert.ok(down && Math.abs(down.gravity / gravity - 1) < 0.35, `${down?.gravity}`);
      const first = Math.ceil(fall * 30);
      for (let frame = first; frame < first + 5; frame++) {
        const captureUs = Math.round((frame * 1_000_000) / 30);
        const place = {
          captureUs,
          x: 0.5 + frame * 0.01 + tremble(),
          y: at(frame / 30) + tremble(),
        };
        if (frame === first) flight.restart(place);
        else flight.add(place);
      }
      const rising = flight.way();
      // Five places would not tell a bend; the one that is held may be taken, never a stronger one.
      if (rising?.gravity) assert.ok(Math.abs(rising.gravity - down.gravity) < 1e-9);
      const true4 = -up + gravity * ((first + 4) / 30 - fall);
      if (rising?.gravity) assert.ok(Math.abs(rising.velocityY - true4) < 0.15);
    }),
    RUNS,
  );
});

test('few places, places at one time and a new scene tell no bend', () => {
  const flight = new Flight();
  assert.equal(flight.way(), null);
  for (let index = 0; index < 12; index++) flight.add({ captureUs: 5, x: index, y: index ** 2 });
  assert.equal(flight.way(), null);
  flight.reset();
  assert.equal(flight.way(), null);
});

// Proves where the detector looks: whatever the boxes, each small thing lies in a part that is looked
// at within some looks, everything in the whole picture much sooner, parts lie in the picture and
// have the input's size; boxes of a part come back to where they are in the picture; and what stands
// still with nothing stirring near it asks for no look and is kept.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { realTimers } from '../../core/base/clock.ts';
import { FrameFactsSchema } from '../../core/wire/gen/facts_pb.js';
import type { Detector } from './models/detector.ts';
import {
  type InputShape,
  InputWriter,
  type Picture,
  type Region,
  scalingOf,
} from './models/picture.ts';
import { placedIn } from './models/session.ts';
import { EMPTY_PACK } from './moriarty/pack.ts';
import { LookPlanner, partSize, sees, stirring } from './regions.ts';
import { Sight } from './sight.ts';
import { type Box, type Detection, makeIds } from './tracking/track.ts';
import { PICTURE } from './vibrio/motion.ts';

const LOOK_US = 40_000;
const shape = (
  width: number,
  height: number,
  fit: InputShape['fit'] = 'letterbox',
): InputShape => ({
  ...{ width, height, fit, channels: 'RGB', scale: 1, pad: 0 },
  ...{ mean: [0, 0, 0], deviation: [1, 1, 1] },
});
const inputs = fc.constantFrom(shape(192, 192), shape(320, 320), shape(416, 416), shape(256, 160));
const boxes = fc.array(
  fc.record({
    ...{ x: fc.double({ min: 0, max: 0.9, noNaN: true }) },
    ...{ y: fc.double({ min: 0, max: 0.8, noNaN: true }) },
    ...{ width: fc.double({ min: 0.01, max: 0.4, noNaN: true }) },
    ...{ height: fc.double({ min: 0.01, max: 0.7, noNaN: true }) },
  }),
  { minLength: 1, maxLength: 8 },
);
const inPixels = ({ x, y, width, height }: Box): Box => ({
  ...{ x: x * PICTURE.width, y: y * PICTURE.height },
  width: Math.min(width, 1 - x) * PICTURE.width,
  height: Math.min(height, 1 - y) * PICTURE.height,
});

test('each small thing lies in a part within some looks, everything in the whole much sooner', () => {
  let parts = 0;
  fc.assert(
    fc.property(inputs, boxes, (input, things) => {
      const planner = new LookPlanner(PICTURE, input);
      const part = partSize(PICTURE, input);
      const scale = Math.min(input.width / PICTURE.width, input.height / PICTURE.height);
      const small = things.map(inPixels).filter(({ width, height }) => {
        const isSmall = Math.max(width, height) * scale < 64;
        return isSmall && part && width + 32 <= part.width && height + 32 <= part.height;
      });
      const waiting = new Set(small);
      let sinceWhole = 0;
      // Half of the looks may go to the whole, and others' parts come first.
      for (let look = 0; look < 2 * things.length + 2; look++) {
        const plan = planner.next(things, look * LOOK_US);
        assert.ok(plan, 'something stirs');
        planner.note(plan, look * LOOK_US);
        const { region } = plan;
        sinceWhole = region ? sinceWhole + 1 : 0;
        assert.ok(sinceWhole <= 3);
        if (!region) continue;
        parts++;
        assert.deepEqual([region.width, region.height], [part?.width, part?.height]);
        assert.ok(region.x >= 0 && region.x + region.width <= PICTURE.width);
        assert.ok(region.y >= 0 && region.y + region.height <= PICTURE.height);
        for (const box of waiting) if (sees(region, box)) waiting.delete(box);
      }
      assert.equal(waiting.size, 0, `${waiting.size} of ${small.length} were never looked at`);
    }),
    { numRuns: 500 },
  );
  assert.ok(parts > 1000);
});

test('no parts where the whole is nearly as large in the input, or would be squeezed', () => {
  assert.equal(partSize(PICTURE, shape(512, 288)), null);
  assert.equal(partSize(PICTURE, shape(192, 192, 'stretch')), null);
  assert.deepEqual(partSize(PICTURE, shape(416, 416)), { width: 416, height: 360 });
  const planner = new LookPlanner(PICTURE, shape(512, 288));
  const thing = { x: 0.5, y: 0.5, width: 0.02, height: 0.05 };
  for (let look = 0; look < 10; look++) {
    const plan = planner.next([thing], look * LOOK_US);
    assert.deepEqual(plan, { region: null });
    if (plan) planner.note(plan, look * LOOK_US);
  }
});

test('boxes of a part come back to where they are in the picture', () => {
  const corner = fc.integer({ min: 0, max: 90 }).map((value) => value * 2);
  fc.assert(
    fc.property(
      inputs,
      corner,
      corner,
      fc.double({ min: 0.1, max: 0.6, noNaN: true }),
      (input, x, y, at) => {
        const size = partSize(PICTURE, input);
        assert.ok(size);
        const region: Region = {
          x: Math.min(x, PICTURE.width - size.width),
          y: Math.min(y, PICTURE.height - size.height),
          ...size,
        };
        const square = {
          x: Math.round(region.x + at * region.width),
          y: Math.round(region.y + at * region.height),
          ...{ width: 40, height: 30 },
        };
        const bytes = new Uint8Array((PICTURE.width * PICTURE.height * 3) / 2).fill(128);
        bytes.fill(16, 0, PICTURE.width * PICTURE.height);
        for (let row = square.y; row < square.y + square.height; row++) {
          const start = row * PICTURE.width + square.x;
          bytes.fill(235, start, start + square.width);
        }
        const picture: Picture = { ...PICTURE, bytes, range: 'video', matrix: 'bt709' };
        const out = new Float32Array(3 * input.width * input.height);
        const scaling = new InputWriter(input).write(picture, out, region);
        assert.deepEqual(scaling, scalingOf(region, input));
        let [left, top, right, bottom] = [input.width, input.height, 0, 0];
        for (let row = 0; row < input.height; row++) {
          for (let column = 0; column < input.width; column++) {
            if ((out[row * input.width + column] ?? 0) < 127.5) continue;
            [left, right] = [Math.min(left, column), Math.max(right, column + 1)];
            [top, bottom] = [Math.min(top, row), Math.max(bottom, row + 1)];
          }
        }
        const seen: Detection = {
          ...{ label: 'square', confidence: 1, x: left, y: top },
          ...{ width: right - left, height: bottom - top },
        };
        const back = inPixels(placedIn(seen, scaling, PICTURE, region));
        for (const key of ['x', 'y', 'width', 'height'] as const) {
          assert.ok(Math.abs(back[key] - square[key]) <= 1.01 / scaling.x, `${key} ${back[key]}`);
        }
      },
    ),
    { numRuns: 40 },
  );
});

test('what stands still asks for a look only when something stirs near it', () => {
  const still = { box: { x: 0.2, y: 0.3, width: 0.1, height: 0.3 }, isStill: true };
  const mover = { box: { x: 0.7, y: 0.3, width: 0.05, height: 0.2 }, isStill: false };
  const blob = { x: 0.9, y: 0.8, width: 0.02, height: 0.02 };
  const near = { x: 0.31, y: 0.4, width: 0.02, height: 0.02 };
  assert.deepEqual(stirring([still], []), []);
  assert.deepEqual(stirring([still, mover], [blob]), [mover.box, blob]);
  assert.deepEqual(stirring([still], [near]), [still.box, near]);
  const planner = new LookPlanner(PICTURE, shape(192, 192));
  assert.deepEqual(planner.next([], 0), { region: null }, 'never looked yet');
  planner.note({ region: null }, 0);
  assert.equal(planner.next([], 900_000), null);
  assert.deepEqual(planner.next([], 1_000_000), { region: null });
});

/** A textured ground with something small that stirs at the right. */
function draw(frame: number): Uint8Array {
  const yuv = new Uint8Array((PICTURE.width * PICTURE.height * 3) / 2).fill(128);
  for (let at = 0; at < PICTURE.width * PICTURE.height; at++) yuv[at] = 60 + ((at >> 4) % 40);
  if (frame < 80) return yuv;
  const left = 440 + (frame - 80);
  for (let y = 240; y < 280; y++)
    yuv.fill(y % 8 < 4 ? 230 : 20, y * 640 + left, y * 640 + left + 16);
  return yuv;
}

test('who stands still is kept by looks at the whole, while parts follow what stirs', async () => {
  const looks: (Region | null)[] = [];
  let frame = 0;
  const stander = { label: 'person', confidence: 0.9, x: 0.1, y: 0.3, width: 0.06, height: 0.2 };
  const detector = {
    state: () => ({ state: 'running', reason: '', provider: 'cpu' }),
    model: { id: 'told', input: shape(192, 192) },
    isIdle: () => true,
    // It sees the one who stands wherever it looks there, and what is small in a part only.
    detect: async (_: Picture, region: Region | null) => {
      looks.push(region);
      const small = { ...stander, x: (440 + frame - 80) / 640, y: 240 / 360 };
      const mover = { ...small, width: 16 / 640, height: 40 / 360 };
      const isThere = (one: Box) => !region || sees(region, inPixels(one));
      const movers = frame >= 80 && region ? [mover] : [];
      const detections = [stander, ...movers].filter(isThere);
      return { detections, inferMs: 1, glueMs: 0 };
    },
    onChange() {},
    async close() {},
  } as unknown as Detector;
  const clock = { nowUs: () => 1 };
  const parts = { clock, timers: realTimers, takeId: makeIds(), pack: EMPTY_PACK, detector };
  const sight = new Sight(parts);
  const ids: (number | undefined)[] = [];
  let movers = 0;
  for (; frame < 160; frame++) {
    const at = { captureUs: 1_000_000 + frame * LOOK_US, rtpTimestamp: frame };
    const times = { receivedMs: 0, decodedMs: 0 };
    const { facts } = await sight.judge({ ...at, ...times, yuv: draw(frame) }, true);
    const people = fromBinary(FrameFactsSchema, facts).tracks.filter(
      ({ label }) => label === 'person',
    );
    if (frame >= 60) ids.push(people.find(({ box }) => (box?.x ?? 1) < 0.3)?.id);
    if (frame >= 90 && people.some(({ box }) => (box?.x ?? 0) > 0.6)) movers++;
    if (frame === 79) looks.length = 0;
  }
  assert.deepEqual([...new Set(ids)], [1], 'the one who stands keeps the id');
  assert.ok(movers >= 60, `the small one on ${movers} of 70 pictures`);
  const whole = looks.filter((region) => region === null).length;
  assert.ok(whole >= 10 && whole <= looks.length * 0.6, `${whole} of ${looks.length} looks`);
});

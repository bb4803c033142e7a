// Proves how general sight reaches the facts and the detector: a cut ends tracks and is a fact, a
// still picture is looked at once a second and a stirring one always, and a rush of bets becomes a
// highlight with its reasons and a range that may be replayed.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromBinary } from '@bufbuild/protobuf';
import { realTimers } from '../../core/base/clock.ts';
import { type GameEvent, gameEventSchema } from '../../core/contract/events.ts';
import { type FrameFacts, FrameFactsSchema } from '../../core/wire/gen/facts_pb.js';
import type { Detector } from './models/detector.ts';
import { EMPTY_PACK } from './moriarty/pack.ts';
import { Sight } from './sight.ts';
import { type Detection, makeIds } from './tracking/track.ts';
import { Highlights } from './vibrio/highlights.ts';
import { PICTURE } from './vibrio/motion.ts';

const { width, height } = PICTURE;
const SECOND_US = 1_000_000;

function draw(base: number, thingAt: number | null): Uint8Array {
  const yuv = new Uint8Array((width * height * 3) / 2).fill(128);
  for (let at = 0; at < width * height; at++) yuv[at] = base + ((at >> 4) % 40);
  if (thingAt === null) return yuv;
  for (let y = 100; y < 200; y++) {
    for (let x = thingAt; x < thingAt + 50; x++)
      yuv[y * width + x] = (x - thingAt) % 20 < 10 ? 230 : 20;
  }
  return yuv;
}

/** Sees what it is told to see, and counts how often it was asked. */
function fakeDetector(seen: () => Detection[]) {
  const looks = { count: 0 };
  const detector = {
    state: () => ({ state: 'running', reason: '', provider: 'cpu' }),
    model: { id: 'told' },
    isIdle: () => true,
    detect: async () => {
      looks.count++;
      return { detections: seen(), inferMs: 1, glueMs: 0 };
    },
    onChange() {},
    async close() {},
  } as unknown as Detector;
  return { detector, looks };
}

function open(detector: Detector | null, highlights = new Highlights()) {
  const clock = { nowUs: () => 1 };
  const rest = { clock, timers: realTimers, takeId: makeIds(), pack: EMPTY_PACK };
  const sight = new Sight({ ...rest, detector, highlights });
  return async (yuv: Uint8Array, captureUs: number) => {
    const times = { receivedMs: 0, decodedMs: 0 };
    const result = await sight.judge({ captureUs, rtpTimestamp: 7, yuv, ...times }, true);
    return { ...result, told: fromBinary(FrameFactsSchema, result.facts) };
  };
}

const person = (): Detection[] => [
  { label: 'person', confidence: 0.9, x: 0.3, y: 0.3, width: 0.08, height: 0.28 },
];

test('a cut is a fact and ends the tracks of the scene before', async () => {
  const judge = open(null);
  const told: FrameFacts[] = [];
  for (let frame = 0; frame < 60; frame++) {
    const picture = frame < 40 ? draw(40, 100 + frame * 8) : draw(170, null);
    told.push((await judge(picture, SECOND_US + frame * 40_000)).told);
  }
  assert.ok(told[39]?.tracks.some(({ label }) => label === 'motion'));
  assert.deepEqual(
    told.flatMap(({ scene }, frame) => (scene?.cut ? [frame] : [])),
    [41],
  );
  assert.deepEqual(told[45]?.tracks, []);
  assert.equal(told[30]?.scene?.background, 'steady');
});

test('where all stands still a look a second is enough; what stirs is looked at', async () => {
  const { detector, looks } = fakeDetector(person);
  const judge = open(detector);
  const still = draw(60, null);
  let frame = 0;
  const next = (picture: Uint8Array) => judge(picture, SECOND_US + frame++ * 40_000);
  for (let count = 0; count < 75; count++) await next(still);
  const before = looks.count;
  const views = [];
  for (let count = 0; count < 100; count++) views.push((await next(still)).told.tracks);
  assert.ok(
    looks.count - before >= 3 && looks.count - before <= 5,
    `${looks.count - before} looks`,
  );
  assert.ok(views.every(([track]) => track?.id === 1 && track.label === 'person'));
  const resting = looks.count;
  for (let count = 0; count < 20; count++) await next(draw(60, 100 + count * 10));
  assert.equal(looks.count - resting, 20);
});

test('a rush of bets is a highlight with reasons, score and range', async () => {
  const highlights = new Highlights();
  const judge = open(null, highlights);
  const still = draw(60, null);
  const events: GameEvent[] = [];
  for (let second = 1; second <= 70; second++) {
    const bets = second >= 60 && second < 63 ? 12 : second % 2;
    highlights.add('bets', second * SECOND_US, bets);
    for (const part of [0, 500_000]) {
      events.push(...(await judge(still, second * SECOND_US + part)).events);
    }
  }
  const [event, ...rest] = events;
  assert.deepEqual(rest, []);
  assert.equal(event?.type, 'highlight');
  assert.deepEqual(gameEventSchema.parse(event), event);
  assert.deepEqual(event?.reasons, ['bets']);
  assert.ok((event?.score ?? 0) > 5);
  const { fromUs = 0, toUs = 0 } = event?.replay ?? {};
  assert.ok(fromUs >= 55 * SECOND_US && fromUs <= 58 * SECOND_US, `from ${fromUs}`);
  assert.ok(toUs >= 63 * SECOND_US && toUs <= 66 * SECOND_US, `to ${toUs}`);
  assert.match(event?.why ?? '', /^Bets .* above what is usual; score/);
});

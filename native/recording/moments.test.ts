// Proves what is kept of single events: bounded lists in the order of capture, a real picture of the
// frame made once and only while the ring holds it, none of a sealed show, never more than a few
// waiting, and the facts of the moment even after vision has forgotten them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { realTimers } from '../../core/base/clock.ts';
import { silentLogger } from '../../core/base/logger.ts';
import type { GameEvent } from '../../core/contract/events.ts';
import { TIMELINE_KEPT_MAX } from '../../core/contract/timeline.ts';
import { resolveFfmpeg } from '../ffmpeg/resolve.ts';
import { makeTestVideo } from '../webrtc/testVideo.ts';
import { createMoments, MOMENT_BYTES_MAX, MOMENT_WIDTH } from './moments.ts';
import { createReplayRing } from './replayRing.ts';
import { createStillMaker, type StillMaker } from './still.ts';

const made = makeTestVideo({ frames: 60, size: '320x180', kilobits: 300 });
const STEP_US = 33_333;
const JPEG = Uint8Array.of(0xff, 0xd8, 0xff, 1);

function happening(id: string, captureUs: number, changes: Partial<GameEvent> = {}): GameEvent {
  return {
    ...{ id, type: 'goal', captureUs, rtpTimestamp: 0, detectedUs: captureUs, confidence: 0.9 },
    ...{ why: '', subject: '', trackIds: [] },
    ...changes,
  };
}

function open(makeStill: StillMaker = async () => JPEG) {
  const ring = createReplayRing();
  if (typeof made !== 'string') {
    for (const [at, frame] of made.frames.entries()) {
      const rest = { captureUs: at * STEP_US, rtpTimestamp: 0, config: 0 };
      ring.push({ track: 'video', ...rest, ...frame });
    }
  }
  const asked: number[] = [];
  const seal = { isOn: false };
  const facts: Record<number, string[]> = {};
  const moments = createMoments({
    ring,
    isSealed: () => seal.isOn,
    factsAt: (captureUs) => facts[captureUs] ?? [],
    makeStill(units) {
      asked.push(units.at(-1)?.captureUs ?? -1);
      return makeStill(units);
    },
  });
  return { moments, asked, seal, facts };
}

const skip = typeof made === 'string' ? made : false;

test('the picture is of that frame, small, and made once', { skip }, async () => {
  const ffmpeg = await resolveFfmpeg({ environmentPath: process.env.MORPHINE_FFMPEG });
  const around = { ffmpeg, timers: realTimers, logger: silentLogger, onHelper() {} };
  const { moments, asked } = open(createStillMaker({ ...around, widthMax: MOMENT_WIDTH }));
  moments.happened(happening('goal', 40 * STEP_US + 100));
  const [moment, again] = await Promise.all([moments.moment('goal'), moments.moment('goal')]);
  assert.deepEqual(asked, [40 * STEP_US]);
  assert.equal(moment?.stillState, 'made');
  assert.ok(moment.still && moment.still.length > 500 && moment.still.length <= MOMENT_BYTES_MAX);
  assert.deepEqual([...moment.still.subarray(0, 2)], [0xff, 0xd8]);
  assert.equal(again?.still, moment.still);
  await moments.moment('goal');
  assert.equal(asked.length, 1);
});

test('a pass is pictured when somebody asks, a sealed show only where it is allowed', {
  skip,
}, async () => {
  const { moments, asked, seal } = open();
  moments.happened(happening('pass', 10 * STEP_US, { type: 'pass' }));
  assert.deepEqual(asked, []);
  seal.isOn = true;
  moments.happened(happening('goal', 20 * STEP_US));
  assert.equal((await moments.moment('goal'))?.stillState, 'sealed');
  assert.equal((await moments.moment('pass'))?.still, null);
  assert.deepEqual(asked, []);
  seal.isOn = false;
  assert.equal((await moments.moment('pass'))?.still, JPEG);
  moments.happened(happening('old', -5));
  assert.equal((await moments.moment('old'))?.stillState, 'gone');
  assert.equal(await moments.moment('nobody'), null);
});

test('only a few pictures wait; more are left out and counted', { skip }, async () => {
  let finish = () => {};
  const held = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const { moments, asked } = open(() => held.then(() => JPEG));
  for (let at = 0; at < 20; at++) moments.happened(happening(`p${at}`, at, { type: 'pass' }));
  const answers = Array.from({ length: 20 }, (_, at) => moments.moment(`p${at}`));
  finish();
  const states = (await Promise.all(answers)).map((moment) => moment?.stillState);
  assert.equal(states.filter((state) => state === 'made').length, asked.length);
  assert.equal(moments.droppedCount(), 20 - asked.length);
  assert.ok(asked.length < 10);
});

test('events are bounded, in order of capture, and come in pages; facts outlive vision', async () => {
  const { moments, facts } = open(async () => null);
  facts[5] = ['@5 frame', 'x'.repeat(2_000)];
  moments.happened(happening('first', 5, { type: 'pass' }));
  delete facts[5];
  const lines = (await moments.moment('first'))?.lines ?? [];
  assert.deepEqual([lines[0], lines[1]?.length], ['@5 frame', 400]);

  const count = TIMELINE_KEPT_MAX * 1.2;
  for (let at = 0; at < count; at++) {
    // Every second one is told late.
    const captureUs = 1_000 + (at % 2 === 0 ? at + 1 : at - 1) * 10;
    moments.happened(happening(`e${at}`, captureUs, { type: 'pass' }));
  }
  moments.happened(happening('e10', 1, { type: 'pass' }));
  let beforeUs: number | null = null;
  let found: GameEvent[] = [];
  for (;;) {
    const page: GameEvent[] = moments.events({ beforeUs, limit: 1_000 });
    if (page.length === 0) break;
    found = [...page, ...found];
    beforeUs = page[0]?.captureUs ?? 0;
  }
  assert.equal(found.length, TIMELINE_KEPT_MAX);
  const times = found.map(({ captureUs }) => captureUs);
  assert.deepEqual(
    times,
    [...times].sort((one, other) => one - other),
  );
  assert.equal(new Set(found.map(({ id }) => id)).size, TIMELINE_KEPT_MAX);
  assert.equal(moments.event('first'), null);
});

// Proves that the ring of frames keeps the newest 300 with the times that were told and no others,
// that an answer holds what changed and nothing else, that late times are counted, and what a frame
// costs.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { ManualTime } from '../../core/base/clock.ts';
import { FRAMES_KEPT } from '../../core/contract/frames.ts';
import { operations } from '../../core/contract/operations.ts';
import type { Unit } from '../../core/media/feed.ts';
import {
  FrameFactsSchema,
  type FrameTimes,
  FrameTimesSchema,
} from '../../core/wire/gen/facts_pb.js';
import { createFrameRing } from './frameRing.ts';

const FRAME_MS = 33;

function unit(captureUs: number, more: Partial<Unit> = {}): Unit {
  const bytes = new Uint8Array(100);
  const rest = { track: 'video', keyFrame: false, config: 1, bytes } as const;
  return { ...rest, captureUs, rtpTimestamp: (captureUs * 0.09) >>> 0, ...more };
}

function facts(captureUs: number, knownUs: number) {
  const stages = {
    ...{ totalUs: 9_000, decodeUs: 4_000, waitedUs: 1_000, lookedUs: 3_000 },
    ...{ motionUs: 500, inferUs: 2_400, trackUs: 600, eventUs: 300 },
  };
  return create(FrameFactsSchema, {
    captureUs: BigInt(captureUs),
    knownUs: BigInt(knownUs),
    stages,
  });
}

function stage() {
  const time = new ManualTime();
  const asked: number[] = [];
  let tell: (times: FrameTimes) => void = () => {};
  const ring = createFrameRing(time, {
    askFrameTimes: (afterUs) => asked.push(afterUs) > 0,
    onFrameTimes(run) {
      tell = run;
    },
  });
  const show = (frames: number) => {
    for (let count = 0; count < frames; count++) {
      const captureUs = time.nowUs();
      time.advance(2);
      const sent = ring.taken(unit(captureUs));
      time.advance(1);
      sent();
      time.advance(FRAME_MS - 3);
    }
  };
  return { time, ring, asked, show, tell: (times: FrameTimes) => tell(times) };
}

test('the newest 300 frames stay, with their real moments; an answer holds what changed', () => {
  const { time, ring, show } = stage();
  const startUs = time.nowUs();
  show(FRAMES_KEPT + 12);
  const all = operations.frames.recent.result.parse(ring.recent(0));
  assert.equal(all.frames.length, FRAMES_KEPT);
  const [first] = all.frames;
  assert.equal(first?.captureUs, startUs + 12 * FRAME_MS * 1000);
  assert.deepEqual(
    [first.fedUs - first.captureUs, (first.sentUs ?? 0) - first.fedUs],
    [2_000, 1_000],
  );
  assert.deepEqual([first.sight, first.relay, first.encodingUs], [null, null, null]);
  assert.deepEqual(ring.recent(all.version).frames, []);
  show(1);
  const encodingUs = time.nowUs() - 1;
  ring.taken(unit(time.nowUs() - 2, { encodingUs }))();
  const more = ring.recent(all.version);
  assert.deepEqual(
    more.frames.map((one) => one.encodingUs),
    [null, encodingUs],
  );
  const judgedUs = all.frames[200]?.captureUs ?? 0;
  ring.judged(facts(judgedUs, judgedUs + 20_000));
  const [judged, ...others] = ring.recent(more.version).frames;
  assert.equal(others.length, 0);
  assert.deepEqual(judged?.sight, {
    ...{ receivedUs: judgedUs + 11_000, decodedUs: judgedUs + 15_000, begunUs: judgedUs + 16_000 },
    ...{ seenUs: judgedUs + 19_000, knownUs: judgedUs + 20_000, heardUs: time.nowUs() },
    ...{ motionUs: 500, inferUs: 2_400, trackUs: 600, eventUs: 300 },
  });
});

test('sound, smaller copies and slates are no frames; a result of a forgotten one is counted', () => {
  const { time, ring } = stage();
  const captureUs = time.nowUs();
  for (const more of [{ track: 'audio' }, { layer: 'low' }, { slate: true }] as const) {
    ring.taken(unit(captureUs, more))();
  }
  assert.deepEqual(ring.recent(0).frames, []);
  ring.judged(facts(captureUs, captureUs + 20_000));
  assert.deepEqual(ring.counters, { framesTaken: 0, timesTooLate: 1 });
});

test('the relay is asked when somebody looks, from its newest answer on', () => {
  const { ring, asked, show, tell } = stage();
  show(3);
  assert.equal(asked.length, 0, 'nobody looks');
  const { frames, version, relayUncertaintyUs } = ring.recent(0);
  assert.equal(relayUncertaintyUs, null);
  const [first] = frames;
  assert.ok(first);
  const [firstUs, lastUs] = [first.fedUs + 1_200, first.fedUs + 1_900];
  const known = { firstUs: BigInt(firstUs), lastUs: BigInt(lastUs) };
  const told = [first.rtpTimestamp, 7].map((rtpTimestamp) => ({ rtpTimestamp, ...known }));
  tell(create(FrameTimesSchema, { frames: told, uncertaintyUs: 80 }));
  const later = ring.recent(version);
  assert.deepEqual(
    later.frames.map((one) => one.relay),
    [{ firstUs, lastUs }],
  );
  assert.equal(later.relayUncertaintyUs, 80);
  assert.deepEqual(asked, [0, lastUs]);
  const second = { ...known, rtpTimestamp: frames[1]?.rtpTimestamp ?? 0 };
  tell(create(FrameTimesSchema, { frames: [second], uncertaintyUs: 20 }));
  const { relayUncertaintyUs: worst } = ring.recent(0);
  assert.equal(worst, 80, 'the first was told when the clock was known less well');
  assert.equal(ring.counters.timesTooLate, 1, 'one that is not of this show');
});

test('what a frame costs is told', (t) => {
  const { time, ring } = stage();
  const frames = 20_000;
  const startUs = time.nowUs();
  const told = Array.from({ length: frames }, (_none, index) => {
    const captureUs = startUs + index * FRAME_MS * 1000;
    return { unit: unit(captureUs), facts: facts(captureUs, captureUs + 20_000) };
  });
  const begun = process.cpuUsage();
  for (const one of told) {
    ring.taken(one.unit)();
    ring.judged(one.facts);
  }
  const { user } = process.cpuUsage(begun);
  t.diagnostic(`${Math.round((user * 1000) / frames)} ns of the processor a frame`);
  const { length } = ring.recent(0).frames.filter(({ sight }) => sight !== null);
  assert.equal(length, FRAMES_KEPT, 'all of it was done');
});

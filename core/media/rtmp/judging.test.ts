// Proves the two judgements about an encoder's stream: when its pictures were made (wraps, drift, a
// slow network, a new count), and whether they may go to viewers untouched.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { SequenceParameters } from '../h264.ts';
import { isBSlice, misfitOf, PassthroughJudge } from './passthrough.ts';
import { SenderClock } from './senderClock.ts';

const seed = Number(process.env.SEED ?? 20261121);
console.log(`seed ${seed}`);

test('times of an hour with a drifting crystal and a wrap stay within the network’s delay', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -100, max: 100 }),
      fc.nat(0xffff_ffff),
      fc.array(fc.nat(40_000), { minLength: 50, maxLength: 50 }),
      (partsPerMillion, firstTimestamp, delaysUs) => {
        const clock = new SenderClock();
        // Every tenth packet is quick, as on any network that works.
        for (let at = 0; at < 36_000; at++) {
          const madeUs = at * 100_000;
          const delayUs = at % 10 === 0 ? 1_000 : 1_000 + (delaysUs[at % 50] ?? 0);
          const senderMs = Math.round((madeUs / 1000) * (1 + partsPerMillion / 1_000_000));
          const arrivedUs = 1_000_000_000 + madeUs + delayUs;
          const timeMs = clock.extend((firstTimestamp + senderMs) >>> 0, arrivedUs);
          clock.arrived(timeMs, arrivedUs);
          const errorUs = clock.captureUsOf(timeMs * 1000) - (1_000_000_000 + madeUs);
          // Never after it came; never a frame before it was made.
          assert.ok(errorUs <= delayUs + 1, `${errorUs} of ${delayUs}`);
          assert.ok(at < 200 || errorUs > -3_000, `${errorUs} at ${at}`);
        }
      },
    ),
    { seed, numRuns: 8 },
  );
});

test('a count that begins anew goes on at the time that passed', () => {
  const clock = new SenderClock();
  assert.equal(clock.extend(5_000_000, 1_000_000), 5_000_000);
  assert.equal(clock.extend(5_000_040, 1_040_000), 5_000_040);
  assert.equal(clock.extend(0, 1_080_000), 5_000_080);
  assert.equal(clock.extend(40, 1_120_000), 5_000_120);
  // Sound a little before the picture that came already.
  assert.equal(clock.extend(20, 1_121_000), 5_000_100);
});

const sps: SequenceParameters = {
  ...{ profile: 100, constraints: 0, level: 31, width: 1280, height: 720 },
  ...{ reorderFramesMax: 0, codec: 'avc1.64001F' },
};

test('a stream is judged by its parameters', () => {
  assert.equal(misfitOf(sps), null);
  assert.equal(misfitOf({ ...sps, reorderFramesMax: null }), null);
  assert.equal(misfitOf({ ...sps, reorderFramesMax: 2 }), 'bFrames');
  assert.equal(misfitOf({ ...sps, profile: 110 }), 'profile');
  assert.equal(misfitOf({ ...sps, profile: 244 }), 'profile');
  assert.equal(misfitOf({ ...sps, width: 1920, height: 1080, level: 42 }), null);
  assert.equal(misfitOf({ ...sps, width: 2560, height: 1440, level: 42 }), 'size');
  assert.equal(misfitOf({ ...sps, level: 51 }), 'size');
});

/** first_mb_in_slice 0, then slice_type, both ue(v). */
const slice = (type: number) => Uint8Array.of(0x41, 0x80 | (type === 0 ? 0x40 : 0x20), 0x80);
const P_SLICE = slice(0);
const B_SLICE = slice(1);

test('B-frames that the parameters are silent about are found in the pictures', () => {
  assert.deepEqual([P_SLICE, B_SLICE].map(isBSlice), [false, true]);
  assert.equal(isBSlice(new Uint8Array(0)), false);
  const judge = new PassthroughJudge();
  judge.begin({ ...sps, reorderFramesMax: null });
  const look = (presentationMs: number, unit = P_SLICE) =>
    judge.look({ presentationMs, isKey: presentationMs === 0, units: [unit] });
  assert.deepEqual(
    [0, 33, 66].map((at) => look(at)),
    [null, null, null],
  );
  assert.equal(look(100, B_SLICE), 'bFrames');
  judge.begin(sps);
  assert.equal(look(200), null);
  assert.equal(look(160), 'bFrames');
});

test('key frames too far apart are a misfit until they have come often for a while', () => {
  const judge = new PassthroughJudge();
  judge.begin(sps);
  const seen: (string | null)[] = [];
  for (let at = 0; at <= 4_000; at += 500) {
    seen.push(judge.look({ presentationMs: at, isKey: at === 0, units: [P_SLICE] }));
  }
  assert.deepEqual(seen, [null, null, null, null, null, ...Array(4).fill('keyFrames')]);
  const later: (string | null)[] = [];
  for (let at = 4_500; at <= 10_500; at += 1_000) {
    later.push(judge.look({ presentationMs: at, isKey: true, units: [P_SLICE] }));
  }
  assert.deepEqual(later, [...Array(5).fill('keyFrames'), null, null]);
});

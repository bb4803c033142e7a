// Proves with a real ffmpeg that the demo's picture comes in two sizes on one clock, and that a
// change of bitrate while it runs loses no frame and repeats none: the new encoder takes over at its
// key frame. What the drawing itself skipped on a busy machine is counted and allowed for. Another
// choice of picture takes over under the same readers, without copies that would be none.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { realTimers } from '../../core/base/clock.ts';
import { silentLogger } from '../../core/base/logger.ts';
import { FIRST_PICTURE_CHOICE } from '../../core/contract/picture.ts';
import type { Unit } from '../../core/media/feed.ts';
import { nalTypeOf, parseSps, splitAnnexB } from '../../core/media/h264.ts';
import { pictureTargetOf } from '../../core/media/pictureTarget.ts';
import { builds } from '../ffmpeg/testing/builds.ts';
import { until } from '../webrtc/testVideo.ts';
import { createCapture } from './capture.ts';

const ffmpeg = builds.find((build) => build.ffmpeg)?.ffmpeg ?? null;
const FRAME_US = 1_000_000 / 30;
const clock = { nowUs: () => Number(process.hrtime.bigint() / 1000n) };
after(() => setImmediate(() => process.exit()));

test('two sizes on one clock; another bitrate without a gap', {
  skip: ffmpeg ? false : 'no ffmpeg',
}, async (t) => {
  if (!ffmpeg) return;
  const best: Unit[] = [];
  const low: Unit[] = [];
  let ended = 0;
  /** A machine so busy that the slate came lets pictures go until the next key frame. */
  let slates = 0;
  const capture = createCapture({
    ...{ clock, timers: realTimers, logger: silentLogger, ffmpeg, callerFolder: '.', seed: 5 },
    ...{ demoAnchorUs: clock.nowUs(), videoClockOffset: 0, audioClockOffset: 0 },
    onHelper(_pid: number, alive: boolean) {
      if (!alive) ended++;
    },
    demoWorkerUrl: new URL('testing/flashWorker.ts', import.meta.url),
    lowerLayers: ['low'],
  });
  t.after(() => capture.close());
  capture.onUnit((unit) => {
    if (unit.slate) slates++;
    else if (unit.track === 'video') (unit.layer === 'low' ? low : best).push(unit);
  });
  await capture.select('demo:');
  await until('both sizes', () => best.length > 40 && low.length > 40, 30_000);
  assert.deepEqual(sizeOf(low), { width: 640, height: 360 });
  assert.deepEqual(sizeOf(best), { width: 1280, height: 720 });
  assert.equal(capture.state().height, 720, 'the state tells of the best one');
  const times = new Set(best.map(({ captureUs }) => captureUs));
  assert.ok(low.filter(({ captureUs }) => times.has(captureUs)).length > 20, 'the same moments');

  assert.equal(capture.setBitrate(500_000), true);
  await until('the old encoder is ended', () => ended > 0, 30_000);
  const from = best.length;
  await until('it goes on', () => best.length > from + 40, 30_000);
  let missing = 0;
  for (let i = 1; i < best.length; i++) {
    const frames = Math.round(
      ((best[i]?.captureUs ?? 0) - (best[i - 1]?.captureUs ?? 0)) / FRAME_US,
    );
    assert.ok(frames >= 1);
    missing += frames - 1;
  }
  t.diagnostic(
    `frames missing ${missing}, skipped by the drawing ${capture.counters().framesDropped}`,
  );
  assert.ok(missing <= capture.counters().framesDropped || slates > 0);

  const cuts: number[] = [];
  capture.onCut(({ fromUs }) => cuts.push(fromUs));
  const small = pictureTargetOf({ ...FIRST_PICTURE_CHOICE, height: 360, intent: 'weakUplink' });
  capture.setPicture(small);
  await until('the smaller one', () => cuts.length === 1 && capture.state().height === 360, 30_000);
  const at = best.findIndex(({ captureUs }) => captureUs > (cuts[0] ?? 0));
  const lowBefore = low.length;
  await until('it goes on', () => best.length > at + 30, 30_000);
  assert.equal(best[at]?.keyFrame, true);
  assert.deepEqual(sizeOf(best.slice(at)), { width: 640, height: 360 });
  assert.deepEqual([capture.state().madeBy, capture.state().state], ['x264', 'live']);
  assert.equal(low.length, lowBefore, 'a copy no smaller than the picture itself is none');
  const again = capture.state();
  await capture.select('demo:');
  assert.deepEqual(capture.state(), again, 'it is what was chosen, so nothing is switched');
});

function sizeOf(units: readonly Unit[]) {
  const key = units.find(({ keyFrame }) => keyFrame);
  const sps = splitAnnexB(key?.bytes ?? new Uint8Array()).find((unit) => nalTypeOf(unit) === 7);
  const { width, height } = parseSps(sps ?? new Uint8Array());
  return { width, height };
}

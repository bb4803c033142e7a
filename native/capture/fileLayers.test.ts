// Proves with a real ffmpeg that a file's picture comes in two sizes on one clock, at the owner's
// rate, and that another rate while it plays loses no picture and repeats none: a second encoder
// takes over at its key frame. Times are those of the file, so a gap would show on any machine.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { realTimers } from '../../core/base/clock.ts';
import { silentLogger } from '../../core/base/logger.ts';
import type { Unit } from '../../core/media/feed.ts';
import { nalTypeOf, parseSps, splitAnnexB } from '../../core/media/h264.ts';
import { FIRST_PICTURE_TARGET } from '../../core/media/pictureTarget.ts';
import { builds } from '../ffmpeg/testing/builds.ts';
import { until } from '../webrtc/testVideo.ts';
import { createCapture } from './capture.ts';

const ffmpeg = builds.find((build) => build.ffmpeg)?.ffmpeg ?? null;
const FRAME_US = 40_000;
const SECOND = 25;
/** The pacer moves the start where it is later than this. */
const MOVED_US_MIN = 300_000;
const MOST = 3_000_000;
const LITTLE = 500_000;
const folder = mkdtempSync(join(tmpdir(), 'file-layers-'));
const clock = { nowUs: () => Number(process.hrtime.bigint() / 1000n) };
after(() => {
  rmSync(folder, { recursive: true, force: true });
  setImmediate(() => process.exit());
});

test('a file in two sizes on one clock; another bitrate without a gap', {
  skip: ffmpeg ? false : 'no ffmpeg',
}, async (t) => {
  if (!ffmpeg) return;
  const clip = join(folder, 'clip.mp4');
  const picture = `testsrc2=size=854x480:rate=${SECOND}:duration=30,noise=alls=30:allf=t`;
  const made = spawnSync(ffmpeg.path, [
    ...['-v', 'error', '-f', 'lavfi', '-i', picture, '-f', 'lavfi', '-i', 'sine=duration=30'],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-b:v', '6M', '-pix_fmt', 'yuv420p', clip],
  ]);
  assert.equal(made.status, 0, made.stderr.toString());
  const best: Unit[] = [];
  const low: Unit[] = [];
  /** A machine so busy that the slate came lets best pictures go until the next key frame. */
  let slates = 0;
  const helpers = new Set<number>();
  const capture = createCapture({
    ...{ clock, timers: realTimers, logger: silentLogger, ffmpeg, callerFolder: '.', seed: 5 },
    ...{ demoAnchorUs: clock.nowUs(), videoClockOffset: 0, audioClockOffset: 0 },
    onHelper: (pid: number, alive: boolean) =>
      void (alive ? helpers.add(pid) : helpers.delete(pid)),
    demoWorkerUrl: new URL('testing/flashWorker.ts', import.meta.url),
    ...{
      lowerLayers: ['medium', 'low'],
      picture: { ...FIRST_PICTURE_TARGET, bitsPerSecond: MOST },
    },
    ...{ isElastic: true },
  });
  t.after(() => capture.close());
  capture.onUnit((unit) => {
    if (unit.slate) slates++;
    if (unit.track !== 'video' || unit.slate) return;
    assert.notEqual(unit.layer, 'medium', 'no copy is larger than the picture');
    (unit.layer === 'low' ? low : best).push(unit);
  });
  await capture.select(`file:${clip}`);
  await until('both sizes', () => best.length > 3 * SECOND && low.length > SECOND, 90_000);
  assert.deepEqual(sizeOf(best), { width: 854, height: 480 });
  assert.deepEqual(sizeOf(low), { width: 640, height: 360 });
  const times = new Set(best.map(({ captureUs }) => captureUs));
  assert.ok(slates > 0 || low.every(({ captureUs }) => times.has(captureUs)), 'the same moments');
  const richRate = rateOf(best.slice(SECOND));

  assert.equal(capture.setBitrate(LITTLE), true);
  const poor = () => rateOf(best.slice(-SECOND)) < richRate / 3;
  await until('a lower rate', poor, 90_000);
  const from = best.length;
  await until('it goes on', () => best.length > from + SECOND, 90_000);
  t.diagnostic(`${(richRate / 1e6).toFixed(2)} to ${(rateOf(best.slice(from)) / 1e6).toFixed(2)}`);
  for (const [index, { captureUs }] of best.slice(1).entries()) {
    const step = captureUs - (best[index]?.captureUs ?? 0);
    // On a machine that could not keep up the file's start was moved, never a single picture.
    const isMoved = step >= MOVED_US_MIN;
    const isNext = Math.abs(step - FRAME_US) <= FRAME_US / 2;
    assert.ok(isNext || isMoved || slates > 0, `a step of ${step} us at ${index}`);
  }
  await until('the old encoder is ended', () => helpers.size === 3, 90_000);
  await capture.close();
  await until('nobody is left', () => helpers.size === 0, 90_000);
});

function rateOf(units: readonly Unit[]): number {
  const bytes = units.reduce((sum, unit) => sum + unit.bytes.length, 0);
  return (bytes * 8 * SECOND) / units.length;
}

function sizeOf(units: readonly Unit[]) {
  const key = units.find(({ keyFrame }) => keyFrame);
  const sps = splitAnnexB(key?.bytes ?? new Uint8Array()).find((unit) => nalTypeOf(unit) === 7);
  const { width, height } = parseSps(sps ?? new Uint8Array());
  return { width, height };
}

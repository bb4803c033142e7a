// Proves, with the real encoder and decoder, that each unit becomes one picture with exactly its
// own capture time, also over a change of size, garbage and a killed decoder.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { realTimers } from '../../core/base/clock.ts';
import { silentLogger } from '../../core/base/logger.ts';
import type { Unit } from '../../core/media/feed.ts';
import { hasFfmpeg, resolveFfmpeg } from '../ffmpeg/resolve.ts';
import { createDecodeTap, type DecodedFrame } from './decodeTap.ts';
import { encodeClip } from './testFeed.ts';

const ffmpeg = await resolveFfmpeg({ environmentPath: process.env.MORPHINE_FFMPEG });
const skip = hasFfmpeg(ffmpeg) ? false : 'no ffmpeg';

function clip(frames: number, size: string, startUs: number, config: number): Promise<Unit[]> {
  const input = ['-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=30`];
  return encodeClip({ input, frames, startUs, config });
}

/** A tap whose pictures can be waited for. */
function openTap() {
  if (!hasFfmpeg(ffmpeg)) throw new Error('no ffmpeg');
  const frames: DecodedFrame[] = [];
  const pids: number[] = [];
  const troubles: string[] = [];
  let onChange = () => {};
  const tap = createDecodeTap({
    ffmpeg,
    timers: realTimers,
    logger: silentLogger,
    onHelper: (pid, alive) => {
      if (alive) pids.push(pid);
    },
    onFrame: (frame) => {
      frames.push(frame);
      onChange();
    },
    onTrouble: (reason) => {
      troubles.push(reason);
      onChange();
    },
  });
  const until = (isDone: () => boolean) =>
    new Promise<void>((resolve) => {
      onChange = () => {
        if (isDone()) resolve();
      };
      onChange();
    });
  return { tap, frames, pids, troubles, until };
}

test('one picture per unit, with its own time, without waiting for the next unit', {
  skip,
}, async () => {
  const units = await clip(90, '1280x720', 5_000_017, 1);
  const { tap, frames, until } = openTap();
  for (const [index, unit] of units.entries()) {
    tap.push(unit);
    // Each picture must come before the next unit goes in.
    await until(() => frames.length > index);
  }
  assert.deepEqual(
    frames.map(({ captureUs, rtpTimestamp }) => [captureUs, rtpTimestamp]),
    units.map(({ captureUs, rtpTimestamp }) => [captureUs, rtpTimestamp]),
  );
  assert.equal(tap.droppedCount(), 0);
  assert.ok(frames.every((frame) => frame.yuv.length === (640 * 360 * 3) / 2));
  await tap.close();
});

test('a change of size keeps every picture and their order', { skip }, async () => {
  const first = await clip(45, '1280x720', 5_000_000, 1);
  const second = await clip(45, '640x480', 6_500_000, 2);
  const { tap, frames, until } = openTap();
  for (const unit of [...first, ...second]) tap.push(unit);
  await until(() => frames.length === 90);
  assert.deepEqual(
    frames.map((frame) => frame.captureUs),
    [...first, ...second].map((unit) => unit.captureUs),
  );
  await tap.close();
});

test('garbage costs pictures, not the tap', { skip }, async () => {
  const units = await clip(120, '640x360', 5_000_000, 1);
  const { tap, frames, until } = openTap();
  const seed = 7;
  for (const [index, unit] of units.entries()) {
    if (index < 40 || index >= 55) tap.push(unit);
    else {
      const noise = Uint8Array.from(
        unit.bytes,
        (_, at) => ((at * 7919 + seed * index) >>> 3) & 255,
      );
      noise.set([0, 0, 0, 1, 0x41]);
      tap.push({ ...unit, bytes: noise });
    }
  }
  const lastUs = units.at(-1)?.captureUs;
  await until(() => frames.at(-1)?.captureUs === lastUs);
  const fine = frames.filter((frame) => frame.captureUs >= (units[60]?.captureUs ?? 0));
  assert.equal(fine.length, 60, 'from the next key frame on every picture is there');
  const times = frames.map((frame) => frame.captureUs);
  assert.deepEqual(
    times,
    times.toSorted((a, b) => a - b),
  );
  await tap.close();
});

test('a killed decoder comes back at a key frame', { skip }, async () => {
  const units = await clip(150, '640x360', 5_000_000, 1);
  const { tap, frames, pids, troubles, until } = openTap();
  for (const unit of units.slice(0, 40)) tap.push(unit);
  await until(() => frames.length === 40);
  process.kill(pids[0] ?? 0, 'SIGKILL');
  await until(() => troubles.length === 1);
  for (const unit of units.slice(40)) {
    tap.push(unit);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const lastUs = units.at(-1)?.captureUs;
  await until(() => frames.at(-1)?.captureUs === lastUs);
  assert.equal(pids.length, 2);
  assert.ok(tap.droppedCount() >= 20, 'the units up to the key frame are counted');
  await tap.close();
});

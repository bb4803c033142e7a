// Proves that hardware decoding is taken only after a real trial, and that what fails it, or fails
// in use, leaves software decoding with the reason. Where this machine has no decoder the trial of a
// missing one is real; a working one is played by ffmpeg's software under another name.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { realTimers } from '../../core/base/clock.ts';
import { silentLogger } from '../../core/base/logger.ts';
import { hasFfmpeg, resolveFfmpeg } from '../ffmpeg/resolve.ts';
import { createDecodeTap } from './decodeTap.ts';
import { type HardwareChoice, NO_HARDWARE, tryHardware } from './decodeTapHardware.ts';
import { encodeClip } from './testFeed.ts';

const ffmpeg = await resolveFfmpeg({ environmentPath: process.env.MORPHINE_FFMPEG });
const skip = hasFfmpeg(ffmpeg) ? false : 'no ffmpeg';

test('a decoder that this machine does not have is refused by its trial, with the reason', {
  skip,
}, async () => {
  if (!hasFfmpeg(ffmpeg)) return;
  const none = await tryHardware(ffmpeg, []);
  assert.deepEqual([none.name, none.reason], ['', 'this machine has no decoder of its own']);
  const frob = await tryHardware(ffmpeg, [{ name: 'frob', format: 'frob' }]);
  assert.equal(frob.name, '');
  assert.match(frob.reason, /^frob: ./);
  const silent = { ...ffmpeg, path: process.execPath };
  const broken = await tryHardware(silent, [{ name: 'vaapi', format: 'vaapi' }]);
  assert.match(broken.reason, /^no clip for a trial: /);
});

test('hardware that fails in use is left, and software goes on at a key frame', {
  skip,
}, async () => {
  if (!hasFfmpeg(ffmpeg)) return;
  const units = await encodeClip({
    input: ['-f', 'lavfi', '-i', 'testsrc2=size=640x360:rate=30'],
    ...{ frames: 120, startUs: 5_000_000, config: 1 },
  });
  // It passed its trial once; now the device is gone.
  const choice: HardwareChoice = {
    ...NO_HARDWARE,
    ...{ name: 'vaapi', filter: 'hwdownload,format=nv12,' },
    inputArguments: ['-hwaccel', 'vaapi', '-hwaccel_output_format', 'vaapi'],
  };
  const troubles: string[] = [];
  let seenUs = 0;
  const tap = createDecodeTap({
    ...{ ffmpeg, timers: realTimers, logger: silentLogger, hardware: () => choice },
    onFrame: (frame) => {
      seenUs = frame.captureUs;
    },
    onTrouble: (reason) => troubles.push(reason),
  });
  tap.push(units[0] ?? assert.fail());
  assert.equal(tap.decoder().name, 'vaapi');
  while (troubles.length === 0) await new Promise((done) => setTimeout(done, 5));
  for (const unit of units.slice(1)) {
    tap.push(unit);
    await new Promise((done) => setTimeout(done, 10));
  }
  while (seenUs !== units.at(-1)?.captureUs) await new Promise((done) => setTimeout(done, 5));
  assert.equal(tap.decoder().name, 'software');
  assert.match(tap.decoder().reason, /^vaapi failed in use: ./);
  await tap.close();
});

// Recorders in a process of its own, to be killed: each plays a video many times faster than time
// into its own folder, at its own pace, until nobody lets the process live any longer. Says
// "recording" once all have begun.

import { readFileSync } from 'node:fs';
import { realTimers } from '../../../core/base/clock.ts';
import { silentLogger } from '../../../core/base/logger.ts';
import { readFmp4 } from '../../../core/media/fmp4Reader.ts';
import { createRecorder } from '../recorder.ts';

const [videoFile = '', ...folders] = process.argv.slice(2);
const STEP_US = 33_333;
const frames = [...readFmp4(readFileSync(videoFile))];

for (const [pace, folder] of folders.entries()) {
  const recorder = createRecorder({
    folder,
    timers: realTimers,
    logger: silentLogger,
    wallMs: () => Date.now(),
    onChange() {},
    freeBytes: async () => Number.MAX_SAFE_INTEGER,
  });
  await recorder.start('A show that is killed', {});
  let at = 0;
  setInterval(() => {
    const frame = frames[at % frames.length];
    if (!frame) return;
    const captureUs = 1_700_000_000_000_000 + at * STEP_US;
    const { keyFrame, bytes } = frame;
    recorder.push({ track: 'video', captureUs, rtpTimestamp: 0, config: 0, keyFrame, bytes });
    recorder.fact(`@${captureUs} frame\n`);
    if (at % 50 === 0) recorder.command(JSON.stringify({ at: captureUs }));
    at++;
  }, 1 + pace);
}
process.stdout.write('recording\n');

// A demo worker for tests: black, white for 100 ms at each full second of the match, and a tone at
// the same moments. The real pump runs it.

import { parentPort, workerData } from 'node:worker_threads';
import type { DemoMatch, DemoWorkerData } from '../demoMessages.ts';
import { runDemoPump } from '../demoPump.ts';

const flashMatch: DemoMatch = {
  drawFrame(frameIndex, into) {
    const luma = 1280 * 720;
    into.fill(frameIndex % 30 < 3 ? 235 : 16, 0, luma);
    into.fill(128, luma);
  },
  renderSound(firstSampleIndex, into) {
    for (let i = 0; i < into.length / 2; i++) {
      const at = firstSampleIndex + i;
      const value = at % 48_000 < 4_800 ? 16_000 * Math.sin((at * Math.PI * 2) / 48) : 0;
      into[i * 2] = value;
      into[i * 2 + 1] = value;
    }
  },
};

if (!parentPort) throw new Error('Runs in a worker thread.');
runDemoPump(() => flashMatch, parentPort, workerData as DemoWorkerData);

// Entry of the demo's worker thread: joins the drawn match and the pump, nothing else.

import { parentPort, workerData } from 'node:worker_threads';
import { createMatch } from './demo/match.ts';
import type { DemoWorkerData } from './demoMessages.ts';
import { runDemoPump } from './demoPump.ts';

if (!parentPort) throw new Error('The demo runs in a worker thread of the engine.');
runDemoPump((seed) => createMatch(seed), parentPort, workerData as DemoWorkerData);

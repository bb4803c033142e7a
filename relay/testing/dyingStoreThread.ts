// For tests only: a thread of the witness's file that opens and ends at the first question.

import { parentPort } from 'node:worker_threads';

parentPort?.postMessage({ id: 0, ok: true, result: null });
parentPort?.once('message', () => {
  throw new Error('the thread was told to end');
});

// The thread in which a model runs: ONNX Runtime blocks it for the whole inference, and if it
// hangs or dies, only this thread does. Pictures come through shared memory, one at a time.

import { parentPort, workerData } from 'node:worker_threads';
import type { FromWorker, ToWorker, WorkerStart } from './detector.ts';
import { openSession } from './session.ts';

const port = parentPort;
if (!port) throw new Error('This file is a worker of the vision process.');

const start = workerData as WorkerStart;
const send = (message: FromWorker) => port.postMessage(message);

try {
  const session = await openSession(start.model, start.providers);
  const picture = new Uint8Array(start.memory);
  port.on('message', async (message: ToWorker) => {
    try {
      const bytes = picture.subarray(0, message.byteLength);
      const { width, height, range, matrix } = message;
      const result = await session.detect({ width, height, range, matrix, bytes });
      send({ type: 'seen', id: message.id, ...result });
    } catch (cause) {
      send({ type: 'failed', reason: cause instanceof Error ? cause.message : String(cause) });
    }
  });
  send({ type: 'ready', provider: session.provider, refusals: session.refusals });
} catch (cause) {
  send({ type: 'failed', reason: cause instanceof Error ? cause.message : String(cause) });
}

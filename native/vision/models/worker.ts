// The thread in which a model runs: ONNX Runtime blocks it for the whole inference, and if it
// hangs or dies, only this thread does. Pictures come through shared memory, one at a time.

import { parentPort, workerData } from 'node:worker_threads';
import type { FromWorker, Look, ToWorker, WorkerStart } from './detector.ts';
import { openSession } from './session.ts';

const port = parentPort;
if (!port) throw new Error('This file is a worker of the vision process.');

const start = workerData as WorkerStart;
const send = (message: FromWorker) => port.postMessage(message);

try {
  const session = await openSession(start.model, start.providers);
  const picture = new Uint8Array(start.memory);
  let looking: Promise<void> = Promise.resolve();
  const look = async (message: Look) => {
    try {
      const bytes = picture.subarray(0, message.byteLength);
      const { width, height, range, matrix } = message;
      const result = await session.detect({ width, height, range, matrix, bytes });
      send({ type: 'seen', id: message.id, ...result });
    } catch (cause) {
      send({ type: 'failed', reason: cause instanceof Error ? cause.message : String(cause) });
    }
  };
  port.on('message', (message: ToWorker) => {
    if (message.type === 'look') {
      looking = look(message);
      return;
    }
    // Without a listener the thread ends by itself, after the picture in work.
    void looking.then(() => session.close()).then(() => port.close());
  });
  send({ type: 'ready', provider: session.provider, refusals: session.refusals });
} catch (cause) {
  send({ type: 'failed', reason: cause instanceof Error ? cause.message : String(cause) });
}

// The thread in which a model runs: ONNX Runtime blocks it for the whole inference, and if it
// hangs or dies, only this thread does. Pictures come in shared memory, one at a time.

import { parentPort, workerData } from 'node:worker_threads';
import { openBallSession, type SeenBalls } from './ballSession.ts';
import type { Seen } from './detector.ts';
import type { FromWorker, Look, ToWorker, WorkerStart } from './modelWorker.ts';
import type { SeenPoses } from './poser.ts';
import { openPoseSession } from './poseSession.ts';
import { openSession } from './session.ts';

const port = parentPort;
if (!port) throw new Error('This file is a worker of the vision process.');
const start = workerData as WorkerStart;
const send = (message: FromWorker<Seen | SeenPoses | SeenBalls>) => port.postMessage(message);

/** The model as one question, whatever its kind. */
async function openModel({ model, providers, distrusted, markFile, pictures }: WorkerStart) {
  const trust = { allowed: providers, distrusted, markFile };
  if (model.layout === 'heatmaps') {
    const session = await openPoseSession(model, trust);
    const look = ({ picture, boxes }: Look) => session.look(picture, boxes ?? []);
    return { ...session, look };
  }
  if (model.layout === 'crops') {
    const session = await openBallSession(model);
    const look = ({ picture, moved }: Look) => session.look(picture, moved);
    return { ...session, look };
  }
  const session = await openSession(model, trust, pictures);
  return { ...session, look: ({ picture, region }: Look) => session.detect(picture, region) };
}

const reasonOf = (cause: unknown) => (cause instanceof Error ? cause.message : String(cause));

try {
  const session = await openModel(start);
  let looking: Promise<void> = Promise.resolve();
  const look = async (message: Look) => {
    try {
      send({ type: 'seen', id: message.id, seen: await session.look(message) });
    } catch (cause) {
      send({ type: 'failed', reason: reasonOf(cause) });
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
  const { provider, medianMs, refusals } = session;
  send({ type: 'ready', provider, medianMs, refusals });
} catch (cause) {
  send({ type: 'failed', reason: reasonOf(cause) });
}

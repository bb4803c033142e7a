// The thread in which the relay keeps its witness file: flushing a batch takes milliseconds in
// which the relay has packets of media to pass on. It answers one question after the other, as they
// are asked by threadedStore.ts, and knows nothing else.

import { parentPort, workerData } from 'node:worker_threads';
import { SqliteFailure } from '../../native/sqlite/failure.ts';
import { openEmbeddedStore } from './embeddedStore.ts';
import type { WitnessStore } from './store.ts';
import type { Question, StoreThreadData, ThreadAnswer } from './threadedStore.ts';

const port = parentPort;
if (!port) throw new Error('This file is a thread of the relay.');
const tell = (answer: ThreadAnswer) => port.postMessage(answer);

function opened(): WitnessStore | null {
  try {
    const store = openEmbeddedStore((workerData as StoreThreadData).path);
    tell({ id: 0, ok: true, result: null });
    return store;
  } catch (cause) {
    tell(failed(0, cause));
    return null;
  }
}

function failed(id: number, cause: unknown): ThreadAnswer {
  const message = cause instanceof Error ? cause.message : String(cause);
  return { id, ok: false, message, kind: cause instanceof SqliteFailure ? cause.kind : null };
}

const store = opened();
if (store) {
  port.on('message', async ({ id, method, args }: Question) => {
    try {
      const run = store[method] as (...given: unknown[]) => Promise<unknown>;
      tell({ id, ok: true, result: await run(...args) });
    } catch (cause) {
      tell(failed(id, cause));
    }
    if (method === 'close') port.close();
  });
}

// The utility process of refused.ts: answers over the port that it is handed.

import { fork } from 'node:child_process';

type Handed = { ports: { start(): void; postMessage(message: unknown): void }[] };

const host = process as typeof process & {
  parentPort: { on(signal: 'message', run: (message: Handed) => void): void };
};
host.parentPort.on('message', ({ ports: [port] }) => {
  let forked = 'allowed';
  try {
    fork(import.meta.filename);
  } catch (cause) {
    forked = String(cause);
  }
  port?.postMessage({ 'fork in a utility process': forked, 'process.send': typeof process.send });
});

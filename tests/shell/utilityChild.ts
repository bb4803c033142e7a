// Preloaded into each child of the double's utilityProcess: the child gets `process.parentPort`
// and no `process.send`, may start no JavaScript process, and ends when its host does, as Electron's
// utility processes do.

import childProcess from 'node:child_process';
import { EventEmitter } from 'node:events';
import { syncBuiltinESMExports } from 'node:module';
import { isMainThread } from 'node:worker_threads';
import { checkTransfer, PortWire } from './ports.ts';

type Handed = { data: unknown; ports: string[] };

class ParentPort extends EventEmitter {
  #send: (message: unknown) => void;
  #early: unknown[] = [];

  constructor(send: (message: unknown) => void) {
    super();
    this.#send = send;
    this.on('newListener', (signal) => {
      if (signal === 'message') {
        // The listener itself is added after this signal.
        queueMicrotask(() => {
          for (const message of this.#early.splice(0)) this.emit('message', message);
        });
      }
    });
  }

  deliver(message: unknown): void {
    if (this.listenerCount('message') === 0) this.#early.push(message);
    else this.emit('message', message);
  }

  postMessage(message: unknown, transfer: readonly unknown[] = []): void {
    checkTransfer(transfer);
    if (transfer.length > 0) throw new Error('The double carries ports to children only');
    this.#send({ data: message });
  }
}

if (isMainThread && process.send) {
  const send = process.send.bind(process);
  const tell = (message: unknown) => void send(message, undefined, undefined, () => {});
  const wire = new PortWire(tell);
  const parentPort = new ParentPort(tell);
  process.on('message', (message) => {
    if (wire.receive(message)) return;
    const { data, ports } = message as Handed;
    parentPort.deliver({ data, ports: ports.map((id) => wire.land(id)) });
  });
  process.on('disconnect', () => process.exit(0));
  Object.defineProperty(process, 'parentPort', { value: parentPort });
  delete process.send;
  childProcess.fork = () => {
    throw new Error('A utility process cannot start another process of JavaScript');
  };
  syncBuiltinESMExports();
}

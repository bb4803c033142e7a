// Joined pairs of ports of every kind that Node has, so that one suite can run over each, and a
// value that a test can wait for instead of sleeping.

import { createServer } from 'node:http';
import { MessageChannel } from 'node:worker_threads';
import { realTimers } from '../../core/base/clock.ts';
import { createPortPair, portOfEmitter } from '../../core/contract/ports.ts';
import type { Port } from '../../core/contract/rpc.ts';
import { createSocketDoor } from '../../native/serve/webSocket.ts';
import { openSocketPort } from '../../renderer/ui/socketPort.ts';

export type Wire = {
  name: string;
  /** A joined pair: what the server gets, what the client gets. */
  join(): Promise<{ server: Port; client: Port }>;
  close(): void;
};

async function webSocketWire(): Promise<Wire> {
  const door = createSocketDoor(realTimers);
  const waiting: ((port: Port) => void)[] = [];
  const http = createServer();
  http.on('upgrade', (request, socket, head) => {
    door.acceptJson(request, socket, head, (port) => waiting.shift()?.(port));
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const address = http.address();
  if (address === null || typeof address === 'string') throw new Error('No address');
  const url = `ws://127.0.0.1:${address.port}`;
  return {
    name: 'WebSocket',
    async join() {
      const server = new Promise<Port>((resolve) => waiting.push(resolve));
      const client = await openSocketPort(url);
      return { server: await server, client };
    },
    close() {
      door.close();
      http.close();
    },
  };
}

/** Every kind of port that Node has. The caller closes them all. */
export async function openWires(): Promise<Wire[]> {
  return [
    {
      name: 'in-memory pair',
      async join() {
        const [server, client] = createPortPair();
        return { server, client };
      },
      close() {},
    },
    {
      name: 'MessageChannel',
      async join() {
        const { port1, port2 } = new MessageChannel();
        return { server: portOfEmitter(port1, 'bare'), client: portOfEmitter(port2, 'bare') };
      },
      close() {},
    },
    await webSocketWire(),
  ];
}

/** A value that tests can wait for. */
export function latch<Value>() {
  const seen: Value[] = [];
  let waiting: { enough: (value: Value) => boolean; resolve: (value: Value) => void }[] = [];
  return {
    seen,
    push(value: Value) {
      seen.push(value);
      const due = waiting.filter((one) => one.enough(value));
      waiting = waiting.filter((one) => !due.includes(one));
      for (const one of due) one.resolve(value);
    },
    until(enough: (value: Value) => boolean): Promise<Value> {
      const found = seen.findLast(enough);
      if (found !== undefined) return Promise.resolve(found);
      return new Promise((resolve) => waiting.push({ enough, resolve }));
    },
  };
}

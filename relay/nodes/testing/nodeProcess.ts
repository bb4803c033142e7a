// For tests only: relay nodes as real processes over one Redis and one PostgreSQL, a TCP balancer
// before them, and a Redis of a test's own that can be stopped.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createConnection, createServer, type Socket } from 'node:net';
import { join, resolve } from 'node:path';
import { fromChildSchema } from '../../../core/contract/process.ts';
import { RedisFailure } from '../../redis.ts';
import { randomHex, STORE_THREAD_PATH } from '../../testing/harness.ts';
import { atTheEnd, newFolder } from '../../testing/machine.ts';

export const TEST_REDIS_URL = process.env.REDIS_URL || 'redis://127.0.0.1:6379';
/** Keys and topics of this run: several may use one Redis. */
export const TEST_PREFIX = `test-${randomHex(4)}`;
/** All nodes of a test sign with one key. */
export const TEST_RELAY_KEY = randomHex(32);

export async function whyNoRedis(): Promise<string | false> {
  const { hostname, port } = new URL(TEST_REDIS_URL);
  const socket = createConnection({ host: hostname, port: Number(port || 6379) });
  try {
    await once(socket, 'connect');
    return false;
  } catch {
    if (process.env.CI) throw new RedisFailure('No Redis answers.');
    return 'No Redis answers; start it or set REDIS_URL.';
  } finally {
    socket.destroy();
  }
}

export type NodeProcess = { url: string; port: number; child: ChildProcess; metrics: string };

export async function startNode(settings: object): Promise<NodeProcess> {
  const child = fork(resolve(import.meta.dirname, '../../entry.ts'), { stdio: 'inherit' });
  atTheEnd(() => void child.kill('SIGKILL'));
  const dataFolder = newFolder();
  child.send({
    type: 'start',
    config: {
      ...{ host: '127.0.0.1', port: 0, portIsNamed: true, publicUrl: null },
      ...{ certificateFile: null, keyFile: null, owners: 'open', iceServers: [] },
      ...{ redisPrefix: TEST_PREFIX, relayKey: TEST_RELAY_KEY, dataFolder },
      viewerPageFolder: join(dataFolder, 'none'),
      storeThreadPath: STORE_THREAD_PATH,
      logLevel: process.env.MORPHINE_LOG ?? 'error',
      ...settings,
    },
  });
  for (;;) {
    const [data] = await once(child, 'message');
    const message = fromChildSchema.parse(data);
    if (message.type === 'failed') throw new Error(message.line);
    if (message.type !== 'ready') continue;
    const { relay, port, metrics } = message.facts;
    return { url: String(relay), port: Number(port), child, metrics: String(metrics) };
  }
}

/** Connections to the first port, in the order given for each, that takes them. */
export async function startBalancer(portsFor: () => readonly number[]) {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('error', () => socket.destroy());
    void carry(socket, portsFor());
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const address = server.address();
  if (!address || typeof address === 'string') throw new Error('The balancer has no port.');
  atTheEnd(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  return { url: `http://127.0.0.1:${address.port}` };
}

async function carry(socket: Socket, ports: readonly number[]): Promise<void> {
  for (const port of ports) {
    const onward = createConnection({ port, host: '127.0.0.1' });
    const isThere = await once(onward, 'connect').then(
      () => true,
      () => false,
    );
    if (!isThere) continue;
    onward.on('error', () => onward.destroy());
    onward.on('close', () => socket.destroy());
    socket.on('close', () => onward.destroy());
    socket.pipe(onward);
    onward.pipe(socket);
    return;
  }
  socket.destroy();
}

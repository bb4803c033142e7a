// For tests only: a Redis of a test's own, that can be stopped, frozen and started again, empty.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createConnection, createServer } from 'node:net';
import { realTimers } from '../../../core/base/clock.ts';
import { atTheEnd } from '../../testing/machine.ts';

/** Why tests with a Redis of their own are skipped; false when they run. */
export function whyNoOwnRedis(): string | false {
  const isThere = spawnSync('redis-server', ['--version']).status === 0;
  if (!isThere && process.env.CI) throw new Error('redis-server is not installed.');
  return isThere ? false : 'redis-server is not installed.';
}

export async function startOwnRedis() {
  const port = await freePort();
  let child = await run(port);
  atTheEnd(() => void child.kill('SIGKILL'));
  return {
    url: `redis://127.0.0.1:${port}`,
    async stop() {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
    /** It keeps its connections and answers nothing. */
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    async start() {
      child = await run(port);
    },
  };
}

async function run(port: number): Promise<ChildProcess> {
  const settings = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  const child = spawn('redis-server', settings, { stdio: 'ignore' });
  while (!(await answers(port))) await new Promise<void>((go) => realTimers.after(20, go));
  return child;
}

async function answers(port: number): Promise<boolean> {
  const socket = createConnection({ port, host: '127.0.0.1' });
  const isThere = await once(socket, 'connect').then(
    () => true,
    () => false,
  );
  socket.destroy();
  return isThere;
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (!address || typeof address === 'string') throw new Error('No free port.');
  return address.port;
}

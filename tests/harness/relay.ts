// A relay of its own, started as a person starts it, that comes and goes at one address.

import { spawn } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { root, waitFor } from './studio.ts';

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  await new Promise<void>((done) => server.close(() => done()));
  if (address === null || typeof address === 'string') throw new Error('No address');
  return address.port;
}

export type RunningRelay = { stop(): Promise<void> };

/** `npm run relay`, without npm in between; resolves once its ready file is there. */
export async function startRelay(folder: string, port: number): Promise<RunningRelay> {
  const ready = join(folder, 'relay.json');
  rmSync(ready, { force: true });
  const child = spawn(
    process.execPath,
    [
      join(root, 'scripts/launch.mjs'),
      'scripts/relay.ts',
      ...['--port', String(port), '--data', join(folder, 'relay'), '--ready-file', ready],
    ],
    // The channel ends the relay should the test's own process die.
    { cwd: root, stdio: ['ignore', 'ignore', 'ignore', 'ipc'] },
  );
  const gone = new Promise<void>((done) => child.once('exit', () => done()));
  await waitFor('the relay', () => existsSync(ready) && child.exitCode === null);
  return {
    async stop() {
      child.kill('SIGTERM');
      await gone;
    },
  };
}

// Proves the relay as a supervised child: it takes its configuration by message, says where it
// serves with the real media room, answers pings, and ends when told, when its configuration is
// wrong and when its supervisor is gone.

import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { after, test } from 'node:test';
import { type FromChild, fromChildSchema, type ToChild } from '../core/contract/process.ts';
import { removeFolder, TestStudio, temporaryFolder } from './testing/harness.ts';

const folder = temporaryFolder();
const children = new Set<ChildProcess>();
after(() => {
  for (const child of children) child.kill('SIGKILL');
  removeFolder(folder);
});

const configuration = {
  host: '127.0.0.1',
  port: 0,
  portIsNamed: true,
  publicUrl: null,
  certificateFile: null,
  keyFile: null,
  owners: 'open',
  iceServers: [],
  viewerPageFolder: join(folder, 'none'),
  storeThreadPath: join(import.meta.dirname, 'witness/storeThread.ts'),
  logLevel: 'error',
  epochUs: 5,
};

function start(config: unknown) {
  const child = fork(resolve(import.meta.dirname, 'entry.ts'), { stdio: 'ignore' });
  children.add(child);
  const ended = once(child, 'exit').then(([code]) => code as number | null);
  const send = (message: ToChild) => child.send(message);
  const next = async <Type extends FromChild['type']>(type: Type) => {
    for (;;) {
      const [data] = await once(child, 'message');
      const message = fromChildSchema.parse(data);
      if (message.type === type) return message as Extract<FromChild, { type: Type }>;
    }
  };
  send({ type: 'start', config });
  return { child, ended, send, next };
}

test('ready, ping, a real studio, stop', async () => {
  const { ended, send, next } = start({ ...configuration, dataFolder: join(folder, 'a') });
  const { endpoint, facts } = await next('ready');
  assert.equal(endpoint, null);
  assert.equal(facts.relay, facts.localUrl);
  assert.equal((await fetch(String(facts.health))).status, 200);
  send({ type: 'ping', id: 7 });
  assert.equal((await next('pong')).id, 7);
  const studio = new TestStudio(String(facts.relay));
  const { whepUrl, whipUrl } = await studio.ready();
  const headers = { 'Content-Type': 'application/sdp' };
  const early = await fetch(whepUrl, { method: 'POST', headers, body: 'v=0\r\n' });
  assert.ok(early.status >= 400 && early.status < 500, `WHEP before live: ${early.status}`);
  const forged = await fetch(whipUrl, { method: 'POST', headers, body: 'v=0\r\n' });
  assert.equal(forged.status, 401);
  studio.close();
  send({ type: 'stop' });
  assert.equal(await ended, 0);
});

test('a configuration that is wrong is told in one line and ends with 2', async () => {
  const cases: [RegExp, object][] = [
    [/dataFolder/, configuration],
    [/--relay-cert .*missing/, { ...configuration, certificateFile: 'missing', keyFile: 'x' }],
  ];
  for (const [line, config] of cases) {
    const dataFolder = 'certificateFile' in config && config.certificateFile ? folder : undefined;
    const { ended, next } = start({ ...config, dataFolder });
    const failed = await next('failed');
    assert.match(failed.line, line);
    assert.equal(failed.exitCode, 2);
    assert.equal(await ended, 2);
  }
});

test('without its supervisor it ends by itself', async () => {
  const { child, ended, next } = start({ ...configuration, dataFolder: join(folder, 'b') });
  await next('ready');
  child.disconnect();
  assert.equal(await ended, 0);
});

// Proves a relay of one's own elsewhere: a studio whose relay does not answer starts all the same
// and says so; when the relay comes, by `npm run relay` as a person would start it, the show is
// there without a word; when it goes and another takes its place, the same link works again.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { browserSkip, launchBrowser, openViewer } from './harness/browser.ts';
import { enterStudio, type Owner } from './harness/owner.ts';
import { type RunningStudio, root, startStudio, waitFor } from './harness/studio.ts';

const folder = mkdtempSync(join(tmpdir(), 'morphine-relay-'));
let port = 0;
let studio: RunningStudio;
let owner: Owner;
let relay: ChildProcess | undefined;

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  await new Promise<void>((done) => server.close(() => done()));
  assert.ok(address && typeof address === 'object');
  return address.port;
}

/** `npm run relay`, without npm in between; resolves once its ready file is there. */
async function startRelay(): Promise<ChildProcess> {
  const ready = join(folder, 'relay.json');
  const child = spawn(
    process.execPath,
    [
      join(root, 'scripts/launch.mjs'),
      'scripts/relay.ts',
      ...['--port', String(port), '--data', join(folder, 'relay'), '--ready-file', ready],
    ],
    { cwd: root, stdio: 'ignore' },
  );
  await waitFor('the relay', () => existsSync(ready) && child.exitCode === null);
  const facts = JSON.parse(readFileSync(ready, 'utf8'));
  assert.deepEqual(Object.keys(facts), [
    ...['version', 'pid', 'state', 'relay', 'metrics', 'health', 'data'],
  ]);
  assert.equal((await fetch(facts.health)).status, 200);
  return child;
}

before(async () => {
  port = await freePort();
  studio = await startStudio({ args: ['--relay', `http://127.0.0.1:${port}`] });
  owner = await enterStudio(studio.facts().studio ?? '');
});
after(async () => {
  owner?.close();
  relay?.kill('SIGTERM');
  await studio?.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('without its relay the studio is live for itself and says what is wrong', async () => {
  const state = await owner.until(
    'the word',
    (now) => now.relay.state === 'unreachable' && now.source.state === 'live' && now,
  );
  assert.match(state.relay.reason, /\w+ .*\./);
  assert.equal(studio.facts().viewer, null);
  assert.equal(studio.facts().processes.relay, null);
});

test('the relay comes: the link appears and plays', { skip: browserSkip }, async (t) => {
  relay = await startRelay();
  const { viewer: link } = await studio.until('a link', (facts) => facts.viewer !== null);
  const browser = await launchBrowser();
  t.after(() => browser.close());
  const viewer = await openViewer(browser, link ?? '');
  await viewer.untilState('live');

  // The relay is replaced by another one on the same address and data.
  const gone = new Promise((done) => relay?.once('exit', done));
  relay.kill('SIGTERM');
  assert.equal(await gone, 0);
  await owner.until('the loss to be seen', (now) => now.relay.state !== 'connected');
  relay = await startRelay();
  await owner.until('the relay to be back', (now) => now.relay.state === 'connected');
  await viewer.untilState('live');
  assert.equal(studio.facts().viewer, link);
  const frames = await viewer.figure('frames');
  await viewer.untilFigure('frames', (now) => now > frames + 5 || now < frames);
});

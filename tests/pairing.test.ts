// Proves pairing as two people do it: `npm run relay` prints six words, its owner types them into a
// real studio, which starts again with that relay, registers where no other studio may, gives a link
// of it, has it tried, and goes back to its own relay when told to forget.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { enterStudio, type Owner } from './harness/owner.ts';
import { freePort } from './harness/relay.ts';
import { type RunningStudio, root, startStudio, waitFor } from './harness/studio.ts';

const folder = mkdtempSync(join(tmpdir(), 'morphine-pairing-'));
let relay: ChildProcess | null = null;
let studio: RunningStudio | null = null;
let owner: Owner | null = null;
after(async () => {
  owner?.close();
  await studio?.stop();
  relay?.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** `npm run relay`, and what it prints. */
async function startRelay(port: number): Promise<{ code: string; printed(): string }> {
  const args = ['--port', `${port}`, '--data', join(folder, 'relay'), '--owners', 'paired'];
  relay = spawn(process.execPath, [join(root, 'scripts/launch.mjs'), 'scripts/relay.ts', ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  relay.stdout?.on('data', (part) => {
    printed += part;
  });
  const code = await waitFor('the code', () => /^Pair +(\S+)$/m.exec(printed)?.[1]);
  return { code, printed: () => printed };
}

async function comeBack(): Promise<Owner> {
  owner?.close();
  const link = await waitFor('a link of the next engine', () => studio?.facts().studio);
  owner = await enterStudio(link);
  return owner;
}

test('six words carry a studio to a relay, and forgetting brings it back', async () => {
  const port = await freePort();
  const { code, printed } = await startRelay(port);
  assert.equal(code.split('-').length, 6);
  studio = await startStudio({ isLive: false, isRelayNamed: false });
  const own = studio.facts().relay;
  const first = await enterStudio(studio.facts().studio ?? '');
  owner = first;
  assert.deepEqual(await first.client.studio.relay.show({}), {
    ...{ url: own, isPaired: false, mayPair: true },
  });
  const wrong = { address: `127.0.0.1:${port}`, code: code.split('-').reverse().join(' ') };
  await assert.rejects(first.client.studio.relay.pair(wrong), /not the code/);
  const engine = studio.facts().processes.engine;
  const paired = await first.client.studio.relay.pair({
    ...{ address: `127.0.0.1:${port}`, code: code.toUpperCase().replaceAll('-', ' ') },
  });
  assert.equal(paired.url, `http://127.0.0.1:${port}`);
  const facts = await studio.until(
    'the relay that was paired',
    ({ viewer, processes }) =>
      processes.engine !== engine && (viewer ?? '').startsWith(`${paired.url}/s/`),
  );
  assert.equal(facts.relay, paired.url);
  const second = await comeBack();
  await second.until('the connection', (state) => state.relay.state === 'connected');
  assert.equal((await second.client.studio.relay.show({})).isPaired, true);
  await second.until(
    'every row to be copied',
    ({ ledger }) => ledger.notCopied === 0 && ledger.seq,
  );
  assert.deepEqual(await second.client.studio.relay.checkLink({}), {
    ...{ isReachable: true, sentence: '' },
  });
  assert.equal(studio.output().includes(code), false, 'the code is in no log');

  // No code is shown to nobody: it is printed once, and anew when it is asked for.
  relay?.kill('SIGUSR2');
  await waitFor('another code', () => printed().match(/^Pair /gm)?.length === 2);

  await second.client.studio.relay.forget({});
  await studio.until('its own relay', ({ viewer }) => (viewer ?? '').startsWith(`${own}/s/`));
  assert.equal((await (await comeBack()).client.studio.relay.show({})).isPaired, false);
  const gone = once(relay as ChildProcess, 'exit');
  relay?.kill('SIGTERM');
  await gone;
});

// Proves when a studio takes bets while its relay is away, with real processes: after a clean stop
// at once; after a crash not before the relay answered; and a ledger that is older than what the
// relay signed says so, takes nothing, and is brought up when the relay is there.

import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { enterStudio, type Owner } from './harness/owner.ts';
import { freePort, type RunningRelay, startRelay } from './harness/relay.ts';
import { type RunningStudio, startStudio, whenSteady, witnessOf } from './harness/studio.ts';

const folder = mkdtempSync(join(tmpdir(), 'morphine-offline-'));
const dataFolder = join(folder, 'data');
let port = 0;
let relay: RunningRelay | null = null;
let studio: RunningStudio | null = null;
let owner: Owner | null = null;

after(async () => {
  owner?.close();
  await studio?.stop();
  await relay?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function start(): Promise<Owner> {
  studio = await startStudio({ args: ['--relay', `http://127.0.0.1:${port}`], dataFolder });
  owner = await enterStudio(studio.facts().studio ?? '');
  return owner;
}

async function stop(): Promise<void> {
  owner?.close();
  owner = null;
  assert.equal(await studio?.stop(), 0);
  studio = null;
}

/** What a crashed machine leaves: the ledger's process does not get to close its file. */
async function crash(): Promise<void> {
  const running = studio;
  assert.ok(running);
  const { ledger } = running.facts().processes;
  assert.ok(ledger);
  process.kill(ledger, 'SIGKILL');
  process.kill(running.facts().pid, 'SIGKILL');
  await running.exited;
  owner?.close();
  owner = null;
  studio = null;
}

const newId = () => crypto.randomUUID().replaceAll('-', '');

async function openMarket(of: Owner): Promise<string> {
  await of.until('betting to be possible', ({ show }) => show.bettingSuspended === '');
  const marketId = newId();
  await whenSteady('the market', () =>
    of.client.studio.markets.open({ templateId: 'goal-60', marketId }),
  );
  return marketId;
}

const allCopied = (of: Owner) =>
  of.until('every row to be copied', ({ ledger }) => ledger.notCopied === 0 && ledger);

test('with its relay: rows are copied as they come', async (t) => {
  port = await freePort();
  relay = await startRelay(folder, port);
  const of = await start();
  const facts = studio?.facts();
  assert.ok(facts);
  await openMarket(of);
  const { seq } = of.state().ledger;
  const openedMs = performance.now();
  for (;;) if ((await witnessOf(facts)).seq >= seq) break;
  t.diagnostic(`witnessed ${Math.round(performance.now() - openedMs)} ms after the answer`);
  await allCopied(of);
  await stop();
  cpSync(join(dataFolder, 'ledger.db'), join(folder, 'older.db'));
});

test('offline after a clean stop: markets open, and what is not copied is counted', async () => {
  await relay?.stop();
  relay = null;
  const of = await start();
  const marketId = await openMarket(of);
  const { ledger, relay: seen } = of.state();
  assert.equal(seen.state === 'connected', false);
  const waiting = await of.until('the count', (now) => now.ledger.notCopied > 0 && now.ledger);
  assert.ok(waiting.notCopied >= 1, JSON.stringify(ledger));
  await of.client.studio.markets.void({ marketId, reason: 'The test is done with it.' });
});

test('offline after a crash: markets wait until the relay answered', async () => {
  await crash();
  const of = await start();
  const state = await of.until(
    'the word',
    (now) => /did not stop in order/.test(now.ledger.reason) && now,
  );
  assert.match(state.show.bettingSuspended, /waits for its copy/);
  const marketId = newId();
  const asked = of.client.studio.markets.open({ templateId: 'goal-60', marketId });
  await assert.rejects(asked, { message: /waits for its copy/ });
  relay = await startRelay(folder, port);
  await openMarket(of);
  const { seq } = await allCopied(of);
  assert.equal(of.state().ledger.reason, '');
  assert.ok(seq > 0);
  await stop();
});

test('an older ledger says so, takes nothing, and is brought up by the relay', async () => {
  await relay?.stop();
  relay = null;
  for (const name of ['ledger.db', 'ledger.db-wal', 'ledger.db-shm']) {
    rmSync(join(dataFolder, name), { force: true });
  }
  cpSync(join(folder, 'older.db'), join(dataFolder, 'ledger.db'));
  const of = await start();
  await of.until('the word', (now) => /older than the relay’s copy/.test(now.ledger.reason));
  const asked = of.client.studio.markets.open({ templateId: 'goal-60', marketId: newId() });
  await assert.rejects(asked, { message: /waits for its copy/ });
  relay = await startRelay(folder, port);
  const marketId = await openMarket(of);
  const past = await of.client.studio.markets.history({ beforeOpensAtUs: null, limit: 10 });
  assert.deepEqual(
    past.map(({ id }) => id === marketId),
    [true, false, false, false],
  );
  await allCopied(of);
});

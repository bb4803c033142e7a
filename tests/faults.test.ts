// Proves that a show survives the death of each of its processes: the picture is back, no confirmed
// bet is lost, and the next bet is taken. Each is killed with SIGKILL while a viewer watches and
// while its bet stands. Last, the supervisor itself: nothing of ours may outlive it.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import type { ProcessName } from '../core/contract/process.ts';
import { browserSkip, launchBrowser, openViewer, type Viewer } from './harness/browser.ts';
import { enterStudio, type Owner } from './harness/owner.ts';
import { isAlive, type RunningStudio, startStudio, waitFor, witnessOf } from './harness/studio.ts';

let studio: RunningStudio;
let owner: Owner;
let browser: Browser;
let viewer: Viewer;

before(async () => {
  studio = await startStudio({ args: ['--seed', '5'] });
  owner = await enterStudio(studio.facts().studio ?? '');
  if (browserSkip) return;
  browser = await launchBrowser();
  viewer = await openViewer(browser, studio.facts().viewer ?? '');
  await viewer.untilState('live');
});
after(async () => {
  owner?.close();
  await browser?.close();
  await studio?.stop();
});

const newId = () => crypto.randomUUID().replaceAll('-', '');

async function openAndBet(): Promise<string> {
  const marketId = newId();
  for (let isOpen = false; !isOpen; ) {
    await owner.until('betting to be possible', (state) => state.show.bettingSuspended === '');
    // A picture that stands for half a second on a full machine suspends betting once more.
    isOpen = await owner.client.studio.markets.open({ templateId: 'goal-30', marketId }).then(
      () => true,
      (cause: unknown) => {
        if (!/stalled|reach/.test(String(cause))) throw cause;
        return false;
      },
    );
  }
  await viewer.page
    .locator(`[data-testid="market"][data-state="OPEN"][data-market="${marketId}"]`)
    .waitFor();
  await viewer.bet(1, '10');
  return marketId;
}

async function kill(name: ProcessName): Promise<void> {
  const pid = studio.facts().processes[name];
  assert.ok(pid, `${name} runs`);
  process.kill(pid, 'SIGKILL');
  await studio.until(`another ${name}`, (facts) => {
    const now = facts.processes[name];
    return now !== null && now !== pid && facts.state === 'live';
  });
}

for (const name of ['vision', 'engine', 'relay', 'ledger'] as const) {
  test(`${name} is killed while live: the show comes back and the bet stands`, {
    skip: browserSkip,
  }, async () => {
    const marketId = await openAndBet();
    const before = await viewer.figure('balance');
    const killedMs = performance.now();
    // Only the relay takes the page's connection with it; until the new one has a picture, the last
    // frame stays where the browser would show black.
    const still = viewer.page.getByTestId('still');
    const keptLast = name === 'relay' ? still.waitFor() : Promise.resolve();
    await kill(name);
    await keptLast;
    await viewer.untilState('live');
    await still.waitFor({ state: 'hidden' });
    const frames = await viewer.figure('frames');
    await viewer.untilFigure('frames', (now) => now > frames + 5 || now < frames);
    console.log(`${name}: live again after ${Math.round(performance.now() - killedMs)} ms`);
    // The bet is where it was, in the page and in the ledger, or its market has ended by now.
    const market = await owner.until('the market', (state) =>
      state.markets.find(
        (one) =>
          one.id === marketId &&
          (one.outcomes[1]?.poolMinor === 10 || one.state === 'VOID' || one.state === 'RESOLVED'),
      ),
    );
    if (market.state === 'OPEN' || market.state === 'LOCKED') {
      assert.equal(await viewer.figure('balance'), before);
      await owner.client.studio.markets.void({ marketId, reason: 'The test is done with it.' });
    }
    await viewer.untilFigure('staked', (points) => points === 0);
    assert.equal(await viewer.figure('balance'), 1000, 'every stake came back');
    await owner.until('every row to be copied', (state) => state.ledger.notCopied === 0);
    const witness = await witnessOf(studio.facts());
    const { ledger } = owner.state();
    assert.deepEqual([witness.seq, witness.hash], [ledger.seq, ledger.hash]);
  });
}

/** Ids of all processes below one, from /proc. */
function descendants(pid: number): number[] {
  const parents = new Map<number, number>();
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, 'utf8');
      const [, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      parents.set(Number(entry), Number(parent));
    } catch {
      // It ended while we looked.
    }
  }
  const found = new Set([pid]);
  for (let grew = true; grew; ) {
    grew = false;
    for (const [child, parent] of parents) {
      if (found.has(parent) && !found.has(child)) grew = Boolean(found.add(child));
    }
  }
  found.delete(pid);
  return [...found];
}

const procSkip = process.platform === 'linux' ? false : 'reads /proc';

test('the supervisor is killed: nothing of ours is left, ffmpeg included', {
  skip: procSkip,
}, async () => {
  const { pid } = studio.facts();
  const ours = descendants(pid);
  assert.ok(ours.length >= 6, `children and ffmpeg run (${ours.length})`);
  process.kill(pid, 'SIGKILL');
  const killedMs = performance.now();
  await waitFor('every process to end', () => ours.every((id) => !isAlive(id)));
  console.log(`all ended after ${Math.round(performance.now() - killedMs)} ms`);
});

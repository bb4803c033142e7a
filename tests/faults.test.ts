// Proves that a show survives the death of each of its processes: the picture is back, no confirmed
// bet is lost, and the next bet is taken. Each is killed with SIGKILL, by the buttons of Break it,
// while a viewer watches and while its bet stands; the ledger's log is torn, too. Last, the supervisor itself: nothing of ours may outlive it.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import type { SupervisedBreak } from '../core/contract/breakIt.ts';
import type { ProcessName } from '../core/contract/process.ts';
import { browserSkip, launchBrowser, openViewer, type Viewer } from './harness/browser.ts';
import { enterStudio, type Owner } from './harness/owner.ts';
import { isAlive, type RunningStudio, startStudio, waitFor, witnessOf } from './harness/studio.ts';

/** A guard against hanging for ever; it judges no speed. */
const HANG_MS = 75_000;

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

async function openAndBet(attemptsLeft = 3): Promise<string> {
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
  try {
    await viewer.page
      .locator(`[data-testid="market"][data-state="OPEN"][data-market="${marketId}"]`)
      .waitFor();
    await viewer.bet(1, '10');
    return marketId;
  } catch (cause) {
    if (attemptsLeft === 0) throw cause;
    // The picture stood until the market had closed, as it does on a full machine: another one.
    await owner.client.studio.markets
      .void({ marketId, reason: 'Nobody could bet.' })
      .catch(() => {});
    return openAndBet(attemptsLeft - 1);
  }
}

/** By the owner's own button; the engine's is pressed in the page. */
async function breakIt(act: SupervisedBreak, name: ProcessName): Promise<void> {
  const pid = studio.facts().processes[name];
  assert.ok(pid, `${name} runs`);
  if (act === 'engine') return killEngineInThePage();
  const { breakIt: breaking } = owner.client.studio;
  const id = newId();
  const { books } = await breaking.run({ id, act });
  const told = await waitFor('the supervisor to tell', async () => {
    const { deed } = await breaking.show({ id, seq: null });
    return deed?.state === 'back' ? deed : null;
  });
  assert.equal(told.pid, pid, 'that one was killed');
  assert.ok(told.tornBytes > 0 === (act === 'tearLog'), `${told.tornBytes} bytes torn`);
  if (act === 'tearLog') assert.ok((told.leftOutBytes ?? 0) >= told.tornBytes, 'seen and left out');
  await studio.until(`another ${name}`, (facts) => {
    const now = facts.processes[name];
    return now === told.nextPid && facts.state === 'live';
  });
  const after = await waitFor('the ledger', async () => {
    const { books: now, rowHash } = await breaking.show({ id, seq: books.seq });
    return now && { rowHash, seq: now.seq };
  });
  assert.equal(after.rowHash, books.hash, 'what was the last row is there, and the same');
}

/** The page keeps the story while the engine under it is another one. */
async function killEngineInThePage(): Promise<void> {
  const url = new URL(studio.facts().studio ?? '').origin;
  const [name = '', value = ''] = owner.cookie.split('=');
  const context = await browser.newContext({ viewport: { width: 1280, height: 720 } });
  await context.addCookies([{ name, value, url }]);
  const page = await context.newPage();
  await page.goto(url);
  const frames = () =>
    page.evaluate(
      () => document.querySelector('video')?.getVideoPlaybackQuality().totalVideoFrames,
    );
  await page.waitForFunction(() => {
    return (document.querySelector('video')?.getVideoPlaybackQuality().totalVideoFrames ?? 0) > 10;
  });
  await page.locator('body').press('Control+k');
  await page.locator('[role=menuitem][data-key="docks.focus.breakIt"]').click();
  const viewerFrames = await viewer.figure('frames');
  await page.getByTestId('break-engine').click();
  const story = page.getByTestId('break-story');
  await page
    .locator('[data-testid=break-story]:not([data-state=begun])')
    .waitFor({ timeout: HANG_MS });
  const words = (await story.textContent()) ?? '';
  assert.equal(await story.getAttribute('data-state'), 'over', words);
  assert.match(words, /Process \d+ is dead.*This page is back/s, words);
  assert.match(
    words,
    /Viewers’ points: ([\d\u202f]+) before = \1 after\. Row \d+ of the journal is the same/,
  );
  assert.match(words, /Viewers: 1 before, 1 now; nobody left/);
  assert.equal(await page.locator('dialog[open]').count(), 0, 'nothing stands in the way');
  const seen = (await frames()) ?? 0;
  await page.waitForFunction(
    (before) =>
      document.querySelector('video')?.getVideoPlaybackQuality().totalVideoFrames !== before,
    seen,
  );
  // The viewer's own connection is the same one: its count of pictures went on.
  await viewer.untilFigure('frames', (now) => now > viewerFrames);
  console.log(words);
  await context.close();
}

for (const act of ['vision', 'engine', 'relay', 'tearLog'] as const) {
  const name = act === 'tearLog' ? 'ledger' : act;
  test(`${act} is broken while live: the show comes back and the bet stands`, {
    skip: browserSkip,
  }, async () => {
    const marketId = await openAndBet();
    const before = await viewer.figure('balance');
    const killedMs = performance.now();
    // Only the relay takes the page's connection with it; until the new one has a picture, the last
    // frame stays where the browser would show black.
    const still = viewer.page.getByTestId('still');
    const keptLast = name === 'relay' ? still.waitFor() : Promise.resolve();
    await breakIt(act, name);
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

test('the report of the show goes on over all of it, and counts it', {
  skip: browserSkip,
}, async () => {
  const { reports } = owner.client.studio;
  const lines = await reports.list({});
  assert.deepEqual(
    lines.map(({ state }) => state),
    ['running'],
  );
  const { health, samples } = await reports.read({ id: lines[0]?.id ?? '' });
  assert.equal(health.restarts.engine, 1);
  assert.ok(health.restarts.relay >= 1);
  assert.ok(samples.length > 0);
});

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

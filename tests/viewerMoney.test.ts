// Proves what a viewer can do besides betting with real parts only: a studio started as a person
// starts it, its relay and ledger, a real Chromium. A bet is taken back and returned, a price is
// seen and bet on and sold back, a limit stops a bet, points vest by watching the real picture,
// who joins late is told what happened before, and nobody bets on a picture that stalls.

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import type { Template } from '../core/contract/state.ts';
import { TestViewer } from '../relay/testing/harness.ts';
import { browserSkip, launchBrowser, openViewer, PHONE, type Viewer } from './harness/browser.ts';
import { enterStudio, type Owner } from './harness/owner.ts';
import { type RunningStudio, startStudio, whenSteady } from './harness/studio.ts';

const skip = browserSkip ? { skip: browserSkip } : {};
let studio: RunningStudio;
let owner: Owner;
let browser: Browser;
let viewer: Viewer;
/** Everything that was staked in one bet. */
let rich = 0;

before(async () => {
  if (browserSkip) return;
  studio = await startStudio();
  owner = await enterStudio(studio.facts().studio ?? '');
  browser = await launchBrowser();
  viewer = await openViewer(browser, studio.facts().viewer ?? '', PHONE);
  await viewer.untilState('live');
});
after(async () => {
  owner?.close();
  await browser?.close();
  await studio?.stop();
});

const newId = () => crypto.randomUUID().replaceAll('-', '');

/** Opens a market that only a person decides. */
async function open(title: string, pricing: Template['pricing']): Promise<string> {
  const marketId = newId();
  const template: Template = {
    id: `t-${marketId.slice(0, 8)}`,
    title,
    outcomes: ['Yes', 'No'],
    suggestOn: null,
    decideOn: { type: 'rallyEnd', subject: null, minimumConfidence: 1, outcome: 0 },
    otherwise: 1,
    betWindowSeconds: 300,
    horizonSeconds: 400,
    deadlineSeconds: 500,
    guardMs: 500,
    opening: 'ask',
    ...(pricing ? { pricing } : {}),
  };
  // A busy machine may hold the picture back for a moment; then nobody opens a market.
  await owner.until('betting to be possible', (state) => state.show.bettingSuspended === '');
  await whenSteady('the market', () => owner.client.studio.markets.create({ marketId, template }));
  await viewer.page.locator(`[data-market="${marketId}"][data-state="OPEN"]`).first().waitFor();
  return marketId;
}

const resolve = (marketId: string, outcome: number) =>
  owner.client.studio.markets.resolve({ marketId, outcome, reason: 'So it was.' });
const newestBet = () => viewer.page.getByTestId('bet-state');
const untilWords = (words: string) => newestBet().getByText(words).waitFor();

test('a bet is taken back, and its points return when the market ends', skip, async () => {
  const { page } = viewer;
  const marketId = await open('Will it rain?', undefined);
  await viewer.bet(0, '50');
  await page.getByTestId('take-back').first().click();
  await page.getByTestId('take-back-sure').first().click();
  await untilWords('Taken back');
  await owner.until('the pool to shrink', (state) =>
    state.markets.some(({ id, outcomes }) => id === marketId && outcomes[0]?.poolMinor === 0),
  );
  await resolve(marketId, 0);
  await untilWords('Returned 50');
  assert.equal(await viewer.untilFigure('staked', (points) => points === 0), 0);
  assert.equal(await viewer.figure('balance'), 1000);
  await page.locator('[data-testid="bet-state"][data-witnessed="true"]').waitFor();
});

test('a price is seen, bet on, and the bet sold back for what was offered', skip, async () => {
  const { page } = viewer;
  const marketId = await open('Will it snow?', { lmsr: { budgetMinor: 500 } });
  const market = page.locator(`[data-testid="market"][data-market="${marketId}"]`);
  await market.getByTestId('outcome-0').click();
  await market.getByTestId('stake-50').click();
  await market.getByTestId('quote').waitFor();
  const promised = /Pays (\d+)/.exec((await market.getByTestId('quote').textContent()) ?? '');
  assert.ok(Number(promised?.[1]) > 50);
  await market.getByTestId('place-bet').click();
  await page.locator('[data-testid="bet-state"][data-state="confirmed"]').waitFor();
  await market.getByTestId('sell').click();
  const sure = market.getByTestId('sell-sure');
  await sure.getByText('Sell for').waitFor();
  const points = Number(/Sell for (\d+)/.exec((await sure.textContent()) ?? '')?.[1]);
  assert.ok(points > 0 && points <= 50, `${points}`);
  await sure.click();
  await untilWords(`Sold for ${points}`);
  await resolve(marketId, 1);
  await untilWords(`Paid ${points}`);
  await viewer.untilFigure('staked', (staked) => staked === 0);
  assert.equal(await viewer.figure('balance'), 1000 - 50 + points);
});

test('points spent before a decision was corrected are owed, and that is said', skip, async () => {
  const { page } = viewer;
  const first = await open('Will it blow?', undefined);
  const other = await openViewer(browser, studio.facts().viewer ?? '', PHONE);
  await viewer.bet(0, '50');
  await other.openMarket();
  await other.bet(1, '50');
  const before = await viewer.figure('balance');
  await resolve(first, 0);
  rich = await viewer.untilFigure('balance', (points) => points === before + 100);
  const second = await open('Will it thaw?', undefined);
  const market = page.locator(`[data-testid="market"][data-market="${second}"]`);
  await market.getByTestId('outcome-0').click();
  await market.getByTestId('stake-other').fill(String(rich));
  await market.getByTestId('place-bet').click();
  await viewer.untilFigure('balance', (points) => points === 0);
  await other.bet(1, '10');
  const correction = { marketId: first, outcome: 1, tCapUs: null, reason: 'It did not blow.' };
  await owner.client.studio.markets.correct(correction);
  const debt = page.getByTestId('debt');
  await debt.getByText('You owe 100 points').waitFor();
  // What comes in pays it off first.
  await resolve(second, 0);
  await viewer.untilFigure('staked', (points) => points === 0);
  assert.equal(await viewer.figure('balance'), rich + 10 - 100);
  await debt.waitFor({ state: 'detached' });
  await other.page.context().close();
});

test('a limit of one’s own stops a bet, in a sentence', skip, async () => {
  const { page } = viewer;
  // Staked so far: 50, 50 and all there was.
  await page.getByTestId('limits').locator('summary').click();
  await page.getByTestId('limit-stakeDay').fill(String(rich + 150));
  await page.getByTestId('set-stakeDay').click();
  await page.locator(`[data-testid="held-stakeDay"][data-value="${rich + 150}"]`).waitFor();
  const marketId = await open('Will it hail?', undefined);
  await viewer.bet(0, '10');
  const market = page.locator(`[data-testid="market"][data-market="${marketId}"]`);
  await market.getByTestId('outcome-0').click();
  await market.getByTestId('stake-50').click();
  await market.getByTestId('place-bet').click();
  await page.locator('[data-testid="bet-state"][data-state="refused"]').waitFor();
  assert.match((await newestBet().textContent()) ?? '', /24 hours.*LIMIT_REACHED/);
  await owner.client.studio.markets.void({ marketId, reason: 'No hail in here.' });
  await viewer.untilFigure('staked', (staked) => staked === 0);
});

test('who joins late is told what happened, and watching gives points', skip, async () => {
  await viewer.page.locator('.news-line').first().waitFor();
  const late = await openViewer(browser, studio.facts().viewer ?? '', PHONE);
  await late.page.locator('.news-line').first().waitFor();
  await late.page.context().close();
  const before = await viewer.figure('balance');
  assert.ok(before < 1000, `${before} leaves room for more`);
  // A minute that the picture played for; where it stood still it takes longer.
  await viewer.page.getByTestId('granted').waitFor({ timeout: 135_000 });
  assert.ok((await viewer.figure('balance')) > before);
  // A picture that stood still for want of processor is asked for anew; its old session is gone.
  const complaints = viewer.complaints.filter((words) => !/status of 404/.test(words));
  assert.deepEqual(complaints, []);
});

const stallSkip =
  browserSkip || (process.platform === 'linux' ? false : 'finds the source’s ffmpeg by /proc');

test('a picture stalls: a bet sent then is refused with the reason', {
  skip: stallSkip,
}, async () => {
  const marketId = await open('Will it clear up?', undefined);
  const { origin, pathname } = new URL(studio.facts().viewer ?? '');
  // No page between: it would not even send the bet.
  const bettor = await new TestViewer(origin, pathname.split('/').at(-1) ?? '').join();
  await bettor.take('balance');
  const answer = async () => {
    const betId = bettor.bet(marketId);
    return await bettor.take('betReply', (reply) => reply.betId === betId);
  };
  /** A busy machine may hold the picture back for a moment: then another one is sent. */
  const untilTaken = async () => {
    for (;;) {
      await owner.until('betting to be possible', (state) => state.show.bettingSuspended === '');
      const { code, message } = await answer();
      if (code === '') return;
      assert.equal(code, 'BETTING_SUSPENDED', message);
    }
  };
  await untilTaken();
  const encoders = ffmpegsOf(studio.facts().processes.engine ?? 0);
  assert.ok(encoders.length > 0);
  for (const pid of encoders) process.kill(pid, 'SIGSTOP');
  await viewer.untilState('stalled');
  await owner.until('betting to stop', (state) =>
    /^The picture /.test(state.show.bettingSuspended),
  );
  const refused = await answer();
  assert.equal(refused.code, 'BETTING_SUSPENDED');
  assert.match(refused.message, /^The picture (is stalled|does not reach the relay|has just)/);
  // Those that the studio has replaced meanwhile are gone.
  for (const pid of encoders) if (existsSync(`/proc/${pid}`)) process.kill(pid, 'SIGCONT');
  await untilTaken();
  await viewer.untilState('live');
  bettor.close();
  await owner.client.studio.markets.void({ marketId, reason: 'It was enough.' });
});

/** Children of a process that are ffmpeg, by Linux' /proc. */
function ffmpegsOf(parent: number): number[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      // "pid (name) state parent ..."
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      const [, command = '', rest = ''] = /^\d+ \((.*)\) (.*)$/s.exec(stat) ?? [];
      const isOurs = command.startsWith('ffmpeg') && Number(rest.split(' ')[1]) === parent;
      return isOurs ? [Number(name)] : [];
    } catch {
      // It ended while we looked.
      return [];
    }
  });
}

// Figure `longtasks`: the longest task of the studio page's main thread while a person works: docks
// are opened, the palette, a market opens, and 10,000 bets are scrolled through. A story (the real
// server, contract and ledger with made-up facts, and a real picture) stands for the studio, so that
// every round is the same. A task's length is its processor time, from the browser's own trace:
// other programs on the machine stretch the wall's time, and 50 ms of those says nothing of us.

import type { Page } from 'playwright-core';
import { DESKTOP, launchBrowser } from '../tests/harness/browser.ts';
import { builtPage } from '../tests/harness/builtPage.ts';
import { scrollThrough } from '../tests/studio/rowWatch.ts';
import { startStory, storyMarket, storyPicture, storyVideo } from '../tests/studio/story.ts';
import { PAST_BETS } from '../tests/studio/storyHistory.ts';
import { type BenchContext, type Measured, notMeasured, ROUNDS } from './figure.ts';
import { pause } from './floors.ts';
import { type ActTasks, tasksByAct } from './traceTasks.ts';

const CATEGORIES = ['-*', 'toplevel', 'blink.user_timing', '__metadata'];
/** What an act sets off is over by then. */
const REST_MS = 1_500;
/** A wheel turned fast. */
const SCROLL_STEP_PX = 1_500;

type Story = Awaited<ReturnType<typeof startStory>>;

export async function measureLongTasks(context: BenchContext): Promise<Measured[]> {
  if (!(await context.browser())) return [notMeasured('longtasks', 'no browser with H.264')];
  await context.quiet();
  const video = storyVideo();
  if (typeof video === 'string') return [notMeasured('longtasks', video)];
  const folder = await builtPage('studio');
  const rounds: number[][] = [];
  const parts = new Map<string, number[]>();
  let wallLong = 0;
  // The first round fills the browser's caches of compiled code.
  for (let round = -1; round < ROUNDS; round++) {
    const story = await startStory(folder, { picture: storyPicture(video) });
    try {
      const acts = await oneRound(story);
      if (round < 0) continue;
      rounds.push([Math.max(...acts.map(({ processorMs }) => processorMs))]);
      for (const { act, processorMs, wallLongTasks } of acts) {
        parts.set(act, [...(parts.get(act) ?? []), processorMs]);
        wallLong += wallLongTasks;
      }
    } finally {
      await story.close();
    }
  }
  return [
    {
      figure: 'longtasks',
      rounds,
      parts: [...parts].map(([act, samples]) => ({ name: `longest while ${act}`, samples })),
      remarks: [
        `processor time of one task; ${PAST_BETS} bets in the history; a first round is dropped`,
        `${wallLong} tasks took more than 50 ms by the wall in all rounds, other programs included`,
      ],
    },
  ];
}

async function oneRound(story: Story): Promise<ActTasks[]> {
  // A browser of its own: a trace is of all its pages.
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage({ viewport: DESKTOP, locale: 'en-GB' });
    await page.goto(story.server.issueLink());
    await page.waitForFunction(() => (document.querySelector('video')?.currentTime ?? 0) > 0.5);
    await pause(REST_MS);
    await browser.startTracing(page, { categories: CATEGORIES });
    for (const [act, run] of acts(page, story)) {
      await page.evaluate((name) => performance.mark(`bench ${name}`), act);
      await run();
      await pause(REST_MS);
    }
    return tasksByAct((await browser.stopTracing()).toString('utf8'));
  } finally {
    await browser.close();
  }
}

function acts(page: Page, story: Story): [name: string, run: () => Promise<unknown>][] {
  const dock = async (id: string, ready: string) => {
    await page.locator('body').press('Control+k');
    await page.locator(`[data-key="docks.focus.${id}"]`).click();
    await page.locator(ready).first().waitFor();
  };
  // In a search the first Escape takes the words away.
  const close = async () => {
    while ((await page.locator('dialog[open]').count()) > 0) {
      await page.keyboard.press('Escape');
      await page.evaluate(() => new Promise((done) => requestAnimationFrame(done)));
    }
  };
  const market = async (id: string) => {
    story.apply({ type: 'market.changed', market: storyMarket(id) });
    await page.locator(`article[data-market=${id}]`).waitFor();
  };
  return [
    ['live and untouched', async () => {}],
    ['the palette opens', () => page.locator('body').press('Control+k')],
    ['something is searched in it', () => page.keyboard.type('stats')],
    ['it closes', close],
    ['the stats dock opens', () => dock('stats', '.statsFigure canvas')],
    ['the moderation dock opens', () => dock('moderation', '.chatLine')],
    ['the history dock opens', () => dock('history', '.rowList-row')],
    ['the history is scrolled', () => scrollThrough(page, '.rowList', SCROLL_STEP_PX)],
    ['a market opens', () => market('bench1')],
    ['another market opens', () => market('bench2')],
    ['a new market is asked for', () => page.locator('body').press('n')],
    ['that is closed', close],
  ];
}

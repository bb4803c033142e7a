// Figures `coldstart` and `mainthread`: the studio's own page, built, in a Chromium, beside a live
// show of a real headless studio. Cold start is from the navigation in a fresh profile (nothing in
// its cache, the browser itself runs) to the first frame after which the control room can be used;
// the start of the studio's processes before it is figure `start`. The main thread's share is its
// own processor time (not the wall's, which other programs stretch) in script, style and layout.

import type { Browser, CDPSession, Page } from 'playwright-core';
import { DESKTOP } from '../tests/harness/browser.ts';
import type { Owner } from '../tests/harness/owner.ts';
import { type BenchContext, type Measured, notMeasured, ROUNDS } from './figure.ts';
import { pause } from './floors.ts';

const STARTS = { short: 3, full: 20 };
const ROUND_MS = { short: 20_000, full: 120_000 };
/** Fonts, first readings and the preview's first pictures. */
const WARM_UP_MS = 8_000;

type StartWindow = Window & { benchInteractiveMs?: number };

/** A page of the owner in a profile of its own. */
export async function ownerPage(browser: Browser, link: string, { cookie }: Owner): Promise<Page> {
  const context = await browser.newContext({ viewport: DESKTOP, locale: 'en-GB' });
  const [name = '', value = ''] = cookie.split('=');
  await context.addCookies([{ name, value, url: new URL(link).origin }]);
  return context.newPage();
}

export async function measureColdStart(context: BenchContext): Promise<Measured[]> {
  const browser = await context.browser();
  if (!browser) return [notMeasured('coldstart', 'no browser with H.264')];
  const { studio, owner } = await context.studio('demo:');
  const link = studio.facts().studio ?? '';
  const perRound = context.isFull ? STARTS.full : STARTS.short;
  const rounds: number[][] = [];
  const scripts: number[] = [];
  const processor: number[] = [];
  for (let round = -1; round < ROUNDS; round++) {
    const samples: number[] = [];
    for (let at = 0; at < (round < 0 ? 1 : perRound); at++) {
      const page = await ownerPage(browser, link, owner);
      const one = await startOnce(page, new URL(link).origin);
      await page.context().close();
      samples.push(one.interactiveMs);
      if (round < 0) continue;
      scripts.push(one.kilobytes);
      processor.push(one.processorMs);
    }
    if (round >= 0) rounds.push(samples);
  }
  return [
    {
      figure: 'coldstart',
      rounds,
      parts: [{ name: 'main thread’s processor time until then', samples: processor }],
      remarks: [
        `${perRound} starts a round, each in a fresh profile of a warm browser, a live show beside it`,
        `${Math.round(Math.max(...scripts))} kB over the wire until then; no peer: OBS is no page`,
      ],
    },
  ];
}

async function startOnce(page: Page, url: string) {
  const devtools = await processorTimes(page);
  await page.addInitScript(noteInteractive);
  await page.goto(url, { waitUntil: 'commit' });
  await page.waitForFunction(() => (window as StartWindow).benchInteractiveMs !== undefined);
  const spent = await devtools();
  const told = await page.evaluate(() => ({
    interactiveMs: (window as StartWindow).benchInteractiveMs ?? Number.NaN,
    bytes: performance
      .getEntriesByType('resource')
      .reduce((sum, entry) => sum + (entry as PerformanceResourceTiming).transferSize, 0),
  }));
  const kilobytes = told.bytes / 1024;
  return { interactiveMs: told.interactiveMs, kilobytes, processorMs: spent.TaskDuration * 1000 };
}

/** Runs in the page: the control room stands, was painted, and the next task is a person's. */
function noteInteractive(): void {
  const watching = new MutationObserver(() => {
    if (document.querySelector('.studio[data-connected=true] .header button') === null) return;
    watching.disconnect();
    requestAnimationFrame(() =>
      setTimeout(() => {
        (window as StartWindow).benchInteractiveMs = performance.now();
      }),
    );
  });
  watching.observe(document, { childList: true, subtree: true, attributes: true });
}

type Spent = Record<'ScriptDuration' | 'LayoutDuration' | 'RecalcStyleDuration', number> & {
  TaskDuration: number;
};

/** Seconds of the main thread's processor time so far, by kind. */
export async function processorTimes(page: Page): Promise<() => Promise<Spent>> {
  const devtools: CDPSession = await page.context().newCDPSession(page);
  await devtools.send('Performance.enable', { timeDomain: 'threadTicks' });
  return async () => {
    const { metrics } = await devtools.send('Performance.getMetrics');
    return Object.fromEntries(metrics.map(({ name, value }) => [name, value])) as Spent;
  };
}

export async function measureMainThread(context: BenchContext): Promise<Measured[]> {
  const browser = await context.browser();
  if (!browser) return [notMeasured('mainthread', 'no browser with H.264')];
  const { studio, owner } = await context.studio('demo:');
  const link = studio.facts().studio ?? '';
  const page = await ownerPage(browser, link, owner);
  const spent = await processorTimes(page);
  await page.goto(new URL(link).origin);
  await page.waitForFunction(() => (document.querySelector('video')?.currentTime ?? 0) > 0);
  await pause(WARM_UP_MS);
  const kinds = ['ScriptDuration', 'LayoutDuration', 'RecalcStyleDuration'] as const;
  const rounds: number[][] = [];
  const parts = new Map<string, number[]>();
  const add = (name: string, percent: number) =>
    parts.set(name, [...(parts.get(name) ?? []), percent]);
  for (let round = 0; round < ROUNDS; round++) {
    const [before, beganMs] = [await spent(), performance.now()];
    await pause(context.isFull ? ROUND_MS.full : ROUND_MS.short);
    const after = await spent();
    const seconds = (performance.now() - beganMs) / 1000;
    const share = (kind: keyof Spent) => (100 * (after[kind] - before[kind])) / seconds;
    rounds.push([kinds.reduce((sum, kind) => sum + share(kind), 0)]);
    for (const kind of kinds) add(kind, share(kind));
    add('every task, with painting', share('TaskDuration'));
  }
  await page.context().close();
  const docks = 'all docks that are shown at first, the preview playing, 1440×900';
  return [
    {
      ...{ figure: 'mainthread', rounds },
      parts: [...parts].map(([name, samples]) => ({ name, samples })),
      remarks: [`${docks}; processor time of the thread, percent of one core; no peer`],
    },
  ];
}

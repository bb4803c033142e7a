// A page with links, served by the bench, from which a viewer's page is entered by a real click;
// and the pages of the peer. Joins are timed between two documents of one browser.

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import { ROUNDS } from './figure.ts';
import { pause } from './floors.ts';
import { firstFrameMs, watchFrames } from './pageFrames.ts';

export type LinkServer = { origin: string; close(): void };

/** Serves pages by path on a free loopback port. */
export async function servePages(pages: Readonly<Record<string, string>>): Promise<LinkServer> {
  const server: Server = createServer((request, response) => {
    const page = pages[request.url ?? ''];
    response.writeHead(page === undefined ? 204 : 200, { 'content-type': 'text/html' });
    response.end(page ?? '');
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

export function pageWithLink(href: string): string {
  return `<!doctype html><title>link</title><body><a id="go" href="${href}">watch</a>
<script>document.getElementById('go').addEventListener('click', (signal) => {
  console.log('clicked', performance.timeOrigin + signal.timeStamp);
});</script>`;
}

export type Joins = {
  /** From the click, ms, per round. */
  clicks: number[][];
  /** From the start of the navigation that the click began, ms. */
  navigations: number[];
  /** First contentful paint, ms from the start of navigation, per round. */
  paints: number[][];
  /** Moments of a join, ms from the start of navigation, where the page has them. */
  steps: Record<Step, number[]>;
};

/** Joins of a fresh browser that are not counted. */
const WARM_UP = 2;

const STEPS = ['page read', 'offer sent', 'answer here', 'first frame'] as const;
type Step = (typeof STEPS)[number];

/**
 * Joins again and again in one warm browser: blank page, click, first presented frame, leave. The
 * first joins are dropped. Waits of uneven length spread the joins over the group of pictures.
 */
export async function takeJoins(
  browser: Browser,
  linkUrl: string,
  perRound: number,
): Promise<Joins> {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await watchFrames(page, false);
  const clicks: number[][] = [];
  const navigations: number[] = [];
  const paints: number[][] = [];
  const steps: Joins['steps'] = {
    'page read': [],
    'offer sent': [],
    'answer here': [],
    'first frame': [],
  };
  for (let round = 0; round < ROUNDS; round++) {
    const samples: number[] = [];
    const painted: number[] = [];
    for (let at = round === 0 ? -WARM_UP : 0; at < perRound; at++) {
      await page.goto(linkUrl);
      await pause(150 + (((at + WARM_UP) * 137) % 400));
      const join = await joinOnce(page);
      if (at < 0) continue;
      samples.push(join.fromClickMs);
      navigations.push(join.fromNavigationMs);
      painted.push(...join.painted);
      for (const step of STEPS) steps[step].push(...(join.moments[step] ?? []));
    }
    clicks.push(samples);
    paints.push(painted);
  }
  await page.close();
  return { clicks, navigations, paints, steps };
}

/** Loads a page of the bench, waits, clicks its button and leaves, again and again. */
export async function takeLoadedJoins(
  browser: Browser,
  url: string,
  perRound: number,
): Promise<number[][]> {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await watchFrames(page, false);
  const rounds: number[][] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const samples: number[] = [];
    for (let at = round === 0 ? -WARM_UP : 0; at < perRound; at++) {
      await page.goto(url);
      // Spread over the group of pictures, as joins of the other figure are.
      await pause(300 + (((at + WARM_UP) * 137) % 400));
      await page.click('button');
      const firstMs = await firstFrameMs(page);
      const clickedMs = await page.evaluate(
        () => (window as { benchClickMs?: number }).benchClickMs ?? Number.NaN,
      );
      if (at >= 0) samples.push(firstMs - clickedMs);
      await page.goto('about:blank');
    }
    rounds.push(samples);
  }
  await page.close();
  return rounds;
}

/** The two documents share no memory (the relay's page isolates itself), so the console tells. */
async function joinOnce(page: Page): Promise<OneJoin> {
  const told = page.waitForEvent('console', (message) => message.text().startsWith('clicked '));
  await page.click('#go');
  const clickedMs = Number((await told).text().split(' ')[1]);
  await page.waitForSelector('video', { state: 'attached' });
  const fromNavigationMs = await firstFrameMs(page);
  const seen = await page.evaluate(() => {
    const entries = performance.getEntriesByType('resource') as PerformanceResourceTiming[];
    const offer = entries.find(({ name }) => name.includes('/whep/'));
    const [page] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[];
    return {
      originMs: performance.timeOrigin,
      painted: performance.getEntriesByName('first-contentful-paint').map((one) => one.startTime),
      read: page ? [page.responseEnd] : [],
      sent: offer ? [offer.startTime] : [],
      answered: offer ? [offer.responseEnd] : [],
    };
  });
  return {
    fromClickMs: seen.originMs + fromNavigationMs - clickedMs,
    fromNavigationMs,
    painted: seen.painted,
    moments: {
      'page read': seen.read,
      'offer sent': seen.sent,
      'answer here': seen.answered,
      'first frame': [fromNavigationMs],
    },
  };
}

type OneJoin = {
  fromClickMs: number;
  fromNavigationMs: number;
  painted: number[];
  moments: Record<Step, number[]>;
};

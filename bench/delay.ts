// Figure `delay`: from the moment that a frame was made to its presentation in the real viewer page
// with overlays on, read from the picture itself. The page's own figure of the same time stands
// beside it: it is what viewers and studio are shown, so it should agree.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { DESKTOP, PHONE } from '../tests/harness/browser.ts';
import type { ReadyFacts } from '../tests/harness/studio.ts';
import { channelClockOf } from './channelClock.ts';
import { type BenchContext, type Measured, notMeasured, ROUNDS } from './figure.ts';
import { pause } from './floors.ts';
import { measurePeerDelay } from './janus.ts';
import { mapPageClock } from './pageClock.ts';
import { delaysOf, type FrameDelays, takeFrames, watchFrames } from './pageFrames.ts';
import { spreadOf } from './statistics.ts';

const WARM_UP_MS = 3_000;
const ROUND_MS = { short: 4_000, full: 60_000 };

/** Both windows show the same 720p stream; without a GPU the browser paints them on the CPU. */
export async function measureDelay(context: BenchContext): Promise<Measured[]> {
  const browser = await context.browser();
  if (!browser) return [notMeasured('delay', 'no browser with H.264')];
  const { studio } = await context.studio('demo:?barcode=1');
  const wide = await delayIn(browser, studio.facts(), DESKTOP, context.isFull);
  const phone = await delayIn(browser, studio.facts(), PHONE, context.isFull);
  await context.quiet();
  const peer = await measurePeerDelay(context, browser);
  return [
    { figure: 'delay', ...wide, peer },
    { figure: 'delayphone', ...phone },
  ];
}

async function delayIn(
  browser: Browser,
  facts: ReadyFacts,
  viewport: { width: number; height: number },
  isFull: boolean,
): Promise<{ rounds: number[][]; remarks: string[] }> {
  const epochMs = channelClockOf(readFileSync(join(facts.data, 'clock.json'), 'utf8')) / 1000;
  const page = await browser.newPage({ viewport });
  await watchFrames(page, true);
  await page.goto(facts.viewer ?? '');
  await page
    .locator('#root[data-state="live"][data-overlay="live"]')
    .waitFor({ state: 'attached' });
  const own: string[] = [];
  const rounds = await delayRounds(page, epochMs, isFull, async () => {
    const root = page.locator('#root');
    const p50 = await root.getAttribute('data-delay-ms');
    own.push(`${p50}/${await root.getAttribute('data-delay-p95-ms')}`);
  });
  await page.close();
  const remarks = [
    `window ${viewport.width}×${viewport.height}; ${remarksOf(rounds).join('; ')}`,
    `the page's own figure (p50/p95 of its last 2 s) after each round: ${own.join(', ')} ms`,
  ];
  return { rounds: rounds.map(({ presented }) => presented), remarks };
}

export type DelayRound = FrameDelays & { uncertaintyMs: number };

/** Warms up and takes the rounds on an open page. */
export async function delayRounds(
  page: Page,
  epochMs: number,
  isFull: boolean,
  onRound: () => Promise<void> = async () => {},
): Promise<DelayRound[]> {
  await pause(WARM_UP_MS);
  const rounds: DelayRound[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    rounds.push(await takeDelayRound(page, epochMs, isFull));
    await onRound();
  }
  return rounds;
}

/** One round on a page that plays. */
export async function takeDelayRound(
  page: Page,
  epochMs: number,
  isFull: boolean,
): Promise<DelayRound> {
  const clock = await mapPageClock(page);
  await takeFrames(page);
  await pause(isFull ? ROUND_MS.full : ROUND_MS.short);
  const delays = delaysOf(await takeFrames(page), clock, epochMs);
  return { ...delays, uncertaintyMs: clock.uncertaintyMs };
}

/** What a reader of the figure must know. */
export function remarksOf(rounds: readonly DelayRound[]): string[] {
  const sum = (read: (round: DelayRound) => number) =>
    rounds.reduce((total, round) => total + read(round), 0);
  const called = spreadOf(rounds.flatMap((round) => round.called));
  const uncertaintyMs = Math.max(...rounds.map((round) => round.uncertaintyMs));
  return [
    `${sum((round) => round.presented.length)} frames, ${sum((round) => round.misread)} misread, ` +
      `${sum((round) => round.mismatched)} already replaced by a newer one and left out`,
    `clock right to ${uncertaintyMs.toFixed(2)} ms; to the callback itself ` +
      `${called ? `${called.p50.toFixed(1)}/${called.p95.toFixed(1)}` : '-'} ms (p50/p95)`,
  ];
}

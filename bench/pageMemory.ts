// Figure `memoryslope`: whether the studio's page grows while a show is live. What is in use after a
// forced collection of garbage is read again and again, and a line is laid through it: its slope in
// MB for 30 minutes. A short form sees a short time, so its slope is uncertain; the table says by how
// much, and the long form (`npm run endurance -- --only page`) looks for the whole 30 minutes.

import type { Page } from 'playwright-core';
import { type BenchContext, type Measured, notMeasured, ROUNDS } from './figure.ts';
import { pause } from './floors.ts';
import { slopeOf } from './slope.ts';
import { ownerPage } from './studioPage.ts';

const ROUND_MS = { short: 60_000, full: 600_000 };
const READ_EVERY_MS = 3_000;
/** Compiled code, fonts, the first minute of curves. */
const WARM_UP_MS = 45_000;
const MINUTES_30_S = 1_800;
const MEGABYTE = 1_048_576;

export type HeapSlope = { slope: number; error: number; readings: number };

export async function measureMemorySlope(context: BenchContext): Promise<Measured[]> {
  const browser = await context.browser();
  if (!browser) return [notMeasured('memoryslope', 'no browser with H.264')];
  const { studio, owner } = await context.studio('demo:');
  const link = studio.facts().studio ?? '';
  const page = await ownerPage(browser, link, owner);
  await page.goto(new URL(link).origin);
  await page.waitForFunction(() => (document.querySelector('video')?.currentTime ?? 0) > 0);
  await pause(WARM_UP_MS);
  const roundMs = context.isFull ? ROUND_MS.full : ROUND_MS.short;
  const rounds: HeapSlope[] = [];
  for (let round = 0; round < ROUNDS; round++) rounds.push(await heapSlope(page, roundMs));
  await page.context().close();
  const told = rounds.map(({ slope, error }) => `${slope.toFixed(2)} ± ${error.toFixed(2)}`);
  const minutes = roundMs / 60_000;
  return [
    {
      figure: 'memoryslope',
      rounds: rounds.map(({ slope }) => [slope]),
      remarks: [
        `from ${minutes} min of each round, MB in 30 min with twice the standard error: ${told.join(', ')}`,
        'a live show, all docks that are shown at first; in use after forced collections; no peer',
      ],
    },
  ];
}

/** MB in 30 minutes by what is in use now and for so long; `error` is twice the standard error. */
export async function heapSlope(page: Page, durationMs: number): Promise<HeapSlope> {
  const devtools = await page.context().newCDPSession(page);
  const [timesS, megabytes]: [number[], number[]] = [[], []];
  const beganMs = performance.now();
  while (performance.now() - beganMs < durationMs) {
    // Finalizers free more for the second collection.
    for (let time = 0; time < 2; time++) await devtools.send('HeapProfiler.collectGarbage');
    const { usedSize } = await devtools.send('Runtime.getHeapUsage');
    timesS.push((performance.now() - beganMs) / 1000);
    megabytes.push(usedSize / MEGABYTE);
    await pause(READ_EVERY_MS);
  }
  await devtools.detach();
  const { slope, standardError } = slopeOf(timesS, megabytes);
  return {
    slope: slope * MINUTES_30_S,
    error: 2 * standardError * MINUTES_30_S,
    readings: timesS.length,
  };
}

// Maps a page's performance.now() to this machine's monotonic clock, from outside the page: the
// page's own idea of the media clock is what is being checked, so it is not asked. The shortest of
// thirty bracketed questions gives the offset; half of it is the uncertainty.

import type { Page } from 'playwright-core';

const QUESTIONS = 30;

export type PageClockMap = {
  /** Monotonic clock minus the page's, ms. */
  offsetMs: number;
  /** The offset is right to this, ms. */
  uncertaintyMs: number;
};

/** Asks the page thirty times. */
export async function mapPageClock(page: Page): Promise<PageClockMap> {
  let best: PageClockMap = { offsetMs: 0, uncertaintyMs: Number.POSITIVE_INFINITY };
  for (let at = 0; at < QUESTIONS; at++) {
    const beforeMs = monotonicMs();
    const pageMs = await page.evaluate(() => performance.now());
    const afterMs = monotonicMs();
    const uncertaintyMs = (afterMs - beforeMs) / 2;
    if (uncertaintyMs < best.uncertaintyMs) {
      best = { offsetMs: beforeMs + uncertaintyMs - pageMs, uncertaintyMs };
    }
  }
  return best;
}

/** This machine's monotonic clock, ms: the media clock without its epoch. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1000n) / 1000;
}

// Figure `delaytwo`: the delay at a viewer with sound on while a second one and the studio's page are
// open as well, five seconds after every page of the browser stood still for a second. What a
// disturbance leaves behind is seen here, and not where one page watches in peace.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { openStudioPage, openViewer, PHONE } from '../tests/harness/browser.ts';
import { channelClockOf } from './channelClock.ts';
import { remarksOf, takeDelayRound } from './delay.ts';
import { type BenchContext, type Measured, notMeasured, ROUNDS } from './figure.ts';
import { pause } from './floors.ts';
import { watchFrames } from './pageFrames.ts';

const STILL_MS = 1_200;
/** A disturbance may be felt for so long. */
const RECOVERY_MS = 5_000;

export async function measureDelayTwo(context: BenchContext): Promise<Measured[]> {
  const browser = await context.browser();
  if (!browser) return [notMeasured('delaytwo', 'no browser with H.264')];
  const { studio, owner } = await context.studio('demo:?barcode=1');
  const facts = studio.facts();
  const epochMs = channelClockOf(readFileSync(join(facts.data, 'clock.json'), 'utf8')) / 1000;
  const studioPage = await openStudioPage(browser, facts.studio ?? '', owner.cookie);
  const link = facts.viewer ?? '';
  const wide = await openViewer(browser, link, undefined, (page) => watchFrames(page, true));
  const phone = await openViewer(browser, link, PHONE);
  await Promise.all([wide.untilState('live'), phone.untilState('live')]);
  await wide.page.getByTestId('sound').click();
  await pause(RECOVERY_MS);
  const rounds = [];
  for (let round = 0; round < ROUNDS; round++) {
    await standStill(browser);
    await pause(RECOVERY_MS);
    rounds.push(await takeDelayRound(wide.page, epochMs, context.isFull));
  }
  await Promise.all([wide, phone].map(({ page }) => page.context().close()));
  await studioPage.context().close();
  const remarks = [
    `sound on; every page stood still for ${STILL_MS} ms, then ${RECOVERY_MS / 1000} s passed`,
    ...remarksOf(rounds),
  ];
  return [{ figure: 'delaytwo', rounds: rounds.map(({ presented }) => presented), remarks }];
}

async function standStill(browser: Browser): Promise<void> {
  const devtools = await browser.newBrowserCDPSession();
  const { processInfo } = await devtools.send('SystemInfo.getProcessInfo');
  await devtools.detach();
  const pages = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id);
  for (const pid of pages) process.kill(pid, 'SIGSTOP');
  await pause(STILL_MS);
  for (const pid of pages) process.kill(pid, 'SIGCONT');
}

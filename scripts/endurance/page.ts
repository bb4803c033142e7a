// The studio's page for 30 minutes beside a live show: what it holds after forced collections of
// garbage must not grow by more than 1 MB, by a line through all readings and its uncertainty.

import { heapSlope } from '../../bench/pageMemory.ts';
import { browserSkip, launchBrowser, openStudioPage } from '../../tests/harness/browser.ts';
import { enterStudio } from '../../tests/harness/owner.ts';
import { startStudio } from '../../tests/harness/studio.ts';

const LENGTH_MS = 1_800_000;
const WARM_UP_MS = 60_000;
const MEGABYTES_MAX = 1;

export async function runPage(say: (line: string) => void): Promise<boolean> {
  if (browserSkip) {
    say(`page: not run: ${browserSkip}`);
    return true;
  }
  const studio = await startStudio();
  const link = studio.facts().studio ?? '';
  const owner = await enterStudio(link);
  const browser = await launchBrowser();
  try {
    const page = await openStudioPage(browser, link, owner.cookie);
    await page.waitForFunction(() => (document.querySelector('video')?.currentTime ?? 0) > 0);
    await page.waitForTimeout(WARM_UP_MS);
    const { slope, error, readings } = await heapSlope(page, LENGTH_MS);
    say(`page: ${slope.toFixed(2)} ± ${error.toFixed(2)} MB in 30 min (${readings} readings)`);
    return slope - error <= MEGABYTES_MAX;
  } finally {
    await browser.close();
    owner.close();
    await studio.stop();
  }
}

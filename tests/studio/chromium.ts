// The browser for tests of pages: the one that was named, else an installed one. Tests that need
// it are skipped with a reason where there is none.

import { chromium } from 'playwright-core';
import { findChromium } from '../../scripts/chromium.ts';
import '../harness/leftovers.ts';

export const noChromium = findChromium() ? false : 'no Chromium found; npm run setup installs one';

export function launchChromium(args: readonly string[] = []) {
  return chromium.launch({
    executablePath: findChromium() ?? '',
    args: ['--no-sandbox', '--autoplay-policy=no-user-gesture-required', ...args],
  });
}

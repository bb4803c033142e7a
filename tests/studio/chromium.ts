// The browser for tests of pages: the one that was named, else an installed one. Tests that need
// it are skipped with a reason where there is none.

import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';

const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];

/** Path of a Chromium or Chrome, or null. */
export function findChromium(): string | null {
  const named = process.env.MORPHINE_CHROMIUM;
  if (named !== undefined && named !== '') return existsSync(named) ? named : null;
  return PLACES.find((place) => existsSync(place)) ?? null;
}

export const noChromium =
  findChromium() === null ? 'no Chromium found; npm run setup installs one' : false;

export function launchChromium(args: readonly string[] = []) {
  return chromium.launch({
    executablePath: findChromium() ?? '',
    args: ['--no-sandbox', '--autoplay-policy=no-user-gesture-required', ...args],
  });
}

// Proves the first run as whoever is new meets it: a studio in a new folder that was told nothing, a
// real Chromium, no mouse. Five steps by keyboard alone, the machine really measured, and at the end
// the show is live at the relay and its picture moves. It does not come a second time.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { browserSkip, launchBrowser } from './harness/browser.ts';
import { type RunningStudio, startStudio } from './harness/studio.ts';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const skip = browserSkip;
let studio: RunningStudio;
let browser: Browser;
let page: Page;

before(async () => {
  if (skip) return;
  studio = await startStudio({ isLive: false, isFirst: true });
  browser = await launchBrowser();
  page = await browser.newPage({ viewport: { width: 1280, height: 720 }, locale: 'en-GB' });
  page.setDefaultTimeout(75_000);
  await page.goto(studio.facts().studio ?? '');
});
after(async () => {
  await browser?.close();
  await studio?.stop();
});

const step = (name: string) =>
  page.locator('.firstRun-progress [aria-current=step]', { hasText: name });
const focused = (name: string | RegExp) =>
  page.locator(':focus').and(page.getByRole('button', { name }));

async function seriousFaults(): Promise<string[]> {
  await page.evaluate(axe);
  type Found = { violations: { id: string; impact: string }[] };
  const { violations } = await page.evaluate(() =>
    (globalThis as unknown as { axe: { run(): Promise<Found> } }).axe.run(),
  );
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id }) => id);
}

test('from nothing to live by keyboard alone', { skip }, async () => {
  await page.getByRole('dialog', { name: 'From nothing to live' }).waitFor();
  await step('Picture').waitFor();
  await page
    .locator(':focus')
    .and(page.getByRole('radio', { name: /^Demo match/ }))
    .waitFor();
  // A camera is seen as it is, beside what is on its way already.
  await page.waitForFunction(() => {
    const seen = [...document.querySelectorAll<HTMLVideoElement>('.offer video')];
    return seen.length >= 2 && seen.every(({ currentTime }) => currentTime > 0);
  });
  assert.deepEqual(await seriousFaults(), []);
  await page.keyboard.press('Enter');

  await step('Microphone').waitFor();
  await focused('Next').waitFor();
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Shift+Tab');
  await focused('Try the microphone').waitFor();
  await page.keyboard.press('Enter');
  // Chromium's own microphone beeps.
  await page.waitForFunction(() => {
    const level = document.querySelector('[role=meter]')?.getAttribute('aria-valuenow');
    return level !== null && level !== undefined && Number(level) > -50;
  });
  await page.getByRole('combobox', { name: 'Microphone' }).focus();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await focused('Next').waitFor();
  await page.keyboard.press('Enter');

  await step('This computer').waitFor();
  await focused('Use this picture').waitFor();
  await page
    // A machine that is busy beyond measure is told so; then nothing is made up.
    .getByText(/x264 \(processor\) 720p: \d+\.\d× real time|No encoder could be measured/)
    .waitFor();
  await page.getByText(/\d+ cores, \d+ % free beside the studio/).waitFor();
  await page.getByText('The relay runs on this computer; nothing to measure').waitFor();
  assert.ok((await page.locator('.advice li').count()) === 5);
  assert.deepEqual(await seriousFaults(), []);
  await page.keyboard.press('Enter');

  await step('Name').waitFor();
  await page.locator(':focus').and(page.getByLabel('Name of the channel')).waitFor();
  await page.keyboard.press('Control+a');
  await page.keyboard.press('Delete');
  await page.getByText('At least one character.').waitFor();
  await page.keyboard.type('Cup night');
  await page.getByText('71 characters left').waitFor();
  await page.keyboard.press('Enter');

  await step('Go live').waitFor();
  await focused('Go live').waitFor();
  await page.locator('.firstRun').getByText('Cup night').waitFor();
  await page.keyboard.press('Enter');
  await page.getByTestId('live').waitFor();
  assert.equal(await page.locator('dialog[open]').count(), 0);
  await studio.until('the state live', ({ state }) => state === 'live');
});

test('the show is there: its picture moves, its name is kept, and nobody is asked again', {
  skip,
}, async () => {
  const facts = await studio.until('a link', ({ viewer }) => typeof viewer === 'string');
  const viewer = await browser.newPage();
  viewer.setDefaultTimeout(75_000);
  await viewer.goto(facts.viewer ?? '');
  await viewer.locator('#root[data-state="live"]').waitFor({ state: 'attached' });
  await viewer.waitForFunction(
    () => Number(document.querySelector<HTMLElement>('#root')?.dataset.frames) > 10,
  );
  await viewer.getByText('Cup night').first().waitFor({ state: 'attached' });
  const kept = (name: string) =>
    JSON.parse(readFileSync(join(studio.folder, 'data', name), 'utf8')) as Record<string, unknown>;
  assert.equal(kept('settings.json').title, 'Cup night');
  assert.equal(kept('first-run.json').isOver, true);
  await page.reload();
  await page.getByTestId('live').waitFor();
  assert.equal(await page.locator('.firstRun').count(), 0);
});

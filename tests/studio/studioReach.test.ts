// Proves how a show is reached, in the studio's built page in a real Chromium: its link is tried
// before the show, a relay is paired by its words, and the share menu's QR code says the link.
// Skipped where there is no Chromium.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { encode } from 'uqr';
import { builtPage } from '../harness/builtPage.ts';
import { launchChromium, noChromium } from './chromium.ts';
import { openStudioIn } from './openStudio.ts';
import { STORY_PAIRING_CODE, startStory } from './story.ts';

let folder = '';
let browser: Browser;

before(async () => {
  if (noChromium !== false) return;
  folder = await builtPage('studio');
  browser = await launchChromium();
});
after(async () => {
  if (noChromium !== false) return;
  await browser.close();
  // WebRTC's threads keep a process alive; the reporter gets its turn first.
  setImmediate(() => process.exit());
});

test('before the show its link is tried; what to open is said, and the person decides', {
  skip: noChromium,
}, async () => {
  const story = await startStory(folder);
  const page = await openStudioIn(browser, story);
  const sentence = 'Nobody answers at play.example (ETIMEDOUT): open TCP port 443.';
  story.linkAnswers.push({ isReachable: false, sentence }, { isReachable: false, sentence });
  await page.getByRole('button', { name: 'Go live' }).click();
  const dialog = page.getByRole('dialog', { name: 'The link does not work for others yet' });
  await dialog.getByText(sentence).waitFor();
  await dialog.getByRole('button', { name: 'Not yet' }).click();
  await dialog.waitFor({ state: 'hidden' });
  assert.deepEqual(story.calls, []);
  await page.getByRole('button', { name: 'Go live' }).click();
  await dialog.getByRole('button', { name: 'Go live all the same' }).click();
  await page.getByTestId('live').waitFor();
  assert.deepEqual(story.calls, ['show.goLive']);
  await page.close();
  await story.close();
});

test('a relay is paired by its address and its six words', { skip: noChromium }, async () => {
  const story = await startStory(folder);
  const page = await openStudioIn(browser, story);
  await page.getByRole('button', { name: 'Templates, viewers and rules' }).click();
  await page.getByRole('tab', { name: 'Relay' }).click();
  await page.getByText('This show goes through http://127.0.0.1:47801.').waitFor();
  const code = page.getByLabel('Its six words');
  await page.getByLabel('Address of the relay').fill('relay.example');
  await code.fill('apple bread');
  await page.getByRole('button', { name: 'Pair', exact: true }).click();
  await page.getByText('A code has six words; these are 2.').waitFor();
  await code.fill('apple bread candle drum eagle eagle');
  await code.press('Enter');
  await page.getByText('This is not the code that the relay shows').waitFor();
  await code.fill(STORY_PAIRING_CODE);
  await page.screenshot({ path: join(folder, 'pair.png') });
  await code.press('Enter');
  await page.getByText('Paired. The studio starts again with this relay').waitFor();
  assert.deepEqual(story.calls, ['relay.pair relay.example', 'relay.pair relay.example']);
  await page.close();
  await story.close();
});

test('the share menu shows the link, and a QR code that says the same', {
  skip: noChromium,
}, async () => {
  const story = await startStory(folder);
  const page = await openStudioIn(browser, story);
  await page.getByRole('button', { name: 'Share link' }).click();
  const link = await page.getByRole('textbox', { name: 'Share link' }).inputValue();
  assert.equal(link, story.state().show.viewerUrl);
  const drawn = await page.locator('.qrCode path').getAttribute('d');
  const { data } = encode(link, { border: 2 });
  const dark = data.flatMap((row, y) => row.flatMap((is, x) => (is ? [`M${x} ${y}h1v1h-1z`] : [])));
  assert.ok(dark.length > 100);
  assert.equal(drawn, dark.join(''));
  await page.close();
  await story.close();
});

// Proves that the models' screen shows what a model is before it is used: its card, its licence
// before the first download, where it runs and why not elsewhere, and what is not offered and why.
// The built page in a real Chromium against the real server; skipped where there is no Chromium.

import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { after, test } from 'node:test';
import { launchChromium, noChromium } from './chromium.ts';
import { buildPage } from './pages.ts';
import { startStory } from './story.ts';

const skip = noChromium;
const folder = skip ? '' : await buildPage('studio');
after(async () => {
  if (folder !== '') await rm(folder, { recursive: true });
  // WebRTC's threads keep a process alive; the reporter gets its turn first.
  setImmediate(() => process.exit());
});

test('a licence is read before a download, and a stranger’s file is taken in', {
  skip,
}, async () => {
  const browser = await launchChromium();
  const story = await startStory(folder);
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  page.on('pageerror', (error) => assert.fail(error));
  await page.goto(story.server.issueLink());
  await page.getByRole('button', { name: 'Models …' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('cpu, 5.4 ms a picture').waitFor();
  await dialog.getByText('Not on cuda: there is no NVIDIA GPU').waitFor();
  await dialog.getByText('Not offered: YOLOv8').waitFor();
  await dialog.getByText('They are AGPL-3.0.').waitFor();

  await dialog.getByRole('button', { name: 'Download YOLOX-nano 416' }).click();
  await dialog.getByText('YOLOX-nano 416 is under Apache-2.0. Read it').waitFor();
  const link = dialog.getByRole('link', { name: 'Read the licence' }).first();
  assert.equal(await link.getAttribute('href'), 'https://www.apache.org/licenses/LICENSE-2.0');
  assert.ok(!story.calls.some((call) => call.startsWith('models.download')), 'not before');
  await dialog.getByRole('button', { name: 'Accept and download' }).click();
  await dialog.getByRole('progressbar').waitFor();
  await dialog.getByRole('button', { name: 'Remove YOLOX-nano 416' }).waitFor();
  const asked = story.calls.filter((call) => call.startsWith('models.'));
  assert.deepEqual(asked, ['models.accept yolox-nano-416', 'models.download yolox-nano-416']);

  await dialog.getByRole('button', { name: 'Remove YOLOX-nano 416' }).click();
  await dialog.getByRole('button', { name: 'Remove for good' }).click();
  await dialog.getByText('YOLOX-nano 416').first().waitFor({ state: 'detached' });

  await dialog.getByLabel('ONNX file on the studio’s computer').fill('/models/mine.txt');
  await dialog.getByRole('button', { name: 'Import', exact: true }).click();
  await dialog.getByText('file: a file name ending in .onnx').waitFor();
  await dialog.getByLabel('ONNX file on the studio’s computer').fill('/models/mine.onnx');
  await dialog.getByRole('button', { name: 'Import', exact: true }).click();
  await dialog.getByText('“stranger” was taken in.').waitFor();
  await dialog.getByText('Brought by you').waitFor();
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  await story.close();
  await browser.close();
});

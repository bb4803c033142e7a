// Proves that the models' screen shows what a model is before it is used (its card, its licence
// before the first download, where it runs and why not elsewhere, what is not offered and why), and
// that the picture is handed to another engine and back, in both languages, its token shown nowhere.
// The built page in a real Chromium against the real server; skipped where there is no Chromium.

import assert from 'node:assert/strict';
import { copyFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import { builtPage } from '../harness/builtPage.ts';
import { launchChromium, noChromium } from './chromium.ts';
import { startStory } from './story.ts';
import { STORY_OBS_PASSWORD } from './storyObs.ts';
import { STORY_SHOW_TITLE } from './storyReports.ts';

const skip = noChromium;
const folder = skip ? '' : await builtPage('studio');
let browser: Browser;
before(async () => {
  if (!skip) browser = await launchChromium();
});
after(async () => {
  await browser?.close();
  // WebRTC's threads keep a process alive; the reporter gets its turn first.
  setImmediate(() => process.exit());
});

test('a licence is read before a download, and a stranger’s file is taken in', {
  skip,
}, async () => {
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
  await page.close();
  await story.close();
});

test('the picture is handed to another engine and taken back; its token is never read back', {
  skip,
}, async () => {
  const story = await startStory(folder);
  const page = await browser.newPage({ viewport: { width: 1280, height: 720 } });
  page.on('pageerror', (error) => assert.fail(error));
  await page.goto(story.server.issueLink());
  const state = page.getByTestId('handover-state');
  const inState = (name: string) =>
    page.locator(`[data-testid=handover-state][data-state=${name}]`);
  const open = async () => {
    await page.getByRole('button', { name: 'Templates, viewers and rules' }).click();
    await page.getByRole('tab', { name: 'Other engine' }).click();
  };
  await open();
  await inState('off').waitFor();
  const whip = page.getByLabel('WHIP address');
  const whepUrl = 'https://sfu.example/whep/show';
  await whip.fill('sfu.example');
  await page.getByLabel('WHEP address').fill(whepUrl);
  await page.getByLabel('Its token').fill('a secret');
  assert.equal(await page.getByLabel('Its token').getAttribute('type'), 'password');
  await page.getByRole('button', { name: 'Try it and hand over' }).click();
  await page.locator('.formField-fault').getByText('Write an address').waitFor();
  assert.deepEqual(story.calls, []);
  await whip.fill('https://sfu.example/whip/show');
  await whip.press('Enter');
  await inState('probing').waitFor();
  assert.deepEqual(story.calls, ['handover.set a secret']);
  const there = { whipUrl: 'https://sfu.example/whip/show', whepUrl, reason: '' };
  story.apply({ type: 'handover.changed', handover: { ...there, state: 'moved' } });
  await inState('moved').waitFor();
  const reason = 'The other engine fell silent; everybody is back on this relay.';
  story.apply({ type: 'handover.changed', handover: { ...there, state: 'failed', reason } });
  await state.getByText(reason).waitFor();
  if (process.env.PICTURES) await page.screenshot({ path: `${process.env.PICTURES}/handover.png` });
  await page.keyboard.press('Escape');
  await open();
  assert.equal(await whip.inputValue(), there.whipUrl);
  assert.equal(await page.getByLabel('Its token').inputValue(), '', 'a secret is never read back');
  await page.getByRole('button', { name: 'Take the picture back' }).click();
  await inState('off').waitFor();
  assert.deepEqual(story.calls, ['handover.set a secret', 'handover.clear']);
  const chinese = await browser.newPage({ locale: 'zh-CN' });
  await chinese.goto(story.server.issueLink());
  await chinese.getByRole('button', { name: '模板、观众与规则' }).click();
  await chinese.getByRole('tab', { name: '其他引擎' }).click();
  await chinese.getByText('画面来自此中继。').waitFor();
  for (const one of [page, chinese]) await one.close();
  await story.close();
});

test('OBS is connected, set up, started and switched; its password is never read back', {
  skip,
}, async () => {
  const story = await startStory(folder);
  const page = await browser.newPage({ viewport: { width: 1280, height: 820 } });
  page.on('pageerror', (error) => assert.fail(error));
  await page.goto(story.server.issueLink());
  const inState = (name: string) => page.locator(`[data-testid=obs-state][data-state=${name}]`);
  const picture = async (name: string) => {
    const folderOfPictures = process.env.PICTURES;
    if (folderOfPictures) await page.screenshot({ path: `${folderOfPictures}/${name}.png` });
  };
  await page.getByRole('button', { name: 'Templates, viewers and rules' }).click();
  await page.getByRole('tab', { name: 'OBS' }).click();
  await inState('off').waitFor();
  await page.getByText('OBS is on this computer, and its server is on.').waitFor();
  const password = page.getByLabel('Password of OBS');
  assert.equal(await page.getByLabel('Address of OBS').inputValue(), '127.0.0.1:4455');
  assert.equal(await password.getAttribute('type'), 'password');
  await password.fill('a wrong one');
  await page.getByRole('button', { name: 'Connect' }).click();
  await inState('wrongPassword').waitFor();
  await inState('wrongPassword').getByText('Show Connect Info').waitFor();
  await picture('obs-wrong');
  await password.fill(STORY_OBS_PASSWORD);
  await password.press('Enter');
  await inState('connected').getByText('OBS 30.1.2 is connected.').waitFor();
  await page.getByRole('button', { name: 'Set OBS up' }).click();
  await page.getByText('set up to stream here by WHIP').waitFor();
  await page.getByLabel('Scene').selectOption('Break');
  await page.getByRole('button', { name: 'Start streaming' }).click();
  await page.getByTestId('obs-figures').getByText('12 of 5400').waitFor();
  assert.equal(story.state().obs.scene, 'Break');
  await page.getByText('Set up by hand').click();
  const token = page.getByLabel('Bearer token', { exact: true });
  await token.waitFor();
  assert.equal(await token.getAttribute('type'), 'password', 'not for a shared screen');
  const streamKey = page.getByLabel('Stream Key', { exact: true });
  assert.equal(await streamKey.getAttribute('type'), 'password');
  await picture('obs-streaming');
  await page.getByRole('button', { name: 'Give back what it had' }).click();
  await page.getByText('What it had before is kept.').waitFor();
  assert.deepEqual(story.calls, ['obs.connect 127.0.0.1:4455', 'obs.connect 127.0.0.1:4455']);
  const chinese = await browser.newPage({ locale: 'zh-CN' });
  await chinese.goto(story.server.issueLink());
  await chinese.getByRole('button', { name: '模板、观众与规则' }).click();
  await chinese.getByRole('tab', { name: 'OBS' }).click();
  await chinese.getByText('已连接 OBS 30.1.2。').waitFor();
  for (const one of [page, chinese]) await one.close();
  await story.close();
});

test('clips are shown with their reason, played, kept as long as is set, and deleted', {
  skip,
}, async () => {
  const story = await startStory(folder);
  const page = await browser.newPage({ viewport: { width: 1280, height: 720 } });
  page.on('pageerror', (error) => assert.fail(error));
  await page.goto(story.server.issueLink());
  await page.getByRole('button', { name: 'Clips …' }).click();
  const dialog = page.getByRole('dialog', { name: 'Clips and what is kept' });
  await dialog.getByText('shot 0.91: ball left foot of 7').waitFor();
  assert.equal(await dialog.getByTestId('clip').count(), 2);
  await dialog.getByRole('button', { name: 'Play “Highlight”' }).click();
  const movie = dialog.locator('video');
  await movie.waitFor();
  await page.waitForFunction(
    () => (document.querySelector('dialog video') as HTMLVideoElement)?.currentTime > 0,
  );
  if (process.env.PICTURES) await page.screenshot({ path: `${process.env.PICTURES}/clips.png` });
  const saving = page.waitForEvent('download');
  await dialog.getByRole('button', { name: 'Download “Moment”' }).click();
  assert.equal((await saving).suggestedFilename(), '2026-11-21 18.12.55 Moment.mp4');
  await dialog.getByLabel('Clips').selectOption('30');
  await dialog.getByRole('button', { name: 'Delete “Moment”' }).click();
  await dialog.getByRole('button', { name: 'Delete for good' }).click();
  await page.waitForFunction(() => document.querySelectorAll('[data-testid=clip]').length === 1);
  const [kept = '', removed] = story.calls;
  assert.match(kept, /^recording.configure .*"clipDays":30/);
  assert.equal(removed, 'recording.removeClip 2026-11-21 18.12.55 Moment.mp4');
  const chinese = await browser.newPage({ locale: 'zh-CN' });
  await chinese.goto(story.server.issueLink());
  await chinese.getByRole('button', { name: '片段 …' }).click();
  await chinese.getByText('超过期限的会被删除').waitFor();
  if (process.env.PICTURES)
    await chinese.screenshot({ path: `${process.env.PICTURES}/clipsZh.png` });
  for (const one of [page, chinese]) await one.close();
  await story.close();
});

test('the show is sealed, and pushed to further places; keys are never read back', {
  skip,
}, async () => {
  const story = await startStory(folder);
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  page.on('pageerror', (error) => assert.fail(error));
  await page.goto(story.server.issueLink());
  await page.getByRole('button', { name: 'Templates, viewers and rules' }).click();
  await page.getByRole('tab', { name: 'Ways out' }).click();
  await page.getByRole('button', { name: 'Encrypt end to end' }).click();
  await page.locator('[data-testid=encryption][data-on=true]').waitFor();
  assert.match(story.state().show.viewerUrl, /#k=/);
  await page.getByRole('button', { name: 'New link' }).click();
  await page.getByLabel('Name').fill('The big platform');
  await page.getByLabel('Address (rtmp').fill('rtmp://live.example/app');
  const secret = page.getByLabel('Stream key or bearer token');
  assert.equal(await secret.getAttribute('type'), 'password');
  await secret.fill('a-secret-key');
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await page.locator('[data-testid=destination][data-state=live]').waitFor();
  assert.equal(await secret.inputValue(), '', 'a key is never read back');
  if (process.env.PICTURES) await page.screenshot({ path: `${process.env.PICTURES}/outward.png` });
  await page.getByLabel('Push to The big platform').click();
  await page.locator('[data-testid=destination][data-state=off]').waitFor();
  await page.getByRole('button', { name: 'Remove The big platform' }).click();
  await page.getByText('can be pushed to other places').waitFor();
  assert.deepEqual(story.calls, ['encryption.set true', 'encryption.changeKey true']);
  // A sealed show goes to no television, and that is said beside the switch.
  await page.getByRole('switch', { name: 'Show the picture to televisions' }).click();
  await page.getByText('televisions get no picture').waitFor();
  await page.getByRole('button', { name: 'End encryption' }).click();
  const address = page.getByLabel('Address for televisions');
  assert.match(await address.inputValue(), /\/tv\/c{32}$/);
  await address.scrollIntoViewIfNeeded();
  if (process.env.PICTURES) await page.screenshot({ path: `${process.env.PICTURES}/tv.png` });
  await page.getByRole('button', { name: 'Encrypt end to end' }).click();
  await page.locator('[data-testid=encryption][data-on=true]').waitFor();
  const chinese = await browser.newPage({ locale: 'zh-CN' });
  await chinese.goto(story.server.issueLink());
  await chinese.getByRole('button', { name: '模板、观众与规则' }).click();
  await chinese.getByRole('tab', { name: '输出' }).click();
  await chinese.getByText('画面和声音已端到端加密。').waitFor();
  for (const one of [page, chinese]) await one.close();
  await story.close();
});

test('the report of a show stands for itself as a file, and says what the page says', {
  skip,
}, async () => {
  const story = await startStory(folder);
  const page = await browser.newPage({ viewport: { width: 1280, height: 720 } });
  page.on('pageerror', (error) => assert.fail(error));
  await page.goto(story.server.issueLink());
  await page.getByRole('button', { name: 'Go live' }).waitFor();
  const { show } = story.state();
  story.apply({ type: 'show.changed', show: { ...show, state: 'live', liveSinceUs: 1 } });
  await page.getByTestId('live').waitFor();
  // Somebody else of the crew ends it.
  story.apply({ type: 'show.changed', show });
  const report = page.getByTestId('report');
  await report.getByText(STORY_SHOW_TITLE).waitFor();
  const figuresOf = (of: typeof page) =>
    of
      .locator('dd[data-figure]')
      .evaluateAll((all) => all.map((one) => `${one.dataset.figure} ${one.textContent}`));
  const figures = await figuresOf(page);
  assert.ok(figures.includes('staked 1\u202f324'), figures.join());
  const rows = await report.locator('tbody td').allTextContents();
  const saving = page.waitForEvent('download');
  await report.getByRole('button', { name: 'Save as file' }).press('Enter');
  const saved = await saving;
  assert.match(saved.suggestedFilename(), /^show-2026-11-20-\d+\.html$/);
  const path = await saved.path();

  const file = await browser.newPage();
  file.on('pageerror', (error) => assert.fail(error));
  file.on('console', (line) => assert.notEqual(line.type(), 'error', line.text()));
  file.on('request', (request) => assert.match(request.url(), /^file:/));
  const copy = `${path}.html`;
  await copyFile(path, copy);
  await file.goto(pathToFileURL(copy).href);
  assert.equal(await file.locator('h1').textContent(), STORY_SHOW_TITLE);
  assert.deepEqual(await figuresOf(file), figures);
  assert.deepEqual(await file.locator('tbody td').allTextContents(), rows);
  assert.equal(await file.locator('script, img, b').count(), 0);
  await file.close();

  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.keyboard.press('Control+Shift+X');
  await page.keyboard.press('Control+k');
  await page.getByRole('menuitem').first().waitFor();
  await page.keyboard.type('Reports of shows');
  await page.keyboard.press('Enter');
  await report.locator('dd[data-figure=staked]').getByText('•••').waitFor();
  await page.getByRole('combobox', { name: 'Shows' }).selectOption({ index: 1 });
  await report.getByText('No market was opened in this show.').waitFor();
  await page.close();
  await story.close();
});

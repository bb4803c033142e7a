// Proves the overlay in a real Chromium at a real relay: the picture beneath stays to be seen, markets,
// results and alerts come and go with the studio's words, in both languages, and nothing is shown of
// a show that is not on air.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import type { Browser, Page } from 'playwright-core';
import {
  GameEventSchema,
  Market_State,
  MarketListSchema,
  MarketSchema,
  Show_State,
  ShowSchema,
} from '../../core/wire/gen/facts_pb.js';
import type { Relay } from '../../relay/relay.ts';
import {
  removeFolder,
  startTestRelay,
  TestStudio,
  TestViewer,
  temporaryFolder,
} from '../../relay/testing/harness.ts';
import { browserSkip, launchBrowser } from '../../tests/harness/browser.ts';
import { builtPage } from '../../tests/harness/builtPage.ts';

const folder = temporaryFolder();
const skip = browserSkip ? { skip: browserSkip } : {};
let relay: Relay;
let browser: Browser;

before(async () => {
  if (browserSkip) return;
  const viewerPageFolder = await builtPage('viewer');
  relay = await startTestRelay({ dataFolder: join(folder, 'relay'), viewerPageFolder });
  browser = await launchBrowser();
});

after(async () => {
  await browser?.close();
  await relay?.close();
  removeFolder(folder);
});

/** Opacity of the picture at a place, 0 to 255: what OBS lays over its scene. */
async function opacityAt(page: Page, x: number, y: number): Promise<number> {
  const picture = (await page.screenshot({ omitBackground: true })).toString('base64');
  return page.evaluate(
    async ({ picture: base64, x: left, y: top }) => {
      const image = new Image();
      image.src = `data:image/png;base64,${base64}`;
      await image.decode();
      const canvas = document.createElement('canvas');
      canvas.width = image.width;
      canvas.height = image.height;
      const context = canvas.getContext('2d');
      context?.drawImage(image, 0, 0);
      return context?.getImageData(left, top, 1, 1).data[3] ?? -1;
    },
    { picture, x, y },
  );
}

test('what OBS lays over the picture', skip, async () => {
  const studio = new TestStudio(relay.url);
  await studio.ready();
  const show = (state: Show_State) =>
    studio.deliver([], { case: 'show', value: create(ShowSchema, { state, title: 'Cup' }) });
  const marketOf = (state: Market_State, winner?: number) =>
    create(MarketSchema, {
      ...{ id: 'm1', title: 'Goal in the next 30 s?', state, guardMs: 500 },
      outcomes: [
        { label: 'Yes', poolMinor: 410n, bettors: 9 },
        { label: 'No', poolMinor: 252n, bettors: 6 },
      ],
      ...{ opensAtUs: 1n, lockAtUs: 2n ** 50n, horizonAtUs: 2n ** 50n + 1n },
      ...(winner === undefined ? {} : { winner, reason: 'Ball over the line at 12:03.4' }),
    });
  const markets = (state: Market_State, winner?: number) =>
    studio.deliver([], {
      case: 'markets',
      value: create(MarketListSchema, { markets: [marketOf(state, winner)] }),
    });
  show(Show_State.READY);
  markets(Market_State.OPEN);
  const page = await browser.newPage({ viewport: { width: 1280, height: 720 } });
  const complaints: string[] = [];
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  const chinese = await browser.newPage({ viewport: { width: 1280, height: 720 } });
  await page.goto(`${relay.url}/overlay/${studio.channelId}`);
  await chinese.goto(`${relay.url}/overlay/${studio.channelId}?lang=zh&at=top-right`);
  show(Show_State.LIVE);
  await page.locator('[data-market="m1"][data-state="OPEN"]').waitFor();
  await chinese.locator('[data-market="m1"]').waitFor();
  const viewer = new TestViewer(relay.url, studio.channelId);
  await viewer.hello();
  assert.equal((await viewer.take('show')).viewers, 1, 'two overlays are no viewers');
  viewer.close();
  assert.equal(await opacityAt(page, 900, 100), 0, 'the picture beneath is seen');
  const card = await page.locator('[data-market="m1"]').boundingBox();
  assert.ok(card && card.x < 640 && card.y > 360, 'it lies in its corner');
  const ground = await opacityAt(
    page,
    Math.round(card.x) + 4,
    Math.round(card.y + card.height / 2),
  );
  assert.ok(ground > 220, `letters stand on ground: ${ground}`);

  const value = create(GameEventSchema, {
    ...{ id: 'e1', type: 'goal', captureUs: 5n, subject: 'left', why: 'ball over the line' },
  });
  studio.deliver([], { case: 'event', value });
  await page.locator('.overlay-alert[data-type="goal"]').waitFor();
  markets(Market_State.RESOLVED, 0);
  await page.locator('.overlay-result[data-market="m1"]').waitFor();
  assert.match((await page.locator('.overlay-winner').textContent()) ?? '', /Yes/);
  await chinese.getByText('结果', { exact: true }).waitFor();
  show(Show_State.ENDED);
  await page.locator('.overlay').waitFor({ state: 'detached' });
  assert.equal(await page.evaluate(() => localStorage.length), 0, 'it keeps nothing');
  assert.deepEqual(complaints, []);
  await page.goto(`${relay.url}/overlay/nothing`);
  assert.match((await page.locator('body').textContent()) ?? '', /nothing here/i);
  studio.close();
});

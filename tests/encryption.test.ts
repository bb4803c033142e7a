// Proves end-to-end encryption with a whole studio and real Chromium pages: a page whose link has
// the key shows pictures whose drawn capture time can be read, pages without it or with a wrong one
// show a sentence and no picture; a key change is followed without a break, a new link shuts the old
// ones out; and what the relay hands out by WebSocket does not open without the key.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { WebSocket } from 'ws';
import { type PageFrame, takeFrames, watchFrames } from '../bench/pageFrames.ts';
import { readBarcode } from '../core/media/barcode.ts';
import { readSealFragment, sealFragment, splitSealed } from '../core/media/frameSeal.ts';
import { readStreamMessage } from '../core/media/streamMessage.ts';
import { FrameOpener } from '../renderer/ui/frameOpener.ts';
import { browserSkip, launchBrowser } from './harness/browser.ts';
import { enterStudio, type Owner } from './harness/owner.ts';
import { type RunningStudio, startStudio } from './harness/studio.ts';

const skip = browserSkip;
let studio: RunningStudio;
let owner: Owner;
let browser: Browser;

before(async () => {
  if (skip) return;
  studio = await startStudio({ isLive: false, args: ['--source', 'demo:?barcode=1'] });
  const facts = await studio.until('a link', ({ viewer }) => viewer !== null);
  owner = await enterStudio(facts.studio ?? '');
  browser = await launchBrowser(['--disable-features=WebRtcHideLocalIpsWithMdns']);
});

after(async () => {
  if (skip) return;
  await browser.close();
  owner.close();
  await studio.stop();
});

async function watch(url: string): Promise<Page> {
  const page = await browser.newPage();
  await watchFrames(page, true);
  await page.goto(url);
  return page;
}

/** The drawn times that the page presents from now on, once there are enough. */
async function readTimes(page: Page, count: number): Promise<number[]> {
  await takeFrames(page);
  const times: number[] = [];
  while (times.length < count) {
    await page.waitForFunction(() => {
      const { benchFrames = [] } = window as Window & { benchFrames?: unknown[] };
      return benchFrames.length > 0;
    });
    times.push(...(await takeFrames(page)).flatMap((frame) => timeOf(frame) ?? []));
  }
  return times;
}

function timeOf({ corner }: PageFrame): number | null {
  const bytes = Uint8Array.from(corner, (character) => character.charCodeAt(0));
  return readBarcode({ bytes, stride: 160, step: 1 }, 4);
}

const lacksKey = (page: Page) =>
  page.getByText('This link lacks the key to the picture.').waitFor();

test('only a page with the key sees the show, over key changes', { skip }, async () => {
  await owner.client.studio.encryption.set({ isOn: true });
  const sealed = await owner.until('a link with the key', ({ show }) =>
    show.isEncrypted && show.viewerUrl.includes('#k=') ? show.viewerUrl : null,
  );
  await owner.client.studio.show.goLive({});
  await assert.rejects(owner.client.studio.encryption.set({ isOn: false }), /End the show first/);
  const [bare = '', fragment = ''] = sealed.split('#');
  const key = readSealFragment(fragment);
  assert.ok(key);

  const seeing = await watch(sealed);
  const times = await readTimes(seeing, 20);
  assert.deepEqual(
    [...times].sort((a, b) => a - b),
    times,
    'times go on',
  );
  const blind = await watch(bare);
  await lacksKey(blind);
  const wrong = await watch(`${bare}#${sealFragment(randomBytes(32), 1)}`);
  await lacksKey(wrong);
  for (const page of [blind, wrong]) {
    const seen = (await takeFrames(page)).filter((frame) => timeOf(frame) !== null);
    assert.equal(seen.length, 0, 'no picture of the show');
  }
  await blind.close();
  await wrong.close();

  await owner.client.studio.encryption.changeKey({ withNewLink: false });
  const next = await owner.until('the next key', ({ show }) =>
    show.viewerUrl === sealed ? null : show.viewerUrl,
  );
  // Its cached key frame may be from before the change: the old key opens both.
  await takenOfRelay(bare, sealed);
  await readTimes(seeing, 20);
  assert.notEqual(readSealFragment(next.split('#')[1] ?? '')?.keyIndex, key.keyIndex);

  await owner.client.studio.encryption.changeKey({ withNewLink: true });
  await lacksKey(seeing);
  const renewed = await owner.until('a new link', ({ show }) =>
    show.viewerUrl === next ? null : show.viewerUrl,
  );
  await readTimes(await watch(renewed), 5);
});

/** What the relay holds: a key frame by its WebSocket, opened by the link's key and by no other. */
async function takenOfRelay(bare: string, link: string): Promise<void> {
  const url = new URL(bare);
  const socket = new WebSocket(`ws://${url.host}/stream${url.pathname.replace('/s', '')}`, {
    origin: url.origin,
  });
  const frame = await new Promise<Uint8Array>((done, failed) => {
    socket.on('error', failed);
    socket.on('message', (bytes: Buffer) => {
      const message = readStreamMessage(Uint8Array.from(bytes));
      if (message?.kind === 'keyFrame') done(message.payload);
    });
  });
  socket.close();
  assert.ok(splitSealed('video', frame), 'the relay holds a sealed picture');
  const key = readSealFragment(link.split('#')[1] ?? '');
  assert.ok(key);
  assert.ok(await new FrameOpener(key, crypto.subtle).open('video', frame));
  const wrong = { secret: randomBytes(32), keyIndex: key.keyIndex };
  assert.equal(await new FrameOpener(wrong, crypto.subtle).open('video', frame), null);
}

// Proves "outgrown" with real Chromium viewers and a second, separate relay as the other engine:
// who watches is moved in the page once pictures come out there, who comes is sent there by 307,
// boxes find the other engine's time shift from the pictures alone, and when it is killed everybody
// is back. The other engine's timestamps are shifted because a stranger published there before. Who
// gets the picture by WebSocket stays with it. Then a third viewer, on a phone, chooses between two
// layers with the keyboard alone.

import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { createPublisher } from '../native/publish/publisher.ts';
import { makeTestVideo, playTestVideo, testClock, until } from '../native/webrtc/testVideo.ts';
import { STORE_THREAD_PATH, TestStudio } from '../relay/testing/harness.ts';
import { browserSkip } from './harness/browser.ts';
import {
  around,
  dataOf,
  type HandoverShow,
  ownFrameShare,
  startHandoverShow,
  untilData,
  untilFrames,
} from './harness/handoverShow.ts';
import { framesFrom, wayOf, writeDown } from './harness/pictureWatch.ts';
import { root } from './harness/studio.ts';

const video = makeTestVideo({ frames: 300 });
const small = makeTestVideo({ size: '320x180', kilobits: 300 });
const skip = browserSkip || (typeof video === 'string' ? video : false);

let show: HandoverShow;
let engine: ChildProcess;
let handover: Awaited<ReturnType<HandoverShow['handOver']>>;

/** A relay in a process of its own, so that it can be killed. */
async function startEngine(folder: string): Promise<string> {
  engine = fork(join(root, 'relay/entry.ts'), { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const ready = new Promise<string>((done, failed) => {
    engine.on('message', (message: { type: string; facts?: { relay: string }; line?: string }) => {
      if (message.type === 'ready') done(message.facts?.relay ?? '');
      if (message.type === 'failed') failed(new Error(message.line));
    });
  });
  engine.send({
    type: 'start',
    config: {
      ...{ host: '127.0.0.1', port: 0, portIsNamed: true, publicUrl: null, owners: 'open' },
      ...{ certificateFile: null, keyFile: null, iceServers: [], logLevel: 'error' },
      dataFolder: join(folder, 'engine'),
      viewerPageFolder: join(folder, 'none'),
      storeThreadPath: STORE_THREAD_PATH,
    },
  });
  return await ready;
}

/** Somebody else was on the other engine before: its clock is not ours. */
async function publishStranger(target: { url: string; token: string }): Promise<void> {
  const stranger = createPublisher({ ...around, requestKeyFrame() {} });
  if (typeof video === 'string') return;
  const other = playTestVideo(video, testClock, (unit) =>
    stranger.push({ ...unit, rtpTimestamp: (unit.rtpTimestamp + 1_234_567_890) >>> 0 }),
  );
  stranger.startUplink(target);
  await until('the stranger is on', () => stranger.stats().fanOut.packetsOut > 100);
  other.stop();
  await stranger.close();
}

before(async () => {
  if (skip || typeof video === 'string') return;
  show = await startHandoverShow(video);
  const other = await new TestStudio(await startEngine(show.folder)).ready();
  const { whipUrl, whipToken, whepUrl } = other;
  await publishStranger({ url: whipUrl, token: whipToken });
  handover = await show.handOver({ whipUrl, token: whipToken, whepUrl });
});

after(async () => {
  handover?.close();
  engine?.kill('SIGKILL');
  await show?.stop();
  setImmediate(() => process.exit());
});

/** By WebSocket the picture is always our relay's; WebRTC is not even tried. */
async function untilStreamed(page: Page): Promise<void> {
  await untilFrames(page, 20);
  assert.deepEqual(
    [await dataOf(page, 'place'), await dataOf(page, 'transport'), await dataOf(page, 'state')],
    ['here', 'websocket', 'live'],
  );
  const asked = await page.evaluate(() =>
    performance.getEntriesByType('resource').filter(({ name }) => /whep/.test(name)),
  );
  assert.equal(asked.length, 0);
}

test('a viewer is moved, another one sent there; both come back', { skip }, async (t) => {
  const { page, complaints } = await show.openViewer();
  const streamed = await show.openViewer('?transport=websocket');
  await untilData(streamed.page, 'transport', 'websocket');
  await untilData(streamed.page, 'state', 'live');
  await untilData(page, 'state', 'live');
  assert.equal(await dataOf(page, 'place'), 'here');
  assert.ok((await ownFrameShare(page)) > 0.5, 'boxes here');
  handover.goLive();
  await untilData(page, 'place', 'elsewhere');
  assert.equal(handover.view().state, 'moved');
  await untilFrames(page, 40);
  const shift = Number(await dataOf(page, 'clock-shift'));
  assert.ok(shift > 0, 'the other engine shifts, and it is known by how much');
  await page.waitForFunction(() => document.getElementById('root')?.dataset.moveGapMs !== '');
  t.diagnostic(`gap of the move: ${await dataOf(page, 'move-gap-ms')} ms, shift ${shift} ticks`);
  assert.ok((await ownFrameShare(page)) > 0.5, 'boxes there');
  await show.studio.take('stats', ({ watching }) => watching === 1);
  await untilStreamed(streamed.page);

  const second = await show.openViewer();
  await untilData(second.page, 'place', 'elsewhere');
  await untilData(second.page, 'state', 'live');
  await untilData(second.page, 'clock-shift', String(shift));
  assert.ok((await ownFrameShare(second.page)) > 0.5, 'boxes of who came later');

  // The other engine dies without a word.
  engine.kill('SIGKILL');
  for (const one of [page, second.page]) {
    await untilData(one, 'place', 'here');
    await untilFrames(one, 60);
    assert.equal(await dataOf(one, 'clock-shift'), '0');
    assert.ok((await ownFrameShare(one)) > 0.5, 'boxes are back');
    t.diagnostic(`gap of the way back: ${await dataOf(one, 'move-gap-ms')} ms`);
  }
  await untilStreamed(streamed.page);
  assert.ok((await ownFrameShare(streamed.page)) > 0.5, 'boxes by WebSocket');
  await streamed.page.context().close();
  const isBack = show.views.some(
    ({ state, reason }) => state === 'failed' && /silent/.test(reason),
  );
  assert.ok(isBack, 'the studio says why');
  // What the dead engine refused is no fault of the page.
  const own = complaints.filter((text) => !/ERR_CONNECTION_REFUSED|Failed to load/.test(text));
  assert.deepEqual(own, []);
});

test('beside them a third one, on a phone, chooses its layer by the keyboard alone', {
  skip,
}, async () => {
  if (typeof small === 'string') return;
  const player = playTestVideo(small, testClock, (unit) => {
    if (unit.track === 'video') show.publisher.push({ ...unit, layer: 'low' });
  });
  const { page, complaints } = await show.openViewer('', writeDown);
  await framesFrom(page, 0, 6);
  const way = await wayOf(page);
  const focused = () => page.evaluate(() => document.activeElement?.getAttribute('data-testid'));
  const reach = async (name: string) => {
    for (let press = 0; press < 60 && (await focused()) !== name; press++) {
      await page.keyboard.press('Tab');
    }
    assert.equal(await focused(), name);
  };
  await reach('view-menu-button');
  await page.keyboard.press('Enter');
  await page.getByTestId('quality-low').waitFor();
  await reach('quality-auto');
  for (const [key, name, width] of [
    ['ArrowUp', 'quality-low', 320],
    ['ArrowUp', 'quality-high', 640],
    ['ArrowDown', 'quality-low', 320],
  ] as const) {
    await page.keyboard.press(key);
    assert.equal(await focused(), name);
    const { backwards } = await framesFrom(page, width, 6);
    assert.equal(backwards, 0, 'times only rise');
  }
  assert.deepEqual(await wayOf(page), way, 'the same connection, the same SSRC');
  await page.keyboard.press('Escape');
  assert.equal(await focused(), 'view-menu-button');
  assert.deepEqual(complaints, []);
  player.stop();
});

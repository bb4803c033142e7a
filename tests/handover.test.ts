// Proves "outgrown" with real Chromium viewers and a second, separate relay as the other engine:
// who watches is moved in the page once pictures come out there, who comes is sent there by 307,
// boxes find the other engine's time shift from the pictures alone, and when it is killed everybody
// is back. The other engine's timestamps are shifted because a stranger published there before.

import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import type { Browser, Page } from 'playwright-core';
import { build } from 'vite';
import { realTimers } from '../core/base/clock.ts';
import { silentLogger } from '../core/base/logger.ts';
import type { HandoverView } from '../core/contract/state.ts';
import type { Unit } from '../core/media/feed.ts';
import {
  FrameFactsSchema,
  MediaTimeSchema,
  Show_State,
  ShowSchema,
} from '../core/wire/gen/facts_pb.js';
import { createHandover, type Handover } from '../native/engine/handover.ts';
import { createPublisher, type Publisher } from '../native/publish/publisher.ts';
import {
  makeTestVideo,
  playTestVideo,
  TEST_CLOCK_OFFSET,
  testClock,
  until,
} from '../native/webrtc/testVideo.ts';
import { createMediaRoom } from '../relay/media/mediaRoom.ts';
import type { Relay } from '../relay/relay.ts';
import {
  clock as relayClock,
  removeFolder,
  STORE_THREAD_PATH,
  startTestRelay,
  TestStudio,
  temporaryFolder,
} from '../relay/testing/harness.ts';
import { pageConfig } from '../renderer/vite.config.ts';
import { browserSkip, launchBrowser, PHONE } from './harness/browser.ts';
import { root } from './harness/studio.ts';

const video = makeTestVideo({ frames: 300 });
const skip = browserSkip || (typeof video === 'string' ? video : false);
const folder = temporaryFolder();
const random = (length: number) => randomBytes(length);
const peer = { iceServers: [], bindAddress: '127.0.0.1' };
const around = { clock: testClock, timers: realTimers, random, logger: silentLogger, fetch, peer };

let relay: Relay;
let engine: ChildProcess;
let engineUrl = '';
let browser: Browser;
let publisher: Publisher;
let player: ReturnType<typeof playTestVideo>;
let studio: TestStudio;
let handover: Handover;
let isLive = false;
const views: HandoverView[] = [];

/** A relay in a process of its own, so that it can be killed. */
async function startEngine(): Promise<void> {
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
  engineUrl = await ready;
}

function show(view: HandoverView): void {
  const value = create(ShowSchema, {
    ...{ state: Show_State.LIVE, title: 'Final', videoClockOffset: TEST_CLOCK_OFFSET.video },
    ...{ mediaUrl: view.whepUrl, mediaMoved: view.state === 'moved' },
  });
  studio.deliver([], { case: 'show', value });
}

/** The feed: published, and each picture's facts told. */
function push(unit: Unit): void {
  publisher.push(unit);
  if (unit.track !== 'video') return;
  const box = { x: 0.25, y: 0.25, width: 0.5, height: 0.5 };
  const tracks = [{ id: 1, label: 'ball', box, confidence: 0.9 }];
  const { captureUs, rtpTimestamp } = unit;
  const facts = { captureUs: BigInt(captureUs), rtpTimestamp, tracks };
  studio.send({ case: 'analytics', value: create(FrameFactsSchema, facts) });
}

/** Somebody else was on the other engine before: its clock is not ours. */
async function publishStranger(target: { url: string; token: string }): Promise<void> {
  const stranger = createPublisher({ ...around, requestKeyFrame() {} });
  const other = playTestVideo(makeTestVideo() as never, testClock, (unit) =>
    stranger.push({ ...unit, rtpTimestamp: (unit.rtpTimestamp + 1_234_567_890) >>> 0 }),
  );
  stranger.startUplink(target);
  await until('the stranger is on', () => stranger.stats().fanOut.packetsOut > 100);
  other.stop();
  await stranger.close();
}

before(async () => {
  if (skip || typeof video === 'string') return;
  const config = pageConfig('viewer', root);
  const viewerPageFolder = join(folder, 'page');
  await build({ ...config, build: { ...config.build, outDir: viewerPageFolder, minify: false } });
  const dataFolder = join(folder, 'relay');
  relay = await startTestRelay({ dataFolder, viewerPageFolder, createMedia: createMediaRoom });
  await startEngine();
  browser = await launchBrowser(['--disable-features=WebRtcHideLocalIpsWithMdns']);
  studio = new TestStudio(relay.url);
  const here = await studio.ready();
  const relayUs = BigInt(relayClock.nowUs());
  const mediaTime = { mediaUs: BigInt(testClock.nowUs()), relayUs, roundTripUs: 100 };
  studio.send({ case: 'mediaTime', value: create(MediaTimeSchema, mediaTime) });
  publisher = createPublisher({ ...around, requestKeyFrame() {} });
  player = playTestVideo(video, testClock, push);
  publisher.startUplink({ url: here.whipUrl, token: here.whipToken });
  const other = await new TestStudio(engineUrl).ready();
  await publishStranger({ url: other.whipUrl, token: other.whipToken });
  const dataFolderOfStudio = join(folder, 'studio');
  handover = await createHandover({
    ...{ ...around, dataFolder: dataFolderOfStudio, publisher, isLive: () => isLive },
    onChange(view) {
      views.push(view);
      show(view);
    },
  });
  const { whipUrl, whipToken, whepUrl } = other;
  await handover.set({ whipUrl, token: whipToken, whepUrl });
});

after(async () => {
  handover?.close();
  player?.stop();
  await publisher?.close();
  await browser?.close();
  engine?.kill('SIGKILL');
  await relay?.close();
  removeFolder(folder);
  setImmediate(() => process.exit());
});

async function openViewer() {
  const context = await browser.newContext({ viewport: PHONE });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  const complaints: string[] = [];
  page.on('pageerror', (cause) => complaints.push(String(cause)));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  await page.goto(`${relay.url}/s/${studio.channelId}`);
  return { page, complaints };
}

const untilData = (page: Page, name: string, value: string) =>
  page.locator(`#root[data-${name}="${value}"]`).waitFor({ state: 'attached' });
const dataOf = (page: Page, name: string) => page.locator('#root').getAttribute(`data-${name}`);

async function untilFrames(page: Page, count: number): Promise<void> {
  const seen = Number(await dataOf(page, 'frames'));
  await page.waitForFunction(
    (least) => Number(document.getElementById('root')?.dataset.frames) >= least,
    seen + count,
  );
}

/** Boxes of the very frame that is shown, over the next hundred frames. */
async function ownFrameShare(page: Page): Promise<number> {
  await page.getByTestId('boxes-live').click();
  await untilFrames(page, 100);
  return Number(await dataOf(page, 'own-frame-share'));
}

test('a viewer is moved, another one sent there; both find the shift', { skip }, async (t) => {
  const { page, complaints } = await openViewer();
  await untilData(page, 'state', 'live');
  assert.equal(await dataOf(page, 'place'), 'here');
  assert.ok((await ownFrameShare(page)) > 0.5, 'boxes here');
  isLive = true;
  handover.steer();
  await untilData(page, 'place', 'elsewhere');
  assert.equal(handover.view().state, 'moved');
  await untilFrames(page, 40);
  const shift = Number(await dataOf(page, 'clock-shift'));
  assert.ok(shift > 0, 'the other engine shifts, and it is known by how much');
  await page.waitForFunction(() => document.getElementById('root')?.dataset.moveGapMs !== '');
  t.diagnostic(`gap of the move: ${await dataOf(page, 'move-gap-ms')} ms, shift ${shift} ticks`);
  const share = await ownFrameShare(page);
  t.diagnostic(`own frame share there: ${share}`);
  assert.ok(share > 0.5, `boxes there: ${share}`);
  await studio.take('stats', ({ watching }) => watching === 0);

  const second = await openViewer();
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
  assert.ok(views.some(({ state, reason }) => state === 'failed' && /silent/.test(reason)));
  // What the dead engine refused is no fault of the page.
  const own = complaints.filter((text) => !/ERR_CONNECTION_REFUSED|Failed to load/.test(text));
  assert.deepEqual(own, []);
});

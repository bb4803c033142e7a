// Proves in a real Chromium, against a real relay with real media, that the picture comes by
// WebSocket where WebRTC does not: asked for by the address, with UDP forbidden to the browser by
// its own policy, and with the candidates lost; that a bet is made there, that sound and picture
// stay together, that frames are decoded, and that WebRTC takes over when it works again.

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { build } from 'vite';
import { realTimers } from '../../core/base/clock.ts';
import { silentLogger } from '../../core/base/logger.ts';
import { rtpTimestampOf } from '../../core/media/feed.ts';
import {
  BalanceSchema,
  BetReplySchema,
  FrameFactsSchema,
  Market_State,
  MarketSchema,
  MediaTimeSchema,
  Show_State,
  ShowSchema,
} from '../../core/wire/gen/facts_pb.js';
import { createPublisher, type Publisher } from '../../native/publish/publisher.ts';
import { makeTestVideo, playTestVideo, TEST_CLOCK_OFFSET } from '../../native/webrtc/testVideo.ts';
import { createMediaRoom, type MediaRoom } from '../../relay/media/mediaRoom.ts';
import type { Relay } from '../../relay/relay.ts';
import {
  clock,
  random,
  removeFolder,
  startTestRelay,
  TestStudio,
  temporaryFolder,
} from '../../relay/testing/harness.ts';
import { browserSkip, launchBrowser, launchProfile, PHONE } from '../../tests/harness/browser.ts';
import { pageConfig } from '../vite.config.ts';

const repository = join(import.meta.dirname, '../..');
const video = makeTestVideo();
const skipReason = typeof video === 'string' ? video : browserSkip;
const skip = skipReason ? { skip: skipReason } : {};
const folder = temporaryFolder();
/** A guard against hanging for ever: the way back may be tried only after 30 s. */
const HANG_MS = 75_000;
let relay: Relay;
let media: MediaRoom;
let studio: TestStudio;
let publisher: Publisher;
let player: ReturnType<typeof playTestVideo>;
let stopFacts: () => void;
let browser: Browser;

before(async () => {
  if (typeof video === 'string' || browserSkip) return;
  const config = pageConfig('viewer', repository);
  const viewerPageFolder = join(folder, 'page');
  await build({ ...config, build: { ...config.build, outDir: viewerPageFolder, minify: false } });
  browser = await launchBrowser(['--disable-features=WebRtcHideLocalIpsWithMdns']);
  relay = await startTestRelay({
    dataFolder: join(folder, 'relay'),
    viewerPageFolder,
    createMedia: (options) => {
      media = createMediaRoom(options);
      return media;
    },
  });
  studio = new TestStudio(relay.url);
  const { whipUrl, whipToken } = await studio.ready();
  const peer = { iceServers: [], bindAddress: '127.0.0.1' };
  const common = { clock, timers: realTimers, random, logger: silentLogger, peer };
  publisher = createPublisher({ ...common, fetch, requestKeyFrame: () => {} });
  player = playTestVideo(video, clock, (unit) => publisher.push(unit));
  publisher.startUplink({ url: whipUrl, token: whipToken });
  const mediaUs = BigInt(clock.nowUs());
  const sample = create(MediaTimeSchema, { mediaUs, relayUs: mediaUs, roundTripUs: 100 });
  studio.send({ case: 'mediaTime', value: sample });
  const show = {
    state: Show_State.LIVE,
    title: 'Friday',
    videoClockOffset: TEST_CLOCK_OFFSET.video,
  };
  studio.deliver([], { case: 'show', value: create(ShowSchema, show) });
  stopFacts = realTimers.every(66, () => {
    const captureUs = clock.nowUs();
    const rtpTimestamp = rtpTimestampOf(captureUs, 90_000, TEST_CLOCK_OFFSET.video);
    const box = { x: 0.25, y: 0.25, width: 0.5, height: 0.5 };
    const tracks = [{ id: 1, label: 'ball', box, confidence: 0.9 }];
    const value = create(FrameFactsSchema, { captureUs: BigInt(captureUs), rtpTimestamp, tracks });
    studio.send({ case: 'analytics', value });
  });
});

after(async () => {
  await browser?.close();
  stopFacts?.();
  player?.stop();
  await publisher?.close();
  studio?.close();
  await relay?.close();
  removeFolder(folder);
  setImmediate(() => process.exit());
});

/** A profile whose own policy allows no UDP, as a company's would (chrome.privacy's setting). */
function profileWithoutUdp(): string {
  const profile = join(folder, 'profile');
  mkdirSync(join(profile, 'Default'), { recursive: true });
  const webrtc = {
    ip_handling_policy: 'disable_non_proxied_udp',
    multiple_routes_enabled: false,
    nonproxied_udp_enabled: false,
  };
  writeFileSync(join(profile, 'Default/Preferences'), JSON.stringify({ webrtc }));
  return profile;
}

async function open(options: {
  profile?: string;
  query?: string;
  prepare?(context: BrowserContext): Promise<unknown>;
}) {
  const context = options.profile
    ? await launchProfile(options.profile, PHONE)
    : await browser.newContext({ viewport: PHONE });
  await options.prepare?.(context);
  const page = await context.newPage();
  page.setDefaultTimeout(HANG_MS);
  const complaints: string[] = [];
  page.on('pageerror', (cause) => complaints.push(String(cause)));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  await page.goto(`${relay.url}/s/${studio.channelId}${options.query ?? ''}`);
  return { page, complaints, close: () => context.close() };
}

const figure = async (page: Page, name: string) =>
  Number((await page.locator('#root').getAttribute(`data-${name}`)) || Number.NaN);

/** Live by this way, with so many frames more. */
async function untilLiveBy(page: Page, transport: string, frames = 30): Promise<void> {
  await page
    .locator(`#root[data-state="live"][data-transport="${transport}"]`)
    .waitFor({ state: 'attached' });
  const seen = await figure(page, 'frames');
  await page.waitForFunction(
    (least) => Number(document.getElementById('root')?.dataset.frames) > least,
    seen + frames,
  );
}

const streamCounters = () => media.stats().get(studio.channelId)?.stream;

test(
  'asked for by the address: pictures, boxes, delay, sound in step, and a bet',
  skip,
  async () => {
    const { page, complaints, close } = await open({ query: '?transport=websocket' });
    await untilLiveBy(page, 'websocket');
    assert.equal(await page.getByTestId('transport').getAttribute('data-reason'), 'asked');
    assert.equal(
      await page.evaluate(
        () =>
          performance.getEntriesByType('resource').filter(({ name }) => /whep/.test(name)).length,
      ),
      0,
      'nothing asks for WebRTC',
    );
    // A frame that was drawn is no blank one: the test picture is colourful.
    const colours = await page.getByTestId('streamed').evaluate((canvas: HTMLCanvasElement) => {
      const data = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data;
      const seen = new Set<number>();
      for (let at = 0; data && at < data.length; at += 4000) {
        seen.add(
          ((data[at] ?? 0) >> 5) * 64 + ((data[at + 1] ?? 0) >> 5) * 8 + ((data[at + 2] ?? 0) >> 5),
        );
      }
      return seen.size;
    });
    assert.ok(colours > 5, `${colours} colours`);
    await page.waitForFunction(
      () => Number(document.getElementById('root')?.dataset.overlayDelayP95Ms) > 0,
    );
    assert.ok((await figure(page, 'delay-ms')) > 0);
    await page.getByTestId('tap-for-sound').click();
    await page.waitForFunction(() => document.getElementById('root')?.dataset.streamSkewMs !== '');
    await untilLiveBy(page, 'websocket', 60);
    const skewMs = await figure(page, 'stream-skew-ms');
    console.log(JSON.stringify({ skewMs, delayMs: await figure(page, 'delay-ms') }));
    // Out of step is noticed at −125 to 45 ms (ITU-R BT.1359).
    assert.ok(skewMs > -45 && skewMs < 125, `sound ${skewMs} ms after its picture`);
    await betOnce(page);
    assert.deepEqual(complaints, []);
    await close();
  },
);

async function betOnce(page: Page): Promise<void> {
  const joined = await studio.take('viewerJoined');
  const funds = create(BalanceSchema, { availableMinor: 500n });
  studio.deliver([joined.viewerId], { case: 'balance', value: funds });
  const atUs = BigInt(clock.nowUs());
  const market = create(MarketSchema, {
    id: 'm1',
    title: 'Goal?',
    outcomes: [{ label: 'Yes' }, { label: 'No' }],
    state: Market_State.OPEN,
    lockAtUs: atUs + 600_000_000n,
    horizonAtUs: atUs + 700_000_000n,
  });
  studio.deliver([], { case: 'market', value: market });
  await page.getByTestId('outcome-1').click();
  await page.getByTestId('stake-10').click();
  await page.getByTestId('place-bet').click();
  const { viewerId, message } = await studio.take(
    'viewerMessage',
    (value) => value.message?.message.case === 'bet',
  );
  assert.ok(message?.message.case === 'bet');
  const { betId } = message.message.value;
  const receipt = create(BetReplySchema, { betId, seq: 8n, hash: 'ab'.repeat(32) });
  studio.deliver([viewerId], { case: 'betReply', value: receipt });
  await page.locator('[data-testid="bet-state"][data-state="confirmed"]').waitFor();
}

test('a browser that may send no UDP switches by itself, and says why', skip, async () => {
  const { page, close } = await open({
    profile: profileWithoutUdp(),
  });
  await untilLiveBy(page, 'websocket');
  const firstFrameMs = await figure(page, 'first-frame-ms');
  console.log(JSON.stringify({ firstFrameMs }));
  assert.equal(await page.getByTestId('transport').getAttribute('data-reason'), 'blocked');
  // WebRTC's player connects anew meanwhile, and shows a blank frame: that is no picture.
  await untilLiveBy(page, 'websocket', 150);
  assert.match((await page.getByTestId('transport').textContent()) ?? '', /blocks UDP/);
  await betOnce(page);
  await close();
});

test(
  'candidates get lost, then found: by WebSocket first, by WebRTC in the end',
  skip,
  async () => {
    const { page, close } = await open({
      prepare: (context) =>
        context.addInitScript(() => {
          const own = globalThis as typeof globalThis & { isBlocked?: boolean };
          own.isBlocked = true;
          const set = RTCPeerConnection.prototype.setRemoteDescription as unknown as (
            description: RTCSessionDescriptionInit,
          ) => Promise<void>;
          RTCPeerConnection.prototype.setRemoteDescription = function (
            this: RTCPeerConnection,
            description: RTCSessionDescriptionInit,
          ) {
            const sdp = (description.sdp ?? '').replace(/^a=candidate:.*\r?\n/gm, '');
            return set.call(this, own.isBlocked ? { ...description, sdp } : description);
          } as typeof RTCPeerConnection.prototype.setRemoteDescription;
        }),
    });
    await untilLiveBy(page, 'websocket');
    const before = streamCounters()?.joined;
    await page.evaluate(() => {
      (globalThis as { isBlocked?: boolean }).isBlocked = false;
    });
    // The next connection of the player works; the way back needs no reload.
    await untilLiveBy(page, 'webrtc');
    assert.equal(await page.getByTestId('transport').count(), 0);
    assert.equal(streamCounters()?.joined, before);
    await close();
  },
);

test('a browser without H.264 in WebRTC decodes by itself', skip, async () => {
  const { page, complaints, close } = await open({
    prepare: (context) =>
      context.addInitScript(() => {
        const only = { mimeType: 'video/VP8', clockRate: 90_000 };
        RTCRtpReceiver.getCapabilities = () => ({ codecs: [only], headerExtensions: [] });
      }),
  });
  await untilLiveBy(page, 'websocket');
  assert.equal(await page.getByTestId('transport').getAttribute('data-reason'), 'noH264');
  assert.deepEqual(complaints, []);
  await close();
});

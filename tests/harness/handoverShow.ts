// A show that can be handed to another engine: one relay of ours with the real viewer page and the
// real media room, a scripted studio that tells facts of every picture, and a publisher with a test
// picture. What the other engine is stands in the test.

import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import type { Browser, Page } from 'playwright-core';
import { realTimers } from '../../core/base/clock.ts';
import { silentLogger } from '../../core/base/logger.ts';
import type { HandoverView } from '../../core/contract/state.ts';
import type { Unit } from '../../core/media/feed.ts';
import {
  FrameFactsSchema,
  MediaTimeSchema,
  Show_State,
  ShowSchema,
} from '../../core/wire/gen/facts_pb.js';
import { createHandover, type HandoverOptions } from '../../native/engine/handover.ts';
import { createPublisher } from '../../native/publish/publisher.ts';
import {
  playTestVideo,
  TEST_CLOCK_OFFSET,
  type TestVideo,
  testClock,
} from '../../native/webrtc/testVideo.ts';
import { createMediaRoom } from '../../relay/media/mediaRoom.ts';
import {
  clock as relayClock,
  removeFolder,
  startTestRelay,
  TestStudio,
  temporaryFolder,
} from '../../relay/testing/harness.ts';
import { launchBrowser, PHONE } from './browser.ts';
import { builtPage } from './builtPage.ts';

const peer = { iceServers: [], bindAddress: '127.0.0.1' };
/** What every room of the show is given. */
export const around = {
  ...{ clock: testClock, timers: realTimers, random: (length: number) => randomBytes(length) },
  ...{ logger: silentLogger, fetch, peer },
};

export type HandoverShow = Awaited<ReturnType<typeof startHandoverShow>>;

/** Starts it with viewers' picture here; `handOver` sets the engine, `goLive` lets it be tried. */
export async function startHandoverShow(
  video: TestVideo,
  createMedia: typeof createMediaRoom = createMediaRoom,
) {
  const folder = temporaryFolder();
  const viewerPageFolder = await builtPage('viewer');
  const dataFolder = join(folder, 'relay');
  const relay = await startTestRelay({
    ...{ dataFolder, viewerPageFolder, createMedia },
  });
  const browser = await launchBrowser(['--disable-features=WebRtcHideLocalIpsWithMdns']);
  const studio = new TestStudio(relay.url);
  const { whipUrl, whipToken } = await studio.ready();
  tellTime(studio);
  const publisher = createPublisher({ ...around, requestKeyFrame() {} });
  const listeners: ((unit: Unit) => void)[] = [];
  const player = playTestVideo(video, testClock, (unit) => {
    publisher.push(unit);
    if (unit.track === 'video') tellFacts(studio, unit);
    for (const run of listeners) run(unit);
  });
  publisher.startUplink({ url: whipUrl, token: whipToken });
  const views: HandoverView[] = [];
  let isLive = false;
  return {
    ...{ folder, relay, browser, studio, publisher, views },
    /** The show is live and goes by our own relay. */
    tellLive: () => tellShow(studio, { state: 'off', reason: '', whipUrl: '', whepUrl: '' }),
    onUnit: (run: (unit: Unit) => void) => listeners.push(run),
    openViewer: (query = '', prepare?: (page: Page) => Promise<unknown>) =>
      openViewer(browser, `${relay.url}/s/${studio.channelId}${query}`, prepare),
    async handOver(
      target: { whipUrl: string; token: string; whepUrl: string },
      changes: Partial<HandoverOptions> = {},
    ) {
      const handover = await createHandover({
        ...{ ...around, dataFolder: join(folder, 'studio'), publisher, isLive: () => isLive },
        onChange(view) {
          views.push(view);
          tellShow(studio, view);
        },
        ...changes,
      });
      await handover.set(target);
      return {
        ...handover,
        view: () => handover.view(),
        close: () => handover.close(),
        goLive() {
          isLive = true;
          handover.steer();
        },
      };
    },
    async stop() {
      player.stop();
      await publisher.close();
      await browser.close();
      await relay.close();
      removeFolder(folder);
    },
  };
}

function tellTime(studio: TestStudio): void {
  const relayUs = BigInt(relayClock.nowUs());
  const mediaTime = { mediaUs: BigInt(testClock.nowUs()), relayUs, roundTripUs: 100 };
  studio.send({ case: 'mediaTime', value: create(MediaTimeSchema, mediaTime) });
}

function tellShow(studio: TestStudio, view: HandoverView): void {
  const value = create(ShowSchema, {
    ...{ state: Show_State.LIVE, title: 'Final', videoClockOffset: TEST_CLOCK_OFFSET.video },
    ...{ mediaUrl: view.whepUrl, mediaMoved: view.state === 'moved' },
  });
  studio.deliver([], { case: 'show', value });
}

function tellFacts(studio: TestStudio, { captureUs, rtpTimestamp }: Unit): void {
  const box = { x: 0.25, y: 0.25, width: 0.5, height: 0.5 };
  const tracks = [{ id: 1, label: 'ball', box, confidence: 0.9 }];
  const facts = { captureUs: BigInt(captureUs), rtpTimestamp, tracks };
  studio.send({ case: 'analytics', value: create(FrameFactsSchema, facts) });
}

async function openViewer(
  browser: Browser,
  url: string,
  prepare: (page: Page) => Promise<unknown> = async () => {},
) {
  const context = await browser.newContext({ viewport: PHONE });
  const page = await context.newPage();
  await prepare(page);
  page.setDefaultTimeout(75_000);
  const complaints: string[] = [];
  page.on('pageerror', (cause) => complaints.push(String(cause)));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  await page.goto(url);
  return { page, complaints };
}

export const untilData = (page: Page, name: string, value: string) =>
  page.locator(`#root[data-${name}="${value}"]`).waitFor({ state: 'attached' });

export const dataOf = (page: Page, name: string) =>
  page.locator('#root').getAttribute(`data-${name}`);

/** Waits for so many more presented frames. */
export async function untilFrames(page: Page, count: number): Promise<void> {
  const seen = Number(await dataOf(page, 'frames'));
  await page.waitForFunction(
    (least) => Number(document.getElementById('root')?.dataset.frames) >= least,
    seen + count,
  );
}

/** Boxes of the very frame that is shown, over the next hundred frames. */
export async function ownFrameShare(page: Page): Promise<number> {
  await page.getByTestId('boxes-live').click();
  await untilFrames(page, 100);
  return Number(await dataOf(page, 'own-frame-share'));
}

// For tests: a whole show in one process, with real media. A relay, a scripted studio that publishes
// a test picture with silence and boxes, the built viewer page, and a Chromium to open it in.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { realTimers } from '../../core/base/clock.ts';
import { silentLogger } from '../../core/base/logger.ts';
import { rtpTimestampOf } from '../../core/media/feed.ts';
import {
  BalanceSchema,
  FrameFactsSchema,
  type Market,
  Market_State,
  MarketListSchema,
  MarketSchema,
  MediaTimeSchema,
  Show_State,
  ShowSchema,
} from '../../core/wire/gen/facts_pb.js';
import { createPublisher } from '../../native/publish/publisher.ts';
import { playTestVideo, TEST_CLOCK_OFFSET, type TestVideo } from '../../native/webrtc/testVideo.ts';
import { createMediaRoom, type MediaRoom } from '../../relay/media/mediaRoom.ts';
import {
  clock,
  random,
  removeFolder,
  startTestRelay,
  TestStudio,
  temporaryFolder,
} from '../../relay/testing/harness.ts';
import { launchBrowser, launchProfile, PHONE } from './browser.ts';
import { builtPage } from './builtPage.ts';

/** A guard against hanging for ever; it judges no speed. */
const HANG_MS = 75_000;

/** What is seen in a picture. */
type Tracks = NonNullable<MessageInitShape<typeof FrameFactsSchema>['tracks']>;

export type OpenOptions = {
  query?: string;
  /** A browser whose own policy allows no UDP, as a company's would. */
  withoutUdp?: boolean;
  context?: BrowserContextOptions;
  prepare?(context: BrowserContext): Promise<unknown>;
};

export class LiveShow {
  readonly folder = temporaryFolder();
  media: MediaRoom | undefined;
  readonly #video: TestVideo;
  readonly #tracks: Tracks | null;
  #relay: Awaited<ReturnType<typeof startTestRelay>> | undefined;
  #studio: TestStudio | undefined;
  #browser: Browser | undefined;
  readonly #stop: (() => unknown)[] = [];

  /** @param tracks what is in every picture of it; without them two boxes move */
  constructor(video: TestVideo, tracks: Tracks | null = null) {
    this.#video = video;
    this.#tracks = tracks;
  }

  get relay() {
    if (!this.#relay) throw new Error('Not started');
    return this.#relay;
  }

  get studio(): TestStudio {
    if (!this.#studio) throw new Error('Not started');
    return this.#studio;
  }

  async start(): Promise<void> {
    const viewerPageFolder = await builtPage('viewer');
    this.#browser = await launchBrowser(['--disable-features=WebRtcHideLocalIpsWithMdns']);
    this.#relay = await startTestRelay({
      dataFolder: join(this.folder, 'relay'),
      viewerPageFolder,
      createMedia: (media) => {
        this.media = createMediaRoom(media);
        return this.media;
      },
    });
    this.#studio = new TestStudio(this.relay.url);
    const { whipUrl, whipToken } = await this.studio.ready();
    const peer = { iceServers: [], bindAddress: '127.0.0.1' };
    const common = { clock, timers: realTimers, random, logger: silentLogger, peer };
    const publisher = createPublisher({ ...common, fetch, requestKeyFrame: () => {} });
    const player = playTestVideo(this.#video, clock, (unit) => publisher.push(unit));
    publisher.startUplink({ url: whipUrl, token: whipToken });
    const mediaUs = BigInt(clock.nowUs());
    const sample = create(MediaTimeSchema, { mediaUs, relayUs: mediaUs, roundTripUs: 100 });
    this.studio.send({ case: 'mediaTime', value: sample });
    this.tellShow(Show_State.LIVE);
    this.#stop.push(
      realTimers.every(66, () => this.#sendFacts()),
      () => player.stop(),
      () => publisher.close(),
    );
  }

  tellShow(state: Show_State, title = 'Friday five-a-side'): void {
    const videoClockOffset = TEST_CLOCK_OFFSET.video;
    const value = create(ShowSchema, { state, title, videoClockOffset });
    this.studio.deliver([], { case: 'show', value });
  }

  /** No market is open or recent. */
  clearMarkets(): void {
    this.studio.deliver([], { case: 'markets', value: create(MarketListSchema) });
  }

  /** Opens a market and gives everybody points. */
  openMarket(changes: { id?: string; title?: string; state?: Market_State } = {}): Market {
    const funds = create(BalanceSchema, { availableMinor: 1240n, stakedMinor: 50n });
    this.studio.deliver([], { case: 'balance', value: funds });
    const atUs = BigInt(clock.nowUs());
    const market = create(MarketSchema, {
      ...{ id: 'm1', title: 'Goal in the next 30 s?', state: Market_State.OPEN },
      outcomes: [
        { label: 'Yes', poolMinor: 410n, bettors: 9 },
        { label: 'No', poolMinor: 252n, bettors: 6 },
      ],
      ...{ lockAtUs: atUs + 600_000_000n, horizonAtUs: atUs + 700_000_000n },
      ...changes,
    });
    this.studio.deliver([], { case: 'market', value: market });
    return market;
  }

  async open(options: OpenOptions = {}) {
    const viewport = PHONE;
    const context = options.withoutUdp
      ? await launchProfile(this.#profileWithoutUdp(), viewport)
      : await this.#browser?.newContext({ viewport, ...options.context });
    if (!context) throw new Error('Not started');
    await options.prepare?.(context);
    const page = await context.newPage();
    page.setDefaultTimeout(HANG_MS);
    const complaints: string[] = [];
    page.on('pageerror', (cause) => complaints.push(String(cause)));
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    await page.goto(`${this.relay.url}/s/${this.studio.channelId}${options.query ?? ''}`);
    return { page, context, complaints, close: () => context.close() };
  }

  async close(): Promise<void> {
    await this.#browser?.close();
    for (const run of this.#stop) await run();
    this.#studio?.close();
    await this.#relay?.close();
    removeFolder(this.folder);
  }

  #sendFacts(): void {
    const captureUs = clock.nowUs();
    const rtpTimestamp = rtpTimestampOf(captureUs, 90_000, TEST_CLOCK_OFFSET.video);
    const tracks = this.#tracks ?? movingTracks(captureUs);
    const value = create(FrameFactsSchema, { captureUs: BigInt(captureUs), rtpTimestamp, tracks });
    this.studio.send({ case: 'analytics', value });
  }

  /** chrome.privacy's setting, as it stands in a profile. */
  #profileWithoutUdp(): string {
    const profile = join(this.folder, 'profile');
    mkdirSync(join(profile, 'Default'), { recursive: true });
    const webrtc = {
      ip_handling_policy: 'disable_non_proxied_udp',
      multiple_routes_enabled: false,
      nonproxied_udp_enabled: false,
    };
    writeFileSync(join(profile, 'Default/Preferences'), JSON.stringify({ webrtc }));
    return profile;
  }
}

function movingTracks(captureUs: number): Tracks {
  const x = 0.2 + 0.2 * Math.sin(captureUs / 700_000);
  return [
    { id: 7, label: 'person', box: { x, y: 0.3, width: 0.1, height: 0.4 }, velocityX: 0.2 },
    { id: 1, label: 'ball', box: { x: 0.6, y: 0.6, width: 0.04, height: 0.07 } },
  ].map((track) => ({ ...track, confidence: 0.9 }));
}

export const figure = async (page: Page, name: string): Promise<number> =>
  Number((await page.locator('#root').getAttribute(`data-${name}`)) || Number.NaN);

/** Live by this way, with so many frames more. */
export async function untilLiveBy(page: Page, transport: string, frames = 30): Promise<void> {
  await page
    .locator(`#root[data-state="live"][data-transport="${transport}"]`)
    .waitFor({ state: 'attached' });
  const seen = await figure(page, 'frames');
  await page.waitForFunction(
    (least) => Number(document.getElementById('root')?.dataset.frames) > least,
    seen + frames,
  );
}

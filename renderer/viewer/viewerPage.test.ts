// Proves the viewer page in a real Chromium against a real relay: its state follows frames, a bet is
// made once though studio, line and page go away in between, and a browser without H.264 is told so.
// The picture is real H.264 by WebRTC from a second page; the studio is scripted; waits are for facts.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { rtpTimestampOf } from '../../core/media/feed.ts';
import {
  BalanceSchema,
  BetReplySchema,
  FrameFactsSchema,
  HistoryEntry_Result,
  HistoryEntrySchema,
  type Market,
  Market_State,
  MarketListSchema,
  MarketSchema,
  MediaTimeSchema,
  Show_State,
  ShowSchema,
  type ToViewer,
  type ViewerMessage,
} from '../../core/wire/gen/facts_pb.js';
import type { Relay } from '../../relay/relay.ts';
import {
  removeFolder,
  startTestRelay,
  TestStudio,
  temporaryFolder,
} from '../../relay/testing/harness.ts';
import { browserSkip, launchBrowser, PHONE } from '../../tests/harness/browser.ts';
import { builtPage } from '../../tests/harness/builtPage.ts';

const folder = temporaryFolder();
const skip = browserSkip ? { skip: browserSkip } : {};
const studioSecret = new Uint8Array(32).fill(5);
let relay: Relay;
let browser: Browser;
let sender: Page;
let nowUs: () => number;

before(async () => {
  if (browserSkip) return;
  const viewerPageFolder = await builtPage('viewer');
  relay = await startTestRelay({ dataFolder: join(folder, 'relay'), viewerPageFolder });
  browser = await launchBrowser(['--disable-features=WebRtcHideLocalIpsWithMdns']);
  nowUs = () => Number(process.hrtime.bigint() / 1000n);
  sender = await openSender();
});

after(async () => {
  await browser?.close();
  await relay?.close();
  removeFolder(folder);
});

type SenderWindow = typeof globalThis & {
  isDrawing: boolean;
  /** From now on each frame's facts follow it by so many ms; null: no facts. */
  factsAfterMs: number | null;
  answer(offer: string): Promise<string>;
  /** Of this test: the bytes of the facts of a frame. */
  factsOf(rtpTimestamp: number): Promise<number[]>;
};

/** A page that draws a moving picture and answers offers with it, as H.264. */
async function openSender(): Promise<Page> {
  const page = await browser.newPage();
  await page.goto(relay.url);
  await page.exposeFunction('factsOf', (rtpTimestamp: number) => [...factsOf(rtpTimestamp)]);
  await page.evaluate(() => {
    const self = globalThis as SenderWindow;
    const canvas = document.createElement('canvas');
    canvas.width = 640;
    canvas.height = 360;
    const context = canvas.getContext('2d');
    let at = 0;
    self.isDrawing = true;
    self.factsAfterMs = null;
    setInterval(() => {
      if (!self.isDrawing || !context) return;
      context.fillStyle = `hsl(${at++ % 360} 60% 40%)`;
      context.fillRect(0, 0, 640, 360);
    }, 33);
    const stream = canvas.captureStream(30);
    let peer: RTCPeerConnection | null = null;
    self.answer = async (offer) => {
      // One reader at a time: another one's frames have RTP times of their own.
      peer?.close();
      const own = new RTCPeerConnection();
      peer = own;
      let facts: RTCDataChannel | null = null;
      own.addEventListener('datachannel', ({ channel }) => {
        facts = channel;
      });
      await own.setRemoteDescription({ type: 'offer', sdp: offer });
      const [track] = stream.getVideoTracks();
      if (!track) throw new Error('No picture');
      const rtpSender = own.addTrack(track, stream);
      const worker = new Worker(
        URL.createObjectURL(
          new Blob([
            `onrtctransform = ({ transformer }) => transformer.readable.pipeThrough(
              new TransformStream({ transform(frame, out) {
                postMessage(frame.getMetadata().rtpTimestamp);
                out.enqueue(frame);
              } })).pipeTo(transformer.writable);`,
          ]),
        ),
      );
      rtpSender.transform = new RTCRtpScriptTransform(worker);
      worker.onmessage = async ({ data }: MessageEvent<number>) => {
        const afterMs = self.factsAfterMs;
        if (afterMs === null) return;
        const bytes = await self.factsOf(data);
        setTimeout(() => {
          if (facts?.readyState === 'open') facts.send(new Uint8Array(bytes));
        }, afterMs);
      };
      const video = own.getTransceivers().find((one) => one.sender.track?.kind === 'video');
      const codecs = RTCRtpSender.getCapabilities('video')?.codecs ?? [];
      video?.setCodecPreferences(codecs.filter((codec) => /h264/i.test(codec.mimeType)));
      await own.setLocalDescription(await own.createAnswer());
      if (own.iceGatheringState !== 'complete') {
        await new Promise((done) => {
          own.addEventListener('icegatheringstatechange', () => {
            if (own.iceGatheringState === 'complete') done(undefined);
          });
        });
      }
      return own.localDescription?.sdp ?? '';
    };
  });
  return page;
}

/** The first frame of which facts were asked ties the sender's RTP clock to the media clock. */
let anchor: { captureUs: number; rtpTimestamp: number } | null = null;

function factsOf(rtpTimestamp: number): Uint8Array {
  // On a whole millisecond, so that no fraction of a tick decides which way times are rounded.
  anchor ??= { captureUs: Math.round(nowUs() / 1000) * 1000, rtpTimestamp };
  const ticks = (rtpTimestamp - anchor.rtpTimestamp) | 0;
  const captureUs = anchor.captureUs + Math.round((ticks * 1000) / 90);
  const box = { x: 0.25, y: 0.25, width: 0.5, height: 0.5 };
  const tracks = [{ id: 1, label: 'ball', box, velocityX: 0.1, confidence: 0.9 }];
  const facts = create(FrameFactsSchema, { captureUs: BigInt(captureUs), rtpTimestamp, tracks });
  return toBinary(FrameFactsSchema, facts);
}

const draw = (isDrawing: boolean) =>
  sender.evaluate((value) => {
    (globalThis as SenderWindow).isDrawing = value;
  }, isDrawing);

async function openViewer(
  channelId: string,
  prepare?: (context: BrowserContext) => Promise<unknown>,
) {
  // A viewer that a failed test left behind would take the one picture there is.
  for (const left of browser.contexts()) {
    if (left === sender.context()) continue;
    for (const page of left.pages()) await page.unrouteAll({ behavior: 'ignoreErrors' });
    await left.close();
  }
  const context = await browser.newContext({ viewport: PHONE });
  await prepare?.(context);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (cause) => complaints.push(String(cause)));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  await page.route('**/whep/**', async (route) => {
    if (route.request().method() !== 'POST') return route.fulfill({ status: 200 });
    const offer = route.request().postData() ?? '';
    const answer = await sender.evaluate((sdp) => (globalThis as SenderWindow).answer(sdp), offer);
    return route.fulfill({ status: 201, contentType: 'application/sdp', body: answer });
  });
  await page.goto(`${relay.url}/s/${channelId}`);
  const until = (state: string) =>
    page.locator(`#root[data-state="${state}"]`).waitFor({ state: 'attached' });
  const untilBet = (state: string) =>
    page.locator(`[data-testid="bet-state"][data-state="${state}"]`).waitFor();
  return { page, context, complaints, until, untilBet };
}

async function openStudio(): Promise<TestStudio> {
  const studio = new TestStudio(relay.url, studioSecret);
  await studio.ready();
  return studio;
}

function showWord(state: Show_State): ToViewer['message'] {
  const value = create(ShowSchema, { state, title: 'Friday five-a-side', videoClockOffset: 1 });
  return { case: 'show', value };
}

function marketOf(changes: MessageInitShape<typeof MarketSchema> = {}): Market {
  const atUs = BigInt(nowUs());
  return create(MarketSchema, {
    id: 'm1',
    title: 'Goal in the next 30 s?',
    outcomes: [
      { label: 'Yes', poolMinor: 410n, bettors: 9 },
      { label: 'No', poolMinor: 252n, bettors: 6 },
    ],
    state: Market_State.OPEN,
    opensAtUs: atUs,
    lockAtUs: atUs + 600_000_000n,
    horizonAtUs: atUs + 700_000_000n,
    deadlineAtUs: atUs + 800_000_000n,
    guardMs: 500,
    ...changes,
  } as MessageInitShape<typeof MarketSchema>);
}

test(
  'the state follows the frames: live, stalled, live again, and ended only with the word',
  skip,
  async () => {
    const studio = await openStudio();
    studio.deliver([], showWord(Show_State.LIVE));
    const { page, until, complaints, context } = await openViewer(studio.channelId);
    await until('live');
    const firstFrameMs = Number(await page.locator('#root').getAttribute('data-first-frame-ms'));
    assert.ok(firstFrameMs > 0);
    await draw(false);
    await until('stalled');
    await draw(true);
    await until('live');
    // The word alone ends nothing while frames come.
    studio.deliver([], showWord(Show_State.ENDED));
    const frames = Number(await page.locator('#root').getAttribute('data-frames'));
    await page.waitForFunction(
      (seen) => Number(document.getElementById('root')?.dataset.frames) > seen + 10,
      frames,
    );
    assert.equal(await page.locator('#root').getAttribute('data-state'), 'live');
    await draw(false);
    await until('ended');
    await draw(true);
    await until('live');
    assert.deepEqual(complaints, []);
    studio.close();
    await context.close();
  },
);

const offersSent = (page: Page) =>
  page.evaluate(
    () => performance.getEntriesByType('resource').filter(({ name }) => /whep/.test(name)).length,
  );

test('the picture does not wait for the page, which takes it over as it plays', skip, async () => {
  const studio = await openStudio();
  studio.deliver([], showWord(Show_State.LIVE));
  let release = () => {};
  const released = new Promise<void>((done) => {
    release = done;
  });
  const { page, until, complaints, context } = await openViewer(studio.channelId, (own) =>
    own.route('**/assets/main-*.js', async (route) => {
      await released;
      await route.continue();
    }),
  );
  await page.waitForFunction(
    () => Number(document.querySelector('video')?.getVideoPlaybackQuality().totalVideoFrames) > 5,
  );
  assert.equal(await page.locator('#root').getAttribute('data-state'), null, 'no page yet');
  const releasedMs = await page.evaluate(() => {
    const video = document.querySelector('video');
    for (const name of ['pause', 'emptied', 'waiting']) {
      video?.addEventListener(name, () => video.setAttribute('data-stopped', name));
    }
    video?.setAttribute('data-marked', '');
    return performance.now();
  });
  release();
  await until('live');
  const frames = Number(await page.locator('#root').getAttribute('data-frames'));
  await page.waitForFunction(
    (seen) => Number(document.getElementById('root')?.dataset.frames) > seen + 10,
    frames,
  );
  const video = page.locator('.stage-picture > video[data-marked]');
  assert.equal(await video.getAttribute('data-stopped'), null);
  assert.equal(await page.locator('video').count(), 1);
  const firstFrameMs = Number(await page.locator('#root').getAttribute('data-first-frame-ms'));
  assert.ok(firstFrameMs > 0 && firstFrameMs < releasedMs, `${firstFrameMs} of ${releasedMs}`);
  assert.equal(await offersSent(page), 1);
  assert.deepEqual(complaints, []);
  studio.close();
  await context.close();
});

test('a first offer that got lost is only the first of the page', skip, async () => {
  const studio = await openStudio();
  studio.deliver([], showWord(Show_State.LIVE));
  const { page, until, complaints, context } = await openViewer(studio.channelId, (own) =>
    own.addInitScript(() => {
      const { fetch } = window;
      window.fetch = () => {
        window.fetch = fetch;
        return Promise.reject(new TypeError('The network is away'));
      };
    }),
  );
  await until('live');
  assert.equal(await offersSent(page), 1);
  assert.deepEqual(complaints, []);
  studio.close();
  await context.close();
});

test(
  'a bet is made once, though studio, line and page go away before it is answered',
  skip,
  async () => {
    let studio = await openStudio();
    studio.deliver([], showWord(Show_State.LIVE));
    const market = marketOf();
    const markets = () => create(MarketListSchema, { markets: [market] });
    studio.deliver([], { case: 'markets', value: markets() });
    const { page, untilBet, context, complaints } = await openViewer(studio.channelId);
    await studio.take('viewerJoined');
    const funds = create(BalanceSchema, { availableMinor: 1240n, stakedMinor: 0n });
    studio.deliver([], { case: 'balance', value: funds });
    studio.deliver([], { case: 'markets', value: markets() });
    await page.locator('[data-testid="balance"][data-minor="1240"]').waitFor();
    await page.getByTestId('outcome-0').click();
    await page.getByTestId('stake-50').click();
    await page.getByTestId('place-bet').click();
    await untilBet('sent');
    const betOf = async (from: TestStudio) => {
      const { message } = await from.take(
        'viewerMessage',
        (value) => value.message?.message.case === 'bet',
      );
      assert.ok(message?.message.case === 'bet');
      return message.message.value;
    };
    const first = await betOf(studio);
    assert.equal(first.amountMinor, 50n);

    // The studio dies with the bet in its hands; the page asks again and hears "away".
    studio.close();
    await studio.closed;
    await page.getByTestId('bet-state').getByText('The studio is away. Your bet waits').waitFor();
    studio = await openStudio();
    const second = await betOf(studio);
    assert.equal(second.betId, first.betId);

    // The page is reloaded before the answer: the same bet, from what it had stored.
    await page.reload();
    // Only what the reloaded page says counts: the old one may have asked once more.
    await studio.take('viewerJoined');
    const third = await betOf(studio);
    assert.equal(third.betId, first.betId);
    const hash = '8f'.repeat(32);
    const { betId, marketId, outcome, amountMinor } = third;
    const receipt = create(BetReplySchema, {
      betId,
      marketId,
      outcome,
      amountMinor,
      seq: 1234n,
      hash,
    });
    studio.deliver([], { case: 'markets', value: markets() });
    studio.deliver([], { case: 'betReply', value: receipt });
    studio.deliver([], { case: 'betReply', value: receipt });
    await untilBet('confirmed');
    const line = page.getByTestId('bet-state');
    assert.equal(await line.getAttribute('data-seq'), '1234');
    assert.equal(await line.getAttribute('data-hash'), hash);
    assert.equal(await page.locator('.history-count').textContent(), '1');

    const spot = await line.boundingBox();
    const resolved = marketOf({
      ...market,
      state: Market_State.RESOLVED,
      winner: 0,
      reason: 'Goal.',
    });
    studio.deliver([], { case: 'market', value: resolved });
    const settlement = create(HistoryEntrySchema, {
      ...{ betId, marketId, outcome, amountMinor },
      marketTitle: market.title,
      outcomeLabel: 'Yes',
      result: HistoryEntry_Result.WON,
      paidMinor: 81n,
      reason: 'The ball crossed the right goal line.',
      seq: 1240n,
      hash: 'cc'.repeat(32),
      atUs: BigInt(nowUs()),
    });
    studio.deliver([], { case: 'settlement', value: settlement });
    await untilBet('won');
    assert.match((await line.textContent()) ?? '', /Won 81/);
    // Why is said once, by the market.
    await page.getByText('Goal.').waitFor();
    assert.equal((await line.boundingBox())?.y, spot?.y, 'settled in the same spot');
    assert.deepEqual(complaints, []);
    studio.close();
    await context.close();
  },
);

test(
  'live boxes are carried, exact boxes sit on their own frames, and both are counted',
  skip,
  async () => {
    const studio = await openStudio();
    const mediaUs = BigInt(nowUs());
    const sample = create(MediaTimeSchema, { mediaUs, relayUs: mediaUs, roundTripUs: 100 });
    studio.send({ case: 'mediaTime', value: sample });
    studio.deliver([], showWord(Show_State.LIVE));
    const { page, until, context, complaints } = await openViewer(studio.channelId);
    await until('live');
    // Only now: the frames of an earlier reader have RTP times of their own.
    await sender.evaluate(() => {
      (globalThis as SenderWindow).factsAfterMs = 120;
    });
    const figure = async (name: string) =>
      Number((await page.locator('#root').getAttribute(`data-${name}`)) || Number.NaN);
    const untilFigure = (name: string, least: number) =>
      page.waitForFunction(
        ([key, value]) =>
          Number(document.getElementById('root')?.dataset[`${key}`]) >= Number(value),
        [name, least] as const,
      );
    while (!anchor) await page.waitForTimeout(20);
    const zero = rtpTimestampOf(anchor.captureUs, 90_000, 0);
    const videoClockOffset = (anchor.rtpTimestamp - zero) >>> 0;
    const show = create(ShowSchema, { state: Show_State.LIVE, title: 'Exact', videoClockOffset });
    studio.deliver([], { case: 'show', value: show });
    await untilFigure('overlayDelayP95Ms', 120);
    await page.getByTestId('boxes-live').click();
    await untilFigure('frames', (await figure('frames')) + 60);
    const liveShare = await figure('own-frame-share');
    await page.getByTestId('sound').click();
    await page.getByTestId('boxes-exact').click();
    await page.locator('.stage-still:not([hidden])').waitFor();
    await untilFigure('frames', (await figure('frames')) + 30);
    await page.getByTestId('boxes-exact').click();
    await untilFigure('frames', (await figure('frames')) + 90);
    const exactShare = await figure('own-frame-share');
    const figures = { liveShare, exactShare, added: await figure('added-delay-ms') };
    console.log(JSON.stringify({ ...figures, delayMs: await figure('delay-ms') }));
    assert.ok(liveShare < 0.5 && exactShare > 0.7, JSON.stringify(figures));
    assert.ok(figures.added > 0);
    assert.deepEqual(complaints, []);
    studio.close();
    await context.close();
  },
);

test('a bet made while the relay is gone is sent when it is back, once', skip, async () => {
  let studio = await openStudio();
  studio.deliver([], showWord(Show_State.LIVE));
  const { page, context } = await openViewer(studio.channelId);
  await studio.take('viewerJoined');
  const funds = create(BalanceSchema, { availableMinor: 500n });
  studio.deliver([], { case: 'balance', value: funds });
  studio.deliver([], { case: 'market', value: marketOf({ id: 'm9' }) });
  await page.locator('[data-testid="balance"][data-minor="500"]').waitFor();
  await page.getByTestId('outcome-1').click();
  const port = relay.port;
  await relay.close();
  await page.locator('#root[data-facts="connecting"]').waitFor({ state: 'attached' });
  await page.getByTestId('place-bet').click();
  const waiting = page.locator('[data-testid="bet-state"][data-state="sent"]');
  await waiting.waitFor();
  const betId = await waiting.getAttribute('data-bet');
  relay = await startTestRelay({
    dataFolder: join(folder, 'relay'),
    viewerPageFolder: await builtPage('viewer'),
    port,
  });
  studio = await openStudio();
  const isBet = (value: ViewerMessage) => value.message?.message.case === 'bet';
  const { message, viewerId } = await studio.take('viewerMessage', isBet);
  assert.ok(message?.message.case === 'bet');
  assert.equal(message.message.value.betId, betId);
  const receipt = create(BetReplySchema, { betId: betId ?? '', seq: 8n, hash: 'ab'.repeat(32) });
  studio.deliver([viewerId], { case: 'betReply', value: receipt });
  await page.locator('[data-testid="bet-state"][data-state="confirmed"]').waitFor();
  const sent = studio.inbox.all.filter(
    ({ message: word }) => word.case === 'viewerMessage' && isBet(word.value),
  );
  for (const { message: word } of sent) {
    assert.ok(word.case === 'viewerMessage' && word.value.message?.message.case === 'bet');
    assert.equal(word.value.message.message.value.betId, betId);
  }
  studio.close();
  await context.close();
});

test('a browser without H.264 is told so, and can bet all the same', skip, async () => {
  const studio = await openStudio();
  studio.deliver([], {
    case: 'markets',
    value: create(MarketListSchema, { markets: [marketOf()] }),
  });
  const { page, until, context } = await openViewer(studio.channelId, (own) =>
    own.addInitScript(() => {
      const only = { mimeType: 'video/VP8', clockRate: 90_000 };
      RTCRtpReceiver.getCapabilities = () => ({ codecs: [only], headerExtensions: [] });
      // Nor does it decode by itself.
      Reflect.deleteProperty(globalThis, 'VideoDecoder');
    }),
  );
  await until('noH264');
  await page.getByTestId('stage-message').getByText('no H.264').waitFor();
  await page.getByTestId('outcome-1').click();
  assert.equal(await page.getByTestId('outcome-1').getAttribute('aria-pressed'), 'true');
  studio.close();
  await context.close();
});

test('everything fits a phone: nothing is wider than the page, in any state', skip, async () => {
  const studio = await openStudio();
  studio.deliver([], showWord(Show_State.LIVE));
  const outcomes = ['W'.repeat(25), 'i'.repeat(25)].map((label) => ({
    label,
    poolMinor: 999_999n,
  }));
  const wide = create(MarketSchema, { ...marketOf(), title: 'M'.repeat(80), outcomes: [] });
  wide.outcomes = create(MarketSchema, { outcomes }).outcomes;
  studio.deliver([], { case: 'markets', value: create(MarketListSchema, { markets: [wide] }) });
  const { page, until, context } = await openViewer(studio.channelId);
  const width = () => page.evaluate(() => document.documentElement.scrollWidth);
  assert.equal(await width(), PHONE.width);
  await until('live');
  await page.getByTestId('outcome-0').waitFor();
  const money = create(BalanceSchema, { availableMinor: 123_456n, stakedMinor: 654_321n });
  studio.deliver([], { case: 'balance', value: money });
  await page.locator('[data-testid="balance"][data-minor="123456"]').waitFor();
  assert.equal(await width(), PHONE.width);
  const side = page.locator('.side-scroll');
  assert.ok(await side.evaluate((element) => element.scrollWidth <= element.clientWidth));
  await page.getByText('Play points, no cash value').waitFor();
  studio.close();
  await context.close();
});

test('the built page has no inline script', async () => {
  const html = readFileSync(join(await builtPage('viewer'), 'index.html'), 'utf8');
  assert.doesNotMatch(html, /<script(?![^>]*\bsrc=)/);
  assert.doesNotMatch(html, /\son\w+=/);
});

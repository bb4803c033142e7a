// Proves in a real Chromium, against a real relay with real media, that the picture comes by
// WebSocket where WebRTC does not: asked for by the address, with UDP forbidden to the browser by
// its own policy, and with the candidates lost; that a bet is made there, that sound and picture
// stay together, that frames are decoded, and that WebRTC takes over when it works again.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import type { Page } from 'playwright-core';
import { BetReplySchema } from '../../core/wire/gen/facts_pb.js';
import { makeTestVideo } from '../../native/webrtc/testVideo.ts';
import { browserSkip } from '../../tests/harness/browser.ts';
import { figure, LiveShow, untilLiveBy } from '../../tests/harness/liveShow.ts';

const video = makeTestVideo();
const skipReason = typeof video === 'string' ? video : browserSkip;
const skip = skipReason ? { skip: skipReason } : {};
const show = new LiveShow(typeof video === 'string' ? { frames: [] } : video);

before(async () => {
  if (!skipReason) await show.start();
});

after(async () => {
  await show.close();
  setImmediate(() => process.exit());
});

test(
  'asked for by the address: pictures, boxes, delay, sound in step, and a bet',
  skip,
  async () => {
    const { page, complaints, close } = await show.open({ query: '?transport=websocket' });
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
  show.openMarket();
  const { studio } = show;
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
  const { page, close } = await show.open({
    withoutUdp: true,
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
    const { page, close } = await show.open({
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
    await page.evaluate(() => {
      (globalThis as { isBlocked?: boolean }).isBlocked = false;
    });
    // The next connection of the player works; the way back needs no reload.
    await untilLiveBy(page, 'webrtc', 60);
    await page.getByTestId('transport').waitFor({ state: 'detached' });
    await close();
  },
);

test('a browser without H.264 in WebRTC decodes by itself', skip, async () => {
  const { page, complaints, close } = await show.open({
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

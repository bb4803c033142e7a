// Proves with a real Chromium that a viewer sees and hears a show through publisher, relay and
// WHEP: frames are decoded, a join starts with a cached key frame, sound arrives, analytics come
// by data channel, and a publisher that reconnects costs the viewer nothing but a moment. The
// page's requests go straight into the media room; no HTTP server takes part.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Browser, chromium, type Page } from 'playwright-core';
import { realTimers } from '../../core/base/clock.ts';
import { silentLogger } from '../../core/base/logger.ts';
import { packetizeAccessUnit } from '../../core/media/h264Rtp.ts';
import { createPublisher, type Publisher } from '../../native/publish/publisher.ts';
import { createFanOut } from '../../native/webrtc/fanOut.ts';
import { losing } from '../../native/webrtc/testLoss.ts';
import { makeTestVideo, playTestVideo, testClock, until } from '../../native/webrtc/testVideo.ts';
import { answerWhep } from '../../native/webrtc/whep.ts';
import { findChromium } from '../../scripts/chromium.ts';
import { createMediaRoom } from './mediaRoom.ts';

const executablePath = findChromium();
const video = makeTestVideo();
const skip =
  typeof video === 'string' ? video : executablePath ? false : 'no Chromium; npm run setup';

const random = (length: number) => randomBytes(length);
const room = createMediaRoom({
  clock: testClock,
  timers: realTimers,
  random,
  logger: silentLogger,
  peer: { iceServers: [], bindAddress: '127.0.0.1' },
  isKnownChannel: () => true,
  isPublisherAllowed: () => true,
  onMediaState: () => {},
  onViewerCount: () => {},
});

/** fetch, straight into the room. */
const roomFetch: typeof fetch = async (input, init) => {
  const response = await room.handle({
    method: init?.method ?? 'GET',
    path: new URL(String(input)).pathname,
    headers: Object.fromEntries(new Headers(init?.headers ?? {})),
    body: String(init?.body ?? ''),
    remoteAddress: '127.0.0.1',
  });
  assert.ok(response);
  const headers = Object.entries(response.headers).map(([k, v]): [string, string] => [
    k,
    String(v),
  ]);
  return new Response(response.body, { status: response.status, headers });
};

let browser: Browser;
let publisher: Publisher;
let player: ReturnType<typeof playTestVideo>;

before(async () => {
  if (skip || typeof video === 'string') return;
  publisher = createPublisher({
    clock: testClock,
    timers: realTimers,
    random,
    logger: silentLogger,
    fetch: roomFetch,
    peer: { iceServers: [], bindAddress: '127.0.0.1' },
    requestKeyFrame: () => {},
  });
  player = playTestVideo(video, testClock, (unit) => publisher.push(unit));
  publisher.startUplink({ url: 'http://relay.test/whip/abc', token: 't' });
  browser = await chromium.launch({
    executablePath: executablePath ?? '',
    headless: false,
    args: ['--headless=new', '--no-sandbox', '--autoplay-policy=no-user-gesture-required'],
  });
  await until('live', () => room.mediaState('abc') === 'live');
});

after(async () => {
  player?.stop();
  await browser?.close();
  await publisher?.close();
  room.close();
  setImmediate(() => process.exit());
});

type Seen = {
  frames: number;
  width: number;
  audioPackets: number;
  concealed: number;
  /** Samples that left the buffer for sound. */
  heldSamples: number;
  lost: number;
  jitterBufferMs: number;
  analytics: number;
  state: string;
  firstFrameMs: number;
};

/** Opens a page that watches; `signal` answers its offer. */
async function watch(signal: (offerSdp: string) => Promise<string>): Promise<Page> {
  const page = await browser.newPage();
  await page.exposeFunction('signal', signal);
  await page.setContent('<video id="v" autoplay muted playsinline></video>');
  await page.evaluate(connectInPage);
  return page;
}

/** Runs in the page. */
async function connectInPage(): Promise<void> {
  const pageWindow = window as unknown as {
    signal(offerSdp: string): Promise<string>;
    seen(): Promise<Seen>;
    peer: RTCPeerConnection;
  };
  const element = document.getElementById('v') as HTMLVideoElement;
  const startMs = performance.now();
  let firstFrameMs = 0;
  let analytics = 0;
  element.requestVideoFrameCallback(() => {
    firstFrameMs = performance.now() - startMs;
  });
  const peer = new RTCPeerConnection();
  pageWindow.peer = peer;
  const stream = new MediaStream();
  element.srcObject = stream;
  peer.ontrack = (event) => stream.addTrack(event.track);
  peer.addTransceiver('video', { direction: 'recvonly' });
  peer.addTransceiver('audio', { direction: 'recvonly' });
  const channel = peer.createDataChannel('analytics', { ordered: false, maxRetransmits: 0 });
  channel.onmessage = () => analytics++;
  await peer.setLocalDescription();
  const answer = await pageWindow.signal(peer.localDescription?.sdp ?? '');
  await peer.setRemoteDescription({ type: 'answer', sdp: answer });
  pageWindow.seen = async () => {
    const seen: Seen = {
      frames: 0,
      width: 0,
      audioPackets: 0,
      concealed: 0,
      heldSamples: 0,
      lost: 0,
      jitterBufferMs: 0,
      analytics,
      state: peer.connectionState,
      firstFrameMs,
    };
    for (const report of (await peer.getStats()).values()) {
      if (report.type !== 'inbound-rtp') continue;
      seen.lost += report.packetsLost ?? 0;
      if (report.kind === 'video') {
        seen.frames = report.framesDecoded ?? 0;
        seen.width = report.frameWidth ?? 0;
        seen.jitterBufferMs = (report.jitterBufferDelay / report.jitterBufferEmittedCount) * 1000;
      } else {
        seen.audioPackets = report.packetsReceived ?? 0;
        seen.concealed = report.concealedSamples ?? 0;
        seen.heldSamples = report.jitterBufferEmittedCount ?? 0;
      }
    }
    return seen;
  };
}

async function seenBy(page: Page): Promise<Seen> {
  return page.evaluate(() => (window as unknown as { seen(): Promise<Seen> }).seen());
}

async function untilSeen(page: Page, what: string, fact: (seen: Seen) => boolean): Promise<Seen> {
  for (let i = 0; i < 200; i++) {
    const seen = await seenBy(page);
    if (fact(seen)) return seen;
    await page.waitForTimeout(50);
  }
  throw new Error(`Never seen: ${what}; last ${JSON.stringify(await seenBy(page))}`);
}

let answerOfRelay = '';
let sessionPath = '';

async function signalRelay(offerSdp: string): Promise<string> {
  const response = await roomFetch('http://relay.test/whep/abc', {
    method: 'POST',
    headers: { 'content-type': 'application/sdp' },
    body: offerSdp,
  });
  assert.equal(response.status, 201);
  sessionPath = response.headers.get('location') ?? '';
  answerOfRelay = await response.text();
  return answerOfRelay;
}

test('Chromium sees, hears, and gets analytics; a reconnect costs nothing', { skip }, async () => {
  const page = await watch(signalRelay);
  assert.match(answerOfRelay, /a=extmap:\d+ http:\/\/www\.webrtc\.org.*playout-delay/);
  assert.match(answerOfRelay, /a=rtpmap:\d+ H264\/90000/);
  const first = await untilSeen(page, '60 frames', (seen) => seen.frames > 60);
  assert.equal(first.width, 640);
  assert.ok(first.audioPackets > 20);
  assert.equal(first.lost, 0);
  const sender = setInterval(() => room.sendAnalytics('abc', Buffer.from('{}')), 20);
  await untilSeen(page, 'analytics', (seen) => seen.analytics > 0);
  clearInterval(sender);
  console.log(`first frame ${first.firstFrameMs.toFixed(0)} ms after the click,`);
  console.log(`jitter buffer ${first.jitterBufferMs.toFixed(1)} ms`);

  await publisher.stopUplink();
  await until('not live', () => room.mediaState('abc') !== 'live');
  const before = await seenBy(page);
  publisher.startUplink({ url: 'http://relay.test/whip/abc', token: 't' });
  const later = await untilSeen(page, 'goes on', (seen) => seen.frames > before.frames + 60);
  assert.equal(later.state, 'connected');
  assert.equal(later.lost, 0);
  await roomFetch(`http://relay.test${sessionPath}`, { method: 'DELETE' });
  await until('counted out', () => room.viewerCount('abc') === 0);
  await page.close();
});

test('a browser lets sound begin anew without a word to us, again and again', {
  skip,
}, async () => {
  const file = join(import.meta.dirname, '../../renderer/ui/renewedSound.ts');
  const code = stripTypeScriptTypes(readFileSync(file, 'utf8'));
  const page = await watch(signalRelay);
  await untilSeen(page, 'sound', (seen) => seen.heldSamples > 48_000 && seen.audioPackets > 50);
  await page.evaluate(async (source) => {
    const pageWindow = window as unknown as { peer: RTCPeerConnection; renew(): Promise<void> };
    const module = await import(`data:text/javascript,${encodeURIComponent(source)}`);
    pageWindow.renew = module.createRenewSound(pageWindow.peer);
  }, code);
  for (let time = 0; time < 2; time++) {
    const before = await seenBy(page);
    await page.evaluate(() => (window as unknown as { renew(): Promise<void> }).renew());
    const anew = (seen: Seen) => seen.heldSamples > 0 && seen.heldSamples < before.heldSamples;
    const after = await untilSeen(page, 'a receiver of its own', anew);
    const { heldSamples: least } = after;
    await untilSeen(page, 'sound that goes on', (seen) => seen.heldSamples > least + 12_000);
    assert.ok(after.frames >= before.frames, 'the picture goes on');
    assert.equal(after.state, 'connected');
    await untilSeen(page, 'as much as before', (seen) => seen.heldSamples > 48_000);
  }
  await roomFetch(`http://relay.test${sessionPath}`, { method: 'DELETE' });
  await until('counted out', () => room.viewerCount('abc') === 0);
  await page.close();
});

test('a page that is closed without a word is noticed', { skip }, async () => {
  const page = await watch(signalRelay);
  await untilSeen(page, 'frames', (seen) => seen.frames > 5);
  assert.equal(room.viewerCount('abc'), 1);
  await page.evaluate(() => location.replace('about:blank'));
  await until('counted out', () => room.viewerCount('abc') === 0);
  await page.close();
});

test('the studio previews without a relay', { skip }, async () => {
  let sessionId = '';
  await publisher.stopUplink();
  const page = await watch(async (offerSdp) => {
    const answer = await publisher.watchPreview(offerSdp);
    sessionId = answer.sessionId;
    return answer.answerSdp;
  });
  const seen = await untilSeen(page, '60 frames', (now) => now.frames > 60);
  assert.equal(seen.width, 640);
  assert.equal(publisher.stats().previewCount, 1);
  assert.ok(publisher.leavePreview(sessionId));
  assert.ok(!publisher.leavePreview(sessionId));
  assert.equal(publisher.stats().previewCount, 0);
  assert.ok(publisher.stats().framesPerSecond > 20);
  await page.close();
});

test('Chromium repairs a lossy path by NACK: no frame is lost for good', { skip }, async () => {
  if (typeof video === 'string') return;
  const common = { timers: realTimers, random, logger: silentLogger };
  const inner = createFanOut({
    ...common,
    owner: 'lossy',
    clock: testClock,
    onKeyFrameRequest: () => {},
  });
  const loss = losing(inner, 50);
  const input = inner.openInput();
  let sequence = 0;
  const lossyPlayer = playTestVideo(video, testClock, (unit) => {
    if (unit.track === 'audio') return;
    const stream = { payloadType: 96, ssrc: 1, sequence, timestamp: unit.rtpTimestamp };
    const packets = packetizeAccessUnit(unit.bytes, stream);
    sequence = (sequence + packets.length) & 0xffff;
    for (const packet of packets) input.push('video', packet);
  });
  const page = await watch(async (offerSdp) => {
    const peer = { iceServers: [], bindAddress: '127.0.0.1' };
    return (await answerWhep(offerSdp, loss.fanOut, { ...common, peer })).answerSdp;
  });
  // Nobody can miss a packet that no other follows: the last loss may be such a one.
  await untilSeen(page, 'losses', () => loss.lostCount() >= 11);
  lossyPlayer.stop();
  const seen = await untilSeen(page, 'repairs', (now) => now.lost === 0 && now.frames > 60);
  assert.ok(inner.counters().nacksAnswered >= 10);
  console.log(`${loss.lostCount()} lost, ${inner.counters().nacksAnswered} sent again,`);
  console.log(`${seen.frames} frames decoded`);
  await page.close();
});

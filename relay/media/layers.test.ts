// Proves layers: on bytes, with time that moves only when told, that a viewer's numbers and times
// go on over every change, that reports lead down and quiet leads up, that a layer that stops is
// left; and with real connections that two WHIP sessions of one channel serve a viewer who chooses.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { ManualTime, realTimers } from '../../core/base/clock.ts';
import { silentLogger } from '../../core/base/logger.ts';
import {
  ntpMiddle,
  ntpOf,
  parseRtcp,
  writeNack,
  writeReceiverReport,
} from '../../core/media/rtcp.ts';
import {
  isRtcp,
  parseRtp,
  RTP_HEADER_LENGTH,
  sequenceDistance,
  timestampDistance,
  writeRtpHeader,
} from '../../core/media/rtp.ts';
import { createPublisher } from '../../native/publish/publisher.ts';
import { createFanOut, type FanOutInput } from '../../native/webrtc/fanOut.ts';
import { openTestReader } from '../../native/webrtc/testReader.ts';
import { makeTestVideo, playTestVideo, testClock, until } from '../../native/webrtc/testVideo.ts';
import { LayerSpread } from './layerSpread.ts';
import type { Layer } from './layerViewer.ts';
import { createMediaRoom, type MediaResponse } from './mediaRoom.ts';

after(() => setImmediate(() => process.exit()));

const SPS = [0x67, 0x42, 0xe0, 0x1f];
const SLICE = [0x41, 0x9a, 0x02, 0x03];
const SSRC = 77;
const random = (length: number) => randomBytes(length);
const NAMES = ['high', 'medium', 'low'];

type TestLayer = Layer & { flows: boolean; input: FanOutInput; next: number; requests: number };

/** Layers whose frames are pushed by hand, and a viewer of them that keeps what it got. */
function setUp(count: number) {
  const time = new ManualTime();
  const layers = NAMES.slice(0, count).map((id, index): TestLayer => {
    const layer = { id, flows: true, next: 1000 * (index + 1), requests: 0 };
    const fanOut = createFanOut({
      ...{ owner: id, clock: time, timers: time, random, logger: silentLogger },
      onKeyFrameRequest: () => layer.requests++,
    });
    return Object.assign(layer, {
      fanOut,
      input: fanOut.openInput(),
      isFlowing: () => layer.flows,
      bitsPerSecond: () => [2_500_000, 1_200_000, 500_000][index] ?? 0,
    });
  });
  const [best, ...lower] = layers as [TestLayer, ...TestLayer[]];
  const spread = new LayerSpread({ clock: time, timers: time, best });
  spread.setLower(lower);
  const got: { sequence: number; timestamp: number; layer: number; ssrc: number }[] = [];
  let senderReport = { middle: 0, atUs: 0 };
  const send = (bytes: Buffer) => {
    const header = isRtcp(bytes) ? undefined : parseRtp(bytes);
    const [told] = header ? [] : parseRtcp(bytes);
    if (told?.type === 'senderReport') {
      senderReport = { middle: ntpMiddle(told.clock), atUs: time.nowUs() };
    }
    if (!header) return true;
    const { sequence, timestamp, ssrc } = header;
    // The last byte of the payload names the layer.
    got.push({ sequence, timestamp, ssrc, layer: bytes[header.payloadEnd - 1] ?? -1 });
    return true;
  };
  const track = { payloadType: 102, ssrc: SSRC, playoutDelayId: 0, send };
  const viewer = spread.addViewer({ video: track }, () => {});
  let frame = 0;
  /** One frame of each layer that flows; `isKey` says which make a key frame. */
  const tick = (isKey: (layer: TestLayer) => boolean, packets = 2) => {
    frame++;
    for (const layer of layers) {
      if (!layer.flows) continue;
      if (frame % 30 === 1) {
        const clock = { ...ntpOf(time.nowUs()), rtpTimestamp: frame * 3000 };
        layer.input.senderReport('video', clock);
      }
      for (let i = 0; i < packets; i++) {
        const start = isKey(layer) && i === 0 ? SPS : SLICE;
        const payload = [...start, layers.indexOf(layer)];
        const bytes = new Uint8Array(RTP_HEADER_LENGTH + payload.length);
        const sequence = layer.next++ & 0xffff;
        const header = { payloadType: 96, marker: i === packets - 1, ssrc: 1 };
        writeRtpHeader(bytes, 0, { ...header, sequence, timestamp: (frame * 3000) >>> 0 });
        bytes.set(payload, RTP_HEADER_LENGTH);
        layer.input.push('video', bytes);
      }
    }
    time.advance(33);
  };
  let reported = 0;
  let cumulativeLost = 0;
  /** The newest sender report took `tripMs` to come and be answered. */
  const report = (fractionLost: number, tripMs = 20) => {
    cumulativeLost += Math.round(fractionLost * (got.length - reported));
    reported = got.length;
    const block = { ssrc: SSRC, fractionLost, cumulativeLost, highestSequence: reported };
    const sinceUs = Math.max(0, time.nowUs() - senderReport.atUs - tripMs * 1000);
    const delaySinceLast = Math.round((sinceUs * 65_536) / 1_000_000);
    const rest = { jitter: 0, lastSenderReport: senderReport.middle, delaySinceLast };
    viewer.rtcp('video', writeReceiverReport(9, [{ ...block, ...rest }]));
  };
  /** What is sent once more to try the path is left out. */
  const assertWhole = () => {
    const seen = new Set<number>();
    const once = got.filter(({ sequence }) => !seen.has(sequence) && seen.add(sequence));
    for (let i = 1; i < once.length; i++) {
      const [one, other] = [once[i - 1], once[i]];
      assert.equal(sequenceDistance(one?.sequence ?? 0, other?.sequence ?? 0), 1, `at ${i}`);
      assert.ok(timestampDistance(one?.timestamp ?? 0, other?.timestamp ?? 0) >= 0, `at ${i}`);
    }
    assert.deepEqual([...new Set(got.map(({ ssrc }) => ssrc))], [SSRC]);
  };
  return { time, layers, spread, viewer, got, tick, report, assertWhole };
}

test('random wishes and key frames: one stream without a hole, and the wish is fulfilled', () => {
  const seed = Number(process.env.SEED ?? Date.now() & 0x7fffffff);
  console.log(`seed ${seed}`);
  const step = fc.record({
    wish: fc.constantFrom(0, 1, 2),
    frames: fc.integer({ min: 1, max: 40 }),
    keyEvery: fc.integer({ min: 1, max: 30 }),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 12 }), (steps) => {
      const { viewer, tick, got, assertWhole } = setUp(3);
      tick(() => true);
      viewer.opened('video');
      for (const { wish, frames, keyEvery } of steps) {
        assert.ok(viewer.choose(NAMES[wish] ?? ''));
        for (let i = 0; i < frames; i++) tick(() => i % keyEvery === 0);
        // The change is made at the first frame already, because it is a key frame.
        assert.equal(viewer.layer, NAMES[wish]);
        assert.equal(got.at(-1)?.layer, wish);
      }
      assertWhole();
    }),
    { seed, numRuns: 100 },
  );
});

test('loss leads down at the next key frame, a quiet time and a probe lead up again', () => {
  const { viewer, tick, report, layers, got, assertWhole } = setUp(2);
  tick(() => true);
  viewer.opened('video');
  report(0);
  for (let i = 0; i < 30; i++) tick(() => false);
  report(0.3);
  assert.equal(layers[1]?.requests, 1, 'the lower layer is asked for a key frame');
  for (let i = 0; i < 10; i++) tick(() => false);
  assert.equal(viewer.layer, 'high', 'until then the picture goes on');
  tick((layer) => layer.id === 'low' || layer.id === 'medium');
  assert.equal(viewer.layer, 'medium');
  const second = (tripMs: number) => {
    const from = got.length;
    report(0, tripMs);
    for (let i = 0; i < 30; i++) tick(() => i === 0);
    return got.length - from > 60;
  };
  // Behind each probe a queue stands: the path is no wider than it was.
  let probes = 0;
  for (let at = 0; at < 12; at++) {
    if (!second(20)) continue;
    probes++;
    second(120);
  }
  assert.ok(probes > 2, `probed ${probes} times`);
  assert.equal(viewer.layer, 'medium');
  let seconds = 0;
  while (viewer.layer === 'medium' && seconds < 30) {
    seconds++;
    second(20);
  }
  assert.ok(seconds < 10, `${seconds} s`);
  assertWhole();
});

test('a publisher that stutters moves nobody up; a layer that stays away does', () => {
  const { viewer, tick, spread, layers, assertWhole } = setUp(2);
  tick(() => true);
  viewer.opened('video');
  viewer.choose('medium');
  tick(() => true);
  viewer.choose(null);
  const [best, medium] = layers;
  assert.ok(best && medium);
  const flow = (isBest: boolean, isMedium: boolean) => {
    best.flows = isBest;
    medium.flows = isMedium;
    spread.layersChanged();
  };
  flow(false, false);
  flow(true, false);
  for (let i = 0; i < 20; i++) tick(() => true);
  flow(true, true);
  for (let i = 0; i < 40; i++) tick(() => true);
  assert.equal(viewer.layer, 'medium');
  flow(true, false);
  for (let i = 0; i < 40; i++) tick(() => true);
  assert.equal(viewer.layer, 'high', 'better too much than nothing');
  assertWhole();
});

test('a layer that stops is left at once; an unknown wish is refused', () => {
  const { viewer, tick, spread, layers, got, assertWhole } = setUp(2);
  tick(() => true);
  viewer.opened('video');
  const [best] = layers;
  assert.ok(best);
  best.flows = false;
  spread.layersChanged();
  tick(() => true);
  assert.equal(viewer.layer, 'medium');
  best.flows = true;
  spread.layersChanged();
  tick(() => true);
  assert.equal(viewer.layer, 'medium', 'it has no hurry to go back');
  assert.equal(viewer.choose('low'), false);
  assert.ok(got.length > 0);
  assertWhole();
});

test('what was sent before a change can be asked for after it', () => {
  const { viewer, tick, got, time } = setUp(2);
  tick(() => true);
  viewer.opened('video');
  for (let i = 0; i < 5; i++) tick(() => false);
  viewer.choose('medium');
  for (let i = 0; i < 5; i++) tick(() => true);
  const lost = [got[3], got.at(-3)];
  const count = got.length;
  time.advance(200);
  const wanted = lost.map((packet) => packet?.sequence ?? 0);
  viewer.rtcp('video', writeNack(9, SSRC, wanted));
  assert.deepEqual(got.slice(count), lost, 'the same packets of both layers');
});

const video = makeTestVideo();
const small = makeTestVideo({ size: '320x180' });
const skip = typeof video === 'string' ? video : false;

test('two WHIP sessions of one channel; a viewer chooses by HTTP', { skip }, async () => {
  if (typeof video === 'string' || typeof small === 'string') return;
  const around = { clock: testClock, timers: realTimers, random, logger: silentLogger };
  const peer = { iceServers: [], bindAddress: '127.0.0.1' };
  const states: string[] = [];
  const room = createMediaRoom({
    ...{ ...around, peer, isKnownChannel: () => true, isPublisherAllowed: () => true },
    ...{ onMediaState: (_channel, state) => states.push(state), onViewerCount() {} },
  });
  const ask = async (method: string, path: string, body = '', type = 'application/sdp') => {
    const [bare = '', query = ''] = path.split('?');
    const headers = { 'content-type': type };
    const request = { method, path: bare, query, headers, body, remoteAddress: '::1' };
    return (await room.handle(request)) as MediaResponse;
  };
  const roomFetch: typeof fetch = async (input, init) => {
    const { pathname, search } = new URL(String(input));
    const method = init?.method ?? 'GET';
    const response = await ask(method, pathname + search, String(init?.body ?? ''));
    const headers = Object.entries(response.headers).map(([k, v]) => [k, String(v)]);
    const { status } = response;
    return new Response(response.body, { status, headers: headers as [string, string][] });
  };
  const publishers = [video, small].map((one, index) => {
    const publisher = createPublisher({
      ...{ ...around, peer, fetch: roomFetch, requestKeyFrame() {} },
    });
    const layer = index === 0 ? '' : '?layer=low';
    publisher.startUplink({ url: `http://relay.test/whip/a${layer}`, token: null });
    return { publisher, player: playTestVideo(one, testClock, (unit) => publisher.push(unit)) };
  });
  const layersNow = () => room.stats().get('a')?.layers ?? [];
  await until('both layers flow', () => layersNow().length === 2);
  assert.deepEqual(
    layersNow().map(({ id }) => id),
    ['high', 'low'],
  );
  const reader = await openTestReader();
  const answer = await ask('POST', '/whep/a', reader.offerSdp);
  assert.equal(answer.status, 201);
  reader.accept(answer.body);
  await until('a picture', () => reader.video.packets > 50);
  const resource = String(answer.headers.location);
  assert.match(String(answer.headers.link), /ext:core:layer/);
  const choose = (encodingId: unknown) =>
    ask('POST', `${resource}/layer`, JSON.stringify({ encodingId }), 'application/json');
  assert.equal((await choose('low')).status, 200);
  const current = async () => JSON.parse((await ask('GET', `${resource}/layer`)).body).current;
  await until('the low layer', () => room.stats().get('a')?.layers[1]?.viewers === 1);
  assert.equal(await current(), 'low');
  assert.equal((await choose('medium')).status, 422);
  assert.equal((await choose(7)).status, 400);
  assert.equal((await ask('POST', '/whip/a?layer=huge', reader.offerSdp)).status, 422);
  const packets = reader.video.packets;
  await until('it goes on', () => reader.video.packets > packets + 60);
  assert.equal(reader.video.ssrcs.size, 1);
  // The best layer ends; nobody calls that a stall.
  const told = states.length;
  publishers[0]?.player.stop();
  const before = reader.video.packets;
  await until('the low one goes on', () => reader.video.packets > before + 60);
  assert.equal(states[0], 'live');
  assert.deepEqual(states.slice(told), []);
  reader.close();
  for (const { publisher, player } of publishers) {
    player.stop();
    await publisher.close();
  }
  room.close();
});

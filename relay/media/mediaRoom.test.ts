// Proves with real WebRTC that a publisher's picture and sound reach readers through the relay's
// media room: joins start with a key frame, losses are answered, a publisher comes back without
// viewers noticing, stalls are told. HTTP is a function call here; everything else is real.

import assert from 'node:assert/strict';
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { after, before, test } from 'node:test';
import { realTimers } from '../../core/base/clock.ts';
import { silentLogger } from '../../core/base/logger.ts';
import { RTP_CLOCK_RATE, rtpTimestampOf } from '../../core/media/feed.ts';
import { sequenceDistance, timestampDistance } from '../../core/media/rtp.ts';
import { createPublisher, type Publisher } from '../../native/publish/publisher.ts';
import { openTestReader, type TestReader } from '../../native/webrtc/testReader.ts';
import {
  makeTestVideo,
  playTestVideo,
  TEST_CLOCK_OFFSET,
  type TestVideo,
  testClock,
  until,
} from '../../native/webrtc/testVideo.ts';
import { createMediaRoom, type MediaRequest, type MediaResponse } from './mediaRoom.ts';

const peer = { iceServers: [], bindAddress: '127.0.0.1' };
const token = 'secret-token-of-this-test';
const states: string[] = [];
const shifts: number[] = [];
const video = makeTestVideo();
const skip = typeof video === 'string' ? video : false;

const room = createMediaRoom({
  clock: testClock,
  timers: realTimers,
  random: (length) => randomBytes(length),
  logger: silentLogger,
  peer,
  isKnownChannel: (channel) => channel === 'abc',
  isPublisherAllowed: (_channel, given) =>
    given.length === token.length && timingSafeEqual(Buffer.from(given), Buffer.from(token)),
  onMediaState: (_channel, state) => states.push(state),
  onViewerCount: () => {},
  onTimestampShift: (_channel, _track, shift) => shifts.push(shift),
});

let isRelayUp = true;
const posted: string[] = [];

/** fetch, straight into the room. */
const roomFetch: typeof fetch = async (input, init) => {
  const url = new URL(String(input));
  const response = await ask(init?.method ?? 'GET', url.pathname, {
    headers: Object.fromEntries(new Headers(init?.headers ?? {})),
    body: String(init?.body ?? ''),
  });
  posted.push(`${init?.method} ${response.status}`);
  const headers = Object.entries(response.headers).map(([k, v]): [string, string] => [
    k,
    String(v),
  ]);
  const hasBody = response.status !== 204;
  return new Response(hasBody ? response.body : null, { status: response.status, headers });
};

async function ask(
  method: string,
  path: string,
  more: Partial<MediaRequest> = {},
): Promise<MediaResponse> {
  if (!isRelayUp) throw new Error('connection refused');
  const response = await room.handle({
    method,
    path,
    headers: {},
    body: '',
    remoteAddress: '127.0.0.1',
    ...more,
  });
  assert.ok(response, `${method} ${path} is answered`);
  return response;
}

const keyFramesAskedAtUs: number[] = [];
const players: { stop(): void; pause(isPaused: boolean): void }[] = [];
const publishers: Publisher[] = [];
const readers: TestReader[] = [];

function publish(): { publisher: Publisher; player: ReturnType<typeof playTestVideo> } {
  const publisher = createPublisher({
    clock: testClock,
    timers: realTimers,
    random: (length) => randomBytes(length),
    logger: silentLogger,
    fetch: roomFetch,
    peer,
    requestKeyFrame: () => keyFramesAskedAtUs.push(testClock.nowUs()),
  });
  publishers.push(publisher);
  const player = playTestVideo(video as TestVideo, testClock, (unit) => publisher.push(unit));
  players.push(player);
  publisher.startUplink({ url: 'http://relay.test/whip/abc', token });
  return { publisher, player };
}

async function watchRelay(options: Parameters<typeof openTestReader>[0] = {}) {
  const reader = await openTestReader(options);
  readers.push(reader);
  const response = await ask('POST', '/whep/abc', {
    headers: { 'content-type': 'application/sdp' },
    body: reader.offerSdp,
  });
  assert.equal(response.status, 201, response.body);
  reader.accept(response.body);
  return { reader, location: String(response.headers.location) };
}

let first: ReturnType<typeof publish>;

before(async () => {
  if (skip) return;
  first = publish();
  await until('live', () => room.mediaState('abc') === 'live');
});

after(async () => {
  for (const player of players) player.stop();
  for (const reader of readers) reader.close();
  for (const publisher of publishers) await publisher.close();
  room.close();
  // The library's threads keep the process alive, and its cleanup() must not be called.
  setImmediate(() => process.exit());
});

test('a joiner starts with a key frame, gets sound and a clock for both', { skip }, async () => {
  const { reader } = await watchRelay({ videoPayloadType: 109, audioPayloadType: 63 });
  await until('60 video packets', () => reader.video.packets > 60);
  await until('audio', () => reader.audio.packets > 20);
  assert.deepEqual(reader.video.nalTypes.slice(0, 2), [7, 8]);
  assert.deepEqual([...reader.video.payloadTypes], [109]);
  assert.deepEqual([...reader.audio.payloadTypes], [63]);
  assert.equal(reader.video.gaps, 0);
  await until('reports', () => reader.video.senderReports.length > 1);
  await until('reports', () => reader.audio.senderReports.length > 1);
  // Both lanes' reports name capture times of one clock, so a browser can align sound and picture.
  for (const [kind, lane] of [['video', reader.video] as const, ['audio', reader.audio] as const]) {
    for (const { ntpSeconds, ntpFraction, rtpTimestamp } of lane.senderReports) {
      const captureUs =
        (ntpSeconds - 2_208_988_800) * 1e6 + Math.round((ntpFraction * 1e6) / 2 ** 32);
      const expected = rtpTimestampOf(captureUs, RTP_CLOCK_RATE[kind], TEST_CLOCK_OFFSET[kind]);
      assert.ok(Math.abs(timestampDistance(expected, rtpTimestamp)) <= 1, kind);
    }
  }
});

test('a NACK is answered with the same packet, once per round trip', { skip }, async () => {
  const { reader } = await watchRelay();
  await until('video', () => reader.video.packets > 40);
  const before = room.stats().get('abc')?.fanOut;
  // SRTP drops what came already, so ask for one packet and look at the counters.
  const wanted = reader.video.sequences.at(-5) ?? 0;
  assert.ok(reader.askAgain([wanted]));
  assert.ok(reader.askAgain([wanted]));
  await until('two asked', () => {
    const now = room.stats().get('abc')?.fanOut;
    return (now?.nacksAsked ?? 0) - (before?.nacksAsked ?? 0) === 2;
  });
  const now = room.stats().get('abc')?.fanOut;
  assert.equal((now?.nacksAnswered ?? 0) - (before?.nacksAnswered ?? 0), 1);
  assert.equal((now?.nacksGuarded ?? 0) - (before?.nacksGuarded ?? 0), 1);
});

test('many picture losses make one request to the studio per 500 ms', { skip }, async () => {
  const { reader } = await watchRelay();
  await until('video', () => reader.video.packets > 10);
  const before = room.stats().get('abc')?.fanOut.keyFrameRequestsIn ?? 0;
  keyFramesAskedAtUs.length = 0;
  await until('the studio is asked twice', () => {
    for (let i = 0; i < 10; i++) reader.requestKeyFrame();
    return keyFramesAskedAtUs.length >= 2;
  });
  const requestsIn = (room.stats().get('abc')?.fanOut.keyFrameRequestsIn ?? 0) - before;
  assert.ok(requestsIn >= 100, `${requestsIn} requests`);
  const [first = 0, second = 0] = keyFramesAskedAtUs;
  assert.ok(second - first >= 490_000, `${(second - first) / 1000} ms between requests`);
});

test('analytics reach a viewer that opened the channel, and nobody else', { skip }, async () => {
  const { reader } = await watchRelay({ analytics: true });
  const { reader: other } = await watchRelay();
  await until('media', () => reader.video.packets > 0 && other.video.packets > 0);
  await until('analytics', () => {
    room.sendAnalytics('abc', Buffer.from('{"ball":1}'));
    return reader.analytics.length > 0;
  });
  assert.equal(reader.analytics[0], '{"ball":1}');
  assert.equal(other.analytics.length, 0);
});

test('twenty viewers each get every packet, in the same order', { skip }, async () => {
  const joined = await Promise.all(Array.from({ length: 20 }, () => watchRelay()));
  const all = joined.map(({ reader }) => reader);
  await until('video for each', () => all.every(({ video }) => video.packets > 200));
  await until('sound for each', () => all.every(({ audio }) => audio.packets > 20));
  for (const { video, audio } of all) {
    assert.deepEqual([video.gaps, audio.gaps], [0, 0]);
    assert.deepEqual(video.nalTypes.slice(0, 2), [7, 8]);
  }
  for (const { location } of joined) await ask('DELETE', location);
});

test('a silent publisher is told as stalled, a returning one as live', { skip }, async () => {
  states.length = 0;
  first.player.pause(true);
  await until('stalled', () => room.mediaState('abc') === 'stalled');
  first.player.pause(false);
  await until('live', () => room.mediaState('abc') === 'live');
  assert.deepEqual(states, ['stalled', 'live']);
});

test('a publisher comes back: same SSRC, numbers and clock go on', { skip }, async () => {
  const { reader } = await watchRelay();
  await until('video', () => reader.video.packets > 40);
  await first.publisher.stopUplink();
  await until('not live', () => room.mediaState('abc') !== 'live');
  const packetsBefore = reader.video.packets;
  first.publisher.startUplink({ url: 'http://relay.test/whip/abc', token });
  await until('live', () => room.mediaState('abc') === 'live');
  await until('more video', () => reader.video.packets > packetsBefore + 40);
  assert.equal(reader.video.ssrcs.size, 1);
  assert.equal(reader.peer.state(), 'connected');
  assert.equal(reader.video.gaps, 0);
  const { sequences, timestamps } = reader.video;
  for (let i = 1; i < sequences.length; i++) {
    assert.equal(sequenceDistance(sequences[i - 1] ?? 0, sequences[i] ?? 0), 1);
    const step = timestampDistance(timestamps[i - 1] ?? 0, timestamps[i] ?? 0);
    assert.ok(Math.abs(step) < 3 * 90_000, `timestamp step ${step}`);
  }
  assert.ok(posted.includes('DELETE 200'));
});

test('a second publisher takes over when its packets come', { skip }, async () => {
  const { reader } = await watchRelay();
  await until('video', () => reader.video.packets > 10);
  states.length = 0;
  const second = publish();
  await until('taken over', () => first.publisher.stats().uplinkState !== 'connected');
  await first.publisher.stopUplink();
  const packetsBefore = reader.video.packets;
  await until('more video', () => reader.video.packets > packetsBefore + 20);
  assert.equal(reader.video.ssrcs.size, 1);
  assert.ok(second.publisher.stats().uplinkState !== 'off');
});

test('a viewer that leaves by DELETE is counted out; a second DELETE is 404', {
  skip,
}, async () => {
  const { reader, location } = await watchRelay();
  await until('video', () => reader.video.packets > 0);
  const count = room.viewerCount('abc');
  assert.equal((await ask('DELETE', location, { headers: { 'if-match': '"x"' } })).status, 200);
  assert.equal(room.viewerCount('abc'), count - 1);
  assert.equal((await ask('DELETE', location)).status, 404);
});

test('the studio retries until the relay is there again', { skip }, async () => {
  for (const each of publishers) await each.stopUplink();
  isRelayUp = false;
  const third = publish();
  await until('waiting', () => third.publisher.stats().uplinkState === 'waiting');
  assert.match(third.publisher.stats().uplinkReason ?? '', /cannot be reached/);
  isRelayUp = true;
  await until('connected', () => third.publisher.stats().uplinkState === 'connected');
  await until('live', () => room.mediaState('abc') === 'live');
});

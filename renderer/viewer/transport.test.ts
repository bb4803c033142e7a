// Proves by which way the picture is asked for, from times alone: the WebSocket is begun beside a
// WebRTC that brings nothing, whichever plays is shown, the way back is tried ever more rarely, and
// nothing is begun while there is nothing to see.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { askedTransport, isTelevision } from './address.ts';
import {
  BEGIN_STREAM_AFTER_MS,
  GIVE_UP_AFTER_MS,
  TRY_BACK_FIRST_MS,
  TransportChooser,
  type TransportFacts,
} from './transport.ts';

const calm: TransportFacts = {
  nowMs: 0,
  player: 'connecting',
  hasPath: false,
  connectedAtMs: 0,
  elementFrameMs: null,
  streamFrameMs: null,
  isShowLive: true,
};

/** Looks every 100 ms from `fromMs` to `toMs`; `facts` says what is seen then. */
function watch(
  chooser: TransportChooser,
  [fromMs, toMs]: [number, number],
  facts: (nowMs: number) => Partial<TransportFacts>,
) {
  for (let nowMs = fromMs; nowMs <= toMs; nowMs += 100) {
    chooser.look({ ...calm, nowMs, ...facts(nowMs) });
  }
  return chooser.plan;
}

const automatic = () => new TransportChooser({ asked: null, canStream: true });

test('while WebRTC plays nothing else is asked for', () => {
  const plan = watch(automatic(), [0, 20_000], (nowMs) => ({
    player: 'live',
    elementFrameMs: nowMs,
  }));
  assert.deepEqual(plan, { webrtc: true, stream: false, shown: 'webrtc', reason: null });
});

test('no picture at first, or later: the other way is begun, and shown once it plays', () => {
  for (const lastMs of [null, 5000]) {
    const chooser = automatic();
    const from = lastMs ?? 0;
    const nothing = () => ({ elementFrameMs: lastMs });
    const before = watch(chooser, [from, from + BEGIN_STREAM_AFTER_MS - 100], nothing);
    assert.equal(before.stream, false);
    const begun = watch(chooser, [from + BEGIN_STREAM_AFTER_MS, from + 2000], nothing);
    assert.deepEqual(begun, { webrtc: true, stream: true, shown: 'webrtc', reason: null });
    const plays = (nowMs: number) => ({ elementFrameMs: lastMs, streamFrameMs: nowMs });
    const shown = watch(chooser, [from + 2100, from + 2200], plays);
    assert.deepEqual(shown, { webrtc: true, stream: true, shown: 'websocket', reason: 'blocked' });
    const given = watch(chooser, [from + 2300, from + 2000 + GIVE_UP_AFTER_MS], plays);
    assert.deepEqual(given, { webrtc: false, stream: true, shown: 'websocket', reason: 'blocked' });
  }
});

test('WebRTC that was only slow takes over again', () => {
  const chooser = automatic();
  watch(chooser, [0, 2000], () => ({}));
  watch(chooser, [2100, 3000], (nowMs) => ({ streamFrameMs: nowMs }));
  const plan = watch(chooser, [3100, 3200], (nowMs) => ({
    player: 'live',
    streamFrameMs: nowMs,
    elementFrameMs: nowMs,
  }));
  assert.deepEqual(plan, { webrtc: true, stream: false, shown: 'webrtc', reason: null });
});

test('the way back is tried after half a minute, then after a minute', () => {
  const chooser = automatic();
  const triedAtMs: number[] = [];
  let was = true;
  for (let nowMs = 0; nowMs < 200_000; nowMs += 100) {
    const { webrtc } = chooser.look({ ...calm, nowMs, streamFrameMs: nowMs });
    if (webrtc && !was) triedAtMs.push(nowMs);
    was = webrtc;
  }
  const [first = 0, second = 0, ...more] = triedAtMs;
  assert.ok(Math.abs(first - GIVE_UP_AFTER_MS - TRY_BACK_FIRST_MS) < 2000, `${triedAtMs}`);
  assert.ok(second - first > 2 * TRY_BACK_FIRST_MS, `${triedAtMs}`);
  assert.equal(more.length, 0);
  const plan = watch(chooser, [900_000, 900_200], (nowMs) => ({
    streamFrameMs: nowMs,
    elementFrameMs: nowMs,
  }));
  assert.equal(plan.shown, 'webrtc');
});

test('a stream that falls silent does not keep the page from WebRTC', () => {
  const chooser = automatic();
  watch(chooser, [0, 9000], (nowMs) => ({ streamFrameMs: nowMs }));
  assert.equal(chooser.plan.webrtc, false);
  watch(chooser, [9100, 16_000], () => ({ streamFrameMs: 9000 }));
  assert.equal(chooser.plan.webrtc, true);
});

test('nothing is begun while there is no show, or the relay says so', () => {
  const off = watch(automatic(), [0, 30_000], () => ({ isShowLive: false }));
  const notLive = watch(automatic(), [0, 30_000], () => ({ player: 'notLive' }));
  for (const plan of [off, notLive]) assert.equal(plan.stream, false);
});

test('without a decoder of its own the page only learns why there is no picture', () => {
  const chooser = new TransportChooser({ asked: null, canStream: false });
  assert.equal(watch(chooser, [0, 5000], () => ({})).reason, null);
  const plan = watch(chooser, [5100, 7000], () => ({}));
  assert.deepEqual(plan, { webrtc: true, stream: false, shown: 'webrtc', reason: 'blocked' });
});

test('no H.264 in WebRTC, or the address asks: only the stream', () => {
  const codec = watch(automatic(), [0, 100], () => ({ player: 'noVideoCodec' }));
  assert.deepEqual(codec, { webrtc: false, stream: true, shown: 'websocket', reason: 'noH264' });
  const asked = new TransportChooser({ asked: 'websocket', canStream: true });
  assert.equal(watch(asked, [0, 60_000], () => ({})).reason, 'asked');
  assert.equal(asked.plan.webrtc, false);
  const never = new TransportChooser({ asked: 'webrtc', canStream: true });
  assert.equal(watch(never, [0, 60_000], () => ({})).stream, false);
  assert.equal(askedTransport('?transport=websocket&x=1'), 'websocket');
  assert.equal(askedTransport('?transport=carrier'), null);
});

test('a way that was found and brings too little is not called blocked', () => {
  for (const hasPath of [true, false]) {
    const reason = hasPath ? 'starved' : 'blocked';
    const chooser = automatic();
    const plays = (nowMs: number) => ({ hasPath, streamFrameMs: nowMs > 2_000 ? nowMs : null });
    assert.equal(watch(chooser, [0, 2_500], plays).reason, reason);
    assert.equal(watch(chooser, [2_600, 9_000], plays).reason, reason, 'it stays said');
    // On the way back UDP turns out to be blocked after all, or free.
    const later = (nowMs: number) => ({ ...plays(nowMs), hasPath: !hasPath });
    const tryMs = 2_000 + GIVE_UP_AFTER_MS + TRY_BACK_FIRST_MS;
    const plan = watch(chooser, [9_100, tryMs + 2_000], later);
    assert.equal(plan.reason, hasPath ? 'blocked' : 'starved');
  }
  // Where nothing can stand in, only a network without a way is called blocked.
  const alone = new TransportChooser({ asked: null, canStream: false });
  const waits = (hasPath: boolean) =>
    watch(alone, [0, GIVE_UP_AFTER_MS + 200], () => ({ hasPath }));
  assert.equal(waits(true).reason, null);
  assert.equal(waits(false).reason, 'blocked');
});

test('a television is known by its browser or by the address', () => {
  for (const agent of [
    'Mozilla/5.0 (SMART-TV; Linux; Tizen 7.0) AppleWebKit/537.36 SamsungBrowser/4.0 TV Safari/537.36',
    'Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36 Chrome/94.0 Safari/537.36',
    'Mozilla/5.0 (Linux; Android 9; AFTMM Build/PS7624) AppleWebKit/537.36 Silk/112 Safari/537.36',
  ]) {
    assert.ok(isTelevision('', agent), agent);
  }
  for (const agent of [
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36',
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148',
    'Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36',
  ]) {
    assert.equal(isTelevision('', agent), false, agent);
    assert.ok(isTelevision('?tv', agent));
  }
});

// Proves that damaged offers and fragments end in a status and leave nothing behind: ten thousand
// offers made of those that OBS, Chromium, Firefox, ffmpeg and GStreamer send, each hurt in up to
// three places, half of them a publisher's and half a viewer's. The seed is printed; SEED repeats
// a run, OFFERS sets how many.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, test } from 'node:test';
import { realTimers } from '../../core/base/clock.ts';
import { silentLogger } from '../../core/base/logger.ts';
import { createFanOut } from '../../native/webrtc/fanOut.ts';
import { OfferRefused } from '../../native/webrtc/offerRefused.ts';
import { openPeerCount } from '../../native/webrtc/peer.ts';
import { openTestReader } from '../../native/webrtc/testReader.ts';
import { testClock } from '../../native/webrtc/testVideo.ts';
import { answerWhep } from '../../native/webrtc/whep.ts';
import { AUTHORISED, FRAGMENT, openTestRoom } from './testing/liveRoom.ts';
import { PUBLISHERS, WATCHERS } from './testing/offers.ts';

const OFFERS = Number(process.env.OFFERS ?? 10_000);
const seed = Number(process.env.SEED ?? Date.now() & 0x7fffffff);
console.log(`seed ${seed}`);
const next = generator(seed);
const still = openTestRoom();
const random = (length: number) => randomBytes(length);
const fanOut = createFanOut({
  ...{ owner: 'fuzz', clock: testClock, timers: realTimers, random, logger: silentLogger },
  onKeyFrameRequest: () => {},
});

after(() => {
  fanOut.close();
  still.room.close();
  setImmediate(() => process.exit());
});

test('damaged offers: a status each time, no crash, nothing left behind', async () => {
  const reader = await openTestReader({ analytics: true });
  const publishers = Object.values(PUBLISHERS).map(({ sdp }) => sdp);
  const watchers = [...Object.values(WATCHERS).map(({ sdp }) => sdp), reader.offerSdp];
  reader.close();
  const before = openPeerCount();
  const seen = new Map<number, number>();
  for (let i = 0; i < OFFERS; i++) {
    const isWatcher = i % 2 === 0;
    const offers = isWatcher ? watchers : publishers;
    const damaged = damage(offers[next(offers.length)] ?? '', next);
    const status = await (isWatcher ? watch(damaged) : publish(damaged));
    assert.ok([201, 400, 413, 422].includes(status), `${status} ${damaged}`);
    seen.set(status, (seen.get(status) ?? 0) + 1);
  }
  console.log(Object.fromEntries(seen));
  for (const status of [201, 400, 422]) assert.ok((seen.get(status) ?? 0) > OFFERS / 100);
  assert.equal(openPeerCount(), before);
  assert.equal(fanOut.viewerCount(), 0);
});

async function publish(damaged: string): Promise<number> {
  const response = await still.ask('POST', '/whip/abc', damaged, AUTHORISED);
  if (response.status !== 201) return response.status;
  const location = String(response.headers.location);
  assert.equal((await still.ask('DELETE', location, '', AUTHORISED)).status, 200);
  return 201;
}

async function watch(damaged: string): Promise<number> {
  const peer = { iceServers: [], bindAddress: '127.0.0.1' };
  try {
    const options = { peer, timers: realTimers, random, logger: silentLogger };
    (await answerWhep(damaged, fanOut, options)).close();
    return 201;
  } catch (error) {
    if (error instanceof OfferRefused) return error.status;
    throw error;
  }
}

test('damaged fragments: the session lives on', async () => {
  const created = await still.ask('POST', '/whip/abc', PUBLISHERS.OBS.sdp, AUTHORISED);
  const location = String(created.headers.location);
  const fragment = [
    'a=ice-ufrag:V0Ap',
    'a=ice-pwd:QlBc8g1cr1i95XPURETPdD',
    'm=audio 9 UDP/TLS/RTP/SAVPF 0',
    'a=mid:0',
    'a=candidate:1 1 udp 2122260223 192.0.2.1 61764 typ host generation 0',
    'a=candidate:2 1 udp 1686052607 2001:db8::1 61764 typ srflx raddr 192.0.2.1 rport 61764',
    'a=end-of-candidates',
  ].join('\r\n');
  const seen = new Set<number>();
  for (let i = 0; i < OFFERS / 5; i++) {
    const { status } = await still.ask('PATCH', location, damage(fragment, next), FRAGMENT);
    seen.add(status);
  }
  assert.deepEqual([...seen].sort(), [204, 400, 422]);
  assert.equal((await still.ask('PATCH', location, fragment, FRAGMENT)).status, 204);
});

/** Mulberry32: small, seeded, good enough to damage text. */
function generator(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

function damage(text: string, next: (below: number) => number): string {
  const lines = text.split('\r\n');
  const hostile = [
    '\0',
    '65536',
    '-1',
    'a'.repeat(2000),
    '%n%s',
    '\n',
    ' ',
    '255',
    '15',
    '0',
    '99999999999',
    '',
  ];
  for (let count = 1 + next(3); count > 0; count--) {
    const index = next(lines.length);
    const line = lines[index] ?? '';
    const value = hostile[next(hostile.length)] ?? '';
    const at = next(line.length + 1);
    switch (next(6)) {
      case 0:
        lines.splice(index, 1);
        break;
      case 1:
        lines.splice(index, 0, lines[next(lines.length)] ?? '');
        break;
      case 2:
        lines[index] = line.slice(0, at) + value + line.slice(at);
        break;
      case 3:
        lines[index] = line.replace(/\d+/, value);
        break;
      case 4:
        lines[index] = line.slice(0, at);
        break;
      default:
        lines[index] = `${line.slice(0, at)}${String.fromCharCode(next(256))}${line.slice(at + 1)}`;
    }
  }
  return lines.join(['\r\n', '\n', '\r'][next(20)] ?? '\r\n');
}

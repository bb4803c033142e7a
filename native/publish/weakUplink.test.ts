// Proves a weak uplink: a real WHIP session through a hop that becomes narrow. The rate follows what
// the other end reports, until hardly anything is lost any more, smaller copies are left out, and
// all of it comes back when the hop is wide again. The source is elastic: frames of the size that
// its bitrate gives. Times are told, not asserted.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, test } from 'node:test';
import { realTimers } from '../../core/base/clock.ts';
import { silentLogger } from '../../core/base/logger.ts';
import { type LowerLayer, rtpTimestampOf } from '../../core/media/feed.ts';
import { createUplinkGovernor } from '../engine/uplinkGovernor.ts';
import { type NarrowPath, openNarrowPath } from '../webrtc/testNarrowPath.ts';
import { testClock, until } from '../webrtc/testVideo.ts';
import { answerWhip, type WhipSession } from '../webrtc/whip.ts';
import { createPublisher, type Publisher } from './publisher.ts';

after(() => setImmediate(() => process.exit()));

const MOST = 2_500_000;
const around = {
  ...{ clock: testClock, timers: realTimers, random: (length: number) => randomBytes(length) },
  ...{ logger: silentLogger, peer: { iceServers: [], bindAddress: '127.0.0.1' } },
};

/** A WHIP server of one session for each layer; the best layer's goes through the hop. */
function server(path: NarrowPath) {
  const sessions = new Map<string, WhipSession>();
  const serverFetch: typeof fetch = async (input, init) => {
    const layer = new URL(String(input)).searchParams.get('layer') ?? 'high';
    if (init?.method === 'DELETE') {
      sessions.get(layer)?.close();
      sessions.delete(layer);
      return new Response('', { status: 200 });
    }
    const session = await answerWhip(String(init?.body ?? ''), {
      ...around,
      onPacket() {},
      onSenderReport() {},
      onState() {},
    });
    sessions.set(layer, session);
    const body = layer === 'high' ? path.through(session.answerSdp) : session.answerSdp;
    return new Response(body, { status: 201, headers: { location: `/s?layer=${layer}` } });
  };
  return { sessions, serverFetch };
}

/** One unit of so many bytes: parameter sets in front of a key frame, then random slices. */
function unitOf(bytes: number, keyFrame: boolean): Uint8Array {
  const start = [0, 0, 0, 1];
  const sets = keyFrame ? [...start, 0x67, 0x42, 0xe0, 0x1f, ...start, 0x68, 0xce, 0x38] : [];
  // Random bytes without zeros: no start code can appear by accident.
  const slice = randomBytes(Math.max(20, bytes)).map((byte) => byte | 1);
  return Uint8Array.from([...sets, ...start, keyFrame ? 0x65 : 0x41, ...slice]);
}

function play(publisher: Publisher, rateOf: (layer?: LowerLayer) => number) {
  let frame = 0;
  return realTimers.every(33, () => {
    const captureUs = testClock.nowUs();
    const keyFrame = frame++ % 30 === 0;
    for (const layer of [undefined, 'low'] as const) {
      const bytes = unitOf(rateOf(layer) / 8 / 30, keyFrame);
      const rtpTimestamp = rtpTimestampOf(captureUs, 90_000, 7);
      const unit = { track: 'video', captureUs, rtpTimestamp, keyFrame, config: 1, bytes } as const;
      publisher.push(layer ? { ...unit, layer } : unit);
    }
  });
}

test('the rate follows the path down and up, and smaller copies make room', async (t) => {
  const path = await openNarrowPath(20_000_000);
  const { sessions, serverFetch } = server(path);
  let rate = MOST;
  const sentences: string[] = [];
  /** What the rate's clock is ahead: patience is its own test's, not this one's. */
  let aheadUs = 0;
  const publisher = createPublisher({
    ...around,
    fetch: serverFetch,
    requestKeyFrame() {},
    onUplinkReport: (report) => governor.report(report),
  });
  const governor = createUplinkGovernor({
    clock: { nowUs: () => testClock.nowUs() + aheadUs },
    ...{ logger: silentLogger, bitsPerSecondMax: MOST },
    setBitrate(bitsPerSecond) {
      rate = bitsPerSecond;
      return true;
    },
    limitLayers: (bitsPerSecond) => publisher.limitLayers(bitsPerSecond),
    onWeak: (sentence) => sentences.push(sentence),
  });
  publisher.startUplink({ url: 'http://relay.test/whip/a', token: null });
  const stop = play(publisher, (layer) => (layer ? 600_000 : rate));
  const lost = () => sessions.get('high')?.stats().packetsLost ?? 0;
  await until('both legs', () => sessions.size === 2 && publisher.stats().lowerLayers.length === 1);
  await until('a steady stream', () => path.counters.passed > 800);
  assert.equal(rate, MOST);

  const atMs = performance.now();
  path.setBitsPerSecond(900_000);
  await until('a lower rate', () => rate < 900_000, 20_000);
  t.diagnostic(`${Math.round(performance.now() - atMs)} ms to ${rate} bit/s`);
  assert.ok(rate >= 500_000);
  assert.match(sentences.at(-1) ?? '', /uplink is weak/);
  assert.deepEqual(publisher.stats().lowerLayers, [], 'two poor pictures are worse than one');
  // What was on its way is lost still; then nothing is for a while.
  let seen = lost();
  let quietSinceMs = performance.now();
  await until(
    'a second and a half without loss',
    () => {
      if (lost() !== seen) quietSinceMs = performance.now();
      seen = lost();
      return performance.now() - quietSinceMs > 1500;
    },
    30_000,
  );

  path.setBitsPerSecond(20_000_000);
  aheadUs = 120_000_000;
  await until('a higher rate', () => rate > 900_000, 60_000);
  stop();
  await publisher.close();
  path.close();
});

// Proves that the publisher never throws on media, counts what it drops, starts with a key frame,
// and gives one preview reader whole frames while others refuse. The reader is real WebRTC.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, test } from 'node:test';
import { ManualTime, realTimers } from '../../core/base/clock.ts';
import { silentLogger } from '../../core/base/logger.ts';
import type { Unit } from '../../core/media/feed.ts';
import { OfferRefused } from '../webrtc/offerRefused.ts';
import { openTestReader } from '../webrtc/testReader.ts';
import { makeTestVideo, playTestVideo, testClock, until } from '../webrtc/testVideo.ts';
import { createPublisher, type PublisherOptions } from './publisher.ts';

after(() => setImmediate(() => process.exit()));

function options(more: Partial<PublisherOptions> = {}): PublisherOptions {
  return {
    clock: testClock,
    timers: realTimers,
    random: (length) => randomBytes(length),
    logger: silentLogger,
    fetch: () => Promise.reject(new Error('no relay')),
    peer: { iceServers: [], bindAddress: '127.0.0.1' },
    requestKeyFrame: () => {},
    ...more,
  };
}

function unit(more: Partial<Unit>): Unit {
  const bytes = Uint8Array.of(0, 0, 0, 1, 0x67, 1, 0, 0, 0, 1, 0x68, 1, 0, 0, 0, 1, 0x65, 1);
  return {
    track: 'video',
    captureUs: 0,
    rtpTimestamp: 0,
    keyFrame: true,
    config: 0,
    bytes,
    ...more,
  };
}

test('what cannot be sent is dropped and counted; rates follow the clock', async () => {
  const time = new ManualTime();
  const publisher = createPublisher(options({ clock: time, timers: time }));
  publisher.push(unit({ keyFrame: false }));
  publisher.push(unit({ bytes: new Uint8Array(0) }));
  publisher.push(unit({ bytes: new Uint8Array(5 * 1024 * 1024) }));
  publisher.push(unit({ bytes: Uint8Array.of(1, 2, 3) }));
  assert.equal(publisher.stats().framesDropped, 4);
  for (let i = 0; i < 90; i++) {
    publisher.push(unit({ captureUs: time.nowUs() }));
    time.advance(1000 / 30);
  }
  const { framesPerSecond, kilobitsPerSecond, framesDropped } = publisher.stats();
  assert.ok(Math.abs(framesPerSecond - 30) < 1, `${framesPerSecond}`);
  assert.ok(Math.abs(kilobitsPerSecond - (18 * 8 * 30) / 1000) < 0.5, `${kilobitsPerSecond}`);
  assert.equal(framesDropped, 4);
  await publisher.close();
});

const video = makeTestVideo({ frames: 30 });
const skip = typeof video === 'string' ? video : false;

test('a preview reader starts with a key frame and a bad offer is refused', { skip }, async () => {
  if (typeof video === 'string') return;
  const publisher = createPublisher(options());
  const player = playTestVideo(video, testClock, (each) => publisher.push(each));
  await until('a key frame is cached', () => publisher.stats().fanOut.packetsIn > 10);
  await assert.rejects(publisher.watchPreview('nonsense'), (error: unknown) => {
    assert.ok(error instanceof OfferRefused);
    assert.equal(error.status, 400);
    return true;
  });
  const reader = await openTestReader();
  const { sessionId, answerSdp } = await publisher.watchPreview(reader.offerSdp);
  reader.accept(answerSdp);
  await until(
    'two seconds of video',
    () => reader.video.nalTypes.filter((t) => t === 1).length > 40,
  );
  assert.deepEqual(reader.video.nalTypes.slice(0, 2), [7, 8]);
  assert.equal(reader.video.gaps, 0);
  assert.ok(publisher.leavePreview(sessionId));
  assert.equal(publisher.leavePreview(sessionId), false);
  player.stop();
  reader.close();
  await publisher.close();
});

test('pushes after close are harmless', async () => {
  const publisher = createPublisher(options());
  await publisher.close();
  publisher.push(unit({}));
  assert.equal(publisher.stats().uplinkState, 'off');
});

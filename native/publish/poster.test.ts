// Proves with the real ffmpeg that a key frame of the show becomes a JPEG of its shape and is sent,
// soon after the show begins and then not for a while; nothing is made off air or without ffmpeg.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { realTimers } from '../../core/base/clock.ts';
import { silentLogger } from '../../core/base/logger.ts';
import type { Unit } from '../../core/media/feed.ts';
import { resolveFfmpeg } from '../ffmpeg/resolve.ts';
import { makeTestVideo, until } from '../webrtc/testVideo.ts';
import { createPoster, type PosterPicture } from './poster.ts';

const video = makeTestVideo({ frames: 2, size: '1280x720' });
const ffmpeg = await resolveFfmpeg();
const skip = typeof video === 'string' ? video : ffmpeg.path === null ? 'no ffmpeg' : false;

function stage(changes: { isLive?: boolean; without?: boolean } = {}) {
  let nowUs = 0;
  const sent: PosterPicture[] = [];
  const helpers: boolean[] = [];
  const frame = typeof video === 'string' ? undefined : video.frames[0];
  const poster = createPoster({
    ffmpeg: changes.without ? { path: null, reason: 'none' } : ffmpeg,
    clock: { nowUs: () => nowUs },
    timers: realTimers,
    logger: silentLogger,
    onHelper: (_pid, alive) => helpers.push(alive),
    isLive: () => changes.isLive ?? true,
    send: (picture) => sent.push(picture) > 0,
  });
  const unit: Unit = {
    ...{ track: 'video', captureUs: 0, rtpTimestamp: 0, keyFrame: true, config: 0 },
    bytes: frame?.bytes ?? new Uint8Array(),
  };
  const show = (seconds: number) => {
    for (let step = 0; step < seconds; step++) {
      poster.push(unit);
      nowUs += 1_000_000;
    }
  };
  return { poster, sent, helpers, show };
}

test('a key frame becomes a picture of its shape, then not again for a while', {
  skip,
}, async () => {
  const { poster, sent, helpers, show } = stage();
  show(3);
  await until('a picture', () => sent.length === 1);
  const [picture] = sent;
  assert.deepEqual([picture?.width, picture?.height], [640, 360]);
  const bytes = picture?.jpeg ?? new Uint8Array();
  assert.deepEqual([...bytes.subarray(0, 3)], [0xff, 0xd8, 0xff]);
  assert.ok(bytes.length > 2000 && bytes.length < 200_000, `${bytes.length} bytes`);
  await until('ffmpeg gone', () => helpers.length === 2);
  show(5);
  assert.equal(helpers.length, 2, 'no run within ten seconds');
  show(10);
  await until('the next', () => sent.length === 2);
  poster.close();
});

test('nothing is made off air, nor without ffmpeg', { skip }, () => {
  for (const changes of [{ isLive: false }, { without: true }]) {
    const { poster, sent, helpers, show } = stage(changes);
    show(30);
    assert.deepEqual([sent.length, helpers.length], [0, 0]);
    poster.close();
  }
});

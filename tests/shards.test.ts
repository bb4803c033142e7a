// Proves in real Chromium pages that a relay's shard may be killed: each of two viewers is served by
// a process of its own; who loses it connects anew by itself and plays on, the other one notices
// nothing, and the show's picture is never asked for by hand. How long it took is told.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { makeTestVideo, until } from '../native/webrtc/testVideo.ts';
import { forkShard } from '../relay/shards/forkShard.ts';
import { createShardedRoom, type ShardedRoom } from '../relay/shards/shardedRoom.ts';
import { browserSkip } from './harness/browser.ts';
import {
  dataOf,
  type HandoverShow,
  startHandoverShow,
  untilData,
  untilFrames,
} from './harness/handoverShow.ts';
import { root } from './harness/studio.ts';

const video = makeTestVideo({ frames: 300 });
const skip = browserSkip || (typeof video === 'string' ? video : false);
let show: HandoverShow;
let room: ShardedRoom;

before(async () => {
  if (skip || typeof video === 'string') return;
  show = await startHandoverShow(video, (options) => {
    room = createShardedRoom(options, {
      shards: 2,
      start: () => forkShard(join(root, 'relay/shards/shardEntry.ts')),
      peerOf: () => options.peer,
      logLevel: 'error',
    });
    return room;
  });
  show.tellLive();
});

after(async () => {
  await show?.stop();
  setImmediate(() => process.exit());
});

test('a killed shard costs its viewers a moment and the others nothing', { skip }, async (t) => {
  await until('both shards', () => room.processIds().length === 2, 20_000);
  const pages = [(await show.openViewer()).page, (await show.openViewer()).page];
  for (const page of pages) {
    await untilData(page, 'state', 'live');
    await page.evaluate(() => {
      // The longest time without a presented frame, for the report.
      const video = document.querySelector('video');
      let lastMs = performance.now();
      let longestMs = 0;
      const look = () => {
        const nowMs = performance.now();
        longestMs = Math.max(longestMs, nowMs - lastMs);
        lastMs = nowMs;
        document.body.dataset.longestMs = String(Math.round(longestMs));
        video?.requestVideoFrameCallback(look);
      };
      video?.requestVideoFrameCallback(look);
    });
  }
  await until('both are counted', () => room.viewerCount() === 2);
  const [killed = 0] = room.processIds();
  process.kill(killed, 'SIGKILL');
  await until('the other process', () => !room.processIds().includes(killed));
  await until('both are served again', () => room.viewerCount() === 2, 20_000);
  for (const page of pages) {
    await untilFrames(page, 60);
    await untilData(page, 'state', 'live');
    assert.equal(await dataOf(page, 'place'), 'here');
    const longest = await page.evaluate(() => document.body.dataset.longestMs);
    t.diagnostic(`longest time without a frame: ${longest} ms`);
  }
  await until('the shard is back', () => room.processIds().length === 2, 20_000);
});

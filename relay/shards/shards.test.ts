// Proves shards: real processes behind one address, each with viewers of its own; a killed one is
// back, its sessions are named as lost at once, the others go on, layers and choices work through
// it, and nothing is left behind. Viewers are WHEP readers without a browser.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { realTimers } from '../../core/base/clock.ts';
import { silentLogger } from '../../core/base/logger.ts';
import { createPublisher } from '../../native/publish/publisher.ts';
import { openTestReader, type TestReader } from '../../native/webrtc/testReader.ts';
import { makeTestVideo, playTestVideo, testClock, until } from '../../native/webrtc/testVideo.ts';
import type { MediaResponse } from '../media/mediaRoom.ts';
import { forkShard } from './forkShard.ts';
import { createShardedRoom } from './shardedRoom.ts';

const video = makeTestVideo();
const small = makeTestVideo({ size: '320x180' });
const skip = typeof video === 'string' ? video : false;
const peer = { iceServers: [], bindAddress: '127.0.0.1' };
const around = {
  ...{ clock: testClock, timers: realTimers, random: (length: number) => randomBytes(length) },
  logger: silentLogger,
};
after(() => setImmediate(() => process.exit()));

function openRoom(shards: number) {
  const lost: { atMs: number; ids: readonly string[] }[] = [];
  const room = createShardedRoom(
    {
      ...{ ...around, peer, isKnownChannel: () => true, isPublisherAllowed: () => true },
      ...{ onMediaState() {}, onViewerCount() {} },
      onSessionsLost: (_channel, ids) => lost.push({ atMs: performance.now(), ids }),
    },
    {
      shards,
      start: () => forkShard(join(import.meta.dirname, 'shardEntry.ts')),
      peerOf: () => peer,
      logLevel: 'error',
    },
  );
  const ask = async (method: string, path: string, body = '', type = 'application/sdp') => {
    const [bare = '', query = ''] = path.split('?');
    const headers = { 'content-type': type };
    const request = { method, path: bare, query, headers, body, remoteAddress: '::1' };
    return (await room.handle(request)) as MediaResponse;
  };
  const roomFetch: typeof fetch = async (input, init) => {
    const { pathname, search } = new URL(String(input));
    const response = await ask(init?.method ?? 'GET', pathname + search, String(init?.body ?? ''));
    const headers = Object.entries(response.headers).map(([k, v]) => [k, String(v)]);
    const { status } = response;
    return new Response(response.body, { status, headers: headers as [string, string][] });
  };
  return { room, lost, ask, roomFetch };
}

type Watching = { reader: TestReader; resource: string };

async function watch(ask: ReturnType<typeof openRoom>['ask']): Promise<Watching> {
  const reader = await openTestReader({ analytics: true });
  const answer = await ask('POST', '/whep/a', reader.offerSdp);
  assert.equal(answer.status, 201, answer.body);
  reader.accept(answer.body);
  await until('a picture and sound', () => reader.video.packets > 40 && reader.audio.packets > 5);
  return { reader, resource: String(answer.headers.location) };
}

test('viewers of two shards; one is killed, and only its viewers notice', { skip }, async (t) => {
  if (typeof video === 'string' || typeof small === 'string') return;
  const { room, lost, ask, roomFetch } = openRoom(2);
  const reader = await openTestReader();
  const early = await ask('POST', '/whep/a', reader.offerSdp);
  assert.equal(early.status, 409, 'not live');
  reader.close();
  const publishers = [video, small].map((one, index) => {
    const publisher = createPublisher({
      ...{ ...around, peer, fetch: roomFetch, requestKeyFrame() {} },
    });
    const url = `http://relay.test/whip/a${index === 0 ? '' : '?layer=low'}`;
    publisher.startUplink({ url, token: null });
    return { publisher, player: playTestVideo(one, testClock, (unit) => publisher.push(unit)) };
  });
  await until('both layers', () => room.layers('a').length === 2);
  await until('both processes', () => room.processIds().length === 2);
  const [one, other] = [await watch(ask), await watch(ask)];
  await until('two are counted', () => room.viewerCount('a') === 2);
  assert.ok(one.reader.video.nalTypes.includes(7), 'each starts with a key frame');
  await until('sender reports', () => one.reader.video.senderReports.length > 0);
  const choice = JSON.stringify({ encodingId: 'low' });
  const chosen = await ask('POST', `${one.resource}/layer`, choice, 'application/json');
  assert.equal(chosen.status, 200, chosen.body);
  const low = async () => JSON.parse((await ask('GET', `${one.resource}/layer`)).body).current;
  for (let i = 0; (await low()) !== 'low' && i < 500; i++) {
    await new Promise<void>((done) => realTimers.after(20, done));
  }
  assert.equal(await low(), 'low');
  assert.equal(one.reader.video.ssrcs.size, 1);
  t.diagnostic(`holes on loopback: ${one.reader.video.gaps}`);
  const telling = realTimers.every(100, () => room.sendAnalytics('a', Buffer.from('facts')));
  const { analytics } = one.reader;
  await until('facts at both', () => analytics.length > 0 && other.reader.analytics.length > 0);
  telling();

  const before = room.processIds();
  const killedMs = performance.now();
  process.kill(before[0] ?? 0, 'SIGKILL');
  await until('the word of it', () => lost.length > 0);
  t.diagnostic(`told after ${Math.round((lost[0]?.atMs ?? 0) - killedMs)} ms`);
  const [id] = lost[0]?.ids ?? [];
  assert.equal(lost[0]?.ids.length, 1);
  const [hit, spared] = one.resource.endsWith(`/${id}`) ? [one, other] : [other, one];
  assert.ok(hit.resource.endsWith(`/${id}`));
  // As the page does: at once anew, and the shard that is left takes it.
  const again = await watch(ask);
  t.diagnostic(`picture again after ${Math.round(performance.now() - killedMs)} ms`);
  const packets = spared.reader.video.packets;
  await until('the other one goes on', () => spared.reader.video.packets > packets + 60);
  await until('the shard is back', () => room.processIds().length === 2);
  assert.notDeepEqual(room.processIds(), before);
  const late = await watch(ask);
  assert.equal((await ask('DELETE', late.resource)).status, 200);
  assert.equal((await ask('DELETE', late.resource)).status, 404);
  for (const each of [one, other, again, late]) each.reader.close();
  for (const { publisher, player } of publishers) {
    player.stop();
    await publisher.close();
  }
  t.diagnostic(`dropped on the way to shards: ${room.packetsDropped()}`);
  const running = room.processIds();
  room.close();
  for (const pid of running) await until('nothing is left', () => !isRunning(pid));
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

// Proves that viewers who get the picture by WebSocket stay with their show: when its studio moves to
// another node and back, whether they came to the old home or to a third node, and when another
// encoder takes over. Real relays with real media, a real Redis of this test's own.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { realTimers } from '../../core/base/clock.ts';
import { silentLogger } from '../../core/base/logger.ts';
import { readStreamMessage, writeStreamAck } from '../../core/media/streamMessage.ts';
import { createPublisher, type Publisher } from '../../native/publish/publisher.ts';
import { makeTestVideo, playTestVideo, testClock, until } from '../../native/webrtc/testVideo.ts';
import { createMediaRoom } from '../media/mediaRoom.ts';
import { random, randomHex, startTestRelay, TestStudio } from '../testing/harness.ts';
import { atTheEnd, closeAll, newFolder } from '../testing/machine.ts';
import { startOwnRedis, whyNoOwnRedis } from './testing/ownRedis.ts';

const relayKey = randomHex(32);
const video = makeTestVideo({ size: '320x180', kilobits: 300 });
const skip = whyNoOwnRedis() || (typeof video === 'string' ? video : false);
const peer = { iceServers: [], bindAddress: '127.0.0.1' };

after(async () => {
  await closeAll();
  setImmediate(() => process.exit());
});

async function startNode(redisUrl: string) {
  const relay = await startTestRelay({
    ...{ dataFolder: newFolder(), relayKey, createMedia: createMediaRoom },
    nodes: { redisUrl, redisPrefix: 'test', nodeUrl: null },
  });
  atTheEnd(() => relay.close());
  return relay;
}

/** Encodes nothing: the test picture, in its own time. */
function startPublisher(): Publisher {
  const around = { clock: testClock, timers: realTimers, random, logger: silentLogger };
  const publisher = createPublisher({ ...around, fetch, peer, requestKeyFrame() {} });
  const player = typeof video === 'string' ? null : playTestVideo(video, testClock, publisher.push);
  atTheEnd(async () => {
    player?.stop();
    await publisher.close();
  });
  return publisher;
}

/** As the page does: says what it has, and comes again when its connection ends. */
class StreamViewer {
  pictures = 0;
  connections = 0;
  /** Whether each connection's first picture was a key frame. */
  readonly beganWithKeyFrame: boolean[] = [];
  readonly #url: string;
  #socket: WebSocket | null = null;
  #isClosed = false;

  constructor(url: string, channelId: string) {
    this.#url = `${url.replace('http', 'ws')}/stream/${channelId}`;
    atTheEnd(() => this.close());
    this.#connect();
  }

  close(): void {
    this.#isClosed = true;
    this.#socket?.close();
  }

  #connect(): void {
    if (this.#isClosed) return;
    const socket = new WebSocket(this.#url);
    socket.binaryType = 'arraybuffer';
    this.#socket = socket;
    let pictures = 0;
    socket.addEventListener('message', ({ data }: MessageEvent<ArrayBuffer>) => {
      const message = readStreamMessage(new Uint8Array(data));
      if (message?.kind !== 'keyFrame' && message?.kind !== 'deltaFrame') return;
      this.pictures++;
      if (pictures++ === 0) {
        this.connections++;
        this.beganWithKeyFrame.push(message.kind === 'keyFrame');
      }
      socket.send(new Uint8Array(writeStreamAck(message.rtpTimestamp)));
    });
    socket.addEventListener('close', () => realTimers.after(250, () => this.#connect()));
  }
}

test('who watches by WebSocket goes where the show goes', { skip }, async () => {
  const redis = await startOwnRedis();
  const [first, second, third] = await Promise.all([1, 2, 3].map(() => startNode(redis.url)));
  assert.ok(first && second && third);
  const secret = random(32);
  const publisher = startPublisher();
  /** The studio registers there and its picture follows. */
  const moveTo = async (url: string) => {
    const studio = new TestStudio(url, secret);
    atTheEnd(() => studio.close());
    const { whipUrl, whipToken } = await studio.ready();
    publisher.startUplink({ url: whipUrl, token: whipToken });
    return { studio, url: whipUrl, token: whipToken };
  };
  const { studio } = await moveTo(first.url);
  const { channelId } = studio;
  const viewers = [first, third].map(({ url }) => new StreamViewer(url, channelId));
  const untilMore = async (what: string, connections: number) => {
    for (const viewer of viewers) {
      await until(`${what}: connected`, () => viewer.connections >= connections);
      const seen = viewer.pictures;
      await until(`${what}: pictures`, () => viewer.pictures > seen + 20);
    }
  };
  await untilMore('at its first home', 1);
  await moveTo(second.url);
  await untilMore('at another node', 2);
  const there = await moveTo(first.url);
  await untilMore('back again', 3);

  // Another encoder of the same show: nobody connects anew.
  const connections = viewers.map((viewer) => viewer.connections);
  startPublisher().startUplink({ url: there.url, token: there.token });
  await until('it took over', () => publisher.stats().uplinkState !== 'connected');
  await publisher.stopUplink();
  await untilMore('by another encoder', 3);
  assert.deepEqual(
    viewers.map((viewer) => viewer.connections),
    connections,
  );
  for (const { beganWithKeyFrame } of viewers) assert.ok(beganWithKeyFrame.every(Boolean));
});

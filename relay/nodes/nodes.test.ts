// Proves what a viewer at one node hears of a studio at another, who wins when a studio registers
// twice, and that a node whose Redis is stopped or frozen goes on alone, says so, and finds the
// others again by itself. Real relays, a real Redis of this test's own, studio and viewers by hand.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { realTimers } from '../../core/base/clock.ts';
import { silentLogger } from '../../core/base/logger.ts';
import {
  BetReplySchema,
  MarketSchema,
  PosterSchema,
  StillSchema,
  type ToViewer,
} from '../../core/wire/gen/facts_pb.js';
import { signText, stillSigningText } from '../../core/wire/signing.ts';
import { Channels } from '../room.ts';
import {
  clock,
  random,
  randomHex,
  startTestRelay,
  TestStudio,
  TestViewer,
} from '../testing/harness.ts';
import { atTheEnd, closeAll, newFolder } from '../testing/machine.ts';
import { openNodes } from './openNodes.ts';
import { startOwnRedis, whyNoOwnRedis } from './testing/ownRedis.ts';

const skip = whyNoOwnRedis();
const relayKey = randomHex(32);
after(closeAll);

async function startNode(redisUrl: string) {
  const relay = await startTestRelay({
    dataFolder: newFolder(),
    relayKey,
    nodes: { redisUrl, redisPrefix: 'test', nodeUrl: null },
  });
  atTheEnd(() => relay.close());
  return relay;
}

async function joined(url: string, channelId: string): Promise<TestViewer> {
  const viewer = await new TestViewer(url, channelId).join();
  atTheEnd(() => viewer.close());
  return viewer;
}

async function figures(metricsUrl: string): Promise<Map<string, number>> {
  const text = await (await fetch(metricsUrl)).text();
  const lines = text.matchAll(/^morphine_relay_nodes(?:_total)?\{of="(\w+)"\} (\d+)/gm);
  return new Map([...lines].map(([, of = '', value]) => [of, Number(value)]));
}

async function untilFigure(metricsUrl: string, of: string, value: number): Promise<void> {
  while ((await figures(metricsUrl)).get(of) !== value) {
    await new Promise<void>((go) => realTimers.after(50, go));
  }
}

/** The studio's answer to a bet. */
function confirm(studio: TestStudio, viewerId: string, betId: string): void {
  const reply = create(BetReplySchema, { betId, seq: 7n, hash: 'ab'.repeat(32) });
  studio.deliver([viewerId], { case: 'betReply', value: reply });
}

function marketOf(id: string): ToViewer['message'] {
  return { case: 'market', value: create(MarketSchema, { id, title: id, state: 2 }) };
}

test('a viewer at one node bets with a studio at another', { skip }, async () => {
  const redis = await startOwnRedis();
  const [home, other] = await Promise.all([startNode(redis.url), startNode(redis.url)]);
  const studio = new TestStudio(home.url);
  await studio.ready();
  studio.deliver([], marketOf('early'));
  const near = await joined(home.url, studio.channelId);
  const far = await joined(other.url, studio.channelId);
  const list = await far.take('markets', ({ markets }) => markets.length > 0);
  assert.equal(list.markets[0]?.id, 'early', 'a node that joins hears what stands');
  const show = await far.take('show', ({ viewers }) => viewers === 2);
  assert.equal(show.studioConnected, true);
  await near.take('show', ({ viewers }) => viewers === 2);
  studio.deliver([], marketOf('late'));
  for (const viewer of [near, far]) await viewer.take('market', ({ id }) => id === 'late');

  const betId = far.bet('late');
  const bet = await studio.take('viewerMessage', ({ message }) => message?.message.case === 'bet');
  confirm(studio, bet.viewerId, betId);
  assert.equal((await far.take('betReply')).seq, 7n);
  const nearHeard = near.inbox.all.filter(({ message }) => message.case === 'betReply');
  assert.equal(nearHeard.length, 0, 'an answer is for one viewer');

  const redirect = other.media.options?.redirectViewersTo?.(studio.channelId);
  assert.equal(redirect, `${home.url}/whep/${studio.channelId}`);
  assert.equal(home.media.options?.redirectViewersTo?.(studio.channelId), null);

  far.close();
  assert.equal((await studio.take('viewerLeft')).viewerId, bet.viewerId);
  await near.take('show', ({ viewers }) => viewers === 1);
  studio.close();
});

const MARKET = 'ab'.repeat(16);

/** The frame that decided a market, as its studio signs it. */
function stillOf({ channelId, key }: TestStudio, jpeg: Uint8Array) {
  const hash = createHash('sha256').update(jpeg).digest('hex');
  const text = stillSigningText(channelId, { marketId: MARKET, captureUs: 7, hash });
  const signature = signText(text, key.secretKey);
  const { publicKey } = key;
  return create(StillSchema, { marketId: MARKET, jpeg, captureUs: 7n, signature, publicKey });
}

/** A picture at that node, once it has it. */
async function pictureAt(url: string, path: string): Promise<Uint8Array> {
  for (;;) {
    const answer = await fetch(url + path);
    const bytes = new Uint8Array(await answer.arrayBuffer());
    if (answer.status === 200) return bytes;
    await new Promise<void>((go) => realTimers.after(20, go));
  }
}

test('every node with viewers has the picture for previews, from before it joined or after', {
  skip,
}, async () => {
  const redis = await startOwnRedis();
  const [home, other] = await Promise.all([startNode(redis.url), startNode(redis.url)]);
  for (const isBefore of [true, false]) {
    const studio = new TestStudio(home.url);
    await studio.ready();
    const jpeg = new Uint8Array(200).fill(isBefore ? 1 : 2);
    jpeg.set([0xff, 0xd8, 0xff]);
    jpeg.set([0xff, 0xd9], 198);
    const value = create(PosterSchema, { jpeg, width: 320, height: 180 });
    const poster = `/poster/${studio.channelId}.jpg`;
    const still = `/still/${studio.channelId}/${MARKET}.jpg`;
    const send = () => {
      studio.send({ case: 'poster', value });
      studio.send({ case: 'still', value: stillOf(studio, jpeg) });
    };
    if (isBefore) {
      send();
      await pictureAt(home.url, poster);
    }
    const far = await joined(other.url, studio.channelId);
    await far.take('show', ({ studioConnected }) => studioConnected);
    if (!isBefore) send();
    assert.deepEqual(await pictureAt(other.url, poster), jpeg);
    assert.deepEqual(await pictureAt(other.url, still), jpeg, 'what decided a market, too');
    studio.close();
  }
});

test('where UDP is blocked the picture comes through the guest, byte for byte', {
  skip,
}, async () => {
  const redis = await startOwnRedis();
  const [home, other] = await Promise.all([startNode(redis.url), startNode(redis.url)]);
  const studio = new TestStudio(home.url);
  await studio.ready();
  const heard: string[] = [];
  home.media.onStream = (channel, socket) => {
    heard.push(channel);
    socket.onMessage((bytes) => socket.send(new Uint8Array([...bytes].reverse())));
    socket.send(new Uint8Array([1, 2, 3]));
  };
  const viewer = new WebSocket(`${other.url.replace('http', 'ws')}/stream/${studio.channelId}`);
  viewer.binaryType = 'arraybuffer';
  const next = () =>
    new Promise<number[]>((resolve) => {
      const listener = ({ data }: MessageEvent<ArrayBuffer>) => resolve([...new Uint8Array(data)]);
      viewer.addEventListener('message', listener, { once: true });
    });
  assert.deepEqual(await next(), [1, 2, 3]);
  const answered = next();
  viewer.send(new Uint8Array([7, 8]));
  assert.deepEqual(await answered, [8, 7]);
  assert.deepEqual(heard, [studio.channelId]);
  const closed = new Promise<void>((go) => viewer.addEventListener('close', () => go()));
  await home.close();
  await closed;
  studio.close();
});

test('the studio’s clock is known at every node', { skip }, async () => {
  const redis = await startOwnRedis();
  const [home, other] = await Promise.all([startNode(redis.url), startNode(redis.url)]);
  const studio = new TestStudio(home.url);
  await studio.ready();
  const aheadUs = 5_000_000_000;
  studio.send({
    case: 'mediaTime',
    value: {
      $typeName: 'morphine.facts.v1.MediaTime',
      mediaUs: BigInt(clock.nowUs() + aheadUs),
      roundTripUs: 100,
      relayUs: BigInt(clock.nowUs()),
    },
  });
  const far = await joined(other.url, studio.channelId);
  const ping = { case: 'ping', value: { $typeName: 'morphine.facts.v1.Ping', sentMs: 1 } } as const;
  for (;;) {
    far.send(ping);
    const { mediaUs, uncertaintyUs } = await far.take('pong');
    if (mediaUs === 0n) continue;
    const offUs = Math.abs(Number(mediaUs) - aheadUs - clock.nowUs());
    assert.ok(offUs < 1_000_000, `${offUs} µs off`);
    assert.ok(uncertaintyUs > 0);
    break;
  }
  studio.close();
});

test('the newest registration wins on all nodes, and viewers stay', { skip }, async () => {
  const redis = await startOwnRedis();
  const nodes = await Promise.all([1, 2, 3].map(() => startNode(redis.url)));
  const [first, second, third] = nodes as [(typeof nodes)[0], (typeof nodes)[0], (typeof nodes)[0]];
  const secret = random(32);
  const older = new TestStudio(first.url, secret);
  await older.ready();
  const viewers = await Promise.all(nodes.map(({ url }) => joined(url, older.channelId)));
  for (const viewer of viewers) await viewer.take('show', ({ viewers: count }) => count === 3);
  const newer = new TestStudio(second.url, secret);
  await newer.ready();
  assert.equal((await older.take('refused')).code, 'REPLACED');
  const subjects = new Set<string>();
  while (subjects.size < 3) subjects.add((await newer.take('viewerJoined')).subject);
  assert.deepEqual(subjects, new Set(viewers.map(({ subject }) => subject)));
  newer.deliver([], marketOf('fresh'));
  for (const viewer of viewers) await viewer.take('market', ({ id }) => id === 'fresh');
  assert.equal(
    third.media.options?.redirectViewersTo?.(older.channelId),
    `${second.url}/whep/${older.channelId}`,
  );
  newer.close();
});

for (const trouble of ['stopped', 'frozen'] as const) {
  test(`Redis is ${trouble}: a node goes on alone and finds back`, { skip }, async () => {
    const redis = await startOwnRedis();
    const [home, other] = await Promise.all([startNode(redis.url), startNode(redis.url)]);
    const studio = new TestStudio(home.url);
    await studio.ready();
    const near = await joined(home.url, studio.channelId);
    const far = await joined(other.url, studio.channelId);
    await near.take('show', ({ viewers }) => viewers === 2);
    await far.take('show', ({ studioConnected }) => studioConnected);
    if (trouble === 'stopped') await redis.stop();
    else redis.freeze();

    await untilFigure(home.metricsUrl, 'redisConnected', 0);
    assert.match(await (await fetch(`${home.localUrl}/readyz`)).text(), /alone: Redis is away/);
    await far.take('show', ({ studioConnected }) => !studioConnected);
    const awayId = far.bet('m1');
    const away = await far.take('betReply', ({ betId }) => betId === awayId);
    assert.equal(away.code, 'STUDIO_AWAY');
    const nearId = near.bet('m1');
    const bet = await studio.take('viewerMessage', ({ message }) => {
      return message?.message.case === 'bet' && message.message.value.betId === nearId;
    });
    confirm(studio, bet.viewerId, nearId);
    assert.equal((await near.take('betReply')).code, '');
    studio.deliver([], marketOf('meanwhile'));
    await near.take('market', ({ id }) => id === 'meanwhile');

    if (trouble === 'stopped') await redis.start();
    else redis.thaw();
    await far.take('show', ({ studioConnected }) => studioConnected);
    const heard = far.inbox.all.some(
      ({ message }) =>
        (message.case === 'markets' &&
          message.value.markets.some(({ id }) => id === 'meanwhile')) ||
        (message.case === 'market' && message.value.id === 'meanwhile'),
    );
    if (!heard) await far.take('markets', ({ markets }) => markets[0]?.id === 'meanwhile');
    far.bet('m1', 10, awayId);
    const again = await studio.take('viewerMessage', ({ message }) => {
      return message?.message.case === 'bet' && message.message.value.betId === awayId;
    });
    confirm(studio, again.viewerId, awayId);
    await far.take('betReply', ({ betId, code }) => betId === awayId && code === '');
    studio.close();
  });
}

test('news for all nodes are heard once at each, also here', { skip }, async () => {
  const redis = await startOwnRedis();
  const heard: string[] = [];
  const open = async (name: string, key = relayKey) => {
    const nodes = await openNodes(
      { redisUrl: redis.url, redisPrefix: 'test', nodeUrl: null },
      {
        ...{ url: `http://${name}`, relayKey: key, clock, timers: realTimers, random },
        logger: silentLogger,
        channels: new Channels(clock, random, () => false),
      },
    );
    if (!nodes) throw new Error('It joins.');
    atTheEnd(() => nodes.close());
    return nodes;
  };
  const [one, two] = [await open('one'), await open('two')];
  const both = new Promise<void>((resolve) => {
    for (const [name, nodes] of Object.entries({ one, two })) {
      nodes.fanOut.onPublished('ban', (channelId, bytes) => {
        heard.push(`${name} ${channelId} ${Buffer.from(bytes)}`);
        if (heard.length === 2) resolve();
      });
    }
  });
  one.fanOut.publish('c1', 'shield', new Uint8Array([1]));
  one.fanOut.publish('c1', 'ban', new Uint8Array(Buffer.from('x')));
  await both;
  assert.deepEqual(heard.sort(), ['one c1 x', 'two c1 x']);
  await assert.rejects(open('three', randomHex(32)), /another key.*MORPHINE_RELAY_KEY/);
});

test('an address of Redis that is none is refused without its password', async () => {
  const nodes = { redisUrl: 'http://user:hunter2@localhost', redisPrefix: 'x', nodeUrl: null };
  const failure = await startTestRelay({ dataFolder: newFolder(), nodes }).then(
    () => null,
    (error: Error & { setting?: string }) => error,
  );
  assert.equal(failure?.setting, 'redisUrl');
  assert.match(failure?.message ?? '', /redis:\/\/USER:PASSWORD@HOST:PORT/);
  assert.doesNotMatch(failure?.stack ?? '', /hunter2/);
});

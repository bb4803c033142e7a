// Proves that what a studio decided about people holds at every node at once: a ban ends connections
// elsewhere, a node that begins to serve a channel later hears what holds, and networks have the
// same name everywhere. Real relays, a real Redis of this test's own, studio and viewers by hand.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { ChatSendSchema, PeopleSchema } from '../../core/wire/gen/facts_pb.js';
import { randomHex, startTestRelay, TestStudio, TestViewer } from '../testing/harness.ts';
import { atTheEnd, closeAll, newFolder } from '../testing/machine.ts';
import { startOwnRedis, whyNoOwnRedis } from './testing/ownRedis.ts';

const skip = whyNoOwnRedis();
const relayKey = randomHex(32);
const networkKey = randomHex(32);
after(closeAll);

async function startNode(redisUrl: string) {
  const relay = await startTestRelay({
    dataFolder: newFolder(),
    relayKey,
    nodes: { redisUrl, redisPrefix: 'people', nodeUrl: null },
  });
  atTheEnd(() => relay.close());
  return relay;
}

function say(studio: TestStudio, word: MessageInitShape<typeof PeopleSchema>): void {
  const value = create(PeopleSchema, { networkKey, streamer: 'Anna', ...word });
  studio.send({ case: 'people', value });
}

/** What a node answers to somebody who says hello. */
async function answerOf(url: string, channelId: string, subject: string): Promise<string> {
  const viewer = new TestViewer(url, channelId, undefined, subject);
  atTheEnd(() => viewer.close());
  await viewer.hello();
  const word = await viewer.inbox.take(({ message }) =>
    ['welcome', 'refused'].includes(message.case ?? ''),
  );
  if (word.message.case === 'refused') return word.message.value.code;
  // A node that has just begun hears what holds a moment later.
  return (await viewer.take('refused')).code;
}

test('a ban and a time-out hold at every node at once', { skip }, async () => {
  const redis = await startOwnRedis();
  const [home, other] = await Promise.all([startNode(redis.url), startNode(redis.url)]);
  const studio = new TestStudio(home.url);
  atTheEnd(() => studio.close());
  await studio.register({ networkKey });
  await studio.take('registered');
  const far = await new TestViewer(other.url, studio.channelId).join();
  const near = await new TestViewer(home.url, studio.channelId).join();
  atTheEnd(() => near.close());
  const { subject } = far;
  say(studio, { barred: [{ subject: near.subject, chatOnly: true, message: 'calm down' }] });
  near.send({
    case: 'chatSend',
    value: create(ChatSendSchema, { chatId: randomHex(16), text: 'x' }),
  });
  assert.equal((await near.take('chatReply')).code, 'TIMED_OUT');

  const sentMs = performance.now();
  say(studio, { barred: [{ subject, message: 'spam' }] });
  assert.equal((await far.take('refused')).code, 'BANNED');
  console.log(`ended at the other node after ${(performance.now() - sentMs).toFixed(1)} ms`);
  assert.equal(await answerOf(other.url, studio.channelId, subject), 'BANNED');

  const late = await startNode(redis.url);
  assert.equal(await answerOf(late.url, studio.channelId, subject), 'BANNED');
});

test('a network has the same name at every node, and another channel another one', {
  skip,
}, async () => {
  const redis = await startOwnRedis();
  const [home, other] = await Promise.all([startNode(redis.url), startNode(redis.url)]);
  const studio = new TestStudio(home.url);
  const stranger = new TestStudio(home.url);
  for (const one of [studio, stranger]) atTheEnd(() => one.close());
  await studio.register({ networkKey });
  await stranger.register({ networkKey: randomHex(32) });
  await Promise.all([studio.take('registered'), stranger.take('registered')]);
  say(studio, {});
  const names = new Set<string>();
  for (const url of [home.url, other.url]) {
    const viewer = await new TestViewer(url, studio.channelId).join();
    atTheEnd(() => viewer.close());
    const { network } = await studio.take(
      'viewerJoined',
      (joined) => joined.subject === viewer.subject && joined.network !== '',
    );
    names.add(network);
  }
  assert.equal(names.size, 1);
  const viewer = await new TestViewer(home.url, stranger.channelId).join();
  atTheEnd(() => viewer.close());
  const joined = await stranger.take('viewerJoined');
  assert.match(joined.network, /^[0-9a-f]{32}$/);
  assert.equal(names.has(joined.network), false);
});

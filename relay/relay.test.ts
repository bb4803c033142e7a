// Proves the relay's facts plane over real WebSockets on loopback: who may register and join, how
// bets travel, what viewers hear while the studio is away, and what a hostile peer can do.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import {
  EventListSchema,
  FrameFactsSchema,
  GameEventSchema,
  LimitsRequestSchema,
  Market_State,
  MarketListSchema,
  MarketSchema,
  SellSchema,
  Show_State,
  ShowSchema,
  WithdrawSchema,
} from '../core/wire/gen/facts_pb.js';
import { BadRelaySetting } from './badRelaySetting.ts';
import type { Relay } from './relay.ts';
import {
  type RecordingMedia,
  random,
  randomHex,
  removeFolder,
  startTestRelay,
  TestStudio,
  TestViewer,
  temporaryFolder,
} from './testing/harness.ts';
import { TestJournal } from './testing/journal.ts';
import { RawViewer } from './testing/rawViewer.ts';

const folder = temporaryFolder();
let relay: Relay & { media: RecordingMedia };

before(async () => {
  relay = await startTestRelay({ dataFolder: folder });
});
after(async () => {
  await relay.close();
  removeFolder(folder);
});

function show(title: string) {
  return { case: 'show', value: create(ShowSchema, { title, state: Show_State.LIVE }) } as const;
}

function market(id: string, state = Market_State.OPEN) {
  return create(MarketSchema, { id, title: `Market ${id}`, state });
}

test('a studio registers and gets links and a token of its own', async () => {
  const secret = random(32);
  const first = new TestStudio(relay.url, secret);
  const registered = await first.ready();
  assert.equal(registered.viewerUrl, `${relay.url}/s/${first.channelId}`);
  assert.equal(registered.whepUrl, `${relay.url}/whep/${first.channelId}`);
  assert.equal(registered.whipUrl, `${relay.url}/whip/${first.channelId}`);
  assert.match(registered.whipToken, /^[0-9a-f]{64}$/);
  assert.equal(registered.journalSeq, 0n);
  const allowed = relay.media.options?.isPublisherAllowed;
  assert.equal(allowed?.(first.channelId, registered.whipToken), true);
  assert.equal(allowed?.(first.channelId, ''), false);
  assert.equal(allowed?.(randomHex(16), registered.whipToken), false);

  const second = new TestStudio(relay.url, secret);
  const again = await second.ready();
  assert.notEqual(again.whipToken, registered.whipToken);
  assert.equal((await first.take('refused')).code, 'REPLACED');
  assert.equal(allowed?.(first.channelId, registered.whipToken), true, 'within the grace');
  second.close();
});

test('registrations that are forged, replayed or of another version are refused', async () => {
  const honest = new TestStudio(relay.url);
  const oldNonce = await honest.register();
  await honest.take('registered');
  const cases: [string, (studio: TestStudio) => Promise<unknown>][] = [
    ['BAD_CHANNEL', (studio) => studio.register({ channelId: honest.channelId })],
    ['BAD_SIGNATURE', (studio) => studio.register({ nonce: oldNonce })],
    ['BAD_SIGNATURE', (studio) => studio.register({ secretKey: randomHex(32) })],
    ['VERSION', (studio) => studio.register({ version: 99 })],
  ];
  for (const [code, forge] of cases) {
    const studio = new TestStudio(relay.url);
    await forge(studio);
    assert.equal((await studio.take('refused')).code, code);
    assert.equal((await studio.closed).code, 4000);
  }
  const impatient = new TestStudio(relay.url);
  await impatient.take('challenge');
  impatient.deliver([], show('not mine'));
  assert.equal((await impatient.take('refused')).code, 'NOT_REGISTERED');
  honest.close();
});

test('with an owners file only its channels register', async () => {
  const own = temporaryFolder();
  const secret = random(32);
  const file = join(own, 'owners');
  const owner = new TestStudio(relay.url, secret);
  writeFileSync(file, `# us\n${owner.channelId}\n`);
  const closed = await startTestRelay({ dataFolder: own, owners: file });
  const welcome = new TestStudio(closed.url, secret);
  await welcome.ready();
  const stranger = new TestStudio(closed.url);
  await stranger.register();
  assert.equal((await stranger.take('refused')).code, 'NOT_AN_OWNER');
  for (const peer of [owner, welcome, stranger]) peer.close();
  await closed.close();

  writeFileSync(file, 'not a channel\n');
  await assert.rejects(startTestRelay({ dataFolder: own, owners: file }), BadRelaySetting);
  removeFolder(own);
});

test('a viewer proves its device key; forged and replayed hellos are refused', async () => {
  const studio = new TestStudio(relay.url);
  await studio.ready();
  const viewer = await new TestViewer(relay.url, studio.channelId).join();
  const joined = await studio.take('viewerJoined');
  assert.equal(joined.subject, viewer.subject);
  assert.equal(joined.publicKey, viewer.key.publicKey);
  viewer.close();
  assert.equal((await studio.take('viewerLeft')).viewerId, joined.viewerId);

  const replayed = new TestViewer(relay.url, studio.channelId);
  await replayed.hello({ nonce: randomHex(16) });
  assert.equal((await replayed.take('refused')).code, 'BAD_SIGNATURE');
  const old = new TestViewer(relay.url, studio.channelId);
  await old.hello({ version: 2 });
  assert.equal((await old.take('refused')).code, 'VERSION');
  const lost = new TestViewer(relay.url, randomHex(16));
  await lost.hello();
  assert.equal((await lost.take('refused')).code, 'UNKNOWN_CHANNEL');
  const rude = new TestViewer(relay.url, studio.channelId);
  await rude.take('challenge');
  rude.bet('m1');
  assert.equal((await rude.take('refused')).code, 'NO_HELLO');
  studio.close();
});

test('a bet travels to the studio and its reply to that viewer only', async () => {
  const studio = new TestStudio(relay.url);
  await studio.ready();
  const viewer = await new TestViewer(relay.url, studio.channelId).join();
  const { viewerId } = await studio.take('viewerJoined');
  const other = await new TestViewer(relay.url, studio.channelId).join();
  const betId = viewer.bet('goal-1', 25);
  const forwarded = await studio.take('viewerMessage');
  assert.equal(forwarded.viewerId, viewerId);
  assert.equal(forwarded.message?.message.case, 'bet');
  studio.deliver([viewerId], {
    case: 'betReply',
    value: {
      $typeName: 'morphine.facts.v1.BetReply',
      betId,
      marketId: 'goal-1',
      outcome: 0,
      amountMinor: 25n,
      seq: 7n,
      hash: randomHex(32),
      code: '',
      message: '',
      pendingKnown: false,
      milliShares: 0n,
    },
  });
  assert.equal((await viewer.take('betReply')).seq, 7n);
  studio.deliver([], show('after the bet'));
  await other.take('show', (value) => value.title === 'after the bet');
  assert.equal(
    other.inbox.all.some((message) => message.message.case === 'betReply'),
    false,
  );
  for (const peer of [studio, viewer, other]) peer.close();
});

test('viewers stay while the studio is away, joiners hear the last show and markets', async () => {
  const secret = random(32);
  const studio = new TestStudio(relay.url, secret);
  await studio.ready();
  studio.deliver([], show('Final'));
  studio.deliver([], {
    case: 'markets',
    value: create(MarketListSchema, { markets: [market('a'), market('b')] }),
  });
  studio.deliver([], { case: 'market', value: market('b', Market_State.LOCKED) });
  studio.deliver([], { case: 'market', value: market('c') });
  const viewer = await new TestViewer(relay.url, studio.channelId).join();
  assert.equal((await viewer.take('show')).studioConnected, true);
  studio.close();
  await viewer.take('show', (value) => !value.studioConnected);
  viewer.bet('a');
  assert.equal((await viewer.take('betReply')).code, 'STUDIO_AWAY');

  const joiner = await new TestViewer(relay.url, studio.channelId).join();
  const seen = await joiner.take('show');
  assert.equal(seen.title, 'Final');
  assert.equal(seen.studioConnected, false);
  assert.equal(seen.viewers, 2);
  const { markets } = await joiner.take('markets');
  assert.deepEqual(
    markets.map(({ id, state }) => [id, state]),
    [
      ['c', Market_State.OPEN],
      ['a', Market_State.OPEN],
      ['b', Market_State.LOCKED],
    ],
  );

  const back = new TestStudio(relay.url, secret);
  await back.ready();
  const subjects = [await back.take('viewerJoined'), await back.take('viewerJoined')];
  assert.deepEqual(
    new Set(subjects.map((joined) => joined.subject)),
    new Set([viewer.subject, joiner.subject]),
  );
  await joiner.take('show', (value) => value.studioConnected);
  for (const peer of [back, viewer, joiner]) peer.close();
});

test('joiners hear the last events once each, and how far the journal is witnessed', async () => {
  const studio = new TestStudio(relay.url);
  await studio.ready();
  const eventOf = (at: number, id = `e${at}`) =>
    create(GameEventSchema, { id, type: 'goal', captureUs: BigInt(at), why: 'The ball went in.' });
  studio.deliver([], {
    case: 'events',
    value: create(EventListSchema, { events: [1, 2, 3].map((at) => eventOf(at)) }),
  });
  for (let at = 3; at <= 10; at++) studio.deliver([], { case: 'event', value: eventOf(at) });
  // The same happening under another id, as vision tells it after a restart.
  studio.deliver([], { case: 'event', value: eventOf(10, 'again') });
  studio.sendBatch(new TestJournal().grant('u1', 50).batch(1, 2));
  const ack = await studio.take('journalAck');
  const joiner = await new TestViewer(relay.url, studio.channelId).join();
  const { events } = await joiner.take('events');
  assert.deepEqual(
    events.map(({ captureUs }) => Number(captureUs)),
    [3, 4, 5, 6, 7, 8, 9, 10],
  );
  const mark = await joiner.take('witnessed');
  assert.deepEqual(mark, ack, 'the very mark that was signed for the studio');
  for (const peer of [studio, joiner]) peer.close();
});

test('every question of a viewer is answered while the studio is away', async () => {
  const secret = random(32);
  const studio = new TestStudio(relay.url, secret);
  await studio.ready();
  const viewer = await new TestViewer(relay.url, studio.channelId).join();
  studio.close();
  await viewer.take('show', (value) => !value.studioConnected);
  const id = 'c'.repeat(32);
  viewer.send({ case: 'withdraw', value: create(WithdrawSchema, { betId: id }) });
  assert.equal((await viewer.take('withdrawReply')).code, 'STUDIO_AWAY');
  const sale = { saleId: id, betId: id, milliShares: 5n };
  viewer.send({ case: 'sell', value: create(SellSchema, sale) });
  assert.equal((await viewer.take('saleReply')).code, 'STUDIO_AWAY');
  viewer.send({ case: 'limitsRequest', value: create(LimitsRequestSchema) });
  assert.equal((await viewer.take('limits')).code, 'STUDIO_AWAY');
  for (let i = 0; i < 30; i++) {
    viewer.send({ case: 'withdraw', value: create(WithdrawSchema, { betId: id }) });
  }
  await viewer.take('withdrawReply', (reply) => reply.code === 'RATE_LIMITED');
  viewer.close();
});

test('the timestamp shift of the media room reaches viewers with the offset', async () => {
  const studio = new TestStudio(relay.url);
  await studio.ready();
  const viewer = await new TestViewer(relay.url, studio.channelId).join();
  const value = create(ShowSchema, { title: 'shifted', videoClockOffset: 0xffff_fff0 });
  studio.deliver([], { case: 'show', value });
  await viewer.take('show', (heard) => heard.videoClockOffset === 0xffff_fff0);
  relay.media.options?.onTimestampShift?.(studio.channelId, 'video', 32);
  const shifted = await viewer.take('show', (heard) => heard.videoClockShift === 32);
  assert.equal(shifted.videoClockOffset, 16);
  // A stranger's clock may be ahead of the studio's: the shift is below zero then.
  relay.media.options?.onTimestampShift?.(studio.channelId, 'video', -32);
  const back = await viewer.take('show', (heard) => heard.videoClockShift === 0xffff_ffe0);
  assert.equal(back.videoClockOffset, 0xffff_ffd0);
  for (const peer of [studio, viewer]) peer.close();
});

test('a picture that stands is told to the studio at once, not with the next stats', async () => {
  const studio = new TestStudio(relay.url);
  await studio.ready();
  for (const state of ['live', 'stalled', 'live', 'ended'] as const) {
    relay.media.state = state;
    relay.media.options?.onMediaState(studio.channelId, state);
  }
  // Stats that only come each second would have told the last state alone.
  await studio.take('stats', ({ mediaLive }) => mediaLive);
  const next = [await studio.take('stats'), await studio.take('stats')];
  assert.deepEqual(
    next.map(({ mediaLive }) => mediaLive),
    [false, true],
  );
  studio.close();
});

test('bets beyond 20 at once are told to wait, and none of those reaches the studio', async () => {
  const studio = new TestStudio(relay.url);
  await studio.ready();
  const viewer = await new TestViewer(relay.url, studio.channelId).join();
  for (let i = 0; i < 60; i++) viewer.bet('goal-1');
  const limited = await viewer.take('betReply');
  assert.equal(limited.code, 'RATE_LIMITED');
  // A question sent after all bets: when it arrives, every forwarded bet has arrived.
  viewer.send({
    case: 'historyRequest',
    value: { $typeName: 'morphine.facts.v1.HistoryRequest', limit: 1 },
  });
  await studio.take('viewerMessage', (sent) => sent.message?.message.case === 'historyRequest');
  // And once this is answered, every refusal has arrived.
  viewer.send({ case: 'ping', value: { $typeName: 'morphine.facts.v1.Ping', sentMs: 1 } });
  await viewer.take('pong');
  const bets = studio.inbox.all.filter(
    ({ message }) =>
      message.case === 'viewerMessage' && message.value.message?.message.case === 'bet',
  );
  const refused = viewer.inbox.all.filter(({ message }) => message.case === 'betReply');
  assert.ok(bets.length >= 20 && bets.length < 60, `${bets.length} bets passed`);
  assert.equal(bets.length + refused.length, 60);
  for (const peer of [studio, viewer]) peer.close();
});

test('analytics pass to the media room; the clock passes to viewers with its uncertainty', async () => {
  const studio = new TestStudio(relay.url);
  await studio.ready();
  const heard = new Promise<void>((resolve) => relay.media.waiting.push(resolve));
  studio.send({ case: 'analytics', value: create(FrameFactsSchema, { captureUs: 5n }) });
  await heard;
  assert.equal(relay.media.analytics.at(-1)?.channel, studio.channelId);

  const viewer = await new TestViewer(relay.url, studio.channelId).join();
  const ask = () =>
    viewer.send({ case: 'ping', value: { $typeName: 'morphine.facts.v1.Ping', sentMs: 12.5 } });
  ask();
  const unknown = await viewer.take('pong');
  assert.deepEqual([unknown.mediaUs, unknown.sentMs], [0n, 12.5]);

  studio.send({ case: 'ping', value: { $typeName: 'morphine.facts.v1.Ping', sentMs: 1 } });
  const { relayUs } = await studio.take('pong');
  const sample = (mediaUs: bigint, roundTripUs: number) =>
    studio.send({
      case: 'mediaTime',
      value: { $typeName: 'morphine.facts.v1.MediaTime', mediaUs, roundTripUs, relayUs },
    });
  sample(relayUs + 900_000_000n, 50_000);
  sample(relayUs + 500_000_000n, 400);
  sample(relayUs + 700_000_000n, 9_000);
  studio.send({ case: 'ping', value: { $typeName: 'morphine.facts.v1.Ping', sentMs: 2 } });
  const before = await studio.take('pong');
  ask();
  const known = await viewer.take('pong');
  studio.send({ case: 'ping', value: { $typeName: 'morphine.facts.v1.Ping', sentMs: 3 } });
  const afterwards = await studio.take('pong');
  assert.equal(known.uncertaintyUs, 200);
  assert.ok(known.mediaUs >= before.relayUs + 500_000_000n);
  assert.ok(known.mediaUs <= afterwards.relayUs + 500_000_000n);
  for (const peer of [studio, viewer]) peer.close();
});

test('malformed bytes close their own connection and nothing else', async () => {
  const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
  console.log(`seed ${seed}`);
  let state = seed;
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state;
  };
  const studio = new TestStudio(relay.url);
  await studio.ready();
  const witness = await new TestViewer(relay.url, studio.channelId).join();
  for (let round = 0; round < 40; round++) {
    const isStudio = round % 2 === 0;
    const peer = isStudio
      ? new TestStudio(relay.url)
      : await new TestViewer(relay.url, studio.channelId).join();
    if (peer instanceof TestStudio) await peer.take('challenge');
    const bytes = new Uint8Array(1 + (next() % 300)).map(() => next() >>> 24);
    peer.sendBytes(bytes);
    // Bytes that happen to be a message of ours are allowed to be ignored: then we close.
    peer.sendBytes(new Uint8Array([0xff, 0xff, 0xff]));
    assert.equal((await peer.closed).code, 4000, `round ${round}, seed ${seed}`);
  }
  studio.deliver([], show('still here'));
  await witness.take('show', (value) => value.title === 'still here');
  for (const peer of [studio, witness]) peer.close();
});

test('a viewer that does not read is closed at its bound, others hear everything', async () => {
  const studio = new TestStudio(relay.url);
  await studio.ready();
  const good = await new TestViewer(relay.url, studio.channelId).join();
  const template = new TestViewer(relay.url, studio.channelId);
  const slow = await RawViewer.join(relay.port, template);
  template.close();
  await studio.take('viewerJoined');
  await studio.take('viewerJoined');
  const left = studio.take('viewerLeft');
  let isLeft = false;
  void left.then(() => {
    isLeft = true;
  });
  const title = 'x'.repeat(60_000);
  // 60 KB a round: far more than socket buffers of both ends and the bound together.
  for (let i = 0; i < 2_000 && !isLeft; i++) {
    studio.deliver([], show(`${i} ${title}`));
    await good.take('show', (value) => value.title.startsWith(`${i} `));
  }
  await left;
  studio.deliver([], show('after'));
  await good.take('show', (value) => value.title === 'after');
  assert.ok((await metric('morphine_relay_facts_total', 'viewersTooSlow')) >= 1);
  slow.destroy();
  for (const peer of [studio, good]) peer.close();
});

test('a browser page may not open the studio socket; unknown paths are refused', async () => {
  assert.equal(await upgradeStatus('/studio', { Origin: 'https://evil.example' }), 403);
  assert.equal(await upgradeStatus('/facts/../studio', {}), 404);
  assert.equal(await upgradeStatus('/facts/xyz', {}), 404);
});

async function metric(name: string, of: string): Promise<number> {
  const page = await (await fetch(relay.metricsUrl)).text();
  const line = page.split('\n').find((text) => text.startsWith(`${name}{of="${of}"}`));
  assert.ok(line, `${name} of ${of} is on the metrics page`);
  return Number(line.split(' ')[1]);
}

function upgradeStatus(path: string, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    const upgrade = request({
      port: relay.port,
      path,
      headers: {
        Connection: 'Upgrade',
        Upgrade: 'websocket',
        'Sec-WebSocket-Version': '13',
        'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==',
        ...headers,
      },
    });
    upgrade.on('response', (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    upgrade.on('upgrade', (_response, stream) => {
      stream.destroy();
      resolve(101);
    });
    upgrade.on('error', reject);
    upgrade.end();
  });
}

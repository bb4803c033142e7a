// Proves the way of a bet and back with nothing replaced: viewers over real WebSockets, the real
// relay, the studio's socket, the audience, and a real ledger over its link and SQLite. Only the
// markets room is a list, because it has tests of its own.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { realTimers } from '../../core/base/clock.ts';
import { silentLogger } from '../../core/base/logger.ts';
import type { MarketView } from '../../core/contract/state.ts';
import { HistoryEntry_Result, Market_State, Show_State } from '../../core/wire/gen/facts_pb.js';
import type { Relay } from '../../relay/relay.ts';
import {
  clock,
  random,
  randomHex,
  removeFolder,
  startTestRelay,
  TestViewer,
  temporaryFolder,
} from '../../relay/testing/harness.ts';
import { act, rulesAt, startLedger, type TestLedger } from '../ledger/testLedger.ts';
import { type ChannelKey, openChannelKey } from '../upstream/channelKey.ts';
import { createStudioSocket, type StudioSocket } from '../upstream/studioSocket.ts';
import { type Audience, createAudience } from './audience.ts';

const folder = temporaryFolder();
const ledgerFolder = temporaryFolder();
const viewers: TestViewer[] = [];
const betsPlaced: string[] = [];
let relay: Relay;
let ledger: TestLedger;
let key: ChannelKey;
let socket: StudioSocket;
let audience: Audience;
let markets: MarketView[] = [];

before(async () => {
  relay = await startTestRelay({ dataFolder: folder });
  ledger = await startLedger(ledgerFolder);
  key = await openChannelKey({ dataFolder: folder, random });
  socket = createStudioSocket({
    relayUrl: relay.url,
    key,
    ledgerIdentity: () => null,
    clock,
    timers: realTimers,
    random,
    logger: silentLogger,
  });
  audience = createAudience({
    socket,
    ledger: ledger.client,
    markets: () => markets,
    onBetPlaced: (marketId) => betsPlaced.push(marketId),
    clock,
    timers: realTimers,
    logger: silentLogger,
  });
  await new Promise<void>((resolve) => socket.onRegistered(() => resolve()));
});

after(async () => {
  for (const viewer of viewers) viewer.close();
  audience.close();
  socket.close();
  await relay.close();
  ledger.close();
  removeFolder(folder);
  removeFolder(ledgerFolder);
});

async function join(secret = random(32), subject = randomHex(16)): Promise<TestViewer> {
  const viewer = await new TestViewer(relay.url, key.channelId, secret, subject).join();
  viewers.push(viewer);
  return viewer;
}

async function openMarket(id: string): Promise<MarketView> {
  const atUs = clock.nowUs();
  const args = { ...act(id, `open-${id}`, atUs), rules: rulesAt(atUs), reason: 'test' };
  const { market } = await ledger.client.openMarket(args);
  markets = [market, ...markets];
  audience.marketChanged(market);
  return market;
}

test('a joiner is bound, hears show, markets, balance and an empty history', async () => {
  audience.setShow({ state: 'live', title: 'Final', liveSinceUs: 5, videoClockOffset: 77 });
  const market = await openMarket('joined');
  audience.marketsReset();
  const viewer = await join();
  const show = await viewer.take('show', (value) => value.title === 'Final');
  assert.deepEqual(
    [show.state, show.liveSinceUs, show.videoClockOffset],
    [Show_State.LIVE, 5n, 77],
  );
  const list = await viewer.take('markets', (value) => value.markets.length > 0);
  assert.equal(list.markets[0]?.id, market.id);
  assert.equal(list.markets[0]?.state, Market_State.OPEN);
  const balance = await viewer.take('balance');
  assert.deepEqual([balance.availableMinor, balance.stakedMinor], [1000n, 0n]);
  assert.deepEqual((await viewer.take('history')).entries, []);
});

test('a bet is confirmed with its journal row, the balance follows in every tab', async () => {
  await openMarket('bet');
  const secret = random(32);
  const viewer = await join(secret);
  const tab = await join(secret, viewer.subject);
  await viewer.take('history');
  await tab.take('history');
  const betId = viewer.bet('bet', 250);
  const reply = await viewer.take('betReply');
  assert.deepEqual([reply.betId, reply.code, reply.pendingKnown], [betId, '', false]);
  const [row] = await ledger.client.rowsFrom(Number(reply.seq), 1);
  assert.equal(Buffer.from(row?.hash ?? []).toString('hex'), reply.hash);
  for (const peer of [viewer, tab]) {
    const balance = await peer.take('balance', (value) => value.stakedMinor > 0n);
    assert.deepEqual([balance.availableMinor, balance.stakedMinor], [750n, 250n]);
  }
  assert.equal(betsPlaced.at(-1), 'bet');

  const count = betsPlaced.length;
  viewer.bet('bet', 250, betId);
  const again = await viewer.take('betReply');
  assert.deepEqual([again.seq, again.hash, again.pendingKnown], [reply.seq, reply.hash, true]);
  assert.equal(betsPlaced.length, count, 'a retry moves no pool');
  viewer.bet('bet', 251, betId);
  assert.equal((await viewer.take('betReply')).code, 'ID_REUSED');
  viewer.bet('bet', 5000);
  assert.equal((await viewer.take('betReply')).code, 'INSUFFICIENT_BALANCE');
  viewer.bet('no-such-market', 1);
  assert.equal((await viewer.take('betReply')).code, 'UNKNOWN_MARKET');
  assert.ok((audience.readings().betMs ?? -1) >= 0);
});

test('while betting is paused the ledger refuses, but a confirmed bet is confirmed again', async () => {
  await openMarket('paused');
  const viewer = await join();
  await viewer.take('history');
  const betId = viewer.bet('paused', 5);
  const first = await viewer.take('betReply');
  const reason = 'The picture stands still.';
  await ledger.client.suspendBetting(reason);
  audience.setBettingSuspended(reason);
  await viewer.take('show', (show) => show.bettingSuspended === reason);
  viewer.bet('paused', 6);
  assert.equal((await viewer.take('betReply')).code, 'BETTING_SUSPENDED');
  viewer.bet('paused', 5, betId);
  assert.equal((await viewer.take('betReply')).seq, first.seq);
  await ledger.client.suspendBetting('');
  audience.setBettingSuspended('');
  await viewer.take('show', (show) => show.bettingSuspended === '');
  viewer.bet('paused', 6);
  assert.equal((await viewer.take('betReply')).code, '');
});

test('a settlement reaches its viewer with the new balance, and nobody else', async () => {
  await openMarket('settled');
  const viewer = await join();
  const other = await join();
  await viewer.take('history');
  await other.take('history');
  viewer.bet('settled', 100);
  await viewer.take('betReply');
  await viewer.take('balance', (balance) => balance.stakedMinor === 100n);
  const command = act('settled', 'void-settled', clock.nowUs());
  await ledger.client.voidMarket({ ...command, reason: 'The goal posts fell.' });
  const [entry] = await ledger.client.betsOf('settled', 0, 10);
  assert.ok(entry);
  audience.settled(entry.subject, entry);
  const settlement = await viewer.take('settlement');
  assert.equal(settlement.result, HistoryEntry_Result.REFUNDED);
  assert.equal(settlement.reason, 'The goal posts fell.');
  const balance = await viewer.take('balance', (value) => value.stakedMinor === 0n);
  assert.equal(balance.availableMinor, 1000n);
  audience.setShow({ state: 'live', title: 'later', liveSinceUs: 5, videoClockOffset: 77 });
  await other.take('show', (show) => show.title === 'later');
  assert.ok(!other.inbox.all.some(({ message }) => message.case === 'settlement'));
});

test('a subject belongs to its first device key; another key is refused', async () => {
  const viewer = await join();
  await viewer.take('balance');
  const thief = await join(random(32), viewer.subject);
  assert.equal((await thief.take('refused')).code, 'SUBJECT_BOUND');
  thief.bet('bet', 1);
  assert.equal((await thief.take('betReply')).code, 'SUBJECT_BOUND');
});

test('reports of viewers become a median; who left no longer counts', async () => {
  const delays = [80, 120, 500];
  const watching = await Promise.all(delays.map(() => join()));
  for (const [index, viewer] of watching.entries()) {
    viewer.send({
      case: 'watchReport',
      value: {
        $typeName: 'morphine.facts.v1.WatchReport',
        delayMs: delays[index] ?? 0,
        uncertaintyMs: 2,
        overlayDelayP95Ms: 40,
        framesPerSecond: 30,
      },
    });
    // An answer to a later question says that the report has arrived.
    viewer.send({
      case: 'historyRequest',
      value: { $typeName: 'morphine.facts.v1.HistoryRequest', limit: 3 },
    });
    await viewer.take('history');
    await viewer.take('history');
  }
  assert.equal(audience.readings().viewerDelayMs, 120);
  const left = new Promise<void>((resolve) => socket.onViewerLeft(() => resolve()));
  watching[2]?.close();
  await left;
  assert.equal(audience.readings().viewerDelayMs, 80);
});

test('a ledger that is away is said so; its return binds and tells everybody again', async () => {
  const viewer = await join();
  await viewer.take('history');
  const gone = new Promise<void>((resolve) => ledger.client.onDisconnected(resolve));
  const link = await ledger.freshLink();
  ledger.client.attach(link);
  await gone;
  await viewer.take('history');
  link.close();
  await new Promise<void>((resolve) => {
    if (!ledger.client.isConnected()) resolve();
    else ledger.client.onDisconnected(resolve);
  });
  const betId = viewer.bet('joined', 3);
  assert.equal((await viewer.take('betReply')).code, 'LEDGER_UNAVAILABLE');
  const newcomer = await join();
  newcomer.bet('joined', 4);
  assert.equal((await newcomer.take('betReply')).code, 'LEDGER_UNAVAILABLE');
  ledger.client.attach(await ledger.freshLink());
  await viewer.take('history');
  assert.equal((await newcomer.take('balance')).availableMinor, 1000n);
  viewer.bet('joined', 3, betId);
  assert.equal((await viewer.take('betReply')).code, '');
});

test('a studio that comes back knows its viewers again', async () => {
  const viewer = await join();
  await viewer.take('history');
  audience.close();
  socket.close();
  await viewer.take('show', (show) => !show.studioConnected);
  viewer.bet('joined', 9);
  assert.equal((await viewer.take('betReply')).code, 'STUDIO_AWAY');
  socket = createStudioSocket({
    relayUrl: relay.url,
    key,
    ledgerIdentity: () => null,
    clock,
    timers: realTimers,
    random,
    logger: silentLogger,
  });
  audience = createAudience({
    socket,
    ledger: ledger.client,
    markets: () => markets,
    onBetPlaced: () => {},
    clock,
    timers: realTimers,
    logger: silentLogger,
  });
  await viewer.take('show', (show) => show.studioConnected);
  await viewer.take('history');
  viewer.bet('joined', 9);
  assert.equal((await viewer.take('betReply')).code, '');
});

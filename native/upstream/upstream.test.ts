// Proves the studio's way to the relay over real sockets, with the real relay, its witness on a
// real file and a journal in memory: registration, return after a lost link and after a restarted
// relay, the journal resumed at the witness's mark, and every refusal met.

import assert from 'node:assert/strict';
import { statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { realTimers } from '../../core/base/clock.ts';
import { silentLogger } from '../../core/base/logger.ts';
import { chainHash, FIRST_PREVIOUS_HASH } from '../../core/ledger/canonical.ts';
import { HOUSE, type Row, rowBytes, userAccount } from '../../core/ledger/rows.ts';
import { FrameFactsSchema } from '../../core/wire/gen/facts_pb.js';
import type { Relay } from '../../relay/relay.ts';
import {
  clock,
  random,
  randomHex,
  removeFolder,
  startTestRelay,
  TestStudio,
  TestViewer,
  temporaryFolder,
} from '../../relay/testing/harness.ts';
import { type ChannelKey, openChannelKey } from './channelKey.ts';
import {
  createJournalShipper,
  type JournalRowBytes,
  type JournalShipper,
  type JournalSource,
  type ShipperState,
} from './journalShipper.ts';
import { RetryWait } from './retryWait.ts';
import { createStudioSocket, type StudioSocket } from './studioSocket.ts';

const folders: string[] = [];
const closing: (() => unknown)[] = [];
after(async () => {
  for (const close of closing.reverse()) await close();
  for (const folder of folders) removeFolder(folder);
});

function newFolder(): string {
  const folder = temporaryFolder();
  folders.push(folder);
  return folder;
}

async function startRelay(dataFolder = newFolder(), port = 0): Promise<Relay> {
  const relay = await startTestRelay({ dataFolder, port });
  closing.push(() => relay.close());
  return relay;
}

/** A journal of grants, as a ledger would hand it out. */
class MemoryJournal implements JournalSource {
  readonly ledgerId: string;
  rows: JournalRowBytes[] = [];
  isAway = false;
  #listeners: (() => void)[] = [];

  constructor(ledgerId = randomHex(16)) {
    this.ledgerId = ledgerId;
    const channel = 'c'.repeat(32);
    this.#add({ kind: 'ledger.opened', channel, epoch: 1, ledger: ledgerId, version: 1 });
  }

  grant(count: number, prefix = 'u'): void {
    for (let i = 0; i < count; i++) {
      const cr = userAccount(`${prefix}${this.rows.length}`);
      this.#add({ kind: 'grant', dr: HOUSE, cr, amount: '10' });
    }
    this.tell();
  }

  tell(): void {
    for (const run of this.#listeners) run();
  }

  head() {
    return this.isAway ? null : { ledgerId: this.ledgerId, epoch: 1, seq: this.rows.length };
  }

  async rowsFrom(fromSeq: number, limit: number): Promise<JournalRowBytes[]> {
    if (this.isAway) throw new Error('away');
    return this.rows.slice(fromSeq - 1, fromSeq - 1 + limit);
  }

  onRows(run: () => void): () => void {
    this.#listeners.push(run);
    return () => {};
  }

  #add(part: Record<string, unknown>): void {
    const seq = this.rows.length + 1;
    const body = rowBytes({ at: seq, id: `row-${seq}`, seq, ...part } as unknown as Row);
    const previous = this.rows.at(-1)?.hash ?? FIRST_PREVIOUS_HASH;
    this.rows.push({ seq, body, hash: chainHash(previous, body) });
  }
}

async function openKey(): Promise<ChannelKey> {
  return openChannelKey({ dataFolder: newFolder(), random });
}

function openSocket(relayUrl: string, key: ChannelKey): StudioSocket {
  const socket = createStudioSocket({
    relayUrl,
    key,
    ledgerIdentity: () => null,
    clock,
    timers: realTimers,
    random,
    logger: silentLogger,
  });
  closing.push(() => socket.close());
  return socket;
}

function ship(socket: StudioSocket, journal: JournalSource): JournalShipper {
  const options = { socket, journal, timers: realTimers, logger: silentLogger };
  const shipper = createJournalShipper(options);
  closing.push(() => shipper.close());
  return shipper;
}

function registered(socket: StudioSocket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.registered) resolve();
    else socket.onRegistered(() => resolve());
  });
}

function reached(
  shipper: JournalShipper,
  matches: (state: ShipperState) => boolean,
): Promise<ShipperState> {
  return new Promise((resolve) => {
    if (matches(shipper.state)) resolve(shipper.state);
    else shipper.onState((state) => matches(state) && resolve(state));
  });
}

async function markOf(relay: Relay, key: ChannelKey): Promise<{ seq: number; hash: string }> {
  return (await fetch(`${relay.localUrl}/witness/${key.channelId}`)).json();
}

const isUpToDate = (state: ShipperState) => state.state === 'upToDate';
const hashOf = (journal: MemoryJournal) =>
  Buffer.from(journal.rows.at(-1)?.hash ?? []).toString('hex');

test('the channel key is made once, private, and a damaged one is never replaced', async () => {
  const dataFolder = newFolder();
  const first = await openChannelKey({ dataFolder, random });
  assert.deepEqual(await openChannelKey({ dataFolder, random }), first);
  const path = join(dataFolder, 'channel.json');
  if (process.platform !== 'win32') assert.equal(statSync(path).mode & 0o777, 0o600);
  writeFileSync(path, '{"version":1}');
  await assert.rejects(
    openChannelKey({ dataFolder, random }),
    /channel\.json is not a channel key/,
  );
});

test('a journal is copied to the witness, more rows follow, the state says so', async () => {
  const relay = await startRelay();
  const key = await openKey();
  const journal = new MemoryJournal();
  journal.grant(700);
  const shipper = ship(openSocket(relay.url, key), journal);
  assert.equal(shipper.state.state, 'away');
  await reached(shipper, isUpToDate);
  assert.deepEqual([(await markOf(relay, key)).seq, shipper.state.notCopied], [701, 0]);
  journal.grant(5);
  assert.equal(shipper.state.notCopied, 5);
  await reached(shipper, isUpToDate);
  assert.equal((await markOf(relay, key)).hash, hashOf(journal));
});

test('a restarted relay is found again and goes on at its own mark', async () => {
  const dataFolder = newFolder();
  const key = await openKey();
  const journal = new MemoryJournal();
  const first = await startRelay(dataFolder);
  const socket = openSocket(first.url, key);
  const shipper = ship(socket, journal);
  journal.grant(40);
  await reached(shipper, isUpToDate);
  const lost = new Promise<void>((resolve) => socket.onLost(resolve));
  await first.close();
  await lost;
  assert.equal(socket.state.state, 'unreachable');
  assert.notEqual(socket.state.reason, '');
  journal.grant(60);
  assert.equal(shipper.state.notCopied, 60);
  assert.equal(socket.sendAnalytics(create(FrameFactsSchema)), false);
  const second = await startRelay(dataFolder, first.port);
  await reached(shipper, isUpToDate);
  assert.equal((await markOf(second, key)).hash, hashOf(journal));
  assert.equal(socket.counters.connections, 2);
});

test('a relay that lost its file gets the whole journal again', async () => {
  const key = await openKey();
  const journal = new MemoryJournal();
  const first = await startRelay();
  const socket = openSocket(first.url, key);
  const shipper = ship(socket, journal);
  journal.grant(30);
  await reached(shipper, isUpToDate);
  await first.close();
  const second = await startRelay(newFolder(), first.port);
  await registered(socket);
  await reached(shipper, isUpToDate);
  assert.equal((await markOf(second, key)).seq, 31);
});

test('another past of the same ledger is a fork: shipping stops and says why', async () => {
  const relay = await startRelay();
  const key = await openKey();
  const honest = new MemoryJournal();
  honest.grant(10);
  const socket = openSocket(relay.url, key);
  const shipper = ship(socket, honest);
  await reached(shipper, isUpToDate);
  shipper.close();
  socket.close();
  const rewritten = new MemoryJournal(honest.ledgerId);
  rewritten.grant(12, 'other');
  const forked = ship(openSocket(relay.url, key), rewritten);
  const state = await reached(forked, ({ state }) => state === 'refused');
  assert.equal(state.code, 'FORK');
  assert.equal((await markOf(relay, key)).hash, hashOf(honest));
});

test('another ledger on the same channel is a fork, told by the relay', async () => {
  const relay = await startRelay();
  const key = await openKey();
  const journal = new MemoryJournal();
  const socket = openSocket(relay.url, key);
  const shipper = ship(socket, journal);
  await reached(shipper, isUpToDate);
  const other = new MemoryJournal();
  other.rows = [...journal.rows];
  other.grant(1);
  shipper.close();
  const forked = ship(socket, other);
  assert.equal((await reached(forked, ({ state }) => state === 'refused')).code, 'FORK');
});

test('a ledger restored from an older copy is behind: nothing is overwritten', async () => {
  const relay = await startRelay();
  const key = await openKey();
  const journal = new MemoryJournal();
  journal.grant(20);
  const socket = openSocket(relay.url, key);
  const shipper = ship(socket, journal);
  await reached(shipper, isUpToDate);
  shipper.close();
  const before = hashOf(journal);
  journal.rows = journal.rows.slice(0, 9);
  const restored = ship(socket, journal);
  const state = await reached(restored, ({ state }) => state === 'refused');
  assert.equal(state.code, 'BEHIND');
  assert.equal((await markOf(relay, key)).hash, before);
});

test('a witness with less than it said names the row it needs and gets all from there', async () => {
  const relay = await startRelay();
  const key = await openKey();
  const journal = new MemoryJournal();
  journal.grant(9);
  const socket = openSocket(relay.url, key);
  await registered(socket);
  // The same socket, but its registration tells of five rows that the relay does not hold.
  const claim = { journalSeq: 5n, journalHash: journal.rows[4]?.hash };
  const boastful = new Proxy(socket, {
    get(target, name) {
      if (name === 'registered') return { ...target.registered, ...claim };
      const value = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  const shipper = ship(boastful, journal);
  await reached(shipper, isUpToDate);
  assert.equal((await markOf(relay, key)).hash, hashOf(journal));
});

test('a ledger that is away holds shipping up and nothing else', async () => {
  const relay = await startRelay();
  const key = await openKey();
  const journal = new MemoryJournal();
  journal.grant(3);
  journal.isAway = true;
  const socket = openSocket(relay.url, key);
  const shipper = ship(socket, journal);
  await registered(socket);
  assert.equal(shipper.state.state, 'away');
  journal.isAway = false;
  journal.tell();
  await reached(shipper, isUpToDate);
  assert.equal((await markOf(relay, key)).seq, 4);
});

test('another studio with the same key takes over; the first says so and does not fight', async () => {
  const relay = await startRelay();
  const key = await openKey();
  const socket = openSocket(relay.url, key);
  await registered(socket);
  const told = new Promise<string>((resolve) => {
    socket.onState(({ state, reason }) => state === 'unreachable' && resolve(reason));
  });
  const other = new TestStudio(relay.url, Buffer.from(key.secretKey, 'hex'));
  await other.ready();
  assert.match(await told, /Another studio/);
  other.close();
});

test('the relay learns the media clock from the socket', async () => {
  const relay = await startRelay();
  const key = await openKey();
  const socket = openSocket(relay.url, key);
  await registered(socket);
  const viewer = await new TestViewer(relay.url, key.channelId).join();
  for (;;) {
    const beforeUs = BigInt(clock.nowUs());
    viewer.send({ case: 'ping', value: { $typeName: 'morphine.facts.v1.Ping', sentMs: 1 } });
    const { mediaUs, uncertaintyUs } = await viewer.take('pong');
    const afterUs = BigInt(clock.nowUs());
    // The first questions may come before the first sample.
    if (mediaUs === 0n) continue;
    const slackUs = BigInt(uncertaintyUs);
    assert.ok(mediaUs >= beforeUs - slackUs && mediaUs <= afterUs + slackUs);
    break;
  }
  assert.ok((socket.roundTripUs ?? 0) > 0);
  viewer.close();
});

test('waits grow by half, stay short while the loss is fresh, and long for a taken channel', () => {
  const S = 1_000_000;
  const wait = new RetryWait(0);
  const waits = (nowUs: number, count: number) =>
    Array.from({ length: count }, () => Math.round(wait.next(nowUs, 0.5)));
  assert.deepEqual(waits(0, 5), [250, 375, 563, 750, 750]);
  assert.deepEqual(waits(31 * S, 7), [750, 1125, 1688, 2531, 3797, 5000, 5000]);
  wait.succeeded();
  wait.lost(60 * S);
  assert.deepEqual(waits(61 * S, 2), [250, 375]);
  wait.replaced();
  assert.deepEqual(waits(62 * S, 2), [30_000, 750]);
  assert.ok(wait.next(62 * S, 0) < 750 && wait.next(62 * S, 1) > 750);
});

test('a server that is no relay is a state with a reason, not a crash', async () => {
  const server = createServer((_request, response) => response.writeHead(404).end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => server.close());
  const { port } = server.address() as { port: number };
  const socket = openSocket(`http://127.0.0.1:${port}`, await openKey());
  const state = await new Promise<typeof socket.state>((resolve) => socket.onState(resolve));
  assert.equal(state.state, 'unreachable');
  assert.match(state.reason, new RegExp(`127.0.0.1:${port}`));
});

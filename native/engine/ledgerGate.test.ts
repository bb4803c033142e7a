// Proves when an engine uses its ledger, with real ledgers and a real relay that comes and goes: at
// once when nothing is missing, after its rows are back when the relay signed more than it holds,
// and not at all while an older copy cannot be brought up.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { realTimers } from '../../core/base/clock.ts';
import { toHex } from '../../core/base/ids.ts';
import { silentLogger } from '../../core/base/logger.ts';
import { clock, random } from '../../relay/testing/harness.ts';
import {
  atTheEnd,
  bind,
  closeAll,
  connect,
  hashOf,
  isCopied,
  type Machine,
  newFolder,
  newKey,
  play,
  reached,
  ship,
  startMachine,
  startRelay,
} from '../../relay/testing/machine.ts';
import { createLedgerClient } from '../ledger/client.ts';
import { importRows } from '../ledger/importRows.ts';
import { connectLink } from '../link/link.ts';
import type { ChannelKey } from '../upstream/channelKey.ts';
import { createJournalShipper } from '../upstream/journalShipper.ts';
import { createStudioSocket } from '../upstream/studioSocket.ts';
import type { MarkKeeper } from '../upstream/witnessedMark.ts';
import { followJournal } from './journalSource.ts';
import { createLedgerGate } from './ledgerGate.ts';

after(closeAll);

/** The part of an engine that the gate joins, on a machine. */
function startEngine(relayUrl: string, key: ChannelKey, machine: Machine, marks: MarkKeeper) {
  const around = { clock, timers: realTimers, logger: silentLogger };
  const ledger = createLedgerClient(null);
  const journal = followJournal(ledger, marks.epochOf);
  const socket = createStudioSocket({
    ...{ relayUrl, key, random, ...around },
    ledgerIdentity: () => journal.identity() ?? gate.identity(),
  });
  const shipper = createJournalShipper({ socket, journal, marks, ...around });
  const gate = createLedgerGate({
    ...{ ledger, journal, socket, shipper, marks, connect: connectLink, ...around },
  });
  const close = () => {
    for (const part of [gate, shipper, socket, ledger]) part.close();
  };
  atTheEnd(close);
  gate.setEndpoint(machine.endpoint);
  return { ledger, journal, socket, shipper, gate, close };
}

const connected = (ledger: ReturnType<typeof createLedgerClient>) =>
  new Promise<void>((resolve) => {
    if (ledger.isConnected()) resolve();
    else ledger.onConnected(resolve);
  });

/** A channel whose journal a relay witnessed, with an open market and undecided bets. */
async function witnessedShow() {
  const dataFolder = newFolder();
  const relay = await startRelay({ dataFolder });
  const key = await newKey();
  const old = await startMachine(key);
  await play(old, 12);
  const socket = connect(relay, key, old);
  const shipper = ship(socket, old);
  await reached(shipper, isCopied);
  shipper.close();
  socket.close();
  return { relay, dataFolder, key, old };
}

test('a whole ledger is used at once, with and without a relay', async () => {
  const key = await newKey();
  const machine = await startMachine(key);
  await bind(machine, 1);
  const alone = startEngine('http://127.0.0.1:1', key, machine, machine.marks);
  await connected(alone.ledger);
  assert.deepEqual([alone.gate.reason(), (await alone.ledger.head()).seq > 1], ['', true]);
  alone.close();
  const relay = await startRelay();
  const { shipper, journal } = startEngine(relay.url, key, machine, machine.marks);
  await reached(shipper, isCopied);
  assert.deepEqual([journal.identity()?.epoch, machine.marks.mark?.hash], [1, hashOf(machine)]);
});

test('a new machine: rows back, open markets locked for the owner, then in use; the old one only reads', async () => {
  const { relay, key, old } = await witnessedShow();
  const before = old.ledger.headSeq;
  const fresh = await startMachine(key);
  const { ledger, shipper, gate, journal, socket } = startEngine(
    ...([relay.url, key, fresh, fresh.marks] as const),
  );
  await reached(shipper, (state) => isCopied(state) && fresh.marks.mark?.hash === hashOf(fresh));
  assert.equal(gate.reason(), '');
  assert.equal(journal.identity()?.epoch, 2);
  const stored = old.store.rowsFrom.all(before, 1)[0];
  assert.deepEqual(fresh.store.rowsFrom.all(before, 1)[0]?.hash, stored?.hash);
  const [market] = await ledger.markets(false, 5);
  assert.equal(market?.state, 'LOCKED');
  assert.match(market?.reason ?? '', /the owner decides here/);

  const back = startEngine(relay.url, key, old, old.marks);
  const fenced = await reached(back.shipper, ({ state }) => state === 'refused');
  assert.equal(fenced.code, 'FENCED');
  await connected(back.ledger);
  assert.equal((await back.ledger.head()).seq, before);
  assert.equal(back.shipper.state.code, 'FENCED');
  assert.equal(socket.state.state, 'connected');
});

test('an older copy waits for the relay, by the kept mark alone, and is brought up when it comes', async () => {
  const { relay, dataFolder, key, old } = await witnessedShow();
  const { port } = relay;
  await relay.close();
  const backup = await startMachine(key);
  importRows(
    backup.ledger.journal,
    old.store.rowsFrom.all(1, 10).map(({ seq, body, hash }) => ({
      seq,
      body: body.toString('utf8'),
      hash: toHex(hash),
    })),
  );
  const engine = startEngine(relay.url, key, backup, old.marks);
  while (engine.gate.reason() === '') await new Promise(setImmediate);
  assert.match(engine.gate.reason(), /older than the relay’s copy/);
  assert.equal(engine.ledger.isConnected(), false);
  assert.equal(backup.ledger.headSeq, 10);
  await startRelay({ dataFolder, port });
  await reached(engine.shipper, (state) => isCopied(state) && engine.ledger.isConnected());
  assert.equal(engine.gate.reason(), '');
  assert.ok(backup.ledger.headSeq > old.ledger.headSeq, 'the lock of the market follows');
});

test('a new ledger in use gives way when the relay comes and knows the channel', async () => {
  const { relay, dataFolder, key, old } = await witnessedShow();
  const { port } = relay;
  await relay.close();
  const fresh = await startMachine(key);
  const engine = startEngine(relay.url, key, fresh, fresh.marks);
  await connected(engine.ledger);
  assert.equal(fresh.ledger.headSeq, 1);
  await startRelay({ dataFolder, port });
  await reached(engine.shipper, (state) => isCopied(state) && fresh.ledger.headSeq > 1);
  assert.equal(engine.journal.identity()?.ledgerId, old.ledger.journal.state.ledger);
});

test('a used ledger of another past is not replaced: it is read, and shipping stays refused', async () => {
  const { relay, key } = await witnessedShow();
  const other = await startMachine(key);
  await bind(other, 500);
  const before = [hashOf(other), other.ledger.headSeq];
  const engine = startEngine(relay.url, key, other, other.marks);
  const state = await reached(engine.shipper, (one) => one.state === 'refused');
  assert.equal(state.code, 'FORK');
  await connected(engine.ledger);
  assert.deepEqual([hashOf(other), other.ledger.headSeq], before);
});

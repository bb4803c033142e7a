// Proves the way back of a lost desktop and of a restored backup, with real ledgers on real files
// and a real relay: the owner's key on a new machine gets every row, the same hash and the same
// balances, writes on in the next epoch, and the old machine is fenced. What does not fit is
// refused and changes nothing.

import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { after, test } from 'node:test';
import { realTimers } from '../../core/base/clock.ts';
import { fromHex, toHex } from '../../core/base/ids.ts';
import { TestStudio } from '../../relay/testing/harness.ts';
import {
  bind,
  closeAll,
  connect,
  hashOf,
  identityOf,
  isCopied,
  type Machine,
  newKey,
  play,
  reached,
  registered,
  ship,
  startMachine,
  startRelay,
} from '../../relay/testing/machine.ts';
import { importRows } from '../ledger/importRows.ts';
import { act } from '../ledger/testLedger.ts';
import { recoverJournal } from './recovery.ts';
import type { StudioSocket } from './studioSocket.ts';
import type { MarkKeeper } from './witnessedMark.ts';

after(closeAll);

const balances = ({ ledger }: Machine) =>
  [...ledger.journal.state.accounts].map(([name, { posted, pendingOut }]) => [
    ...[name, posted, pendingOut],
  ]);
const recover = (
  socket: StudioSocket,
  { local, marks }: { local: Machine['local']; marks: MarkKeeper },
) => recoverJournal({ socket, local, marks, timers: realTimers });

test('a lost desktop: the key on a new machine gets every row and goes on; the old one is fenced', async () => {
  const relay = await startRelay();
  const key = await newKey();
  const old = await startMachine(key);
  await play(old, 60);
  const oldSocket = connect(relay, key, old);
  const oldShipper = ship(oldSocket, old);
  await reached(oldShipper, isCopied);
  oldSocket.close();
  oldShipper.close();

  const fresh = await startMachine(key);
  const socket = connect(relay, key, null);
  await registered(socket);
  const { rows, epoch } = await recover(socket, fresh);
  assert.deepEqual([rows, epoch], [old.ledger.headSeq, 2]);
  assert.deepEqual([hashOf(fresh), balances(fresh)], [hashOf(old), balances(old)]);
  // What is on the disk folds and verifies again, as at the next start.
  fresh.ledger.journal.reload();
  assert.equal(hashOf(fresh), hashOf(old));
  const [market] = await fresh.client.markets(false, 10);
  assert.deepEqual([market?.id, market?.state], ['m1', 'OPEN']);
  // The texts beside the rows came along.
  const [lost] = await old.client.markets(false, 10);
  assert.notEqual(market?.title, '(erased)');
  assert.deepEqual([market?.title, market?.reason], [lost?.title, 'kick-off']);
  const shipper = ship(socket, fresh);
  await fresh.client.lockMarket({ ...act('m1', 'lock', 300), tCapUs: null, reason: 'rebuilt' });
  await reached(
    shipper,
    (state) => isCopied(state) && fresh.marks.mark?.seq === fresh.ledger.headSeq,
  );
  assert.deepEqual([fresh.marks.mark?.epoch, fresh.marks.mark?.hash], [2, hashOf(fresh)]);

  // The old machine comes back with more rows of its own.
  await bind(old, 777);
  const back = connect(relay, key, old);
  const fenced = await reached(ship(back, old), ({ state }) => state === 'refused');
  assert.equal(fenced.code, 'FENCED');
  assert.match(fenced.reason, /took over/);
  assert.equal(socket.state.state, 'connected');
  await fresh.client.voidMarket({ ...act('m1', 'void', 400), reason: 'the owner decides' });
  await reached(shipper, (state) => isCopied(state) && fresh.marks.mark?.hash === hashOf(fresh));
});

test('a restored backup says that it is behind, fetches its tail and goes on', async () => {
  const relay = await startRelay();
  const key = await newKey();
  const whole = await startMachine(key);
  await play(whole, 20);
  const wholeSocket = connect(relay, key, whole);
  await reached(ship(wholeSocket, whole), isCopied);
  wholeSocket.close();
  const backup = await startMachine(key);
  const kept = whole.store.rowsFrom.all(1, 30).map(asImported);
  importRows(backup.ledger.journal, kept);
  const socket = connect(relay, key, backup);
  const shipper = ship(socket, backup);
  const state = await reached(shipper, (one) => one.state === 'refused');
  assert.equal(state.code, 'BEHIND');
  const { rows } = await recover(socket, backup);
  assert.equal(rows, whole.ledger.headSeq - 30);
  shipper.resume();
  await reached(shipper, isCopied);
  assert.deepEqual([hashOf(backup), balances(backup)], [hashOf(whole), balances(whole)]);
});

test('a ledger with another past takes nothing over it', async () => {
  const relay = await startRelay();
  const key = await newKey();
  const honest = await startMachine(key);
  await play(honest, 5);
  const honestSocket = connect(relay, key, honest);
  await reached(ship(honestSocket, honest), isCopied);
  honestSocket.close();
  const used = await startMachine(key);
  await bind(used, 900);
  const forked = await startMachine(key, identityOf(honest).ledgerId);
  await bind(forked, 901);
  for (const machine of [used, forked]) {
    const before = [hashOf(machine), machine.ledger.headSeq];
    const socket = connect(relay, key, null);
    await registered(socket);
    await assert.rejects(recover(socket, machine), { name: 'RecoveryRefused', code: 'FORK' });
    machine.ledger.journal.reload();
    assert.deepEqual([hashOf(machine), machine.ledger.headSeq], before);
    socket.close();
  }
  // Nobody was fenced off for it.
  await bind(honest, 902);
  const again = connect(relay, key, honest);
  const state = await reached(ship(again, honest), (one) => isCopied(one) || one.code !== '');
  assert.equal(state.code, '');
  assert.deepEqual([honest.marks.mark?.epoch, honest.marks.mark?.hash], [1, hashOf(honest)]);
});

test('a page with one wrong row is refused whole; the file stays append-only', async () => {
  const key = await newKey();
  const source = await startMachine(key);
  await play(source, 8);
  const rows = source.store.rowsFrom.all(1, 500).map(asImported);
  const target = await startMachine(key);
  const before = hashOf(target);
  const seed = randomInt(2 ** 31);
  const at = 2 + (seed % (rows.length - 2));
  const damages: ((row: (typeof rows)[number]) => object)[] = [
    (row) => ({ ...row, body: row.body.replace(/"at":\d+/, '"at":99') }),
    (row) => ({ ...row, hash: '0'.repeat(64) }),
    (row) => ({ ...row, seq: row.seq + 1 }),
  ];
  for (const damage of damages) {
    const damaged = rows.map((row, index) => (index === at ? damage(row) : row));
    assert.throws(() => importRows(target.ledger.journal, damaged as typeof rows), `seed ${seed}`);
    assert.equal(hashOf(target), before);
  }
  const other = await startMachine(await newKey());
  assert.throws(() => importRows(other.ledger.journal, rows), /are of channel/);
  importRows(target.ledger.journal, rows);
  assert.equal(hashOf(target), hashOf(source));
  assert.throws(() => target.store.database.exec('DELETE FROM journal'), /append-only/);
  assert.throws(() => importRows(target.ledger.journal, rows), /rows of its own/);
});

test('a relay that gives back other rows than it signed is not believed', async () => {
  const relay = await startRelay();
  const key = await newKey();
  const source = await startMachine(key);
  await play(source, 4);
  const sourceSocket = connect(relay, key, source);
  await reached(ship(sourceSocket, source), isCopied);
  sourceSocket.close();
  const target = await startMachine(key);
  const before = hashOf(target);
  const socket = connect(relay, key, null);
  await registered(socket);
  const liar = new Proxy(socket, {
    get(of, name) {
      if (name === 'onJournalTail') {
        return (run: (page: unknown) => void) =>
          of.onJournalTail((page) => {
            const body = fromHex(toHex(page.rows[3]?.body ?? new Uint8Array()));
            body[20] = (body[20] ?? 0) ^ 1;
            run({ ...page, rows: page.rows.map((row, i) => (i === 3 ? { ...row, body } : row)) });
          });
      }
      const value = Reflect.get(of, name, of);
      return typeof value === 'function' ? value.bind(of) : value;
    },
  });
  await assert.rejects(recover(liar, target), { code: 'BAD_HASH' });
  assert.deepEqual([hashOf(target), target.ledger.headSeq], [before, 1]);
});

test('of two live studios exactly one writes', async () => {
  const relay = await startRelay();
  const key = await newKey();
  const machine = await startMachine(key);
  await play(machine, 3);
  const first = connect(relay, key, machine);
  await reached(ship(first, machine), isCopied);
  const lost = new Promise<void>((resolve) => first.onLost(resolve));
  const second = new TestStudio(relay.url, Buffer.from(key.secretKey, 'hex'));
  await second.ready();
  await lost;
  assert.equal(first.registered, null);
  assert.equal(first.takeOver(identityOf(machine).ledgerId), false);
  second.close();
});

function asImported(row: { seq: number; body: Buffer; hash: Buffer }) {
  return { seq: row.seq, body: row.body.toString('utf8'), hash: row.hash.toString('hex') };
}

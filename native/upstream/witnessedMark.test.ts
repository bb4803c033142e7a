// Proves what a studio knows of its own past without a relay: the furthest signed mark survives a
// restart, a mark that nobody signed or that is damaged is never kept, and a ledger shorter than
// an acknowledged row is known for it before any relay answers.

import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { realTimers } from '../../core/base/clock.ts';
import { silentLogger } from '../../core/base/logger.ts';
import { keyPairOf } from '../../core/wire/signing.ts';
import { createMarkSigner } from '../../relay/relayKey.ts';
import { clock, random, removeFolder, temporaryFolder } from '../../relay/testing/harness.ts';
import { LEDGER, TestJournal } from '../../relay/testing/journal.ts';
import { openChannelKey } from './channelKey.ts';
import { createJournalShipper } from './journalShipper.ts';
import { createStudioSocket } from './studioSocket.ts';
import { openMarkKeeper } from './witnessedMark.ts';

const folders: string[] = [];
after(() => folders.forEach(removeFolder));
function newFolder(): string {
  const folder = temporaryFolder();
  folders.push(folder);
  return folder;
}

const CHANNEL = 'cd'.repeat(16);
const signer = createMarkSigner(keyPairOf(random(32)), () => 1_700_000_000_000);
const open = (dataFolder: string, channelId = CHANNEL) =>
  openMarkKeeper({ dataFolder, channelId, timers: realTimers, logger: silentLogger });
const markAt = (seq: number, epoch = 1, ledgerId = LEDGER) =>
  signer.sign(CHANNEL, { ledgerId, epoch, seq, hash: new Uint8Array(32).fill(seq) });

test('the furthest mark is kept, private and over a restart; older ones do not undo it', async () => {
  const dataFolder = newFolder();
  const first = await open(dataFolder);
  assert.deepEqual([first.mark, first.epochOf(LEDGER)], [null, 0]);
  assert.ok(first.take(markAt(5), signer.publicKey));
  assert.ok(first.take(markAt(9), signer.publicKey));
  assert.ok(first.take(markAt(3), signer.publicKey));
  await first.close();
  const path = join(dataFolder, 'witnessed.json');
  if (process.platform !== 'win32') assert.equal(statSync(path).mode & 0o777, 0o600);
  const second = await open(dataFolder);
  assert.equal(second.mark?.seq, 9);
  assert.deepEqual([second.epochOf(LEDGER), second.epochOf('ee'.repeat(16))], [1, 0]);
});

test('our epoch changes when we take over, never because a mark says so', async () => {
  const keeper = await open(newFolder());
  keeper.take(markAt(5, 1), signer.publicKey);
  keeper.take(markAt(6, 2), signer.publicKey);
  assert.deepEqual([keeper.mark?.seq, keeper.epochOf(LEDGER)], [6, 1]);
  keeper.begin(markAt(6, 3), signer.publicKey);
  assert.equal(keeper.epochOf(LEDGER), 3);
});

test('what the relay did not sign is not kept, neither from the wire nor from the file', async () => {
  const dataFolder = newFolder();
  const keeper = await open(dataFolder);
  assert.equal(keeper.take({ ...markAt(5), seq: 50n }, signer.publicKey), false);
  assert.equal(keeper.take(markAt(5), 'ab'.repeat(32)), false);
  assert.equal(keeper.take({ ...markAt(5), signature: '' }, signer.publicKey), false);
  assert.equal(keeper.mark, null);
  keeper.take(markAt(5), signer.publicKey);
  await keeper.close();
  const path = join(dataFolder, 'witnessed.json');
  const text = readFileSync(path, 'utf8');
  for (const bad of [text.replace('"seq":5', '"seq":4'), '{', '']) {
    writeFileSync(path, bad);
    assert.equal((await open(dataFolder)).mark, null);
  }
  writeFileSync(path, text);
  assert.equal((await open(dataFolder, 'ef'.repeat(16))).mark, null);
  assert.equal((await open(dataFolder)).mark?.seq, 5);
});

test('a ledger shorter than an acknowledged row says so while no relay answers', async () => {
  const dataFolder = newFolder();
  const marks = await open(dataFolder);
  marks.take(markAt(5), signer.publicKey);
  const key = await openChannelKey({ dataFolder, random });
  const socket = createStudioSocket({
    relayUrl: 'http://127.0.0.1:1',
    ...{ key, clock, random, timers: realTimers, logger: silentLogger },
    ledgerIdentity: () => null,
  });
  const journal = new TestJournal().grant('u1', 5).grant('u2', 5);
  const shipper = createJournalShipper({
    socket,
    journal: {
      head: () => ({ ledgerId: LEDGER, epoch: 1, seq: journal.rows.length }),
      rowsFrom: async (from, limit) => journal.rows.slice(from - 1, from - 1 + limit),
      onRows: (run) => {
        run();
        return () => {};
      },
    },
    ...{ marks, timers: realTimers, logger: silentLogger },
  });
  shipper.resume();
  assert.deepEqual([shipper.state.state, shipper.state.code], ['refused', 'BEHIND']);
  assert.match(shipper.state.reason, /holds 5 rows .* only 3 are here/);
  journal.grant('u3', 5).grant('u4', 5);
  shipper.resume();
  assert.equal(shipper.state.state, 'away');
  shipper.close();
  socket.close();
  await marks.close();
});

// Proves what happens while the ledger's disk takes no writes (SQLite is told to refuse them, as it
// does on a read-only disk): nothing is booked and the reason is said, reading goes on, and once a
// probe has written again the very same bet is taken.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { SqliteFailure } from '../sqlite/failure.ts';
import { diskTroubleOf } from './diskTrouble.ts';
import {
  act,
  hexId,
  hexKey,
  newFolder,
  rulesAt,
  startLedger,
  type TestLedger,
} from './testLedger.ts';

const S = 1_000_000;
const ANN = hexId(0xa);
const folder = newFolder();
let own: TestLedger;

before(async () => {
  own = await startLedger(folder.path);
  await own.client.bindSubject({ subject: ANN, publicKey: hexKey(1), isStaff: false, atUs: 5 });
  const rules = rulesAt(100 * S, { lockAtUs: 120 * S, horizonAtUs: 140 * S });
  await own.client.openMarket({ ...act('m', 'open', 100 * S), rules, reason: '' });
});
after(() => {
  own.close();
  folder.remove();
});

test('a disk that refuses writes: said, nothing booked, and back by itself', async () => {
  const bet = { betId: hexId(1), subject: ANN, marketId: 'm', outcome: 0, amountMinor: 10 };
  const args = { ...bet, arrivedUs: 101 * S };
  const before = [own.ledger.headSeq, own.ledger.journal.lastHash];
  assert.equal(await own.client.probeDisk(), '');
  own.store.database.exec('PRAGMA query_only = ON');
  // Whoever comes first meets the disk; then the reason is known and nobody tries again.
  await assert.rejects(own.client.placeBet(args), { code: 'LEDGER_UNAVAILABLE' });
  const failed = own.server.counters.groupsFailed;
  assert.equal(failed, 1);
  await assert.rejects(own.client.placeBet({ ...args, betId: hexId(2) }), {
    code: 'LEDGER_UNAVAILABLE',
    message: /data folder cannot be written: make its disk writable/,
  });
  assert.equal(own.server.counters.groupsFailed, failed);
  assert.match(await own.client.probeDisk(), /make its disk writable/);
  assert.equal((await own.client.balance(ANN)).availableMinor, 1000);
  assert.deepEqual([own.ledger.headSeq, own.ledger.journal.lastHash], before);
  own.store.database.exec('PRAGMA query_only = OFF');
  assert.equal(await own.client.probeDisk(), '');
  const { receipt, isKnown } = await own.client.placeBet(args);
  assert.deepEqual([receipt.seq, isKnown], [own.ledger.headSeq, false]);
  assert.equal((await own.client.balance(ANN)).availableMinor, 990);
});

test('only trouble of the disk is told as such', () => {
  assert.match(diskTroubleOf(new SqliteFailure('full', 'x')), /free some space/);
  assert.match(diskTroubleOf(new SqliteFailure('io', 'x')), /disk fails/);
  assert.equal(diskTroubleOf(new SqliteFailure('constraint', 'x')), '');
  assert.equal(diskTroubleOf(new Error('x')), '');
});

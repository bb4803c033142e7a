// Proves that nobody is told of what was not made durable, and that a journal whose bytes or hashes
// were changed on disk is refused with the number of the row.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { JournalBroken } from './journal.ts';
import { openJournalStore } from './journalStore.ts';
import { Ledger } from './ledger.ts';
import {
  act,
  hexId,
  hexKey,
  IDENTITY,
  newFolder,
  rulesAt,
  startBareLedger,
  startLedger,
} from './testLedger.ts';

const S = 1_000_000;
const ANN = hexId(0xa);

test('a bet whose commit fails is refused, and is not there afterwards', async () => {
  const folder = newFolder();
  const own = await startLedger(folder.path);
  await own.client.bindSubject({
    subject: ANN,
    publicKey: hexKey(1),
    isStaff: false,
    atUs: 5,
  });
  const rules = rulesAt(100 * S, { lockAtUs: 120 * S });
  await own.client.openMarket({ ...act('m', 'open', 100 * S), rules, reason: '' });
  const bet = {
    betId: hexId(1),
    subject: ANN,
    marketId: 'm',
    outcome: 0,
    amountMinor: 10,
    arrivedUs: 101 * S,
  };
  const { journal } = own.ledger;
  const seq = journal.state.seq;
  const commit = journal.commitGroup.bind(journal);
  journal.commitGroup = () => {
    journal.commitGroup = commit;
    throw new Error('the disk is full');
  };
  await assert.rejects(own.client.placeBet(bet), { code: 'LEDGER_UNAVAILABLE' });
  assert.equal(journal.state.seq, seq);
  assert.deepEqual(await own.client.balance(ANN), { availableMinor: 1000, stakedMinor: 0 });
  // The same id again is taken once.
  const { isKnown } = await own.client.placeBet(bet);
  assert.equal(isKnown, false);
  own.close();
  folder.remove();
});

test('a journal that was changed on disk is refused at its first wrong row', () => {
  const folder = newFolder();
  const path = join(folder.path, 'ledger.db');
  const store = openJournalStore(path);
  const ledger = new Ledger(store, IDENTITY, 1);
  for (const number of [1, 2, 3]) {
    const subject = { subject: hexId(number), publicKey: hexKey(1), isStaff: false, atUs: 5 };
    ledger.answer('bindSubject', subject);
  }
  ledger.commit();
  store.database.exec('DROP TRIGGER journal_is_never_changed');
  for (const change of [
    "body = CAST(replace(CAST(body AS TEXT), '1000', '9000') AS BLOB)",
    'hash = zeroblob(32)',
  ]) {
    store.database.exec(`BEGIN; UPDATE journal SET ${change} WHERE seq = 3`);
    assert.throws(
      () => ledger.journal.reload(),
      (error) => error instanceof JournalBroken && /Row 3 /.test(error.message),
      change,
    );
    store.database.exec('ROLLBACK');
  }
  ledger.journal.reload();
  store.database.close();
  folder.remove();
});

test('malformed requests are refused by code and end no group', () => {
  const own = startBareLedger([ANN]);
  for (const args of [{}, { subject: 'x' }, { subject: ANN, watchedSeconds: -1, atUs: 1 }]) {
    assert.throws(() => own.ask('vest', args), { code: 'BAD_REQUEST' });
  }
  own.end();
});

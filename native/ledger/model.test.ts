// Proves the ledger against a model written apart from it: some 10,000 random commands (bets, their
// repeats, withdrawals, extensions, locks, resolutions, corrections, voids, wrong ones of every kind,
// and commits that fail) on a real SQLite file. After each the answer and every balance are the
// model's; at the end the independent auditor reads the journal. fast-check prints the seed.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { auditJournal } from '../../core/ledger/auditor.ts';
import { openJournalStore } from './journalStore.ts';
import { Ledger } from './ledger.ts';
import { ModelledLedger, runModel } from './testing/model.ts';
import { IDENTITY, newFolder } from './testLedger.ts';

const RUNS = 55;
const COMMANDS = 180;
const S = 1_000_000;

test(`${RUNS} x ${COMMANDS} random commands: every answer and balance is the model's`, () => {
  const { commands, rows, payouts, debts, seen } = runModel({ runs: RUNS, commands: COMMANDS });
  // The run must have met what it claims to test.
  assert.ok(commands >= 10_000 && rows > commands / 4, `${commands} commands, ${rows} rows`);
  assert.ok(payouts > RUNS && debts > 0, `${payouts} payouts, ${debts} debts`);
  for (const what of [
    'bet ok',
    'bet ID_REUSED',
    'bet UNKNOWN_SUBJECT',
    'bet UNKNOWN_MARKET',
    'bet MARKET_LOCKED',
    'bet MARKET_NOT_OPEN',
    'bet BAD_OUTCOME',
    'bet BAD_AMOUNT',
    'bet INSUFFICIENT_BALANCE',
    'open MARKET_EXISTS',
    'withdraw ok',
    'withdraw UNKNOWN_BET',
    'withdraw MARKET_LOCKED',
    'withdraw MARKET_NOT_OPEN',
    'extend ok',
    'extend BAD_TIMES',
    'extend MARKET_ENDED',
    'resolve ok',
    'resolve MARKET_ENDED',
    'correct ok',
    'correct DISPUTE_OVER',
    'correct MARKET_NOT_RESOLVED',
    'correct MARKET_ENDED',
    'void ok',
  ]) {
    assert.ok((seen.get(what) ?? 0) > 0, `${what} was met`);
  }
});

test('the auditor finds what is wrong when a journal is bent', () => {
  const folder = newFolder();
  const store = openJournalStore(join(folder.path, 'ledger.db'));
  const subject = new ModelledLedger(new Ledger(store, IDENTITY, 1));
  const bet = { verb: 'bet', market: 0, amount: 100, at: 110 * S } as const;
  subject.run({ verb: 'bind', subject: 1 });
  subject.run({ verb: 'bind', subject: 2 });
  subject.run({ verb: 'open', market: 0 });
  subject.run({ ...bet, id: 1, subject: 1, outcome: 0 });
  subject.run({ ...bet, id: 2, subject: 2, outcome: 1 });
  subject.run({ verb: 'resolve', market: 0, outcome: 0, tCap: 112 * S });
  subject.run({ verb: 'crash' });
  const rows = store.allRows.all();
  store.database.close();
  folder.remove();
  assert.deepEqual(auditJournal(rows).findings, []);

  const bend = (find: string, replace: string): string => {
    let isBent = false;
    const bent = rows.map((row) => {
      const text = row.body.toString('utf8');
      if (isBent || !text.includes(find)) return row;
      isBent = true;
      return { ...row, body: Buffer.from(text.replace(find, replace)) };
    });
    assert.ok(isBent, find);
    return auditJournal(bent)
      .findings.map((finding) => finding.what)
      .join('; ');
  };
  assert.match(bend('"amount":"200"', '"amount":"201"'), /still holds -1/);
  assert.match(bend('"amount":"1000"', '"amount":"99"'), /holds -1/);
  assert.match(bend('"kind":"post"', '"kind":"payout"'), /does not stand/);
  assert.match(bend('"tCap":112000000', '"tCap":110000000'), /cut-off is not/);
  assert.match(bend('"outcome":0,"reason"', '"outcome":1,"reason"'), /losing bet/);
  assert.match(bend('"role":"owner"', '"role":"viewer"'), /may not do that/);
  assert.match(bend('"seq":4', '"seq":5'), /says seq 5/);
  assert.match(bend('"at":110000000', '"at":120000000'), /after the lock/);
  for (const [index, row] of rows.entries()) {
    const missing = rows.filter((other) => other !== row);
    const isLast = index === rows.length - 1;
    // A journal cut at its end is a shorter journal; only a witness can tell, except that here
    // the settlement is torn.
    if (!isLast) assert.notEqual(auditJournal(missing).findings.length, 0, `without ${row.seq}`);
  }
});

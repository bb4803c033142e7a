// Proves the ledger against a model written apart from it: some 10,000 random commands of every verb
// (bets with and without prices, withdrawals, sales, extensions, locks, decisions, corrections, voids,
// policies, bans, limits, vesting, suspensions, repeats of each, wrong ones of every kind) and faults
// (groups not committed, a full disk, a process that dies at once) on a real SQLite file. After each
// the answer and every balance are the model's; at the end the independent auditor reads the journal.

import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { auditJournal } from '../../core/ledger/auditor.ts';
import { ModelledLedger } from './testing/modelledLedger.ts';
import { MET_OFTEN, runModel } from './testing/modelRun.ts';
import { newFolder } from './testLedger.ts';

const RUNS = 40;
const COMMANDS = 260;
const S = 1_000_000;

test(`${RUNS} x ${COMMANDS} random commands: every answer and balance is the model's`, (context) => {
  const seed = Number(process.env.SEED ?? randomInt(2 ** 31));
  context.diagnostic(`seed ${seed}`);
  const { commands, rows, payouts, debts, seen } = runModel({
    ...{ runs: RUNS, commands: COMMANDS, seed },
  });
  // The run must have met what it claims to test.
  assert.ok(commands >= 10_000 && rows > commands / 4, `${commands} commands, ${rows} rows`);
  assert.ok(payouts > RUNS && debts > 0, `${payouts} payouts, ${debts} debts`);
  assert.deepEqual(
    MET_OFTEN.filter((what) => !seen.has(what)),
    [],
    'all was met',
  );
  const isFullMet = [...seen.keys()].some((what) => what.endsWith('DISK_FULL'));
  assert.ok(isFullMet, 'a full disk was met between two writes');
});

test('the auditor finds what is wrong when a journal is bent', () => {
  const folder = newFolder();
  const subject = new ModelledLedger(folder.path);
  const bet = { verb: 'bet', market: 0, amount: 100, at: 110 * S, isStale: false } as const;
  const owner = { role: 'owner', own: null };
  subject.run({ verb: 'bind', subject: 1, isStaff: false, key: 1 });
  subject.run({ verb: 'bind', subject: 2, isStaff: false, key: 1 });
  subject.run({ verb: 'open', ...owner, market: 0, budget: 0, rakePoints: 0 });
  subject.run({ ...bet, id: 1, subject: 1, outcome: 0 });
  subject.run({ ...bet, id: 2, subject: 2, outcome: 1 });
  subject.run({ verb: 'resolve', ...owner, market: 0, outcome: 0, tCap: 112 * S });
  subject.run({ verb: 'commit' });
  const rows = [...subject.store.allRows.iterate()];
  subject.store.database.close();
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

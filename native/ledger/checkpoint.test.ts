// Proves that a start from a checkpoint is worth the same as one that folds every row: random
// journals give the same books and answers both ways; a checkpoint that is changed, foreign or ahead
// of a cut journal is not taken; a changed row behind it suspends betting and is named; SIGKILL at
// any moment of writing one leaves a ledger that starts. fast-check prints the seed.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { auditJournal } from '../../core/ledger/auditor.ts';
import { openJournalStore } from './journalStore.ts';
import { type AnsweredRequest, Ledger } from './ledger.ts';
import { act, hexId, hexKey, IDENTITY, newFolder, rulesAt } from './testLedger.ts';

const S = 1_000_000;
const ALWAYS = { checkpointRowsMin: 0 };
const NEVER = { checkpointRowsMin: Number.POSITIVE_INFINITY };
const SUBJECTS = 4;

const open = (path: string, options = ALWAYS) =>
  new Ledger(openJournalStore(path), IDENTITY, 1, options);
const close = (ledger: Ledger) => ledger.journal.store.database.close();

function bind(ledger: Ledger): void {
  for (let subject = 0; subject < SUBJECTS; subject++) {
    const publicKey = hexKey(1);
    ledger.answer('bindSubject', { subject: hexId(subject), publicKey, isStaff: false, atUs: 1 });
  }
}

function openMarket(ledger: Ledger, number: number): void {
  const rules = rulesAt(100 * S, { lockAtUs: 120 * S });
  ledger.answer('openMarket', {
    ...act(`m${number}`, `open${number}`, 100 * S),
    rules,
    reason: 'x',
  });
}

function placeBet(ledger: Ledger, market: number, bet: number) {
  return ledger.answer('placeBet', {
    betId: hexId(0x1000 + bet),
    subject: hexId(bet % SUBJECTS),
    marketId: `m${market}`,
    outcome: bet % 2,
    amountMinor: 1 + (bet % 3),
    arrivedUs: 101 * S + bet,
  });
}

function resolve(ledger: Ledger, market: number): void {
  ledger.answer('resolveMarket', {
    ...act(`m${market}`, `resolve${market}`, 130 * S),
    outcome: 0,
    reason: 'so it was',
    evidence: null,
  });
}

/** `markets` ended ones and one that is open, each with bets; put away and checkpointed. */
function play(path: string, markets = 3, bets = 20): void {
  const ledger = open(path);
  bind(ledger);
  for (let market = 0; market <= markets; market++) {
    openMarket(ledger, market);
    for (let bet = 0; bet < bets; bet++) placeBet(ledger, market, market * 100 + bet);
    if (market < markets) resolve(ledger, market);
    ledger.commit();
  }
  ledger.close();
  close(ledger);
}

/** All that can be asked, as text. */
function told(ledger: Ledger): string {
  const ask = (name: AnsweredRequest, args: object) => ledger.answer(name, args);
  const page = { includeEnded: true, limit: 100, beforeOpensAtUs: null };
  const markets = ask('markets', page) as { markets: { id: string }[] };
  return JSON.stringify([
    ask('head', {}),
    markets,
    ask('bettors', { limit: 100 }),
    markets.markets.map(({ id }) => ask('betsOf', { marketId: id, afterSeq: 0, limit: 500 })),
    Array.from({ length: SUBJECTS }, (_, subject) => [
      ask('balance', { subject: hexId(subject) }),
      ask('history', { subject: hexId(subject), limit: 25 }),
      ask('history', { subject: hexId(subject), limit: 500 }),
      ask('limits', { subject: hexId(subject), atUs: 200 * S }),
    ]),
  ]);
}

const step = fc.oneof(
  {
    weight: 20,
    arbitrary: fc.record({ do: fc.constant('bet'), market: fc.nat(4), bet: fc.nat(99) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('open'), market: fc.nat(4) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('resolve'), market: fc.nat(4) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('correct'), market: fc.nat(4) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('tend'), market: fc.nat(9) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('checkpoint'), market: fc.constant(0) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('restart'), market: fc.constant(0) }) },
);
type Step = { do: string; market: number; bet?: number };

function carryOut(ledger: Ledger, one: Step, command: number): void {
  try {
    if (one.do === 'bet') placeBet(ledger, one.market, one.market * 100 + (one.bet ?? 0));
    if (one.do === 'open') openMarket(ledger, one.market);
    if (one.do === 'resolve') resolve(ledger, one.market);
    if (one.do === 'correct') {
      const who = act(`m${one.market}`, `correct${command}`, 140 * S);
      ledger.answer('correctMarket', { ...who, outcome: 1, tCapUs: null, reason: 'no' });
    }
  } catch (error) {
    assert.equal((error as Error).name, 'LedgerRefusal');
  }
  for (let part = 0; one.do === 'tend' && part < one.market; part++) ledger.tend();
  if (one.do === 'checkpoint') ledger.journal.keepCheckpoint();
  ledger.commit();
}

test('random journals: from a checkpoint and from the first row, the same is told', () => {
  let fromCheckpoint = 0;
  fc.assert(
    fc.property(fc.array(step, { minLength: 60, maxLength: 120, size: 'max' }), (steps) => {
      const folder = newFolder();
      const path = join(folder.path, 'ledger.db');
      let ledger = open(path);
      bind(ledger);
      openMarket(ledger, 0);
      ledger.commit();
      for (const [index, one] of steps.entries()) {
        if (one.do === 'restart') {
          const before = told(ledger);
          close(ledger);
          ledger = open(path);
          if (ledger.journal.unfoldedSeq > 0) fromCheckpoint++;
          assert.equal(told(ledger), before);
        } else carryOut(ledger, one, index);
      }
      const before = told(ledger);
      close(ledger);
      const whole = open(path, NEVER);
      assert.equal(whole.journal.unfoldedSeq, 0);
      assert.equal(told(whole), before);
      while (whole.tend()) whole.commit();
      whole.commit();
      assert.equal(whole.journal.state.bets.size, openBets(whole));
      assert.equal(told(whole), before);
      assert.deepEqual(auditJournal(whole.journal.store.allRows.iterate()).findings, []);
      close(whole);
      folder.remove();
    }),
    { numRuns: 15 },
  );
  assert.ok(fromCheckpoint > 5, `${fromCheckpoint} starts from a checkpoint`);
});

/** Only bets of markets that go on are in memory. */
function openBets(ledger: Ledger): number {
  let bets = 0;
  for (const market of ledger.journal.state.markets.values()) bets += market.bets.length;
  return bets;
}

test('a start from a checkpoint verifies all rows afterwards and takes bets meanwhile', () => {
  const folder = newFolder();
  const path = join(folder.path, 'ledger.db');
  play(path);
  const ledger = open(path);
  assert.equal(ledger.journal.unfoldedSeq, ledger.headSeq);
  assert.equal(ledger.checkedSeq, 0);
  placeBet(ledger, 3, 990);
  ledger.commit();
  while (ledger.tend()) ledger.commit();
  assert.deepEqual([ledger.checkedSeq, ledger.difference], [null, '']);
  // A retry of a bet that is on the shelf finds its first answer; other content is another bet.
  const again = placeBet(ledger, 0, 5) as { isKnown: boolean };
  assert.equal(again.isKnown, true);
  assert.throws(() => placeBet(ledger, 1, 5), { code: 'ID_REUSED' });
  close(ledger);
  folder.remove();
});

test('a row changed behind the checkpoint suspends betting, is named, and decisions go on', () => {
  const folder = newFolder();
  const path = join(folder.path, 'ledger.db');
  play(path);
  const store = openJournalStore(path);
  store.database.exec('DROP TRIGGER journal_is_never_changed');
  store.database.exec(
    `UPDATE journal SET body = CAST(replace(CAST(body AS TEXT), '"outcome":1', '"outcome":0') AS BLOB)
     WHERE seq = 8`,
  );
  store.database.close();
  const ledger = open(path);
  placeBet(ledger, 3, 990);
  while (ledger.tend()) ledger.commit();
  assert.match(ledger.difference, /Row 8 of the journal does not verify/);
  assert.throws(() => placeBet(ledger, 3, 991), { code: 'BETTING_SUSPENDED', message: /Row 8 / });
  resolve(ledger, 3);
  ledger.close();
  close(ledger);
  // The next start reads everything, and refuses.
  assert.throws(() => open(path), /Row 8 of the journal/);
  folder.remove();
});

test('a checkpoint that is changed, foreign, or ahead of a cut journal is not taken', () => {
  const folder = newFolder();
  const path = join(folder.path, 'ledger.db');
  play(path);
  const expected = openAndTell(path);
  const rounds = 36;
  for (let round = 0; round < rounds; round++) {
    bend(path, (checkpoint) => {
      const part = round % 3 === 0 ? checkpoint.mac : checkpoint.state;
      const at = (round * 7919) % (part.length * 8);
      part[at >> 3] = (part[at >> 3] ?? 0) ^ (1 << (at & 7));
    });
    const ledger = open(path);
    assert.equal(ledger.journal.unfoldedSeq, 0, `flip ${round}`);
    assert.equal(told(ledger), expected);
    ledger.close();
    close(ledger);
  }
  const other = newFolder();
  const otherPath = join(other.path, 'ledger.db');
  play(otherPath, 2, 15);
  const foreign = readCheckpoint(otherPath);
  bend(path, (checkpoint) => Object.assign(checkpoint, foreign));
  assert.equal(openAndTell(path, 0), expected);
  other.remove();

  const store = openJournalStore(path);
  store.database.exec('DROP TRIGGER journal_is_never_cut');
  store.database.exec('DELETE FROM journal WHERE seq > 40');
  store.database.close();
  const cut = open(path);
  assert.deepEqual([cut.journal.unfoldedSeq, cut.headSeq], [0, 40]);
  while (cut.tend()) cut.commit();
  close(cut);
  folder.remove();
});

test('without its key a checkpoint is worth nothing, and the key is for its owner only', () => {
  const folder = newFolder();
  const path = join(folder.path, 'ledger.db');
  play(path);
  assert.equal(statSync(`${path}.key`).mode & 0o777, 0o600);
  const key = readFileSync(`${path}.key`);
  assert.equal(key.length, 32);
  const expected = openAndTell(path);
  writeFileSync(`${path}.key`, Buffer.alloc(32));
  assert.equal(openAndTell(path, 0), expected);
  folder.remove();
});

test('bets on the shelf that were changed are not told, and betting stops', () => {
  const folder = newFolder();
  const path = join(folder.path, 'ledger.db');
  play(path);
  const store = openJournalStore(path);
  store.database.exec(`UPDATE ended_bets SET bets = replace(bets, '"VOID"', '"POSTED"')`);
  store.database.exec(`UPDATE ended_bets SET bets = replace(bets, ',2,', ',3,')`);
  store.database.close();
  const ledger = open(path);
  assert.equal(ledger.difference, '');
  told(ledger);
  assert.match(ledger.difference, /was changed/);
  assert.throws(() => placeBet(ledger, 3, 990), { code: 'BETTING_SUSPENDED' });
  ledger.close();
  close(ledger);
  // Read anew from the journal, all is well.
  const healed = open(path);
  assert.equal(healed.journal.unfoldedSeq, 0);
  while (healed.tend()) healed.commit();
  healed.commit();
  told(healed);
  assert.equal(healed.difference, '');
  close(healed);
  folder.remove();
});

const KILLS = 8;

test(`${KILLS} SIGKILLs while checkpoints are written and markets put away`, async () => {
  const folder = newFolder();
  const path = join(folder.path, 'ledger.db');
  play(path, 1, 5);
  for (let round = 0; round < KILLS; round++) {
    const child = spawn(
      process.execPath,
      ['--no-warnings', import.meta.filename, path, `${round}`],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { ...process.env, CHECKPOINT_WRITER: '1' },
      },
    );
    const ended = once(child, 'exit');
    let acked = 0;
    for await (const lines of child.stdout.setEncoding('utf8')) {
      acked = Number(String(lines).trim().split('\n').at(-1));
      if (acked > 3 + ((round * 17) % 40)) child.kill('SIGKILL');
    }
    await ended;
    assert.ok(acked > 3, `${acked} bets were confirmed before the kill`);
    const ledger = open(path);
    while (ledger.tend()) ledger.commit();
    ledger.commit();
    assert.equal(ledger.difference, '');
    for (let bet = 0; bet < acked; bet++) {
      const known = ledger.journal.bet(hexId(0x1000 + (10 + round) * 1000 + bet));
      assert.ok(known, `bet ${bet} of round ${round}`);
    }
    const report = auditJournal(ledger.journal.store.allRows.iterate());
    assert.deepEqual(report.findings, []);
    const before = told(ledger);
    close(ledger);
    const whole = open(path, NEVER);
    assert.equal(told(whole), before);
    close(whole);
  }
  folder.remove();
});

type StoredCheckpoint = { seq: number; hash: Buffer; state: Buffer; mac: Buffer };

function readCheckpoint(path: string): StoredCheckpoint {
  const store = openJournalStore(path);
  const found = store.database.prepare<[], StoredCheckpoint>('SELECT * FROM checkpoint').get();
  store.database.close();
  assert.ok(found);
  return found;
}

function bend(path: string, change: (checkpoint: StoredCheckpoint) => void): void {
  const checkpoint = readCheckpoint(path);
  change(checkpoint);
  const store = openJournalStore(path);
  store.database
    .prepare<[number, Buffer, Buffer, Buffer], never>(
      'UPDATE checkpoint SET seq = ?, hash = ?, state = ?, mac = ?',
    )
    .run(checkpoint.seq, checkpoint.hash, checkpoint.state, checkpoint.mac);
  store.database.close();
}

function openAndTell(path: string, unfoldedSeq?: number): string {
  const ledger = open(path);
  if (unfoldedSeq !== undefined) assert.equal(ledger.journal.unfoldedSeq, unfoldedSeq);
  const text = told(ledger);
  ledger.close();
  close(ledger);
  return text;
}

/** The other process: bets, decides, puts away and keeps checkpoints until it is killed. */
function writeUntilKilled(path: string, round: number): void {
  const ledger = open(path);
  const market = 10 + round;
  openMarket(ledger, market);
  for (let bet = 0; bet < 200; bet++) {
    placeBet(ledger, market, market * 1000 + bet);
    if (bet === 30) resolveNext(ledger, round);
    ledger.tend();
    if (bet % 3 === 0) ledger.journal.keepCheckpoint();
    ledger.commit();
    writeFileSync(1, `${bet + 1}\n`);
  }
}

function resolveNext(ledger: Ledger, round: number): void {
  if (round > 0) resolve(ledger, 10 + round - 1);
}

if (process.env.CHECKPOINT_WRITER) {
  writeUntilKilled(process.argv[2] ?? '', Number(process.argv[3]));
  process.exit(0);
}

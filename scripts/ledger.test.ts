// Proves `npm run ledger` on the real program over a real ledger: a whole one verifies, a changed
// row, text, balance or signature is named with exit code 1, random flipped bits never pass unseen
// (seed printed), an export holds every row as it was hashed, and one of a viewer holds nobody else.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, test } from 'node:test';
import { inspectLedger, openLedgerFile } from '../native/ledger/inspect.ts';
import { openJournalStore } from '../native/ledger/journalStore.ts';
import { Ledger } from '../native/ledger/ledger.ts';
import { act, hexId, hexKey, IDENTITY, rulesAt } from '../native/ledger/testLedger.ts';
import { openDatabase } from '../native/sqlite/database.ts';
import { lockFolder } from '../native/sqlite/folderLock.ts';

const S = 1_000_000;
const script = resolve(import.meta.dirname, 'ledger.ts');
const root = mkdtempSync(join(tmpdir(), 'ledger-command-'));
after(() => rmSync(root, { recursive: true, force: true }));

function run(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], {
    encoding: 'utf8',
    env: { ...process.env, INIT_CWD: root },
  });
  return { status, stdout, stderr };
}

const [ANNA, BERT] = [hexId(1), hexId(2)];

/** A ledger with two bettors, one market that was paid and one that is open. */
function makeLedger(name: string): string {
  const folder = join(root, name);
  mkdirSync(folder);
  const store = openJournalStore(join(folder, 'ledger.db'));
  const ledger = new Ledger(store, IDENTITY, 1);
  for (const [index, subject] of [ANNA, BERT].entries()) {
    const publicKey = hexKey(index + 1);
    ledger.answer('bindSubject', { subject, publicKey, isStaff: false, atUs: 5 });
  }
  const open = (marketId: string) =>
    ledger.answer('openMarket', {
      ...act(marketId, `open-${marketId}`, 100 * S),
      rules: rulesAt(100 * S, { title: `Goal in ${marketId}?` }),
      reason: '',
    });
  const bet = (number: number, subject: string, marketId: string, outcome: number) =>
    ledger.answer('placeBet', {
      ...{ betId: hexId(100 + number), subject, marketId, outcome },
      ...{ amountMinor: 20 + number, arrivedUs: (101 + number) * S },
    });
  open('m1');
  bet(1, ANNA, 'm1', 0);
  bet(2, BERT, 'm1', 1);
  const decide = { ...act('m1', 'resolve-m1', 130 * S), outcome: 0, reason: 'It was in.' };
  ledger.answer('lockMarket', { ...act('m1', 'lock-m1', 129 * S), tCapUs: null, reason: 'Time.' });
  ledger.answer('resolveMarket', { ...decide, evidence: null });
  open('m2');
  bet(3, BERT, 'm2', 1);
  const ban = { ...act('', 'ban-1', 140 * S), subject: ANNA, isBanned: true, reason: 'Shouted.' };
  const { marketId: _, ...banArgs } = ban;
  ledger.answer('setBan', banArgs);
  ledger.commit();
  store.database.close();
  return folder;
}

/** Changes the file behind the ledger's back, its triggers put aside. */
function bend(folder: string, sql: string): void {
  const path = join(folder, 'ledger.db');
  const store = openJournalStore(path);
  const version = store.database
    .prepare<[], { user_version: number }>('PRAGMA user_version')
    .get()?.user_version;
  store.database.close();
  const database = openDatabase({ path, version: version ?? 0, migrate: () => {} });
  database.exec('DROP TRIGGER journal_is_never_changed; DROP TRIGGER journal_is_never_cut');
  database.exec(sql);
  database.close();
}

const whole = makeLedger('whole');

test('a whole ledger verifies, also while another process has it open', () => {
  const store = openJournalStore(join(whole, 'ledger.db'));
  const { status, stdout, stderr } = run('verify', 'whole');
  store.database.close();
  assert.deepEqual([status, stderr], [0, '']);
  assert.match(stdout, /^Ledger a{32}: \d+ rows/);
  assert.match(stdout, /Everything verifies\.\n$/);
  assert.match(stdout, /Texts: 5 are what was hashed, 0 are not here\./);
});

test('each change is named with its row and exit code 1', () => {
  const cases: [string, string, RegExp][] = [
    [
      'amount',
      `UPDATE journal SET body = CAST(replace(CAST(body AS TEXT), '"amount":"21"', '"amount":"99"')
       AS BLOB) WHERE CAST(body AS TEXT) LIKE '%"kind":"bet"%"seq":5%'`,
      /^Row 5 does not verify: its hash does not follow/m,
    ],
    ['hash', 'UPDATE journal SET hash = zeroblob(32) WHERE seq = 6', /^Row 6 does not verify/m],
    ['gap', 'DELETE FROM journal WHERE seq = 4', /^Row 4 does not verify: it is not there/m],
    [
      'junk',
      `UPDATE journal SET body = CAST('{}' AS BLOB) WHERE seq = 7`,
      /^Row 7 does not verify: it is no row of a journal/m,
    ],
    [
      'text',
      `UPDATE texts SET text = 'It was out.' WHERE text = 'It was in.'`,
      /^The text [0-9a-f]/m,
    ],
  ];
  for (const [name, sql, sentence] of cases) {
    const folder = makeLedger(name);
    bend(folder, sql);
    const { status, stderr } = run('verify', name);
    assert.equal(status, 1, name);
    assert.match(stderr, sentence, name);
    assert.match(stderr, /findings: this ledger does not verify\.\n$/);
  }
});

test('a journal that is shorter than what a relay signed does not verify', () => {
  const folder = makeLedger('short');
  const mark = { ledgerId: IDENTITY.ledgerId, seq: 9_999, hash: 'ab'.repeat(32) };
  writeFileSync(join(folder, 'witnessed.json'), JSON.stringify({ version: 1, mark }));
  assert.match(run('verify', 'short').stderr, /A relay signed row 9999, and the journal ends at/);
  writeFileSync(join(folder, 'witnessed.json'), JSON.stringify({ mark: { ...mark, seq: 3 } }));
  assert.match(run('verify', 'short').stderr, /^Row 3 does not verify: the relay signed another/m);
});

/** What the file says: every row and every text, or that it cannot be read. */
function contentOf(folder: string): string {
  const file = openLedgerFile(folder);
  try {
    return JSON.stringify([[...file.rows()], [...file.texts()]]);
  } catch {
    return 'unreadable';
  } finally {
    file.close();
  }
}

test('no flipped bit that changes a row or a text passes unseen', () => {
  const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
  console.log(`SEED=${seed}`);
  let state = seed;
  const random = (below: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const bytes = readFileSync(join(whole, 'ledger.db'));
  const before = contentOf(whole);
  const folder = join(root, 'flipped');
  mkdirSync(folder);
  let changed = 0;
  for (let round = 0; round < 120; round++) {
    const bent = Buffer.from(bytes);
    const at = random(bent.length);
    bent[at] = (bent[at] ?? 0) ^ (1 << random(8));
    writeFileSync(join(folder, 'ledger.db'), bent);
    let findings = 1;
    try {
      const isChanged = contentOf(folder) !== before;
      if (!isChanged) continue;
      changed++;
      const file = openLedgerFile(folder);
      findings = inspectLedger(folder, file).findings.length;
      file.close();
    } catch {
      // A file that cannot even be opened is not taken for a whole one either.
    }
    assert.ok(findings > 0, `bit flip at byte ${at} passed unseen, SEED=${seed}`);
  }
  assert.ok(changed > 5, `${changed} flips changed something`);
});

test('an export holds every row as it was hashed, once', () => {
  const { status, stdout } = run('export', 'whole', '--out', 'out');
  assert.equal(status, 0);
  assert.match(stdout, /rows, 5 texts and 2 subjects are in .*personal data/);
  const lines = readFileSync(join(root, 'out', 'journal.jsonl'), 'utf8')
    .trim()
    .split('\n');
  const file = openLedgerFile(whole);
  const rows = [...file.rows()];
  file.close();
  assert.deepEqual(
    lines,
    rows.map(
      ({ seq, hash, body }) => `{"seq":${seq},"hash":"${hash.toString('hex')}","row":${body}}`,
    ),
  );
  const [head = '', first = ''] = readFileSync(join(root, 'out', 'journal.csv'), 'utf8').split(
    '\r\n',
  );
  assert.match(head, /^seq,hash,at,kind,id,market/);
  assert.match(first, /^1,[0-9a-f]{64},1,ledger\.opened,/);
  const again = run('export', 'whole', '--out', 'out');
  assert.deepEqual([again.status, /has an export already/.test(again.stderr)], [2, true]);
});

test('an export of one viewer holds nobody else', () => {
  assert.equal(run('export', 'whole', '--out', 'anna', '--subject', ANNA).status, 0);
  const read = (name: string) => readFileSync(join(root, 'anna', name), 'utf8');
  const all = ['journal.jsonl', 'journal.csv', 'texts.jsonl', 'subjects.jsonl'].map(read).join('');
  assert.match(all, new RegExp(`user:${ANNA}`));
  assert.match(all, new RegExp(hexKey(1)));
  assert.match(all, /Shouted\./);
  assert.match(all, /Goal in m1\?/);
  assert.doesNotMatch(all, new RegExp(`user:${BERT}|${hexKey(2)}|Goal in m2`));
  const nobody = run('export', 'whole', '--out', 'nobody', '--subject', hexId(77));
  assert.deepEqual([nobody.status, /nothing of the subject/.test(nobody.stderr)], [1, true]);
});

test('wrong command lines and folders end with 2 and a sentence', () => {
  mkdirSync(join(root, 'empty'));
  const cases: [RegExp, string[]][] = [
    [/Name a command and a data folder/, []],
    [/Name a command and a data folder/, ['verify']],
    [/no command mend/, ['mend', 'whole']],
    [/holds no ledger/, ['verify', 'empty']],
    [/holds no ledger/, ['verify', 'missing']],
    [/--out is missing/, ['export', 'whole']],
    [/--subject takes/, ['export', 'whole', '--out', 'x', '--subject', '../x']],
    [/more than one folder/, ['verify', 'whole', 'empty']],
    [/--nonsense/, ['verify', 'whole', '--nonsense']],
  ];
  for (const [sentence, args] of cases) {
    const { status, stderr } = run(...args);
    assert.equal(status, 2, args.join(' '));
    assert.match(stderr, sentence);
  }
});

test('a file that is no database is named', () => {
  const folder = join(root, 'nodb');
  mkdirSync(folder);
  copyFileSync(script, join(folder, 'ledger.db'));
  const { status, stderr } = run('verify', 'nodb');
  assert.equal(status, 1);
  assert.match(stderr, /no database/);
});

test('a viewer is erased from a folder that is free, and the ledger still verifies', () => {
  const folder = makeLedger('erased');
  const bytes = () =>
    ['ledger.db', 'ledger.db-wal']
      .map((name) => join(folder, name))
      .filter((path) => existsSync(path))
      .map((path) => readFileSync(path, 'latin1'))
      .join('');
  assert.match(bytes(), new RegExp(hexKey(1)));
  assert.match(bytes(), /Shouted/);
  const lock = lockFolder(folder);
  const refused = run('erase', 'erased', ANNA);
  lock?.release();
  assert.deepEqual([refused.status, /in use by a studio/.test(refused.stderr)], [2, true]);
  const { status, stdout } = run('erase', 'erased', ANNA);
  assert.equal(status, 0);
  assert.match(stdout, /Erased: 1 device key and 1 texts/);
  assert.doesNotMatch(bytes(), new RegExp(`${hexKey(1)}|Shouted`));
  assert.match(bytes(), new RegExp(hexKey(2)));
  assert.match(run('verify', 'erased').stdout, /1 are not here[\s\S]*Everything verifies/);
  assert.equal(run('export', 'erased', '--out', 'after', '--subject', ANNA).status, 0);
  for (const name of ['texts.jsonl', 'subjects.jsonl', 'journal.jsonl']) {
    const text = readFileSync(join(root, 'after', name), 'utf8');
    assert.doesNotMatch(text, new RegExp(`${hexKey(1)}|Shouted`), name);
  }
  assert.equal(run('erase', 'erased', hexId(77)).status, 1);
  assert.equal(run('erase', 'erased').status, 2);
});

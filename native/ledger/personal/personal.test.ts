// Proves that what the ledger keeps of people is unreadable on the disk without its key, can be
// erased so that its bytes are nowhere in file and log, and never comes back, while chain, balances
// and bindings stay as they were. Starts from a file that the first version wrote. Bytes are
// searched in the raw files.

import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { inspectLedger, openLedgerFile } from '../inspect.ts';
import { type JournalStore, openJournalStore } from '../journalStore.ts';
import { Ledger } from '../ledger.ts';
import { FIRST_VERSION, firstVersionFile } from '../testing/firstVersion.ts';
import { IDENTITY } from '../testLedger.ts';
import { eraseOld, eraseSubject } from './erase.ts';
import {
  KEY_FILE,
  type Keychain,
  openPersonalKey,
  PersonalKeyLost,
  WRAPPED_KEY_FILE,
} from './personalKey.ts';
import { createSeal, OPEN_SEAL, type Seal } from './seal.ts';
import { sealOpenValues } from './tables.ts';

const root = mkdtempSync(join(tmpdir(), 'personal-'));
after(() => rmSync(root, { recursive: true, force: true }));
let folders = 0;

function newFolder(): string {
  return mkdtempSync(join(root, `${folders++}-`));
}

/** A folder with the first version's file in it. */
function oldFolder(): string {
  const folder = newFolder();
  writeFileSync(join(folder, 'ledger.db'), firstVersionFile());
  return folder;
}

const KEY = new Uint8Array(32).fill(7);
const DAY_US = 86_400_000_000;
const [ANNA = '', BERT = ''] = FIRST_VERSION.subjects;
const [ANNAS_KEY = '', BERTS_KEY = ''] = FIRST_VERSION.publicKeys;

/** How often a text stands in the ledger's raw files. */
function found(folder: string, text: string): number {
  let count = 0;
  for (const name of ['ledger.db', 'ledger.db-wal', 'ledger.db-shm']) {
    const path = join(folder, name);
    if (!existsSync(path)) continue;
    count += readFileSync(path, 'latin1').split(text).length - 1;
  }
  return count;
}

function balances(ledger: Ledger) {
  return [ANNA, BERT].map((subject) => ledger.answer('balance', { subject }));
}

function bind(ledger: Ledger, subject: string, publicKey: string): unknown {
  return ledger.answer('bindSubject', { subject, publicKey, isStaff: false, atUs: 200_000_000 });
}

function openLedger(folder: string, seal: Seal): { store: JournalStore; ledger: Ledger } {
  const store = openJournalStore(join(folder, 'ledger.db'), seal);
  return { store, ledger: new Ledger(store, IDENTITY, 1) };
}

test('the first version’s file is sealed at its first start, and says the same', () => {
  const folder = oldFolder();
  const secrets = [...FIRST_VERSION.publicKeys, ...FIRST_VERSION.texts];
  for (const secret of secrets) assert.ok(found(folder, secret) > 0, secret);
  const seal = createSeal(KEY);
  const { store, ledger } = openLedger(folder, seal);
  assert.equal(sealOpenValues(store.database, seal), 6);
  assert.equal(sealOpenValues(store.database, seal), 0);
  for (const secret of secrets) assert.equal(found(folder, secret), 0, secret);
  assert.equal(ledger.headSeq, FIRST_VERSION.rows);
  const { market } = ledger.answer('market', { marketId: 'm1' }) as {
    market: { title: string; reason: string };
  };
  assert.deepEqual([market.title, market.reason], ['Goal in the first version?', 'It was in.']);
  assert.deepEqual(
    balances(ledger).map((one) => (one as { availableMinor: number }).availableMinor),
    [1060, 940],
  );
  bind(ledger, ANNA, ANNAS_KEY);
  assert.throws(() => bind(ledger, ANNA, BERTS_KEY), { code: 'SUBJECT_BOUND' });
  ledger.commit();
  store.database.close();
  writeFileSync(join(folder, KEY_FILE), Buffer.from(KEY).toString('hex'));
  const file = openLedgerFile(folder);
  const report = inspectLedger(folder, file);
  file.close();
  assert.deepEqual([report.findings, report.texts.checked], [[], 4]);
  rmSync(join(folder, KEY_FILE));
  const blind = openLedgerFile(folder);
  assert.equal(inspectLedger(folder, blind).texts.locked, 4);
  blind.close();
  assert.equal(report.ledgerId, IDENTITY.ledgerId);
});

test('an erased viewer is nowhere in file and log; chain and balances stay', () => {
  const folder = oldFolder();
  // Unsealed on purpose: bytes that are encrypted would not be found anyway.
  const { store, ledger } = openLedger(folder, OPEN_SEAL);
  const before = balances(ledger);
  assert.deepEqual(eraseSubject(store.database, ANNA), { keys: 1, texts: 1 });
  for (const secret of [ANNAS_KEY, FIRST_VERSION.reasonOfBan]) {
    assert.equal(found(folder, secret), 0, secret);
  }
  for (const kept of [BERTS_KEY, 'It was in.']) assert.ok(found(folder, kept) > 0, kept);
  assert.equal(eraseSubject(store.database, 'f'.repeat(32)), null);
  assert.deepEqual(balances(ledger), before);
  // Nobody takes the points of whoever was erased, with no key at all or with a new one.
  assert.throws(() => bind(ledger, ANNA, ANNAS_KEY), { code: 'SUBJECT_BOUND' });
  assert.throws(() => bind(ledger, ANNA, 'e'.repeat(64)), { code: 'SUBJECT_BOUND' });
  const [hash = ''] = store.erasuresUntold.all(10);
  assert.equal(store.erasuresUntold.all(10).length, 1);
  // A copy of it from elsewhere does not come back.
  store.putText.run(hash, Buffer.alloc(16), FIRST_VERSION.reasonOfBan);
  assert.equal(store.textOf.get(hash), undefined);
  store.erasureTold.run(hash);
  assert.deepEqual(store.erasuresUntold.all(10), []);
  ledger.commit();
  store.database.close();
  const file = openLedgerFile(folder);
  const { findings, texts } = inspectLedger(folder, file);
  file.close();
  assert.deepEqual([findings, texts.erased], [[], 1]);
});

test('what is older than its retention goes at the start, each kind by its own setting', () => {
  const folder = oldFolder();
  const { store } = openLedger(folder, OPEN_SEAL);
  sealOpenValues(store.database, createSeal(KEY));
  const { database } = store;
  const now = 30 * DAY_US;
  assert.deepEqual(eraseOld(database, { personalKeysDays: null, textsDays: null }, now), {
    keys: 0,
    texts: 0,
  });
  // Bert was here ten days ago, Anna at the beginning.
  store.seeSubject.run(BERT, 20 * DAY_US);
  assert.equal(store.isUnseen.get(BERT, 20 * DAY_US + 1), false);
  assert.equal(store.isUnseen.get(BERT, 21 * DAY_US), true);
  assert.deepEqual(eraseOld(database, { personalKeysDays: 15, textsDays: null }, now), {
    keys: 1,
    texts: 0,
  });
  assert.deepEqual(eraseOld(database, { personalKeysDays: null, textsDays: 29 }, now), {
    keys: 0,
    texts: 4,
  });
  assert.equal(store.erasuresUntold.all(10).length, 4);
  database.close();
});

test('a sealed value opens with its key at its place only', () => {
  const seal = createSeal(KEY);
  const stored = seal.close('texts|a', 'Goal?');
  assert.notEqual(stored, seal.close('texts|a', 'Goal?'));
  assert.equal(seal.open('texts|a', stored), 'Goal?');
  assert.equal(seal.open('texts|b', stored), undefined);
  assert.equal(createSeal(new Uint8Array(32).fill(8)).open('texts|a', stored), undefined);
  assert.equal(OPEN_SEAL.open('texts|a', stored), undefined);
  assert.equal(seal.open('texts|a', `${stored.slice(0, -2)}AA`), undefined);
  assert.equal(seal.open('texts|a', stored.slice(0, 12)), undefined);
  assert.equal(
    seal.open('texts|a', 'kept open by an older version'),
    'kept open by an older version',
  );
});

const keychain: Keychain = {
  wrap: (text) => Buffer.from(`wrapped:${[...text].reverse().join('')}`),
  unwrap(bytes) {
    const text = Buffer.from(bytes).toString();
    if (!text.startsWith('wrapped:')) throw new Error('not mine');
    return [...text.slice('wrapped:'.length)].reverse().join('');
  },
};
const random = (length: number) => new Uint8Array(length).fill(9);

test('the key is a file of its owner’s where there is no keychain, and moves into one', () => {
  const dataFolder = newFolder();
  const first = openPersonalKey({ dataFolder, keychain: null, random });
  assert.equal(first.from, 'file');
  const path = join(dataFolder, KEY_FILE);
  if (process.platform !== 'win32') assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.deepEqual(openPersonalKey({ dataFolder, keychain: null, random }), first);
  const moved = openPersonalKey({ dataFolder, keychain, random });
  assert.deepEqual([moved.from, [...moved.key]], ['keychain', [...first.key]]);
  assert.equal(existsSync(path), false);
  const wrapped = readFileSync(join(dataFolder, WRAPPED_KEY_FILE), 'latin1');
  assert.equal(wrapped.includes(Buffer.from(first.key).toString('hex')), false);
  assert.deepEqual([...openPersonalKey({ dataFolder, keychain, random }).key], [...first.key]);
  // What the keychain protects is not made anew beside it.
  assert.throws(() => openPersonalKey({ dataFolder, keychain: null, random }), /desktop app/);
});

test('a key that cannot be opened is told, and nothing is overwritten', () => {
  const dataFolder = newFolder();
  writeFileSync(join(dataFolder, KEY_FILE), 'junk');
  assert.throws(() => openPersonalKey({ dataFolder, keychain: null, random }), PersonalKeyLost);
  assert.equal(readFileSync(join(dataFolder, KEY_FILE), 'utf8'), 'junk');
  const other = newFolder();
  writeFileSync(join(other, WRAPPED_KEY_FILE), 'another machine’s');
  assert.throws(
    () => openPersonalKey({ dataFolder: other, keychain, random }),
    /keychain does not open .*points are not/,
  );
});

// For tests and the endurance run: a ledger's files with one bit turned, cut short, with parts zeroed
// or left as they were before, and then everything asked that can be asked. Either the damage is
// noticed by name, or the log is shorter (a whole prefix, which the witness's mark tells), or a word
// beside the journal is missing and says so, or nothing that is served differs. A wrong balance, a
// wrong row, another word is an error.

import assert from 'node:assert/strict';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { auditJournal } from '../../../core/ledger/auditor.ts';
import { LedgerRefusal } from '../../../core/ledger/refusal.ts';
import type { LedgerClient } from '../client.ts';
import { act, hexId, hexKey, newFolder, rulesAt } from '../testLedger.ts';
import { type OpenedLedger, type RefusedLedger, startLedgerHere } from './ledgerProcess.ts';

const S = 1_000_000;
const SUBJECTS = 4;
const MARKETS = 6;
const BETS_A_MARKET = 12;
const PAGE_BYTES = 4096;
const SECTOR_BYTES = 512;
const FILES = ['ledger.db', 'ledger.db-wal'];
/** Signs the checkpoint; it travels with the file. */
const KEY_FILE = 'ledger.db.key';
/** Checks in the background suspend betting at the latest then, ms; it judges no speed. */
const NOTICE_MS = 10_000;

type Random = (below: number) => number;
type Row = { seq: number; body: Uint8Array; hash: Uint8Array };
type Truth = { rows: Row[]; served: unknown };
type Image = { path: string; truth: Truth; older: string | null };
/** Changes the files in a folder; returns what it did. */
export type Damage = (folder: string, older: string | null, random: Random) => string;
export type Start = (folder: string) => Promise<OpenedLedger | RefusedLedger>;
export type Outcome = 'refused' | 'suspended' | 'shorter' | 'words lost' | 'no effect';
export type DamageReport = Record<Outcome, number>;

/** Turns one bit of the database or of its log. */
export const flipBit: Damage = (folder, _older, random) => {
  const name = anyFile(folder, random);
  const path = join(folder, name);
  const bytes = readFileSync(path);
  const at = random(bytes.length);
  const bit = random(8);
  bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
  writeFileSync(path, bytes);
  return `bit ${bit} of byte ${at} of ${name}`;
};

/** Cuts a file, zeroes sectors of it, or leaves a page as it was before: a write that got lost. */
export const tear: Damage = (folder, older, random) => {
  const name = anyFile(folder, random);
  const path = join(folder, name);
  const bytes = readFileSync(path);
  const kind = random(older !== null && name === 'ledger.db' ? 3 : 2);
  if (kind === 0) {
    const length = random(bytes.length);
    truncateSync(path, length);
    return `${name} cut at ${length} of ${bytes.length}`;
  }
  if (kind === 1) {
    const from = random(Math.ceil(bytes.length / SECTOR_BYTES)) * SECTOR_BYTES;
    const sectors = 1 + random(PAGE_BYTES / SECTOR_BYTES);
    const end = Math.min(bytes.length, from + sectors * SECTOR_BYTES);
    writeFileSync(path, bytes.fill(0, from, end));
    return `${sectors} sectors of ${name} zeroed from ${from}`;
  }
  const before = readFileSync(join(older ?? '', name));
  const page = random(Math.ceil(Math.min(before.length, bytes.length) / PAGE_BYTES));
  before.copy(bytes, page * PAGE_BYTES, page * PAGE_BYTES, (page + 1) * PAGE_BYTES);
  writeFileSync(path, bytes);
  return `page ${page} of ${name} as it was before`;
};

/**
 * Damages copies of a ledger `count` times and asks each for everything.
 *
 * @throws AssertionError naming the damage and what was served wrongly
 */
export async function runDamage(options: {
  count: number;
  random: Random;
  damage: Damage;
  /** The ledger of the nth copy; in this process by default. */
  startOf?: (number: number) => Start;
}): Promise<DamageReport> {
  const { count, random, damage, startOf = () => startLedgerHere } = options;
  const home = newFolder();
  const none = { refused: 0, suspended: 0, shorter: 0, 'words lost': 0, 'no effect': 0 };
  const report: DamageReport = { ...none };
  try {
    const images = await createImages(home.path);
    for (let number = 0; number < count; number++) {
      const image = images[number % images.length];
      assert.ok(image);
      const folder = join(home.path, 'damaged');
      copyLedger(image.path, folder);
      const what = damage(folder, image.older, random);
      const start = startOf(number);
      try {
        const outcome = await outcomeOf(await start(folder), image.truth);
        report[outcome]++;
        // What says that a restart reads it anew is whole after one, or refused by name.
        if (outcome === 'suspended') {
          const after = await outcomeOf(await start(folder), image.truth);
          assert.notEqual(after, 'suspended', 'a restart does not help');
        }
      } catch (cause) {
        const message = cause instanceof Error ? cause.message : String(cause);
        throw new Error(`${what} (copy ${number}): ${message}`, { cause });
      }
      rmSync(folder, { recursive: true, force: true });
    }
  } finally {
    home.remove();
  }
  return report;
}

function anyFile(folder: string, random: Random): string {
  const there = FILES.filter((name) => existsSync(join(folder, name)));
  const name = there[random(there.length)];
  assert.ok(name !== undefined);
  return readFileSync(join(folder, name)).length > 0 ? name : 'ledger.db';
}

function copyLedger(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const name of [...FILES, KEY_FILE]) {
    if (existsSync(join(from, name))) copyFileSync(join(from, name), join(to, name));
  }
}

/** One ledger that was closed, and one whose process died with a log that was not copied back. */
async function createImages(home: string): Promise<Image[]> {
  const folder = join(home, 'whole');
  mkdirSync(folder);
  const older = join(home, 'older');
  const closed = join(home, 'closed');
  const died = join(home, 'died');
  const truths: Truth[] = [];
  for (const [part, first] of [0, MARKETS / 3, (2 * MARKETS) / 3].entries()) {
    const own = await startLedgerHere(folder);
    assert.ok('client' in own);
    await play(own.client, first, first + MARKETS / 3);
    truths.push(await truthOf(own.client));
    if (part === 2) copyLedger(folder, died);
    await own.close();
    if (part < 2) copyLedger(folder, part === 0 ? older : closed);
  }
  const [, ofClosed, ofDied] = truths;
  assert.ok(ofClosed && ofDied && existsSync(join(died, 'ledger.db-wal')));
  return [
    { path: closed, truth: ofClosed, older },
    { path: died, truth: ofDied, older: null },
  ];
}

/** Markets with bets on both sides: one resolved, one left open, and so on. */
async function play(client: LedgerClient, first: number, end: number): Promise<void> {
  for (let number = 0; number < SUBJECTS; number++) {
    const subject = hexId(number);
    await client.bindSubject({ subject, publicKey: hexKey(1), isStaff: false, atUs: 1 });
  }
  for (let number = first; number < end; number++) {
    const marketId = `m${number}`;
    const rules = rulesAt(100 * S, { lockAtUs: 120 * S, title: `Question ${number}` });
    const reason = 'So it was';
    await client.openMarket({ ...act(marketId, `open-${number}`, 100 * S), rules, reason });
    for (let bet = 0; bet < BETS_A_MARKET; bet++) {
      await client.placeBet({
        ...{ betId: hexId(1000 * (number + 1) + bet), subject: hexId(bet % SUBJECTS), marketId },
        ...{ outcome: bet % 3 === 0 ? 0 : 1, amountMinor: 1 + bet, arrivedUs: (101 + bet) * S },
      });
    }
    if (number % 2 === 1) continue;
    const evidence = {
      ...{ id: 'e', captureUs: 110 * S, detectedUs: 111 * S, confidencePermille: 900 },
      type: 'goal' as const,
    };
    const resolved = { ...act(marketId, `resolve-${number}`, 130 * S), outcome: 0, reason };
    await client.resolveMarket({ ...resolved, evidence });
    const corrected = { ...act(marketId, `correct-${number}`, 140 * S), tCapUs: null, reason };
    if (number % 4 === 0) await client.correctMarket({ ...corrected, outcome: 1 });
  }
}

async function truthOf(client: LedgerClient): Promise<Truth> {
  return { rows: await rowsOf(client), served: await servedBy(client) };
}

async function rowsOf(client: LedgerClient): Promise<Row[]> {
  const rows: Row[] = [];
  for (;;) {
    const page = await client.rowsFrom(rows.length + 1, 500);
    rows.push(...page);
    if (page.length < 500) return rows;
  }
}

/** Everything that is told to anybody. */
async function servedBy(client: LedgerClient): Promise<unknown> {
  const subjects = Array.from({ length: SUBJECTS }, (_, number) => hexId(number));
  return {
    head: await client.head(),
    balances: await Promise.all(subjects.map((subject) => client.balance(subject))),
    markets: await client.markets(true, 100),
    histories: await Promise.all(subjects.map((subject) => client.history(subject, 500))),
  };
}

async function outcomeOf(started: OpenedLedger | RefusedLedger, truth: Truth): Promise<Outcome> {
  if ('refused' in started) {
    assert.match(started.refused, /[a-z]{3,}.*[a-z]{3,}/, 'a refusal says what is wrong');
    return 'refused';
  }
  try {
    return await judge(started.client, truth);
  } catch (cause) {
    if (!(cause instanceof LedgerRefusal)) throw cause;
    // The file is read no further: whoever asks is told so.
    assert.equal(cause.code, 'LEDGER_UNAVAILABLE');
    return 'refused';
  } finally {
    await started.close();
  }
}

async function judge(client: LedgerClient, truth: Truth): Promise<Outcome> {
  const head = await client.head();
  await assertBalances(client, truth.rows.slice(0, head.seq));
  const rows = await rowsOf(client);
  const isSame = rows.every((row, index) =>
    isDeepStrictEqual(plain(row), plain(truth.rows[index])),
  );
  if (head.seq < truth.rows.length && isSame) {
    const last = truth.rows[head.seq - 1];
    assert.equal(head.hash, Buffer.from(last?.hash ?? []).toString('hex'), 'a whole prefix');
    return 'shorter';
  }
  const served = isSame ? await servedBy(client) : null;
  if (isSame && isDeepStrictEqual(served, truth.served)) return 'no effect';
  if (isSame && isErased(served, truth.served)) return 'words lost';
  if (await isSuspended(client)) return 'suspended';
  assert.deepEqual(served, truth.served, 'what is served differs and nobody is told');
  throw new Error('rows differ and nobody is told');
}

/** Words beside the journal may be gone, and then say so; no other word stands in their place. */
function isErased(served: unknown, truth: unknown): boolean {
  if (isDeepStrictEqual(served, truth)) return true;
  if (served === null || served === '') return true;
  if (typeof served === 'string') return served === '(erased)' || /^Outcome \d+$/.test(served);
  if (typeof served !== 'object' || typeof truth !== 'object' || truth === null) return false;
  const one = Object.entries(served);
  const other = new Map(Object.entries(truth));
  return one.length === other.size && one.every(([key, value]) => isErased(value, other.get(key)));
}

function plain(row: Row | undefined) {
  return row && [row.seq, Buffer.from(row.body).toString(), Buffer.from(row.hash).toString('hex')];
}

/** What is served as balances is what the auditor counts in these rows as they were written. */
async function assertBalances(client: LedgerClient, rows: readonly Row[]): Promise<void> {
  const { findings, posted, reserved } = auditJournal(rows);
  assert.deepEqual(findings, []);
  for (let number = 0; number < SUBJECTS; number++) {
    const account = `user:${hexId(number)}`;
    const staked = reserved.get(account) ?? 0n;
    const { availableMinor, stakedMinor } = await client.balance(hexId(number));
    assert.deepEqual(
      [BigInt(availableMinor), BigInt(stakedMinor)],
      [(posted.get(account) ?? 0n) - staked, staked],
      `WRONG BALANCE of ${account}`,
    );
  }
}

/** Whether betting is suspended in the end, by a check that runs in the background. */
async function isSuspended(client: LedgerClient): Promise<boolean> {
  const endMs = performance.now() + NOTICE_MS;
  while (performance.now() < endMs) {
    const bet = { subject: hexId(0), marketId: 'm1', outcome: 0, amountMinor: 1 };
    const answer = await client
      .placeBet({ ...bet, betId: hexId(0xfff), arrivedUs: 500 * S })
      .catch((cause: LedgerRefusal) => cause.code);
    if (answer === 'BETTING_SUSPENDED' || answer === 'LEDGER_UNAVAILABLE') return true;
    await new Promise((done) => setTimeout(done, 100));
  }
  return false;
}

// Proves the witness with a real SQLite file: it takes exactly one past, checks every hash and the
// arithmetic by itself, changes nothing when it refuses, and knows everything again after a
// restart. Drops, duplicates and reordering are drawn from a printed seed.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { chainHash, FIRST_PREVIOUS_HASH } from '../../core/ledger/canonical.ts';
import { escrowAccount, HOUSE, type Row, rowBytes, userAccount } from '../../core/ledger/rows.ts';
import { openWitnessStore } from './store.ts';
import { createWitness, type WitnessAnswer, type WitnessBatch } from './witness.ts';

const LEDGER = 'ab'.repeat(16);
const CHANNEL = 'cd'.repeat(16);
const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

type Chained = { seq: number; body: Uint8Array; hash: Uint8Array };

function freshPath(): string {
  const folder = mkdtempSync(join(tmpdir(), 'witness-test-'));
  folders.push(folder);
  return join(folder, 'witness.sqlite');
}

/** A journal in the making: rows are chained as the ledger does it. */
class Journal {
  readonly rows: Chained[] = [];

  constructor(ledger = LEDGER) {
    this.add({ kind: 'ledger.opened', channel: CHANNEL, epoch: 1, ledger, version: 1 });
  }

  add(part: Record<string, unknown>): this {
    const seq = this.rows.length + 1;
    const row = { at: seq, id: `row-${seq}`, seq, ...part } as unknown as Row;
    const body = rowBytes(row);
    const previous = this.rows.at(-1)?.hash ?? FIRST_PREVIOUS_HASH;
    this.rows.push({ seq, body, hash: chainHash(previous, body) });
    return this;
  }

  grant(subject: string, amount: number): this {
    return this.add({ kind: 'grant', dr: HOUSE, cr: userAccount(subject), amount: `${amount}` });
  }

  bet(id: string, subject: string, amount: number): this {
    const cr = escrowAccount('m1');
    const dr = userAccount(subject);
    return this.add({ kind: 'bet', id, dr, cr, amount: `${amount}`, outcome: 0 });
  }

  decide(kind: 'post' | 'void', bet: string, subject: string, amount: number): this {
    const accounts = { dr: userAccount(subject), cr: escrowAccount('m1') };
    const why = kind === 'void' ? { why: 'REFUND' } : {};
    return this.add({ kind, pending: bet, ...accounts, amount: `${amount}`, ...why });
  }

  pay(bet: string, subject: string, amount: number): this {
    const accounts = { dr: escrowAccount('m1'), cr: userAccount(subject) };
    return this.add({ kind: 'payout', bet, ...accounts, amount: `${amount}` });
  }

  batch(fromSeq: number, toSeq: number, changes: Partial<WitnessBatch> = {}): WitnessBatch {
    const rows = this.rows.slice(fromSeq - 1, toSeq);
    return {
      ledgerId: LEDGER,
      epoch: 1,
      fromSeq,
      toSeq,
      prevHash: this.rows[fromSeq - 2]?.hash ?? FIRST_PREVIOUS_HASH,
      rows,
      hash: rows.at(-1)?.hash ?? FIRST_PREVIOUS_HASH,
      ...changes,
    };
  }
}

function codeOf(answer: WitnessAnswer): string {
  return answer.ok ? `ok ${answer.seq}` : answer.code;
}

function open(path = freshPath()) {
  return createWitness(openWitnessStore(path));
}

/** Granted 100 each; b1 won 40 + 10 of b2, who lost; b3 was given back. */
function settledJournal(): Journal {
  return new Journal()
    .grant('u1', 100)
    .grant('u2', 100)
    .bet('b1', 'u1', 40)
    .bet('b2', 'u2', 10)
    .bet('b3', 'u2', 90)
    .decide('void', 'b3', 'u2', 90)
    .decide('post', 'b1', 'u1', 40)
    .decide('post', 'b2', 'u2', 10)
    .pay('b1', 'u1', 50);
}

test('batches are applied in order and the balances follow; sums stay zero', () => {
  const witness = open();
  const journal = settledJournal();
  assert.equal(codeOf(witness.apply(CHANNEL, journal.batch(1, 4))), 'ok 4');
  assert.deepEqual(witness.totals(CHANNEL), { sumMinor: 0, heldMinor: 200, reservedMinor: 40 });
  assert.equal(codeOf(witness.apply(CHANNEL, journal.batch(5, 10))), 'ok 10');
  assert.deepEqual(witness.totals(CHANNEL), { sumMinor: 0, heldMinor: 200, reservedMinor: 0 });
  assert.deepEqual(witness.mark(CHANNEL)?.hash, journal.rows[9]?.hash);
  witness.close();
});

test('duplicates are acknowledged again, overlaps add only what is new', () => {
  const witness = open();
  const journal = settledJournal();
  witness.apply(CHANNEL, journal.batch(1, 6));
  const again = witness.apply(CHANNEL, journal.batch(2, 5));
  assert.deepEqual([again.ok, again.ok && again.isDuplicate], [true, true]);
  assert.equal(codeOf(again), 'ok 6');
  assert.equal(codeOf(witness.apply(CHANNEL, journal.batch(4, 8))), 'ok 8');
  assert.deepEqual(witness.counters, { rows: 8, batches: 3, duplicates: 1, refusals: 0 });
  witness.close();
});

test('each refusal has its code, names what is needed and changes nothing', () => {
  const witness = open();
  const journal = settledJournal();
  witness.apply(CHANNEL, journal.batch(1, 5));
  const other = new Journal().grant('u1', 100).grant('u2', 100).grant('u3', 7).grant('u4', 7);
  other.grant('u5', 1).grant('u6', 1);
  const broken = journal.batch(6, 7);
  const [first, second] = journal.rows.slice(5, 7) as [Chained, Chained];
  const flipped = Uint8Array.from(first.body, (byte, at) => (at === 30 ? byte ^ 1 : byte));
  const cases: [string, WitnessBatch][] = [
    ['GAP', journal.batch(7, 8)],
    ['FORK', other.batch(4, 5)],
    ['FORK', other.batch(6, 7)],
    ['FORK', other.batch(4, 7)],
    ['FORK', journal.batch(6, 7, { ledgerId: 'ef'.repeat(16) })],
    ['BAD_HASH', { ...broken, rows: [{ ...first, body: flipped }, second] }],
    ['BAD_HASH', { ...broken, hash: first.hash }],
    ['BAD_ROW', { ...broken, toSeq: 8 }],
    ['BAD_ROW', { ...broken, epoch: 0 }],
    ['BAD_ROW', { ...broken, rows: [], toSeq: 5 }],
    ['BAD_ROW', chained(journal, { kind: 'gift', amount: '5' })],
    ['BAD_ROW', chained(journal, { kind: 'grant', amount: '5', dr: HOUSE, cr: 'user:x', seq: 9 })],
    ['UNBALANCED', chained(journal, overdraft('u1', 61))],
    ['UNBALANCED', chained(journal, { ...overdraft('u1', 1), id: 'b1' })],
    ['UNBALANCED', chained(journal, decision('post', 'b9', 'u1', 5))],
    ['UNBALANCED', chained(journal, decision('post', 'b1', 'u1', 39))],
    ['UNBALANCED', chained(journal, decision('void', 'b1', 'u2', 40))],
    ['UNBALANCED', chained(journal, payment('b1', 'u1', 1))],
  ];
  const before = [witness.mark(CHANNEL), witness.totals(CHANNEL)];
  for (const [code, batch] of cases) {
    const answer = witness.apply(CHANNEL, batch);
    assert.equal(codeOf(answer), code);
    assert.equal(!answer.ok && answer.needSeq, 6);
    assert.deepEqual([witness.mark(CHANNEL), witness.totals(CHANNEL)], before, code);
  }
  assert.equal(witness.counters.refusals, cases.length);
  assert.equal(codeOf(witness.apply(CHANNEL, journal.batch(6, 10))), 'ok 10');
  witness.close();
});

test('a refused row undoes the good rows before it in its batch', () => {
  const witness = open();
  const journal = new Journal().grant('u1', 10).bet('b1', 'u1', 10).bet('b2', 'u1', 1);
  assert.equal(codeOf(witness.apply(CHANNEL, journal.batch(1, 4))), 'UNBALANCED');
  assert.equal(witness.mark(CHANNEL), null);
  assert.deepEqual(witness.totals(CHANNEL), { sumMinor: 0, heldMinor: 0, reservedMinor: 0 });
  witness.close();
});

test('a bet is paid once and decided once', () => {
  const journal = settledJournal().pay('b1', 'u1', 1);
  const witness = open();
  assert.equal(codeOf(witness.apply(CHANNEL, journal.batch(1, 11))), 'UNBALANCED');
  const twice = settledJournal().decide('void', 'b2', 'u2', 10);
  assert.equal(codeOf(witness.apply(CHANNEL, twice.batch(1, 11))), 'UNBALANCED');
  witness.close();
});

test('a higher epoch fences the older studio off', () => {
  const witness = open();
  const journal = settledJournal();
  witness.apply(CHANNEL, journal.batch(1, 3));
  assert.equal(codeOf(witness.apply(CHANNEL, journal.batch(4, 4, { epoch: 2 }))), 'ok 4');
  assert.equal(codeOf(witness.apply(CHANNEL, journal.batch(5, 5, { epoch: 1 }))), 'FENCED');
  assert.equal(codeOf(witness.apply(CHANNEL, journal.batch(5, 5, { epoch: 2 }))), 'ok 5');
  witness.close();
});

test('a restart knows the mark and the balances; channels do not mix', () => {
  const path = freshPath();
  const journal = settledJournal();
  const first = open(path);
  first.apply(CHANNEL, journal.batch(1, 5));
  first.close();
  const second = open(path);
  assert.equal(second.mark(CHANNEL)?.seq, 5);
  assert.equal(second.mark('00'.repeat(16)), null);
  assert.deepEqual(second.channels(), [CHANNEL]);
  assert.equal(codeOf(second.apply(CHANNEL, journal.batch(6, 10))), 'ok 10');
  assert.equal(codeOf(second.apply('00'.repeat(16), journal.batch(2, 3))), 'GAP');
  second.close();
});

test('through drops, duplicates, reordering and restarts the witness ends with the same hash', () => {
  const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
  console.log(`seed ${seed}`);
  let state = seed;
  const next = (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const journal = new Journal();
  for (let i = 0; i < 600; i++) {
    const subject = `u${i}`;
    journal.grant(subject, 50).bet(`b${i}`, subject, 1 + next(50));
  }
  const path = freshPath();
  let witness = open(path);
  const codes = new Set<string>();
  const total = journal.rows.length;
  for (let step = 0; (witness.mark(CHANNEL)?.seq ?? 0) < total; step++) {
    assert.ok(step < 20_000, `it must end; seed ${seed}`);
    const seq = witness.mark(CHANNEL)?.seq ?? 0;
    // Mostly what is due; at times from the past or the future, as late and lost messages come.
    const from = Math.min(
      total,
      Math.max(1, seq + 1 + ([0, 0, 0, -next(40), next(40)][next(5)] ?? 0)),
    );
    const answer = witness.apply(CHANNEL, journal.batch(from, Math.min(total, from + next(30))));
    codes.add(answer.ok ? 'ok' : answer.code);
    assert.ok(answer.ok || answer.code === 'GAP', `seed ${seed}`);
    if (next(40) === 0) {
      witness.close();
      witness = open(path);
    }
  }
  assert.deepEqual(codes, new Set(['ok', 'GAP']));
  assert.deepEqual(witness.mark(CHANNEL)?.hash, journal.rows.at(-1)?.hash);
  assert.equal(witness.totals(CHANNEL).sumMinor, 0);
  assert.equal(witness.totals(CHANNEL).heldMinor, 600 * 50);
  witness.close();
});

function overdraft(subject: string, amount: number) {
  const accounts = { dr: userAccount(subject), cr: escrowAccount('m1') };
  return { kind: 'bet', id: 'new', ...accounts, amount: `${amount}`, outcome: 0 };
}

function decision(kind: string, pending: string, subject: string, amount: number) {
  const accounts = { dr: userAccount(subject), cr: escrowAccount('m1') };
  const why = kind === 'void' ? { why: 'REFUND' } : {};
  return { kind, pending, ...accounts, amount: `${amount}`, ...why };
}

function payment(bet: string, subject: string, amount: number) {
  const accounts = { dr: escrowAccount('m1'), cr: userAccount(subject) };
  return { kind: 'payout', bet, ...accounts, amount: `${amount}` };
}

/** A batch of one row that follows row 5 of `journal` with a right hash. */
function chained(journal: Journal, part: Record<string, unknown>): WitnessBatch {
  const body = rowBytes({ at: 6, id: 'row-6', seq: 6, ...part } as unknown as Row);
  const hash = chainHash(journal.rows[4]?.hash ?? FIRST_PREVIOUS_HASH, body);
  return { ...journal.batch(6, 6), rows: [{ body, hash }], hash };
}

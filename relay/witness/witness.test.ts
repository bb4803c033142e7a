// Proves the witness over both of its stores, a real SQLite file and a real PostgreSQL: it takes
// exactly one past, checks every hash and the arithmetic by itself, changes nothing when it
// refuses, and knows everything again after a restart. Drops, duplicates and reordering are drawn
// from a printed seed.

import assert from 'node:assert/strict';
import { after, test as nodeTest } from 'node:test';
import { chainHash, FIRST_PREVIOUS_HASH } from '../../core/ledger/canonical.ts';
import { escrowAccount, HOUSE, type Row, rowBytes, userAccount } from '../../core/ledger/rows.ts';
import { type Chained, TestJournal as Journal } from '../testing/journal.ts';
import { bothStores, type TestStores } from '../testing/stores.ts';
import { createWitness, type Witness, type WitnessAnswer, type WitnessBatch } from './witness.ts';

const kinds = await bothStores();
after(async () => {
  for (const stores of kinds) if (!stores.skip) await stores.clear();
});

type Around = { stores: TestStores; open(place?: string): Promise<Witness>; CHANNEL: string };

/** One test over each kind of store. */
function test(name: string, run: (around: Around) => Promise<void>): void {
  for (const stores of kinds) {
    nodeTest(`${stores.name}: ${name}`, { skip: stores.skip }, async () => {
      const open = async (place = stores.place()) => createWitness(await stores.open(place));
      await run({ stores, open, CHANNEL: stores.channel() });
    });
  }
}

function codeOf(answer: WitnessAnswer | null): string {
  if (!answer) return 'dropped';
  return answer.ok ? `ok ${answer.seq}` : answer.code;
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

test('batches are applied in order and the balances follow; sums stay zero', async ({
  open,
  CHANNEL,
}) => {
  const witness = await open();
  const journal = settledJournal();
  assert.equal(codeOf(await witness.apply(CHANNEL, journal.batch(1, 4))), 'ok 4');
  assert.deepEqual(await witness.totals(CHANNEL), {
    sumMinor: 0,
    heldMinor: 200,
    reservedMinor: 40,
  });
  assert.equal(codeOf(await witness.apply(CHANNEL, journal.batch(5, 10))), 'ok 10');
  assert.deepEqual(await witness.totals(CHANNEL), {
    sumMinor: 0,
    heldMinor: 200,
    reservedMinor: 0,
  });
  assert.deepEqual((await witness.mark(CHANNEL))?.hash, journal.rows[9]?.hash);
  await witness.close();
});

test('duplicates are acknowledged again, overlaps add only what is new', async ({
  open,
  CHANNEL,
}) => {
  const witness = await open();
  const journal = settledJournal();
  await witness.apply(CHANNEL, journal.batch(1, 6));
  const again = await witness.apply(CHANNEL, journal.batch(2, 5));
  assert.deepEqual(again?.ok && again.isDuplicate, true);
  assert.equal(codeOf(again), 'ok 6');
  assert.equal(codeOf(await witness.apply(CHANNEL, journal.batch(4, 8))), 'ok 8');
  assert.deepEqual(witness.counters, {
    rows: 8,
    batches: 3,
    duplicates: 1,
    refusals: 0,
    dropped: 0,
  });
  await witness.close();
});

test('each refusal has its code, names what is needed and changes nothing', async ({
  open,
  CHANNEL,
}) => {
  const witness = await open();
  const journal = settledJournal();
  await witness.apply(CHANNEL, journal.batch(1, 5));
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
  const before = [await witness.mark(CHANNEL), await witness.totals(CHANNEL)];
  for (const [code, batch] of cases) {
    const answer = await witness.apply(CHANNEL, batch);
    assert.equal(codeOf(answer), code);
    assert.equal(answer && !answer.ok && answer.needSeq, 6);
    assert.deepEqual([await witness.mark(CHANNEL), await witness.totals(CHANNEL)], before, code);
  }
  assert.equal(witness.counters.refusals, cases.length);
  assert.equal(codeOf(await witness.apply(CHANNEL, journal.batch(6, 10))), 'ok 10');
  await witness.close();
});

test('a refused row undoes the good rows before it in its batch', async ({ open, CHANNEL }) => {
  const witness = await open();
  const journal = new Journal().grant('u1', 10).bet('b1', 'u1', 10).bet('b2', 'u1', 1);
  assert.equal(codeOf(await witness.apply(CHANNEL, journal.batch(1, 4))), 'UNBALANCED');
  assert.equal(await witness.mark(CHANNEL), null);
  assert.deepEqual(await witness.totals(CHANNEL), { sumMinor: 0, heldMinor: 0, reservedMinor: 0 });
  await witness.close();
});

test('a bet is paid once and decided once', async ({ open, CHANNEL }) => {
  const journal = settledJournal().pay('b1', 'u1', 1);
  const witness = await open();
  assert.equal(codeOf(await witness.apply(CHANNEL, journal.batch(1, 11))), 'UNBALANCED');
  const twice = settledJournal().decide('void', 'b2', 'u2', 10);
  assert.equal(codeOf(await witness.apply(CHANNEL, twice.batch(1, 11))), 'UNBALANCED');
  await witness.close();
});

test('a higher epoch fences the older studio off', async ({ open, CHANNEL }) => {
  const witness = await open();
  const journal = settledJournal();
  await witness.apply(CHANNEL, journal.batch(1, 3));
  assert.equal(codeOf(await witness.apply(CHANNEL, journal.batch(4, 4, { epoch: 2 }))), 'ok 4');
  assert.equal(codeOf(await witness.apply(CHANNEL, journal.batch(5, 5, { epoch: 1 }))), 'FENCED');
  assert.equal(codeOf(await witness.apply(CHANNEL, journal.batch(5, 5, { epoch: 2 }))), 'ok 5');
  await witness.close();
});

test('a restart knows the mark and the balances; channels do not mix', async ({
  stores,
  open,
  CHANNEL,
}) => {
  const path = stores.place();
  const journal = settledJournal();
  const first = await open(path);
  await first.apply(CHANNEL, journal.batch(1, 5));
  await first.close();
  const second = await open(path);
  assert.equal((await second.mark(CHANNEL))?.seq, 5);
  const other = stores.channel();
  assert.equal(await second.mark(other), null);
  assert.deepEqual([second.isKnown(CHANNEL), second.isKnown(other)], [true, false]);
  assert.equal(codeOf(await second.apply(CHANNEL, journal.batch(6, 10))), 'ok 10');
  assert.equal(codeOf(await second.apply(other, journal.batch(2, 3))), 'GAP');
  await second.close();
});

test('through drops, duplicates, reordering and restarts the witness ends with the same hash', async ({
  stores,
  open,
  CHANNEL,
}) => {
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
  const path = stores.place();
  let witness = await open(path);
  const codes = new Set<string>();
  const total = journal.rows.length;
  for (let step = 0; ((await witness.mark(CHANNEL))?.seq ?? 0) < total; step++) {
    assert.ok(step < 20_000, `it must end; seed ${seed}`);
    const seq = (await witness.mark(CHANNEL))?.seq ?? 0;
    // Mostly what is due; at times from the past or the future, as late and lost messages come.
    const from = Math.min(
      total,
      Math.max(1, seq + 1 + ([0, 0, 0, -next(40), next(40)][next(5)] ?? 0)),
    );
    const answer = await witness.apply(
      CHANNEL,
      journal.batch(from, Math.min(total, from + next(30))),
    );
    codes.add(answer?.ok ? 'ok' : codeOf(answer));
    if (next(40) === 0) {
      await witness.close();
      witness = await open(path);
    }
  }
  assert.deepEqual(codes, new Set(['ok', 'GAP']));
  assert.deepEqual((await witness.mark(CHANNEL))?.hash, journal.rows.at(-1)?.hash);
  assert.equal((await witness.totals(CHANNEL)).sumMinor, 0);
  assert.equal((await witness.totals(CHANNEL)).heldMinor, 600 * 50);
  await witness.close();
});

test('of two relays on one store neither overwrites the other, and both go on', async (around) => {
  const { stores, CHANNEL } = around;
  const place = stores.place();
  const [left, right] = [await around.open(place), await around.open(place)];
  const journal = settledJournal();
  await left.apply(CHANNEL, journal.batch(1, 3));
  assert.equal(codeOf(await right.apply(CHANNEL, journal.batch(4, 5))), 'ok 5');
  // What this one saw last is row 3: a known row is not new to it, and a late one is no gap.
  assert.equal(codeOf(await left.apply(CHANNEL, journal.batch(4, 5))), 'ok 5');
  await right.apply(CHANNEL, journal.batch(6, 8));
  assert.equal(codeOf(await left.apply(CHANNEL, journal.batch(9, 10))), 'ok 10');
  const answers = await Promise.all([
    left.apply(CHANNEL, journal.batch(9, 10)),
    right.apply(CHANNEL, journal.batch(9, 10)),
  ]);
  assert.deepEqual(answers.map(codeOf), ['ok 10', 'ok 10']);
  assert.deepEqual(await right.totals(CHANNEL), { sumMinor: 0, heldMinor: 200, reservedMinor: 0 });
  await left.close();
  await right.close();
});

test('a change worked out from another mark changes nothing', async ({ stores, open, CHANNEL }) => {
  const place = stores.place();
  const witness = await open(place);
  const journal = settledJournal();
  await witness.apply(CHANNEL, journal.batch(1, 3));
  const store = await stores.open(place);
  const from = await store.mark(CHANNEL);
  assert.ok(from);
  const accounts = new Map([['user:u1', { postedMinor: 999, reservedMinor: 0 }]]);
  const rows = journal.rows.slice(3, 4).map((row) => ({ ...row, about: [] }));
  const to = { ...from, seq: 4, hash: journal.rows[3]?.hash ?? from.hash };
  const stale = { ...from, seq: 2 };
  assert.equal(
    await store.append(CHANNEL, { from: stale, to, rows, accounts, bets: new Map() }),
    false,
  );
  assert.equal(
    await store.append(CHANNEL, { from: null, to, rows, accounts, bets: new Map() }),
    false,
  );
  assert.deepEqual(await store.mark(CHANNEL), from);
  assert.equal((await store.totals(CHANNEL)).heldMinor, 200);
  assert.deepEqual(await store.rowsFrom(CHANNEL, 2, 9), journal.rows.slice(1, 3));
  await store.close();
  await witness.close();
});

test('more batches than may wait are dropped, counted and told as nothing', async (around) => {
  const { CHANNEL } = around;
  const witness = await around.open();
  const journal = settledJournal();
  const batches = Array.from({ length: 12 }, () => witness.apply(CHANNEL, journal.batch(1, 2)));
  const answers = (await Promise.all(batches)).map(codeOf);
  assert.equal(answers.filter((answer) => answer === 'ok 2').length, 8);
  assert.equal(witness.counters.dropped, 4);
  assert.equal(codeOf(await witness.apply(CHANNEL, journal.batch(3, 4))), 'ok 4');
  await witness.close();
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

// Proves the ledger's answers end to end, over a real link and a real SQLite file: every refusal
// code, idempotency, the media-clock rule (TV1, TV2), settlement, refunds, and that the independent
// auditor finds nothing wrong with what was written.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ManualTime } from '../../core/base/clock.ts';
import { auditJournal } from '../../core/ledger/auditor.ts';
import { type LedgerCode, LedgerRefusal } from '../../core/ledger/refusal.ts';
import { createLedgerClient } from './client.ts';
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
const MS = 1_000;
const ANN = hexId(0xa);
const BOB = hexId(0xb);
const CAT = hexId(0xc);
const MOD = hexId(0xd);

const folder = newFolder();
let own: TestLedger;
let betNumber = 0x1000;

before(async () => {
  own = await startLedger(folder.path);
  for (const subject of [ANN, BOB, CAT]) {
    await own.client.bindSubject({ subject, publicKey: hexKey(1), isStaff: false, atUs: 5 });
  }
  await own.client.bindSubject({ subject: MOD, publicKey: hexKey(2), isStaff: true, atUs: 5 });
});

after(() => {
  const report = auditJournal(own.store.allRows.iterate());
  own.close();
  folder.remove();
  assert.deepEqual(report.findings, []);
  assert.equal(report.sum, 0n);
  assert.ok(report.rows > 40);
});

async function refused(promise: Promise<unknown>, code: LedgerCode): Promise<string> {
  const seq = own.ledger.headSeq;
  let message = '';
  await assert.rejects(promise, (error) => {
    assert.ok(error instanceof LedgerRefusal);
    assert.equal(error.code, code);
    message = error.message;
    return true;
  });
  assert.equal(own.ledger.headSeq, seq, `${code} writes nothing`);
  assert.match(message, /\S+ \S+/);
  return message;
}

async function open(marketId: string, opensAtUs = 100 * S, guardMs = 500): Promise<void> {
  const rules = rulesAt(opensAtUs, {
    lockAtUs: opensAtUs + 20 * S,
    horizonAtUs: opensAtUs + 40 * S,
    guardMs,
  });
  const command = { ...act(marketId, `open-${marketId}`, opensAtUs), rules, reason: '' };
  const { market } = await own.client.openMarket(command);
  assert.equal(market.state, 'OPEN');
}

function bet(subject: string, marketId: string, outcome: number, amountMinor: number, at: number) {
  const betId = hexId(betNumber++);
  return own.client.placeBet({ betId, subject, marketId, outcome, amountMinor, arrivedUs: at });
}

function evidence(captureUs: number) {
  return {
    id: 'event-1',
    type: 'goal' as const,
    captureUs,
    detectedUs: captureUs + 240 * MS,
    confidencePermille: 900,
  };
}

test('a new subject gets its points once; another key for it is refused', async () => {
  assert.deepEqual(await own.client.balance(ANN), { availableMinor: 1000, stakedMinor: 0 });
  const again = { subject: ANN, publicKey: hexKey(1), isStaff: false, atUs: 9 };
  const bound = await own.client.bindSubject(again);
  assert.equal(bound.isNew, false);
  assert.equal(bound.balance.availableMinor, 1000);
  await refused(own.client.bindSubject({ ...again, publicKey: hexKey(7) }), 'SUBJECT_BOUND');
  assert.deepEqual(await own.client.balance(MOD), { availableMinor: 0, stakedMinor: 0 });
  assert.deepEqual(await own.client.balance(hexId(0xfff)), { availableMinor: 0, stakedMinor: 0 });
});

test('bad bets are refused by code and nothing moves', async () => {
  await open('bad');
  const at = 101 * S;
  await refused(bet(ANN, 'none', 0, 5, at), 'UNKNOWN_MARKET');
  await refused(bet(hexId(0xeee), 'bad', 0, 5, at), 'UNKNOWN_SUBJECT');
  await refused(bet(MOD, 'bad', 0, 5, at), 'STAFF_MAY_NOT_BET');
  for (const outcome of [-1, 2, 0.5, 1e300]) {
    await refused(bet(ANN, 'bad', outcome, 5, at), 'BAD_OUTCOME');
  }
  for (const amount of [0, -5, 1.5, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY]) {
    await refused(bet(ANN, 'bad', 0, amount, at), 'BAD_AMOUNT');
  }
  await refused(bet(ANN, 'bad', 0, '5' as unknown as number, at), 'BAD_AMOUNT');
  await refused(bet('ann', 'bad', 0, 5, at), 'BAD_REQUEST');
  const sentence = await refused(bet(ANN, 'bad', 0, 1001, at), 'INSUFFICIENT_BALANCE');
  assert.match(sentence, /1000 .*1001/);
  await refused(bet(ANN, 'bad', 0, 5, 120 * S), 'MARKET_LOCKED');
  await own.client.suspendBetting('The disk is slow.');
  assert.equal(await refused(bet(ANN, 'bad', 0, 5, at), 'BETTING_SUSPENDED'), 'The disk is slow.');
  await own.client.suspendBetting('');
  await own.client.voidMarket({ ...act('bad', 'void-bad', at), reason: 'Test' });
  await refused(bet(ANN, 'bad', 0, 5, at), 'MARKET_NOT_OPEN');
});

test('the same bet id and content gives the same receipt, other content is refused', async () => {
  await open('same');
  const args = {
    betId: hexId(0x77),
    subject: ANN,
    marketId: 'same',
    outcome: 0,
    amountMinor: 50,
    arrivedUs: 101 * S,
  };
  const others = await Promise.all([own.connect(), own.connect(), own.connect()]);
  const answers = await Promise.all(
    Array.from({ length: 100 }, (_, index) => (others[index % 3] ?? own.client).placeBet(args)),
  );
  const [first] = answers;
  assert.ok(first);
  for (const answer of answers) assert.deepEqual(answer.receipt, first.receipt);
  assert.equal(answers.filter((answer) => !answer.isKnown).length, 1);
  assert.deepEqual(await own.client.balance(ANN), { availableMinor: 950, stakedMinor: 50 });
  const later = await own.client.placeBet({ ...args, arrivedUs: 119 * S });
  assert.equal(later.receipt.atUs, 101 * S);
  await refused(own.client.placeBet({ ...args, amountMinor: 51 }), 'ID_REUSED');
  await refused(own.client.placeBet({ ...args, outcome: 1 }), 'ID_REUSED');
  await refused(own.client.placeBet({ ...args, subject: BOB }), 'ID_REUSED');
  const [row] = await own.client.rowsFrom(first.receipt.seq, 1);
  assert.equal(Buffer.from(row?.hash ?? []).toString('hex'), first.receipt.hash);
  await own.client.voidMarket({ ...act('same', 'void-same', 102 * S), reason: 'Test' });
  assert.deepEqual(await own.client.balance(ANN), { availableMinor: 1000, stakedMinor: 0 });
  const retry = await own.client.placeBet(args);
  assert.deepEqual(retry.receipt, first.receipt);
  for (const client of others) client.close();
});

test('TV1: bets from the cut-off on are refunded, the earlier ones decide the market', async () => {
  await open('tv1');
  await bet(ANN, 'tv1', 0, 100, 111_200 * MS);
  await bet(BOB, 'tv1', 1, 200, 111_899 * MS);
  await bet(CAT, 'tv1', 0, 300, 111_900 * MS);
  await bet(ANN, 'tv1', 0, 400, 112_500 * MS);
  const resolved = await own.client.resolveMarket({
    ...act('tv1', 'resolve-tv1', 112_645 * MS, 'vision'),
    outcome: 0,
    reason: 'Goal on the left.',
    evidence: evidence(112_400 * MS),
  });
  await refused(bet(BOB, 'tv1', 0, 5, 112_700 * MS), 'MARKET_NOT_OPEN');
  const { market } = resolved;
  assert.equal(market.state, 'RESOLVED');
  assert.equal(market.cutoffUs, 111_900 * MS);
  assert.equal(market.voidedBets, 2);
  assert.equal(market.paidMinor, 300);
  assert.deepEqual(
    market.outcomes.map((outcome) => [outcome.label, outcome.poolMinor, outcome.bettors]),
    [
      ['Yes', 100, 1],
      ['No', 200, 1],
    ],
  );
  assert.deepEqual(await own.client.balance(ANN), { availableMinor: 1200, stakedMinor: 0 });
  assert.deepEqual(await own.client.balance(BOB), { availableMinor: 800, stakedMinor: 0 });
  assert.deepEqual(await own.client.balance(CAT), { availableMinor: 1000, stakedMinor: 0 });
  const entries = await own.client.betsOf('tv1', 0, 10);
  assert.deepEqual(
    entries.map((entry) => [entry.result, entry.paidMinor]),
    [
      ['WON', 300],
      ['LOST', 0],
      ['REFUNDED', 300],
      ['REFUNDED', 400],
    ],
  );
  assert.equal(entries[0]?.reason, 'Goal on the left.');
  const [newest] = await own.client.history(ANN, 1);
  assert.equal(newest?.amountMinor, 400);
  assert.match(newest?.reason ?? '', /after the picture/);
});

test('TV2: without a guard the capture time is the cut-off; lock refuses later bets', async () => {
  await open('tv2', 100 * S, 0);
  await bet(ANN, 'tv2', 0, 10, 112_399 * MS);
  await bet(BOB, 'tv2', 1, 10, 112_400 * MS);
  const lock = { ...act('tv2', 'lock-tv2', 112_600 * MS), tCapUs: 112_400 * MS, reason: 'Goal' };
  const { market } = await own.client.lockMarket(lock);
  assert.equal(market.state, 'LOCKED');
  assert.equal(market.voidedBets, 1);
  await refused(bet(CAT, 'tv2', 0, 5, 112_700 * MS), 'MARKET_LOCKED');
  const known = await own.client.lockMarket({ ...lock, atUs: 113 * S });
  assert.equal(known.isKnown, true);
  await refused(own.client.lockMarket({ ...lock, tCapUs: null }), 'ID_REUSED');
  // The one who is left bet alone: everything goes back.
  const resolved = await own.client.resolveMarket({
    ...act('tv2', 'resolve-tv2', 114 * S),
    outcome: 0,
    reason: 'Goal',
    evidence: null,
  });
  assert.equal(resolved.market.paidMinor, 0);
  const entries = await own.client.betsOf('tv2', 0, 10);
  assert.match(entries[0]?.reason ?? '', /Nobody else/);
  assert.equal(entries[0]?.result, 'REFUNDED');
});

test('PV1 through the ledger: the rake comes from the losers and reaches the house', async () => {
  const opensAtUs = 100 * S;
  const rules = rulesAt(opensAtUs, { lockAtUs: 120 * S, rakeBasisPoints: 500 });
  await own.client.openMarket({ ...act('pv1', 'open-pv1', opensAtUs), rules, reason: '' });
  const stakes = [
    [100, 0],
    [200, 0],
    [37, 0],
    [500, 1],
    [163, 1],
  ] as const;
  for (const [index, [amount, outcome]] of stakes.entries()) {
    const subject = hexId(0x7001 + index);
    await own.client.bindSubject({ subject, publicKey: hexKey(4), isStaff: false, atUs: 5 });
    await bet(subject, 'pv1', outcome, amount, 101 * S);
  }
  const decision = { outcome: 0, reason: 'Goal', evidence: null };
  await own.client.resolveMarket({ ...act('pv1', 'resolve-pv1', 130 * S), ...decision });
  const entries = await own.client.betsOf('pv1', 0, 10);
  assert.deepEqual(
    entries.map((entry) => entry.paidMinor),
    [287, 574, 106, 0, 0],
  );
  assert.equal(auditJournal(own.store.allRows.iterate()).posted.get('house:rake'), 33n);
});

test('a market that nobody won gives every stake back', async () => {
  await open('none-won');
  const before = await own.client.balance(ANN);
  await bet(ANN, 'none-won', 1, 10, 101 * S);
  await bet(BOB, 'none-won', 1, 10, 101 * S);
  const { market } = await own.client.resolveMarket({
    ...act('none-won', 'resolve-none', 130 * S),
    outcome: 0,
    reason: 'Goal',
    evidence: null,
  });
  assert.equal(market.winner, 0);
  assert.deepEqual(await own.client.balance(ANN), before);
  const [entry] = await own.client.betsOf('none-won', 0, 1);
  assert.match(entry?.reason ?? '', /Nobody had bet on the winning/);
});

test('verbs in the wrong state or by the wrong role are refused', async () => {
  await open('verbs');
  const at = 101 * S;
  const resolve = { outcome: 0, reason: '', evidence: null };
  const rules = rulesAt(100 * S, { lockAtUs: 120 * S });
  await refused(
    own.client.openMarket({ ...act('verbs', 'x1', at), rules, reason: '' }),
    'MARKET_EXISTS',
  );
  await refused(
    own.client.openMarket({ ...act('new', 'x2', at, 'viewer'), rules, reason: '' }),
    'NOT_ALLOWED',
  );
  await refused(
    own.client.openMarket({
      ...act('new', 'x3', at),
      rules: { ...rules, lockAtUs: rules.horizonAtUs },
      reason: '',
    }),
    'BAD_RULES',
  );
  await refused(
    own.client.voidMarket({ ...act('verbs', 'x4', at, 'viewer'), reason: 'no' }),
    'NOT_ALLOWED',
  );
  await refused(
    own.client.resolveMarket({ ...act('verbs', 'x5', at), ...resolve, outcome: 2 }),
    'BAD_OUTCOME',
  );
  await refused(
    own.client.lockMarket({ ...act('none', 'x6', at), tCapUs: null, reason: '' }),
    'UNKNOWN_MARKET',
  );
  await own.client.resolveMarket({ ...act('verbs', 'x7', at), ...resolve });
  await refused(
    own.client.resolveMarket({ ...act('verbs', 'x8', at), ...resolve, outcome: 1 }),
    'MARKET_ENDED',
  );
  await refused(own.client.voidMarket({ ...act('verbs', 'x9', at), reason: 'no' }), 'MARKET_ENDED');
});

test('200 bets of 1 at once on a balance of 100: exactly 100 are taken', async () => {
  const poor = hexId(0x9001);
  await own.client.bindSubject({ subject: poor, publicKey: hexKey(3), isStaff: false, atUs: 5 });
  await open('poor');
  await bet(poor, 'poor', 0, 900, 101 * S);
  const answers = await Promise.allSettled(
    Array.from({ length: 200 }, () => bet(poor, 'poor', 1, 1, 102 * S)),
  );
  assert.equal(answers.filter((answer) => answer.status === 'fulfilled').length, 100);
  assert.deepEqual(await own.client.balance(poor), { availableMinor: 0, stakedMinor: 1000 });
  const { groups, requests } = own.server.counters;
  assert.ok(groups < requests / 2, `${requests} requests were gathered into ${groups} commits`);
});

test('subscribers get every row once, in order, from where they ask', async () => {
  const head = await own.client.head();
  const seen: number[] = [];
  const all = new Promise<void>((resolve) => {
    own.client.onRows(3, (row) => {
      seen.push(row.seq);
      if (row.seq === head.seq + 1) resolve();
    });
  });
  await open('rows');
  await all;
  assert.deepEqual(
    seen,
    Array.from({ length: head.seq - 1 }, (_, index) => index + 3),
  );
});

test('a closed link refuses what waits; a fresh one goes on with rows and suspension', async () => {
  const link = await own.freshLink();
  const client = createLedgerClient(link);
  const head = await own.client.head();
  const seen: number[] = [];
  let arrived = () => {};
  client.onRows(head.seq + 1, (row) => {
    seen.push(row.seq);
    arrived();
  });
  await client.head();
  const waiting = client.head();
  link.close();
  await assert.rejects(waiting, { code: 'LEDGER_UNAVAILABLE' });
  await assert.rejects(client.head(), { code: 'LEDGER_UNAVAILABLE' });
  assert.equal(client.isConnected(), false);
  await assert.rejects(client.suspendBetting('Try later.'), { code: 'LEDGER_UNAVAILABLE' });
  await open('while-away');
  const fresh = await own.freshLink();
  const row = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  client.attach(fresh);
  await row;
  assert.deepEqual(seen, [head.seq + 1]);
  assert.equal(
    await refused(bet(ANN, 'while-away', 0, 1, 101 * S), 'BETTING_SUSPENDED'),
    'Try later.',
  );
  await client.suspendBetting('');
  client.close();
});

test('a patient client asks a restarted ledger again, once, and gives up in the end', async () => {
  const time = new ManualTime();
  const link = await own.freshLink();
  const client = createLedgerClient(link, { timers: time, awayMsMax: 5_000 });
  await open('patient');
  const before = (await own.client.balance(ANN)).availableMinor;
  const gone = new Promise<void>((resolve) => client.onDisconnected(resolve));
  // Sent to a link that closes, and asked while there is none: neither is lost nor booked twice.
  const common = { subject: ANN, marketId: 'patient', arrivedUs: 101 * S };
  const one = { ...common, betId: hexId(betNumber++), outcome: 0, amountMinor: 3 };
  const other = { ...common, betId: hexId(betNumber++), outcome: 1, amountMinor: 4 };
  const sent = client.placeBet(one);
  link.close();
  await gone;
  const asked = client.placeBet(other);
  time.advance(4_999);
  client.attach(await own.freshLink());
  const receipts = [(await sent).receipt, (await asked).receipt];
  assert.deepEqual(
    receipts.map((receipt) => receipt.amountMinor),
    [3, 4],
  );
  assert.equal((await own.client.balance(ANN)).availableMinor, before - 7);
  const lost = new Promise<void>((resolve) => client.onDisconnected(resolve));
  const last = await own.freshLink();
  client.attach(last);
  await lost;
  last.close();
  const waiting = client.head();
  time.advance(5_000);
  await assert.rejects(waiting, { code: 'LEDGER_UNAVAILABLE' });
  await assert.rejects(client.head(), { code: 'LEDGER_UNAVAILABLE' });
  client.close();
});

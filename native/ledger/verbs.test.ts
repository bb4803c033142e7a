// Proves withdraw, extend and correct (TV3, a winner who has spent it, a market made void), and that
// the auditor, which shares no code with the ledger, agrees after each: every test ends with it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LedgerCode } from '../../core/ledger/refusal.ts';
import { act, findingsWhenBent, hexId, rulesAt, startBareLedger } from './testLedger.ts';

const S = 1_000_000;
const MS = 1_000;
const ANN = hexId(0xa);
const BOB = hexId(0xb);
const CAT = hexId(0xc);
const CALM = { outcome: 0, reason: 'Goal', evidence: null };

function begin(guardMs = 500) {
  const own = startBareLedger([ANN, BOB, CAT]);
  const rules = rulesAt(100 * S, { lockAtUs: 120 * S, horizonAtUs: 140 * S, guardMs });
  own.ask('openMarket', { ...act('m', 'open', 100 * S), rules, reason: '' });
  let number = 1;
  const bet = (subject: string, outcome: number, amountMinor: number, arrivedUs: number) => {
    const betId = hexId(number++);
    own.ask('placeBet', { betId, subject, marketId: 'm', outcome, amountMinor, arrivedUs });
    return betId;
  };
  const resolve = (outcome: number, tCapUs: number | null, atUs = 112_645 * MS) =>
    own.ask('resolveMarket', {
      ...act('m', `resolve-${number++}`, atUs),
      outcome,
      reason: 'Goal',
      evidence: tCapUs === null ? null : evidence(tCapUs),
    });
  const correct = (outcome: number | null, tCapUs: number | null, atUs = 200 * S) => ({
    ...act('m', `correct-${number++}`, atUs),
    outcome,
    tCapUs,
    reason: 'It was another.',
  });
  const refused = (name: Parameters<typeof own.ask>[0], args: object, code: LedgerCode) => {
    const seq = own.ledger.headSeq;
    assert.throws(() => own.ask(name, args), { code });
    assert.equal(own.ledger.headSeq, seq, `${code} writes nothing`);
  };
  return { ...own, bet, resolve, correct, refused };
}

function evidence(captureUs: number) {
  return { id: 'e', type: 'goal', captureUs, detectedUs: captureUs, confidencePermille: 900 };
}

test('a bet withdrawn in time comes back at the end; asked for too late it stands', () => {
  const own = begin();
  own.bet(ANN, 0, 100, 101 * S);
  const early = own.bet(BOB, 1, 200, 102 * S);
  const late = own.bet(CAT, 1, 300, 103 * S);
  own.ask('withdrawBet', { betId: early, subject: BOB, arrivedUs: 111_899 * MS });
  const asked = { betId: late, subject: CAT, arrivedUs: 111_900 * MS };
  assert.equal(own.ask('withdrawBet', asked).isKnown, false);
  assert.equal(own.ask('withdrawBet', asked).isKnown, true);
  assert.deepEqual(own.pools('m'), [100, 0]);
  // Two-phase: nothing is free before the market has ended.
  assert.deepEqual(own.balances(BOB, CAT), [800, 700]);
  own.resolve(0, 112_400 * MS);
  assert.deepEqual(own.pools('m'), [100, 300]);
  assert.deepEqual(own.balances(ANN, BOB, CAT), [1300, 1000, 700]);
  const { entries } = own.ask('history', { subject: BOB, limit: 1 });
  assert.match(entries[0]?.reason ?? '', /took this bet back/);
  assert.equal(own.ask('withdrawBet', asked).isKnown, true);
  own.end();
});

test('withdrawals of others, of nothing, after the lock or while suspended are refused', () => {
  const own = begin();
  const betId = own.bet(ANN, 0, 100, 101 * S);
  const own1 = { betId, subject: ANN, arrivedUs: 102 * S };
  own.refused('withdrawBet', { ...own1, subject: BOB }, 'UNKNOWN_BET');
  own.refused('withdrawBet', { ...own1, betId: hexId(0x99) }, 'UNKNOWN_BET');
  own.refused('withdrawBet', { ...own1, arrivedUs: 120 * S }, 'MARKET_LOCKED');
  own.refused('sellBet', { ...own1, saleId: hexId(0x77), milliShares: 5 }, 'NOT_OFFERED');
  own.ask('suspendBetting', { reason: 'Wait.' });
  own.refused('withdrawBet', own1, 'BETTING_SUSPENDED');
  own.ask('suspendBetting', { reason: '' });
  own.ask('lockMarket', { ...act('m', 'lock', 119 * S), tCapUs: null, reason: '' });
  own.refused('withdrawBet', own1, 'MARKET_LOCKED');
  own.ask('voidMarket', { ...act('m', 'void', 121 * S), reason: 'Enough' });
  own.refused('withdrawBet', own1, 'MARKET_NOT_OPEN');
  own.end();
});

test('one market may be suspended: its bets wait, others and its end do not', () => {
  const own = begin();
  const betId = own.bet(ANN, 0, 100, 101 * S);
  const rules = rulesAt(100 * S, { lockAtUs: 120 * S, horizonAtUs: 140 * S });
  own.ask('openMarket', { ...act('n', 'open-n', 100 * S), rules, reason: '' });
  own.ask('suspendBetting', { marketId: 'm', reason: 'The picture stands.' });
  own.refused('placeBet', bet9(BOB, 102 * S), 'BETTING_SUSPENDED');
  own.refused('withdrawBet', { betId, subject: ANN, arrivedUs: 102 * S }, 'BETTING_SUSPENDED');
  own.ask('placeBet', { ...bet9(BOB, 102 * S), betId: hexId(0x998), marketId: 'n' });
  own.ask('suspendBetting', { marketId: 'm', reason: '' });
  own.ask('placeBet', bet9(BOB, 103 * S));
  own.ask('suspendBetting', { marketId: 'm', reason: 'Again.' });
  own.ask('lockMarket', { ...act('m', 'lock', 119 * S), tCapUs: null, reason: '' });
  own.resolve(0, null, 121 * S);
  assert.deepEqual(own.balances(ANN, BOB), [900 + 109 - 9, 1000 - 9]);
  own.end();
});

test('who suspends betting by hand stands in the journal, once, with the reason', () => {
  const own = begin();
  const { marketId, ...who } = act('m', 'suspend', 101 * S);
  const note = { ...who, isSuspended: true, reason: 'The picture stands.' };
  own.refused('noteSuspension', { ...note, role: 'viewer' }, 'NOT_ALLOWED');
  own.refused('noteSuspension', { ...note, marketId: 'none' }, 'UNKNOWN_MARKET');
  own.ask('noteSuspension', note);
  own.ask('noteSuspension', note);
  const resumed = { ...note, commandId: 'resume', marketId, isSuspended: false, reason: '' };
  own.ask('noteSuspension', resumed);
  const rows = own.ledger.journal.rowsFrom(1, 500).map(({ body }) => JSON.parse(`${body}`));
  const acts = rows.filter(({ kind }) => kind === 'act');
  assert.deepEqual(
    acts.map(({ act: what, target, actor, role }) => [what, target, actor, role]),
    [
      ['betting.suspended', '', who.actor, who.role],
      ['betting.resumed', 'm', who.actor, who.role],
    ],
  );
  assert.equal(own.ledger.journal.textOf(acts[0].reason), 'The picture stands.');
  own.end();
});

test('a withdrawn bet of a void market is given back once', () => {
  const own = begin();
  const betId = own.bet(ANN, 0, 100, 101 * S);
  own.ask('withdrawBet', { betId, subject: ANN, arrivedUs: 102 * S });
  own.ask('voidMarket', { ...act('m', 'void', 121 * S), reason: 'Enough' });
  assert.deepEqual(own.balances(ANN), [1000]);
  own.end();
});

test('extend: later lock inside the question, later deadline; never shorter, never reopened', () => {
  const own = begin();
  const market = own.ask('market', { marketId: 'm' }).market;
  const deadlineAtUs = market?.deadlineAtUs ?? 0;
  const extend = (lockAtUs: number, deadline: number, atUs: number, role = 'owner' as const) => ({
    ...act('m', `x${lockAtUs}-${deadline}-${atUs}-${role}`, atUs, role),
    lockAtUs,
    deadlineAtUs: deadline,
    reason: '',
  });
  own.refused('placeBet', bet9(ANN, 121 * S), 'MARKET_LOCKED');
  own.refused('extendMarket', extend(119 * S, deadlineAtUs, 110 * S), 'BAD_TIMES');
  own.refused('extendMarket', extend(139_501 * MS, deadlineAtUs, 110 * S), 'BAD_TIMES');
  own.refused('extendMarket', extend(120 * S, deadlineAtUs, 110 * S), 'BAD_TIMES');
  own.refused('extendMarket', extend(130 * S, deadlineAtUs - 1, 110 * S), 'BAD_TIMES');
  own.refused('extendMarket', extend(130 * S, deadlineAtUs, 120 * S), 'BAD_TIMES');
  own.refused('extendMarket', extend(120 * S, 86_500_000_001, 110 * S), 'BAD_TIMES');
  own.refused(
    'extendMarket',
    { ...extend(130 * S, deadlineAtUs, 110 * S), role: 'vision' },
    'NOT_ALLOWED',
  );
  own.ask('extendMarket', extend(130 * S, deadlineAtUs, 110 * S));
  own.ask('placeBet', bet9(ANN, 121 * S));
  own.ask('lockMarket', { ...act('m', 'lock', 122 * S), tCapUs: null, reason: '' });
  own.refused('extendMarket', extend(135 * S, deadlineAtUs, 123 * S), 'BAD_TIMES');
  const { market: locked } = own.ask('extendMarket', extend(130 * S, deadlineAtUs + S, 123 * S));
  assert.equal(locked.deadlineAtUs, deadlineAtUs + S);
  own.resolve(0, null, 150 * S);
  own.refused('extendMarket', extend(130 * S, deadlineAtUs + 9 * S, 151 * S), 'MARKET_ENDED');
  own.end();
});

function bet9(subject: string, arrivedUs: number) {
  const betId = hexId(0x999);
  return { betId, subject, marketId: 'm', outcome: 0, amountMinor: 9, arrivedUs };
}

test('TV3: the picture was earlier than thought: bets flip to void by new transfers', () => {
  const own = begin();
  own.bet(ANN, 0, 100, 110 * S);
  own.bet(BOB, 1, 200, 110 * S);
  own.bet(CAT, 0, 50, 111_200 * MS);
  own.bet(BOB, 1, 70, 111_899 * MS);
  own.bet(CAT, 0, 300, 111_900 * MS);
  own.resolve(0, 112_400 * MS);
  assert.deepEqual(own.balances(ANN, BOB, CAT), [1180, 730, 1090]);
  const seq = own.ledger.headSeq;
  const { market } = own.ask('correctMarket', own.correct(0, 111 * S));
  assert.equal(market.cutoffUs, 110_500 * MS);
  assert.equal(market.voidedBets, 3);
  assert.deepEqual(own.balances(ANN, BOB, CAT), [1200, 800, 1000]);
  assert.ok(own.ledger.headSeq > seq);
  // And later than thought: they come back.
  own.ask('correctMarket', own.correct(0, 112_400 * MS));
  assert.deepEqual(own.balances(ANN, BOB, CAT), [1180, 730, 1090]);
  own.end();
});

test('the other outcome, then void: everybody has what is right, and nobody more', () => {
  const own = begin();
  own.bet(ANN, 0, 100, 110 * S);
  own.bet(BOB, 1, 200, 110 * S);
  own.resolve(0, null);
  own.ask('correctMarket', own.correct(1, null));
  assert.deepEqual(own.balances(ANN, BOB), [900, 1100]);
  const { market } = own.ask('correctMarket', own.correct(null, null));
  assert.equal(market.state, 'VOID');
  assert.equal(market.paidMinor, 0);
  assert.deepEqual(own.balances(ANN, BOB), [1000, 1000]);
  own.refused('correctMarket', own.correct(0, null), 'MARKET_ENDED');
  own.end();
});

test('a winner who has spent it owes it; what comes in pays it off', () => {
  const own = begin(0);
  own.bet(ANN, 0, 1000, 110 * S);
  own.bet(BOB, 1, 600, 110 * S);
  own.resolve(0, null);
  assert.deepEqual(own.balances(ANN, BOB), [1600, 400]);
  const rules = rulesAt(100 * S, { lockAtUs: 120 * S, horizonAtUs: 140 * S });
  own.ask('openMarket', { ...act('n', 'open-n', 100 * S), rules, reason: '' });
  const stake = { subject: ANN, marketId: 'n', outcome: 0, arrivedUs: 110 * S };
  own.ask('placeBet', { ...stake, betId: hexId(0x501), amountMinor: 1500 });
  own.ask('placeBet', {
    ...stake,
    betId: hexId(0x502),
    subject: CAT,
    outcome: 1,
    amountMinor: 900,
  });
  own.ask('correctMarket', own.correct(1, null));
  // 1600 less 1500 at stake: 100 are there, 1500 are owed.
  const balance = own.ask('balance', { subject: ANN });
  assert.deepEqual(balance, { availableMinor: 0, stakedMinor: 1500, debtMinor: 1500 });
  assert.deepEqual(own.balances(BOB), [2000]);
  own.ask('resolveMarket', { ...act('n', 'resolve-n', 201 * S), ...CALM });
  assert.deepEqual(own.ask('balance', { subject: ANN }), { availableMinor: 900, stakedMinor: 0 });
  own.end();
});

test('a stake that comes back pays off what is owed: void, too late, or nobody won', () => {
  const ends: [how: string, end: (own: ReturnType<typeof begin>) => void][] = [
    ['void', (own) => own.ask('voidMarket', { ...act('n', 'end', 201 * S), reason: '' })],
    [
      'too late',
      (own) => {
        own.ask('lockMarket', { ...act('n', 'lock', 150 * S), tCapUs: 105 * S, reason: '' });
        own.ask('lockMarket', { ...act('n', 'lock-2', 150 * S), tCapUs: 104 * S, reason: '' });
      },
    ],
    ['no winner', (own) => own.ask('resolveMarket', { ...act('n', 'end', 201 * S), ...CALM })],
  ];
  for (const [how, end] of ends) {
    const own = begin(0);
    own.bet(ANN, 0, 1000, 110 * S);
    own.bet(BOB, 1, 600, 110 * S);
    own.resolve(0, null);
    const rules = rulesAt(100 * S, { lockAtUs: 120 * S, horizonAtUs: 140 * S });
    own.ask('openMarket', { ...act('n', 'open-n', 100 * S), rules, reason: '' });
    for (const [index, amountMinor] of [700, 800].entries()) {
      const stake = { betId: hexId(0x501 + index), subject: ANN, marketId: 'n', outcome: 1 };
      own.ask('placeBet', { ...stake, amountMinor, arrivedUs: 110 * S });
    }
    own.ask('correctMarket', own.correct(1, null));
    end(own);
    // 100 were free and 1500 at stake; 1500 were owed.
    const balance = own.ask('balance', { subject: ANN });
    assert.deepEqual(balance, { availableMinor: 0, stakedMinor: 0 }, how);
    own.end();
  }
});

test('corrections are for people, in time, on resolved markets, and never by a bettor', () => {
  const own = begin();
  own.bet(ANN, 0, 100, 110 * S);
  own.bet(BOB, 1, 100, 110 * S);
  own.refused('correctMarket', own.correct(1, null), 'MARKET_NOT_RESOLVED');
  const conflict = { ...act('m', 'r', 112 * S), ...CALM, actorSubject: ANN };
  own.refused('resolveMarket', conflict, 'CONFLICT_OF_INTEREST');
  own.resolve(0, null, 130 * S);
  own.refused('correctMarket', { ...own.correct(1, null), role: 'vision' }, 'NOT_ALLOWED');
  own.refused('correctMarket', { ...own.correct(1, null), role: 'viewer' }, 'NOT_ALLOWED');
  own.refused('correctMarket', { ...own.correct(1, null), reason: '' }, 'BAD_REQUEST');
  own.refused('correctMarket', own.correct(2, null), 'BAD_OUTCOME');
  own.refused('correctMarket', own.correct(1, null, 730 * S + 1), 'DISPUTE_OVER');
  own.ask('correctMarket', own.correct(1, null, 730 * S));
  // A clock set back does not open the window again.
  own.ask('setBan', { ...ban(ANN), atUs: 731 * S });
  own.refused('correctMarket', own.correct(0, null, 700 * S), 'DISPUTE_OVER');
  own.end();
});

function ban(subject: string) {
  const { marketId: _, ...who } = act('', `ban-${subject}`, 0);
  return { ...who, subject, isBanned: true, reason: '' };
}

test('the auditor finds bent withdrawals, corrections and debts', () => {
  const own = begin(0);
  own.bet(ANN, 0, 1000, 110 * S);
  own.bet(BOB, 1, 600, 110 * S);
  const taken = own.bet(CAT, 1, 50, 110 * S);
  own.ask('withdrawBet', { betId: taken, subject: CAT, arrivedUs: 111 * S });
  own.resolve(0, 112 * S);
  const rules = rulesAt(100 * S, { lockAtUs: 120 * S, horizonAtUs: 140 * S });
  own.ask('openMarket', { ...act('n', 'open-n', 100 * S), rules, reason: '' });
  const stake = { subject: ANN, marketId: 'n', outcome: 0, arrivedUs: 110 * S };
  own.ask('placeBet', { ...stake, betId: hexId(0x501), amountMinor: 1500 });
  own.ask('placeBet', { ...stake, betId: hexId(0x502), subject: CAT, outcome: 1, amountMinor: 9 });
  own.ask('correctMarket', own.correct(1, null));
  own.ask('resolveMarket', { ...act('n', 'resolve-n', 201 * S), ...CALM });
  own.ledger.commit();
  const rows = [...own.store.allRows.iterate()];
  own.end();
  const bent = (kind: string, change: (row: Record<string, unknown>) => object, what: RegExp) =>
    assert.match(findingsWhenBent(rows, kind, change), what, kind);
  bent('withdraw', () => ({ at: 112 * S }), /leaves out a bet in time/);
  bent('withdraw', () => ({ bet: 'none' }), /not there/);
  bent('adjust', (row) => ({ amount: `${Number(row.amount) + 1}` }), /moved .* instead of/);
  bent('adjust', () => ({ dr: `debt:${CAT}` }), /somebody else/);
  bent('adjust', () => ({ market: 'n' }), /without a correction/);
  bent('recount', () => ({ paid: '7' }), /moved .* instead of/);
  bent('recount', () => ({ why: 'LATE_MEDIA' }), /undone as late/);
  bent('market.corrected', () => ({ at: 4000 * S }), /after the dispute window/);
  bent('market.corrected', () => ({ role: 'vision' }), /may not do that/);
  bent('market.corrected', () => ({ revision: 2 }), /not in order/);
  bent('market.corrected', () => ({ cutoff: 111 * S }), /moves the cut-off/);
  bent('repay', (row) => ({ amount: `${Number(row.amount) + 1}` }), /more is paid than was owed/);
  bent('repay', () => ({ cr: `debt:${BOB}` }), /pays for somebody else/);
});

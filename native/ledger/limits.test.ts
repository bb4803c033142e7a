// Proves every limit where a bet is taken: the studio's (per bet, market, second, day), the viewer's
// own (stricter at once, looser exactly 24 h later on the ledger's clock), bans, and what vests by
// watching. Refusals change nothing.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FIRST_POLICY, type Policy } from '../../core/ledger/policy.ts';
import type { LedgerCode } from '../../core/ledger/refusal.ts';
import { act, hexId, rulesAt, startBareLedger } from './testLedger.ts';

const S = 1_000_000;
const HOUR = 3600 * S;
const ANN = hexId(0xa);
const BOB = hexId(0xb);

function begin(policy: Partial<Policy> = {}) {
  const own = startBareLedger([]);
  let number = 1;
  const staff = (atUs: number) => {
    const { marketId: _, ...who } = act('', `cmd-${number++}`, atUs);
    return who;
  };
  const setPolicy = (changes: Partial<Policy>, atUs = 2) =>
    own.ask('setPolicy', { ...staff(atUs), policy: { ...FIRST_POLICY, ...changes }, reason: '' });
  setPolicy(policy);
  for (const subject of [ANN, BOB]) {
    own.ask('bindSubject', { subject, publicKey: 'a'.repeat(64), isStaff: false, atUs: 5 });
  }
  const open = (marketId: string, atUs: number) => {
    const rules = rulesAt(atUs, { lockAtUs: atUs + 20 * S, horizonAtUs: atUs + 40 * S });
    own.ask('openMarket', { ...act(marketId, `open-${marketId}`, atUs), rules, reason: '' });
  };
  const bet = (marketId: string, amountMinor: number, arrivedUs: number, subject = ANN) => ({
    betId: hexId(number++),
    subject,
    marketId,
    outcome: 0,
    amountMinor,
    arrivedUs,
  });
  const limit = (name: string, value: number | null, atUs: number) =>
    own.ask('setLimit', {
      commandId: `limit-${number++}`,
      subject: ANN,
      limit: name,
      value,
      atUs,
    });
  const refused = (name: Parameters<typeof own.ask>[0], args: object, code: LedgerCode) => {
    const seq = own.ledger.headSeq;
    assert.throws(() => own.ask(name, args), { code });
    assert.equal(own.ledger.headSeq, seq, `${code} writes nothing`);
  };
  return { ...own, staff, setPolicy, open, bet, limit, refused };
}

test('the studio limits a bet, a market, a second and a day', () => {
  const own = begin({
    stakeMinorPerBet: 100,
    stakeMinorPerMarket: 150,
    stakeMinorPerDay: 300,
    betsPerSecond: 2,
  });
  own.open('m', 100 * S);
  own.refused('placeBet', own.bet('m', 101, 101 * S), 'LIMIT_REACHED');
  own.ask('placeBet', own.bet('m', 100, 101 * S));
  own.refused('placeBet', own.bet('m', 51, 103 * S), 'LIMIT_REACHED');
  own.ask('placeBet', own.bet('m', 1, 101 * S + 1));
  own.refused('placeBet', own.bet('m', 1, 102 * S - 1), 'LIMIT_REACHED');
  own.ask('placeBet', own.bet('m', 1, 102 * S + 1));
  own.ask('placeBet', own.bet('m', 100, 102 * S, BOB));
  own.open('n', 105 * S);
  own.ask('placeBet', own.bet('n', 100, 106 * S));
  own.open('o', 107 * S);
  own.ask('placeBet', own.bet('o', 98, 108 * S));
  own.refused('placeBet', own.bet('o', 1, 110 * S), 'LIMIT_REACHED');
  own.open('p', 100 * S + 24 * HOUR);
  own.refused('placeBet', own.bet('p', 1, 100 * S + 24 * HOUR), 'LIMIT_REACHED');
  own.ask('placeBet', own.bet('p', 100, 101 * S + 24 * HOUR));
  own.end();
});

test('a policy is the owner’s, and the same one again writes nothing', () => {
  const own = begin();
  const command = { ...own.staff(9), role: 'moderator', policy: FIRST_POLICY, reason: '' };
  own.refused('setPolicy', command, 'NOT_ALLOWED');
  own.refused('setPolicy', { ...command, policy: { version: 1 } }, 'BAD_REQUEST');
  const seq = own.ledger.headSeq;
  own.setPolicy({});
  assert.equal(own.ledger.headSeq, seq);
  own.end();
});

test('self-exclusion holds at once, over the clock being set back, and cannot be undone', () => {
  const own = begin();
  own.open('m', 100 * S);
  own.ask('placeBet', own.bet('m', 1, 101 * S));
  own.limit('excludedUntil', 102 * S + 1000 * HOUR, 102 * S);
  own.refused('placeBet', own.bet('m', 1, 103 * S), 'SELF_EXCLUDED');
  // In flight when it was set.
  own.refused('placeBet', own.bet('m', 1, 101 * S), 'SELF_EXCLUDED');
  const view = own.limit('excludedUntil', null, 103 * S);
  assert.equal(view.excludedUntil.waiting?.fromUs, 103 * S + 24 * HOUR);
  own.open('n', 95 * S + 24 * HOUR);
  own.refused('placeBet', own.bet('n', 1, 103 * S - 1 + 24 * HOUR), 'SELF_EXCLUDED');
  own.ask('placeBet', own.bet('n', 1, 103 * S + 24 * HOUR));
  own.end();
});

test('a looser exclusion that waits can be changed again, and only for 24 hours more', () => {
  const own = begin();
  own.open('m', 100 * S);
  own.limit('excludedUntil', 1000 * HOUR, 100 * S);
  own.limit('excludedUntil', null, 101 * S);
  const view = own.limit('excludedUntil', 500 * HOUR, 101 * S + HOUR);
  const fromUs = 101 * S + 25 * HOUR;
  assert.deepEqual(view.excludedUntil.waiting, { value: 500 * HOUR, fromUs });
  own.open('n', fromUs);
  own.refused('placeBet', own.bet('n', 1, fromUs + S), 'SELF_EXCLUDED');
  own.open('o', 500 * HOUR);
  own.ask('placeBet', own.bet('o', 1, 500 * HOUR));
  own.end();
});

test('a break ends by itself; others go on', () => {
  const own = begin();
  own.open('m', 100 * S);
  own.limit('pausedUntil', 110 * S, 100 * S);
  own.refused('placeBet', own.bet('m', 1, 110 * S - 1), 'TIME_OUT');
  own.ask('placeBet', own.bet('m', 1, 105 * S, BOB));
  own.ask('placeBet', own.bet('m', 1, 110 * S));
  own.end();
});

test('a smaller daily stake holds at once, a larger one exactly 24 hours later', () => {
  const own = begin();
  own.open('m', 100 * S);
  own.limit('stakeDay', 50, 100 * S);
  own.refused('placeBet', own.bet('m', 51, 101 * S), 'LIMIT_REACHED');
  own.limit('stakeDay', 500, 102 * S);
  own.refused('placeBet', own.bet('m', 51, 103 * S), 'LIMIT_REACHED');
  own.open('n', 101 * S + 24 * HOUR);
  own.refused('placeBet', own.bet('n', 51, 102 * S - 1 + 24 * HOUR), 'LIMIT_REACHED');
  own.ask('placeBet', own.bet('n', 51, 102 * S + 24 * HOUR));
  // Stricter again before a looser one came: the looser one is gone.
  own.limit('stakeDay', 900, 103 * S + 24 * HOUR);
  const view = own.limit('stakeDay', 60, 104 * S + 24 * HOUR);
  assert.deepEqual(view.stakeDay, { value: 60, waiting: null });
  own.end();
});

test('a loss limit counts what was lost and what is still at stake', () => {
  const own = begin();
  own.limit('lossDay', 150, 99 * S);
  own.open('m', 100 * S);
  own.ask('placeBet', own.bet('m', 100, 101 * S));
  own.ask('placeBet', { ...own.bet('m', 100, 101 * S, BOB), outcome: 1 });
  own.refused('placeBet', own.bet('m', 51, 102 * S), 'LIMIT_REACHED');
  const decision = { outcome: 1, reason: 'No goal', evidence: null };
  own.ask('resolveMarket', { ...act('m', 'resolve', 141 * S), ...decision });
  own.open('n', 142 * S);
  own.refused('placeBet', own.bet('n', 51, 143 * S), 'LIMIT_REACHED');
  own.ask('placeBet', own.bet('n', 50, 143 * S));
  own.end();
});

test('whoever is banned may not bet until that is taken back', () => {
  const own = begin();
  own.open('m', 100 * S);
  const ban = (isBanned: boolean) => ({
    ...own.staff(101 * S),
    subject: ANN,
    isBanned,
    reason: '',
  });
  own.refused('setBan', { ...ban(true), role: 'viewer' }, 'NOT_ALLOWED');
  own.ask('setBan', ban(true));
  own.refused('placeBet', own.bet('m', 1, 102 * S), 'BANNED');
  own.ask('setBan', ban(false));
  own.ask('placeBet', own.bet('m', 1, 103 * S));
  own.end();
});

test('points vest by time watched, never faster than time, up to a level and a day', () => {
  const own = begin({ grantMinor: 100, vestMinorPerMinute: 10, vestBelowMinor: 180 });
  assert.deepEqual(own.balances(ANN), [100]);
  const vest = (watchedSeconds: number, atUs: number) =>
    own.ask('vest', { subject: ANN, watchedSeconds, atUs }).grantedMinor;
  assert.equal(vest(59, 60 * S), 0);
  assert.equal(vest(86_400, 5 + 120 * S), 20);
  assert.equal(vest(600, 5 + 150 * S), 0);
  assert.equal(vest(60, 5 + 181 * S), 10);
  assert.equal(vest(3600, 5 + 5000 * S), 50);
  assert.equal(vest(3600, 5 + 9000 * S), 0);
  assert.deepEqual(own.balances(ANN), [180]);
  assert.throws(() => own.ask('vest', { subject: hexId(9), watchedSeconds: 60, atUs: 99 }), {
    code: 'UNKNOWN_SUBJECT',
  });
  own.end();
  const daily = begin({ grantMinor: 0, vestBelowMinor: 10_000, vestMinorPerDay: 30 });
  const ask = (atUs: number) =>
    daily.ask('vest', { subject: ANN, watchedSeconds: 3600, atUs }).grantedMinor;
  assert.equal(ask(1 * HOUR), 30);
  assert.equal(ask(24 * HOUR), 0);
  assert.equal(ask(25 * HOUR), 30);
  daily.end();
});

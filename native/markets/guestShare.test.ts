// Proves on a real ledger that guests' stakes above the cap of the rules go back at the lock, also
// when a market is locked again by an earlier picture or resolved from open, that they stay back
// over a correction, and that whoever has watched counts as a guest no longer. Every test audits.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FIRST_POLICY } from '../../core/ledger/policy.ts';
import { marketRulesSchema } from '../../core/markets/rules.ts';
import { act, hexId, rulesAt, startBareLedger } from '../ledger/testLedger.ts';

const S = 1_000_000;
const ANN = hexId(0xa);
const BOB = hexId(0xb);

function begin(shareBasisPoints: number) {
  const own = startBareLedger([ANN, BOB]);
  let number = 1;
  const open = (id: string) => {
    const times = { lockAtUs: 200 * S, horizonAtUs: 240 * S, deadlineAtUs: 400 * S, guardMs: 0 };
    const rules = rulesAt(100 * S, { ...times, guestShareBasisPoints: shareBasisPoints });
    own.ask('openMarket', { ...act(id, `open-${id}`, 100 * S), rules, reason: '' });
  };
  const bet = (marketId: string, subject: string, amountMinor: number, arrivedUs: number) => {
    const betId = hexId(number++);
    const outcome = subject === ANN ? 0 : 1;
    own.ask('placeBet', { betId, subject, marketId, outcome, amountMinor, arrivedUs });
    return betId;
  };
  const fates = (subject: string) =>
    own
      .ask('history', { subject, limit: 20 })
      .entries.map(({ amountMinor, result }) => `${amountMinor} ${result}`);
  own.ask('setPolicy', {
    ...{ commandId: 'p', actor: 'o', role: 'owner', atUs: 50 * S, reason: 'Room to vest' },
    policy: { ...FIRST_POLICY, vestBelowMinor: 5_000 },
  });
  open('before');
  bet('before', ANN, 10, 101 * S);
  // What vests to ANN makes her known.
  own.ask('vest', { subject: ANN, watchedSeconds: 90, atUs: 190 * S });
  own.ask('voidMarket', { ...act('before', 'v', 191 * S), reason: 'Done' });
  return { ...own, open, bet, fates };
}

test('a fifth of the pool: the newest of the guests go back at the lock, and stay back', () => {
  const own = begin(2_000);
  own.open('m');
  own.bet('m', BOB, 20, 110 * S);
  own.bet('m', ANN, 100, 111 * S);
  own.bet('m', BOB, 3, 112 * S);
  own.bet('m', BOB, 30, 113 * S);
  own.ask('lockMarket', { ...act('m', 'l1', 195 * S), tCapUs: null, reason: 'Time' });
  assert.deepEqual(own.pools('m'), [100, 23]);
  assert.deepEqual(own.fates(BOB), ['30 REFUNDED', '3 PENDING', '20 PENDING']);
  const [entry] = own.ask('history', { subject: BOB, limit: 1 }).entries;
  assert.match(entry?.reason ?? '', /only a part of this pool/);
  // An earlier picture takes ANN's stake out, and with it what guests may hold.
  own.ask('lockMarket', { ...act('m', 'l2', 196 * S), tCapUs: 111 * S, reason: 'Shot' });
  assert.deepEqual(own.fates(BOB).slice(1), ['3 REFUNDED', '20 REFUNDED']);
  own.ask('resolveMarket', {
    ...{ ...act('m', 'r', 197 * S), outcome: 1, reason: 'Goal', evidence: null },
  });
  assert.deepEqual(own.balances(BOB), [1000]);
  own.end();
});

test('resolved from open: the cap holds in the same step, and a correction revives nobody', () => {
  const own = begin(5_000);
  own.open('m');
  own.bet('m', ANN, 50, 110 * S);
  own.bet('m', BOB, 40, 111 * S);
  own.bet('m', BOB, 20, 112 * S);
  const balance = own.balances(ANN)[0] ?? 0;
  own.ask('resolveMarket', {
    ...{ ...act('m', 'r', 197 * S), outcome: 0, reason: 'Goal', evidence: null },
  });
  assert.deepEqual(own.fates(BOB), ['20 REFUNDED', '40 LOST']);
  assert.deepEqual(own.balances(ANN, BOB), [balance + 90, 960]);
  const again = { outcome: 1, tCapUs: null, reason: 'I looked again' };
  own.ask('correctMarket', { ...act('m', 'c', 198 * S), ...again });
  assert.deepEqual(own.fates(BOB), ['20 REFUNDED', '40 WON']);
  assert.deepEqual(own.balances(ANN, BOB), [balance, 1050]);
  own.end();
});

test('without the rule nothing goes back; with prices the rule cannot be', () => {
  const own = startBareLedger([ANN]);
  own.ask('openMarket', { ...act('m', 'o', 100 * S), rules: rulesAt(100 * S), reason: '' });
  own.ask('placeBet', {
    ...{ betId: hexId(1), subject: ANN, marketId: 'm', outcome: 0 },
    ...{ amountMinor: 5, arrivedUs: 101 * S },
  });
  own.ask('lockMarket', { ...act('m', 'l', 105 * S), tCapUs: null, reason: 'Time' });
  assert.deepEqual(own.pools('m'), [5, 0]);
  const priced = { pricing: { lmsr: { budgetMinor: 10 } }, guestShareBasisPoints: 100 };
  assert.equal(marketRulesSchema.safeParse(rulesAt(100 * S, priced)).success, false);
  own.end();
});

// Proves that the fairness scope says before a market what a real ledger then does: viewers of many
// delays each bet as soon as they see it open, the moment comes right at the lock, and who the scope
// counted as in time, inside the guard and refused is who stands, is voided and is refused. And that
// the arrivals told afterwards are the journal's own rows.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LedgerRefusal } from '../../core/ledger/refusal.ts';
import { scopeOf } from '../../core/markets/fairness.ts';
import { act, hexId, rulesAt, startBareLedger } from './testLedger.ts';

const OPENS_AT_US = 1_000_000_000;
const WINDOW = { betWindowSeconds: 14, guardMs: 500 };
const LOCK_AT_US = OPENS_AT_US + WINDOW.betWindowSeconds * 1_000_000;
/** Around both edges, to the millisecond. */
const DELAYS_MS = [
  ...[24, 80, 310, 2_400, 9_000, 13_498, 13_499],
  ...[13_500, 13_501, 13_999],
  ...[14_000, 14_001, 20_000],
];

test('the scope counts before what the ledger does, and the arrivals are its rows', () => {
  const subjects = DELAYS_MS.map((_, index) => hexId(index + 1));
  const own = startBareLedger(subjects);
  const lockAtUs = LOCK_AT_US;
  const rules = rulesAt(OPENS_AT_US, { lockAtUs, guardMs: WINDOW.guardMs });
  own.ask('openMarket', { ...act('m', 'open', OPENS_AT_US), rules, reason: '' });
  let refused = 0;
  for (const [index, delayMs] of DELAYS_MS.entries()) {
    const bet = { betId: hexId(1000 + index), subject: subjects[index], marketId: 'm', outcome: 0 };
    const arrivedUs = OPENS_AT_US + delayMs * 1000;
    try {
      own.ask('placeBet', { ...bet, outcome: index % 2, amountMinor: 10, arrivedUs });
    } catch (cause) {
      assert.ok(cause instanceof LedgerRefusal && cause.code === 'MARKET_LOCKED', String(cause));
      refused++;
    }
  }
  const before = own.ask('arrivals', { marketId: 'm' });
  assert.deepEqual([before.waiting, before.late, before.cutoffUs], [10, 0, null]);
  own.ask('lockMarket', { ...act('m', 'lock', LOCK_AT_US), tCapUs: LOCK_AT_US, reason: 'goal' });
  const resolved = act('m', 'resolve', LOCK_AT_US + 1);
  own.ask('resolveMarket', { ...resolved, outcome: 0, reason: 'goal', evidence: null });

  const scope = scopeOf(DELAYS_MS, DELAYS_MS.length, WINDOW);
  const after = own.ask('arrivals', { marketId: 'm' });
  assert.deepEqual(
    { inTime: after.stood, inGuard: after.late, refused },
    { inTime: scope.inTime, inGuard: scope.inGuard, refused: scope.refused },
  );
  assert.deepEqual([after.stood, after.late, refused], [7, 3, 3]);
  assert.equal(after.cutoffUs, LOCK_AT_US - 500_000);
  own.ledger.commit();
  const rows = [...own.store.allRows.iterate()].map(({ body }) => JSON.parse(body.toString()));
  const voids = rows.filter(({ kind }) => kind === 'void');
  assert.equal(voids.length, after.late);
  assert.ok(voids.every(({ why }) => why === 'LATE_MEDIA'));
  assert.equal(own.ask('market', { marketId: 'm' }).market?.voidedBets, after.late);
  assert.throws(() => own.ask('arrivals', { marketId: 'nothing' }), LedgerRefusal);
  own.end();
});

// Proves over random viewers and markets that the scope counts everybody once and by the ledger's
// own rules, that a slower viewer is never better off, and that the window it proposes holds what
// it promises; and that arrivals lose no bet.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SCOPE_COLUMNS_MAX } from '../contract/fairness.ts';
import { arrivalsOf, DECIDE_SECONDS, placeOfDelay, scopeOf } from './fairness.ts';
import { cutoffUs, isBeforeLock, isLate } from './mediaClock.ts';

const delay = fc.oneof(fc.integer({ min: 0, max: 2_000 }), fc.integer({ min: 0, max: 4_000_000 }));
const times = fc.record({
  betWindowSeconds: fc.integer({ min: 6, max: 3_600 }).map((halves) => halves / 2),
  guardMs: fc.integer({ min: 0, max: 10_000 }),
});
const sum = (numbers: readonly number[]) => numbers.reduce((all, one) => all + one, 0);

test('every measured viewer is counted once, by the rules that the ledger decides by', () => {
  fc.assert(
    fc.property(fc.array(delay, { maxLength: 60 }), times, (delaysMs, market) => {
      const scope = scopeOf(delaysMs, delaysMs.length + 2, market);
      const lockUs = Math.round(market.betWindowSeconds * 1_000_000);
      const cutoff = cutoffUs(lockUs, market.guardMs);
      const arrived = delaysMs.map((ms) => ms * 1000);
      const standing = arrived.filter((us) => isBeforeLock(us, lockUs) && !isLate(us, cutoff));
      assert.equal(scope.inTime, standing.length);
      assert.equal(scope.refused, arrived.filter((us) => !isBeforeLock(us, lockUs)).length);
      assert.equal(scope.inTime + scope.inGuard + scope.refused, scope.measured);
      assert.equal(sum(scope.columns), scope.measured);
      assert.ok(scope.columns.length <= SCOPE_COLUMNS_MAX);
      assert.ok(scope.hurried >= scope.inGuard + scope.refused);
      assert.equal(scope.viewers - scope.measured, 2);
    }),
  );
});

test('slower is never better, and a longer window never worse', () => {
  fc.assert(
    fc.property(delay, fc.nat(100_000), times, (ms, more, market) => {
      const rank = (of: number, { betWindowSeconds, guardMs } = market) => {
        const scope = scopeOf([of], 1, { betWindowSeconds, guardMs });
        return scope.inTime * 2 + scope.inGuard;
      };
      assert.ok(rank(ms + more) <= rank(ms));
      const longer = { ...market, betWindowSeconds: market.betWindowSeconds + 1 };
      assert.ok(rank(ms, longer) >= rank(ms));
      assert.ok(placeOfDelay(ms + more) >= placeOfDelay(ms));
      assert.ok(placeOfDelay(ms) >= 0 && placeOfDelay(ms) <= 1);
    }),
  );
});

test('the proposed window leaves 95 of 100 their time, and half a second less does not', () => {
  fc.assert(
    fc.property(fc.array(delay, { minLength: 1, maxLength: 60 }), times, (delaysMs, market) => {
      const { windowFitsSeconds } = scopeOf(delaysMs, 0, market);
      assert.ok(windowFitsSeconds !== null && windowFitsSeconds >= DECIDE_SECONDS);
      const hurriedAt = (betWindowSeconds: number) =>
        scopeOf(delaysMs, 0, { ...market, betWindowSeconds }).hurried;
      const most = delaysMs.length - Math.ceil(0.95 * delaysMs.length);
      assert.ok(hurriedAt(windowFitsSeconds) <= most);
      assert.ok(hurriedAt(windowFitsSeconds - 0.5) > most);
    }),
  );
});

test('nobody is measured: nothing is promised', () => {
  const scope = scopeOf([], 3, { betWindowSeconds: 14, guardMs: 500 });
  assert.deepEqual(
    [scope.viewers, scope.measured, scope.slowestMs, scope.windowFitsSeconds, scope.columns],
    [3, 0, null, null, []],
  );
});

const bet = fc.record({
  atUs: fc.integer({ min: 0, max: 60_000_000 }),
  state: fc.constantFrom('PENDING', 'POSTED', 'VOID'),
  why: fc.constantFrom(null, 'LATE_MEDIA', 'WITHDRAWN', 'GUEST_SHARE', 'REFUND', 'MARKET_VOID'),
} as const);

test('arrivals: each bet is in one column and one count, wherever it arrived', () => {
  fc.assert(
    fc.property(fc.array(bet, { maxLength: 80 }), (bets) => {
      const market = { opensAtUs: 5_000_000, lockAtUs: 19_000_000, tCapUs: null, cutoffUs: null };
      const told = arrivalsOf(bets, market);
      const { stood, late, withdrawn, guestShare, returned, waiting, columns } = told;
      const counts = [stood, late, withdrawn, guestShare, returned, waiting];
      assert.equal(sum(counts), bets.length);
      assert.equal(sum(columns.map((one) => one.stood + one.late + one.back)), bets.length);
      assert.equal(sum(columns.map((one) => one.late)), late);
      const decided = bets.filter((one) => one.state !== 'PENDING');
      assert.equal(late, decided.filter((one) => one.why === 'LATE_MEDIA').length);
      assert.ok(told.endUs >= market.lockAtUs);
    }),
  );
});

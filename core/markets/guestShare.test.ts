// Proves the cap on guests' share of a pool: vectors by hand, and for random pools that what stays is
// within the cap exactly, that nobody but guests is touched, and that no bet went back in vain.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type GuestBet, guestCapMinor, guestsReturned } from './guestShare.ts';

const guest = (amountMinor: number): GuestBet => ({ amountMinor, isGuest: true });
const known = (amountMinor: number): GuestBet => ({ amountMinor, isGuest: false });

test('vectors: nothing, a fifth, a half; products above 2^53', () => {
  assert.equal(guestCapMinor(1000, 0), 0);
  assert.equal(guestCapMinor(1000, 2_000), 250);
  assert.equal(guestCapMinor(1000, 5_000), 1000);
  assert.equal(guestCapMinor(999, 3_333), 499);
  assert.equal(guestCapMinor(9_007_199_254_740_991, 5_000), 9_007_199_254_740_991);
  const bets = [guest(200), known(1000), guest(40), guest(60)];
  assert.deepEqual([...guestsReturned(bets, 2_000)], [3]);
  assert.deepEqual([...guestsReturned(bets, 1_000)], [3, 2, 0]);
  assert.deepEqual([...guestsReturned(bets, 2_400)], []);
  assert.deepEqual([...guestsReturned([guest(1)], 9_999)], [0]);
  assert.deepEqual([...guestsReturned([], 5_000)], []);
});

const bet = fc.record({ amountMinor: fc.integer({ min: 1, max: 1e9 }), isGuest: fc.boolean() });

test('random pools: within the cap, only guests, the newest, and none too many', () => {
  const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
  const share = fc.integer({ min: 0, max: 9_999 });
  fc.assert(
    fc.property(fc.array(bet, { maxLength: 60 }), share, (bets, basisPoints) => {
      const returned = guestsReturned(bets, basisPoints);
      const sum = (of: (one: GuestBet, place: number) => boolean) =>
        bets.filter(of).reduce((total, one) => total + BigInt(one.amountMinor), 0n);
      const others = sum((one) => !one.isGuest);
      const kept = sum((one, place) => one.isGuest && !returned.has(place));
      // guests / (guests + others) <= share, without division.
      assert.ok(kept * 10_000n <= (kept + others) * BigInt(basisPoints), `seed ${seed}`);
      for (const place of returned) assert.ok(bets[place]?.isGuest);
      if (returned.size === 0) return;
      const oldest = Math.min(...returned);
      assert.ok(bets.every((one, place) => place < oldest || !one.isGuest || returned.has(place)));
      const more = kept + BigInt(bets[oldest]?.amountMinor ?? 0);
      assert.ok(more * 10_000n > (more + others) * BigInt(basisPoints), 'one went back in vain');
    }),
    { seed, numRuns: 2_000 },
  );
});

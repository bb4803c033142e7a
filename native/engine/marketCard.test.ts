// Proves which market a scene's card shows and what it says: the newest open one before any locked
// one, shares that add up, prices where there are prices, and words that fit into one message.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { marketCardSchema } from '../../core/media/capturePort.ts';
import { sampleMarket } from '../../tests/studio/sampleStudio.ts';
import { marketCardOf } from './marketCard.ts';

const seed = Date.now() % 2 ** 31;
console.log(`marketCard.test seed ${seed}`);

test('the newest open market, else the newest locked one, else none', () => {
  const market = (title: string, state: 'OPEN' | 'LOCKED' | 'RESOLVED', opensAtUs: number) =>
    sampleMarket(title, { title, state, opensAtUs });
  const locked = market('late lock', 'LOCKED', 9);
  const markets = [market('old', 'OPEN', 1), market('new', 'OPEN', 5), locked];
  assert.equal(marketCardOf(markets)?.title, 'new');
  assert.deepEqual(marketCardOf([locked])?.isOpen, false);
  assert.equal(marketCardOf([market('paid', 'RESOLVED', 9)]), null);
});

test('any pools make shares of one whole that the page takes', () => {
  const pools = fc.array(fc.nat(2 ** 40), { minLength: 2, maxLength: 10 });
  fc.assert(
    fc.property(pools, fc.string({ maxLength: 300 }), (all, title) => {
      const outcomes = all.map((poolMinor, i) => ({ label: `${i}`, poolMinor, bettors: 0 }));
      const card = marketCardOf([sampleMarket('a', { state: 'OPEN', title, outcomes })]);
      assert.ok(marketCardSchema.safeParse(card).success);
      const sum = card?.outcomes.reduce((total, { sharePercent }) => total + sharePercent, 0) ?? 0;
      const isEmpty = all.every((poolMinor) => poolMinor === 0);
      assert.ok(Math.abs(sum - (isEmpty ? 0 : 100)) < 1e-6, `${sum}`);
    }),
    { seed },
  );
  const prices = { quoteSeq: 1, permille: [250, 750] };
  const priced = marketCardOf([sampleMarket('p', { state: 'OPEN', prices })]);
  assert.deepEqual(priced?.outcomes.map(({ sharePercent }) => sharePercent).slice(0, 2), [25, 75]);
});

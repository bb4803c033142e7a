// Proves that the page shows what the wire says or nothing: messages that make no sense are refused,
// big integers stay exact, markets come in an order in which none moves under a finger, and stake
// and odds are whole and right.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import fc from 'fast-check';
import {
  BetReplySchema,
  HistoryEntry_Result,
  HistoryEntrySchema,
  Market_State,
  MarketSchema,
  Show_State,
  ShowSchema,
} from '../../core/wire/gen/facts_pb.js';
import { poolOdds, poolShare } from '../ui/figures.ts';
import type { MarketFace } from '../ui/MarketCard.tsx';
import {
  betAnswerOf,
  betOutcomeOf,
  marketFaceOf,
  marketsInOrder,
  shareOfBalance,
  showViewOf,
} from './wireViews.ts';

const seed = Number(process.env.SEED ?? Date.now() % 2_147_483_647);
console.log(`wireViews seed ${seed}`);

function market(changes: MessageInitShape<typeof MarketSchema> = {}) {
  return create(MarketSchema, {
    id: 'm1',
    title: 'Goal?',
    outcomes: [
      { label: 'Yes', poolMinor: 410n, bettors: 9 },
      { label: 'No', poolMinor: 252n, bettors: 6 },
    ],
    state: Market_State.OPEN,
    lockAtUs: 5_000_000n,
    horizonAtUs: 9_000_000n,
    ...changes,
  } as MessageInitShape<typeof MarketSchema>);
}

test('a market is shown as it is, times and pools as numbers', () => {
  const face = marketFaceOf(market());
  assert.equal(face?.state, 'OPEN');
  assert.equal(face?.lockAtUs, 5_000_000);
  assert.deepEqual(face?.outcomes[0], { label: 'Yes', poolMinor: 410, bettors: 9 });
  assert.equal(face?.winner, null);
});

test('a market that makes no sense is not shown', () => {
  const outcome = { label: 'x', poolMinor: 1n, bettors: 1 };
  for (const nonsense of [
    { id: '' },
    { state: Market_State.STATE_UNSPECIFIED },
    { state: 77 as Market_State },
    { outcomes: [outcome] },
    { outcomes: Array.from({ length: 11 }, () => outcome) },
    { outcomes: [outcome, { ...outcome, poolMinor: 2n ** 60n }] },
    { lockAtUs: 2n ** 63n },
    { winner: 2 },
  ]) {
    assert.equal(marketFaceOf(market(nonsense)), null, Object.keys(nonsense)[0]);
  }
});

test('open markets come first and keep their place when a later one opens', () => {
  const face = (id: string, state: MarketFace['state'], lockAtUs: number): MarketFace => ({
    id,
    title: id,
    outcomes: [],
    state,
    lockAtUs,
    horizonAtUs: lockAtUs,
    winner: null,
    reason: '',
  });
  const ids = (markets: MarketFace[]) => marketsInOrder(markets).map(({ id }) => id);
  const first = face('first', 'OPEN', 20);
  const done = face('done', 'RESOLVED', 10);
  const draft = face('draft', 'DRAFT', 5);
  assert.deepEqual(ids([done, draft, first]), ['first', 'done']);
  const second = face('second', 'OPEN', 30);
  assert.deepEqual(ids([second, done, first]), ['first', 'second', 'done']);
  const older = face('older', 'VOID', 3);
  const locked = face('locked', 'LOCKED', 12);
  assert.deepEqual(ids([older, done, locked, first]), ['first', 'locked', 'done', 'older']);
});

test('a show without a state is no show yet', () => {
  assert.equal(showViewOf(create(ShowSchema, {})), null);
  assert.equal(showViewOf(create(ShowSchema, { state: Show_State.LIVE }))?.state, 'live');
  assert.equal(showViewOf(create(ShowSchema, { state: Show_State.ENDED }))?.state, 'ended');
  assert.equal(showViewOf(create(ShowSchema, { state: 9 as Show_State })), null);
});

test('answers and outcomes whose figures cannot be exact are not believed', () => {
  assert.equal(betAnswerOf(create(BetReplySchema, { seq: 2n ** 60n })), null);
  assert.equal(betAnswerOf(create(BetReplySchema, { seq: 7n, amountMinor: 5n }))?.seq, 7);
  const entry = {
    betId: 'a'.repeat(32),
    amountMinor: 50n,
    paidMinor: 81n,
    seq: 9n,
    result: HistoryEntry_Result.WON,
    atUs: 1_700_000_000_000_000n,
  };
  assert.equal(betOutcomeOf(create(HistoryEntrySchema, entry))?.result, 'won');
  assert.equal(betOutcomeOf(create(HistoryEntrySchema, entry))?.atMs, 1_700_000_000_000);
  assert.equal(betOutcomeOf(create(HistoryEntrySchema, { ...entry, betId: 'no' })), null);
  assert.equal(betOutcomeOf(create(HistoryEntrySchema, { ...entry, amountMinor: 0n })), null);
  assert.equal(betOutcomeOf(create(HistoryEntrySchema, { ...entry, paidMinor: 2n ** 62n })), null);
  assert.equal(
    betOutcomeOf(create(HistoryEntrySchema, { ...entry, result: 0 as HistoryEntry_Result })),
    null,
  );
});

test('a share of the balance is a whole stake that the balance covers', () => {
  const balance = fc.integer({ min: 0, max: 2 ** 40 });
  fc.assert(
    fc.property(balance, (availableMinor) => {
      const stake = shareOfBalance(availableMinor, 0.25);
      assert.ok(Number.isInteger(stake) && stake <= availableMinor);
      assert.equal(stake > 0, availableMinor > 0);
    }),
    { seed },
  );
});

test('odds of a pool pay it out whole: pool times odds is the sum, for each outcome', () => {
  const pools = fc.array(fc.integer({ min: 1, max: 1_000_000 }), { minLength: 2, maxLength: 10 });
  fc.assert(
    fc.property(pools, (poolsMinor) => {
      const sum = poolsMinor.reduce((before, pool) => before + pool, 0);
      let shares = 0;
      for (const [index, pool] of poolsMinor.entries()) {
        const odds = poolOdds(poolsMinor, index);
        assert.ok(odds !== null && odds >= 1);
        assert.ok(Math.abs(odds * pool - sum) < 1e-6 * sum);
        shares += poolShare(poolsMinor, index);
      }
      assert.ok(Math.abs(shares - 1) < 1e-9);
    }),
    { seed },
  );
  assert.equal(poolOdds([0, 5], 0), null);
});

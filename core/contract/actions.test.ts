// Proves that the shared reducer is what mirrors rely on: pure, bounded, and the same state whether
// a page saw every action or got a snapshot in the middle. Random actions of the real schema.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { sampleMarket, sampleState } from '../../tests/studio/sampleStudio.ts';
import { type Action, actionSchema, reduce } from './actions.ts';
import { EVENTS_SHOWN, MARKETS_SHOWN, type StudioState, studioStateSchema } from './state.ts';

const ids = fc.constantFrom(...Array.from({ length: MARKETS_SHOWN + 10 }, (_, n) => `id-${n}`));
const title = fc.string({ maxLength: 20 });
const actions: fc.Arbitrary<Action> = fc.oneof(
  title.map((title): Action => {
    return { type: 'show.changed', show: { ...sampleState().show, title } };
  }),
  fc.tuple(ids, title).map(([id, title]): Action => {
    return { type: 'market.changed', market: sampleMarket(id, { title }) };
  }),
  fc.tuple(ids, title).map(([id, title]): Action => {
    const suggestion = { id, templateId: 't', title, why: '', eventId: 'e', expiresAtUs: 1 };
    return { type: 'suggestion.made', suggestion };
  }),
  ids.map((id): Action => ({ type: 'suggestion.gone', id })),
  fc.tuple(ids, title).map(([id, why]): Action => {
    const event = {
      id,
      type: 'goal' as const,
      captureUs: 1,
      rtpTimestamp: 1,
      detectedUs: 2,
      confidence: 0.9,
      why,
      subject: '',
      trackIds: [],
    };
    return { type: 'event.happened', event };
  }),
  fc.tuple(ids, title).map(([id, text]): Action => {
    return { type: 'notice.raised', notice: { id, severity: 'warn', text } };
  }),
  ids.map((id): Action => ({ type: 'notice.cleared', id })),
);

const seed = Number(process.env.SEED ?? Date.now() % 2_147_483_647);
console.log(`reducer: SEED=${seed}`);

function freeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const part of Object.values(value)) freeze(part);
}

test('any actions keep the state valid and within its bounds, and change nothing given', () => {
  fc.assert(
    fc.property(fc.array(actions, { maxLength: 200 }), (list) => {
      let state: StudioState = sampleState();
      for (const action of list) {
        freeze(state);
        assert.deepEqual(actionSchema.parse(action), action);
        state = reduce(state, action);
      }
      assert.deepEqual(studioStateSchema.parse(state), state);
      assert.ok(state.markets.length <= MARKETS_SHOWN);
      assert.ok(state.events.length <= EVENTS_SHOWN);
      const marketIds = state.markets.map((market) => market.id);
      assert.equal(new Set(marketIds).size, marketIds.length);
    }),
    { seed, numRuns: 100 },
  );
});

test('a snapshot in the middle and the rest of the actions give the same state', () => {
  fc.assert(
    fc.property(fc.array(actions, { maxLength: 120 }), fc.nat(120), (list, cut) => {
      const all = list.reduce(reduce, sampleState());
      const middle = list.slice(0, cut).reduce(reduce, sampleState());
      const snapshot = studioStateSchema.parse(JSON.parse(JSON.stringify(middle)));
      assert.deepEqual(list.slice(cut).reduce(reduce, snapshot), all);
    }),
    { seed, numRuns: 100 },
  );
});

test('a change to a known market stays in its place; a new one comes first', () => {
  const two = [sampleMarket('a'), sampleMarket('b')];
  const state = { ...sampleState(), markets: two };
  const changed = sampleMarket('b', { state: 'LOCKED' });
  assert.deepEqual(reduce(state, { type: 'market.changed', market: changed }).markets, [
    two[0],
    changed,
  ]);
  const added = reduce(state, { type: 'market.changed', market: sampleMarket('c') });
  assert.deepEqual(
    added.markets.map((market) => market.id),
    ['c', 'a', 'b'],
  );
});

// Proves the fraud signals on what they look for and on random honest shows: each planted pattern is
// found with its people and evidence, chance alone is not, and no facts at all make them throw.
// Seeds are printed.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  BEFORE_EVENT_MIN,
  BEFORE_EVENT_US,
  type BetFact,
  beforeEvents,
  oppositePairs,
  PAIR_MARKETS_MIN,
  REACTION_US_MIN,
  SAME_NETWORK_MIN,
  type ShowFacts,
  sameNetwork,
  signalsOf,
  TOO_FAST_MIN,
  tooFast,
} from './signals.ts';

const seed = Number(process.env.MORPHINE_SEED ?? 20_261_121);
const runs = { seed, numRuns: 200 };
console.log(`seed ${seed}`);

const SECOND = 1_000_000;
const none: ShowFacts = { guests: [], bets: [], markets: [], events: [] };
let made = 0;

function bet(changes: Partial<BetFact>): BetFact {
  const betId = `bet-${++made}`;
  const some = { subject: 'somebody', marketId: 'm', outcome: 0, amountMinor: 100 };
  return { betId, ...some, arrivedUs: 100 * SECOND, ...changes };
}

/** Bets of people who decide by themselves: any time in the window, any side, any stake. */
const honestShow: fc.Arbitrary<ShowFacts> = fc
  .record({
    people: fc.integer({ min: 1, max: 30 }),
    markets: fc.integer({ min: 1, max: 12 }),
    draws: fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })),
  })
  .map(({ people, markets, draws }) => {
    const next = () => draws.next().value ?? 0;
    const list = Array.from({ length: markets }, (_, at) => ({
      marketId: `m${at}`,
      opensAtUs: at * 60 * SECOND,
    }));
    const bets: BetFact[] = [];
    for (const { marketId, opensAtUs } of list) {
      for (let person = 0; person < people; person++) {
        if (next() < 0.5) continue;
        bets.push(
          bet({
            ...{ marketId, subject: `p${person}`, outcome: next() < 0.5 ? 0 : 1 },
            amountMinor: Math.ceil(10 ** (1 + next() * 3)),
            // Nobody is faster than half a second, and the window has twenty.
            arrivedUs: opensAtUs + Math.round((0.5 + next() * 19) * SECOND),
          }),
        );
      }
    }
    const guests = Array.from({ length: people }, (_, at) => ({
      subject: `p${at}`,
      network: `n${Math.floor(at / 2)}`,
    }));
    const events = list.map(({ opensAtUs }) => ({
      captureUs: opensAtUs + 40 * SECOND,
      type: 'goal',
    }));
    return { guests, bets, markets: list, events };
  });

test('honest shows: nobody is too fast, early or of too full a network', () => {
  fc.assert(
    fc.property(honestShow, (facts) => {
      const kinds = signalsOf(facts).map(({ kind }) => kind);
      assert.deepEqual(
        kinds.filter((kind) => kind !== 'oppositePair'),
        [],
      );
    }),
    runs,
  );
});

test('a planted pattern is found in any show, with its people and its evidence', () => {
  fc.assert(
    fc.property(honestShow, fc.integer({ min: 0, max: 6 }), (facts, more) => {
      const cheat = 'cheat';
      const count = Math.max(BEFORE_EVENT_MIN, PAIR_MARKETS_MIN, TOO_FAST_MIN) + more;
      const planted = Array.from({ length: count }, (_, at) => {
        const opensAtUs = (1000 + at * 60) * SECOND;
        const marketId = `planted-${at}`;
        const eventUs = opensAtUs + 30 * SECOND;
        return {
          market: { marketId, opensAtUs },
          event: { captureUs: eventUs, type: 'goal' },
          bets: [
            bet({ marketId, subject: 'bot', arrivedUs: opensAtUs + REACTION_US_MIN - 1 }),
            bet({ marketId, subject: cheat, arrivedUs: eventUs - BEFORE_EVENT_US }),
            bet({ marketId, subject: 'left', outcome: 0, arrivedUs: opensAtUs + 5 * SECOND }),
            bet({ marketId, subject: 'right', outcome: 1, arrivedUs: opensAtUs + 6 * SECOND }),
          ],
        };
      });
      const crowd = Array.from({ length: SAME_NETWORK_MIN + more }, (_, at) => ({
        subject: `sock-${at}`,
        network: 'cellar',
      }));
      const show = {
        guests: [...facts.guests, ...crowd],
        bets: [...facts.bets, ...planted.flatMap(({ bets }) => bets)],
        markets: [...facts.markets, ...planted.map(({ market }) => market)],
        events: [...facts.events, ...planted.map(({ event }) => event)],
      };
      const found = (kind: string, subjects: string[]) => {
        const signal = signalsOf(show).find(
          (one) => one.kind === kind && subjects.every((subject) => one.subjects.includes(subject)),
        );
        assert.ok(signal, `${kind} of ${subjects.join(' and ')}`);
        assert.ok(signal.strength >= 0 && signal.strength <= 1);
        return signal;
      };
      assert.ok(found('tooFast', ['bot']).evidence.length > 0);
      assert.ok(found('beforeEvents', [cheat]).evidence.length > 0);
      assert.ok(found('oppositePair', ['left', 'right']).evidence.length > 0);
      assert.equal(found('sameNetwork', ['sock-0', 'sock-1']).subjects.length, crowd.length);
    }),
    { ...runs, numRuns: 60 },
  );
});

test('each stands exactly at its threshold', () => {
  const fast = (count: number, reactionUs: number) => ({
    ...none,
    markets: [{ marketId: 'm', opensAtUs: 0 }],
    bets: Array.from({ length: count }, () => bet({ arrivedUs: reactionUs })),
  });
  assert.equal(tooFast(fast(TOO_FAST_MIN, REACTION_US_MIN - 1)).length, 1);
  assert.equal(tooFast(fast(TOO_FAST_MIN - 1, REACTION_US_MIN - 1)).length, 0);
  assert.equal(tooFast(fast(TOO_FAST_MIN, REACTION_US_MIN)).length, 0);

  const early = (count: number, leadUs: number, others = 0) => ({
    ...none,
    events: [{ captureUs: 50 * SECOND, type: 'goal' }],
    bets: [
      ...Array.from({ length: count }, () => bet({ arrivedUs: 50 * SECOND - leadUs })),
      ...Array.from({ length: others }, () => bet({ arrivedUs: SECOND })),
    ],
  });
  assert.equal(beforeEvents(early(BEFORE_EVENT_MIN, BEFORE_EVENT_US)).length, 1);
  assert.equal(beforeEvents(early(BEFORE_EVENT_MIN, BEFORE_EVENT_US + 1)).length, 0);
  assert.equal(beforeEvents(early(BEFORE_EVENT_MIN, 1, BEFORE_EVENT_MIN + 1)).length, 0);

  const guests = (count: number, network: string) =>
    Array.from({ length: count }, (_, at) => ({ subject: `g${at}`, network }));
  assert.equal(sameNetwork({ ...none, guests: guests(SAME_NETWORK_MIN, 'n') }).length, 1);
  assert.equal(sameNetwork({ ...none, guests: guests(SAME_NETWORK_MIN - 1, 'n') }).length, 0);
  assert.equal(sameNetwork({ ...none, guests: guests(50, '') }).length, 0, 'unknown is no network');

  const pair = (markets: number, stake: number) => ({
    ...none,
    bets: Array.from({ length: markets }, (_, at) => [
      bet({ marketId: `m${at}`, subject: 'a', outcome: 0, amountMinor: 100 }),
      bet({ marketId: `m${at}`, subject: 'b', outcome: 1, amountMinor: stake }),
    ]).flat(),
  });
  assert.equal(oppositePairs(pair(PAIR_MARKETS_MIN, 120)).length, 1);
  assert.equal(oppositePairs(pair(PAIR_MARKETS_MIN - 1, 120)).length, 0);
  assert.equal(oppositePairs(pair(PAIR_MARKETS_MIN, 200)).length, 0);
  const friends = Array.from({ length: PAIR_MARKETS_MIN + 1 }, (_, at) => [
    bet({ marketId: `same${at}`, subject: 'a', outcome: 0 }),
    bet({ marketId: `same${at}`, subject: 'b', outcome: 0 }),
  ]).flat();
  const often = { ...none, bets: [...pair(PAIR_MARKETS_MIN, 120).bets, ...friends] };
  assert.equal(oppositePairs(often).length, 0, 'they agree as often');
});

test('no facts make them throw, and the order of facts changes nothing', () => {
  const text = fc.constantFrom('a', 'b', 'c', '');
  const us = fc.integer({ min: 0, max: 10 * SECOND });
  const facts = fc.record({
    guests: fc.array(fc.record({ subject: text, network: text })),
    bets: fc.array(
      fc.record({
        ...{ betId: fc.string(), subject: text, marketId: text, arrivedUs: us },
        outcome: fc.nat(3),
        amountMinor: fc.integer({ min: 1, max: 1000 }),
      }),
      { maxLength: 80 },
    ),
    markets: fc.array(fc.record({ marketId: text, opensAtUs: us })),
    events: fc.array(fc.record({ captureUs: us, type: text })),
  });
  fc.assert(
    fc.property(facts, (show) => {
      const who = (found: ReturnType<typeof signalsOf>) =>
        found.map(({ kind, subjects }) => `${kind} ${[...subjects].sort().join(' ')}`).sort();
      const turned = {
        ...show,
        bets: [...show.bets].reverse(),
        guests: [...show.guests].reverse(),
      };
      assert.deepEqual(who(signalsOf(turned)), who(signalsOf(show)));
    }),
    runs,
  );
});

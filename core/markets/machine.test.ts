// Proves what every cell of state x verb x role answers, against a table written out by hand as
// people would read it, and the media-clock rule at its boundaries (vectors TV1 and TV2).

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Role, roleSchema } from '../contract/roles.ts';
import { marketStateSchema } from '../contract/state.ts';
import { judge, MARKET_VERBS, type MarketVerb } from './machine.ts';
import { cutoffUs, isBeforeLock, isLate, tighterCutoff } from './mediaClock.ts';
import { marketRulesSchema, rulesHash, rulesOf } from './rules.ts';
import { BUILT_IN_TEMPLATES, parseTemplate } from './templates.ts';

// What a person who runs the show (r), a viewer (v) and, where it differs, the machine's eye (m)
// are answered, per state.
const EXPECTED: Record<string, Record<string, { r: string; v: string; m?: string }>> = {
  DRAFT: {
    open: { r: '> OPEN', v: 'NOT_ALLOWED' },
    bet: { r: 'MARKET_NOT_OPEN', v: 'MARKET_NOT_OPEN' },
    lock: { r: 'MARKET_NOT_OPEN', v: 'MARKET_NOT_OPEN' },
    resolve: { r: 'MARKET_NOT_OPEN', v: 'MARKET_NOT_OPEN' },
    void: { r: '> VOID', v: 'NOT_ALLOWED' },
    withdraw: { r: 'MARKET_NOT_OPEN', v: 'MARKET_NOT_OPEN' },
    sell: { r: 'MARKET_NOT_OPEN', v: 'MARKET_NOT_OPEN' },
    correct: { r: 'MARKET_NOT_RESOLVED', v: 'MARKET_NOT_RESOLVED', m: 'MARKET_NOT_RESOLVED' },
    extend: { r: 'MARKET_NOT_OPEN', v: 'MARKET_NOT_OPEN', m: 'MARKET_NOT_OPEN' },
  },
  OPEN: {
    open: { r: 'MARKET_EXISTS', v: 'MARKET_EXISTS' },
    bet: { r: 'STAFF_MAY_NOT_BET', v: '> OPEN' },
    lock: { r: '> LOCKED', v: 'NOT_ALLOWED' },
    resolve: { r: '> RESOLVED', v: 'NOT_ALLOWED' },
    void: { r: '> VOID', v: 'NOT_ALLOWED' },
    withdraw: { r: 'STAFF_MAY_NOT_BET', v: '> OPEN' },
    sell: { r: 'STAFF_MAY_NOT_BET', v: '> OPEN' },
    correct: { r: 'MARKET_NOT_RESOLVED', v: 'MARKET_NOT_RESOLVED', m: 'MARKET_NOT_RESOLVED' },
    extend: { r: '> OPEN', v: 'NOT_ALLOWED', m: 'NOT_ALLOWED' },
  },
  LOCKED: {
    open: { r: 'MARKET_EXISTS', v: 'MARKET_EXISTS' },
    bet: { r: 'MARKET_LOCKED', v: 'MARKET_LOCKED' },
    lock: { r: '> LOCKED', v: 'NOT_ALLOWED' },
    resolve: { r: '> RESOLVED', v: 'NOT_ALLOWED' },
    void: { r: '> VOID', v: 'NOT_ALLOWED' },
    withdraw: { r: 'MARKET_LOCKED', v: 'MARKET_LOCKED' },
    sell: { r: 'MARKET_LOCKED', v: 'MARKET_LOCKED' },
    correct: { r: 'MARKET_NOT_RESOLVED', v: 'MARKET_NOT_RESOLVED', m: 'MARKET_NOT_RESOLVED' },
    extend: { r: '> LOCKED', v: 'NOT_ALLOWED', m: 'NOT_ALLOWED' },
  },
  RESOLVED: {
    open: { r: 'MARKET_EXISTS', v: 'MARKET_EXISTS' },
    bet: { r: 'MARKET_NOT_OPEN', v: 'MARKET_NOT_OPEN' },
    lock: { r: 'MARKET_ENDED', v: 'MARKET_ENDED' },
    resolve: { r: 'MARKET_ENDED', v: 'MARKET_ENDED' },
    void: { r: 'MARKET_ENDED', v: 'MARKET_ENDED' },
    withdraw: { r: 'MARKET_NOT_OPEN', v: 'MARKET_NOT_OPEN' },
    sell: { r: 'MARKET_NOT_OPEN', v: 'MARKET_NOT_OPEN' },
    correct: { r: '> RESOLVED', v: 'NOT_ALLOWED', m: 'NOT_ALLOWED' },
    extend: { r: 'MARKET_ENDED', v: 'MARKET_ENDED', m: 'MARKET_ENDED' },
  },
  VOID: {
    open: { r: 'MARKET_EXISTS', v: 'MARKET_EXISTS' },
    bet: { r: 'MARKET_NOT_OPEN', v: 'MARKET_NOT_OPEN' },
    lock: { r: 'MARKET_ENDED', v: 'MARKET_ENDED' },
    resolve: { r: 'MARKET_ENDED', v: 'MARKET_ENDED' },
    void: { r: 'MARKET_ENDED', v: 'MARKET_ENDED' },
    withdraw: { r: 'MARKET_NOT_OPEN', v: 'MARKET_NOT_OPEN' },
    sell: { r: 'MARKET_NOT_OPEN', v: 'MARKET_NOT_OPEN' },
    correct: { r: 'MARKET_ENDED', v: 'MARKET_ENDED', m: 'MARKET_ENDED' },
    extend: { r: 'MARKET_ENDED', v: 'MARKET_ENDED', m: 'MARKET_ENDED' },
  },
};

function expected(state: string, verb: MarketVerb, role: Role): string | undefined {
  const cell = EXPECTED[state]?.[verb];
  if (role === 'viewer') return cell?.v;
  return role === 'vision' ? (cell?.m ?? cell?.r) : cell?.r;
}

test('every cell of state x verb x role answers as written down', () => {
  let cells = 0;
  for (const state of marketStateSchema.options) {
    for (const verb of MARKET_VERBS) {
      for (const role of roleSchema.options) {
        const verdict = judge(state, verb, role);
        const answer = 'refused' in verdict ? verdict.refused : `> ${verdict.to}`;
        assert.equal(answer, expected(state, verb, role), `${state} x ${verb} x ${role}`);
        cells++;
      }
    }
  }
  assert.equal(cells, 5 * 9 * 5);
});

test('suspended lies over every cell: positions wait, everything else answers as ever', () => {
  const waiting = ['bet', 'withdraw', 'sell'];
  for (const state of marketStateSchema.options) {
    for (const verb of MARKET_VERBS) {
      for (const role of roleSchema.options) {
        const suspended = waiting.includes(verb)
          ? { refused: 'BETTING_SUSPENDED' }
          : judge(state, verb, role);
        assert.deepEqual(judge(state, verb, role, true), suspended, `${state} ${verb} ${role}`);
      }
    }
  }
});

const MS = 1000;

test('TV1 and TV2: bets at or after the cut-off are late, at or after the lock refused', () => {
  const withGuard = cutoffUs(112_400 * MS, 500);
  assert.equal(withGuard, 111_900 * MS);
  assert.equal(isLate(111_200 * MS, withGuard), false);
  assert.equal(isLate(111_899 * MS, withGuard), false);
  assert.equal(isLate(111_900 * MS, withGuard), true);
  assert.equal(isLate(112_500 * MS, withGuard), true);
  const without = cutoffUs(112_400 * MS, 0);
  assert.equal(isLate(112_399 * MS, without), false);
  assert.equal(isLate(112_400 * MS, without), true);
  assert.equal(isBeforeLock(120_000 * MS - 1, 120_000 * MS), true);
  assert.equal(isBeforeLock(120_000 * MS, 120_000 * MS), false);
  assert.equal(cutoffUs(100 * MS, 500), 0);
});

test('a cut-off only ever moves earlier', () => {
  assert.equal(tighterCutoff(null, null), null);
  assert.equal(tighterCutoff(null, 5), 5);
  assert.equal(tighterCutoff(5, null), 5);
  assert.equal(tighterCutoff(5, 7), 5);
  assert.equal(tighterCutoff(7, 5), 5);
});

test('templates give rules whose four times never cross; contradictions are refused', () => {
  const salt = 'ab'.repeat(16);
  for (const template of BUILT_IN_TEMPLATES) {
    const rules = rulesOf(template, 1_000_000, salt);
    assert.ok(rules.opensAtUs < rules.lockAtUs);
    assert.ok(rules.lockAtUs <= rules.horizonAtUs - rules.guardMs * 1000);
    assert.ok(rules.horizonAtUs <= rules.deadlineAtUs);
    assert.deepEqual(parseTemplate(JSON.parse(JSON.stringify(template))), template);
  }
  const [template] = BUILT_IN_TEMPLATES;
  assert.ok(template);
  for (const bad of [
    { betWindowSeconds: 29.6 },
    { betWindowSeconds: 31 },
    { deadlineSeconds: 29 },
    { otherwise: 2 },
    { decideOn: { ...template.decideOn, outcome: 5 } },
    { outcomes: ['only'] },
  ]) {
    assert.throws(() => parseTemplate({ ...template, ...bad }), JSON.stringify(bad));
  }
});

test('the rules hash changes with every field', () => {
  const [template] = BUILT_IN_TEMPLATES;
  assert.ok(template);
  const rules = rulesOf(template, 1_000_000, 'ab'.repeat(16));
  const hash = rulesHash(rules);
  assert.match(hash, /^[0-9a-f]{64}$/);
  assert.equal(rulesHash(marketRulesSchema.parse(JSON.parse(JSON.stringify(rules)))), hash);
  const others = [
    { salt: 'cd'.repeat(16) },
    { title: 'Another' },
    { guardMs: 400 },
    { horizonAtUs: rules.horizonAtUs + 1 },
    { rakeBasisPoints: 1 },
    { otherwise: 0 },
  ].map((change) => rulesHash({ ...rules, ...change }));
  assert.equal(new Set([hash, ...others]).size, others.length + 1);
});

// Proves, on a real ledger, what the machine's table says: every state x verb x role, free and
// suspended, does what its cell allows or is refused with its code and then changes nothing; and
// that whoever runs the show, may decide a market or is banned cannot bet there, end to end.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { type Role, roleSchema } from '../../core/contract/roles.ts';
import { type MarketState, marketStateSchema } from '../../core/contract/state.ts';
import { LedgerRefusal } from '../../core/ledger/refusal.ts';
import { judge, MARKET_VERBS, type MarketVerb } from '../../core/markets/machine.ts';
import { act, hexId, rulesAt, startBareLedger } from '../ledger/testLedger.ts';

const S = 1_000_000;
const OPENS = 100 * S;
const NOW = 110 * S;
const ANN = hexId(0xa);
const BOB = hexId(0xb);

const own = startBareLedger([ANN, BOB]);
after(() => own.end());
let number = 1;

/** A market in this state, with a bet of each on it; BOB may decide it. */
function prepare(state: MarketState, hasPrices: boolean) {
  const id = `m${number++}`;
  const bets = { [ANN]: hexId(0xbe7000 + number++), [BOB]: hexId(0xbe7000 + number++) };
  if (state === 'DRAFT') return { id, bets };
  open(id, hasPrices);
  for (const [subject, betId] of Object.entries(bets)) {
    own.ask('placeBet', {
      ...{ betId, subject, marketId: id, amountMinor: hasPrices ? 5 : 1, arrivedUs: OPENS + S },
      outcome: subject === ANN ? 0 : 1,
    });
  }
  own.ask('setStaff', {
    ...{ commandId: `c${number++}`, actor: 'o', role: 'owner', atUs: OPENS + S },
    ...{ subject: BOB, marketId: id, isStaff: true, reason: 'Decides this one' },
  });
  if (state === 'LOCKED') run(id, bets, 'lock', 'owner');
  if (state === 'RESOLVED') run(id, bets, 'resolve', 'owner');
  if (state === 'VOID') run(id, bets, 'void', 'owner');
  return { id, bets };
}

function open(id: string, hasPrices: boolean, role: Role = 'owner') {
  const rules = rulesAt(OPENS, {
    lockAtUs: 200 * S,
    horizonAtUs: 400 * S,
    deadlineAtUs: 500 * S,
    ...(hasPrices ? { pricing: { lmsr: { budgetMinor: 10 } } } : {}),
  });
  own.ask('openMarket', { ...act(id, `c${number++}`, OPENS, role), rules, reason: '' });
}

function run(id: string, bets: Record<string, string>, verb: MarketVerb, role: Role): void {
  const acting = act(id, `c${number++}`, NOW, role);
  const reason = 'Because';
  // Whoever is no viewer acts as one who may decide this market.
  const subject = role === 'viewer' ? ANN : BOB;
  const position = { subject, betId: bets[subject], arrivedUs: NOW };
  switch (verb) {
    case 'open':
      open(id, false, role);
      return;
    case 'bet': {
      const bet = { marketId: id, outcome: 0, amountMinor: 1 };
      own.ask('placeBet', { ...position, ...bet, betId: hexId(0xbe7000 + number++) });
      return;
    }
    case 'withdraw':
      own.ask('withdrawBet', position);
      return;
    case 'sell':
      own.ask('sellBet', { ...position, saleId: hexId(0x5a1e000 + number++), milliShares: 4000 });
      return;
    case 'lock':
      own.ask('lockMarket', { ...acting, tCapUs: null, reason });
      return;
    case 'resolve':
      own.ask('resolveMarket', { ...acting, outcome: 0, reason, evidence: null });
      return;
    case 'void':
      own.ask('voidMarket', { ...acting, reason });
      return;
    case 'correct':
      own.ask('correctMarket', { ...acting, outcome: 1, tCapUs: null, reason });
      return;
    case 'extend':
      own.ask('extendMarket', {
        ...{ ...acting, reason, lockAtUs: 200 * S, deadlineAtUs: 600 * S },
      });
      return;
  }
}

const everything = () => [
  own.ledger.headSeq,
  Buffer.from(own.ledger.journal.lastHash).toString('hex'),
  ...own.balances(ANN, BOB),
];

/** What the ledger, which knows no drafts, answers where the machine speaks of one. */
function inDraft(verb: MarketVerb, isSuspended: boolean): string {
  if (verb === 'withdraw' || verb === 'sell') return 'UNKNOWN_BET';
  return verb === 'bet' && isSuspended ? 'BETTING_SUSPENDED' : 'UNKNOWN_MARKET';
}

test('every cell on a real ledger: done as allowed, or refused and nothing changed', () => {
  let cells = 0;
  for (const state of marketStateSchema.options) {
    for (const verb of MARKET_VERBS) {
      for (const role of roleSchema.options) {
        for (const isSuspended of [false, true]) {
          const where = `${state} x ${verb} x ${role}${isSuspended ? ', suspended' : ''}`;
          const { id, bets } = prepare(state, verb === 'sell');
          if (isSuspended) own.ask('suspendBetting', { marketId: id, reason: 'A dog' });
          const verdict = judge(state, verb, role, isSuspended);
          const isDraft = state === 'DRAFT' && verb !== 'open';
          const refused = isDraft
            ? inDraft(verb, isSuspended)
            : 'refused' in verdict && verdict.refused;
          const before = everything();
          try {
            run(id, bets, verb, role);
            assert.equal(refused, false, `${where} was done`);
            assert.ok('to' in verdict);
            const { market } = own.ask('market', { marketId: id });
            assert.equal(market?.state, verdict.to, where);
          } catch (cause) {
            if (!(cause instanceof LedgerRefusal)) throw cause;
            assert.equal(cause.code, refused, where);
            assert.deepEqual(everything(), before, `${where} changed something`);
          }
          cells++;
        }
      }
    }
  }
  assert.equal(cells, 5 * 9 * 5 * 2);
});

test('who runs the show bets nowhere, who may decide one market bets elsewhere, a banned one nowhere', () => {
  const CAT = hexId(0xc);
  const key = 'c'.repeat(64);
  own.ask('bindSubject', { subject: CAT, publicKey: key, isStaff: false, atUs: NOW });
  const [one, other] = [prepare('OPEN', false).id, prepare('OPEN', false).id];
  const bet = (marketId: string) => {
    const betId = hexId(0xbe7000 + number++);
    const rest = { outcome: 0, amountMinor: 1, arrivedUs: NOW };
    own.ask('placeBet', { betId, subject: CAT, marketId, ...rest });
  };
  const byOwner = () => ({
    ...{ commandId: `c${number++}`, actor: 'o', role: 'owner', atUs: NOW, reason: 'Said so' },
    subject: CAT,
  });
  own.ask('setStaff', { ...byOwner(), marketId: one, isStaff: true });
  assert.throws(() => bet(one), { code: 'STAFF_MAY_NOT_BET' });
  bet(other);
  own.ask('setStaff', { ...byOwner(), isStaff: true });
  // A page that comes back binds again, as the audience does for everybody.
  own.ask('bindSubject', { subject: CAT, publicKey: key, isStaff: false, atUs: NOW });
  assert.throws(() => bet(other), { code: 'STAFF_MAY_NOT_BET' });
  own.ask('setStaff', { ...byOwner(), isStaff: false });
  bet(other);
  assert.throws(() => bet(one), { code: 'STAFF_MAY_NOT_BET' });
  own.ask('setBan', { ...byOwner(), isBanned: true });
  assert.throws(() => bet(other), { code: 'BANNED' });
  for (const role of ['moderator', 'viewer', 'vision']) {
    const asked = { ...byOwner(), role, isStaff: false, marketId: one };
    assert.throws(() => own.ask('setStaff', asked), { code: 'NOT_ALLOWED' });
  }
  const found = own.ask('bettors', { limit: 10 }).bettors.find(({ subject }) => subject === CAT);
  assert.deepEqual([found?.isBanned, found?.isStaff, found?.bets], [true, false, 2]);
  const unknown = { ...byOwner(), marketId: 'nowhere', isStaff: true };
  assert.throws(() => own.ask('setStaff', unknown), { code: 'UNKNOWN_MARKET' });
});

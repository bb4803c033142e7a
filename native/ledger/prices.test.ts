// Proves markets with prices through the ledger: what a stake buys, the slippage guard, selling
// back, the suffix that a late picture removes, and that the house never loses more than it put in,
// over random markets whose journals the auditor reads.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { LedgerCode } from '../../core/ledger/refusal.ts';
import { act, findingsWhenBent, hexId, rulesAt, startBareLedger } from './testLedger.ts';

const S = 1_000_000;
const ANN = hexId(0xa);
const BOB = hexId(0xb);
const BUDGET = 200;

function begin(budgetMinor = BUDGET, subjects = [ANN, BOB]) {
  const own = startBareLedger(subjects);
  let number = 1;
  const open = (marketId: string) => {
    const rules = rulesAt(100 * S, {
      lockAtUs: 120 * S,
      horizonAtUs: 140 * S,
      guardMs: 0,
      pricing: { lmsr: { budgetMinor } },
    });
    own.ask('openMarket', { ...act(marketId, `open-${marketId}`, 100 * S), rules, reason: '' });
  };
  open('m');
  const bet = (subject: string, outcome: number, amountMinor: number, arrivedUs: number) => {
    const betId = hexId(number++);
    own.ask('placeBet', { betId, subject, marketId: 'm', outcome, amountMinor, arrivedUs });
    return betId;
  };
  const sell = (betId: string, subject: string, milliShares: number, arrivedUs: number) => ({
    saleId: hexId(0x5000 + number++),
    betId,
    subject,
    milliShares,
    arrivedUs,
  });
  const resolve = (outcome: number, tCapUs: number | null) =>
    own.ask('resolveMarket', {
      ...act('m', `resolve-${number++}`, 150 * S),
      outcome,
      reason: 'So it was',
      evidence: tCapUs === null ? null : evidence(tCapUs),
    });
  const held = (account: string) => own.ledger.journal.state.accounts.get(account)?.posted ?? 0;
  const refused = (name: Parameters<typeof own.ask>[0], args: object, code: LedgerCode) => {
    const seq = own.ledger.headSeq;
    assert.throws(() => own.ask(name, args), { code });
    assert.equal(own.ledger.headSeq, seq, `${code} writes nothing`);
  };
  return { ...own, bet, sell, resolve, held, refused };
}

function evidence(captureUs: number) {
  return { id: 'e', type: 'goal', captureUs, detectedUs: captureUs, confidencePermille: 900 };
}

test('a stake buys shares at the price; a winner gets a point for each, the house the rest', () => {
  const own = begin();
  assert.equal(own.held('house:subsidy'), -BUDGET);
  const quote = own.ask('quote', { marketId: 'm', outcome: 0, amountMinor: 100 });
  assert.deepEqual(quote.pricesPermille, [500, 500]);
  // b = 200 / ln 2; s = b ln(1 + 2 (e^(100/b) - 1)) = 168.6...
  const b = BUDGET / Math.LN2;
  const exact = b * Math.log1p(2 * Math.expm1(100 / b));
  assert.equal(quote.milliShares, Math.floor(exact * 1000));
  own.bet(ANN, 0, 100, 101 * S);
  own.bet(BOB, 1, 50, 102 * S);
  const { market } = own.resolve(0, null);
  assert.equal(market.paidMinor, Math.floor(exact));
  assert.deepEqual(own.balances(ANN, BOB), [900 + Math.floor(exact), 950]);
  assert.equal(own.held('house:subsidy'), 150 - Math.floor(exact));
  own.end();
});

test('a quote that was overtaken is refused unless enough is left', () => {
  const own = begin();
  const seen = own.ask('quote', { marketId: 'm', outcome: 0, amountMinor: 100 });
  own.bet(BOB, 0, 20, 101 * S);
  const stake = { subject: ANN, marketId: 'm', outcome: 0, amountMinor: 100, arrivedUs: 102 * S };
  const asSeen = { ...stake, betId: hexId(0x601), quoteSeq: seen.quoteSeq };
  own.refused('placeBet', asSeen, 'STALE_QUOTE');
  own.refused('placeBet', { ...asSeen, milliSharesMin: seen.milliShares }, 'STALE_QUOTE');
  const least = Math.floor(seen.milliShares * 0.9);
  const bought = own.ask('placeBet', { ...asSeen, milliSharesMin: least }).milliShares ?? 0;
  assert.ok(bought >= least && bought < seen.milliShares);
  const betId = hexId(0x601);
  const offer = own.ask('saleQuote', { betId, subject: ANN });
  const sale = { ...own.sell(betId, ANN, offer.milliSharesLeft, 103 * S), quoteSeq: 0 };
  own.refused('sellBet', sale, 'STALE_QUOTE');
  own.refused('sellBet', { ...sale, amountMinorMin: offer.amountMinor + 1 }, 'STALE_QUOTE');
  own.ask('sellBet', { ...sale, amountMinorMin: offer.amountMinor });
  own.end();
});

test('selling back at once never pays more; the same sale twice is one', () => {
  const own = begin();
  const betId = own.bet(ANN, 0, 100, 101 * S);
  const { milliSharesLeft } = own.ask('saleQuote', { betId, subject: ANN });
  own.refused('sellBet', own.sell(betId, ANN, milliSharesLeft + 1, 102 * S), 'BAD_SHARES');
  own.refused('sellBet', own.sell(betId, ANN, 0.5, 102 * S), 'BAD_SHARES');
  own.refused('sellBet', own.sell(betId, ANN, -1, 102 * S), 'BAD_SHARES');
  own.refused('sellBet', own.sell(betId, BOB, 1000, 102 * S), 'UNKNOWN_BET');
  own.refused('sellBet', own.sell(betId, ANN, 1000, 120 * S), 'MARKET_LOCKED');
  own.refused('withdrawBet', { betId, subject: ANN, arrivedUs: 102 * S }, 'NOT_OFFERED');
  const sale = own.sell(betId, ANN, milliSharesLeft, 102 * S);
  const first = own.ask('sellBet', sale);
  assert.ok(first.amountMinor <= 100 && first.amountMinor >= 99);
  assert.deepEqual(own.ask('sellBet', sale), { ...first, isKnown: true });
  own.refused('sellBet', { ...sale, milliShares: 1 }, 'ID_REUSED');
  own.refused(
    'placeBet',
    {
      betId: sale.saleId,
      subject: ANN,
      marketId: 'm',
      outcome: 0,
      amountMinor: 5,
      arrivedUs: 103 * S,
    },
    'ID_REUSED',
  );
  // Two-phase: it is paid when the market ends.
  assert.deepEqual(own.balances(ANN), [900]);
  own.resolve(1, null);
  assert.deepEqual(own.balances(ANN), [900 + first.amountMinor]);
  own.end();
});

test('a late picture removes everything from the cut-off on, buys and sales alike', () => {
  const own = begin();
  const betId = own.bet(ANN, 0, 100, 101 * S);
  const { milliSharesLeft } = own.ask('saleQuote', { betId, subject: ANN });
  const before = own.ask('market', { marketId: 'm' }).market?.prices?.permille;
  own.bet(BOB, 1, 300, 110 * S);
  own.ask('sellBet', own.sell(betId, ANN, milliSharesLeft, 111 * S));
  own.ask('lockMarket', { ...act('m', 'lock', 112 * S), tCapUs: 110 * S, reason: 'Goal' });
  assert.deepEqual(own.ask('market', { marketId: 'm' }).market?.prices?.permille, before);
  own.resolve(0, 110 * S);
  assert.deepEqual(own.balances(ANN, BOB), [900 + Math.floor(milliSharesLeft / 1000), 1000]);
  own.end();
});

test('a correction re-partitions buys and sales and the house gets its part back', () => {
  const own = begin();
  const betId = own.bet(ANN, 0, 100, 101 * S);
  const { milliSharesLeft } = own.ask('saleQuote', { betId, subject: ANN });
  own.bet(BOB, 1, 300, 110 * S);
  const sold = own.ask('sellBet', own.sell(betId, ANN, milliSharesLeft, 111 * S));
  own.resolve(0, null);
  assert.deepEqual(own.balances(ANN, BOB), [900 + sold.amountMinor, 700]);
  const correct = (id: string, outcome: number | null, tCapUs: number | null) =>
    own.ask('correctMarket', { ...act('m', id, 160 * S), outcome, tCapUs, reason: 'No.' });
  correct('c1', 0, 110 * S);
  assert.deepEqual(own.balances(ANN, BOB), [900 + Math.floor(milliSharesLeft / 1000), 1000]);
  correct('c2', 0, 115 * S);
  assert.deepEqual(own.balances(ANN, BOB), [900 + sold.amountMinor, 700]);
  correct('c3', null, null);
  assert.deepEqual(own.balances(ANN, BOB), [1000, 1000]);
  assert.equal(own.held('house:subsidy'), 0);
  own.end();
});

test('a void market gives stakes and budget back, sales are forgotten', () => {
  const own = begin();
  const betId = own.bet(ANN, 0, 100, 101 * S);
  own.ask('sellBet', own.sell(betId, ANN, 5000, 102 * S));
  own.ask('voidMarket', { ...act('m', 'void', 103 * S), reason: 'Enough' });
  assert.deepEqual(own.balances(ANN), [1000]);
  assert.equal(own.held('house:subsidy'), 0);
  own.end();
});

const step = fc.record({
  who: fc.nat({ max: 2 }),
  outcome: fc.nat({ max: 1 }),
  amount: fc.integer({ min: 1, max: 400 }),
  isSale: fc.boolean(),
  part: fc.integer({ min: 1, max: 100 }),
  at: fc.integer({ min: 100 * S, max: 121 * S }),
});

test('40 random markets with prices: the loss stays in the budget, the auditor agrees', () => {
  let sales = 0;
  fc.assert(
    fc.property(
      fc.array(step, { minLength: 5, maxLength: 40 }),
      fc.integer({ min: 2, max: 500 }),
      fc.nat({ max: 1 }),
      fc.option(fc.integer({ min: 100 * S, max: 121 * S })),
      (steps, budget, winner, tCap) => {
        const people = [ANN, BOB, hexId(0xc)];
        const own = begin(budget, people);
        const bets: { betId: string; subject: string }[] = [];
        for (const one of steps) {
          const subject = people[one.who] ?? ANN;
          const bet = bets[one.part % Math.max(1, bets.length)];
          try {
            if (one.isSale && bet) {
              const { milliSharesLeft } = own.ask('saleQuote', bet);
              const milliShares = Math.ceil((milliSharesLeft * one.part) / 100);
              own.ask('sellBet', own.sell(bet.betId, bet.subject, milliShares, one.at));
              sales++;
            } else {
              bets.push({ betId: own.bet(subject, one.outcome, one.amount, one.at), subject });
            }
          } catch (error) {
            assert.match(String((error as { code?: string }).code), /^[A-Z_]+$/);
          }
        }
        own.resolve(winner, tCap);
        assert.ok(own.held('house:subsidy') >= -budget);
        own.end();
      },
    ),
    { numRuns: 40 },
  );
  assert.ok(sales > 50, `${sales} sales`);
});

test('the auditor finds bent shares, sales and budgets', () => {
  const own = begin();
  const betId = own.bet(ANN, 0, 100, 101 * S);
  own.bet(BOB, 1, 100, 102 * S);
  own.ask('sellBet', own.sell(betId, ANN, 20_000, 103 * S));
  own.resolve(0, null);
  own.ledger.commit();
  const rows = [...own.store.allRows.iterate()];
  own.end();
  const bent = (kind: string, change: (row: Record<string, unknown>) => object, what: RegExp) =>
    assert.match(findingsWhenBent(rows, kind, change), what, kind);
  bent('fill', (row) => ({ shares: `${Number(row.shares) + 5000}` }), /position that is wrong/);
  bent('fill', () => ({ shares: '19000' }), /more shares are sold/);
  bent('sell', () => ({ shares: '15000' }), /position that is wrong/);
  bent('sell', () => ({ at: 101 * S + 1 }), /backwards/);
  bent('sell', () => ({ cr: `user:${BOB}` }), /somebody else/);
  bent('proceeds', (row) => ({ amount: `${Number(row.amount) + 1}` }), /sale in part/);
  bent('payout', (row) => ({ amount: `${Number(row.amount) + 1}` }), /position that is wrong/);
  bent('residue', () => ({ cr: 'house' }), /goes back to the house/);
  bent('subsidy', () => ({ amount: '199' }), /still holds/);
});

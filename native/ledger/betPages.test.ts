// Proves that pages of bets hold every bet once, newest first, whatever the page's size and whether
// its market is still moving or was put away; narrowed to a bettor or a market; with what became of
// each; and that asking writes nothing.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LedgerHistoryEntry, RequestResult } from './protocol.ts';
import { act, hexId, rulesAt, startBareLedger } from './testLedger.ts';

const S = 1_000_000;
const [ANN, BOB] = [hexId(0xa), hexId(0xb)] as const;

function played() {
  const own = startBareLedger([ANN, BOB]);
  let number = 1;
  for (const [at, marketId] of ['m0', 'm1', 'm2'].entries()) {
    const opensAtUs = (100 + at * 50) * S;
    const rules = rulesAt(opensAtUs, { title: `Question ${at}?` });
    own.ask('openMarket', { ...act(marketId, `open-${at}`, opensAtUs), rules, reason: '' });
    for (let bet = 0; bet < 7; bet++, number++) {
      own.ask('placeBet', {
        ...{ betId: hexId(number), subject: bet % 3 === 0 ? BOB : ANN, marketId },
        ...{ outcome: bet % 2, amountMinor: number, arrivedUs: opensAtUs + bet },
      });
    }
    if (marketId === 'm2') continue;
    const how = { ...act(marketId, `end-${at}`, opensAtUs + 40 * S), reason: 'so it was' };
    own.ask('resolveMarket', { ...how, outcome: 0, evidence: null });
  }
  // What has ended leaves the memory.
  while (own.ledger.tend()) own.ledger.commit();
  own.ledger.commit();
  return own;
}

type Of = { subject?: string; marketId?: string };

function allPages(own: ReturnType<typeof played>, limit: number, of: Of = {}) {
  const entries: LedgerHistoryEntry[] = [];
  for (let beforeSeq: number | null = null; ; ) {
    const page: RequestResult<'bets'> = own.ask('bets', { beforeSeq, limit, ...of });
    assert.ok(page.entries.length <= limit);
    entries.push(...page.entries);
    if (page.nextSeq === null) return entries;
    beforeSeq = page.nextSeq;
  }
}

test('pages hold every bet once, newest first, with what became of it', () => {
  const own = played();
  const headSeq = own.ledger.headSeq;
  const newestFirst = Array.from({ length: 21 }, (_, at) => hexId(21 - at));
  for (const limit of [1, 4, 21, 100]) {
    const found = allPages(own, limit);
    assert.deepEqual(
      found.map(({ betId }) => betId),
      newestFirst,
    );
    assert.deepEqual(
      found.slice(0, 9).map(({ result }) => result),
      [...Array(7).fill('PENDING'), 'WON', 'LOST'],
    );
    assert.equal(found.at(-1)?.marketTitle, 'Question 0?');
  }
  assert.equal(own.ledger.headSeq, headSeq);
  own.end();
});

test('pages are narrowed to a bettor, to a market, and to both', () => {
  const own = played();
  const count = (of: Of) => allPages(own, 5, of).length;
  assert.deepEqual([count({ subject: BOB }), count({ marketId: 'm1' })], [9, 7]);
  const both = allPages(own, 5, { subject: BOB, marketId: 'm1' });
  assert.deepEqual(
    both.map(({ amountMinor }) => amountMinor),
    [14, 11, 8],
  );
  assert.equal(count({ subject: hexId(0xc) }), 0);
  own.end();
});

// Proves that nothing which the ledger does beside requests goes over more bets than a part has: a
// market of many parts is resolved, put away, brought back, corrected and put away again, and each
// step says over how many bets it went; that a market which is corrected on its way to the shelf
// lies there as it was corrected; and that a decision computed in parts is the one computed at once.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { decisionOf, settlementOf } from '../../core/ledger/decision.ts';
import { openJournalStore } from './journalStore.ts';
import { Ledger } from './ledger.ts';
import type { LedgerHistoryEntry } from './protocol.ts';
import { act, hexId, hexKey, IDENTITY, newFolder, rulesAt } from './testLedger.ts';

const S = 1_000_000;
const BETS = 1_500;
const SUBJECTS = 40;
const PART_BETS = 60;
/** A part of the shelf, by bettor, is read and written whole. */
const MOST = 500 + BETS / SUBJECTS;

function prepare(ledger: Ledger): void {
  for (let subject = 0; subject < SUBJECTS; subject++) {
    const publicKey = hexKey(1);
    ledger.answer('bindSubject', { subject: hexId(subject), publicKey, isStaff: false, atUs: 1 });
  }
  const rules = rulesAt(100 * S, { lockAtUs: 120 * S, rakeBasisPoints: 500 });
  ledger.answer('openMarket', { ...act('m', 'open', 100 * S), rules, reason: '' });
  for (let bet = 0; bet < BETS; bet++) {
    ledger.answer('placeBet', {
      betId: hexId(0x1000 + ((bet * 7919) % BETS)),
      subject: hexId(bet % SUBJECTS),
      marketId: 'm',
      outcome: bet % 3 === 0 ? 0 : 1,
      amountMinor: 1 + (bet % 7),
      arrivedUs: 101 * S + bet,
    });
  }
  ledger.commit();
}

function resolve(ledger: Ledger, outcome: number): void {
  const who = act('m', 'end', 130 * S);
  ledger.answer('resolveMarket', { ...who, outcome, reason: 'x', evidence: null });
}

const correction = { ...act('m', 'corrected', 140 * S), outcome: 1, tCapUs: null, reason: 'y' };

function results(ledger: Ledger): string {
  const all: unknown[] = [];
  for (let subject = 0; subject < SUBJECTS; subject++) {
    const who = { subject: hexId(subject) };
    const { entries } = ledger.answer('history', { ...who, limit: 100 }) as {
      entries: LedgerHistoryEntry[];
    };
    all.push(ledger.answer('balance', who));
    all.push(entries.map(({ betId, result, paidMinor }) => [betId, result, paidMinor]));
  }
  return JSON.stringify(all);
}

function own(options: object) {
  const folder = newFolder();
  const store = openJournalStore(join(folder.path, 'ledger.db'));
  const ledger = new Ledger(store, IDENTITY, 1, { checkpointRowsMin: 0, ...options });
  prepare(ledger);
  const end = () => {
    store.database.close();
    folder.remove();
  };
  return { ledger, end };
}

test('no step beside requests goes over more bets than a part', () => {
  const { ledger, end } = own({ settledAtOnceMax: 0, partRows: 50, partBets: PART_BETS });
  const most = new Map<string, number>();
  const tendAll = () => {
    for (let hasMore = true; hasMore; ) {
      hasMore = ledger.tend();
      const { what, bets } = ledger.journal.did;
      most.set(what, Math.max(bets, most.get(what) ?? 0));
      ledger.commit();
    }
  };
  tendAll();
  resolve(ledger, 0);
  tendAll();
  while (ledger.isWaiting('correctMarket', correction)) {
    ledger.tend();
    const { what, bets } = ledger.journal.did;
    most.set(what, Math.max(bets, most.get(what) ?? 0));
  }
  ledger.answer('correctMarket', correction);
  tendAll();
  const names = ['decide', 'stakes', 'payouts', 'gather', 'write ids', 'sort bettors'];
  names.push('write bets', 'read', 'take', 'back', 'out');
  for (const name of names) {
    const bets = most.get(name) ?? 0;
    const isByBettor = name.startsWith('write') || name === 'read';
    assert.ok(bets > 0 && bets <= (isByBettor ? MOST : 500), `${name}: ${bets} bets`);
    if (['decide', 'stakes', 'payouts', 'gather', 'back', 'out'].includes(name)) {
      assert.ok(bets <= PART_BETS, `${name}: ${bets} bets`);
    }
  }
  const whole = own({ settledAtOnceMax: Number.POSITIVE_INFINITY });
  resolve(whole.ledger, 0);
  whole.ledger.answer('correctMarket', correction);
  whole.ledger.commit();
  assert.equal(results(ledger), results(whole.ledger));
  end();
  whole.end();
});

test('corrected on its way to the shelf, it lies there as it was corrected', () => {
  const { ledger, end } = own({ settledAtOnceMax: 10_000, partBets: PART_BETS });
  resolve(ledger, 0);
  ledger.commit();
  const ended = results(ledger);
  for (let isWritten = false; !isWritten; isWritten = ledger.journal.did.what === 'write bets') {
    assert.ok(ledger.tend());
    ledger.commit();
  }
  assert.ok(ledger.journal.state.markets.has('m'));
  ledger.answer('correctMarket', correction);
  ledger.commit();
  const corrected = results(ledger);
  assert.notEqual(corrected, ended);
  while (ledger.tend()) ledger.commit();
  assert.ok(!ledger.journal.state.markets.has('m'));
  assert.equal(results(ledger), corrected);
  end();
});

test('whether a market pays is known without its shares, for every outcome and cut-off', () => {
  const { ledger, end } = own({});
  const market = ledger.journal.state.markets.get('m');
  assert.ok(market);
  const kinds = new Set<string>();
  for (const outcome of [null, 0, 1, 2]) {
    for (const cutoff of [null, 0, 101 * S, 101 * S + 1, 101 * S + 2, 101 * S + 41, 200 * S]) {
      const decision = decisionOf(market, outcome, cutoff);
      assert.equal(settlementOf(market, outcome, cutoff), decision.settlement);
      kinds.add(decision.settlement);
    }
  }
  assert.deepEqual([...kinds].sort(), ['paid', 'refund', 'void']);
  end();
});

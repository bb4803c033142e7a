// Proves that a market settled in parts ends as one settled at once: random bets, cut-offs, prices
// and debts give the same balances both ways, with other bets between the parts; a ledger that ends
// after any part goes on where it was; nobody is shown a half-paid market as settled, and whoever
// decided is answered when it is. fast-check prints the seed.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { realTimers } from '../../core/base/clock.ts';
import { silentLogger } from '../../core/base/logger.ts';
import { auditJournal } from '../../core/ledger/auditor.ts';
import { connectLink, listenLink } from '../link/link.ts';
import { createLedgerClient } from './client.ts';
import type { JournalOptions } from './journal.ts';
import { openJournalStore } from './journalStore.ts';
import { Ledger } from './ledger.ts';
import type { LedgerBalance, LedgerMarket } from './protocol.ts';
import { createLedgerServer } from './server.ts';
import { act, hexId, hexKey, IDENTITY, newFolder, rulesAt } from './testLedger.ts';

const S = 1_000_000;
const SUBJECTS = 6;
const IN_PARTS = { checkpointRowsMin: 0, settledAtOnceMax: 0, partRows: 4 };
const AT_ONCE = { checkpointRowsMin: 0, settledAtOnceMax: Number.POSITIVE_INFINITY };

type Bet = { subject: number; outcome: number; amount: number; at: number };
type End = {
  winner: number | null;
  tCap: number | null;
  rake: number;
  isPriced: boolean;
  /** What it is corrected to afterwards, when it was resolved. */
  corrected: { outcome: number | null; tCap: number | null } | null;
  /** Whether everybody has put all they have elsewhere before that. */
  isSpent: boolean;
};

const bet = fc.record({
  subject: fc.nat(SUBJECTS - 1),
  outcome: fc.nat(1),
  amount: fc.integer({ min: 1, max: 12 }),
  at: fc.nat(19),
});
const end = fc.record({
  winner: fc.option(fc.nat(1), { freq: 5 }),
  tCap: fc.option(fc.integer({ min: 100, max: 122 })),
  rake: fc.constantFrom(0, 500),
  isPriced: fc.boolean(),
  corrected: fc.option(
    fc.record({
      outcome: fc.option(fc.nat(1), { freq: 5 }),
      tCap: fc.option(fc.integer({ min: 100, max: 122 })),
    }),
    { freq: 5 },
  ),
  isSpent: fc.boolean(),
});

const open = (path: string, options: JournalOptions) =>
  new Ledger(openJournalStore(path), IDENTITY, 1, options);
const close = (ledger: Ledger) => ledger.journal.store.database.close();

function prepare(ledger: Ledger, bets: readonly Bet[], { rake, isPriced }: End): void {
  for (let subject = 0; subject < SUBJECTS; subject++) {
    const publicKey = hexKey(1);
    ledger.answer('bindSubject', { subject: hexId(subject), publicKey, isStaff: false, atUs: 1 });
  }
  for (const id of ['m', 'other']) {
    const pricing = isPriced && id === 'm' ? { lmsr: { budgetMinor: 100 } } : 'parimutuel';
    const rules = rulesAt(100 * S, { lockAtUs: 120 * S, rakeBasisPoints: rake, pricing });
    ledger.answer('openMarket', { ...act(id, `open-${id}`, 100 * S), rules, reason: '' });
  }
  for (const [index, one] of bets.entries()) place(ledger, 'm', index, one);
  ledger.commit();
}

function place(ledger: Ledger, marketId: string, index: number, one: Bet): void {
  ledger.answer('placeBet', {
    betId: hexId((marketId === 'm' ? 0x1000 : 0x9000) + index),
    subject: hexId(one.subject),
    marketId,
    outcome: one.outcome,
    amountMinor: one.amount,
    arrivedUs: (100 + one.at) * S + index,
  });
}

function placeOther(ledger: Ledger, index: number): void {
  place(ledger, 'other', index, { subject: index % SUBJECTS, outcome: 0, amount: 1, at: 1 });
}

function decide(ledger: Ledger, { winner, tCap }: End): LedgerMarket {
  const evidence = tCap && { id: 'e', type: 'goal', captureUs: tCap * S, detectedUs: tCap * S };
  const who = act('m', 'end', 130 * S);
  const [name, args] =
    winner === null
      ? (['voidMarket', { ...who, reason: 'x' }] as const)
      : ([
          'resolveMarket',
          {
            ...who,
            outcome: winner,
            reason: 'x',
            evidence: evidence ? { ...evidence, confidencePermille: 900 } : null,
          },
        ] as const);
  return (ledger.answer(name, args) as { market: LedgerMarket }).market;
}

function correct(ledger: Ledger, { winner, corrected }: End): void {
  if (winner === null || !corrected) return;
  const { outcome, tCap } = corrected;
  const tCapUs = tCap === null ? null : tCap * S;
  const who = act('m', 'corrected', 140 * S);
  ledger.answer('correctMarket', { ...who, outcome, tCapUs, reason: 'y' });
}

function debts(ledger: Ledger): number {
  let sum = 0;
  for (const [name, { posted }] of ledger.journal.state.accounts) {
    if (name.startsWith('debt:')) sum -= posted;
  }
  return sum;
}

/** All that everybody has, into the other market. */
function spend(ledger: Ledger): void {
  for (let subject = 0; subject < SUBJECTS; subject++) {
    const { availableMinor: amount } = ledger.answer('balance', {
      subject: hexId(subject),
    }) as LedgerBalance;
    if (amount > 0) place(ledger, 'other', 1000 + subject, { subject, outcome: 0, amount, at: 1 });
  }
}

function market(ledger: Ledger): LedgerMarket | null {
  return (ledger.answer('market', { marketId: 'm' }) as { market: LedgerMarket | null }).market;
}

function settled(ledger: Ledger): string {
  const balances = Array.from({ length: SUBJECTS }, (_, subject) => [
    ledger.answer('balance', { subject: hexId(subject) }),
    (
      ledger.answer('history', { subject: hexId(subject), limit: 100 }) as {
        entries: { marketId: string; result: string; paidMinor: number }[];
      }
    ).entries
      .filter(({ marketId }) => marketId === 'm')
      .map(({ result, paidMinor }) => [result, paidMinor]),
  ]);
  return JSON.stringify([balances, market(ledger)]);
}

/** Restarts after each part when asked to. Returns how many parts there were. */
function finish(
  path: string,
  first: Ledger,
  isRestarted: boolean,
  placeBetween = (part: number, own: Ledger) => placeOther(own, part),
): { ledger: Ledger; parts: number } {
  let ledger = first;
  let parts = 0;
  while (ledger.isSettling({ marketId: 'm' })) {
    assert.equal(market(ledger)?.state, 'LOCKED');
    assert.equal(market(ledger)?.winner, null);
    assert.throws(
      () =>
        ledger.answer('correctMarket', {
          ...act('m', 'early', 131 * S),
          outcome: 0,
          tCapUs: null,
          reason: 'x',
        }),
      { name: 'LedgerRefusal' },
    );
    placeBetween(parts, ledger);
    ledger.tend();
    ledger.commit();
    parts++;
    if (isRestarted) {
      close(ledger);
      ledger = open(path, IN_PARTS);
    }
  }
  return { ledger, parts };
}

test('in parts, with other bets between and a restart after each: the same as at once', () => {
  let partsMost = 0;
  let correctedMost = 0;
  let owing = 0;
  fc.assert(
    fc.property(
      fc.array(bet, { minLength: 1, maxLength: 40 }),
      end,
      fc.boolean(),
      (bets, how, isRestarted) => {
        const folder = newFolder();
        const path = join(folder.path, 'parts.db');
        const before = open(path, IN_PARTS);
        prepare(before, bets, how);
        decide(before, how);
        before.commit();
        const resolved = finish(path, before, isRestarted);
        // Its bets are put away, and come back for the correction.
        while (resolved.ledger.tend()) resolved.ledger.commit();
        const first = resolved.parts;
        const placeNext = (own: Ledger, part: number) => {
          if (!how.isSpent) placeOther(own, first + part);
        };
        if (how.isSpent) spend(resolved.ledger);
        correct(resolved.ledger, how);
        resolved.ledger.commit();
        const { ledger, parts } = finish(path, resolved.ledger, isRestarted, (part, own) =>
          placeNext(own, part),
        );
        owing = Math.max(owing, debts(ledger));
        partsMost = Math.max(partsMost, first);
        correctedMost = Math.max(correctedMost, parts);
        const whole = open(join(folder.path, 'whole.db'), AT_ONCE);
        prepare(whole, bets, how);
        decide(whole, how);
        for (let part = 0; part < first; part++) placeOther(whole, part);
        if (how.isSpent) spend(whole);
        correct(whole, how);
        for (let part = 0; part < parts; part++) placeNext(whole, part);
        whole.commit();
        assert.equal(settled(ledger), settled(whole));
        const report = auditJournal(ledger.journal.store.allRows.iterate());
        assert.deepEqual([report.findings, report.settling], [[], []]);
        close(ledger);
        close(whole);
        folder.remove();
      },
    ),
    { numRuns: 30 },
  );
  assert.ok(partsMost >= 4 && correctedMost >= 3, `${partsMost} and ${correctedMost} parts`);
  assert.ok(owing > 0, 'nobody owes anything');
});

test('the auditor tells a settlement that is under way from one that was left out', () => {
  const folder = newFolder();
  const ledger = open(join(folder.path, 'ledger.db'), IN_PARTS);
  const how = { winner: 0, tCap: null, rake: 0, isPriced: false, corrected: null, isSpent: false };
  const two = [0, 1].map((subject) => ({ subject, outcome: subject, amount: 5, at: 1 }));
  prepare(ledger, two, how);
  decide(ledger, how);
  ledger.commit();
  const begun = auditJournal(ledger.journal.store.allRows.iterate());
  assert.deepEqual([begun.findings, begun.settling], [[], ['m']]);
  const { parts } = finish('', ledger, false);
  assert.ok(parts > 2);
  const rows = [...ledger.journal.store.allRows.iterate()];
  const withoutPayout = rows.filter(({ body }) => !body.includes('"kind":"payout"'));
  const findings = auditJournal(withoutPayout).findings.map(({ what }) => what);
  assert.ok(
    findings.some((what) => /still holds 10/.test(what)),
    findings.join('; '),
  );
  close(ledger);
  folder.remove();
});

test('who decides is answered when all is paid; bets go on meanwhile', async () => {
  const folder = newFolder();
  const ledger = open(join(folder.path, 'ledger.db'), IN_PARTS);
  const how = { winner: 0, tCap: null, rake: 0, isPriced: false, corrected: null, isSpent: false };
  const many = Array.from({ length: 400 }, (_, index) => ({
    ...{ subject: index % SUBJECTS, outcome: (index >> 3) % 2, amount: 1, at: 1 },
  }));
  prepare(ledger, many, how);
  const server = createLedgerServer({
    ...{ ledger, timers: realTimers, logger: silentLogger },
    onBroken: (cause) => {
      throw cause;
    },
  });
  const listener = await listenLink((link) => server.serve(link));
  const client = createLedgerClient(await connectLink(listener.endpoint));
  let isDecided = false;
  const decision = client
    .resolveMarket({ ...act('m', 'end', 130 * S), outcome: 0, reason: 'x', evidence: null })
    .then((answer) => {
      isDecided = true;
      return answer;
    });
  let meanwhile = 0;
  for (let index = 0; !isDecided; index++) {
    await client.placeBet({
      ...{ betId: hexId(0x9000 + index), subject: hexId(index % SUBJECTS), marketId: 'other' },
      ...{ outcome: 0, amountMinor: 1, arrivedUs: 101 * S },
    });
    if (!isDecided) meanwhile++;
  }
  const { market: decided, isKnown } = await decision;
  assert.deepEqual([decided.state, decided.winner, isKnown], ['RESOLVED', 0, false]);
  assert.equal(decided.paidMinor, 400);
  assert.ok(meanwhile > 2, `${meanwhile} bets in between`);
  client.close();
  server.close();
  listener.close();
  assert.deepEqual(auditJournal(ledger.journal.store.allRows.iterate()).findings, []);
  close(ledger);
  folder.remove();
});

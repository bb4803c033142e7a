// Proves the ledger against a model written apart from it: some 2,000 random commands (bets, their
// repeats, locks, resolutions, voids, wrong ones of every kind, and commits that fail) on a real
// SQLite file. After each the answer is the one the model predicts; at the end the independent
// auditor reads the journal. The seed is printed by fast-check when it fails.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { auditJournal } from '../../core/ledger/auditor.ts';
import { LedgerRefusal } from '../../core/ledger/refusal.ts';
import { openJournalStore } from './journalStore.ts';
import { type AnsweredRequest, Ledger } from './ledger.ts';
import { act, hexId, hexKey, IDENTITY, newFolder, rulesAt } from './testLedger.ts';

const RUNS = 12;
const COMMANDS = 170;
const S = 1_000_000;
const GUARD = 500_000;
const SUBJECTS = 5;
/** Places for markets; where one has ended, the next "open" opens a fresh one. */
const MARKETS = 3;

type ModelBet = {
  subject: number;
  market: number;
  outcome: number;
  amount: number;
  at: number;
  fate: 'pending' | 'done';
};
type ModelMarket = { state: 'OPEN' | 'LOCKED' | 'ENDED'; cutoff: number };

/** What should be true, kept as simply as can be: no pools, no accounts, no rows. */
class Model {
  free = new Map<number, number>();
  bets = new Map<number, ModelBet>();
  markets = new Map<number, ModelMarket>();

  bet(id: number, bet: Omit<ModelBet, 'fate'>): string {
    const known = this.bets.get(id);
    if (known) {
      const isSame =
        known.subject === bet.subject &&
        known.market === bet.market &&
        known.outcome === bet.outcome &&
        known.amount === bet.amount;
      return isSame ? 'ok' : 'ID_REUSED';
    }
    const free = this.free.get(bet.subject);
    if (free === undefined) return 'UNKNOWN_SUBJECT';
    const market = this.markets.get(bet.market);
    if (!market) return 'UNKNOWN_MARKET';
    if (market.state === 'LOCKED') return 'MARKET_LOCKED';
    if (market.state === 'ENDED') return 'MARKET_NOT_OPEN';
    if (bet.at >= 120 * S) return 'MARKET_LOCKED';
    if (bet.outcome > 1) return 'BAD_OUTCOME';
    if (bet.amount < 1) return 'BAD_AMOUNT';
    if (bet.amount > free) return 'INSUFFICIENT_BALANCE';
    this.free.set(bet.subject, free - bet.amount);
    this.bets.set(id, { ...bet, fate: 'pending' });
    return 'ok';
  }

  lock(id: number, tCap: number | null): string {
    const market = this.markets.get(id);
    if (!market) return 'UNKNOWN_MARKET';
    if (market.state === 'ENDED') return 'MARKET_ENDED';
    market.state = 'LOCKED';
    if (tCap !== null) market.cutoff = Math.min(market.cutoff, tCap - GUARD);
    for (const bet of this.#pending(id)) if (bet.at >= market.cutoff) this.#refund(bet);
    return 'ok';
  }

  end(id: number, winner: number | null, tCap: number | null): string {
    const market = this.markets.get(id);
    if (!market) return 'UNKNOWN_MARKET';
    if (market.state === 'ENDED') return 'MARKET_ENDED';
    if (winner !== null && winner > 1) return 'BAD_OUTCOME';
    if (winner !== null) this.lock(id, tCap);
    market.state = 'ENDED';
    const left = this.#pending(id);
    const won = left.filter((bet) => bet.outcome === winner);
    const people = new Set(left.map((bet) => bet.subject));
    if (won.length === 0 || people.size === 1) {
      for (const bet of left) this.#refund(bet);
      return 'ok';
    }
    const pool = left.reduce((sum, bet) => sum + bet.amount, 0);
    const stakes = won.reduce((sum, bet) => sum + bet.amount, 0);
    // Amounts are small here, so plain numbers are exact.
    const shares = won.map((bet, order) => ({
      bet,
      order,
      pay: Math.floor((bet.amount * pool) / stakes),
      rest: (bet.amount * pool) % stakes,
    }));
    const broken = pool - shares.reduce((sum, share) => sum + share.pay, 0);
    shares.sort((one, other) => other.rest - one.rest || one.order - other.order);
    for (const [index, share] of shares.entries()) {
      this.#give(share.bet.subject, share.pay + (index < broken ? 1 : 0));
    }
    for (const bet of left) bet.fate = 'done';
    return 'ok';
  }

  staked(subject: number): number {
    let sum = 0;
    for (const bet of this.bets.values()) {
      if (bet.subject === subject && bet.fate === 'pending') sum += bet.amount;
    }
    return sum;
  }

  #pending(market: number): ModelBet[] {
    return [...this.bets.values()].filter((bet) => bet.market === market && bet.fate === 'pending');
  }

  #refund(bet: ModelBet): void {
    bet.fate = 'done';
    this.#give(bet.subject, bet.amount);
  }

  #give(subject: number, amount: number): void {
    this.free.set(subject, (this.free.get(subject) ?? 0) + amount);
  }
}

const time = fc.integer({ min: 100 * S, max: 121 * S });
const cut = fc.option(fc.integer({ min: 108 * S, max: 123 * S }));
const market = fc.nat({ max: MARKETS - 1 });
/** Mostly one that is there. */
const outcome = fc.constantFrom(0, 1, 0, 1, 0, 1, 2);
const command = fc.oneof(
  { weight: 4, arbitrary: fc.record({ verb: fc.constant('bind'), subject: fc.nat({ max: 4 }) }) },
  { weight: 12, arbitrary: fc.record({ verb: fc.constant('open'), market }) },
  {
    weight: 60,
    arbitrary: fc.record({
      verb: fc.constant('bet'),
      id: fc.oneof(fc.nat({ max: 9 }), fc.nat({ max: 9999 }), fc.nat({ max: 9999 })),
      subject: fc.nat({ max: SUBJECTS - 1 }),
      market,
      outcome,
      amount: fc.oneof(
        { weight: 9, arbitrary: fc.integer({ min: -1, max: 90 }) },
        { weight: 1, arbitrary: fc.integer({ min: 0, max: 1200 }) },
      ),
      at: time,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ verb: fc.constant('lock'), market, tCap: cut }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      verb: fc.constant('resolve'),
      market,
      outcome,
      tCap: cut,
    }),
  },
  { weight: 1, arbitrary: fc.record({ verb: fc.constant('void'), market }) },
  { weight: 1, arbitrary: fc.record({ verb: fc.constant('crash') }) },
);
type Command =
  | { verb: 'bind'; subject: number }
  | { verb: 'open'; market: number }
  | ({ verb: 'bet'; id: number } & Omit<ModelBet, 'fate'>)
  | { verb: 'lock'; market: number; tCap: number | null }
  | { verb: 'resolve'; market: number; outcome: number; tCap: number | null }
  | { verb: 'void'; market: number }
  | { verb: 'crash' };

/** Some of the subjects and markets are there from the start; the rest comes when it comes. */
const FIRST: readonly Command[] = [
  { verb: 'bind', subject: 1 },
  { verb: 'bind', subject: 2 },
  { verb: 'bind', subject: 3 },
  { verb: 'open', market: 0 },
];

class Subject {
  readonly model = new Model();
  readonly seen = new Map<string, number>();
  #ledger: Ledger;
  #next = 0;
  readonly #generation = new Map<number, number>();

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  ask(name: AnsweredRequest, args: object): string {
    const seq = this.#ledger.headSeq;
    try {
      this.#ledger.answer(name, args);
      return 'ok';
    } catch (error) {
      if (!(error instanceof LedgerRefusal)) throw error;
      assert.equal(this.#ledger.headSeq, seq, 'a refusal writes nothing');
      return error.code;
    }
  }

  run(asked: Command): void {
    const one = this.#inGeneration(asked);
    const command = `c${this.#next++}`;
    let answer = 'ok';
    let expected = 'ok';
    switch (one.verb) {
      case 'bind': {
        const subject = hexId(one.subject);
        answer = this.ask('bindSubject', {
          subject,
          publicKey: hexKey(1),
          isStaff: false,
          atUs: 1,
        });
        if (!this.model.free.has(one.subject)) this.model.free.set(one.subject, 1000);
        break;
      }
      case 'open': {
        const rules = rulesAt(100 * S, { lockAtUs: 120 * S });
        const id = `m${one.market}`;
        answer = this.ask('openMarket', { ...act(id, command, 100 * S), rules, reason: '' });
        if (this.model.markets.has(one.market)) expected = 'MARKET_EXISTS';
        else this.model.markets.set(one.market, { state: 'OPEN', cutoff: Infinity });
        break;
      }
      case 'bet':
        answer = this.ask('placeBet', {
          betId: hexId(one.id + 0x1000),
          subject: hexId(one.subject),
          marketId: `m${one.market}`,
          outcome: one.outcome,
          amountMinor: one.amount,
          arrivedUs: one.at,
        });
        expected = this.model.bet(one.id, one);
        break;
      case 'lock':
        answer = this.ask('lockMarket', {
          ...act(`m${one.market}`, command, 130 * S, 'vision'),
          tCapUs: one.tCap,
          reason: 'Because',
        });
        expected = this.model.lock(one.market, one.tCap);
        break;
      case 'resolve':
        answer = this.ask('resolveMarket', {
          ...act(`m${one.market}`, command, 131 * S),
          outcome: one.outcome,
          reason: 'So it was',
          evidence: one.tCap === null ? null : evidence(one.tCap),
        });
        expected = this.model.end(one.market, one.outcome, one.tCap);
        break;
      case 'void':
        answer = this.ask('voidMarket', {
          ...act(`m${one.market}`, command, 131 * S),
          reason: 'Sorry',
        });
        expected = this.model.end(one.market, null, null);
        break;
      case 'crash':
        this.#crash();
    }
    this.seen.set(answer, (this.seen.get(answer) ?? 0) + 1);
    assert.equal(answer, expected, JSON.stringify(one));
    this.check();
  }

  #inGeneration(one: Command): Command {
    if (!('market' in one)) return one;
    let market = one.market + MARKETS * (this.#generation.get(one.market) ?? 0);
    if (one.verb === 'open' && this.model.markets.get(market)?.state === 'ENDED') {
      this.#generation.set(one.market, (this.#generation.get(one.market) ?? 0) + 1);
      market += MARKETS;
    }
    return { ...one, market };
  }

  /** A group that was not committed: memory and disk go back to the last commit together. */
  #crash(): void {
    this.#ledger.commit();
    const seq = this.#ledger.headSeq;
    this.ask('bindSubject', {
      subject: hexId(0x999),
      publicKey: hexKey(9),
      isStaff: false,
      atUs: 1,
    });
    this.ask('voidMarket', { ...act('m0', `lost${this.#next}`, 1), reason: 'Lost' });
    this.#ledger.abandon();
    assert.equal(this.#ledger.headSeq, seq);
  }

  check(): void {
    for (let subject = 0; subject < SUBJECTS; subject++) {
      assert.deepEqual(this.#ledger.answer('balance', { subject: hexId(subject) }), {
        availableMinor: this.model.free.get(subject) ?? 0,
        stakedMinor: this.model.staked(subject),
      });
    }
  }
}

function evidence(captureUs: number) {
  return { id: 'e', type: 'goal', captureUs, detectedUs: captureUs, confidencePermille: 900 };
}

test(`${RUNS} x ${COMMANDS} random commands: every answer and balance is the model's`, () => {
  const seen = new Map<string, number>();
  let rows = 0;
  let payouts = 0;
  fc.assert(
    fc.property(
      fc.array(fc.noBias(command), { minLength: COMMANDS, maxLength: COMMANDS, size: 'max' }),
      (commands) => {
        const folder = newFolder();
        const store = openJournalStore(join(folder.path, 'ledger.db'));
        try {
          const subject = new Subject(new Ledger(store, IDENTITY, 1));
          for (const one of [...FIRST, ...commands]) subject.run(one as Command);
          subject.run({ verb: 'crash' });
          const report = auditJournal(store.allRows.iterate());
          assert.deepEqual(report.findings, []);
          for (const [number, free] of subject.model.free) {
            const account = `user:${hexId(number)}`;
            const posted = report.posted.get(account) ?? 0n;
            assert.equal(posted - (report.reserved.get(account) ?? 0n), BigInt(free));
          }
          rows += report.rows;
          payouts += store.allRows.all().filter((row) => row.body.includes('"payout"')).length;
          for (const [answer, count] of subject.seen) {
            seen.set(answer, (seen.get(answer) ?? 0) + count);
          }
        } finally {
          store.database.close();
          folder.remove();
        }
      },
    ),
    { numRuns: RUNS, endOnFailure: true },
  );
  // The run must have met what it claims to test.
  assert.ok(rows > RUNS * 50 && payouts > RUNS, `${rows} rows, ${payouts} payouts`);
  for (const code of [
    'ok',
    'ID_REUSED',
    'UNKNOWN_SUBJECT',
    'UNKNOWN_MARKET',
    'MARKET_EXISTS',
    'MARKET_LOCKED',
    'MARKET_NOT_OPEN',
    'MARKET_ENDED',
    'BAD_OUTCOME',
    'BAD_AMOUNT',
    'INSUFFICIENT_BALANCE',
  ]) {
    assert.ok((seen.get(code) ?? 0) > 0, `${code} was met`);
  }
});

test('the auditor finds what is wrong when a journal is bent', () => {
  const folder = newFolder();
  const store = openJournalStore(join(folder.path, 'ledger.db'));
  const subject = new Subject(new Ledger(store, IDENTITY, 1));
  const bet = { verb: 'bet', market: 0, amount: 100, at: 110 * S } as const;
  subject.run({ verb: 'bind', subject: 1 });
  subject.run({ verb: 'bind', subject: 2 });
  subject.run({ verb: 'open', market: 0 });
  subject.run({ ...bet, id: 1, subject: 1, outcome: 0 });
  subject.run({ ...bet, id: 2, subject: 2, outcome: 1 });
  subject.run({ verb: 'resolve', market: 0, outcome: 0, tCap: 112 * S });
  subject.run({ verb: 'crash' });
  const rows = store.allRows.all();
  store.database.close();
  folder.remove();
  assert.deepEqual(auditJournal(rows).findings, []);

  const bend = (find: string, replace: string): string => {
    let isBent = false;
    const bent = rows.map((row) => {
      const text = row.body.toString('utf8');
      if (isBent || !text.includes(find)) return row;
      isBent = true;
      return { ...row, body: Buffer.from(text.replace(find, replace)) };
    });
    assert.ok(isBent, find);
    return auditJournal(bent)
      .findings.map((finding) => finding.what)
      .join('; ');
  };
  assert.match(bend('"amount":"200"', '"amount":"201"'), /still holds -1/);
  assert.match(bend('"amount":"1000"', '"amount":"99"'), /holds -1/);
  assert.match(bend('"kind":"post"', '"kind":"payout"'), /does not stand/);
  assert.match(bend('"tCap":112000000', '"tCap":110000000'), /cut-off is not/);
  assert.match(bend('"outcome":0,"reason"', '"outcome":1,"reason"'), /losing bet/);
  assert.match(bend('"role":"owner"', '"role":"viewer"'), /may not do that/);
  assert.match(bend('"seq":4', '"seq":5'), /says seq 5/);
  assert.match(bend('"at":110000000', '"at":120000000'), /after the lock/);
  for (const [index, row] of rows.entries()) {
    const missing = rows.filter((other) => other !== row);
    const isLast = index === rows.length - 1;
    // A journal cut at its end is a shorter journal; only a witness can tell, except that here
    // the settlement is torn.
    if (!isLast) assert.notEqual(auditJournal(missing).findings.length, 0, `without ${row.seq}`);
  }
});

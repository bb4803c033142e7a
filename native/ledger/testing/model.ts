// For tests and the endurance run: a model of the ledger written apart from it, kept as simply as can
// be (no pools, no accounts, no rows), and random commands for both: bets, their repeats, locks,
// withdrawals, extensions, decisions, corrections, wrong ones of every kind, commits that fail.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import fc from 'fast-check';
import { auditJournal } from '../../../core/ledger/auditor.ts';
import { LedgerRefusal } from '../../../core/ledger/refusal.ts';
import { openJournalStore } from '../journalStore.ts';
import { type AnsweredRequest, Ledger } from '../ledger.ts';
import { act, hexId, hexKey, IDENTITY, newFolder, rulesAt } from '../testLedger.ts';

const S = 1_000_000;
const GUARD = 500_000;
const SUBJECTS = 5;
/** Places for markets; where one has ended, the next "open" opens a fresh one. */
const MARKETS = 3;
/** Longest window that leaves the guard before the end of the question at 130 s. */
const LOCK_MAX = 129_500_000;

type ModelBet = {
  subject: number;
  market: number;
  outcome: number;
  amount: number;
  at: number;
  withdrawnAt: number;
  fate: 'pending' | 'posted' | 'void';
  paid: number;
};
type NewBet = Pick<ModelBet, 'subject' | 'market' | 'outcome' | 'amount' | 'at'>;
type ModelMarket = {
  state: 'OPEN' | 'LOCKED' | 'RESOLVED' | 'VOID';
  cutoff: number;
  lockAt: number;
};

class Model {
  free = new Map<number, number>();
  debt = new Map<number, number>();
  bets = new Map<number, ModelBet>();
  markets = new Map<number, ModelMarket>();

  bet(id: number, bet: NewBet): string {
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
    if (market.state !== 'OPEN') return closed(market);
    if (bet.at >= market.lockAt) return 'MARKET_LOCKED';
    if (bet.outcome > 1) return 'BAD_OUTCOME';
    if (bet.amount < 1) return 'BAD_AMOUNT';
    if (bet.amount > free) return 'INSUFFICIENT_BALANCE';
    this.free.set(bet.subject, free - bet.amount);
    this.bets.set(id, { ...bet, withdrawnAt: Infinity, fate: 'pending', paid: 0 });
    return 'ok';
  }

  withdraw(id: number, subject: number, at: number): string {
    if (!this.free.has(subject)) return 'UNKNOWN_SUBJECT';
    const bet = this.bets.get(id);
    const market = bet && this.markets.get(bet.market);
    if (!bet || !market || bet.subject !== subject) return 'UNKNOWN_BET';
    if (bet.withdrawnAt !== Infinity) return 'ok';
    if (market.state !== 'OPEN') return closed(market);
    if (at >= market.lockAt) return 'MARKET_LOCKED';
    bet.withdrawnAt = Math.max(at, bet.at);
    return 'ok';
  }

  extend(id: number, lockAt: number): string {
    const market = this.markets.get(id);
    if (!market) return 'UNKNOWN_MARKET';
    if (market.state === 'RESOLVED' || market.state === 'VOID') return 'MARKET_ENDED';
    const isRight = market.state === 'OPEN' && lockAt > market.lockAt && lockAt <= LOCK_MAX;
    if (!isRight) return 'BAD_TIMES';
    market.lockAt = lockAt;
    return 'ok';
  }

  lock(id: number, tCap: number | null): string {
    const market = this.markets.get(id);
    if (!market) return 'UNKNOWN_MARKET';
    if (market.state === 'RESOLVED' || market.state === 'VOID') return 'MARKET_ENDED';
    market.state = 'LOCKED';
    if (tCap !== null) market.cutoff = Math.min(market.cutoff, tCap - GUARD);
    for (const bet of this.#betsOf(id)) {
      if (bet.fate !== 'pending' || bet.at < market.cutoff) continue;
      bet.fate = 'void';
      this.#give(bet.subject, bet.amount);
    }
    return 'ok';
  }

  end(id: number, winner: number | null, tCap: number | null): string {
    const market = this.markets.get(id);
    if (!market) return 'UNKNOWN_MARKET';
    if (market.state === 'RESOLVED' || market.state === 'VOID') return 'MARKET_ENDED';
    if (winner !== null && winner > 1) return 'BAD_OUTCOME';
    if (winner !== null) this.lock(id, tCap);
    market.state = winner === null ? 'VOID' : 'RESOLVED';
    const paid = this.#decide(id, winner, market.cutoff);
    const income = new Map<number, number>();
    for (const bet of this.#betsOf(id)) {
      if (bet.fate !== 'pending') continue;
      const brings = paid.get(bet);
      bet.fate = brings === undefined ? 'void' : 'posted';
      bet.paid = brings ?? 0;
      this.#give(bet.subject, brings ?? bet.amount);
      income.set(bet.subject, (income.get(bet.subject) ?? 0) + bet.paid);
    }
    this.#payOff(income);
    return 'ok';
  }

  correct(id: number, winner: number | null, tCap: number | null, isLate: boolean): string {
    const market = this.markets.get(id);
    if (!market) return 'UNKNOWN_MARKET';
    if (market.state === 'VOID') return 'MARKET_ENDED';
    if (market.state !== 'RESOLVED') return 'MARKET_NOT_RESOLVED';
    if (isLate) return 'DISPUTE_OVER';
    if (winner !== null && winner > 1) return 'BAD_OUTCOME';
    if (tCap !== null) market.cutoff = tCap - GUARD;
    if (winner === null) market.state = 'VOID';
    const paid = this.#decide(id, winner, market.cutoff);
    const gains = new Map<number, number>();
    for (const bet of this.#betsOf(id)) {
      const before = bet.fate === 'posted' ? bet.paid - bet.amount : 0;
      const brings = paid.get(bet);
      bet.fate = brings === undefined ? 'void' : 'posted';
      bet.paid = brings ?? 0;
      const gain = (brings === undefined ? 0 : brings - bet.amount) - before;
      if (gain > 0) gains.set(bet.subject, (gains.get(bet.subject) ?? 0) + gain);
      else this.#take(bet.subject, -gain);
    }
    for (const [subject, gain] of gains) this.#give(subject, gain);
    this.#payOff(gains);
    return 'ok';
  }

  staked(subject: number): number {
    let sum = 0;
    for (const bet of this.bets.values()) {
      if (bet.subject === subject && bet.fate === 'pending') sum += bet.amount;
    }
    return sum;
  }

  /** What each standing bet brings; a bet that is missing is given back. */
  #decide(id: number, winner: number | null, cutoff: number): Map<ModelBet, number> {
    const left = this.#betsOf(id).filter((bet) => bet.at < cutoff && bet.withdrawnAt >= cutoff);
    const won = left.filter((bet) => bet.outcome === winner);
    const people = new Set(left.map((bet) => bet.subject));
    if (won.length === 0 || people.size === 1) return new Map();
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
    const paid = new Map(left.map((bet) => [bet, 0]));
    for (const [index, share] of shares.entries()) {
      paid.set(share.bet, share.pay + (index < broken ? 1 : 0));
    }
    return paid;
  }

  #betsOf(market: number): ModelBet[] {
    return [...this.bets.values()].filter((bet) => bet.market === market);
  }

  #give(subject: number, amount: number): void {
    this.free.set(subject, (this.free.get(subject) ?? 0) + amount);
  }

  #take(subject: number, amount: number): void {
    const free = this.free.get(subject) ?? 0;
    const taken = Math.min(free, amount);
    this.free.set(subject, free - taken);
    this.debt.set(subject, (this.debt.get(subject) ?? 0) + amount - taken);
  }

  #payOff(income: ReadonlyMap<number, number>): void {
    for (const [subject, amount] of income) {
      const paid = Math.min(this.debt.get(subject) ?? 0, amount);
      this.debt.set(subject, (this.debt.get(subject) ?? 0) - paid);
      this.#give(subject, -paid);
    }
  }
}

function closed(market: ModelMarket): string {
  return market.state === 'LOCKED' ? 'MARKET_LOCKED' : 'MARKET_NOT_OPEN';
}

const time = fc.integer({ min: 100 * S, max: 122 * S });
const cut = fc.option(fc.integer({ min: 104 * S, max: 123 * S }));
const market = fc.nat({ max: MARKETS - 1 });
const subject = fc.nat({ max: SUBJECTS - 1 });
/** Mostly one that is there. */
const outcome = fc.constantFrom(0, 1, 0, 1, 0, 1, 2);
/** Few enough that repeats and withdrawals meet one that was placed. */
const id = fc.oneof(fc.nat({ max: 9 }), fc.nat({ max: 99 }), fc.nat({ max: 9999 }));
const command = fc.oneof(
  { weight: 4, arbitrary: fc.record({ verb: fc.constant('bind'), subject }) },
  { weight: 12, arbitrary: fc.record({ verb: fc.constant('open'), market }) },
  {
    weight: 60,
    arbitrary: fc.record({
      verb: fc.constant('bet'),
      id,
      subject,
      market,
      outcome,
      amount: fc.oneof(
        { weight: 8, arbitrary: fc.integer({ min: -1, max: 90 }) },
        { weight: 2, arbitrary: fc.integer({ min: 0, max: 1200 }) },
      ),
      at: time,
    }),
  },
  {
    weight: 9,
    arbitrary: fc.record({
      verb: fc.constant('withdraw'),
      id,
      subject,
      isOwn: fc.nat({ max: 9 }),
      at: time,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      verb: fc.constant('extend'),
      market,
      lockAt: fc.integer({ min: 119 * S, max: 131 * S }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ verb: fc.constant('lock'), market, tCap: cut }) },
  {
    weight: 4,
    arbitrary: fc.record({ verb: fc.constant('resolve'), market, outcome, tCap: cut }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      verb: fc.constant('correct'),
      market,
      outcome: fc.option(outcome, { freq: 8 }),
      tCap: cut,
      isLate: fc.nat({ max: 9 }).map((dice) => dice === 0),
    }),
  },
  { weight: 1, arbitrary: fc.record({ verb: fc.constant('void'), market }) },
  { weight: 1, arbitrary: fc.record({ verb: fc.constant('crash') }) },
);
type Command =
  | { verb: 'bind'; subject: number }
  | { verb: 'open'; market: number }
  | ({ verb: 'bet'; id: number } & NewBet)
  | { verb: 'withdraw'; id: number; subject: number; isOwn: number; at: number }
  | { verb: 'extend'; market: number; lockAt: number }
  | { verb: 'lock'; market: number; tCap: number | null }
  | { verb: 'resolve'; market: number; outcome: number; tCap: number | null }
  | {
      verb: 'correct';
      market: number;
      outcome: number | null;
      tCap: number | null;
      isLate: boolean;
    }
  | { verb: 'void'; market: number }
  | { verb: 'crash' };

/** Some of the subjects and markets are there from the start; the rest comes when it comes. */
const FIRST: readonly Command[] = [
  { verb: 'bind', subject: 1 },
  { verb: 'bind', subject: 2 },
  { verb: 'bind', subject: 3 },
  { verb: 'open', market: 0 },
];

export class ModelledLedger {
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
    const [answer, expected] = this.#both(one, command);
    const what = `${one.verb} ${answer}`;
    this.seen.set(what, (this.seen.get(what) ?? 0) + 1);
    assert.equal(answer, expected, JSON.stringify(one));
    this.check();
  }

  /** What the ledger answers and what the model expects. */
  #both(one: Command, command: string): [answer: string, expected: string] {
    const { model } = this;
    switch (one.verb) {
      case 'bind': {
        const bound = { subject: hexId(one.subject), publicKey: hexKey(1) };
        if (!model.free.has(one.subject)) model.free.set(one.subject, 1000);
        return [this.ask('bindSubject', { ...bound, isStaff: false, atUs: 1 }), 'ok'];
      }
      case 'bet': {
        const { outcome, amount } = one;
        const bet = { betId: betIdOf(one.id), subject: hexId(one.subject), arrivedUs: one.at };
        const marketId = `m${one.market}`;
        return [
          this.ask('placeBet', { ...bet, marketId, outcome, amountMinor: amount }),
          model.bet(one.id, one),
        ];
      }
      case 'withdraw': {
        // Mostly by whoever placed it.
        const by = one.isOwn > 0 ? (model.bets.get(one.id)?.subject ?? one.subject) : one.subject;
        const withdrawal = { betId: betIdOf(one.id), subject: hexId(by), arrivedUs: one.at };
        return [this.ask('withdrawBet', withdrawal), model.withdraw(one.id, by, one.at)];
      }
      case 'crash':
        this.#crash();
        return ['ok', 'ok'];
      default:
        return this.#onMarket(one, command);
    }
  }

  #onMarket(
    one: Exclude<Command, { verb: 'bind' | 'bet' | 'withdraw' | 'crash' }>,
    command: string,
  ): [answer: string, expected: string] {
    const { model } = this;
    const id = `m${one.market}`;
    const reason = 'So it was';
    switch (one.verb) {
      case 'open': {
        const rules = rulesAt(100 * S, { lockAtUs: 120 * S });
        const answer = this.ask('openMarket', { ...act(id, command, 100 * S), rules, reason });
        if (model.markets.has(one.market)) return [answer, 'MARKET_EXISTS'];
        model.markets.set(one.market, { state: 'OPEN', cutoff: Infinity, lockAt: 120 * S });
        return [answer, 'ok'];
      }
      case 'extend': {
        const times = { lockAtUs: one.lockAt, deadlineAtUs: DEADLINE };
        return [
          this.ask('extendMarket', { ...act(id, command, 110 * S), ...times, reason }),
          model.extend(one.market, one.lockAt),
        ];
      }
      case 'lock':
        return [
          this.ask('lockMarket', {
            ...act(id, command, 130 * S, 'vision'),
            tCapUs: one.tCap,
            reason,
          }),
          model.lock(one.market, one.tCap),
        ];
      case 'resolve':
        return [
          this.ask('resolveMarket', {
            ...act(id, command, 131 * S),
            outcome: one.outcome,
            reason,
            evidence: one.tCap === null ? null : evidence(one.tCap),
          }),
          model.end(one.market, one.outcome, one.tCap),
        ];
      case 'correct':
        return [
          this.ask('correctMarket', {
            ...act(id, command, one.isLate ? 732 * S : 140 * S),
            outcome: one.outcome,
            tCapUs: one.tCap,
            reason,
          }),
          model.correct(one.market, one.outcome, one.tCap, one.isLate),
        ];
      case 'void':
        return [
          this.ask('voidMarket', { ...act(id, command, 131 * S), reason }),
          model.end(one.market, null, null),
        ];
    }
  }

  #inGeneration(one: Command): Command {
    if (!('market' in one)) return one;
    let market = one.market + MARKETS * (this.#generation.get(one.market) ?? 0);
    const state = this.model.markets.get(market)?.state;
    if (one.verb === 'open' && (state === 'RESOLVED' || state === 'VOID')) {
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
      const debtMinor = this.model.debt.get(subject) ?? 0;
      assert.deepEqual(this.#ledger.answer('balance', { subject: hexId(subject) }), {
        availableMinor: this.model.free.get(subject) ?? 0,
        stakedMinor: this.model.staked(subject),
        ...(debtMinor > 0 ? { debtMinor } : {}),
      });
    }
  }
}

/** Of the built-in market that opens at 100 s. */
const DEADLINE = 190 * S;

function betIdOf(id: number): string {
  return hexId(id + 0x1000);
}

function evidence(captureUs: number) {
  return { id: 'e', type: 'goal', captureUs, detectedUs: captureUs, confidencePermille: 900 };
}

export type ModelReport = {
  commands: number;
  rows: number;
  payouts: number;
  debts: number;
  /** "verb answer" -> how often. */
  seen: Map<string, number>;
};

/** Runs random commands against ledger and model. Throws with seed and the shortest case. */
export function runModel(options: { runs: number; commands: number; seed?: number }): ModelReport {
  const { runs, commands, seed } = options;
  const report: ModelReport = { commands: 0, rows: 0, payouts: 0, debts: 0, seen: new Map() };
  fc.assert(
    fc.property(
      fc.array(fc.noBias(command), { minLength: commands, maxLength: commands, size: 'max' }),
      (list) => runOnce(list as Command[], report),
    ),
    { numRuns: runs, endOnFailure: true, ...(seed === undefined ? {} : { seed }) },
  );
  return report;
}

function runOnce(commands: readonly Command[], report: ModelReport): void {
  const folder = newFolder();
  const store = openJournalStore(join(folder.path, 'ledger.db'));
  try {
    const both = new ModelledLedger(new Ledger(store, IDENTITY, 1));
    for (const one of [...FIRST, ...commands]) both.run(one);
    both.run({ verb: 'crash' });
    const audit = auditJournal(store.allRows.iterate());
    assert.deepEqual(audit.findings, []);
    for (const [number, free] of both.model.free) {
      const account = `user:${hexId(number)}`;
      const posted = audit.posted.get(account) ?? 0n;
      assert.equal(posted - (audit.reserved.get(account) ?? 0n), BigInt(free));
    }
    report.commands += FIRST.length + commands.length;
    report.rows += audit.rows;
    for (const { body } of store.allRows.iterate()) {
      if (body.includes('"kind":"payout"')) report.payouts++;
      if (body.includes('"dr":"debt:')) report.debts++;
    }
    for (const [what, count] of both.seen) {
      report.seen.set(what, (report.seen.get(what) ?? 0) + count);
    }
  } finally {
    store.database.close();
    folder.remove();
  }
}

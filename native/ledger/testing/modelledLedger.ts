// For tests and the endurance run: the real ledger on a real SQLite file beside its model, one
// command after the other. After each, the answer and every balance are the model's; a group that is
// not committed is gone in both; a process that dies leaves its files as they are at that moment,
// and a fresh ledger opens a copy of them.

import assert from 'node:assert/strict';
import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { auditJournal } from '../../../core/ledger/auditor.ts';
import { LedgerRefusal } from '../../../core/ledger/refusal.ts';
import { SqliteFailure } from '../../sqlite/failure.ts';
import { type JournalStore, openJournalStore } from '../journalStore.ts';
import { type AnsweredRequest, Ledger } from '../ledger.ts';
import { hexId, hexKey, IDENTITY, rulesAt } from '../testLedger.ts';
import { type Doer, Model, type ModelPolicy } from './model.ts';
import { type Command, SUBJECTS } from './modelCommands.ts';

const S = 1_000_000;
/** Pages that a file may have when the disk is not full. */
const PAGES_MAX = 1_000_000;

type Answer = { code: string; result: Record<string, unknown> };
type Request = {
  name: AnsweredRequest;
  args: object;
  /** What the model says to it; it takes the ledger's figures where prices are floating point. */
  expect(answer: Answer): string;
  /** The same command id with another content. */
  twisted?: Request;
};

export class ModelledLedger {
  readonly model = new Model();
  readonly seen = new Map<string, number>();
  store: JournalStore;
  #ledger: Ledger;
  readonly #folder: string;
  #files = 0;
  #next = 0;
  #baseUs = 0;
  #isFull = false;
  #sent: Request[] = [];
  readonly #generation = new Map<number, number>();
  #committedSeq: number;

  constructor(folder: string) {
    this.#folder = folder;
    this.store = openJournalStore(join(folder, 'ledger-0.db'));
    this.#ledger = new Ledger(this.store, IDENTITY, 1, { checkpointRowsMin: 0 });
    this.#committedSeq = this.#ledger.headSeq;
  }

  run(one: Command): void {
    if (!this.#runFault(one)) {
      const request = this.#requestOf(one);
      if (!request) return;
      const answer = this.#ask(request);
      if (answer.code === 'DISK_FULL') this.#abandon();
      else assert.equal(answer.code, request.expect(answer), JSON.stringify(one));
      this.#count(`${one.verb} ${answer.code}`);
      if (one.verb !== 'again') this.#sent = [...this.#sent.slice(-200), request];
    }
    this.#checkBalances();
  }

  /** Everything that can be asked is the model's; the auditor agrees; counts what it met. */
  end(): { rows: number; payouts: number; debts: number } {
    this.run({ verb: 'commit' });
    this.run({ verb: 'die' });
    this.run({ verb: 'tend', steps: Infinity });
    assert.equal(this.#ledger.difference, '', 'the check beside bets finds nothing');
    this.#checkMarkets();
    this.#checkHistories();
    const audit = auditJournal(this.store.allRows.iterate());
    assert.deepEqual(audit.findings, []);
    for (const [number, free] of this.model.books.free) {
      const account = `user:${hexId(number)}`;
      const posted = audit.posted.get(account) ?? 0n;
      assert.equal(posted - (audit.reserved.get(account) ?? 0n), BigInt(free));
    }
    let payouts = 0;
    let debts = 0;
    for (const { body } of this.store.allRows.iterate()) {
      if (body.includes('"kind":"payout"')) payouts++;
      if (body.includes('"dr":"debt:')) debts++;
    }
    return { rows: audit.rows, payouts, debts };
  }

  #count(what: string): void {
    this.seen.set(what, (this.seen.get(what) ?? 0) + 1);
  }

  #ask({ name, args }: Request): Answer {
    const seq = this.#ledger.headSeq;
    try {
      const result = this.#ledger.answer(name, args);
      return { code: 'ok', result: result as Record<string, unknown> };
    } catch (error) {
      if (error instanceof SqliteFailure && this.#isFull) return { code: 'DISK_FULL', result: {} };
      if (!(error instanceof LedgerRefusal)) throw error;
      assert.equal(this.#ledger.headSeq, seq, 'a refusal writes nothing');
      return { code: error.code, result: {} };
    }
  }

  /** True when the command was a fault or a commit. */
  #runFault(one: Command): boolean {
    switch (one.verb) {
      case 'commit':
        this.#commit();
        break;
      case 'abandon':
        this.#abandon();
        break;
      case 'die':
        this.#die();
        break;
      case 'close':
        this.#close();
        break;
      case 'tend':
        this.#tend(one.steps);
        break;
      case 'full':
        this.#commit();
        this.#fillDisk(one.pages);
        break;
      case 'pass':
        this.#baseUs += one.time;
        break;
      default:
        return false;
    }
    this.#count(`${one.verb} ok`);
    return true;
  }

  #commit(): void {
    try {
      // What a running ledger does beside requests, and now and then a checkpoint to start from.
      for (let part = 0; part < 6; part++) this.#ledger.tend();
      if (this.#next % 5 === 0) this.#ledger.journal.keepCheckpoint();
      this.#ledger.commit();
    } catch (error) {
      this.#wasFull(error);
      return;
    }
    this.#isCommitted();
  }

  #abandon(): void {
    this.#fillDisk(PAGES_MAX);
    this.#ledger.abandon();
    this.model.abandon();
    assert.equal(this.#ledger.headSeq, this.#committedSeq, 'memory follows the disk');
  }

  /** The files as they are now, with whatever is under way in them; the old ledger is forgotten. */
  #die(): void {
    const from = join(this.#folder, `ledger-${this.#files}.db`);
    const to = join(this.#folder, `ledger-${++this.#files}.db`);
    for (const part of ['', '-wal', '.key']) {
      if (existsSync(from + part)) copyFileSync(from + part, to + part);
    }
    this.store.database.rollback();
    this.#reopen(to);
  }

  #close(): void {
    try {
      this.#ledger.close();
    } catch (error) {
      this.#wasFull(error);
      return;
    }
    this.#isCommitted();
    this.#reopen(join(this.#folder, `ledger-${this.#files}.db`));
  }

  #tend(steps: number): void {
    try {
      for (let step = 0; step < steps; step++) if (!this.#ledger.tend()) return;
    } catch (error) {
      this.#wasFull(error);
    }
  }

  #reopen(path: string): void {
    this.store.database.close();
    this.store = openJournalStore(path);
    this.#isFull = false;
    // However short it is: starts from checkpoints are what is to be tested.
    this.#ledger = new Ledger(this.store, IDENTITY, 1, { checkpointRowsMin: 0 });
    this.model.restart();
    assert.equal(this.#ledger.headSeq, this.#committedSeq, 'all that was committed is there');
  }

  #wasFull(error: unknown): void {
    if (!(error instanceof SqliteFailure) || !this.#isFull) throw error;
    this.#count('commit DISK_FULL');
    this.#abandon();
  }

  #isCommitted(): void {
    this.model.commit();
    this.#committedSeq = this.#ledger.headSeq;
  }

  #fillDisk(pages: number): void {
    const { database } = this.store;
    const now = database.prepare<[], { page_count: number }>('PRAGMA page_count').get();
    this.#isFull = pages < PAGES_MAX;
    const most = this.#isFull ? (now?.page_count ?? 0) + pages : pages;
    database.prepare(`PRAGMA max_page_count = ${most}`).get();
  }

  #requestOf(one: Command): Request | null {
    switch (one.verb) {
      case 'again': {
        const earlier = this.#sent.at(-1 - one.back);
        return (one.isTwisted ? earlier?.twisted : earlier) ?? null;
      }
      case 'bet':
      case 'withdraw':
      case 'sell':
        return this.#position(one);
      case 'policy':
      case 'ban':
      case 'limit':
        return this.#once(`c${this.#next++}`, (id, reason) => this.#rule(one, id, reason));
      case 'bind':
      case 'vest':
      case 'suspend':
        return this.#plain(one);
      case 'open':
      case 'extend':
      case 'lock':
      case 'resolve':
      case 'correct':
      case 'void': {
        const market = `m${this.#inGeneration(one.market, one.verb === 'open')}`;
        const commandId = `c${this.#next++}`;
        return this.#once(commandId, (id, reason) => this.#onMarket(one, market, id, reason));
      }
      default:
        throw new Error(`${one.verb} is no request`);
    }
  }

  /** A request with a command id, and the same id with another reason. */
  #once(id: string, requestOf: (id: string, reason: string) => Request): Request {
    const plain = requestOf(id, 'It was so');
    const twisted = requestOf(id, 'It was not');
    const guarded = (request: Request): Request => ({
      ...request,
      expect: (answer) =>
        this.model.once(id, JSON.stringify(request.args), () => request.expect(answer)),
    });
    // A limit has no reason: twisted it is the same request.
    return { ...guarded(plain), twisted: guarded(twisted) };
  }

  #position(one: Extract<Command, { verb: 'bet' | 'withdraw' | 'sell' }>): Request {
    const at = this.#baseUs + one.at;
    const { bets } = this.model.books;
    if (one.verb === 'bet') {
      const market = `m${this.#inGeneration(one.market, false)}`;
      const { outcome, amount, isStale } = one;
      const bet = { ...one, market, at };
      return {
        name: 'placeBet',
        args: {
          ...{ betId: idOf(one.id), subject: hexId(one.subject), marketId: market, outcome },
          ...{ amountMinor: amount, arrivedUs: at, ...(isStale ? { quoteSeq: 0 } : {}) },
        },
        expect: ({ result }) => this.model.bet(bet, Number(result.milliShares)),
      };
    }
    if (one.verb === 'withdraw') {
      // Mostly one that is there, by whoever placed it.
      const [id, bet] = nthOf([...bets].slice(-25), one.id) ?? [one.id, undefined];
      const by = one.isOwn ? (bet?.subject ?? one.subject) : one.subject;
      return {
        name: 'withdrawBet',
        args: { betId: idOf(id), subject: hexId(by), arrivedUs: at },
        expect: () => this.model.withdraw(id, by, at),
      };
    }
    // Mostly of a bet with a price that is undecided, if there is one.
    const priced = [...bets].filter(([, bet]) => bet.shares > 0 && bet.fate === 'pending');
    const [id, bet] = nthOf(one.isOwn ? priced : [...bets], one.bet) ?? [one.bet, undefined];
    const isByOwner = one.isOwn || one.part % 3 > 0;
    const subject = isByOwner ? (bet?.subject ?? one.subject) : one.subject;
    const left = bet ? bet.sales.reduce((rest, sale) => rest - sale.shares, bet.shares) : 1000;
    const shares = Math.floor((left * one.part) / 100);
    return {
      name: 'sellBet',
      args: {
        ...{ saleId: idOf(one.id), betId: idOf(id), subject: hexId(subject) },
        ...{ milliShares: shares, arrivedUs: at, ...(one.isStale ? { quoteSeq: 0 } : {}) },
      },
      expect: ({ result }) =>
        this.model.sell({ ...one, bet: id, subject, shares, at }, Number(result.amountMinor)),
    };
  }

  #plain(one: Extract<Command, { verb: 'bind' | 'vest' | 'suspend' }>): Request {
    const { model } = this;
    if (one.verb === 'bind') {
      const { subject, isStaff, key } = one;
      const atUs = this.#baseUs + 1;
      return {
        name: 'bindSubject',
        args: { subject: hexId(subject), publicKey: hexKey(key), isStaff, atUs },
        expect: () => model.bind(subject, isStaff, key, atUs),
      };
    }
    if (one.verb === 'vest') {
      const { subject, watched } = one;
      const atUs = this.#baseUs + one.at;
      return {
        name: 'vest',
        args: { subject: hexId(subject), watchedSeconds: watched, atUs },
        expect: () => model.vest(subject, watched, atUs),
      };
    }
    const market = one.market === null ? null : `m${this.#inGeneration(one.market, false)}`;
    return {
      name: 'suspendBetting',
      args: {
        reason: one.isSuspended ? 'The picture stands' : '',
        ...(market === null ? {} : { marketId: market }),
      },
      expect: () => model.suspend(market ?? '*', one.isSuspended),
    };
  }

  #rule(
    one: Extract<Command, { verb: 'policy' | 'ban' | 'limit' }>,
    commandId: string,
    reason: string,
  ): Request {
    const { model } = this;
    const atUs = this.#baseUs + 105 * S;
    if (one.verb === 'limit') {
      const { subject, limit } = one;
      const isTime = limit.endsWith('Until');
      const value = isTime ? this.#baseUs + one.until : one.points;
      const request: Request = {
        name: 'setLimit',
        args: { commandId, subject: hexId(subject), limit, value, atUs },
        expect: () => model.setLimit(subject, limit, value, atUs),
      };
      return request;
    }
    const act = { commandId, actor: 'tester', role: one.role, atUs, reason };
    if (one.verb === 'ban') {
      const { subject, isBanned } = one;
      return {
        name: 'setBan',
        args: { ...act, subject: hexId(subject), isBanned },
        expect: () => model.ban(one, subject, isBanned, atUs),
      };
    }
    const policy = policyFrom(one.numbers);
    return {
      name: 'setPolicy',
      args: { ...act, policy: asPolicy(policy) },
      expect: () => model.setPolicy(one, policy, atUs),
    };
  }

  #onMarket(
    one: Extract<Command, { market: number; role: string }>,
    market: string,
    commandId: string,
    reason: string,
  ): Request {
    const { model } = this;
    const base = this.#baseUs;
    const doer: Doer = { role: one.role, own: one.own };
    const actAt = (atUs: number) => ({
      ...{ marketId: market, commandId, atUs, actor: 'tester', role: one.role, reason },
      ...(one.own === null ? {} : { actorSubject: hexId(one.own) }),
    });
    const tCap = 'tCap' in one && one.tCap !== null ? base + one.tCap : null;
    const decidedAt = base + 131 * S;
    switch (one.verb) {
      case 'open': {
        const opensAt = base + 100 * S;
        const { budget, rakePoints } = one;
        const pricing = budget === 0 ? 'parimutuel' : { lmsr: { budgetMinor: budget } };
        const changes = { lockAtUs: opensAt + 20 * S, rakeBasisPoints: rakePoints };
        const rules = { ...rulesAt(opensAt, changes), pricing };
        return {
          name: 'openMarket',
          args: { ...actAt(opensAt), rules },
          expect: () => model.open(market, doer, opensAt, budget, rakePoints),
        };
      }
      case 'extend': {
        const opensAt = model.books.markets.get(market)?.opensAt ?? 100 * S;
        const times = { lockAtUs: opensAt - 100 * S + one.lockAt, deadlineAtUs: opensAt + 90 * S };
        return {
          name: 'extendMarket',
          args: { ...actAt(base + 110 * S), ...times },
          expect: () => model.extend(market, doer, times.lockAtUs, base + 110 * S),
        };
      }
      case 'lock':
        return {
          name: 'lockMarket',
          args: { ...actAt(base + 130 * S), tCapUs: tCap },
          expect: () => model.lock(market, doer, tCap, base + 130 * S),
        };
      case 'resolve':
        return {
          name: 'resolveMarket',
          args: {
            ...actAt(decidedAt),
            outcome: one.outcome,
            evidence: tCap === null ? null : evidence(tCap),
          },
          expect: () => model.end(market, doer, one.outcome, tCap, decidedAt),
        };
      case 'correct': {
        const atUs = base + (one.isLate ? 800 : 140) * S;
        return {
          name: 'correctMarket',
          args: { ...actAt(atUs), outcome: one.outcome, tCapUs: tCap },
          expect: () => model.correct(market, doer, one.outcome, tCap, atUs),
        };
      }
      case 'void':
        return {
          name: 'voidMarket',
          args: actAt(decidedAt),
          expect: () => model.end(market, doer, null, null, decidedAt),
        };
    }
  }

  /** Where a market has ended, the next one to open takes its place. */
  #inGeneration(place: number, isOpening: boolean): number {
    const generation = this.#generation.get(place) ?? 0;
    const number = place + 10 * generation;
    const state = this.model.books.markets.get(`m${number}`)?.state;
    if (!isOpening || (state !== 'RESOLVED' && state !== 'VOID')) return number;
    this.#generation.set(place, generation + 1);
    return number + 10;
  }

  #checkBalances(): void {
    const { books } = this.model;
    for (let subject = 0; subject < SUBJECTS; subject++) {
      const debtMinor = books.debt.get(subject) ?? 0;
      assert.deepEqual(this.#ledger.answer('balance', { subject: hexId(subject) }), {
        availableMinor: books.free.get(subject) ?? 0,
        stakedMinor: this.model.staked(subject),
        ...(debtMinor > 0 ? { debtMinor } : {}),
      });
    }
  }

  #checkMarkets(): void {
    for (const [marketId, known] of this.model.books.markets) {
      const { market } = this.#ledger.answer('market', { marketId }) as {
        market: { state: string; winner: number | null; cutoffUs: number | null };
      };
      const cutoff = market.cutoffUs ?? Number.POSITIVE_INFINITY;
      assert.deepEqual(
        [market.state, market.winner, cutoff],
        [known.state, known.winner, known.cutoff],
      );
    }
  }

  #checkHistories(): void {
    const results = { pending: 'PENDING', void: 'REFUNDED' } as const;
    for (let subject = 0; subject < SUBJECTS; subject++) {
      const asked = { subject: hexId(subject), limit: 500 };
      const { entries } = this.#ledger.answer('history', asked) as {
        entries: { betId: string; result: string; paidMinor: number }[];
      };
      const bets = [...this.model.books.bets].filter(([, bet]) => bet.subject === subject);
      assert.equal(entries.length, bets.length);
      const byId = new Map(entries.map((entry) => [entry.betId, entry]));
      for (const [id, bet] of bets) {
        const result = bet.fate === 'posted' ? (bet.paid > 0 ? 'WON' : 'LOST') : results[bet.fate];
        const paid = bet.fate === 'void' ? bet.amount : bet.paid;
        const entry = byId.get(idOf(id));
        assert.deepEqual([entry?.result, entry?.paidMinor], [result, paid], idOf(id));
      }
    }
  }
}

function nthOf<One>(list: readonly One[], number: number): One | undefined {
  return list[number % Math.max(1, list.length)];
}

/** Bets and sales share their ids, so that each may meet the other's. */
function idOf(id: number): string {
  return hexId(id + 0x1000);
}

function evidence(captureUs: number) {
  return { id: 'e', type: 'goal', captureUs, detectedUs: captureUs, confidencePermille: 900 };
}

function policyFrom(numbers: readonly (number | null)[]): ModelPolicy {
  const [grant, perMinute, below, perDay, stakeBet, stakeMarket, stakeDay, often, dispute] =
    numbers;
  return {
    grant: grant ?? 1000,
    perMinute: perMinute ?? 10,
    below: below ?? 1000,
    perDay: perDay ?? 1000,
    stakeBet: stakeBet ?? null,
    stakeMarket: stakeMarket ?? null,
    stakeDay: stakeDay ?? null,
    betsPerSecond: often === null || often === undefined ? null : Math.min(often, 1000),
    dispute: dispute ?? 600,
  };
}

function asPolicy(policy: ModelPolicy) {
  return {
    version: 1,
    grantMinor: policy.grant,
    vestMinorPerMinute: policy.perMinute,
    vestBelowMinor: policy.below,
    vestMinorPerDay: policy.perDay,
    stakeMinorPerBet: policy.stakeBet,
    stakeMinorPerMarket: policy.stakeMarket,
    stakeMinorPerDay: policy.stakeDay,
    betsPerSecond: policy.betsPerSecond,
    disputeSeconds: policy.dispute,
  };
}

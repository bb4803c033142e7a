// Proves that the bet book never doubles, loses or doubts a bet: a model of relay and ledger answers
// with lost, doubled, late and shuffled messages and with reconnects and reloads, all made by a
// seeded generator, and in the end page and ledger agree on every bet. Time is a number we move.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  BETS_KEPT,
  BETS_WAITING_MAX,
  type BetAnswer,
  BetBook,
  type BetOutcome,
  type BetRecord,
  type BetStorage,
} from './betBook.ts';

const seed = Number(process.env.SEED ?? Date.now() % 2_147_483_647);
console.log(`betBook seed ${seed}`);

class MemoryBets implements BetStorage {
  entries = new Map<string, BetRecord>();
  full = false;
  list() {
    return [...this.entries.values()];
  }
  write(record: BetRecord) {
    if (this.full) throw new Error('The storage of this page is full');
    this.entries.set(record.betId, record);
  }
  remove(betId: string) {
    this.entries.delete(betId);
  }
}

function countingRandom() {
  let next = 1;
  return (length: number) => {
    const bytes = new Uint8Array(length);
    new DataView(bytes.buffer).setUint32(0, next++);
    return bytes;
  };
}

const wish = {
  marketId: 'm1',
  outcome: 0,
  amountMinor: 10,
  marketTitle: 'Goal in the next 30 s?',
  outcomeLabel: 'Yes',
  madeAtMs: 1,
};

function receipt(record: BetRecord, seq: number): BetAnswer {
  const { betId, marketId, outcome, amountMinor } = record;
  return { betId, marketId, outcome, amountMinor, seq, hash: `h${seq}`, code: '', message: '' };
}

function refusal(record: BetRecord, code: string): BetAnswer {
  return { ...receipt(record, 0), hash: '', code, message: `Refused: ${code}` };
}

function ended(record: BetRecord, seq: number, result: BetOutcome['result']): BetOutcome {
  return {
    ...receipt(record, seq),
    marketTitle: record.marketTitle,
    outcomeLabel: record.outcomeLabel,
    result,
    paidMinor: result === 'won' ? 25 : 0,
    reason: 'The ball crossed the line',
    atMs: 5,
  };
}

test('a bet is stored before it can be sent, and not made when it cannot be stored', () => {
  const storage = new MemoryBets();
  const book = new BetBook({ storage, random: countingRandom() });
  const bet = book.place(wish);
  assert.deepEqual(storage.entries.get(bet.betId), bet);
  storage.full = true;
  assert.throws(() => book.place(wish), /full/);
  assert.deepEqual(
    book.takeDue(0).map((due) => due.betId),
    [bet.betId],
  );
});

test('an amount that is no positive whole number is refused before anything is stored', () => {
  const storage = new MemoryBets();
  const book = new BetBook({ storage, random: countingRandom() });
  for (const amountMinor of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
    assert.throws(() => book.place({ ...wish, amountMinor }), RangeError);
  }
  assert.equal(storage.entries.size, 0);
});

test('"not now" keeps a bet waiting under the same id, with back-off; a reconnect makes it due', () => {
  const book = new BetBook({ storage: new MemoryBets(), random: countingRandom() });
  const bet = book.place(wish);
  assert.equal(book.takeDue(0).length, 1);
  assert.equal(book.takeDue(0).length, 0);
  for (const code of ['STUDIO_AWAY', 'LEDGER_UNAVAILABLE', 'RATE_LIMITED']) {
    book.answered(refusal(bet, code), 0);
    assert.equal(book.list()[0]?.state, 'sent');
    assert.equal(book.list()[0]?.code, code);
  }
  assert.equal(book.takeDue(499).length, 0);
  assert.equal(book.takeDue(500)[0]?.betId, bet.betId);
  book.answered(refusal(bet, 'STUDIO_AWAY'), 500);
  assert.equal(book.takeDue(1499).length, 0, 'the second wait is longer');
  book.connectionOpened();
  assert.equal(book.takeDue(501)[0]?.betId, bet.betId);
});

test('a receipt beats a refusal, whichever comes first, and a refusal stays without one', () => {
  for (const receiptFirst of [true, false]) {
    const book = new BetBook({ storage: new MemoryBets(), random: countingRandom() });
    const bet = book.place(wish);
    const answers = [receipt(bet, 7), refusal(bet, 'LOCKED')];
    if (!receiptFirst) answers.reverse();
    for (const answer of answers) book.answered(answer, 0);
    assert.equal(book.list()[0]?.state, 'confirmed');
    assert.equal(book.list()[0]?.seq, 7);
    assert.equal(book.list()[0]?.code, '');
  }
  const book = new BetBook({ storage: new MemoryBets(), random: countingRandom() });
  book.answered(refusal(book.place(wish), 'LOCKED'), 0);
  assert.equal(book.list()[0]?.state, 'refused');
  assert.equal(book.takeDue(1e9).length, 0);
});

test('bets are bounded: answered ones are forgotten, waiting ones never, and new ones refused', () => {
  const storage = new MemoryBets();
  const book = new BetBook({ storage, random: countingRandom() });
  const first = book.place(wish);
  for (let at = 0; at < BETS_KEPT + 50; at++) {
    const bet = book.place({ ...wish, madeAtMs: 2 + at });
    book.answered(receipt(bet, at + 1), 0);
  }
  assert.equal(book.list().length, BETS_KEPT);
  assert.equal(storage.entries.size, BETS_KEPT);
  assert.ok(storage.entries.has(first.betId));
  for (let at = 1; at < BETS_WAITING_MAX; at++) book.place({ ...wish, madeAtMs: 9000 + at });
  assert.throws(() => book.place(wish), /Too many bets/);
});

test('a correction is a later row and replaces the result; an older row never comes back', () => {
  const book = new BetBook({ storage: new MemoryBets(), random: countingRandom() });
  const bet = book.place(wish);
  book.answered(receipt(bet, 3), 0);
  book.told(ended(bet, 9, 'won'));
  book.told(ended(bet, 12, 'lost'));
  book.told(ended(bet, 9, 'won'));
  assert.equal(book.list()[0]?.state, 'lost');
  assert.equal(book.list()[0]?.seq, 3, 'the receipt stays the row of the bet');
});

test('answers in any order and doubled give the same book', () => {
  const answers = fc.shuffledSubarray([0, 1, 2, 3, 0, 1, 2, 3], { minLength: 4 });
  fc.assert(
    fc.property(answers, (order) => {
      const book = new BetBook({ storage: new MemoryBets(), random: countingRandom() });
      const bet = book.place(wish);
      const tell = [
        () => book.answered(receipt(bet, 7), 0),
        () => book.answered(refusal(bet, 'LOCKED'), 0),
        () => book.told(ended(bet, 7, 'pending')),
        () => book.told(ended(bet, 20, 'won')),
      ];
      for (const which of new Set(order)) tell[which]?.();
      for (const which of order) tell[which]?.();
      const record = book.list()[0];
      const expected = order.includes(3)
        ? 'won'
        : order.includes(0) || order.includes(2)
          ? 'confirmed'
          : 'refused';
      assert.equal(record?.state, expected);
      if (order.includes(0)) assert.equal(record?.seq, 7);
    }),
    { seed, numRuns: 500 },
  );
});

type Step =
  | { do: 'place' }
  | { do: 'send'; lose: boolean; double: boolean; away: boolean }
  | { do: 'deliver'; pick: number; keep: boolean }
  | { do: 'reconnect'; reload: boolean }
  | { do: 'wait'; ms: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('place' as const) }),
  fc.record({
    do: fc.constant('send' as const),
    lose: fc.boolean(),
    double: fc.boolean(),
    away: fc.boolean(),
  }),
  fc.record({ do: fc.constant('deliver' as const), pick: fc.nat(1000), keep: fc.boolean() }),
  fc.record({ do: fc.constant('reconnect' as const), reload: fc.boolean() }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.nat(5000) }),
);

/** What stands behind the relay: takes each id once, answers every time, loses nothing durable. */
class LedgerModel {
  rows = new Map<string, number>();
  refused = new Set<string>();
  inFlight: BetAnswer[] = [];
  take(record: BetRecord, away: boolean) {
    if (away) {
      this.inFlight.push(refusal(record, 'STUDIO_AWAY'));
      return;
    }
    if (!this.rows.has(record.betId) && !this.refused.has(record.betId)) {
      if ((this.rows.size + this.refused.size) % 5 === 4) this.refused.add(record.betId);
      else this.rows.set(record.betId, this.rows.size + 1);
    }
    const seq = this.rows.get(record.betId);
    this.inFlight.push(seq ? receipt(record, seq) : refusal(record, 'INSUFFICIENT_FUNDS'));
  }
}

test('whatever is lost, doubled or reordered, page and ledger agree in the end', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const storage = new MemoryBets();
      const random = countingRandom();
      let book = new BetBook({ storage, random });
      const ledger = new LedgerModel();
      const placed: string[] = [];
      let nowMs = 0;
      for (const each of steps) {
        if (each.do === 'place' && placed.length < BETS_WAITING_MAX) {
          placed.push(book.place({ ...wish, madeAtMs: nowMs }).betId);
        } else if (each.do === 'send') {
          for (const bet of book.takeDue(nowMs)) {
            if (each.lose) continue;
            ledger.take(bet, each.away);
            if (each.double) ledger.take(bet, false);
          }
        } else if (each.do === 'deliver' && ledger.inFlight.length > 0) {
          const at = each.pick % ledger.inFlight.length;
          const answer = ledger.inFlight[at];
          if (!each.keep) ledger.inFlight.splice(at, 1);
          if (answer) book.answered(answer, nowMs);
        } else if (each.do === 'reconnect') {
          ledger.inFlight = [];
          if (each.reload) book = new BetBook({ storage, random });
          book.connectionOpened();
        } else if (each.do === 'wait') nowMs += each.ms;
      }
      // The network heals: one clean connection must clear every doubt.
      ledger.inFlight = [];
      book.connectionOpened();
      for (const bet of book.takeDue(nowMs)) ledger.take(bet, false);
      for (const answer of ledger.inFlight) book.answered(answer, nowMs);
      assert.equal(book.list().length, placed.length);
      assert.equal(ledger.rows.size + ledger.refused.size, placed.length);
      for (const bet of book.list()) {
        assert.equal(bet.seq, ledger.rows.get(bet.betId) ?? 0);
        assert.equal(bet.state, ledger.rows.has(bet.betId) ? 'confirmed' : 'refused');
        assert.deepEqual(storage.entries.get(bet.betId), bet);
      }
    }),
    { seed, numRuns: 500 },
  );
});

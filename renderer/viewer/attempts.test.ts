// Proves that what a viewer wished for is never doubled, lost or doubted: withdrawals, sales and
// own limits through lost, doubled and reordered answers, reconnects and reloads; and that a price
// is shown only for the question that stands. All steps come from a seeded generator.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BetBook } from './betBook.ts';
import type { BetOutcome, BetRecord, BetStorage, MoveAnswer } from './betRecord.ts';
import { LimitBook, type LimitWish } from './limitBook.ts';
import { PriceAsker } from './priceAsker.ts';
import { betStorageOf, limitStorageOf, memoryStore } from './textStore.ts';

const seed = Number(process.env.SEED ?? Date.now() % 2_147_483_647);
console.log(`wishes seed ${seed}`);

function countingRandom() {
  let next = 1;
  return (length: number) => {
    const bytes = new Uint8Array(length);
    new DataView(bytes.buffer).setUint32(0, next++);
    return bytes;
  };
}

function confirmed(storage: BetStorage, random = countingRandom()) {
  const book = new BetBook({ storage, random });
  const wish = { marketId: 'm', outcome: 0, amountMinor: 50, marketTitle: 'Goal?' };
  const bet = book.place({ ...wish, outcomeLabel: 'Yes', madeAtMs: 1 });
  book.answered({ ...answerTo(bet), seq: 7, hash: 'h7' }, 0);
  return { book, betId: bet.betId, random };
}

function answerTo({ betId, marketId, outcome, amountMinor }: BetRecord) {
  return { betId, marketId, outcome, amountMinor, seq: 0, hash: '', code: '', message: '' };
}

function outcomeOf(record: BetRecord, changes: Partial<BetOutcome> = {}): BetOutcome {
  return {
    ...{ ...answerTo(record), seq: 7, hash: 'h7', marketTitle: 'Goal?', outcomeLabel: 'Yes' },
    ...{ result: 'pending', paidMinor: 0, reason: '', atMs: 5 },
    ...changes,
  };
}

const storage = () => betStorageOf(memoryStore(), 'c');

test('a wish is stored before it is sent, outlives a reload, and is made once', () => {
  const store = storage();
  const { book, betId, random } = confirmed(store);
  book.withdraw(betId);
  assert.equal(store.list()[0]?.move?.state, 'sent');
  assert.throws(() => book.withdraw(betId), RangeError);
  assert.throws(() => book.sell(betId, { milliShares: 5, amountMinor: 1, quoteSeq: 0 }));
  assert.equal(book.takeDueMoves(0).length, 1);
  assert.equal(book.takeDueMoves(2_999).length, 0);
  assert.equal(book.takeDueMoves(3_000).length, 1);
  const reloaded = new BetBook({ storage: store, random });
  assert.equal(reloaded.takeDueMoves(0)[0]?.betId, betId);
  const full = { ...store, write: () => assert.fail('full') };
  const other = new BetBook({ storage: full, random });
  assert.equal(other.list()[0]?.betId, betId);
});

test('a bet that waits or was decided wishes for nothing', () => {
  const store = storage();
  const book = new BetBook({ storage: store, random: countingRandom() });
  const wish = { marketId: 'm', outcome: 0, amountMinor: 5, marketTitle: '', outcomeLabel: '' };
  const bet = book.place({ ...wish, madeAtMs: 1 });
  assert.throws(() => book.withdraw(bet.betId), RangeError);
  book.answered({ ...answerTo(bet), seq: 7, hash: 'h7' }, 0);
  book.withdraw(bet.betId);
  book.told(outcomeOf(bet, { result: 'lost', reason: 'No goal.' }));
  assert.deepEqual(book.takeDueMoves(1e9), []);
});

test('what another tab did, or a page before, is learnt from the ledger', () => {
  const { book, betId } = confirmed(storage());
  const [bet] = book.list();
  assert.ok(bet);
  book.told(outcomeOf(bet, { isWithdrawn: true }));
  assert.deepEqual(
    [book.list()[0]?.move?.kind, book.list()[0]?.move?.state],
    ['withdraw', 'confirmed'],
  );
  const other = confirmed(storage());
  const sold = { milliShares: 76_000, soldMinor: 47 };
  other.book.told(outcomeOf({ ...bet, betId: other.betId }, sold));
  assert.equal(other.book.list()[0]?.move?.amountMinor, 47);
  assert.equal(other.book.list()[0]?.milliShares, 76_000);
  assert.equal(betId, bet.betId);
});

test('a receipt is witnessed when a mark of its epoch covers it, and contested when lost', () => {
  const { book, betId } = confirmed(storage());
  assert.equal(book.list()[0]?.isWitnessed, false);
  book.witnessed({ epoch: 1, seq: 6 });
  assert.equal(book.list()[0]?.isWitnessed, false);
  book.witnessed({ epoch: 1, seq: 7 });
  assert.equal(book.list()[0]?.isWitnessed, true);

  // Confirmed in epoch 1, and then a machine was lost: epoch 2 has other rows.
  const random = countingRandom();
  const after = new BetBook({ storage: storage(), random });
  after.witnessed({ epoch: 1, seq: 3 });
  const wish = { marketId: 'm', outcome: 0, amountMinor: 5, marketTitle: '', outcomeLabel: '' };
  const [kept, lost] = [0, 1].map((at) => after.place({ ...wish, madeAtMs: at }));
  assert.ok(kept && lost);
  after.answered({ ...answerTo(kept), seq: 4, hash: 'h4' }, 0);
  after.answered({ ...answerTo(lost), seq: 5, hash: 'h5' }, 0);
  after.witnessed({ epoch: 2, seq: 9 });
  assert.deepEqual(
    after.list().map(({ isWitnessed }) => isWitnessed),
    [false, false],
    'another epoch’s mark says nothing of these rows',
  );
  after.told(outcomeOf(kept, { seq: 4, hash: 'h4' }));
  after.toldAll(new Set([kept.betId]));
  const states = new Map(after.list().map((bet) => [bet.betId, bet]));
  assert.equal(states.get(kept.betId)?.isWitnessed, true);
  assert.equal(states.get(lost.betId)?.isContested, true);
  assert.equal(betId.length, 32);
});

type Step =
  | { do: 'wish'; sale: boolean }
  | { do: 'send'; lose: boolean; double: boolean; away: boolean }
  | { do: 'deliver'; pick: number; keep: boolean }
  | { do: 'reconnect'; reload: boolean }
  | { do: 'history' }
  | { do: 'wait'; ms: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('wish' as const), sale: fc.boolean() }),
  fc.record({
    do: fc.constant('send' as const),
    lose: fc.boolean(),
    double: fc.boolean(),
    away: fc.boolean(),
  }),
  fc.record({ do: fc.constant('deliver' as const), pick: fc.nat(1000), keep: fc.boolean() }),
  fc.record({ do: fc.constant('reconnect' as const), reload: fc.boolean() }),
  fc.constant({ do: 'history' as const }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.nat(5_000) }),
);

/** Takes each withdrawal and each sale once; refuses every second sale for its price. */
class LedgerModel {
  isWithdrawn = false;
  sold = new Map<string, number>();
  refused = new Set<string>();
  inFlight: MoveAnswer[] = [];
  take({ betId, move }: BetRecord, away: boolean) {
    if (!move) return;
    const { kind, id, milliShares, amountMinor } = move;
    const asked = { kind, id, betId, milliShares, amountMinor, code: '', message: '' };
    const refuse = (code: string) => this.inFlight.push({ ...asked, code, message: code });
    if (away) return refuse('STUDIO_AWAY');
    if (kind === 'withdraw') {
      if (this.sold.size > 0) return refuse('BET_DECIDED');
      this.isWithdrawn = true;
    } else if (!this.sold.has(id)) {
      const isTaken = this.isWithdrawn || this.sold.size > 0 || this.refused.has(id);
      if (isTaken || this.refused.size % 2 === 0) {
        this.refused.add(id);
        return refuse('STALE_QUOTE');
      }
      this.sold.set(id, amountMinor);
    }
    return this.inFlight.push(asked);
  }
}

test('whatever is lost, doubled or reordered, page and ledger agree on every wish', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const store = storage();
      const begun = confirmed(store);
      const { betId, random } = begun;
      let { book } = begun;
      const ledger = new LedgerModel();
      let nowMs = 0;
      for (const each of steps) {
        const move = book.list()[0]?.move;
        if (each.do === 'wish' && (!move || move.state === 'refused')) {
          if (each.sale) book.sell(betId, { milliShares: 9, amountMinor: 47, quoteSeq: 2 });
          else book.withdraw(betId);
        } else if (each.do === 'send') {
          for (const bet of book.takeDueMoves(nowMs)) {
            if (each.lose) continue;
            ledger.take(bet, each.away);
            if (each.double) ledger.take(bet, false);
          }
        } else if (each.do === 'deliver' && ledger.inFlight.length > 0) {
          const at = each.pick % ledger.inFlight.length;
          const answer = ledger.inFlight[at];
          if (!each.keep) ledger.inFlight.splice(at, 1);
          if (answer) book.moveAnswered(answer, nowMs);
        } else if (each.do === 'reconnect') {
          ledger.inFlight = [];
          if (each.reload) book = new BetBook({ storage: store, random });
          book.connectionOpened();
        } else if (each.do === 'history') {
          const [bet] = book.list();
          const [soldMinor = 0] = ledger.sold.values();
          if (bet) book.told(outcomeOf(bet, { isWithdrawn: ledger.isWithdrawn, soldMinor }));
        } else if (each.do === 'wait') nowMs += each.ms;
      }
      ledger.inFlight = [];
      book.connectionOpened();
      for (const bet of book.takeDueMoves(nowMs)) ledger.take(bet, false);
      for (const answer of ledger.inFlight) book.moveAnswered(answer, nowMs);
      const [bet] = book.list();
      assert.ok(bet);
      assert.notEqual(bet.move?.state, 'sent', 'nothing is left in doubt');
      const isTaken = bet.move?.state === 'confirmed';
      assert.equal(isTaken, ledger.isWithdrawn || ledger.sold.size > 0);
      assert.ok(ledger.sold.size <= 1);
      assert.deepEqual(store.list(), [bet]);
    }),
    { seed, numRuns: 500 },
  );
});

test('a wish for a limit is sent until it is answered, under one id, over reloads', () => {
  const answers = fc.array(fc.constantFrom('STUDIO_AWAY', 'RATE_LIMITED', 'lost', ''), {
    maxLength: 12,
  });
  fc.assert(
    fc.property(answers, fc.boolean(), (codes, reload) => {
      const store = limitStorageOf(memoryStore(), 'c');
      const random = countingRandom();
      let book = new LimitBook({ storage: store, random });
      book.set('stakeDay', 200);
      const ids = new Set<string>();
      let isAnswered = false;
      for (const [at, code] of [...codes, ''].entries()) {
        if (reload) book = new LimitBook({ storage: store, random });
        book.connectionOpened();
        const due: LimitWish[] = book.takeDue(at);
        if (isAnswered) {
          assert.deepEqual(due, []);
          continue;
        }
        const [wish] = due;
        assert.ok(wish);
        ids.add(wish.commandId);
        if (code === 'lost') continue;
        isAnswered = book.answered({ commandId: wish.commandId, code, message: '' }, at);
      }
      assert.equal(ids.size, 1);
      assert.deepEqual([book.list(), store.list()], [[], []]);
    }),
    { seed, numRuns: 200 },
  );
});

test('a price is shown only for the stake that stands, and asked anew when it moved', () => {
  const prices = new PriceAsker();
  const asked = { marketId: 'm', outcome: 0, amountMinor: 50 };
  const quote = { ...asked, quoteSeq: 3, milliShares: 91_000, code: '', message: '' };
  prices.wantStake(asked);
  assert.deepEqual(prices.takeDue(0).stakes, [asked]);
  assert.deepEqual(prices.takeDue(1).stakes, [], 'not again while it is awaited');
  assert.equal(prices.stakeAnswered({ ...quote, amountMinor: 10 }, 1), false);
  assert.equal(prices.stakeAnswered({ ...quote, code: 'RATE_LIMITED' }, 1), false);
  assert.deepEqual(prices.takeDue(501).stakes, [asked]);
  assert.equal(prices.stakeAnswered(quote, 510), true);
  prices.priceMoved('m', 3);
  assert.deepEqual(prices.takeDue(9_999).stakes, [], 'this price is the newest');
  prices.priceMoved('m', 4);
  assert.deepEqual(prices.takeDue(9_999).stakes, [asked]);
  prices.wantStake({ ...asked, outcome: 1 });
  assert.deepEqual(prices.takeDue(9_999).stakes, [{ ...asked, outcome: 1 }]);
  prices.dropStake('m');
  assert.equal(prices.stakeAnswered({ ...quote, outcome: 1 }, 10_000), false);
  prices.wantSale('b', 'm');
  assert.deepEqual(prices.takeDue(0).sales, ['b']);
});

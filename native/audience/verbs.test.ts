// Proves what a viewer can do besides betting, with nothing replaced between its WebSocket and the
// ledger's disk: withdraw, see a price, be guarded against a moved one, sell back, and set limits.
// Every verb is safe to repeat, and what the checks let through is what the ledger's schemas take.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { realTimers } from '../../core/base/clock.ts';
import { silentLogger } from '../../core/base/logger.ts';
import type { MarketRules } from '../../core/markets/rules.ts';
import {
  BetSchema,
  FromViewerSchema,
  HistoryRequestSchema,
  LimitName,
  LimitsRequestSchema,
  QuoteRequestSchema,
  SaleQuoteRequestSchema,
  SellSchema,
  SetLimitSchema,
  WithdrawSchema,
} from '../../core/wire/gen/facts_pb.js';
import { viewerMessageFault } from '../../core/wire/viewerChecks.ts';
import { refusedAnswer } from '../../core/wire/viewerReplies.ts';
import {
  clock,
  random,
  randomHex,
  removeFolder,
  startTestRelay,
  TestViewer,
  temporaryFolder,
} from '../../relay/testing/harness.ts';
import { requestArgs } from '../ledger/protocol.ts';
import { act, rulesAt, startLedger } from '../ledger/testLedger.ts';
import { openChannelKey } from '../upstream/channelKey.ts';
import { createStudioSocket } from '../upstream/studioSocket.ts';
import { createAudience } from './audience.ts';

const seed = Number(process.env.SEED ?? Date.now() % 2_147_483_647);
console.log(`audience verbs seed ${seed}`);
const PRICED = { pricing: { lmsr: { budgetMinor: 200 } } } as const;
const DAY_US = 86_400_000_000;

/** A relay, a ledger and an audience between them, and viewers who join. */
async function startAudience() {
  const folder = temporaryFolder();
  const ledgerFolder = temporaryFolder();
  const relay = await startTestRelay({ dataFolder: folder });
  const ledger = await startLedger(ledgerFolder);
  const key = await openChannelKey({ dataFolder: folder, random });
  const socket = createStudioSocket({
    relayUrl: relay.url,
    key,
    ledgerIdentity: () => null,
    clock,
    timers: realTimers,
    random,
    logger: silentLogger,
  });
  const moved: string[] = [];
  const audience = createAudience({
    socket,
    ledger: ledger.client,
    markets: () => [],
    onBetPlaced: (marketId) => moved.push(marketId),
    clock,
    timers: realTimers,
    logger: silentLogger,
  });
  await new Promise<void>((resolve) => socket.onRegistered(() => resolve()));
  const viewers: TestViewer[] = [];
  return {
    relay,
    ledger,
    audience,
    /** Markets whose pools or prices moved, in order. */
    moved,
    /** A viewer who is bound and has heard its history. */
    async join(secret = random(32), subject = randomHex(16)): Promise<TestViewer> {
      const viewer = await new TestViewer(relay.url, key.channelId, secret, subject).join();
      viewers.push(viewer);
      await viewer.take('history');
      return viewer;
    },
    async open(id: string, changes: Partial<MarketRules> = {}) {
      const atUs = clock.nowUs();
      const args = {
        ...act(id, `open-${id}`, atUs),
        rules: rulesAt(atUs, changes),
        reason: 'test',
      };
      return (await ledger.client.openMarket(args)).market;
    },
    async close() {
      for (const viewer of viewers) viewer.close();
      audience.close();
      socket.close();
      await relay.close();
      ledger.close();
      removeFolder(folder);
      removeFolder(ledgerFolder);
    },
  };
}

let house: Awaited<ReturnType<typeof startAudience>>;
before(async () => {
  house = await startAudience();
});
after(() => house.close());

function withdraw(viewer: TestViewer, betId: string) {
  viewer.send({ case: 'withdraw', value: create(WithdrawSchema, { betId }) });
  return viewer.take('withdrawReply');
}

async function betOf(viewer: TestViewer, marketId: string, amountMinor: number) {
  const betId = viewer.bet(marketId, amountMinor);
  const reply = await viewer.take('betReply');
  assert.equal(reply.code, '');
  return { betId, reply };
}

test('a bet is taken back once; the stake returns when the market ends', async () => {
  await house.open('back');
  const secret = random(32);
  const viewer = await house.join(secret);
  const tab = await house.join(secret, viewer.subject);
  const { betId } = await betOf(viewer, 'back', 100);
  const first = await withdraw(viewer, betId);
  assert.equal(first.code, '');
  assert.ok(first.withdrawnAtUs > 0n);
  assert.equal((await tab.take('withdrawReply')).betId, betId, 'every tab hears of it');
  const again = await withdraw(viewer, betId);
  assert.deepEqual([again.code, again.withdrawnAtUs], ['', first.withdrawnAtUs]);
  assert.deepEqual(
    house.moved.filter((id) => id === 'back'),
    ['back', 'back'],
    'the bet and the first withdrawal moved the pool, the repeated one did not',
  );
  viewer.send({ case: 'historyRequest', value: create(HistoryRequestSchema, { limit: 5 }) });
  const { entries } = await viewer.take('history');
  assert.equal(entries[0]?.withdrawnAtUs, first.withdrawnAtUs);
  const { client } = house.ledger;
  await client.voidMarket({ ...act('back', 'void-back', clock.nowUs()), reason: 'Rain.' });
  assert.equal((await client.balance(viewer.subject)).availableMinor, 1000);
});

test('nobody takes back what is not theirs, not there, or not withdrawn in this market', async () => {
  await house.open('theirs');
  await house.open('priced', PRICED);
  const viewer = await house.join();
  const thief = await house.join();
  const { betId } = await betOf(viewer, 'theirs', 10);
  assert.equal((await withdraw(thief, betId)).code, 'UNKNOWN_BET');
  assert.equal((await withdraw(viewer, randomHex(16))).code, 'UNKNOWN_BET');
  const priced = await betOf(viewer, 'priced', 10);
  const refused = await withdraw(viewer, priced.betId);
  assert.equal(refused.code, 'NOT_OFFERED');
  assert.match(refused.message, /sold, not withdrawn/);
  const reason = 'The picture is stalled.';
  await house.ledger.client.suspendBetting(reason);
  const paused = await withdraw(viewer, betId);
  await house.ledger.client.suspendBetting('');
  assert.deepEqual([paused.code, paused.message], ['BETTING_SUSPENDED', reason]);
});

test('a price is seen before the bet, and a moved one buys nothing behind the back', async () => {
  await house.open('price', PRICED);
  const viewer = await house.join();
  const other = await house.join();
  const ask = () => {
    const value = create(QuoteRequestSchema, { marketId: 'price', outcome: 0, amountMinor: 50n });
    viewer.send({ case: 'quoteRequest', value });
    return viewer.take('quote');
  };
  const seen = await ask();
  assert.deepEqual([seen.code, seen.permille], ['', [500, 500]]);
  assert.ok(seen.milliShares > 50_000n);
  await betOf(other, 'price', 200);
  const bet = (milliSharesMin: bigint, quoteSeq: bigint, betId = randomHex(16)) => {
    const value = create(BetSchema, {
      ...{ betId, marketId: 'price', outcome: 0, amountMinor: 50n, milliSharesMin, quoteSeq },
    });
    viewer.send({ case: 'bet', value });
    return viewer.take('betReply');
  };
  const stale = await bet(seen.milliShares, seen.quoteSeq);
  assert.equal(stale.code, 'STALE_QUOTE');
  const now = await ask();
  assert.ok(now.milliShares < seen.milliShares && now.quoteSeq > seen.quoteSeq);
  const betId = randomHex(16);
  const taken = await bet(now.milliShares, now.quoteSeq, betId);
  assert.deepEqual([taken.code, taken.milliShares], ['', now.milliShares]);
  const again = await bet(now.milliShares, now.quoteSeq, betId);
  assert.deepEqual([again.seq, again.pendingKnown], [taken.seq, true]);
  const value = create(QuoteRequestSchema, { marketId: 'nowhere', outcome: 0, amountMinor: 50n });
  viewer.send({ case: 'quoteRequest', value });
  assert.equal((await viewer.take('quote')).code, 'UNKNOWN_MARKET');
});

test('shares are sold back for what was offered, once', async () => {
  await house.open('sale', PRICED);
  const viewer = await house.join();
  const { betId, reply } = await betOf(viewer, 'sale', 60);
  viewer.send({ case: 'saleQuoteRequest', value: create(SaleQuoteRequestSchema, { betId }) });
  const offer = await viewer.take('saleQuote');
  assert.equal(offer.milliShares, reply.milliShares);
  assert.ok(offer.amountMinor > 0n && offer.amountMinor <= 60n, 'a round trip never profits');
  const sell = (amountMinorMin: bigint, saleId = randomHex(16)) => {
    const { milliShares, quoteSeq } = offer;
    const sale = { saleId, betId, milliShares, quoteSeq, amountMinorMin };
    viewer.send({ case: 'sell', value: create(SellSchema, sale) });
    return viewer.take('saleReply');
  };
  assert.equal((await sell(offer.amountMinor + 1n)).code, 'STALE_QUOTE');
  const saleId = randomHex(16);
  const sold = await sell(offer.amountMinor, saleId);
  assert.deepEqual([sold.code, sold.amountMinor], ['', offer.amountMinor]);
  assert.ok(sold.seq > 0n);
  const again = await sell(offer.amountMinor, saleId);
  assert.deepEqual([again.seq, again.hash], [sold.seq, sold.hash]);
  assert.equal((await sell(offer.amountMinor)).code, 'BAD_SHARES', 'nothing is left to sell');
  viewer.send({ case: 'historyRequest', value: create(HistoryRequestSchema, { limit: 5 }) });
  const [entry] = (await viewer.take('history')).entries;
  assert.deepEqual([entry?.milliSharesLeft, entry?.soldMinor], [0n, offer.amountMinor]);
});

test('own limits: stricter at once, looser later, and a bet beyond them is refused', async () => {
  await house.open('limits');
  const viewer = await house.join();
  const set = (limit: LimitName, value: bigint | null, commandId = randomHex(16)) => {
    const wish = create(SetLimitSchema, { commandId, limit });
    if (value !== null) wish.value = value;
    viewer.send({ case: 'setLimit', value: wish });
    return viewer.take('limits', (limits) => limits.commandId === commandId);
  };
  const commandId = randomHex(16);
  const strict = await set(LimitName.STAKE_DAY, 30n, commandId);
  assert.equal(strict.code, '');
  assert.equal(strict.limits[0]?.value, 30n);
  assert.equal((await set(LimitName.STAKE_DAY, 30n, commandId)).code, '', 'safe to repeat');
  assert.equal((await set(LimitName.STAKE_DAY, 31n, commandId)).code, 'ID_REUSED');
  const [loose] = (await set(LimitName.STAKE_DAY, null)).limits;
  assert.equal(loose?.value, 30n);
  const waitsUs = Number(loose?.waitingFromUs) - clock.nowUs();
  assert.ok(Math.abs(waitsUs - DAY_US) < 60_000_000);
  assert.equal(loose?.waitingValue, undefined);
  await betOf(viewer, 'limits', 30);
  viewer.bet('limits', 1);
  assert.equal((await viewer.take('betReply')).code, 'LIMIT_REACHED');
  const untilUs = BigInt(clock.nowUs() + DAY_US);
  assert.equal((await set(LimitName.PAUSED_UNTIL, untilUs)).limits[2]?.value, untilUs);
  viewer.bet('limits', 1);
  assert.equal((await viewer.take('betReply')).code, 'TIME_OUT');
  const tooLong = await set(LimitName.EXCLUDED_UNTIL, BigInt(clock.nowUs() + 4_000 * DAY_US));
  assert.equal(tooLong.code, 'BAD_REQUEST');
  viewer.send({ case: 'limitsRequest', value: create(LimitsRequestSchema) });
  const all = await viewer.take('limits', ({ commandId: id }) => id === '');
  assert.deepEqual([all.limits[0]?.value, all.limits[2]?.value], [30n, untilUs]);
});

const id = fc.oneof(
  fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 32, maxLength: 32 }),
  fc.string(),
);
const word = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const number64 = fc.oneof(word, fc.bigInt({ min: 0n, max: 2_000_000_000n }), fc.constant(0n));
const option = fc.option(number64, { nil: undefined });
const marketId = fc.oneof(fc.string(), fc.constant('goal-1'));
const outcome = fc.integer({ min: 0, max: 12 });
const anyMove = fc.oneof(
  fc
    .record({ betId: id, marketId, outcome, amountMinor: number64, quoteSeq: option })
    .map((bet) => ({ case: 'bet', value: create(BetSchema, noHoles(bet)) }) as const),
  fc
    .record({ betId: id })
    .map((wish) => ({ case: 'withdraw', value: create(WithdrawSchema, wish) }) as const),
  fc
    .record({ saleId: id, betId: id, milliShares: number64, amountMinorMin: option })
    .map((sale) => ({ case: 'sell', value: create(SellSchema, noHoles(sale)) }) as const),
  fc
    .record({ marketId, outcome, amountMinor: number64 })
    .map((asked) => ({ case: 'quoteRequest', value: create(QuoteRequestSchema, asked) }) as const),
  fc
    .record({ commandId: id, limit: fc.integer({ min: 0, max: 9 }), value: option })
    .map((wish) => ({ case: 'setLimit', value: create(SetLimitSchema, noHoles(wish)) }) as const),
);

function noHoles<Part extends object>(part: Part): Part {
  return Object.fromEntries(
    Object.entries(part).filter(([, value]) => value !== undefined),
  ) as Part;
}

test('what the checks let through, the ledger’s own schemas take; the rest is named', () => {
  const subject = 'a'.repeat(32);
  let accepted = 0;
  fc.assert(
    fc.property(anyMove, (message) => {
      const fault = viewerMessageFault(message);
      if (fault !== null) {
        assert.ok(fault.endsWith('.'));
        return;
      }
      accepted++;
      const { $typeName: _, ...value } = message.value;
      const numbers = Object.fromEntries(
        Object.entries(value).map(([key, own]) => [
          key,
          typeof own === 'bigint' ? Number(own) : own,
        ]),
      );
      const args = { ...numbers, subject, arrivedUs: 5 };
      const parsed =
        message.case === 'bet'
          ? requestArgs.placeBet.safeParse(args)
          : message.case === 'withdraw'
            ? requestArgs.withdrawBet.safeParse(args)
            : message.case === 'sell'
              ? requestArgs.sellBet.safeParse(args)
              : message.case === 'quoteRequest'
                ? requestArgs.quote.safeParse(numbers)
                : { success: true };
      assert.ok(parsed.success, `${message.case} ${JSON.stringify(numbers)}`);
    }),
    { seed, numRuns: 3_000 },
  );
  assert.ok(accepted > 100, `${accepted} were accepted`);
});

test('bytes of any kind are read, named or refused, and never thrown on', () => {
  const real = toBinary(
    FromViewerSchema,
    create(FromViewerSchema, { message: { case: 'sell', value: create(SellSchema) } }),
  );
  const bent = fc
    .tuple(fc.constant(real), fc.uint8Array({ maxLength: 64 }))
    .map(([head, tail]) => new Uint8Array([...head, ...tail]));
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), bent), (bytes) => {
      let message: ReturnType<typeof create<typeof FromViewerSchema>>['message'];
      try {
        ({ message } = fromBinary(FromViewerSchema, bytes));
      } catch {
        return;
      }
      const fault = viewerMessageFault(message);
      assert.ok(fault === null || fault.length > 0);
      const answer = refusedAnswer(message, { code: 'STUDIO_AWAY', message: 'Away.' });
      assert.ok(answer === null || answer.value.$typeName.length > 0);
    }),
    { seed, numRuns: 3_000 },
  );
});

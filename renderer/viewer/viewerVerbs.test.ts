// Proves in a real Chromium against a real relay what a viewer can do besides betting: take a bet
// back, see a price before betting and be offered the new one when it moved, sell back, set own
// limits. Each is sent once more with the same id after studio, line or page went away, and shown
// from sent to settled. The studio is scripted; waits are for facts.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import type { Browser, Page } from 'playwright-core';
import {
  BalanceSchema,
  BetReplySchema,
  EventListSchema,
  type FromViewer,
  GameEventSchema,
  HistoryEntry_Result,
  HistoryEntrySchema,
  LimitName,
  LimitsSchema,
  type Market,
  Market_State,
  MarketListSchema,
  MarketSchema,
  MediaTimeSchema,
  QuoteSchema,
  SaleQuoteSchema,
  SaleReplySchema,
  Show_State,
  ShowSchema,
  WithdrawReplySchema,
} from '../../core/wire/gen/facts_pb.js';
import type { Relay } from '../../relay/relay.ts';
import {
  random,
  removeFolder,
  startTestRelay,
  TestStudio,
  temporaryFolder,
} from '../../relay/testing/harness.ts';
import { TestJournal } from '../../relay/testing/journal.ts';
import { browserSkip, launchBrowser, PHONE } from '../../tests/harness/browser.ts';
import { builtPage } from '../../tests/harness/builtPage.ts';

const folder = temporaryFolder();
const skip = browserSkip ? { skip: browserSkip } : {};
const nowUs = () => BigInt(process.hrtime.bigint() / 1000n);
let relay: Relay;
let browser: Browser;

before(async () => {
  if (browserSkip) return;
  const viewerPageFolder = await builtPage('viewer');
  relay = await startTestRelay({ dataFolder: join(folder, 'relay'), viewerPageFolder });
  browser = await launchBrowser();
});

after(async () => {
  await browser?.close();
  await relay?.close();
  removeFolder(folder);
});

/** A scripted studio with a channel of its own: live, and with these markets. */
async function openStudio(markets: Market[], secret = random(32)): Promise<TestStudio> {
  const studio = new TestStudio(relay.url, secret);
  await studio.ready();
  const mediaUs = nowUs();
  const sample = create(MediaTimeSchema, { mediaUs, relayUs: mediaUs, roundTripUs: 100 });
  studio.send({ case: 'mediaTime', value: sample });
  const show = create(ShowSchema, { state: Show_State.LIVE, title: 'Friday five-a-side' });
  studio.deliver([], { case: 'show', value: show });
  studio.deliver([], { case: 'markets', value: create(MarketListSchema, { markets }) });
  return studio;
}

async function openPage(studio: TestStudio, points = 1_240n) {
  const context = await browser.newContext({ viewport: PHONE });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const complaints: string[] = [];
  page.on('pageerror', (cause) => complaints.push(String(cause)));
  page.on('console', (message) => {
    // There is no picture here, and the relay says so.
    if (message.type() === 'error' && !/status of 409/.test(message.text())) {
      complaints.push(message.text());
    }
  });
  await page.goto(`${relay.url}/s/${studio.channelId}`);
  await greet(studio, points);
  await page.locator(`[data-testid="balance"][data-minor="${points}"]`).waitFor();
  return { page, complaints, close: () => context.close() };
}

/** What an engine tells somebody who joins. */
async function greet(studio: TestStudio, points: bigint): Promise<void> {
  const { viewerId } = await studio.take('viewerJoined');
  const value = create(BalanceSchema, { availableMinor: points });
  studio.deliver([viewerId], { case: 'balance', value });
}

function marketOf(changes: MessageInitShape<typeof MarketSchema> = {}): Market {
  const atUs = nowUs();
  return create(MarketSchema, {
    id: 'm1',
    title: 'Goal in the next 30 s?',
    outcomes: [
      { label: 'Yes', poolMinor: 410n, bettors: 9 },
      { label: 'No', poolMinor: 252n, bettors: 6 },
    ],
    state: Market_State.OPEN,
    opensAtUs: atUs,
    lockAtUs: atUs + 600_000_000n,
    horizonAtUs: atUs + 700_000_000n,
    deadlineAtUs: atUs + 800_000_000n,
    guardMs: 500,
    ...changes,
  } as MessageInitShape<typeof MarketSchema>);
}

type Word = Exclude<FromViewer['message'], { case: undefined }>;
type Values = { [Each in Word as Each['case']]: Each['value'] };

/** The next word of this kind that a page said, whoever said it. */
async function heard<Case extends keyof Values>(
  studio: TestStudio,
  name: Case,
): Promise<Values[Case]> {
  const { message } = await studio.take(
    'viewerMessage',
    (value) => value.message?.message.case === name,
  );
  const word = message?.message;
  assert.ok(word?.case === name);
  return word.value as unknown as Values[Case];
}

const line = (page: Page) => page.getByTestId('bet-state');
const untilMove = (page: Page, move: string) =>
  page.locator(`[data-testid="bet-state"][data-move="${move}"]`).waitFor();

/** A bet of 50 on the first outcome that the ledger confirmed as row `seq`. */
async function confirmedBet(page: Page, studio: TestStudio, seq: bigint, milliShares = 0n) {
  await page.getByTestId('outcome-0').click();
  await page.getByTestId('stake-50').click();
  await page.getByTestId('place-bet').click();
  const bet = await heard(studio, 'bet');
  const hash = '8f'.repeat(32);
  const { betId, marketId, outcome, amountMinor } = bet;
  const asked = { betId, marketId, outcome, amountMinor };
  const reply = create(BetReplySchema, { ...asked, seq, hash, milliShares });
  studio.deliver([], { case: 'betReply', value: reply });
  await page.locator('[data-testid="bet-state"][data-state="confirmed"]').waitFor();
  return bet;
}

test(
  'a bet is taken back once, through a lost studio and a reload, and returned',
  skip,
  async () => {
    const market = marketOf();
    const secret = random(32);
    let studio = await openStudio([market], secret);
    const { page, complaints, close } = await openPage(studio);
    const { betId, marketId } = await confirmedBet(page, studio, 12n);
    await page.getByTestId('take-back').first().click();
    await page.getByTestId('take-back-sure').first().click();
    await untilMove(page, 'withdraw sent');
    assert.equal((await heard(studio, 'withdraw')).betId, betId);

    // The studio dies with it; the page asks again. The page is reloaded; it asks again.
    studio.close();
    await studio.closed;
    studio = await openStudio([market], secret);
    await greet(studio, 1_190n);
    assert.equal((await heard(studio, 'withdraw')).betId, betId);
    await page.reload();
    await greet(studio, 1_190n);
    assert.equal((await heard(studio, 'withdraw')).betId, betId);
    const taken = create(WithdrawReplySchema, { betId, withdrawnAtUs: nowUs() });
    studio.deliver([], { case: 'withdrawReply', value: taken });
    await untilMove(page, 'withdraw confirmed');
    await line(page).getByText('Taken back').waitFor();
    await line(page).getByText('return when the market ends').waitFor();
    assert.equal(await page.getByTestId('take-back').count(), 0);

    const ended = marketOf({ ...market, state: Market_State.RESOLVED, winner: 0, reason: 'Goal.' });
    studio.deliver([], { case: 'market', value: ended });
    const refund = create(HistoryEntrySchema, {
      ...{ betId, marketId, outcome: 0, amountMinor: 50n, paidMinor: 50n, seq: 12n },
      ...{ hash: '8f'.repeat(32), outcomeLabel: 'Yes', marketTitle: market.title },
      result: HistoryEntry_Result.REFUNDED,
      reason: 'You took this bet back in time.',
      atUs: nowUs(),
      withdrawnAtUs: nowUs(),
    });
    studio.deliver([], { case: 'settlement', value: refund });
    await line(page).getByText('Returned 50').waitFor();
    // Whoever sees the result sees that people, not the picture, decided it last.
    const badge = page.getByText('Corrected by the crew');
    assert.equal(await badge.count(), 0);
    const corrected = marketOf({ ...ended, winner: 1, reason: 'It hit the bar.', revision: 1 });
    studio.deliver([], { case: 'market', value: corrected });
    await badge.waitFor();
    assert.deepEqual(complaints, []);
    studio.close();
    await close();
  },
);

test('one market can be paused: it says why, and disables what moves points', skip, async () => {
  const market = marketOf();
  const studio = await openStudio([market]);
  const { page, close } = await openPage(studio);
  await confirmedBet(page, studio, 14n);
  const suspended = 'A dog is on the pitch.';
  studio.deliver([], { case: 'market', value: marketOf({ ...market, suspended }) });
  await page.getByTestId('market-paused').getByText(suspended).waitFor();
  assert.equal(await page.getByTestId('take-back').first().isEnabled(), false);
  await page.getByTestId('outcome-0').click();
  assert.equal(await page.getByTestId('place-bet').isEnabled(), false);
  studio.deliver([], { case: 'market', value: marketOf({ ...market, suspended: '' }) });
  await page.getByTestId('market-paused').waitFor({ state: 'detached' });
  assert.equal(await page.getByTestId('take-back').first().isEnabled(), true);
  assert.equal(await page.getByTestId('place-bet').isEnabled(), true);
  studio.close();
  await close();
});

test('a refused withdrawal says why in a sentence, and the bet stands', skip, async () => {
  const studio = await openStudio([marketOf()]);
  const { page, close } = await openPage(studio);
  const { betId } = await confirmedBet(page, studio, 13n);
  await page.getByTestId('take-back').first().click();
  await page.getByTestId('take-back-sure').first().click();
  await heard(studio, 'withdraw');
  const refusal = { code: 'MARKET_LOCKED', message: 'Betting on this market has closed.' };
  const value = create(WithdrawReplySchema, { betId, ...refusal });
  studio.deliver([], { case: 'withdrawReply', value });
  await untilMove(page, 'withdraw refused');
  await line(page).getByText('Betting on this market has closed.').waitFor();
  assert.equal(await line(page).getAttribute('data-state'), 'confirmed');
  studio.close();
  await close();
});

test('a price is shown before the bet; a moved one is offered anew', skip, async () => {
  const priced = (quoteSeq: bigint, permille: number[]) =>
    marketOf({ id: 'p1', prices: { quoteSeq, permille } });
  const studio = await openStudio([priced(0n, [500, 500])]);
  const { page, complaints, close } = await openPage(studio);
  await page.getByTestId('outcome-0').click();
  await page.getByTestId('stake-50').click();
  // The first question was for the stake that stood there.
  const asked = async () => {
    for (;;) {
      const question = await heard(studio, 'quoteRequest');
      if (question.amountMinor === 50n) return question;
    }
  };
  assert.equal(await page.getByTestId('place-bet').isEnabled(), false, 'no bet without a price');
  const answer = async (quoteSeq: bigint, milliShares: bigint) => {
    const { marketId, outcome, amountMinor } = await asked();
    const quote = { marketId, outcome, amountMinor, quoteSeq, milliShares };
    studio.deliver([], { case: 'quote', value: create(QuoteSchema, quote) });
    await page.locator(`[data-testid="quote"][data-seq="${quoteSeq}"]`).waitFor();
  };
  await answer(3n, 91_500n);
  assert.match((await page.getByTestId('quote').textContent()) ?? '', /Pays 91 .* than 90/);
  // Somebody else's bet moves the price: the page asks again by itself.
  studio.deliver([], { case: 'market', value: priced(4n, [560, 440]) });
  await answer(4n, 83_200n);
  await page.getByTestId('place-bet').click();
  const first = await heard(studio, 'bet');
  assert.deepEqual([first.quoteSeq, first.milliSharesMin], [4n, 82_368n]);
  const stale = { code: 'STALE_QUOTE', message: 'The price has moved; look again and repeat.' };
  const { betId, marketId, outcome, amountMinor } = first;
  const refused = create(BetReplySchema, { betId, marketId, outcome, amountMinor, ...stale });
  studio.deliver([], { case: 'market', value: priced(5n, [610, 390]) });
  studio.deliver([], { case: 'betReply', value: refused });
  await line(page).getByText('The price moved before').waitFor();
  await answer(5n, 77_000n);
  assert.match((await page.getByTestId('quote').textContent()) ?? '', /The price moved\. Pays 77/);
  await page.getByTestId('place-bet').click();
  const second = await heard(studio, 'bet');
  assert.notEqual(second.betId, first.betId);
  assert.deepEqual([second.amountMinor, second.quoteSeq], [50n, 5n]);
  assert.deepEqual(complaints, []);
  studio.close();
  await close();
});

test(
  'a bet with a price is sold for what was offered; a moved price sells nothing',
  skip,
  async () => {
    const market = marketOf({ id: 'p2', prices: { quoteSeq: 1n, permille: [620, 380] } });
    const studio = await openStudio([market]);
    const { page, complaints, close } = await openPage(studio);
    await page.getByTestId('outcome-0').click();
    await page.getByTestId('stake-50').click();
    let question = await heard(studio, 'quoteRequest');
    if (question.amountMinor !== 50n) question = await heard(studio, 'quoteRequest');
    const quote = { marketId: 'p2', outcome: 0, amountMinor: 50n, quoteSeq: 1n };
    const value = create(QuoteSchema, { ...quote, milliShares: 76_000n });
    studio.deliver([], { case: 'quote', value });
    await page.getByTestId('quote').waitFor();
    await page.getByTestId('place-bet').click();
    const { betId, marketId, outcome, amountMinor } = await heard(studio, 'bet');
    const asked = { betId, marketId, outcome, amountMinor };
    const row = { seq: 21n, hash: 'ab'.repeat(32), milliShares: 76_000n };
    studio.deliver([], { case: 'betReply', value: create(BetReplySchema, { ...asked, ...row }) });
    await page.getByTestId('sell').first().click();
    const offer = async (quoteSeq: bigint, points: bigint) => {
      await heard(studio, 'saleQuoteRequest');
      const told = { betId, milliShares: 76_000n, amountMinor: points, quoteSeq };
      studio.deliver([], { case: 'saleQuote', value: create(SaleQuoteSchema, told) });
      await page.getByTestId('sell-sure').first().getByText(`Sell for ${points}`).waitFor();
    };
    await offer(2n, 47n);
    await page.getByTestId('sell-sure').first().click();
    const first = await heard(studio, 'sell');
    assert.deepEqual([first.milliShares, first.amountMinorMin, first.quoteSeq], [76_000n, 47n, 2n]);
    const stale = { code: 'STALE_QUOTE', message: 'The price has moved; look again and repeat.' };
    const { saleId } = first;
    const refusal = create(SaleReplySchema, { saleId, betId, milliShares: 76_000n, ...stale });
    studio.deliver([], { case: 'saleReply', value: refusal });
    await untilMove(page, 'sale refused');
    await offer(3n, 45n);
    await page.getByTestId('sell-sure').first().click();
    const second = await heard(studio, 'sell');
    assert.notEqual(second.saleId, saleId);
    const done = { saleId: second.saleId, betId, milliShares: 76_000n, amountMinor: 45n, seq: 25n };
    studio.deliver([], { case: 'saleReply', value: create(SaleReplySchema, done) });
    await untilMove(page, 'sale confirmed');
    await line(page).getByText('Sold for 45').waitFor();
    assert.equal(await page.getByTestId('sell').count(), 0);
    assert.deepEqual(complaints, []);
    studio.close();
    await close();
  },
);

test(
  'own limits are set, kept through a reload, and shown as the ledger says them',
  skip,
  async () => {
    const studio = await openStudio([]);
    const { page, complaints, close } = await openPage(studio);
    await page.getByTestId('limits').locator('summary').click();
    await heard(studio, 'limitsRequest');
    await page.getByTestId('limit-stakeDay').fill('200');
    await page.getByTestId('set-stakeDay').click();
    const first = await heard(studio, 'setLimit');
    assert.deepEqual([first.limit, first.value], [LimitName.STAKE_DAY, 200n]);
    await page.getByTestId('held-stakeDay').getByText('Sent to the ledger').waitFor();
    await page.reload();
    await greet(studio, 1_240n);
    const again = await heard(studio, 'setLimit');
    assert.equal(again.commandId, first.commandId);
    const held = (commandId: string, waits: object = {}) =>
      create(LimitsSchema, {
        commandId,
        limits: [{ limit: LimitName.STAKE_DAY, value: 200n, ...waits }],
      });
    studio.deliver([], { case: 'limits', value: held(first.commandId) });
    await page.getByTestId('limits').locator('summary').click();
    await page.getByTestId('held-stakeDay').getByText('at most 200 points').waitFor();
    await page.getByTestId('lift-stakeDay').click();
    const lift = await heard(studio, 'setLimit');
    assert.equal(lift.value, undefined);
    const waits = { waitingFromUs: nowUs() + 86_400_000_000n };
    studio.deliver([], { case: 'limits', value: held(lift.commandId, waits) });
    await page.getByTestId('held-stakeDay').getByText(': no limit').waitFor();
    await page.getByTestId('pausedUntil-7').click();
    await page.getByTestId('set-pausedUntil').click();
    const pause = await heard(studio, 'setLimit');
    const lengthUs = Number(pause.value ?? 0n) - Number(nowUs());
    assert.ok(Math.abs(lengthUs - 7 * 86_400_000_000) < 60_000_000, `${lengthUs}`);
    assert.deepEqual(complaints, []);
    studio.close();
    await close();
  },
);

test(
  'who joins late sees what happened, whom a debt binds sees why, and points vest',
  skip,
  async () => {
    const studio = await openStudio([marketOf()]);
    const events = Array.from({ length: 9 }, (_, at) =>
      create(GameEventSchema, {
        id: `e${at}`,
        type: at % 2 ? 'shot' : 'kickOff',
        captureUs: nowUs() - BigInt(600 - at * 60) * 1_000_000n,
        why: `The ball was seen the ${at}. time.`,
      }),
    );
    studio.deliver([], { case: 'events', value: create(EventListSchema, { events }) });
    const { page, complaints, close } = await openPage(studio);
    await page.locator('.news-line').nth(7).waitFor();
    assert.equal(await page.locator('.news-line').count(), 8);
    assert.match((await page.locator('.news-line').first().textContent()) ?? '', /the 8\. time/);
    await page.locator('.news-line').first().getByText('2 min ago').waitFor();
    const owed = create(BalanceSchema, { availableMinor: 20n, debtMinor: 31n, grantedMinor: 10n });
    studio.deliver([], { case: 'balance', value: owed });
    await page.getByTestId('debt').getByText('You owe 31 points').waitFor();
    await page.getByTestId('granted').getByText('+10 for watching').waitFor();

    // A receipt is witnessed once the relay signed for its row.
    studio.deliver([], {
      case: 'balance',
      value: create(BalanceSchema, { availableMinor: 1_240n }),
    });
    await page.locator('[data-testid="balance"][data-minor="1240"]').waitFor();
    await confirmedBet(page, studio, 2n);
    await line(page).getByText('not yet witnessed').waitFor();
    studio.sendBatch(new TestJournal().grant('u1', 50).grant('u2', 50).batch(1, 3));
    await studio.take('journalAck');
    await page.locator('[data-testid="bet-state"][data-witnessed="true"]').waitFor();
    assert.equal(await line(page).getByText('not yet witnessed').count(), 0);
    assert.deepEqual(complaints, []);
    studio.close();
    await close();
  },
);

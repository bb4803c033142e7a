// Proves that an invitation's link opens the crew's page at the real relay in a real Chromium: a
// moderator there sees chat and markets of the studio, decides one after its effect was shown, is
// told when somebody else was first, and is put out at once when the role is taken back. axe finds
// nothing serious. Of two who press at the same time one acts, and the other reads who it was; they
// share shield, slow mode and notes; who has bet in a market decides nothing there; what a revoked
// one has pressed before is not done. Skipped where there is no Chromium.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { join as joinPath } from 'node:path';
import { after, before, test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import type { Browser, Page, WebSocketRoute } from 'playwright-core';
import { newId } from '../core/base/ids.ts';
import { BetSchema, ChatSendSchema } from '../core/wire/gen/facts_pb.js';
import { startLedger } from '../native/ledger/testLedger.ts';
import { openChannelKey } from '../native/upstream/channelKey.ts';
import {
  random,
  randomHex,
  removeFolder,
  startTestRelay,
  TestViewer,
  temporaryFolder,
} from '../relay/testing/harness.ts';
import { builtPage } from './harness/builtPage.ts';
import { startPeopleStudio } from './harness/peopleStudio.ts';
import { launchChromium, noChromium } from './studio/chromium.ts';

const skip = noChromium;
const pages = process.env.MORPHINE_CREW_SHOTS ?? '';
const undo: (() => unknown)[] = [];
let room: Room;
let browser: Browser;
before(async () => {
  if (skip) return;
  room = await startRoom();
  browser = await launchChromium();
  undo.push(() => browser.close());
});
after(async () => {
  for (const one of undo.reverse()) await one();
});

async function startRoom() {
  const viewerPageFolder = joinPath(await builtPage('crew'), '../viewer');
  const [folder, ledgerFolder] = [temporaryFolder(), temporaryFolder()];
  const relay = await startTestRelay({ dataFolder: folder, viewerPageFolder });
  const ledger = await startLedger(ledgerFolder);
  const key = await openChannelKey({ dataFolder: folder, random });
  const studio = await startPeopleStudio({
    ...{ relayUrl: relay.url, dataFolder: folder, key, ledger },
    withMarkets: true,
  });
  const join = async () => {
    const viewer = new TestViewer(relay.url, key.channelId, random(32), randomHex(16));
    await viewer.join();
    await viewer.take('standing');
    undo.push(() => viewer.close());
    return viewer;
  };
  undo.push(async () => {
    await studio.close();
    await relay.close();
    ledger.close();
    removeFolder(folder);
    removeFolder(ledgerFolder);
  });
  return { relay, studio, join };
}

type Room = Awaited<ReturnType<typeof startRoom>>;

/** A market with a bet on either outcome. */
async function marketWithBets({ studio }: Room, [ann, bob]: readonly [TestViewer, TestViewer]) {
  const marketId = newId(random);
  await studio.owner.studio.markets.open({ templateId: 'goal-30', marketId });
  const bet = async (viewer: TestViewer, outcome: number, amountMinor: bigint) => {
    const value = create(BetSchema, { betId: newId(random), marketId, outcome, amountMinor });
    viewer.send({ case: 'bet', value });
    assert.equal((await viewer.take('betReply')).code, '');
  };
  await bet(ann, 0, 100n);
  await bet(bob, 1, 60n);
  return marketId;
}

async function chatAndBets(of: Room) {
  const [ann, bob] = [await of.join(), await of.join()] as const;
  const say = async (viewer: TestViewer, text: string) => {
    const value = create(ChatSendSchema, { chatId: newId(random), text });
    viewer.send({ case: 'chatSend', value });
    await viewer.take('chatReply', ({ chatId }) => chatId === value.chatId);
  };
  await say(ann, 'what a save!');
  await say(bob, 'you sh1t');
  const marketId = await marketWithBets(of, [ann, bob]);
  return { ann, bob, marketId };
}

/** Sentences of serious faults; none when there are none. */
async function faultsOf(page: Page): Promise<string[]> {
  const path = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
  await page.evaluate(await (await import('node:fs/promises')).readFile(path, 'utf8'));
  return page.evaluate(async () => {
    const { axe } = window as unknown as {
      axe: { run(): Promise<{ violations: { id: string; impact: string; help: string }[] }> };
    };
    const { violations } = await axe.run();
    const isSerious = (impact: string) => impact === 'serious' || impact === 'critical';
    return violations
      .filter(({ impact }) => isSerious(impact))
      .map(({ id, help }) => `${id}: ${help}`);
  });
}

async function shot(page: Page, name: string): Promise<void> {
  if (pages !== '') await page.screenshot({ path: joinPath(pages, `${name}.png`) });
}

test('a moderator at the link decides as one of the crew, until the role is taken back', {
  skip,
}, async () => {
  const { studio, relay } = room;
  const { bob, marketId } = await chatAndBets(room);
  const offer = { role: 'moderator' as const, uses: 1, minutes: 10, name: 'Mina' };
  const { link } = await studio.owner.studio.people.invite({ ...offer, inviteId: newId(random) });
  const page = await browser.newPage({ viewport: { width: 1280, height: 720 } });
  page.on('pageerror', (error) => assert.fail(error));
  await page.goto(link);
  await page.getByText('You: Moderator').waitFor();
  assert.equal(page.url(), link.split('#')[0], 'the secret leaves the address at once');
  await page.getByText('what a save!').waitFor();
  assert.deepEqual(await faultsOf(page), []);
  await shot(page, 'crew-1280-en');

  // Held words: the first judges, the second is told.
  const [held] = await studio.owner.studio.chat.list({
    ...{ beforeNumber: null, limit: 9, heldOnly: true },
  });
  const number = held?.number ?? 0;
  await page.getByRole('button', { name: 'Refuse: you sh1t' }).click();
  await page.locator(`[data-number="${number}"][data-state=removed]`).waitFor();
  await assert.rejects(studio.owner.studio.chat.judge({ number, isSaid: true }), /Mina was first/);

  // A market: what moves is said, then one act; whoever comes second is told.
  const card = page.locator(`[data-market="${marketId}"]`);
  await card.getByRole('button', { name: 'Resolve', exact: true }).click();
  const yes = card.getByRole('button', { name: /Yes.*160 pts to 1 account/ });
  await yes.waitFor();
  assert.deepEqual(await faultsOf(page), []);
  await shot(page, 'crew-effect-1280-en');
  await studio.owner.studio.markets.resolve({ marketId, outcome: 1, reason: 'I saw it' });
  const past = page.locator(`.pastMarket[data-market="${marketId}"]`);
  await past.getByRole('button', { name: /^Correct/ }).click();
  await past.getByText('100 pts come back').or(past.getByText('160 pts to 1 account')).waitFor();
  await past.getByLabel('Why? Everyone who bet reads this.').fill('It was the other goal');
  await shot(page, 'crew-correct-1280-en');
  await past.getByRole('button', { name: 'Correct the decision' }).click();
  await page.getByText('Overridden').waitFor();

  // The person's card, and an act on them that the log shows with its actor.
  await page
    .getByRole('button', { name: /^Guest-/ })
    .last()
    .click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Time out' }).click();
  await dialog.getByLabel('Reason, which they read').fill('rude');
  await shot(page, 'crew-card-1280-en');
  await dialog.getByRole('button', { name: 'Time out' }).click();
  await dialog.getByText('Timed out').first().waitFor();
  await bob.take('standing', ({ timedOutMs }) => timedOutMs > 0n);
  await page.keyboard.press('Escape');
  await page.getByRole('tab', { name: 'Log' }).click();
  await page.getByLabel('Search the log').fill('rude');
  await page.locator('.act').filter({ hasText: 'Mina' }).filter({ hasText: 'timed out' }).waitFor();
  await shot(page, 'crew-log-1280-en');
  await page.getByRole('tab', { name: 'Crew' }).click();
  await page.getByText('Mina').waitFor();
  assert.equal(await page.getByRole('button', { name: 'Invite' }).count(), 0, 'for the owner');
  await page.setViewportSize({ width: 390, height: 844 });
  await page.getByRole('tab', { name: 'Chat' }).click();
  await page.getByText('what a save!').waitFor();
  assert.deepEqual(await faultsOf(page), []);
  const isWide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
  assert.equal(isWide, false, 'nothing is cut off on a phone');
  await shot(page, 'crew-390-en');

  // Back without the link, and out when the role is taken back.
  await page.reload();
  await page.getByText('You: Moderator').waitFor();
  const { members } = await studio.owner.studio.people.show({});
  const subject = members[0]?.subject ?? '';
  await studio.owner.studio.people.revokeRole({ subject, reason: 'thank you' });
  await page.getByText('This page is not of the crew').waitFor();
  await page.goto(`${relay.url}/crew/${studio.key.channelId}`);
  await page.getByText('This device is not of the crew.').waitFor();
  await shot(page, 'crew-out-390-en');
});

type Line = { page: Page; hold(): void; release(): void };

/** A moderator by invitation, on a line that can be held in both directions as by a bad network. */
async function enterAs(name: string, device = ''): Promise<Line> {
  const offer = { role: 'moderator' as const, uses: 1, minutes: 10, name };
  const { link } = await room.studio.owner.studio.people.invite({
    ...{ ...offer, inviteId: newId(random) },
  });
  const context = await browser.newContext({ viewport: { width: 1280, height: 720 } });
  const page = await context.newPage();
  page.on('pageerror', (error) => assert.fail(error));
  await page.addInitScript((kept) => {
    if (kept !== '') localStorage.setItem('morphine.device', kept);
  }, device);
  let held: (() => void)[] | null = null;
  const pass = (from: WebSocketRoute, to: WebSocketRoute) =>
    from.onMessage((message) => {
      const go = () => to.send(message);
      if (held) held.push(go);
      else go();
    });
  await page.routeWebSocket(/.*/, (own) => {
    const studio = own.connectToServer();
    pass(own, studio);
    pass(studio, own);
  });
  await page.goto(link);
  await page.getByText('You: Moderator').waitFor();
  return {
    page,
    hold() {
      held = [];
    },
    release() {
      const waiting = held ?? [];
      held = null;
      for (const go of waiting) go();
    },
  };
}

/** What was done to a market, as the journal has it; its window may end, which locks it. */
async function actsOn(marketId: string) {
  const { entries } = await room.studio.owner.studio.moderation.audit({
    ...{ beforeSeq: null, limit: 100, words: '' },
  });
  const own = entries.filter(({ target, act }) => target === marketId && act !== 'market.locked');
  return own.map(({ act, name }) => `${act} ${name}`.trim()).reverse();
}

/** Opens the choice of who won; the button says what it does to the money. */
async function choiceOf(page: Page, marketId: string, effect: RegExp) {
  const card = page.locator(`[data-market="${marketId}"]`).first();
  await card.getByRole('button', { name: 'Resolve', exact: true }).click();
  const choice = card.getByRole('button', { name: effect });
  await choice.waitFor();
  return choice;
}

test('two press at the same time: one act is done, the other reads who did it', {
  skip,
}, async () => {
  const marketId = await marketWithBets(room, [await room.join(), await room.join()]);
  const [kim, jo] = [await enterAs('Kim'), await enterAs('Jo')];
  const yes = await choiceOf(kim.page, marketId, /Yes.*160 pts to 1 account/);
  const no = await choiceOf(jo.page, marketId, /No.*160 pts to 1 account/);
  // Jo presses before anything of Kim's act can have arrived there.
  jo.hold();
  await yes.press('Enter');
  await kim.page.locator(`.pastMarket[data-market="${marketId}"]`).waitFor();
  await no.press('Enter');
  jo.release();
  await jo.page.getByText('Kim was first: market resolved (Yes)').waitFor();
  await jo.page.locator(`.pastMarket[data-market="${marketId}"]`).getByText('Yes').waitFor();
  assert.deepEqual(await actsOn(marketId), ['market.opened', 'market.resolved Kim']);
  const market = room.studio.owner.state()?.markets.find(({ id }) => id === marketId);
  assert.deepEqual([market?.winner, market?.revision], [0, undefined]);

  // What tightens the chat, and what is known of people, is one for both.
  await kim.page.getByRole('button', { name: 'Shield' }).press('Enter');
  await jo.page.getByText('The shield is up').waitFor();
  await jo.page.getByRole('button', { name: 'Shield' }).press('Enter');
  await kim.page.getByText('The shield is up').waitFor({ state: 'detached' });
  await jo.page.getByLabel('Slow mode').selectOption('30');
  const slow = await kim.page.getByLabel('Slow mode').elementHandle();
  await kim.page.waitForFunction((field) => (field as HTMLSelectElement).value === '30', slow);
  assert.equal((await room.studio.owner.studio.people.show({})).settings.slowSeconds, 30);
  const cardOn = async (page: Page) => {
    await page
      .getByRole('button', { name: /^Guest-/ })
      .first()
      .click();
    return page.getByRole('dialog');
  };
  const written = await cardOn(kim.page);
  await written.getByLabel('New note, for the crew only').fill('knows the referee');
  await written.getByRole('button', { name: 'Add note' }).click();
  await written.getByText('knows the referee').waitFor();
  const read = await cardOn(jo.page);
  await read.getByText('knows the referee').waitFor();
  await read.getByText('Kim').first().waitFor();
  for (const { page } of [kim, jo]) await page.context().close();
});

test('who has bet in a market cannot decide it: the press says why and moves nothing', {
  skip,
}, async () => {
  const { relay, studio, join } = room;
  const [secret, subject] = [random(32), randomHex(16)];
  const bettor = new TestViewer(relay.url, studio.key.channelId, secret, subject);
  undo.push(() => bettor.close());
  await bettor.join();
  await bettor.take('standing');
  const marketId = await marketWithBets(room, [bettor, await join()]);
  // Of the crew only after the bet, on the same device.
  const device = JSON.stringify({ secret: Buffer.from(secret).toString('hex'), subject });
  const { page } = await enterAs('Mo', device);
  // Said where the effect would stand, and to whoever presses all the same.
  const yes = await choiceOf(page, marketId, /Yes.*Whoever bet in a market may not decide it/);
  await yes.press('Enter');
  await page.locator('.toasts').getByText('Whoever bet in a market may not decide it.').waitFor();
  assert.deepEqual(await actsOn(marketId), ['market.opened']);
  await studio.owner.studio.markets.void({ marketId, reason: 'over' });
  await page.context().close();
});

test('who is revoked does nothing more, nor what was pressed just before', { skip }, async () => {
  const marketId = await marketWithBets(room, [await room.join(), await room.join()]);
  const lea = await enterAs('Lea');
  const yes = await choiceOf(lea.page, marketId, /Yes.*160 pts to 1 account/);
  // Pressed, and on its way when the role is taken back.
  lea.hold();
  await yes.press('Enter');
  const { members } = await room.studio.owner.studio.people.show({});
  const { subject = '' } = members.find(({ name }) => name === 'Lea') ?? {};
  await room.studio.owner.studio.people.revokeRole({ subject, reason: 'not one of us' });
  lea.release();
  await lea.page.getByText('This page is not of the crew').waitFor();
  assert.equal(await lea.page.getByRole('button').count(), 0, 'nothing is left to press');
  await lea.page.reload();
  await lea.page.getByText('This device is not of the crew.').waitFor();
  assert.deepEqual(await actsOn(marketId), ['market.opened']);
  await room.studio.owner.studio.markets.void({ marketId, reason: 'over' });
  await lea.page.context().close();
});

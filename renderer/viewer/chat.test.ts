// Proves chat and log-in on the viewer page in a real Chromium: relay, studio's rooms, ledger and
// issuer are real. What one viewer says another reads once and as text; a removed message goes; a
// guest signs in with a real issuer, keeps points and name, and signs out.

import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { FIRST_ROOM_SETTINGS } from '../../core/contract/people.ts';
import { startLedger, type TestLedger } from '../../native/ledger/testLedger.ts';
import { openChannelKey } from '../../native/upstream/channelKey.ts';
import type { Relay } from '../../relay/relay.ts';
import {
  random,
  removeFolder,
  startTestRelay,
  temporaryFolder,
} from '../../relay/testing/harness.ts';
import { browserSkip, launchBrowser } from '../../tests/harness/browser.ts';
import { builtPage } from '../../tests/harness/builtPage.ts';
import { type PeopleStudio, startPeopleStudio } from '../../tests/harness/peopleStudio.ts';

const folder = temporaryFolder();
const ledgerFolder = temporaryFolder();
const skip = browserSkip ? { skip: browserSkip } : {};
let browser: Browser;
let relay: Relay;
let ledger: TestLedger;
let studio: PeopleStudio;
let issuer: Server;

before(async () => {
  if (browserSkip) return;
  const viewerPageFolder = await builtPage('viewer');
  issuer = createServer();
  await new Promise<void>((done) => issuer.listen(0, '127.0.0.1', done));
  const issuerUrl = `http://127.0.0.1:${(issuer.address() as AddressInfo).port}`;
  relay = await startTestRelay({
    dataFolder: join(folder, 'relay'),
    viewerPageFolder,
    openId: { issuer: issuerUrl, clientId: 'relay', clientSecret: 'of the client' },
  });
  issuer.on('request', await openIssuer(issuerUrl));
  ledger = await startLedger(ledgerFolder);
  const dataFolder = join(folder, 'relay');
  const key = await openChannelKey({ dataFolder, random });
  studio = await startPeopleStudio({ relayUrl: relay.url, dataFolder, key, ledger });
  browser = await launchBrowser();
});

after(async () => {
  await browser?.close();
  await studio?.close();
  await relay?.close();
  ledger?.close();
  issuer?.closeAllConnections();
  issuer?.close();
  removeFolder(folder);
  removeFolder(ledgerFolder);
});

type ProviderClass = new (
  issuer: string,
  settings: object,
) => { callback(): (request: unknown, response: unknown) => void };

async function openIssuer(url: string) {
  // The package has no types of its own.
  const name: string = 'oidc-provider';
  const { Provider } = (await import(name)) as { Provider: ProviderClass };
  const client = {
    client_id: 'relay',
    client_secret: 'of the client',
    redirect_uris: [`${relay.url}/login/callback`],
  };
  const provider = new Provider(url, {
    clients: [client],
    claims: { profile: ['preferred_username'] },
    findAccount: (_context: unknown, id: string) => ({
      accountId: id,
      claims: async () => ({ sub: id, preferred_username: id }),
    }),
    cookies: { keys: ['only for this test'] },
  });
  return provider.callback();
}

async function openPage(): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  await page.goto(`${relay.url}/s/${studio.key.channelId}`);
  await page.getByText(/^You are Guest-/).waitFor();
  return page;
}

async function say(page: Page, words: string): Promise<void> {
  await page.getByLabel('Say something').fill(words);
  await page.getByRole('button', { name: 'Send' }).click();
}

const linesOf = (page: Page, words: string) =>
  page.locator('.chat-line[data-state="said"]', { hasText: words });

test(
  'what one says another reads once, as text; replies, removals and rules show',
  skip,
  async () => {
    const [one, other] = [await openPage(), await openPage()];
    await say(one, '<b onclick="alert(1)">goal</b>!');
    await linesOf(other, '<b onclick="alert(1)">goal</b>!').waitFor();
    assert.equal(await other.locator('.chat-text b').count(), 0);
    await linesOf(one, 'goal').waitFor();
    assert.equal(await one.locator('[data-state="waiting"]').count(), 0);

    // The one that was chosen is the one that everybody sees, and a reload keeps it.
    await other.getByRole('button', { name: 'Name colour' }).click();
    await other.getByRole('radio', { name: 'Colour 7' }).check();
    if (process.env.MORPHINE_PICTURES) {
      await other.screenshot({ path: join(process.env.MORPHINE_PICTURES, 'colours.png') });
    }
    await other.locator('.chat-name').first().click();
    await say(other, 'what a shot');
    await one.locator('.chat-quote', { hasText: 'goal' }).waitFor();
    const shot = linesOf(one, 'what a shot').locator('.chat-name');
    assert.equal(await shot.getAttribute('data-colour'), '7');
    const kept = await other.evaluate(() => localStorage.getItem('morphine.nameColour'));
    assert.equal(kept, '7');

    await say(one, 'see example.com now');
    await one.getByText('Links are off in this room.').waitFor();
    await say(one, 'you sh1t');
    await one.getByText('A moderator looks at it first').waitFor();
    assert.equal(await linesOf(other, 'sh1t').count(), 0);

    const lines = await studio.owner.studio.chat.list({
      beforeNumber: null,
      limit: 9,
      heldOnly: false,
    });
    const goal = lines.find(({ text }) => text.includes('goal'))?.number ?? 0;
    await studio.owner.studio.chat.remove({ numbers: [goal] });
    // The answer quotes it, too, until both are gone.
    await linesOf(other, 'onclick').first().waitFor({ state: 'detached' });

    const settings = { ...FIRST_ROOM_SETTINGS, slowSeconds: 30 };
    await studio.owner.studio.people.configure({ settings });
    await one.getByText('Slow mode: one message each 30 s').waitFor();
    await studio.owner.studio.people.configure({ settings: FIRST_ROOM_SETTINGS });
    if (process.env.MORPHINE_PICTURES) {
      await one.screenshot({ path: join(process.env.MORPHINE_PICTURES, 'chat.png') });
    }
    for (const page of [one, other]) await page.context().close();
  },
);

test('a guest signs in with a real issuer, stays who they were, and signs out', skip, async () => {
  const page = await openPage();
  await studio.owner.studio.people.configure({
    settings: { ...FIRST_ROOM_SETTINGS, isSignedInOnly: true },
  });
  await page.getByText('Chat and bets are for those who are signed in.').waitFor();
  const subject = () =>
    page.evaluate(() => JSON.parse(localStorage.getItem('morphine.device') ?? '{}').subject);
  const before: unknown = await subject();
  const board = page.getByTestId('leaderboard');
  await board.locator('summary').click();
  await board.getByText('You are not in it').waitFor();
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.locator('input[name=login]').fill('anna');
  await page.locator('input[name=password]').fill('any');
  await page.locator('button[type=submit]').click();
  await page.locator('button[type=submit]').click();
  await page.waitForURL(`${relay.url}/s/${studio.key.channelId}`);
  await page.getByText('You are anna').waitFor();
  await board.locator('summary').click();
  await board.getByText('Profit and loss of settled bets').waitFor();
  assert.equal(await board.getByTestId('board-guest').count(), 0);
  assert.equal(await subject(), before);
  await say(page, 'hello from anna');
  await linesOf(page, 'hello from anna').waitFor();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByText(/^You are Guest-/).waitFor();
  await page.getByText('Chat and bets are for those who are signed in.').waitFor();
  await studio.owner.studio.people.configure({ settings: FIRST_ROOM_SETTINGS });
  await page.context().close();
});

test('a time-out and a ban say themselves on the page', skip, async () => {
  const page = await openPage();
  const subject: string = await page.evaluate(
    () => JSON.parse(localStorage.getItem('morphine.device') ?? '{}').subject,
  );
  await studio.owner.studio.people.warn({ subject, reason: 'be kind' });
  await page.getByText('From the moderators: be kind').waitFor();
  await studio.owner.studio.people.timeOut({ subject, seconds: 500, reason: 'calm down' });
  await page.getByText(/You cannot chat for \d+ s more/).waitFor();
  const ban = { subject, withNetwork: false, seconds: null, reason: 'spam' };
  await studio.owner.studio.people.ban(ban);
  await page.getByText(/You are banned from this show: spam/).waitFor();
  await page.context().close();
});

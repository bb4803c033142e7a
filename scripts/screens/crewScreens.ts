// The crew's page at a real relay, with the studio's real rooms of people and markets behind it: a
// moderator follows an invitation's link, and decides a market.

import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import type { Browser } from 'playwright-core';
import { newId } from '../../core/base/ids.ts';
import { FIRST_ROOM_SETTINGS } from '../../core/contract/people.ts';
import { BUILT_IN_TEMPLATES } from '../../core/markets/templates.ts';
import { BetSchema, ChatSendSchema } from '../../core/wire/gen/facts_pb.js';
import { startLedger } from '../../native/ledger/testLedger.ts';
import { openChannelKey } from '../../native/upstream/channelKey.ts';
import {
  random,
  randomHex,
  removeFolder,
  startTestRelay,
  TestViewer,
} from '../../relay/testing/harness.ts';
import { studioTexts } from '../../renderer/ui/texts/studio.ts';
import { studioTextsChinese } from '../../renderer/ui/texts/studioChinese.ts';
import { builtPage } from '../../tests/harness/builtPage.ts';
import { type PeopleStudio, startPeopleStudio } from '../../tests/harness/peopleStudio.ts';
import { type Album, LANGUAGES, type Language, LOCALES, SCREEN_MS_MAX } from './album.ts';
import { type ScreenWords, WORDS } from './screenWords.ts';

const SIZES = [
  { width: 390, height: 844 },
  { width: 1280, height: 720 },
];

export async function crewScreens(album: Album, browser: Browser): Promise<void> {
  for (const language of LANGUAGES) {
    const undo: (() => unknown)[] = [];
    try {
      await ofCrew(album, browser, language, undo);
    } catch (cause) {
      album.failed(`crew (${language})`, cause);
    } finally {
      for (const one of undo.reverse()) await one();
    }
  }
}

async function ofCrew(
  album: Album,
  browser: Browser,
  language: Language,
  undo: (() => unknown)[],
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'screens-'));
  const viewerPageFolder = join(await builtPage('crew'), '../viewer');
  const relay = await startTestRelay({ dataFolder: folder, viewerPageFolder });
  mkdirSync(join(folder, 'ledger'));
  const ledger = await startLedger(join(folder, 'ledger'));
  const key = await openChannelKey({ dataFolder: folder, random });
  const studio = await startPeopleStudio({
    ...{ relayUrl: relay.url, dataFolder: folder, key, ledger },
    withMarkets: true,
  });
  undo.push(async () => {
    await studio.close();
    await relay.close();
    ledger.close();
    removeFolder(folder);
  });
  const enter = async () => {
    const viewer = new TestViewer(relay.url, key.channelId, random(32), randomHex(16));
    await viewer.join();
    await viewer.take('standing');
    undo.push(() => viewer.close());
    return viewer;
  };
  const marketId = await chatAndBets(studio, [await enter(), await enter()], WORDS[language]);
  const offer = { role: 'moderator' as const, uses: 1, minutes: 10, name: 'Mina' };
  const { link } = await studio.owner.studio.people.invite({ ...offer, inviteId: newId(random) });
  const [viewport = { width: 390, height: 844 }] = SIZES;
  const context = await browser.newContext({
    ...{ viewport, locale: LOCALES[language], reducedMotion: 'reduce' },
  });
  undo.push(() => context.close());
  const page = await context.newPage();
  page.setDefaultTimeout(SCREEN_MS_MAX);
  await album.screen(page, 'crew-page', { sizes: SIZES, language }, async () => {
    await page.goto(link);
    await page.locator('.chatLine').first().waitFor();
    await page.locator(`[data-market="${marketId}"]`).first().waitFor();
  });
  const card = page.locator(`[data-market="${marketId}"]`).first();
  const decide = { sizes: SIZES, language, each: () => card.scrollIntoViewIfNeeded() };
  await album.screen(page, 'crew-decide', decide, async () => {
    const texts = language === 'zh' ? studioTextsChinese : studioTexts;
    const name = texts['studio.markets.resolve'];
    await card.getByRole('button', { name, exact: true }).click();
  });
}

async function chatAndBets(
  studio: PeopleStudio,
  [ann, bob]: readonly [TestViewer, TestViewer],
  words: ScreenWords,
): Promise<string> {
  const say = async (viewer: TestViewer, text: string) => {
    const value = create(ChatSendSchema, { chatId: newId(random), text });
    viewer.send({ case: 'chatSend', value });
    await viewer.take('chatReply', ({ chatId }) => chatId === value.chatId);
  };
  const settings = { ...FIRST_ROOM_SETTINGS, heldWords: [words.heldWord] };
  await studio.owner.studio.people.configure({ settings });
  await say(ann, words.chat[0]?.[1] ?? '');
  await say(bob, words.held);
  const marketId = newId(random);
  const asked = BUILT_IN_TEMPLATES.find(({ id }) => id === 'goal-30');
  if (!asked) throw new Error('The question of the pictures is not there any more');
  const template = { ...asked, title: words.question, outcomes: [words.yes, words.no] };
  await studio.owner.studio.markets.create({ marketId, template });
  const bet = async (viewer: TestViewer, outcome: number, amountMinor: bigint) => {
    const value = create(BetSchema, { betId: newId(random), marketId, outcome, amountMinor });
    viewer.send({ case: 'bet', value });
    await viewer.take('betReply');
  };
  await bet(ann, 0, 100n);
  await bet(bob, 1, 60n);
  return marketId;
}

// What the audience sees, at a real relay with a scripted studio behind it: the viewer's page through
// a bet, televisions, the overlay inside OBS and the page that checks a bet.

import { create } from '@bufbuild/protobuf';
import type { Browser, Page } from 'playwright-core';
import {
  BalanceSchema,
  BetReplySchema,
  ChatListSchema,
  EventListSchema,
  HistoryEntry_Result,
  HistoryEntrySchema,
  HistorySchema,
  LeaderboardSchema,
  Market_State,
  MarketListSchema,
  MarketSchema,
  RoomRulesSchema,
  Show_State,
  ShowSchema,
  StandingSchema,
} from '../../core/wire/gen/facts_pb.js';
import { TEST_CLOCK_OFFSET } from '../../native/webrtc/testVideo.ts';
import { clock } from '../../relay/testing/harness.ts';
import { LiveShow, type OpenOptions, untilLiveBy } from '../../tests/harness/liveShow.ts';
import { type Album, LANGUAGES, type Language, LOCALES, SCREEN_MS_MAX } from './album.ts';
import { type KeptBet, keepBet } from './keptBet.ts';
import type { MatchPicture } from './matchPicture.ts';
import type { ScreenName } from './screenList.ts';
import { WORDS } from './screenWords.ts';
import { GOAL, KICK_OFF } from './seen.ts';

const PHONE = { width: 390, height: 844 };
const DESK = { width: 1440, height: 900 };
const BOTH = [PHONE, DESK];
const WIDE = [{ width: 1280, height: 720 }];
const SECOND_US = 1_000_000n;
const HASH = '8f2a'.repeat(16);

const nowUs = () => BigInt(clock.nowUs());

export async function audienceScreens(album: Album, browser: Browser, match: MatchPicture) {
  const show = new LiveShow(match.video, match.tracks);
  try {
    const bet = await keepBet(show.folder);
    await show.start();
    for (const language of LANGUAGES) {
      const stage = new Stage(album, show, language);
      await stage.viewer();
      await stage.brightAndTelevision();
      await stage.others(browser, bet);
    }
  } catch (cause) {
    album.failed('viewer', cause);
  } finally {
    await show.close();
  }
}

/** The show in one language, and its pages through all their screens. */
class Stage {
  readonly #album: Album;
  readonly #show: LiveShow;
  readonly #language: Language;

  constructor(album: Album, show: LiveShow, language: Language) {
    this.#album = album;
    this.#show = show;
    this.#language = language;
  }

  async viewer(): Promise<void> {
    const { page, close } = await this.#open({ viewport: PHONE });
    try {
      await this.#take(page, 'viewer-watching', async () => {
        this.#tellRoom();
        this.#tellMarket(null);
      });
      await this.#take(page, 'viewer-market', async () => {
        await this.#chooseAndType(page);
      });
      await this.#take(page, 'viewer-bet', () => this.#bet(page));
      await this.#take(page, 'viewer-won', async () => {
        this.#settle();
        await page.locator('[data-testid="bet-state"][data-state="won"]').waitFor();
      });
      for (const [name, id] of [
        ['viewer-history', 'history'],
        ['viewer-board', 'leaderboard'],
        ['viewer-limits', 'limits'],
      ] as const) {
        await this.#drawer(page, name, id);
      }
      const theatre = { sizes: [DESK], language: this.#language };
      await this.#album.screen(page, 'viewer-theatre', theatre, async () => {
        this.#tellMarket(Market_State.OPEN);
        await page.locator('.side-scroll').evaluate((side) => side.scrollTo(0, 0));
        await page.locator('body').press('t');
      });
    } catch (cause) {
      this.#album.failed(`viewer (${this.#language})`, cause);
    } finally {
      await close();
    }
  }

  async brightAndTelevision(): Promise<void> {
    const bright = await this.#open({ viewport: PHONE, colorScheme: 'light' });
    await this.#take(bright.page, 'viewer-light', async () => {
      this.#tellRoom();
      await this.#chooseAndType(bright.page);
    });
    await bright.close();
    const viewport = { width: 1280, height: 720 };
    const television = await this.#open({ viewport }, '?tv');
    const shot = { sizes: WIDE, language: this.#language };
    await this.#album.screen(television.page, 'viewer-tv', shot, async () => {
      this.#tellRoom();
      this.#tellMarket(Market_State.OPEN);
      await television.page.getByTestId('outcome-0').waitFor();
      await television.page.keyboard.press('ArrowRight');
    });
    await television.close();
  }

  async others(browser: Browser, bet: KeptBet): Promise<void> {
    const { relay, studio } = this.#show;
    const locale = LOCALES[this.#language];
    const context = await browser.newContext({
      ...{ locale, reducedMotion: 'reduce', colorScheme: 'dark' },
    });
    const words = WORDS[this.#language];
    const kept = JSON.stringify({ marketTitle: words.question, outcomeLabel: words.yes });
    await context.addInitScript(([key, text]) => localStorage.setItem(key, text), [
      bet.wordsKey,
      kept,
    ] as const);
    const page = await context.newPage();
    page.setDefaultTimeout(SCREEN_MS_MAX);
    const shot = { sizes: WIDE, language: this.#language };
    await this.#album.screen(page, 'television', shot, async () => {
      await page.goto(`${relay.url}/tv/${studio.channelId}`);
      // Only some browsers play HLS by themselves; the player is there in each.
      await page.locator('video').waitFor();
    });
    this.#tellMarket(Market_State.OPEN);
    await this.#overlay(page, `${relay.url}/overlay/${studio.channelId}`);
    const both = { sizes: BOTH, language: this.#language };
    await this.#album.screen(page, 'check', both, async () => {
      await page.goto(`${relay.url}${bet.path}`);
      await page.locator('.check[data-state=proved]').waitFor();
    });
    await context.close();
  }

  async #overlay(page: Page, url: string): Promise<void> {
    const shot = { sizes: WIDE, language: this.#language };
    const grounds = {
      'overlay-dark': 'linear-gradient(160deg, #05070a, #10301c)',
      'overlay-bright': 'linear-gradient(160deg, #e8f4ff, #a9dc7c)',
    } as const;
    const stand = (ground: string) =>
      page.evaluate((value) => {
        document.documentElement.style.background = value;
      }, ground);
    for (const name of ['overlay-dark', 'overlay-bright'] as const) {
      await this.#album.screen(page, name, shot, async () => {
        await page.goto(url);
        await page.locator('[data-market][data-state="OPEN"]').waitFor();
        await stand(grounds[name]);
      });
    }
    await this.#album.screen(page, 'overlay-result', shot, async () => {
      this.#tellMarket(Market_State.RESOLVED);
      await page.locator('.overlay-result').waitFor();
      await stand(grounds['overlay-bright']);
    });
  }

  async #open(context: OpenOptions['context'], query = '') {
    this.#tellShow();
    const locale = LOCALES[this.#language];
    const opened = await this.#show.open({
      context: { locale, reducedMotion: 'reduce', colorScheme: 'dark', ...context },
      query,
    });
    opened.page.setDefaultTimeout(SCREEN_MS_MAX);
    await untilLiveBy(opened.page, 'webrtc', 5);
    await opened.page.locator('#root[data-facts="welcome"]').waitFor({ state: 'attached' });
    return opened;
  }

  async #take(page: Page, name: ScreenName, open: () => Promise<unknown>): Promise<void> {
    await this.#album.screen(page, name, { sizes: BOTH, language: this.#language }, open);
  }

  async #drawer(page: Page, name: ScreenName, id: string): Promise<void> {
    const summary = page.locator(`[data-testid="${id}"] > summary`);
    const shot = {
      ...{ sizes: BOTH, language: this.#language },
      each: () =>
        page.getByTestId(id).evaluate((element) => element.scrollIntoView({ block: 'start' })),
    };
    await this.#album.screen(page, name, shot, () => summary.click());
    await summary.click();
  }

  async #chooseAndType(page: Page): Promise<void> {
    this.#tellMarket(Market_State.OPEN);
    await page.getByTestId('outcome-0').click();
    await page.getByTestId('stake-other').fill('25%');
  }

  /** The bet as the studio answers it. */
  async #bet(page: Page): Promise<void> {
    const { studio } = this.#show;
    await page.getByTestId('stake-50').click();
    await page.getByTestId('place-bet').click();
    const { message } = await studio.take(
      'viewerMessage',
      (value) => value.message?.message.case === 'bet',
    );
    if (message?.message.case !== 'bet') throw new Error('No bet came');
    const { betId, marketId, outcome, amountMinor } = message.message.value;
    this.#betId = betId;
    const value = create(BetReplySchema, {
      ...{ betId, marketId, outcome, amountMinor, seq: 1234n, hash: HASH },
    });
    studio.deliver([], { case: 'betReply', value });
    this.#tellBalance(1190n, 50n);
    await page.locator('[data-testid="bet-state"][data-state="confirmed"]').waitFor();
  }

  #betId = '';

  #settle(): void {
    const { studio } = this.#show;
    const words = WORDS[this.#language];
    this.#tellMarket(Market_State.RESOLVED);
    const entry = {
      ...{ marketId: this.#marketId, marketTitle: words.question, outcomeLabel: words.yes },
      ...{ amountMinor: 50n, seq: 1240n, hash: 'cc'.repeat(32), atUs: nowUs() },
    };
    const won = create(HistoryEntrySchema, {
      ...{ ...entry, betId: this.#betId, result: HistoryEntry_Result.WON, paidMinor: 81n },
      reason: GOAL,
    });
    const lost = create(HistoryEntrySchema, {
      ...{ ...entry, betId: 'b2'.repeat(16), marketId: 'm0', marketTitle: words.decided },
      ...{ outcomeLabel: words.no, result: HistoryEntry_Result.LOST, amountMinor: 120n },
      ...{ reason: 'Ball over the goal line at 12:03.4', atUs: nowUs() - 300n * SECOND_US },
    });
    const back = create(HistoryEntrySchema, {
      ...{ ...entry, betId: 'b3'.repeat(16), marketId: 'm9', marketTitle: words.longQuestion },
      ...{ outcomeLabel: words.longOutcomes[0], result: HistoryEntry_Result.REFUNDED },
      ...{ amountMinor: 125_000n, paidMinor: 125_000n, reason: 'The picture was lost.' },
      atUs: nowUs() - 600n * SECOND_US,
    });
    studio.deliver([], { case: 'settlement', value: won });
    const value = create(HistorySchema, { entries: [won, lost, back] });
    studio.deliver([], { case: 'history', value });
    this.#tellBalance(1271n, 0n);
  }

  #tellShow(): void {
    const value = create(ShowSchema, {
      ...{ state: Show_State.LIVE, title: WORDS[this.#language].show, television: true },
      videoClockOffset: TEST_CLOCK_OFFSET.video,
      liveSinceUs: nowUs() - 761n * SECOND_US,
    });
    this.#show.studio.deliver([], { case: 'show', value });
  }

  #round = 0;
  #last: Market_State | null = null;

  get #marketId(): string {
    return `market-${this.#language}-${this.#round}`;
  }

  #tellMarket(state: Market_State | null): void {
    const words = WORDS[this.#language];
    const atUs = nowUs();
    // What was decided is never opened again.
    if (state === Market_State.OPEN && this.#last !== Market_State.OPEN) this.#round++;
    this.#last = state;
    const isDecided = state === Market_State.RESOLVED;
    const market = create(MarketSchema, {
      ...{ id: this.#marketId, title: words.question, state: state ?? Market_State.OPEN },
      outcomes: [
        { label: words.yes, poolMinor: 410n, bettors: 9 },
        { label: words.no, poolMinor: 252n, bettors: 6 },
      ],
      ...{ opensAtUs: atUs, lockAtUs: atUs + 24n * SECOND_US, guardMs: 500 },
      ...{ horizonAtUs: atUs + 40n * SECOND_US, deadlineAtUs: atUs + 70n * SECOND_US },
      ...(isDecided ? { winner: 0, reason: 'Ball over the goal line at 12:03.4' } : {}),
    });
    const value = create(MarketListSchema, { markets: state === null ? [] : [market] });
    this.#show.studio.deliver([], { case: 'markets', value });
  }

  #tellBalance(availableMinor: bigint, stakedMinor: bigint): void {
    const value = create(BalanceSchema, { availableMinor, stakedMinor });
    this.#show.studio.deliver([], { case: 'balance', value });
  }

  /** Chat, news and the leaderboard. */
  #tellRoom(): void {
    const { studio } = this.#show;
    const words = WORDS[this.#language];
    const rules = create(RoomRulesSchema, {
      ...{ chatOpen: true, minimumAge: 18, streamer: words.streamer },
    });
    studio.deliver([], { case: 'roomRules', value: rules });
    const standing = create(StandingSchema, {
      ...{ name: words.chat[3]?.[0] ?? '', role: 'viewer', author: 'a3'.repeat(8) },
      isSignedIn: true,
    });
    studio.deliver([], { case: 'standing', value: standing });
    const messages = words.chat.map(([name, text], at) => ({
      ...{ number: BigInt(at + 1), atMs: BigInt(Date.now()), name, text, colour: at + 1 },
      ...{ author: `a${at}`.repeat(8), role: name === 'Mina' ? 'moderator' : 'viewer' },
    }));
    studio.deliver([], { case: 'chatList', value: create(ChatListSchema, { messages }) });
    const events = [
      { id: 'e1', type: 'kickOff', why: KICK_OFF },
      { id: 'e2', type: 'goal', why: GOAL },
    ].map((one, at) => ({ ...one, captureUs: nowUs() - BigInt(58 - at * 27) * SECOND_US }));
    studio.deliver([], { case: 'events', value: create(EventListSchema, { events }) });
    const rows = words.chat.map(([name], at) => ({
      ...{ authors: [`a${at}`.repeat(8)], name, netMinor: BigInt(2410 - at * 900), bets: 12 - at },
    }));
    const board = create(LeaderboardSchema, {
      rows,
      people: 31,
      sinceUs: nowUs() - 761n * SECOND_US,
    });
    studio.deliver([], { case: 'leaderboard', value: board });
    this.#tellBalance(1240n, 0n);
  }
}

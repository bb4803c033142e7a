// The studio's screens, of a story: the real server and page with made-up facts, no show behind it.

import type { Browser, Page } from 'playwright-core';
import { testClock } from '../../native/webrtc/testVideo.ts';
import { builtPage } from '../../tests/harness/builtPage.ts';
import {
  type Story,
  startStory,
  storyEvent,
  storyMarket,
  storyPicture,
  storySuggestion,
} from '../../tests/studio/story.ts';
import { showOnClips } from '../../tests/studio/storyClips.ts';
import { storyStrip } from '../../tests/studio/storyMixer.ts';
import { type Album, LANGUAGES, type Language, LOCALES, SCREEN_MS_MAX } from './album.ts';
import type { MatchPicture } from './matchPicture.ts';
import type { ScreenName } from './screenList.ts';
import { type ScreenWords, WORDS } from './screenWords.ts';
import { GOAL, HIGHLIGHT, KICK_OFF, PASS, SHOT, SPRINT } from './seen.ts';

const SIZES = [
  { width: 1440, height: 900 },
  { width: 1280, height: 720 },
];
const DOCK_SIZES = [{ width: 320, height: 720 }];
const SECOND_US = 1_000_000;
/** The show has been on air for so long. */
const ON_AIR_US = 761 * SECOND_US;

const agoUs = (seconds: number) => testClock.nowUs() - seconds * SECOND_US;

export async function studioScreens(album: Album, browser: Browser, match: MatchPicture) {
  const folder = await builtPage('studio');
  showOnClips(match.video);
  for (const language of LANGUAGES) {
    const story = await startStory(folder, { picture: storyPicture(match.video, match.tracks) });
    const [viewport = { width: 1440, height: 900 }] = SIZES;
    const context = await browser.newContext({
      ...{ viewport, locale: LOCALES[language], reducedMotion: 'reduce' },
    });
    try {
      const page = await context.newPage();
      // The film that stands for a camera is named by its path.
      await page.addInitScript(() => {
        for (const kind of [MediaDeviceInfo, MediaStreamTrack]) {
          Object.defineProperty(kind.prototype, 'label', { get: () => 'Camera 1' });
        }
      });
      page.setDefaultTimeout(SCREEN_MS_MAX);
      await page.goto(story.server.issueLink());
      await page.locator('.header').waitFor();
      await page.waitForFunction(() => (document.querySelector('video')?.currentTime ?? 0) > 0.5);
      await new Walk(album, page, story, language).all();
      await dock(album, page, story, language);
    } catch (cause) {
      album.failed(`studio (${language})`, cause);
    } finally {
      await context.close();
      await story.close();
    }
  }
}

async function dock(album: Album, page: Page, story: Story, language: Language): Promise<void> {
  await album.screen(page, 'obs-dock', { sizes: DOCK_SIZES, language }, async () => {
    await page.goto(story.server.issueLink('/dock/'));
    await page.locator('.dockPage[data-connected=true]').waitFor();
    showMarkets(story, WORDS[language]);
  });
}

/** What is asked and decided, as of now: countdowns are the same on each picture. */
function showMarkets(story: Story, words: ScreenWords): void {
  const outcomes = [
    { label: words.yes, poolMinor: 410, bettors: 12 },
    { label: words.no, poolMinor: 252, bettors: 7 },
  ];
  const pools = [128_450, 96_200, 7_310];
  const tell = (id: string, changes: Parameters<typeof storyMarket>[1]) =>
    story.apply({ type: 'market.changed', market: storyMarket(id, changes) });
  tell('m3', {
    ...{ title: words.decided, outcomes, state: 'RESOLVED', winner: 0, paidMinor: 662 },
    reason: 'Ball over the goal line at 12:03.4',
    resolvedAtUs: agoUs(40),
  });
  tell('m2', {
    ...{ title: words.longQuestion, state: 'LOCKED', lockAtUs: agoUs(20) },
    horizonAtUs: agoUs(-95),
    outcomes: words.longOutcomes.map((label, at) => {
      return { label, poolMinor: pools[at] ?? 0, bettors: 1204 - at * 400 };
    }),
  });
  tell('m1', { title: words.question, outcomes });
}

/** One page through all its screens. */
class Walk {
  readonly #album: Album;
  readonly #page: Page;
  readonly #story: Story;
  readonly #language: Language;
  readonly #words: ScreenWords;

  constructor(album: Album, page: Page, story: Story, language: Language) {
    this.#album = album;
    this.#page = page;
    this.#story = story;
    this.#language = language;
    this.#words = WORDS[language];
  }

  async all(): Promise<void> {
    this.#prepare();
    await this.#take('studio-ready', async () => {});
    await this.#firstRun();
    this.#goLive();
    await this.#controlRoom();
    await this.#moderation();
    await this.#break();
    await this.#dialogs();
    await this.#trouble();
  }

  /** By keys alone, as it is meant. */
  async #firstRun(): Promise<void> {
    const page = this.#page;
    const steps = ['microphone', 'machine', 'name', 'live'] as const;
    await this.#run('page.firstRun');
    await this.#shoot('studio-first-picture', async () => {
      const ask = page.locator('.firstRun-ask button');
      if (await ask.isVisible()) await ask.press('Enter');
      await page.locator('.offer video').nth(1).waitFor();
    });
    await page.locator('.firstRun [name=picture]:checked').focus();
    for (const step of steps) {
      await page.keyboard.press('Enter');
      await this.#shoot(`studio-first-${step}`, async () => {
        await page.locator('.firstRun [data-begin]:focus').waitFor();
      });
    }
    await page.keyboard.press('Escape');
    await page.locator('.firstRun').waitFor({ state: 'detached' });
  }

  async #controlRoom(): Promise<void> {
    const page = this.#page;
    await this.#take('studio-live', async () => {
      await page.locator('article[data-state=OPEN]').waitFor();
    });
    await this.#take('studio-decide', () => this.#run('markets.resolveFirst'));
    await page.keyboard.press('Escape');
    await this.#take('studio-fairness', async () => {
      await page.locator('.suggestion summary').first().click();
    });
    await page.locator('.suggestion summary').first().click();
    await this.#take(
      'studio-arrivals',
      () => page.locator('.pastMarket summary').first().click(),
      () => page.getByTestId('arrivals').evaluate((part) => part.scrollIntoView()),
    );
    await page.locator('.pastMarket summary').first().click();
    await this.#take('studio-timeline', async () => {
      await page.locator('.timeline-mark[data-type=goal]').click();
      await page.locator('img.timelineWhy-still').waitFor();
    });
    await page.locator('.timeline-marks').press('Escape');
    await this.#take('studio-drawing', () => this.#draw());
    const drawing = page.locator('.drawingLayer');
    if ((await drawing.count()) > 0) await drawing.press('Escape');
    await this.#take('studio-viewers-see', () => this.#run('program.viewers'));
    const back = page.locator('.viewersBadge');
    if ((await back.count()) > 0) await this.#run('program.viewers');
    await this.#run('docks.reset');
    await this.#take('studio-figure', () => page.locator('.statusFigure').nth(3).click());
    await page.keyboard.press('Escape');
    await this.#take(
      'studio-picture',
      () => page.locator('[data-testid=picture] > summary').click(),
      () => page.getByTestId('picture').evaluate((part) => part.scrollIntoView()),
    );
    await page.locator('[data-testid=picture] > summary').click();
    await this.#take('studio-mixer', () => this.#turnSound());
    await this.#take('studio-docks', async () => {
      for (const id of ['sources', 'health', 'recording', 'events']) {
        await this.#run(`docks.toggle.${id}`);
        await page.locator(`#dock-${id}`).waitFor({ state: 'detached' });
      }
    });
    await this.#run('docks.reset');
  }

  /** One zone is kept, of another three corners stand. */
  async #draw(): Promise<void> {
    const page = this.#page;
    const picture = page.locator('.drawingLayer');
    const keys = async (line: string) => {
      for (const key of line.split(' ')) await picture.press(key);
    };
    await this.#run('program.draw');
    const draw = page.locator('.drawing-tools button').first();
    if ((await page.locator('.drawing-list li').count()) === 0) {
      await draw.click();
      await keys('ArrowUp Enter Shift+ArrowRight Shift+ArrowRight Enter Shift+ArrowDown Enter');
      await page.locator('.drawing-form [type=submit]').click();
      await page.locator('.drawing-list li').waitFor();
    }
    await draw.click();
    await keys('Shift+ArrowLeft Shift+ArrowLeft Enter Shift+ArrowLeft Shift+ArrowLeft Enter');
    await keys('Shift+ArrowDown Shift+ArrowDown Enter');
  }

  async #turnSound(): Promise<void> {
    const limiter = { isOn: true, ceilingDb: -3 };
    const settings = { isMuted: false, gainDb: -4.5, delayMs: 120, limiter };
    const [own] = this.#story.state().mixer?.strips ?? [];
    const strips = [
      ...(own ? [{ ...own, isHeard: false }] : []),
      storyStrip({ key: 'system:', title: '', settings }),
    ];
    this.#story.apply({ type: 'mixer.changed', mixer: { strips } });
    await this.#page.locator('.mixerMore > summary').last().click();
    await this.#page.locator('#dock-mixer').evaluate((dock) => dock.scrollIntoView());
  }

  async #break(): Promise<void> {
    const page = this.#page;
    await this.#take('studio-break', async () => {
      await this.#run('docks.toggle.markets');
      await this.#run('docks.focus.breakIt');
      await page.getByTestId('break-tearLog').click();
      await page.locator('[data-testid=break-story][data-state=over]').waitFor();
    });
    await this.#run('docks.reset');
  }

  async #moderation(): Promise<void> {
    const page = this.#page;
    await this.#take('studio-moderation', async () => {
      await this.#run('docks.focus.moderation');
      await page.locator('.chatLine').first().waitFor();
    });
    await this.#take('studio-person', async () => {
      await page.locator('button.chatLine-name').nth(1).click();
      await page.locator('dialog[open]').waitFor();
    });
    for (const part of ['crew', 'log'] as const) {
      await this.#take(`studio-${part}`, () => page.locator(`#moderation-tab-${part}`).click());
    }
    await this.#run('docks.reset');
    await this.#take('studio-history', async () => {
      await this.#run('docks.toggle.markets');
      await this.#run('docks.focus.history');
      await page.locator('.rowList-row').first().waitFor();
    });
    await this.#run('docks.reset');
  }

  async #dialogs(): Promise<void> {
    const page = this.#page;
    const screens: readonly (readonly [ScreenName, string])[] = [
      ['studio-clips', 'recording.clips'],
      ['studio-new-market', 'markets.new'],
      ['studio-templates', 'manage.templates'],
      ['studio-viewers', 'manage.viewers'],
      ['studio-rules', 'manage.policy'],
      ['studio-relay', 'manage.relay'],
      ['studio-other-engine', 'manage.handover'],
      ['studio-obs', 'manage.obs'],
      ['studio-outward', 'manage.outward'],
      ['studio-models', 'models.open'],
      ['studio-xray', 'program.xray'],
      ['studio-settings', 'page.settings'],
      ['studio-hotkeys', 'page.hotkeys'],
      ['studio-report', 'show.report'],
      ['studio-share', 'show.share'],
      ['studio-end', 'show.end'],
    ];
    for (const [name, command] of screens) {
      await this.#take(name, async () => {
        await this.#run(command);
        await page.locator('dialog[open], .sharePanel').first().waitFor();
        await page.waitForFunction(() => document.querySelector('[aria-busy=true]') === null);
        if (name === 'studio-xray') await page.locator('.xray[data-frames="300"]').waitFor();
      });
    }
    await this.#take('studio-dock-list', async () => {
      await this.#run('page.settings');
      await page.locator('dialog[open] [role=tab]').last().click();
    });
    await this.#take('studio-palette', async () => {
      await page.locator('body').press('Control+k');
      await page.getByRole('menuitem').first().waitFor();
    });
  }

  /** Last: nothing of it is taken back. */
  async #trouble(): Promise<void> {
    const { source, relay, vision } = this.#story.state();
    const { apply } = this.#story;
    await this.#take('studio-trouble', async () => {
      const reason = 'it gave no picture within 8 s';
      apply({
        type: 'source.changed',
        source: {
          ...{ ...source, state: 'stalled', isSlate: true, title: 'Camera 1', reason },
          url: 'rtsp://camera.example/main',
        },
      });
      const away = 'The relay does not answer.';
      apply({ type: 'relay.changed', relay: { ...relay, state: 'unreachable', reason: away } });
      const again = 'It ended by itself and is started again.';
      apply({ type: 'vision.changed', vision: { ...vision, state: 'restarting', reason: again } });
      apply({ type: 'notice.raised', notice: { id: 'n1', severity: 'warn', text: away } });
      Object.assign(this.#story.readings, { viewerDelayMs: 720, framesDropped: 214 });
      await this.#page.getByText(again).waitFor();
    });
  }

  async #take(
    name: ScreenName,
    open: () => Promise<unknown>,
    each: () => Promise<unknown> = async () => {},
  ): Promise<void> {
    const page = this.#page;
    for (let count = 0; count < 3; count++) {
      if ((await page.locator('dialog[open], .sharePanel').count()) === 0) break;
      await page.keyboard.press('Escape');
    }
    if (this.#story.state().show.state === 'live') showMarkets(this.#story, this.#words);
    await this.#shoot(name, open, each);
  }

  /** What is open stays open. */
  async #shoot(
    name: ScreenName,
    open: () => Promise<unknown>,
    each: () => Promise<unknown> = async () => {},
  ): Promise<void> {
    const shot = { sizes: SIZES, language: this.#language, each };
    await this.#album.screen(this.#page, name, shot, open);
  }

  /** By the palette: its commands have the same ids in every language. */
  async #run(command: string): Promise<void> {
    await this.#page.locator('body').press('Control+k');
    await this.#page.locator(`[role=menuitem][data-key="${command}"]`).click();
    await this.#page.locator('.palette').waitFor({ state: 'detached' });
  }

  /** What a person chose before the show. */
  #prepare(): void {
    this.#story.apply({ type: 'mixer.changed', mixer: { strips: [storyStrip()] } });
    const { apply } = this.#story;
    const { show, templates, obs } = this.#story.state();
    const words = this.#words;
    const outcomes = [words.yes, words.no];
    apply({ type: 'show.changed', show: { ...show, title: words.show } });
    apply({
      type: 'templates.changed',
      templates: templates.map((one) => ({ ...one, title: words.question, outcomes })),
    });
    apply({
      type: 'obs.changed',
      obs: {
        ...{ ...obs, state: 'connected', address: '127.0.0.1:4455', version: '30.1.2' },
        ...{ scenes: ['Match', 'Break'], scene: 'Match', isStreaming: true, setUp: 'whip' },
        ...{ framesDropped: 12, framesTotal: 5400, kilobitsPerSecond: 2512 },
      },
    });
    const place = { attempts: 1, bytesDropped: 0, isOn: true, reason: '' };
    apply({
      type: 'destinations.changed',
      destinations: [
        {
          ...{ ...place, id: 'one', title: 'YouTube', kind: 'rtmp', state: 'live' },
          url: 'rtmps://a.rtmps.youtube.com/live2',
        },
      ],
    });
  }

  #goLive(): void {
    const { apply } = this.#story;
    const { show, people, recording } = this.#story.state();
    apply({
      type: 'show.changed',
      show: { ...show, state: 'live', liveSinceUs: testClock.nowUs() - ON_AIR_US },
    });
    apply({ type: 'people.changed', people: { ...people, heldCount: 1 } });
    const seconds = 754;
    apply({
      type: 'recording.changed',
      recording: { ...recording, state: 'recording', seconds, bytes: 236_400_000 },
    });
    const happened = [
      ['kickOff', 58, 0.97, KICK_OFF],
      ['pass', 41, 0.88, PASS],
      ['shot', 33, 0.91, SHOT],
      ['goal', 31, 0.98, GOAL],
      ['highlight', 30, 0.94, HIGHLIGHT],
      ['sprint', 12, 0.83, SPRINT],
    ] as const;
    for (const [type, seconds_, confidence, why] of happened) {
      const captureUs = agoUs(seconds_);
      const event = storyEvent(type, { type, captureUs, confidence, why });
      apply({ type: 'event.happened', event });
    }
    const suggestion = storySuggestion('s1', this.#words.suggestion);
    const expiresAtUs = agoUs(-600);
    apply({ type: 'suggestion.made', suggestion: { ...suggestion, expiresAtUs } });
  }
}

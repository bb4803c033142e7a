// A real Chromium, driven as a viewer or streamer would use it. Figures are read from the data-*
// attributes that the pages publish on their root element.

import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { CHROMIUM_SWITCHES, findChromium } from '../../scripts/chromium.ts';
import './leftovers.ts';

/** Why browser tests are skipped here, or false. */
export const browserSkip = findChromium()
  ? false
  : 'no browser with H.264 was found; npm run setup gets one';

/** Starts Chromium with a fake camera and microphone. */
export async function launchBrowser(switches: readonly string[] = []): Promise<Browser> {
  const executablePath = findChromium();
  if (!executablePath) throw new Error('No browser with H.264');
  return chromium.launch({
    executablePath,
    headless: false,
    args: [...CHROMIUM_SWITCHES, ...switches],
  });
}

/** Starts Chromium with a profile of its own: its preferences are what the folder says. */
export async function launchProfile(
  folder: string,
  viewport: { width: number; height: number },
): Promise<BrowserContext> {
  const executablePath = findChromium();
  if (!executablePath) throw new Error('No browser with H.264');
  return chromium.launchPersistentContext(folder, {
    executablePath,
    headless: false,
    viewport,
    args: [...CHROMIUM_SWITCHES],
  });
}

export type Viewer = {
  page: Page;
  /** Errors and warnings of the page's console, for a failing test's message. */
  complaints: string[];
  state(): Promise<string | null>;
  /** Waits until the page says so. */
  untilState(state: string): Promise<void>;
  /** One of the figures on the root element, for example `balance`. */
  figure(name: string): Promise<number>;
  untilFigure(name: string, isSo: (value: number) => boolean): Promise<number>;
  openMarket(): Promise<void>;
  /** Places a bet by clicking; resolves when it is shown as confirmed. */
  bet(outcome: number, stake: '10' | '50'): Promise<void>;
};

/** Opens the studio's page for whoever holds the owner's cookie. */
export async function openStudioPage(
  browser: Browser,
  link: string,
  cookie: string,
  viewport = DESKTOP,
): Promise<Page> {
  const context = await browser.newContext({ viewport });
  const [name = '', value = ''] = cookie.split('=');
  const { origin } = new URL(link);
  await context.addCookies([{ name, value, url: origin }]);
  const page = await context.newPage();
  page.setDefaultTimeout(HANG_MS);
  await page.goto(origin);
  return page;
}

/**
 * A match whose second and third kick-off are each followed by a goal 18 to 21 s later: long after
 * the last bet of `goal-30`, well before its horizon.
 */
export const SEED_WITH_GOALS = '28';

/** Waits for the kick-off that vision sees and opens its market with one key. */
export async function openSuggestionByKey(page: Page): Promise<void> {
  await page.locator('[aria-keyshortcuts="Enter"]').first().waitFor();
  const refusals = page.locator('.toasts > *');
  for (let times = 0; times < 6; times++) {
    await page.locator('body').press('Enter');
    // While the picture stands still it is refused with a sentence, and stays to be pressed again.
    const isRefused = await refusals
      .first()
      .waitFor({ timeout: 1_000 })
      .then(
        () => true,
        () => false,
      );
    if (!isRefused) return;
    await refusals.first().waitFor({ state: 'detached' });
  }
}

export const PHONE = { width: 390, height: 844 };
export const DESKTOP = { width: 1440, height: 900 };

/** A guard against hanging for ever; the third kick-off comes after 50 s. */
const HANG_MS = 75_000;

/** Opens the viewer's page in a context of its own: another person with another device key. */
export async function openViewer(
  browser: Browser,
  url: string,
  viewport = DESKTOP,
  beforeOpen: (page: Page) => Promise<unknown> = async () => {},
): Promise<Viewer> {
  const context = await browser.newContext({ viewport });
  const page = await context.newPage();
  page.setDefaultTimeout(HANG_MS);
  const complaints: string[] = [];
  page.on('console', (message) => {
    // Who comes before the picture does is told 409, which the browser itself calls an error.
    if (/status of 409/.test(message.text())) return;
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('pageerror', (cause) => complaints.push(String(cause)));
  await beforeOpen(page);
  await page.goto(url);
  const figure = async (name: string) =>
    Number((await page.locator('#root').getAttribute(`data-${name}`)) ?? Number.NaN);
  return {
    page,
    complaints,
    state: () => page.locator('#root').getAttribute('data-state'),
    async untilState(state) {
      await page.locator(`#root[data-state="${state}"]`).waitFor({ state: 'attached' });
    },
    figure,
    async untilFigure(name, isSo) {
      const endMs = performance.now() + HANG_MS;
      for (;;) {
        const value = await figure(name);
        if (isSo(value)) return value;
        if (performance.now() > endMs) throw new Error(`Waited in vain; data-${name} is ${value}`);
        await page.waitForTimeout(50);
      }
    },
    async openMarket() {
      await page.locator('[data-testid="market"][data-state="OPEN"]').first().waitFor();
    },
    async bet(outcome, stake) {
      const newest = page.getByTestId('bet-state');
      const endMs = performance.now() + HANG_MS;
      for (;;) {
        const before = (await newest.count()) > 0 ? await newest.getAttribute('data-bet') : null;
        const market = page.locator('[data-testid="market"][data-state="OPEN"]').first();
        // A market that closes meanwhile takes its buttons with it.
        const soon = { timeout: 15_000 };
        await market.getByTestId(`outcome-${outcome}`).click(soon);
        await market.getByTestId(`stake-${stake}`).click(soon);
        await market.getByTestId('place-bet').click(soon);
        const isNew = before === null ? '' : `:not([data-bet="${before}"])`;
        const told = page.locator(`[data-testid="bet-state"]${isNew}:not([data-state="sent"])`);
        await told.waitFor();
        if ((await told.getAttribute('data-state')) === 'confirmed') return;
        // On a full machine the picture stands still at times: then a person bets again.
        const words = await told.textContent();
        if (!words?.includes('BETTING_SUSPENDED') || performance.now() > endMs) {
          throw new Error(`The bet was not confirmed; the page says: ${words}`);
        }
        await page.waitForTimeout(500);
      }
    },
  };
}

// Where the pictures of the screens go: one WebP file per screen, size and language, and an index of
// them. A picture is taken when fonts are there and what moves has come to rest.

import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { SCREENS, type ScreenName } from './screenList.ts';

export const LANGUAGES = ['en', 'zh'] as const;
export type Language = (typeof LANGUAGES)[number];
export type Size = { width: number; height: number };

/** As a browser prefers them. */
export const LOCALES: Record<Language, string> = { en: 'en-GB', zh: 'zh-CN' };
const LANGUAGE_NAMES: Record<Language, string> = { en: 'English', zh: '中文' };

/** WebP, percent: letters stay clear, and all pictures together fit into 9 MB. */
const QUALITY = 40;
/** Layout that measures itself does so after it was drawn, ms. */
const REST_MS = 250;
/** Longer waits mean that a screen never came, ms. */
export const SCREEN_MS_MAX = 20_000;

type Shot = {
  sizes: readonly Size[];
  language: Language;
  /** Runs after each change of the size, before the picture. */
  each?(size: Size): Promise<unknown>;
};

export class Album {
  readonly failures: string[] = [];
  readonly #folder: string;
  readonly #taken = new Set<string>();
  readonly #say: (line: string) => void;
  readonly #wanted: readonly string[];

  /** @param wanted names of the only screens to take; none: all */
  constructor(folder: string, say: (line: string) => void, wanted: readonly string[] = []) {
    this.#folder = folder;
    this.#say = say;
    this.#wanted = wanted;
    mkdirSync(folder, { recursive: true });
  }

  /** Opens a screen and takes its pictures; what fails is said and kept, and the next one comes. */
  async screen(page: Page, name: ScreenName, shot: Shot, open: () => Promise<unknown>) {
    try {
      // The next screen begins where this one ends, so what is not wanted is opened, too.
      await open();
      if (this.#wanted.length > 0 && !this.#wanted.includes(name)) return;
      for (const size of shot.sizes) {
        await page.setViewportSize(size);
        await rest(page);
        if (shot.each) {
          await shot.each(size);
          await rest(page);
        }
        await this.#take(page, fileOf(name, size, shot.language));
      }
    } catch (cause) {
      this.failed(`${name} (${shot.language})`, cause);
    }
  }

  failed(what: string, cause: unknown): void {
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    this.failures.push(`${what}: ${reason}`);
    this.#say(`✗ ${what}: ${reason}`);
  }

  /** Removes pictures of screens that are no more; only after a run over all of them. */
  removeOthers(): void {
    for (const file of this.#files()) {
      if (!this.#taken.has(file)) rmSync(join(this.#folder, file));
    }
  }

  /** Writes the index and tells how much there is. */
  writeIndex(): string {
    const files = this.#files();
    const parts = Object.entries(SCREENS).flatMap(([name, words]) => {
      const links = LANGUAGES.flatMap((language) => {
        const own = files.filter((file) => new RegExp(`^${name}-\\d+x\\d+-${language}`).test(file));
        const sizes = own.map((file) => `[${sizeWords(file)}](${file})`).join(', ');
        return own.length === 0 ? [] : [`- ${LANGUAGE_NAMES[language]}: ${sizes}`];
      });
      return links.length === 0 ? [] : [`## ${name}\n\n${words}\n\n${links.join('\n')}\n`];
    });
    writeFileSync(join(this.#folder, 'README.md'), `${HEAD}\n${parts.join('\n')}`);
    const bytes = files.reduce((sum, file) => sum + statSync(join(this.#folder, file)).size, 0);
    return `${files.length} pictures, ${(bytes / 1e6).toFixed(1)} MB`;
  }

  #files(): string[] {
    return readdirSync(this.#folder)
      .filter((file) => file.endsWith('.webp'))
      .sort((one, other) => one.localeCompare(other, 'en', { numeric: true }));
  }

  async #take(page: Page, file: string): Promise<void> {
    const session = await page.context().newCDPSession(page);
    const { data } = await session.send('Page.captureScreenshot', {
      format: 'webp',
      quality: QUALITY,
    });
    await session.detach();
    writeFileSync(join(this.#folder, file), Buffer.from(data, 'base64'));
    this.#taken.add(file);
    this.#say(`  ${file}`);
  }
}

const HEAD = `# Screens

Every screen in English and Chinese, as a real Chromium draws the built pages. The facts on them are
made up, and the picture is one frame of the built-in match. Made by \`npm run screens\` (\`-- --only studio\` for one part).
`;

const fileOf = (name: ScreenName, { width, height }: Size, language: Language) =>
  `${name}-${width}x${height}-${language}.webp`;

const sizeWords = (file: string) => /-(\d+)x(\d+)-/.exec(file)?.slice(1).join('×') ?? file;

async function rest(page: Page): Promise<void> {
  await page.evaluate(async () => {
    // A caret blinks; two runs would differ.
    document.documentElement.style.setProperty('caret-color', 'transparent');
    await document.fonts.ready;
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  });
  await page.waitForTimeout(REST_MS);
}

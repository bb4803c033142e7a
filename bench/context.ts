// What the figures of one run share: one live studio and one browser, started when first asked for
// and ended before figures that need a quiet machine.

import type { Browser } from 'playwright-core';
import { browserSkip, launchBrowser } from '../tests/harness/browser.ts';
import { enterStudio, type Owner } from '../tests/harness/owner.ts';
import { type RunningStudio, startStudio, waitFor } from '../tests/harness/studio.ts';
import type { BenchContext } from './figure.ts';

type Show = { studio: RunningStudio; owner: Owner; source: string };

/** The match of this seed is the same in every run. */
const SEED = '3';

export function createContext(
  isFull: boolean,
  say: (line: string) => void,
): BenchContext & {
  /** The last warnings of the running studio. */
  troubles(): string;
  close(): Promise<void>;
} {
  let show: Show | null = null;
  let browser: Browser | null = null;
  // A bench that breaks leaves nothing behind: the studio ends with its launcher.
  process.on('exit', () => show?.studio.process.kill('SIGKILL'));
  async function quiet(): Promise<void> {
    const ended = show;
    show = null;
    ended?.owner.close();
    await ended?.studio.stop();
  }
  return {
    isFull,
    say,
    async studio(source) {
      if (!show) {
        const studio = await startStudio({ args: ['--seed', SEED, '--source', source] });
        const owner = await enterStudio(studio.facts().studio ?? '');
        show = { studio, owner, source };
      } else if (show.source !== source) {
        await show.owner.client.studio.sources.select({ url: source });
        show.source = source;
      }
      const { owner } = show;
      await waitFor('a live source', () => owner.state().source.state === 'live');
      await owner.until('vision to run', (state) => state.vision.state === 'running');
      return show;
    },
    async browser() {
      if (browserSkip) return null;
      browser ??= await launchBrowser();
      return browser;
    },
    quiet,
    troubles() {
      const lines = show?.studio.output().split('\n') ?? [];
      return lines
        .filter((line) => /"level":"(warn|error)"/.test(line))
        .slice(-20)
        .join('\n');
    },
    async close() {
      await quiet();
      await browser?.close();
    },
  };
}

// `npm run screens`: a picture of every screen in English and Chinese, into docs/screens/, so that a
// person can look at all of them: is anything cut off, untranslated, out of line? Needs no running
// studio. `-- --only studio|viewer|crew|capture` makes one part anew, `--screens studio-obs,…` only
// those of it. Exit code 0 if every screen came.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Browser } from 'playwright-core';
import { launchChromium, noChromium } from '../tests/studio/chromium.ts';
import { buildIfStale } from './build.ts';
import { Album } from './screens/album.ts';
import { audienceScreens } from './screens/audienceScreens.ts';
import { captureScreens } from './screens/captureScreens.ts';
import { crewScreens } from './screens/crewScreens.ts';
import { type MatchPicture, matchPicture } from './screens/matchPicture.ts';
import { studioScreens } from './screens/studioScreens.ts';

const folder = resolve(import.meta.dirname, '../docs/screens');
const say = (line: string) => void process.stdout.write(`${line}\n`);

type Part = (album: Album, browser: Browser, match: MatchPicture) => Promise<void>;
const PARTS: Record<string, Part> = {
  studio: studioScreens,
  viewer: audienceScreens,
  crew: crewScreens,
  capture: captureScreens,
};

function argumentOf(name: string): string | null {
  const at = process.argv.indexOf(name);
  return at < 0 ? null : (process.argv[at + 1] ?? '');
}

async function main(): Promise<boolean> {
  const only = argumentOf('--only');
  const wanted = argumentOf('--screens')?.split(',') ?? [];
  if (only !== null && PARTS[only] === undefined) {
    throw new Error(`--only takes one of: ${Object.keys(PARTS).join(', ')}`);
  }
  if (noChromium) throw new Error(noChromium);
  await buildIfStale({ force: false, say });
  const match = matchPicture();
  const temporary = mkdtempSync(join(tmpdir(), 'screens-'));
  const film = join(temporary, 'camera.y4m');
  writeFileSync(film, match.film);
  const browser = await launchChromium([
    ...['--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream'],
    `--use-file-for-fake-video-capture=${film}`,
  ]);
  const album = new Album(folder, say, wanted);
  try {
    for (const [name, part] of Object.entries(PARTS)) {
      if (only !== null && only !== name) continue;
      await part(album, browser, match).catch((cause: unknown) => album.failed(name, cause));
    }
  } finally {
    await browser.close();
    rmSync(temporary, { recursive: true, force: true });
  }
  if (only === null && wanted.length === 0 && album.failures.length === 0) album.removeOthers();
  say(`${album.writeIndex()} in docs/screens/`);
  for (const failure of album.failures) say(`✗ ${failure}`);
  return album.failures.length === 0;
}

// WebRTC's threads keep a process alive.
main().then(
  (isWhole) => process.exit(isWhole ? 0 : 1),
  (cause: unknown) => {
    say(cause instanceof Error ? cause.message : String(cause));
    process.exit(1);
  },
);

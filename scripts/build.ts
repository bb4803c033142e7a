// Builds what runs: native, relay and shell entries into out/main and out/preload with
// electron-vite, the pages into out/renderer with Vite. Skips what is already built from the
// same sources, so that `npm start` costs nothing the second time.

import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const root = resolve(import.meta.dirname, '..');
/** Holds the process id of whoever builds. */
const lockFile = join(root, 'out', 'build.lock');
const LOCK_LOOK_MS = 100;
const stampFile = join(root, 'out', 'build.stamp');
const sourceFolders = ['core', 'native', 'relay', 'electron', 'renderer'];
const sourceFiles = [
  'package-lock.json',
  'electron.vite.config.ts',
  'scripts/build.ts',
  'scripts/licences.ts',
];

/** Paths of everything that goes into the build, tests left out. */
function sources(): string[] {
  const found: string[] = [];
  for (const folder of sourceFolders) {
    for (const entry of readdirSync(join(root, folder), { recursive: true, withFileTypes: true })) {
      if (entry.isFile() && !/\.test\.tsx?$/.test(entry.name)) {
        found.push(join(entry.parentPath, entry.name));
      }
    }
  }
  return [...found, ...sourceFiles.map((file) => join(root, file))].sort();
}

/** A fingerprint of names, sizes and times: content would cost seconds on a slow disk. */
function fingerprint(): string {
  const hash = createHash('sha256');
  for (const path of sources()) {
    const { size, mtimeMs } = statSync(path);
    hash.update(`${relative(root, path)}|${size}|${mtimeMs}\n`);
  }
  return hash.digest('hex');
}

/**
 * Builds when sources changed since the last build.
 * @returns true when something was built
 */
export async function buildIfStale(options: { force: boolean; say(line: string): void }) {
  mkdirSync(join(root, 'out'), { recursive: true });
  await lockBuild();
  try {
    return await build(options);
  } finally {
    rmSync(lockFile, { force: true });
  }
}

/** One build at a time: a second one would empty the folders under the first. */
async function lockBuild(): Promise<void> {
  for (;;) {
    try {
      writeFileSync(lockFile, String(process.pid), { flag: 'wx' });
      return;
    } catch {
      const holder = Number(existsSync(lockFile) ? readFileSync(lockFile, 'utf8') : 0);
      if (!isAlive(holder)) rmSync(lockFile, { force: true });
      await sleep(LOCK_LOOK_MS);
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function build(options: { force: boolean; say(line: string): void }): Promise<boolean> {
  const wanted = fingerprint();
  const built = existsSync(stampFile) ? readFileSync(stampFile, 'utf8') : '';
  if (!options.force && built === wanted) return false;
  options.say('Building Morphine Studio (first start or changed sources) …');
  const startedMs = performance.now();
  const { build: buildMain } = await import('electron-vite');
  const { build: buildPage } = await import('vite');
  const { pageConfig, pageNames } = await import('../renderer/vite.config.ts');
  await Promise.all([
    buildMain({ root, logLevel: 'error' }),
    ...pageNames.map((page) => buildPage(pageConfig(page, root))),
  ]);
  const { writeAboutPages } = await import('./licences.ts');
  writeAboutPages(root, join(root, 'out', 'renderer', 'about'));
  writeFileSync(stampFile, wanted);
  options.say(`Built in ${((performance.now() - startedMs) / 1000).toFixed(1)} s.`);
  return true;
}

if (process.argv[1] === import.meta.filename) {
  await buildIfStale({
    force: process.argv.includes('--force'),
    say: (line) => process.stdout.write(`${line}\n`),
  });
}

// `npm run setup`: gets what real tests need, a browser that can receive H.264. Everything else
// comes with `npm ci`. The only command of ours that changes the system, and it says what it does.

import { spawnSync } from 'node:child_process';
import { findChromium } from './chromium.ts';

const say = (line: string) => void process.stdout.write(`${line}\n`);

function installWithApt(): boolean {
  const isRoot = process.getuid?.() === 0;
  if (process.platform !== 'linux' || !isRoot) return false;
  if (spawnSync('apt-get', ['--version']).status !== 0) return false;
  say('Installing chromium with apt-get …');
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  spawnSync('apt-get', ['update'], { stdio: 'inherit', env });
  const args = ['install', '-y', '--no-install-recommends', 'chromium'];
  return spawnSync('apt-get', args, { stdio: 'inherit', env }).status === 0;
}

if (!findChromium()) installWithApt();
const path = findChromium();
if (!path) {
  say(
    'No browser with H.264 was found. Install Google Chrome or Chromium, or name one: ' +
      'MORPHINE_CHROMIUM=/path/to/chrome npm test',
  );
  process.exit(1);
}
say(`Tests use ${path}.`);

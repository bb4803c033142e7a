// `npm run desktop`: fetches Electron's runtime once, with progress, and says what comes next.

import { resolve } from 'node:path';
import { electronRuntime, fetchElectronRuntime } from './electronRuntime.ts';

const root = resolve(import.meta.dirname, '..');
const say = (line: string) => void process.stdout.write(`${line}\n`);

const path = electronRuntime(root);
if (path) {
  say("Electron's runtime is here; npm start opens the window.");
} else {
  const fetched = await fetchElectronRuntime(root, say);
  if (!fetched.path) {
    say(`${fetched.reason} Connect to the internet and run npm run desktop again.`);
    process.exit(1);
  }
  say("Electron's runtime is here now; npm start opens the window.");
}

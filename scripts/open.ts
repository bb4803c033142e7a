// `npm run open`: asks the running studio for a fresh link, prints it and opens it in the default
// browser when the terminal is a person's. Takes `-- --data DIR` for a studio elsewhere.

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { defaultDataFolder } from '../native/host/dataFolder.ts';

const say = (line: string) => void process.stdout.write(`${line}\n`);
const at = process.argv.indexOf('--data');
const named = at >= 0 ? process.argv[at + 1] : undefined;
const folder = named
  ? resolve(process.env.INIT_CWD ?? process.cwd(), named)
  : defaultDataFolder(process.platform, process.env);

function doorOf(path: string): { open: string; url: string } | undefined {
  try {
    const secret = JSON.parse(readFileSync(join(path, 'door.json'), 'utf8'));
    const where = JSON.parse(readFileSync(join(path, 'address.json'), 'utf8'));
    return { open: String(secret.open), url: String(where.url) };
  } catch {
    return undefined;
  }
}

const door = doorOf(folder);
if (!door) {
  say(`No studio keeps its data in ${folder}. Start one with npm start, or name it with --data.`);
  process.exit(2);
}
const link = await fetch(`${door.url}/link`, {
  method: 'POST',
  headers: { authorization: `Bearer ${door.open}` },
}).then(
  async (answer) => (answer.ok ? (await answer.text()).trim() : undefined),
  () => undefined,
);
if (!link) {
  say(`The studio of ${folder} does not answer. Start it with npm start.`);
  process.exit(1);
}
say(link);
if (process.stdout.isTTY) {
  const opener =
    process.platform === 'darwin' ? 'open' : process.platform === 'win32' ? 'explorer' : 'xdg-open';
  spawn(opener, [link], { stdio: 'ignore', detached: true })
    .on('error', () => say('No browser was found; open the link in one.'))
    .unref();
}

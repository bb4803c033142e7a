// `npm start`: builds when needed, then opens the desktop window where Electron's runtime is, or
// runs the studio headless and says why there is no window. Exit codes are the studio's own.

import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import { buildIfStale } from './build.ts';
import { electronRuntime, fetchElectronRuntime } from './electronRuntime.ts';

const root = resolve(import.meta.dirname, '..');
const args = process.argv.slice(2);
const callerFolder = process.env.INIT_CWD ?? process.cwd();
const say = (line: string) => void process.stdout.write(`${line}\n`);

/** Opens the default browser if there is one and the terminal is a person's. */
function openBrowser(url: string): void {
  if (!process.stdout.isTTY) return;
  const opener =
    process.platform === 'darwin' ? 'open' : process.platform === 'win32' ? 'explorer' : 'xdg-open';
  const child = spawn(opener, [url], { stdio: 'ignore', detached: true });
  child.on('error', () => say('No browser was found; open the studio link above in one.'));
  child.unref();
}

async function startHeadless(isHeadlessAsked: boolean): Promise<number> {
  const { runHeadless } = await import(join(root, 'out/main/headless.js'));
  return runHeadless({
    args,
    folders: {
      entries: join(root, 'out/main'),
      pages: join(root, 'out/renderer'),
      models: join(root, 'models'),
    },
    callerFolder,
    say,
    onReady: (url: string) => {
      if (!isHeadlessAsked) openBrowser(url);
    },
  });
}

/** The desktop process is the supervisor itself; signals to this one are passed on. */
function startDesktop(runtime: string): Promise<number> {
  // Chromium refuses to run as root with its sandbox; the studio itself needs no root.
  const isRoot = process.platform === 'linux' && process.getuid?.() === 0;
  const desktop = spawn(runtime, [...(isRoot ? ['--no-sandbox'] : []), root, ...args], {
    stdio: 'inherit',
    env: { ...process.env, INIT_CWD: callerFolder },
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => desktop.kill(signal));
  }
  process.once('disconnect', () => desktop.kill('SIGTERM'));
  return new Promise((done) => {
    desktop.once('error', (cause) => {
      say(`Electron could not be started: ${cause.message}. Try npm start -- --headless.`);
      done(1);
    });
    desktop.once('exit', (code) => done(code ?? 1));
  });
}

// A person's terminal shows trouble only; programs get every transition (JSON, one a line).
if (process.stderr.isTTY) process.env.MORPHINE_LOG ??= 'warn';
await buildIfStale({ force: false, say: (line) => void process.stderr.write(`${line}\n`) });
const isHeadlessAsked = args.includes('--headless');
let runtime = isHeadlessAsked ? undefined : electronRuntime(root);
if (!runtime && !isHeadlessAsked) {
  const fetched = await fetchElectronRuntime(root, say);
  if (fetched.path) runtime = fetched.path;
  else say(`No window: ${fetched.reason} Get one with npm run desktop; running headless.`);
}
if (runtime) {
  process.exit(await startDesktop(runtime));
}
process.exit(await startHeadless(isHeadlessAsked));

// Proves the desktop shell without Electron's runtime: the built main process runs under a double
// that refuses what Electron refuses, and starts the real engine, ledger, vision and relay as its
// utility processes. The built preload and the page's own connection code speak through the port.
// What it cannot prove is Chromium; tests/electron.test.ts does where the runtime is.

import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { realTimers } from '../core/base/clock.ts';
import { fromChildSchema } from '../core/contract/process.ts';
import type { Role } from '../core/contract/roles.ts';
import { createRpcClient } from '../core/contract/rpcClient.ts';
import type { StudioState } from '../core/contract/state.ts';
import {
  decodeCaptureMessage,
  encodeCaptureMessage,
  toPageSchema,
} from '../core/media/capturePort.ts';
import type { ReadyFacts } from '../native/host/readyFile.ts';
import { HELLO } from '../renderer/capture/engineLink.ts';
import { type Line, openEngineLine } from '../renderer/capture/line.ts';
import { connectStudio } from '../renderer/studio/connect.ts';
import { buildIfStale } from '../scripts/build.ts';
import { isAlive, root, waitFor, whenSteady } from './harness/studio.ts';
import { openPage, type PageDouble } from './shell/pageDouble.ts';
import type { MessagePortMain } from './shell/ports.ts';
import { OWN_LINES, SECURITY_LINES, securityList } from './shell/securityList.ts';
import { type Note, type ShellProcess, startShellProcess } from './shell/shellProcess.ts';
import { surroundingsList } from './shell/surroundingsList.ts';

const builtMain = join(root, 'out/main/electron.js');
const builtPreload = join(root, 'out/preload/preload.cjs');
const folder = mkdtempSync(join(tmpdir(), 'morphine-shell-'));
const readyFile = join(folder, 'ready.json');
const started: ShellProcess[] = [];

before(() => buildIfStale({ force: false, say: () => {} }));
after(() => {
  for (const shell of started) shell.process.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

function start(script: string, args: readonly string[], computer: object = {}): ShellProcess {
  const env = { INIT_CWD: folder, SHELL_DOUBLE: JSON.stringify(computer) };
  const shell = startShellProcess(script, args, env);
  started.push(shell);
  return shell;
}

const facts = () => JSON.parse(readFileSync(readyFile, 'utf8')) as ReadyFacts;
const processIds = () => Object.values(facts().processes).filter((pid) => pid !== null);

test('the double refuses what Electron refuses', async () => {
  const shell = start(join(import.meta.dirname, 'shell/refused.ts'), []);
  assert.equal(await shell.exited, 0, shell.output());
  const answers: Record<string, string> = JSON.parse(shell.stdout());
  assert.equal(Object.keys(answers).length, 13);
  for (const [what, answer] of Object.entries(answers)) {
    assert.notEqual(answer, 'allowed', what);
  }
  assert.match(answers['window before ready'] ?? '', /before the app is ready/);
  assert.match(answers['an ArrayBuffer to a utility process'] ?? '', /not a valid port/);
  assert.match(answers['fork in a utility process'] ?? '', /cannot start another process/);
  assert.equal(answers['process.send'], 'undefined');
});

test('a refused start is one line and exit code 2, also here', async () => {
  for (const [args, line] of [
    [['--hedless'], /^Unknown flag --hedless\..*\n$/],
    [['--data', join(folder, 'refused'), '--source', 'carrier-pigeon:x'], /^--source.*demo:.*\n$/],
  ] as const) {
    const shell = start(builtMain, args);
    assert.equal(await shell.exited, 2, shell.output());
    assert.match(shell.stdout(), line);
    assert.deepEqual(shell.notesOf('window'), []);
  }
});

test('a second start leaves at once, and a broken settings file is kept aside when asked', async () => {
  const second = start(builtMain, ['--data', join(folder, 'second')], { isSecond: true });
  assert.equal(await second.exited, 0, second.output());
  assert.deepEqual([...second.notesOf('window'), ...second.notesOf('fork')], []);

  const data = join(folder, 'broken');
  mkdirSync(data);
  const settings = join(data, 'settings.json');
  const args = ['--data', data, '--source', 'carrier-pigeon:x'];
  for (const text of ['{"version":2}', '{"version":1,"tilte":"x"}', 'no json']) {
    writeFileSync(settings, text);
    const quit = start(builtMain, args, { answers: [1], isPackaged: true });
    assert.equal(await quit.exited, 2, quit.output());
    assert.match(quit.stdout(), /settings\.json.*Mend or remove/);
    assert.equal(readFileSync(settings, 'utf8'), text);
    assert.match(String(quit.notesOf('errorBox')[0]?.text), /settings\.json/);
  }
  const kept = start(builtMain, args, { answers: [0], languages: ['zh-CN'] });
  assert.equal(await kept.exited, 2, kept.output());
  const [box] = kept.notesOf('box');
  assert.match(String(box?.detail), /settings\.json.*settings\.kept-[\d-]+\.json/s);
  assert.equal(box?.message, '设置文件无法使用。');
  // The defaults were taken: what is refused now is the source.
  assert.match(kept.stdout(), /^--source/);
  const aside = readdirSync(data).filter((name) => name.startsWith('settings'));
  assert.equal(aside.length, 1);
  assert.equal(readFileSync(join(data, String(aside[0])), 'utf8'), 'no json');
});

test('the preload exposes one function and sends one message', () => {
  const page = openPage(builtPreload, 'app://morphine/', () => {});
  assert.deepEqual([...page.exposed.keys()], ['morphine']);
  const exposed = page.exposed.get('morphine') as Record<string, unknown>;
  assert.deepEqual(Object.keys(exposed), ['requestPort']);
  assert.deepEqual(page.sent, []);
  assert.equal((exposed.requestPort as () => unknown)(), undefined);
  assert.deepEqual(page.sent, [['requestPort']]);
});

/** Opens the page of a window with its preload; what main posts to it comes to it. */
function openPageOf(shell: ShellProcess, window: number, url: string): PageDouble {
  const page = openPage(builtPreload, url, (channel, args) => {
    void shell.ask('fromPage', { window, channel, args });
  });
  shell.onNote(({ note, window: to, channel, message, ports }) => {
    if (note !== 'toPage' || to !== window) return;
    page.deliver(String(channel), message, landAll(shell, ports));
  });
  return page;
}

function landAll(shell: ShellProcess, ids: unknown): MessagePortMain[] {
  return (ids as string[]).map((id) => shell.land(id));
}

/** The page's own code looks for its window and its address in the global object. */
function enterPage(page: PageDouble): void {
  Object.assign(globalThis, { window: page.window, location: page.window.location });
}

/** The page's RPC, through its own connection code and the preload. */
function connectPage(page: PageDouble) {
  let state: StudioState | null = null;
  const roles: Role[] = [];
  const client = createRpcClient({
    connect() {
      enterPage(page);
      return connectStudio();
    },
    clientId: crypto.randomUUID(),
    timers: realTimers,
    onState: (next) => {
      state = next;
    },
    onReadings() {},
    onConnection(connection) {
      if (connection.state === 'connected') roles.push(connection.role);
    },
  });
  const until = <Value>(what: string, look: (now: StudioState) => Value | false | undefined) =>
    waitFor(what, () => (state ? look(state) : false));
  return { client, roles, until };
}

function checkWindow({ options, unknown }: Note): void {
  const { webPreferences: page } = options as { webPreferences: Record<string, unknown> };
  assert.deepEqual(unknown, []);
  assert.ok(existsSync(String(page.preload)), String(page.preload));
  const { preload: _preload, ...rest } = page;
  assert.deepEqual(rest, {
    contextIsolation: true,
    sandbox: true,
    nodeIntegration: false,
    nodeIntegrationInWorker: false,
    nodeIntegrationInSubFrames: false,
    webSecurity: true,
    allowRunningInsecureContent: false,
    webviewTag: false,
    backgroundThrottling: false,
  });
}

type Answer = { status: number; headers: Record<string, string>; text: string };

async function checkPages(shell: ShellProcess): Promise<void> {
  const get = async (url: string) => (await shell.ask('fetchPage', { url })) as Answer;
  for (const [url, page] of [
    ['app://morphine/', 'studio'],
    ['app://morphine/capture/', 'capture'],
  ] as const) {
    const answer = await get(url);
    assert.equal(answer.status, 200);
    const built = readFileSync(join(root, 'out/renderer', page, 'index.html'), 'utf8');
    assert.equal(answer.text, built);
    assert.equal(answer.headers['content-type'], 'text/html; charset=utf-8');
    assert.equal(answer.headers['x-content-type-options'], 'nosniff');
    // The policy lets the page run only what it asks for by address, and that is there.
    const assets = [...built.matchAll(/(?:src|href)="(\.\/assets\/[^"]+)"/g)].map((one) => one[1]);
    assert.ok(assets.length >= 2, built);
    for (const asset of assets) {
      const found = await get(new URL(asset ?? '', answer.status ? url : '').href);
      assert.equal(found.status, 200, asset);
      assert.match(found.headers['content-type'] ?? '', /javascript|css/);
    }
    assert.doesNotMatch(built, /<script(?![^>]*\bsrc=)/);
  }
  for (const path of [
    'nothing.html',
    '..%2fviewer%2findex.html',
    '%2e%2e/%2e%2e/main/electron.js',
    '..%2f..%2f..%2fpackage.json',
    'capture/..%2f..%2fviewer%2findex.html',
    '..%5c..%5cmain%5celectron.js',
    '%2fetc%2fpasswd',
    'index.html%00.js',
    '%zz',
  ]) {
    assert.equal((await get(`app://morphine/${path}`)).status, 404, path);
  }
  assert.equal((await get('app://elsewhere/index.html')).status, 404);
}

/** The shell's own process was given no message of a port, and of its children only their own. */
async function checkMainIsAside(shell: ShellProcess): Promise<void> {
  assert.equal(await shell.ask('messagesSeen'), 0);
  const messages = (await shell.ask('fromChildren')) as unknown[];
  assert.ok(messages.length > 0);
  for (const message of messages) assert.ok(fromChildSchema.safeParse(message).success);
}

const portsHanded = (shell: ShellProcess) =>
  shell.notesOf('toPage').filter(({ channel }) => channel === 'port').length;

/** Kills the engine; the next one runs under another id. */
async function killEngine(): Promise<void> {
  const { engine } = facts().processes;
  assert.ok(engine);
  process.kill(engine, 'SIGKILL');
  await waitFor('another engine', () => {
    const next = facts().processes.engine;
    return next !== null && next !== engine;
  });
}

/** A camera is selected: the capture page opens and speaks binary through a port of its own. */
async function checkCapturePage(shell: ShellProcess): Promise<number> {
  const opened = await shell.untilNote('load', ({ url }) => url === 'app://morphine/capture/');
  const window = Number(opened.window);
  const made = shell.notesOf('window').find((one) => one.window === window);
  assert.ok(made);
  checkWindow(made);
  enterPage(openPageOf(shell, window, 'app://morphine/capture/'));
  const types: string[] = [];
  const line = await new Promise<Line>((done, fail) => {
    const open: Line = openEngineLine({
      onOpen: () => done(open),
      onMessage: (bytes) => types.push(decodeCaptureMessage(toPageSchema, bytes)?.type ?? ''),
      onClosed: () => fail(new Error('The window gave no port')),
    });
  });
  line.send(encodeCaptureMessage(HELLO));
  await waitFor('the welcome of the capture page', () => types.includes('welcome'));
  line.close();
  return window;
}

test('a studio in its window, from the first frame to nothing left', async (t) => {
  const given = `--port 0 --relay-port 0 --seed 1 --ready-file ${readyFile}`.split(' ');
  const shell = start(builtMain, ['--data', join(folder, 'data'), ...given]);
  const studioLoad = await shell.untilNote('load');
  const window = Number(studioLoad.window);
  assert.equal(studioLoad.url, 'app://morphine/');

  await t.test('the window is shut in', async () => {
    const [made] = shell.notesOf('window');
    assert.ok(made);
    checkWindow(made);
    await shell.untilNote('show', (one) => one.window === window);
  });
  await t.test('the key of personal data lies wrapped by the keychain, and nowhere plain', () => {
    assert.equal(shell.notesOf('wrapped').length, 1);
    const data = join(folder, 'data');
    assert.match(readFileSync(join(data, 'personal.key.wrapped'), 'utf8'), /^double:/);
    assert.equal(existsSync(join(data, 'personal.key')), false);
  });

  await t.test('each process is a utility process without stdin', () => {
    const forks = shell.notesOf('fork');
    const names = forks.map(({ options }) => (options as { serviceName: string }).serviceName);
    const expected = ['engine', 'ledger', 'relay', 'vision'].map((name) => `Morphine ${name}`);
    assert.deepEqual(names.sort(), expected);
    for (const { options, unknown } of forks) {
      assert.deepEqual(unknown, []);
      assert.equal((options as { stdio: string[] }).stdio[0], 'ignore');
    }
  });
  await t.test('pages come with their types, and nothing beside them', () => checkPages(shell));
  const lines = securityList(facts().viewer ?? '');
  assert.equal(lines.length, SECURITY_LINES + OWN_LINES);
  for (const { name, check } of lines) {
    await t.test(`security: ${name}`, () => check(shell, window));
  }
  for (const { name, check } of surroundingsList(folder)) {
    await t.test(`shell: ${name}`, () => check(shell, window));
  }

  const page = openPageOf(shell, window, 'app://morphine/');
  const { client, roles, until } = connectPage(page);
  await t.test('the page runs a show through its port', async () => {
    await until('the first snapshot', ({ show }) => show.state === 'ready');
    assert.deepEqual(roles, ['owner']);
    await client.studio.show.goLive({});
    await until('a live show', ({ show }) => show.state === 'live');
    const { templates } = client.state() as StudioState;
    const marketId = crypto.randomUUID().replaceAll('-', '');
    await until('betting', ({ show }) => show.bettingSuspended === '');
    await whenSteady('the market to be opened', () =>
      client.studio.markets.open({ templateId: templates[0]?.id ?? '', marketId }),
    );
    await until('the market', ({ markets }) =>
      markets.some(({ id, state }) => id === marketId && state === 'OPEN'),
    );
    assert.equal(portsHanded(shell), 1);
    await checkMainIsAside(shell);
  });
  await t.test('while it is live the computer stays awake, and the tray says so', async () => {
    assert.equal(await shell.ask('blockers'), 1);
    assert.equal(shell.notesOf('awake').at(-1)?.kind, 'prevent-app-suspension');
    assert.match(String(shell.notesOf('trayTip').at(-1)?.text), /live/);
  });

  await t.test('a killed engine comes back, again and again, and the page with it', async () => {
    const { viewer } = facts();
    assert.ok(viewer);
    for (const times of [2, 3]) {
      await killEngine();
      await waitFor('the page', () => roles.length === times);
      assert.equal(roles.at(-1), 'owner');
      await until('the show going on', ({ show }) => show.state === 'live');
      assert.equal(facts().viewer, viewer);
    }
    await whenSteady('the title to be taken', () =>
      client.studio.show.rename({ title: 'After the restart' }),
    );
    await until('the new title', ({ show }) => show.title === 'After the restart');
    await checkMainIsAside(shell);
  });

  await t.test('a camera opens the capture page, which speaks through its own port', async () => {
    await client.studio.sources.select({ url: 'camera:' });
    const opened = await checkCapturePage(shell);
    assert.equal(await shell.ask('isVisible', { window: opened }), false);
    await shell.ask('clickMenu', { id: 'capture' });
    await shell.ask('closeWindow', { window: opened });
    assert.equal(shell.notesOf('hide').at(-1)?.window, opened, 'put away, not closed');
    await checkMainIsAside(shell);
    await client.studio.sources.select({ url: 'demo:' });
    await shell.untilNote('closed', (one) => one.window === opened);
  });

  await t.test('closing the window ends everything within three seconds', async () => {
    const ours = [...processIds(), Number(shell.process.pid)];
    assert.equal(ours.length, 5);
    // A live show is asked about: once to stay, once to hide, then to end it.
    const boxes = shell.notesOf('box').length;
    await shell.ask('answerBoxes', { answers: [0, 2, 1] });
    await shell.ask('closeWindow', { window });
    await shell.ask('quit');
    await shell.untilNote('hide', (one) => one.window === window);
    assert.equal(shell.notesOf('box').length - boxes, 2);
    for (const pid of ours) assert.ok(isAlive(pid));
    client.close();
    const closedMs = performance.now();
    // The answer is lost when the shell is faster than its own IPC.
    shell.ask('closeWindow', { window }).catch(() => {});
    assert.equal(await shell.exited, 0, shell.output());
    const tookMs = performance.now() - closedMs;
    assert.ok(tookMs < 3_000, `${Math.round(tookMs)} ms`);
    for (const pid of ours) assert.equal(isAlive(pid), false, `${pid} is left`);
    assert.equal(existsSync(readyFile), false);
    assert.doesNotMatch(shell.output(), /UnhandledPromise|uncaught|ReferenceError|TypeError/);
  });
});

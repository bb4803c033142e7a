// Electron's security checklist (docs/tutorial/security.md of the pinned version), line by line,
// as questions to the built shell that runs over the double. A line of the list that is not here
// was not checked; the test counts them.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readPacking } from '../../scripts/packageList.ts';
import { root } from '../harness/studio.ts';
import type { Note, ShellProcess } from './shellProcess.ts';

/** Lines of the list, and what we add to it. */
export const SECURITY_LINES = 20;
export const OWN_LINES = 3;

type Line = { name: string; check(shell: ShellProcess, window: number): Promise<void> | void };
type Page = Record<string, unknown>;

const pagesOf = (shell: ShellProcess): Page[] =>
  shell
    .notesOf('window')
    .map(({ options }) => (options as { webPreferences: Page }).webPreferences);

function everyPage(key: string, value: unknown) {
  return (shell: ShellProcess) => {
    const pages = pagesOf(shell);
    assert.ok(pages.length > 0);
    for (const page of pages) assert.equal(page[key], value, key);
  };
}

function noPage(...keys: string[]) {
  return (shell: ShellProcess) => {
    for (const page of pagesOf(shell))
      for (const key of keys) assert.equal(key in page, false, key);
    assert.deepEqual(
      shell.notesOf('window').flatMap(({ unknown }) => unknown as string[]),
      [],
    );
  };
}

const builtMain = readdirSync(join(root, 'out/main'))
  .filter((name) => name.endsWith('.js'))
  .map((name) => readFileSync(join(root, 'out/main', name), 'utf8'))
  .filter((text) => /from ["']electron["']/.test(text))
  .join('\n');
const builtPreload = () => readFileSync(join(root, 'out/preload/preload.cjs'), 'utf8');

function builtPages(): string[] {
  const folder = join(root, 'out/renderer');
  return ['studio', 'capture', 'about'].flatMap((page) =>
    readdirSync(join(folder, page), { recursive: true, withFileTypes: true })
      .filter((one) => one.isFile() && /\.(html|js)$/.test(one.name))
      .map((one) => readFileSync(join(one.parentPath, one.name), 'utf8')),
  );
}

async function loadsOnlyOurs(shell: ShellProcess): Promise<void> {
  for (const { url } of shell.notesOf('load')) assert.match(String(url), /^app:\/\/morphine\//);
  const [fetches] = shell.notesOf('fetches');
  assert.equal(fetches?.isCancelled, true);
  for (const scheme of ['http', 'https', 'ws', 'wss', 'file']) {
    assert.ok(String(fetches?.urls).split(',').includes(`${scheme}://*/*`), scheme);
  }
}

async function permissions(shell: ShellProcess, window: number): Promise<void> {
  const request = (permission: string, requestingUrl: string) =>
    shell.ask('permissionRequest', { window, permission, details: { requestingUrl } });
  const check = (permission: string, origin: string, requestingUrl = origin) =>
    shell.ask('permissionCheck', { permission, origin, details: { requestingUrl } });
  const ours = 'app://morphine/';
  const capture = `${ours}capture/`;
  for (const permission of ['media', 'clipboard-sanitized-write']) {
    assert.equal(await request(permission, capture), true, permission);
    assert.equal(await check(permission, ours), true, permission);
    for (const other of ['https://morphine/', 'app://morphine.evil/', 'app://morphineevil', '']) {
      assert.equal(await request(permission, other), false, other);
      assert.equal(await check(permission, other), false, other);
    }
  }
  // Screens are for the page that shares them, not for the studio.
  assert.equal(await request('display-capture', capture), true);
  assert.equal(await check('display-capture', ours, capture), true);
  assert.equal(await request('display-capture', ours), false);
  assert.equal(await check('display-capture', ours, ours), false);
  const others =
    'geolocation notifications midi midiSysex pointerLock fullscreen openExternal clipboard-read ' +
    'usb hid serial speaker-selection idle-detection fileSystem local-fonts storage-access unknown';
  for (const permission of others.split(' ')) {
    assert.equal(await request(permission, ours), false, permission);
    assert.equal(await check(permission, ours), false, permission);
  }
  assert.equal(await shell.ask('devicePermission', { deviceType: 'usb', origin: ours }), false);
}

async function policies(shell: ShellProcess): Promise<void> {
  for (const url of ['app://morphine/', 'app://morphine/capture/', 'app://morphine/about/']) {
    const answer = (await shell.ask('fetchPage', { url })) as {
      status: number;
      headers: Record<string, string>;
    };
    assert.equal(answer.status, 200, url);
    const policy = answer.headers['content-security-policy'] ?? '';
    assert.match(policy, /default-src 'none'; script-src 'self'; /);
    assert.match(policy, /base-uri 'none'; form-action 'none'; frame-ancestors 'none'/);
    assert.doesNotMatch(policy, /unsafe-eval|script-src[^;]*unsafe-inline|https?:|wss?:|\*/);
  }
}

async function stays(shell: ShellProcess, window: number): Promise<void> {
  const away = ['https://example.org/', 'file:///etc/passwd', 'app://morphine.evil/', 'data:,x'];
  for (const signal of ['will-navigate', 'will-redirect']) {
    const isPrevented = (url: string) => shell.ask('navigate', { window, url, signal });
    assert.equal(await isPrevented('app://morphine/capture/'), false);
    for (const url of away) assert.equal(await isPrevented(url), true, `${signal} ${url}`);
  }
  const frame = (url: string) => shell.ask('navigateFrame', { window, url });
  for (const url of away) assert.equal(await frame(url), true, url);
}

const REFUSED_OUTSIDE = [
  'https://example.org/rules',
  'https://github.com.example.org/',
  'https://person:word@github.com/',
  'http://github.com/',
  'http://127.0.0.1:1/',
  'file:///etc/passwd',
  'smb://host/share',
  'ms-msdt:/id',
  'javascript:alert(1)',
  'not an address',
];

async function opensNothing(shell: ShellProcess, window: number): Promise<void> {
  const windows = shell.notesOf('window').length;
  for (const url of [...REFUSED_OUTSIDE, 'app://morphine/', 'https://github.com/x']) {
    assert.deepEqual(await shell.ask('openWindow', { window, url }), { action: 'deny' }, url);
  }
  assert.equal(shell.notesOf('window').length, windows);
}

/** @param viewerUrl the show's own link for viewers, whose relay may be looked at */
async function outside(shell: ShellProcess, window: number, viewerUrl: string): Promise<void> {
  const before = shell.notesOf('openExternal').length;
  const wanted = ['https://github.com/ultralytics', 'https://obsproject.com/', viewerUrl];
  for (const url of [...REFUSED_OUTSIDE, ...wanted]) await shell.ask('openWindow', { window, url });
  assert.deepEqual(
    shell
      .notesOf('openExternal')
      .slice(before)
      .map(({ url }) => url),
    wanted,
  );
}

async function senders(shell: ShellProcess, window: number): Promise<void> {
  const before = shell.notesOf('toPage').length;
  const say = (facts: object) =>
    shell.ask('fromPage', { window, channel: 'requestPort', ...facts });
  for (const frameUrl of ['https://example.org/', 'app://morphine.evil/', 'about:blank', null]) {
    await say({ frameUrl });
  }
  await say({ isInner: true });
  await say({ args: ['something'] });
  await shell.ask('fromPage', { window, channel: 'anything' });
  assert.equal(shell.notesOf('toPage').length, before);
  // One door: whoever would listen elsewhere would answer anybody.
  assert.equal([...builtMain.matchAll(/ipcMain\.\w+\(/g)].length, 1);
}

function schemes(shell: ShellProcess): void {
  const privileges = { standard: true, secure: true, supportFetchAPI: true, codeCache: true };
  const [first] = shell.notesOf('schemes');
  assert.deepEqual(first?.schemes, [{ scheme: 'app', privileges }]);
  assert.doesNotMatch(builtMain, /loadFile\(|bypassCSP: *true/);
  assert.match(builtMain, /protocol\.handle\(/);
}

function fuses(): void {
  assert.deepEqual(readPacking(root).electronFuses, {
    runAsNode: false,
    enableCookieEncryption: true,
    enableNodeOptionsEnvironmentVariable: false,
    enableNodeCliInspectArguments: false,
    enableEmbeddedAsarIntegrityValidation: true,
    onlyLoadAppFromAsar: true,
    loadBrowserProcessSpecificV8Snapshot: false,
    grantFileProtocolExtraPrivileges: false,
  });
}

function currentElectron(): void {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const { version } = JSON.parse(
    readFileSync(join(root, 'node_modules/electron/package.json'), 'utf8'),
  );
  assert.equal(manifest.devDependencies.electron, version);
  // The newest three majors get fixes; 45 was the newest when this was written.
  assert.ok(Number.parseInt(version, 10) >= 45, version);
}

function protectsKeys(shell: ShellProcess, window: number): void {
  const [first] = shell.notesOf('protected').filter((one: Note) => one.window === window);
  assert.equal(first?.isProtected, true);
}

async function downloads(shell: ShellProcess): Promise<void> {
  const isPrevented = (url: string) => shell.ask('download', { url });
  assert.equal(await isPrevented('blob:app://morphine/5f0c'), false);
  for (const url of ['https://example.org/x.exe', 'blob:https://example.org/1', 'file:///x']) {
    assert.equal(await isPrevented(url), true, url);
  }
}

/** The list; `viewerUrl` is the running show's. */
export function securityList(viewerUrl: string): Line[] {
  return [
    { name: '1 only secure content is loaded', check: loadsOnlyOurs },
    { name: '2 no Node in a page', check: everyPage('nodeIntegration', false) },
    { name: '3 contexts are isolated', check: everyPage('contextIsolation', true) },
    {
      name: '4 every process of a page is sandboxed',
      check(shell) {
        everyPage('sandbox', true)(shell);
        assert.equal(shell.notesOf('sandbox').length, 1);
      },
    },
    { name: '5 permissions are denied unless ours', check: permissions },
    { name: '6 web security stays on', check: everyPage('webSecurity', true) },
    { name: '7 a content security policy comes with each page', check: policies },
    { name: '8 no insecure content', check: everyPage('allowRunningInsecureContent', false) },
    { name: '9 no experimental features', check: noPage('experimentalFeatures') },
    { name: '10 no Blink features', check: noPage('enableBlinkFeatures') },
    {
      name: '11 no webview, and none that opens windows',
      check(shell) {
        everyPage('webviewTag', false)(shell);
        for (const page of builtPages()) assert.doesNotMatch(page, /<webview|allowpopups/);
      },
    },
    {
      name: '12 a webview that is made all the same is refused',
      check: async (shell, window) =>
        assert.equal(await shell.ask('attachWebview', { window }), true),
    },
    { name: '13 no page goes elsewhere', check: stays },
    { name: '14 no page opens a window', check: opensNothing },
    {
      name: '15 the browser is shown listed addresses only',
      check: (shell, window) => outside(shell, window, viewerUrl),
    },
    { name: '16 Electron is current and pinned', check: currentElectron },
    { name: '17 every message has a sender and a shape', check: senders },
    { name: '18 a protocol of our own, never files', check: schemes },
    { name: '19 the fuses', check: fuses },
    {
      name: '20 no part of Electron reaches a page',
      check() {
        assert.equal([...builtPreload().matchAll(/exposeInMainWorld\(/g)].length, 1);
        assert.doesNotMatch(builtPreload(), /ipcRenderer *[,}]|: *electron\b/);
      },
    },
    { name: 'captures leave out the window that shows keys', check: protectsKeys },
    { name: 'a page saves only what it made', check: downloads },
    {
      name: 'no dictionary is fetched from anybody',
      check: (shell) => assert.equal(shell.notesOf('spelling')[0]?.isEnabled, false),
    },
  ];
}

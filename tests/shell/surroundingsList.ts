// What stands around the studio's window, asked of the built shell over the double: one instance,
// links, tray, menus, screens, crash reports, the window's place, updates. The show is not live.

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Note, ShellProcess } from './shellProcess.ts';

type Fact = { name: string; check(shell: ShellProcess, window: number): Promise<void> };
type Item = { id?: string; label?: string; role?: string; submenu?: Item[] };

const flat = (items: Item[]): Item[] => items.flatMap((one) => [one, ...flat(one.submenu ?? [])]);
const itemsOf = (note: Note | undefined) => flat((note?.items ?? []) as Item[]);
const places = (shell: ShellProcess) =>
  shell
    .notesOf('toPage')
    .filter(({ channel }) => channel === 'place')
    .map(({ message }) => message);

async function oneInstance(shell: ShellProcess, window: number): Promise<void> {
  const order = shell.notes.map(({ note }) => note);
  assert.ok(order.indexOf('lock') < order.indexOf('window'));
  assert.match(String(shell.notesOf('lock')[0]?.folder), /data.window$/);
  const focused = () => shell.notesOf('focus').length;
  const before = focused();
  await shell.ask('secondStart', { argv: ['studio', '--headless'] });
  assert.equal(focused(), before + 1);
  assert.deepEqual(places(shell), []);
  const asked = ['studio', 'app', 'morphine-studio://open/markets'];
  await shell.ask('secondStart', { argv: asked });
  assert.equal(await shell.ask('openLink', { url: 'morphine-studio://open/events/' }), true);
  assert.deepEqual(places(shell), ['markets', 'events']);
  for (const url of [
    'morphine-studio://open/markets?act=open',
    'morphine-studio://open/../../x',
    'morphine-studio://run/markets',
    'https://open/markets',
    `morphine-studio://open/${'x'.repeat(300)}`,
    'morphine-studio:open',
  ]) {
    await shell.ask('openLink', { url });
  }
  assert.deepEqual(places(shell), ['markets', 'events'], 'a link shows a place and does nothing');
  assert.ok(shell.notesOf('toPage').every((one) => one.window === window));
}

async function tray(shell: ShellProcess): Promise<void> {
  assert.deepEqual(shell.notesOf('tray')[0]?.sizes, [16, 32]);
  const tips = shell.notesOf('trayTip').map(({ text }) => text);
  assert.deepEqual(tips, ['Morphine Studio: starting', 'Morphine Studio: ready']);
  const before = shell.notesOf('focus').length;
  await shell.ask('clickMenu', { id: 'tray-open' });
  await shell.ask('clickTray');
  assert.equal(shell.notesOf('focus').length, before + 2);
}

async function sleeps(shell: ShellProcess): Promise<void> {
  assert.deepEqual(shell.notesOf('awake'), []);
}

async function menu(shell: ShellProcess, window: number): Promise<void> {
  const items = itemsOf(shell.notesOf('menu')[0]);
  for (const { label, role } of items.filter(({ role }) => role !== undefined)) {
    assert.ok(label, `${role} has words of ours`);
  }
  await shell.ask('clickMenu', { id: 'viewer-link' });
  assert.match(String(shell.notesOf('copied').at(-1)?.text), /^http.*\/s\/[0-9a-f]{32}$/);
  await shell.ask('clickMenu', { id: 'viewer-page' });
  assert.match(String(shell.notesOf('openExternal').at(-1)?.url), /\/s\/[0-9a-f]{32}$/);
  await shell.ask('clickMenu', { id: 'data-folder' });
  assert.ok(existsSync(String(shell.notesOf('openPath').at(-1)?.path)));
  await shell.ask('clickMenu', { id: 'protect' });
  assert.deepEqual(shell.notesOf('protected').at(-1), {
    ...{ note: 'protected', window, isProtected: false },
  });
  await shell.ask('clickMenu', { id: 'protect' });
}

async function about(shell: ShellProcess): Promise<void> {
  await shell.ask('clickMenu', { id: 'about' });
  const opened = await shell.untilNote('load', ({ url }) => String(url).includes('/about/'));
  const { text } = (await shell.ask('fetchPage', { url: String(opened.url) })) as { text: string };
  for (const name of ['react', 'better-sqlite3', 'Inter', 'Noto Sans SC', 'Electron', 'FFmpeg']) {
    assert.ok(text.includes(name), name);
  }
  assert.match(text, /written offer/i);
  assert.doesNotMatch(text, /<script/);
  await shell.ask('closeWindow', { window: opened.window });
}

async function screens(shell: ShellProcess): Promise<void> {
  assert.equal(shell.notesOf('picker')[0]?.useSystemPicker, true);
  const page = 'app://morphine/capture/';
  const share = (facts: object) => shell.ask('shareScreen', { frameUrl: page, ...facts });
  assert.equal(await share({ frameUrl: 'app://morphine/' }), null);
  assert.equal(await share({ frameUrl: null }), null);
  assert.equal(await share({ userGesture: false }), null);
  assert.deepEqual(shell.notesOf('sources'), []);
  const popups = () => shell.notesOf('popup').length;
  const asked = share({ audioRequested: true });
  await shell.untilNote('popup');
  const labels = itemsOf(shell.notesOf('popup')[0]).map(({ label }) => label);
  assert.deepEqual(labels.filter(Boolean), ['Choose what viewers see', 'Screen 1', 'Match stream']);
  await shell.ask('clickMenu', { id: 'screen:window:9:0' });
  const video = { id: 'window:9:0', name: 'Match stream' };
  const sound = process.platform === 'win32' ? { audio: 'loopback' } : {};
  assert.deepEqual(await asked, { video, ...sound });
  const again = share({});
  await shell.untilNote('popup', () => popups() === 2);
  await shell.ask('closePopup');
  assert.equal(await again, null);
}

async function crashes(shell: ShellProcess, window: number, data: string): Promise<void> {
  const folder = join(data, 'window', 'crashes');
  assert.deepEqual(shell.notesOf('crashReporter')[0]?.options, {
    ...{ uploadToServer: false, compress: false },
  });
  assert.ok(
    shell.notesOf('path').some(({ name, path }) => name === 'crashDumps' && path === folder),
  );
  const loads = shell.notesOf('load').length;
  await shell.ask('pageDies', { window });
  assert.equal(shell.notesOf('load').length, loads + 1, 'the page is loaded again');
  const key = '0123456789abcdef'.repeat(2);
  const name = `turn:person:word@relay.example ?token=${key} Bearer ${key}`;
  await shell.ask('childDies', { type: 'Utility', reason: 'crashed', exitCode: 5, name });
  await shell.ask('childDies', { type: 'GPU', reason: 'clean-exit', exitCode: 0 });
  const reports = readdirSync(folder).map((one) => readFileSync(join(folder, one), 'utf8'));
  assert.equal(reports.length, 2);
  for (const text of reports) {
    assert.equal(JSON.parse(text).version, '0.1.0');
    assert.doesNotMatch(text, /person|word@|0123456789abcdef/);
  }
}

async function updates(shell: ShellProcess): Promise<void> {
  await shell.ask('clickMenu', { id: 'updates' });
  const box = await shell.untilNote('box');
  assert.match(String(box.message), /Updates are off: this build names no place/);
}

/** @param folder in which the running studio's data folder lies, as `data` */
export function surroundingsList(folder: string): Fact[] {
  const data = join(folder, 'data');
  return [
    { name: 'one instance, and links that only show', check: oneInstance },
    { name: 'the tray has a state', check: tray },
    { name: 'nothing keeps the computer awake before a show', check: sleeps },
    { name: 'menus', check: menu },
    { name: 'About with every licence', check: about },
    { name: 'screens are picked by the person', check: screens },
    {
      name: 'crash reports stay here and hold no token',
      check: (shell, window) => crashes(shell, window, data),
    },
    { name: 'updates are off without a place, and say so', check: updates },
  ];
}

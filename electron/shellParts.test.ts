// Proves the shell's own decisions without Electron: which addresses may be shown, what a link can
// ask for, when an update may happen, where a window may stand, what of a crash is masked, and what
// the tray shows. Properties for what comes from outside; the seed is printed on a failure.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { mayOpenOutside, placeOf, splitLinks, withoutWindowSwitches } from './addresses.ts';
import { menuTemplate } from './menus.ts';
import { askAboutSettings, type SettingsQuestion } from './settingsAside.ts';
import { type TrayState, trayPicture } from './trayPicture.ts';
import { createUpdates, type Updater, type UpdateState, updateWay } from './updatePolicy.ts';
import { DEFAULT_WINDOW, readWindowState, writeWindowState } from './windowState.ts';
import { shellLanguage, shellWords } from './words.ts';

const folder = mkdtempSync(join(tmpdir(), 'morphine-parts-'));
after(() => rmSync(folder, { recursive: true, force: true }));

test('no text from outside opens more than the list and the show', () => {
  const viewer = 'https://relay.example.org/s/abc';
  assert.equal(mayOpenOutside('https://relay.example.org/check/abc', viewer), true);
  assert.equal(mayOpenOutside('https://relay.example.org/check/abc', null), false);
  const anything = fc.oneof(fc.string(), fc.webUrl(), fc.webUrl({ withQueryParameters: true }));
  fc.assert(
    fc.property(anything, (url) => {
      const host = URL.canParse(url) ? new URL(url).hostname : '';
      if (mayOpenOutside(url, viewer)) {
        assert.match(host, /^(relay\.example\.org|.*(github|obsproject|ffmpeg|gnu)\b.*)$/);
      }
    }),
    { numRuns: 50 },
  );
});

test('a link shows one of a few places, or nothing', () => {
  assert.equal(placeOf('morphine-studio://open'), 'studio');
  assert.equal(placeOf('morphine-studio://open/events'), 'events');
  const rest = fc.string().map((text) => `morphine-studio://${text}`);
  fc.assert(
    fc.property(fc.oneof(rest, fc.string(), fc.webUrl()), (link) => {
      const place = placeOf(link);
      assert.ok(place === null || /^(studio|sources|health|recording|markets|events)$/.test(place));
    }),
    { numRuns: 50 },
  );
  const given = ['--data', 'x', 'morphine-studio://open/events', 'MORPHINE-STUDIO://OPEN'];
  assert.deepEqual(splitLinks(given), { args: ['--data', 'x'], link: given[3] });
  const switches = ['--no-sandbox', '--ozone-platform=wayland', '--no-sandbox=1', '--inspect=9229'];
  assert.deepEqual(withoutWindowSwitches(switches), ['--no-sandbox=1', '--inspect=9229']);
});

/** An updater whose download ends when the test says so. */
function testUpdater(version: string | null) {
  const acts: string[] = [];
  let end: { done(): void; fail(cause: Error): void } = { done() {}, fail() {} };
  const updater: Updater = {
    installOnQuit: (isWanted) => void acts.push(`installOnQuit ${isWanted}`),
    async checkForUpdates() {
      acts.push('check');
      return { isUpdateAvailable: version !== null, updateInfo: { version: version ?? '' } };
    },
    downloadUpdate() {
      acts.push('download');
      return new Promise<void>((done, fail) => {
        end = { done, fail };
      });
    },
    cancelDownload() {
      acts.push('cancel');
      end.fail(new Error('cancelled'));
    },
    quitAndInstall: () => void acts.push('install'),
  };
  const states: UpdateState['state'][] = [];
  const updates = createUpdates({
    way: 'install',
    openUpdater: () => Promise.resolve(updater),
    onChange: ({ state }) => void states.push(state),
  });
  const until = async (state: string) => {
    while (updates.state().state !== state) await new Promise((next) => setImmediate(next));
  };
  return { updates, acts, states, until, finish: () => end.done() };
}

test('an update waits for the end of the show, at every step', async () => {
  const { updates, acts, states, until, finish } = testUpdater('9.0.0');
  updates.setLive(true);
  await updates.look();
  assert.deepEqual([acts, states], [[], ['waiting']]);
  updates.setLive(false);
  await until('loading');
  // A show begins while it is fetched: the rest is fetched after it.
  updates.setLive(true);
  await until('waiting');
  assert.equal(acts.at(-1), 'cancel');
  updates.setLive(false);
  await until('loading');
  finish();
  await until('ready');
  assert.equal(acts.at(-1), 'installOnQuit true');
  updates.setLive(true);
  assert.equal(acts.at(-1), 'installOnQuit false');
  assert.equal(updates.install(), false);
  assert.ok(!acts.includes('install'));
  updates.setLive(false);
  assert.equal(updates.install(), true);
  assert.deepEqual(acts.slice(-2), ['installOnQuit true', 'install']);
});

test('who is not in the staged roll-out hears of nothing; a failure is a sentence', async () => {
  const none = testUpdater(null);
  await none.updates.look();
  assert.equal(none.updates.state().state, 'newest');
  const failing = createUpdates({
    way: 'install',
    openUpdater: () => Promise.reject(new Error('no network')),
    onChange() {},
  });
  await failing.look();
  assert.deepEqual(failing.state(), { state: 'failed', reason: 'no network' });
});

test('updates are off without a place or a signer, and only told where nothing signs', () => {
  const signed = 'provider: generic\npublisherName:\n  - Somebody\n';
  assert.equal(updateWay('win32', null), 'offUnplaced');
  assert.equal(updateWay('win32', 'provider: generic\n'), 'offUnsigned');
  assert.equal(updateWay('win32', signed), 'install');
  assert.equal(updateWay('darwin', 'provider: generic\n'), 'install');
  assert.equal(updateWay('linux', signed), 'tell');
});

test('a window opens where a hand can reach it, whatever the file says', () => {
  const file = join(folder, 'window.json');
  const areas = [{ x: 0, y: 0, width: 1920, height: 1040 }];
  assert.deepEqual(readWindowState(file, areas), DEFAULT_WINDOW);
  const kept = { ...DEFAULT_WINDOW, bounds: { x: 40, y: 30, width: 1200, height: 700 } };
  writeWindowState(file, kept);
  assert.deepEqual(readWindowState(file, areas), kept);
  // The second screen is gone.
  writeWindowState(file, { ...kept, bounds: { x: 2500, y: 30, width: 1200, height: 700 } });
  assert.equal(readWindowState(file, areas).bounds, null);
  fc.assert(
    fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
      writeFileSync(file, text);
      assert.deepEqual(readWindowState(file, areas), DEFAULT_WINDOW);
    }),
    { numRuns: 50 },
  );
  for (const change of [{ version: 2 }, { more: 1 }, { isProtected: 'no' }]) {
    writeFileSync(file, JSON.stringify({ ...kept, ...change }));
    assert.deepEqual(readWindowState(file, areas), DEFAULT_WINDOW);
  }
});

test('the tray’s states differ in shape, not only in colour', () => {
  const states: TrayState[] = ['starting', 'ready', 'live', 'trouble'];
  const shapes = states.map((state) => {
    const pixels = trayPicture(state, 16);
    assert.equal(pixels.length, 16 * 16 * 4);
    return pixels.filter((_value, index) => index % 4 === 3).join(' ');
  });
  assert.equal(new Set(shapes).size, states.length);
});

test('menus speak both languages on every system, with tools for developers only there', () => {
  assert.equal(shellLanguage(['de-DE', 'zh-Hans-CN', 'en']), 'zh');
  assert.equal(shellLanguage([]), 'en');
  const nothing = () => {};
  const acts = {
    ...{ about: nothing, lookForUpdates: nothing, openViewerPage: nothing, protect: nothing },
    ...{ copyViewerLink: nothing, showDataFolder: nothing, showCrashReports: nothing },
    showCapture: nothing,
  };
  for (const platform of ['darwin', 'linux', 'win32'] as const) {
    for (const language of ['en', 'zh']) {
      const words = shellWords([language]);
      const at = { words, platform, isProtected: true, acts };
      const packed = JSON.stringify(menuTemplate({ ...at, isPackaged: true }));
      const checkout = JSON.stringify(menuTemplate({ ...at, isPackaged: false }));
      assert.ok(!packed.includes('toggleDevTools') && checkout.includes('toggleDevTools'));
      const labels = [...packed.matchAll(/"label":"([^"]*)"/g)].map(([, label]) => label);
      const chinese = labels.filter((label) => /\p{Script=Han}/u.test(label ?? ''));
      const ownName = platform === 'darwin' ? 1 : 0;
      assert.equal(chinese.length, language === 'zh' ? labels.length - ownName : 0);
    }
  }
});

test('settings that cannot be used: kept aside, quit, taken away, or not movable', async () => {
  const line = '/data/settings.json is of a newer version.';
  const name = 'settings.kept-2026-11-21-18-30-00.json';
  const moved: string[] = [];
  const questions: SettingsQuestion[] = [];
  const answered = (button: number, failure?: { code: string; message: string }) =>
    askAboutSettings({
      ...{ words: shellWords(['en']), line, name },
      async ask(question) {
        questions.push(question);
        return button;
      },
      keep(to) {
        if (failure) throw Object.assign(new Error(failure.message), { code: failure.code });
        moved.push(to);
      },
    });
  assert.equal(await answered(0), 'start');
  assert.deepEqual(moved, [name]);
  const [question] = questions;
  assert.ok(question?.detail.includes(line) && question.detail.includes(name), question?.detail);
  assert.equal(question?.buttons.length, 2);
  // Quit, or the box closed by Escape.
  assert.deepEqual(await answered(1), { line });
  assert.deepEqual(moved, [name], 'nothing moves unasked');
  assert.equal(await answered(0, { code: 'ENOENT', message: 'gone' }), 'start');
  const stuck = await answered(0, { code: 'EROFS', message: 'read-only file system' });
  assert.ok(stuck !== 'start');
  assert.ok(stuck.line.startsWith(line), 'the first reason is still named');
  assert.match(stuck.line, /read-only file system\)\. Move it by hand/);
});

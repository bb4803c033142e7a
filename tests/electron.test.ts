// Proves the app in the real Electron, where its runtime is: the window shows the studio through
// its port, a show goes live, a killed engine comes back, closing leaves nothing, one instance holds
// a data folder, and the window keeps its place. tests/shell.test.ts proves the shell under a double.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { _electron, type ElectronApplication } from 'playwright-core';
import type { ReadyFacts } from '../native/host/readyFile.ts';
import { buildIfStale } from '../scripts/build.ts';
import { electronRuntime } from '../scripts/electronRuntime.ts';
import { isAlive, root, waitFor } from './harness/studio.ts';

const runtime = electronRuntime(root);
const isWithoutScreen =
  process.platform === 'linux' && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY;

function whySkipped(): string | false {
  if (!runtime) return "Electron's runtime is not here; npm run desktop gets it";
  if (isWithoutScreen) return 'no screen: start it under xvfb-run';
  return false;
}

/** Chromium will not run its sandbox for root. */
const switches = process.getuid?.() === 0 ? ['--no-sandbox'] : [];

function launch(folder: string): Promise<ElectronApplication> {
  const args = ['--data', join(folder, 'data'), '--ready-file', join(folder, 'ready.json')];
  return _electron.launch({
    executablePath: runtime ?? '',
    args: [...switches, root, ...args, '--port', '0', '--relay-port', '0', '--source', 'demo:'],
    cwd: root,
  });
}

test('a show in the window of the real runtime', { skip: whySkipped() }, async (t) => {
  await buildIfStale({ force: false, say: () => {} });
  const folder = mkdtempSync(join(tmpdir(), 'morphine-electron-'));
  const app = await launch(folder);
  t.after(async () => {
    await app.close().catch(() => {});
    rmSync(folder, { recursive: true, force: true });
  });
  const facts = () => JSON.parse(readFileSync(join(folder, 'ready.json'), 'utf8')) as ReadyFacts;

  const page = await app.firstWindow();
  assert.equal(page.url(), 'app://morphine/');
  await page.getByRole('button', { name: 'Go live' }).press('Enter');
  await page.getByTestId('live').waitFor();

  const world = await page.evaluate(async () => ({
    bridge: Object.keys((window as unknown as { morphine: object }).morphine),
    node: ['require', 'process', 'module', 'Buffer'].filter((name) => name in window),
    isSecure: window.isSecureContext,
    h264: (await VideoEncoder.isConfigSupported({ codec: 'avc1.42E01F', width: 1280, height: 720 }))
      .supported,
  }));
  assert.deepEqual(world, { bridge: ['requestPort'], node: [], isSecure: true, h264: true });

  const names = await app.evaluate(({ app: main }) =>
    main.getAppMetrics().map(({ name, serviceName }) => name ?? serviceName ?? ''),
  );
  for (const name of ['engine', 'ledger', 'vision', 'relay']) {
    assert.ok(names.includes(`Morphine ${name}`), `${name} in ${names.join(', ')}`);
  }

  const { engine } = facts().processes;
  assert.ok(engine);
  process.kill(engine, 'SIGKILL');
  await waitFor('another engine', () => {
    const next = facts().processes.engine;
    return next !== null && next !== engine;
  });
  await page.locator('.studio[data-connected=true]').waitFor();
  await page.getByTestId('live').waitFor();

  const ours = Object.values(facts().processes).filter((pid) => pid !== null);
  const ended = app.waitForEvent('close');
  await page.close();
  await ended;
  await waitFor('the end of every process', () => ours.every((pid) => !isAlive(pid)));
  assert.equal(app.process().exitCode, 0);
  assert.equal(existsSync(join(folder, 'ready.json')), false);
});

test('one instance per data folder, and a link that only shows', {
  skip: whySkipped(),
}, async (t) => {
  await buildIfStale({ force: false, say: () => {} });
  const folder = mkdtempSync(join(tmpdir(), 'morphine-electron-'));
  const app = await launch(folder);
  t.after(async () => {
    await app.close().catch(() => {});
    rmSync(folder, { recursive: true, force: true });
  });
  const page = await app.firstWindow();
  await page.locator('.studio[data-connected=true]').waitFor();
  const told = page.evaluate(
    () =>
      new Promise<string>((done) => {
        window.addEventListener('message', ({ data }) => {
          if (data?.type === 'morphinePlace') done(String(data.place));
        });
      }),
  );
  const args = [
    ...switches,
    root,
    '--data',
    join(folder, 'data'),
    'morphine-studio://open/markets',
  ];
  const second = spawn(runtime ?? '', args, { cwd: root, stdio: 'ignore' });
  const code = await new Promise((done) => second.once('exit', done));
  assert.equal(code, 0);
  assert.equal(await told, 'markets');
});

test('the window keeps its place, and a broken file costs nothing else', {
  skip: whySkipped(),
}, async (t) => {
  await buildIfStale({ force: false, say: () => {} });
  const folder = mkdtempSync(join(tmpdir(), 'morphine-electron-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const boundsOf = (app: ElectronApplication) =>
    app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.getNormalBounds());
  const wanted = { x: 60, y: 50, width: 1100, height: 700 };
  const first = await launch(folder);
  await first.firstWindow();
  await first.evaluate(
    ({ BrowserWindow }, bounds) => BrowserWindow.getAllWindows()[0]?.setBounds(bounds),
    wanted,
  );
  await first.close();
  const second = await launch(folder);
  await second.firstWindow();
  const { width, height } = (await boundsOf(second)) ?? { width: 0, height: 0 };
  assert.deepEqual({ width, height }, { width: 1100, height: 700 });
  await second.close();
  writeFileSync(join(folder, 'data', 'window', 'window.json'), '{"version":');
  const third = await launch(folder);
  await third.firstWindow();
  assert.notEqual((await boundsOf(third))?.width, 1100);
  await third.close();
});

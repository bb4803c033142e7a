// Proves the app in the real Electron, where its runtime is: the window shows the studio through
// its port, a show goes live, a killed engine comes back, and closing leaves nothing. Without the
// runtime only what packs the app is read; tests/shell.test.ts proves the shell under a double.

import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
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
    args: [...switches, root, ...args, '--port', '0', '--relay-port', '0', '--seed', '1'],
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

test('what packs the app names what is there and shuts what must be shut', () => {
  const packing = readFileSync(join(root, 'electron-builder.yml'), 'utf8');
  const named = [...packing.matchAll(/resources\/[\w.]+/g)].map(([path]) => path);
  assert.ok(named.length >= 3);
  for (const path of named) assert.ok(existsSync(join(root, path)), path);
  for (const line of [
    'npmRebuild: false',
    'runAsNode: false',
    'enableNodeOptionsEnvironmentVariable: false',
    'enableNodeCliInspectArguments: false',
    'onlyLoadAppFromAsar: true',
    'enableEmbeddedAsarIntegrityValidation: true',
    'hardenedRuntime: true',
  ]) {
    assert.ok(packing.includes(line), line);
  }
  // The shell starts its children from the unpacked copy; it and its packages must be unpacked.
  const unpacked = packing.slice(packing.indexOf('asarUnpack:'), packing.indexOf('electronFuses:'));
  for (const path of ['out/main/**', 'node_modules/**']) assert.ok(unpacked.includes(path), path);
  const icon = readFileSync(join(root, 'resources/icon.png'));
  assert.equal(icon.toString('latin1', 1, 4), 'PNG');
  assert.ok(icon.readUInt32BE(16) >= 512, 'macOS wants an icon of 512 pixels or more');
});

// Proves a packed app, where there is one (MORPHINE_PACKED_APP names its program): it starts with
// nothing of the repository, its window is connected, the demo plays and is judged by the model, and
// every native module was loaded by the process that needs it. Packers have dropped them before.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { chromium } from 'playwright-core';
import type { ReadyFacts } from '../native/host/readyFile.ts';
import { lacksOn } from '../scripts/packageList.ts';
import { isAlive, waitFor } from './harness/studio.ts';

const program = process.env.MORPHINE_PACKED_APP ?? '';
const skip =
  program === ''
    ? 'nothing was packed here: Electron’s runtime could not be had (MORPHINE_PACKED_APP)'
    : false;

/** Starts it as a person would, but for its data and a door for the test's eyes. */
function start(folder: string): ChildProcess {
  const args = ['--data', join(folder, 'data'), '--ready-file', join(folder, 'ready.json')];
  const ports = ['--port', '0', '--relay-port', '0', '--rtmp-port', '0'];
  const root = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  // The fuses shut Node's inspector, so pages are looked at by Chromium's own door.
  return spawn(program, [...root, '--remote-debugging-port=0', ...args, ...ports, '--live'], {
    cwd: folder,
    stdio: 'inherit',
  });
}

async function pageOf(folder: string) {
  const file = join(folder, 'data', 'window', 'DevToolsActivePort');
  const port = await waitFor('the door of the window', () =>
    existsSync(file) ? readFileSync(file, 'utf8').split('\n')[0] : false,
  );
  const browser = await chromium.connectOverCDP(`http://127.0.0.1:${port}`);
  const page = await waitFor('the studio’s page', () =>
    browser
      .contexts()
      .flatMap((context) => context.pages())
      .find((one) => one.url() === 'app://morphine/'),
  );
  return { browser, page };
}

/** Lines of judged frames until one says what only a model can. */
async function judged(url: string, isEnough: (line: string) => boolean): Promise<string> {
  const answer = await fetch(new URL('/facts', url));
  assert.equal(answer.status, 200);
  let rest = '';
  assert.ok(answer.body);
  for await (const piece of answer.body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + piece).split('\n');
    rest = lines.pop() ?? '';
    const line = lines.find(isEnough);
    if (line !== undefined) return line;
  }
  throw new Error('The facts ended');
}

test('the packed app plays the demo with every native module', { skip }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'morphine-packed-'));
  const child = start(folder);
  const ended = new Promise<number | null>((done) => child.once('exit', (code) => done(code)));
  t.after(() => {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });
  const readyFile = join(folder, 'ready.json');
  const facts = await waitFor('a live studio', () => {
    if (child.exitCode !== null) throw new Error(`It ended with ${child.exitCode}`);
    if (!existsSync(readyFile)) return false;
    const read = JSON.parse(readFileSync(readyFile, 'utf8')) as ReadyFacts;
    return read.state === 'live' && read.viewer !== null ? read : false;
  });

  // The ledger: better-sqlite3. The relay and the engine: node-datachannel, and a viewer's link.
  const { engine, ledger, vision, relay } = facts.processes;
  for (const pid of [engine, ledger, vision, relay]) assert.ok(pid && isAlive(pid));
  assert.equal((await fetch(String(facts.viewer))).status, 200);

  const { browser, page } = await pageOf(folder);
  await page.locator('.studio[data-connected=true]').waitFor();
  await page.getByTestId('live').waitFor();
  await browser.close();

  // ONNX Runtime: a ball is a word of the model's. Where there is none, motion must do.
  const target = { platform: process.platform, arch: process.arch } as never;
  const isModelled = lacksOn(target).length === 0;
  await judged(String(facts.health), (line) => (isModelled ? /ball/.test(line) : line !== ''));

  if (process.platform === 'win32') child.kill();
  else {
    process.kill(Number(child.pid), 'SIGTERM');
    assert.equal(await ended, 0);
    await waitFor('the end of every process', () =>
      [engine, ledger, vision, relay].every((pid) => pid === null || !isAlive(pid)),
    );
  }
});

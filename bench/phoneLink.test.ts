// Proves the bad radio of the figure `phone`: bytes come through whole and no sooner than its delay
// there and back, and after another network came the old connection is dead while a fresh one works.
// Needs Python, a TUN device and network namespaces; skipped and counted where they are not.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { NAMESPACE, whyNoRadio } from './phone.ts';

const DELAY_MS = 40;

/** Runs inside the second namespace: CommonJS text for `node -e`. */
const CLIENT = `
const net = require('node:net');
const fs = require('node:fs');
const ask = (socket) => new Promise((done) => {
  const startMs = performance.now();
  socket.once('data', (data) => done({ text: data.toString(), tookMs: performance.now() - startMs }));
  socket.write('ping');
});
const open = () => new Promise((done) => {
  const socket = net.connect(8080, '10.77.0.1', () => done(socket));
  socket.setNoDelay(true);
});
(async () => {
  const old = await open();
  const first = await ask(old);
  fs.writeSync(3, 'off on ');
  // The radio has read it once a fresh connection comes through.
  let isOldAlive = false;
  old.on('data', () => { isOldAlive = true; });
  const fresh = await open();
  old.write('late');
  const second = await ask(fresh);
  for (let at = 0; at < 5; at++) await ask(fresh);
  console.log(JSON.stringify({ first, second, isOldAlive }));
  process.exit(0);
})();
`;

test('the radio delays, and another network kills what was connected before', {
  skip: whyNoRadio() || false,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'morphine-radio-'));
  const path = join(folder, 'echo.sock');
  const server = createServer((socket) => socket.on('error', () => {}).pipe(socket));
  await new Promise<void>((done) => void server.listen(path, done));
  const [program, ...rest] = NAMESPACE;
  const link = join(import.meta.dirname, 'phoneLink.py');
  const args = [...rest, 'python3', link, path, `${DELAY_MS}`, '0', '1', process.execPath, '-e'];
  const output = await new Promise<string>((done, fail) => {
    execFile(program, [...args, CLIENT], { timeout: 60_000 }, (error, stdout, stderr) => {
      if (error) fail(new Error(`${error.message}\n${stderr}`));
      else done(stdout);
    });
  });
  server.close();
  rmSync(folder, { recursive: true, force: true });
  type Asked = { text: string; tookMs: number };
  const seen = JSON.parse(output) as { first: Asked; second: Asked; isOldAlive: boolean };
  assert.equal(seen.first.text, 'ping');
  assert.equal(seen.second.text, 'ping');
  assert.ok(seen.first.tookMs >= 2 * DELAY_MS - 1 && seen.second.tookMs >= 2 * DELAY_MS - 1);
  assert.equal(seen.isOldAlive, false);
});

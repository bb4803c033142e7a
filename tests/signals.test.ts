// Proves that a studio ends clean however a person ends it: SIGINT and SIGTERM to the supervisor,
// and to `npm start` itself. Exit code 0, no ready file, no process, an undamaged ledger.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { isAlive, type ReadyFacts, root, startStudio, waitFor } from './harness/studio.ts';

const folder = mkdtempSync(join(tmpdir(), 'morphine-signals-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const posixSkip = process.platform === 'win32' ? 'there are no signals here' : false;

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`${signal} to the supervisor`, { skip: posixSkip }, async () => {
    const studio = await startStudio();
    const { pid, processes } = studio.facts();
    process.kill(pid, signal);
    assert.equal(await studio.exited, 0, studio.output());
    assert.throws(() => studio.facts(), /ENOENT/);
    assert.ok(Object.values(processes).every((id) => id !== null && !isAlive(id)));
    rmSync(studio.folder, { recursive: true, force: true });
  });
}

test('SIGTERM to npm start itself', { skip: posixSkip }, async () => {
  const ready = join(folder, 'ready.json');
  const flags = ['--headless', '--live', '--data', join(folder, 'data'), '--ready-file', ready];
  const npm = spawn('npm', ['start', '--', ...flags, '--port', '0', '--relay-port', '0'], {
    cwd: root,
    stdio: 'ignore',
  });
  const exited = new Promise<number | null>((done) => npm.once('exit', (code) => done(code)));
  const isLive = () => {
    try {
      return (JSON.parse(readFileSync(ready, 'utf8')) as ReadyFacts).state === 'live';
    } catch {
      return false;
    }
  };
  await waitFor('the show', isLive);
  const { pid, processes } = JSON.parse(readFileSync(ready, 'utf8')) as ReadyFacts;
  npm.kill('SIGTERM');
  assert.equal(await exited, 0);
  await waitFor('every process to end', () =>
    [pid, ...Object.values(processes)].every((id) => id !== null && !isAlive(id)),
  );
  assert.equal(existsSync(ready), false);
});

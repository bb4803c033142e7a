// Proves the command line of `npm run relay`: every wrong flag is refused with one line that names
// flag and fix, which the real program says before it ends with exit code 2; a good start writes its
// ready file, answers, and ends cleanly on a signal.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  watch,
  writeFileSync,
} from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, test } from 'node:test';
import { BadCommandLine, openRelay } from './relay.ts';

const script = resolve(import.meta.dirname, 'relay.ts');
const folder = mkdtempSync(join(tmpdir(), 'relay-command-'));
const children = new Set<ChildProcess>();
after(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

function start(args: readonly string[], databaseUrl = '') {
  const child = spawn(process.execPath, [script, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, INIT_CWD: folder, DATABASE_URL: databaseUrl },
  });
  children.add(child);
  let errors = '';
  child.stderr.on('data', (part: Buffer) => {
    errors += part.toString();
  });
  child.stdout.resume();
  const ended = once(child, 'close').then(([code, signal]) => {
    children.delete(child);
    return { code, signal, errors };
  });
  return { child, ended };
}

async function readyFacts(path: string): Promise<Record<string, unknown>> {
  while (!existsSync(path)) {
    const watcher = watch(folder);
    if (!existsSync(path)) await once(watcher, 'change');
    watcher.close();
  }
  return JSON.parse(readFileSync(path, 'utf8'));
}

test('wrong flags are refused in one line that names the flag', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  writeFileSync(join(folder, 'a-file'), 'not a folder');
  writeFileSync(join(folder, 'bad-owners'), 'x\n');
  const data = ['--data', 'd'];
  const cases: [RegExp, string[], string?][] = [
    [/--nonsense.*Known flags/, ['--nonsense']],
    [/Unexpected argument here/, ['here']],
    [/--port.*65535.*70000/, ['--port', '70000']],
    [/--port.*65535.*x/, ['--port', 'x']],
    [new RegExp(`--port ${port} is in use`), [...data, '--port', `${port}`]],
    [/--public-url.*http/, ['--public-url', 'ftp://x']],
    [/--cert and --key/, ['--cert', 'a.pem']],
    [/--cert .*missing\.pem cannot be read/, [...data, '--cert', 'missing.pem', '--key', 'k']],
    [/--owners .*missing cannot be read/, [...data, '--owners', 'missing']],
    [/--owners .*bad-owners line 1/, [...data, '--owners', 'bad-owners']],
    [/--ice-server must be/, [...data, '--ice-server', 'http://x']],
    [/--ice-server .*MORPHINE_TURN_SECRET/, [...data, '--ice-server', 'turn:t.example']],
    [/--udp-port .*1 to 65535.*0/, ['--udp-port', '0']],
    [/--announce .*IP address.*here/, [...data, '--announce', 'here']],
    [/--acme takes a public name.*10\.0\.0\.1/, ['--acme', '10.0.0.1']],
    [/--acme-email belongs to --acme/, ['--acme-email', 'me@example.org']],
    [/--acme-port .*0/, ['--acme', 'live.example.org', '--acme-port', '0']],
    [/--host 9\.9\.9\.9 .*public.*plain/, [...data, '--host', '9.9.9.9']],
    [/--public-url .*plain HTTP/, [...data, '--public-url', 'http://live.example.org']],
    [/--host .*no address/, [...data, '--host', '192.0.2.77', '--port', '0']],
    [/--database is no flag.*DATABASE_URL/, ['--database', 'postgres://me:5ecret@h/x']],
    [/--database is no flag.*DATABASE_URL/, ['--database=postgres://me:5ecret@h/x']],
    [/DATABASE_URL .*postgres:/, [...data, '--port', '0'], 'mysql://me:5ecret@h/x'],
    [/DATABASE_URL .*127\.0\.0\.1:1/, data, 'postgres://me:5ecret@127.0.0.1:1/x'],
    [/--data .*a-file/, ['--data', 'a-file/below', '--port', '0']],
  ];
  const before = process.env.DATABASE_URL;
  for (const [line, args, databaseUrl] of cases) {
    process.env.DATABASE_URL = databaseUrl ?? '';
    const refusal = await openRelay(args, folder).then(
      ({ relay }) => relay.close(),
      (error: unknown) => error,
    );
    assert.ok(refusal instanceof BadCommandLine, `${args.join(' ')}: ${refusal}`);
    assert.match(refusal.message, line);
    assert.equal(refusal.message.includes('5ecret'), false, 'no password is told');
    assert.equal(refusal.message.trim().includes('\n'), false, refusal.message);
  }
  if (before === undefined) delete process.env.DATABASE_URL;
  else process.env.DATABASE_URL = before;
  taken.close();
});

test('the program says it on one line and ends with 2', async () => {
  const cases: [RegExp, string[], string?][] = [
    [/^Unknown flag --nonsense/, ['--nonsense']],
    [/^DATABASE_URL .*postgres:/, ['--data', 'e', '--port', '0'], 'mysql://me:5ecret@h/x'],
    [/^--data .*b-file/, ['--data', 'b-file/below', '--port', '0']],
  ];
  writeFileSync(join(folder, 'b-file'), 'not a folder');
  await Promise.all(
    cases.map(async ([line, args, databaseUrl]) => {
      const { code, errors } = await start(args, databaseUrl).ended;
      assert.equal(code, 2, `${args.join(' ')}: ${errors}`);
      assert.match(errors, line);
      assert.equal(errors.includes('5ecret'), false, 'no password is told');
      assert.equal(errors.trim().split('\n').length, 1, errors);
    }),
  );
});

test('a start writes the ready file, answers, and ends with 0 on SIGTERM', async () => {
  const readyFile = join(folder, 'ready.json');
  writeFileSync(readyFile, 'stale');
  const args = ['--port', '0', '--data', 'data', '--ready-file', 'ready.json'];
  rmSync(readyFile);
  const { child, ended } = start(args);
  const facts = await readyFacts(readyFile);
  assert.deepEqual(Object.keys(facts).sort(), [
    'data',
    'health',
    'metrics',
    'pid',
    'relay',
    'state',
    'version',
  ]);
  assert.equal(facts.version, 1);
  assert.equal(facts.state, 'ready');
  assert.equal(facts.pid, child.pid);
  assert.equal(facts.data, join(folder, 'data'));
  if (process.platform !== 'win32') assert.equal(statSync(readyFile).mode & 0o777, 0o600);
  assert.equal((await fetch(String(facts.health))).status, 200);
  assert.match(await (await fetch(String(facts.metrics))).text(), /morphine_relay_open/);

  const second = start(['--port', '0', '--data', 'data']);
  const refused = await second.ended;
  assert.equal(refused.code, 2);
  assert.match(refused.errors, /--data .*in use by another relay/);

  child.kill('SIGTERM');
  const { code } = await ended;
  assert.equal(code, 0);
  assert.equal(existsSync(readyFile), false);
});

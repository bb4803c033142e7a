// Proves how a studio refuses to start: exit code 2, one line that names the thing and the fix,
// before it was ever ready. Real processes, real files, real ports, real small disks.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type RunningStudio, root, startStudio } from './harness/studio.ts';

const folder = mkdtempSync(join(tmpdir(), 'morphine-refused-'));
after(() => rmSync(folder, { recursive: true, force: true }));

type Ended = { code: number | null; line: string; all: string };

/** What is not refused would run for ever, ms. */
const HANG_MS = 60_000;

/** Runs the studio to its end; everything refused here must end by itself. */
function run(args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  const child = spawn(
    process.execPath,
    [join(root, 'scripts/launch.mjs'), 'scripts/start.ts', '--headless', ...args],
    {
      cwd: root,
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, MORPHINE_LOG: 'error', INIT_CWD: folder, ...env },
    },
  );
  let all = '';
  child.stdout.on('data', (chunk) => {
    all += chunk;
  });
  const guard = setTimeout(() => child.kill('SIGTERM'), HANG_MS);
  return new Promise((done) => {
    child.once('exit', (code) => {
      clearTimeout(guard);
      done({ code, all, line: all.trim() });
    });
  });
}

function expectRefusal(ended: Ended, line: RegExp): void {
  assert.equal(ended.code, 2, ended.all);
  assert.match(ended.line, line);
  assert.ok(!ended.line.includes('\n'), `one line, not: ${ended.line}`);
}

const fresh = () => ['--data', mkdtempSync(join(folder, 'data-')), '--port', '0'];

test('an unknown flag', async () => {
  expectRefusal(await run(['--hedless']), /Unknown flag --hedless/);
});

test('an unknown scheme', async () => {
  expectRefusal(await run([...fresh(), '--source', 'carrier-pigeon:x']), /--source.*demo:/);
});

test('a value out of range', async () => {
  expectRefusal(await run(['--port', '99999']), /--port takes a whole number/);
});

test('a missing file', async () => {
  expectRefusal(await run([...fresh(), '--source', 'file:nothing.mp4']), /--source.*nothing\.mp4/);
});

test('a file without video', async () => {
  const path = join(folder, 'sound.wav');
  writeFileSync(path, silentWave());
  expectRefusal(await run([...fresh(), '--source', `file:${path}`]), /--source.*sound\.wav/);
});

/** A tenth of a second of silence: RIFF, 8 kHz, 16 bit, mono. */
function silentWave(): Buffer {
  const samples = 800;
  const wave = Buffer.alloc(44 + samples * 2);
  wave.write('RIFF', 0);
  wave.writeUInt32LE(36 + samples * 2, 4);
  wave.write('WAVEfmt ', 8);
  wave.writeUInt32LE(16, 16);
  wave.writeUInt16LE(1, 20);
  wave.writeUInt16LE(1, 22);
  wave.writeUInt32LE(8000, 24);
  wave.writeUInt32LE(16_000, 28);
  wave.writeUInt16LE(2, 32);
  wave.writeUInt16LE(16, 34);
  wave.write('data', 36);
  wave.writeUInt32LE(samples * 2, 40);
  return wave;
}

test('a named port in use, the studio’s and the relay’s', async (t) => {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  t.after(() => server.close());
  const address = server.address();
  assert.ok(address && typeof address === 'object');
  const taken = String(address.port);
  const data = () => ['--data', mkdtempSync(join(folder, 'data-'))];
  const [studio, relay] = await Promise.all([
    run([...data(), '--port', taken, '--relay-port', '0']),
    run([...data(), '--port', '0', '--relay-port', taken]),
  ]);
  expectRefusal(studio, new RegExp(`--port ${taken} is in use`));
  expectRefusal(relay, new RegExp(`--relay-port ${taken}`));
});

test('bad settings', async () => {
  const data = mkdtempSync(join(folder, 'data-'));
  writeFileSync(join(data, 'settings.json'), '{"version":1,"titel":"Derby"}');
  expectRefusal(await run(['--data', data]), /settings\.json.*titel/);
});

test('two studios on one data folder, then a ledger from a newer version', async () => {
  const data = mkdtempSync(join(folder, 'data-'));
  const first = await startStudio({ dataFolder: data, isLive: false, args: ['--seed', '1'] });
  try {
    const second = await run(['--data', data, '--port', '0', '--relay-port', '0']);
    expectRefusal(second, /in use/);
    assert.ok(second.line.includes(data), second.line);
    checkReadyFile(first);
  } finally {
    assert.equal(await first.stop(), 0);
  }
  // The number stands at byte 60 of the file's header (SQLite file format, section 1.3).
  const file = openSync(join(data, 'ledger.db'), 'r+');
  writeSync(file, Uint8Array.of(0, 0, 39, 15), 0, 4, 60);
  closeSync(file);
  expectRefusal(await run(['--data', data, '--port', '0', '--relay-port', '0']), /newer/);
});

/** Private, with every key and all the ways in. */
function checkReadyFile(studio: RunningStudio): void {
  const { mode } = statSync(join(studio.folder, 'ready.json'));
  assert.equal(mode & 0o777, 0o600);
  const keys = ['version', 'pid', 'processes', 'state', 'studio', 'viewer', 'view', 'whep', 'whip'];
  keys.push('ingest', 'channel', 'relay', 'metrics', 'health');
  keys.push('source', 'nextSource', 'demo', 'data');
  const facts = studio.facts();
  assert.deepEqual(Object.keys(facts), keys);
  assert.match(facts.ingest?.whip.url ?? '', /^http:\/\/127\.0\.0\.1:\d+\/whip$/);
  assert.match(facts.ingest?.rtmp.url ?? '', /^rtmp:\/\/127\.0\.0\.1:\d+\/live$/);
  assert.match(facts.ingest?.rtmp.key ?? '', /^[0-9a-f]{32}$/);
  assert.match(facts.ingest?.whip.token ?? '', /^[0-9a-f]{64}$/);
}

const mountSkip =
  process.getuid?.() === 0 && process.platform === 'linux'
    ? false
    : 'needs root on Linux to mount a small disk';

test('an unwritable data folder, also for root', { skip: mountSkip }, async (t) => {
  const path = mkdtempSync(join(folder, 'ro-'));
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'ro,size=64k', 'tmpfs', path]).status !== 0) {
    return t.skip('mounting is not allowed here');
  }
  try {
    expectRefusal(await run(['--data', path]), /--data .*read-only/);
  } finally {
    spawnSync('umount', [path]);
  }
});

test('a stale ready file is removed first thing', async () => {
  const ready = join(folder, 'ready.json');
  writeFileSync(ready, '{"stale":true}');
  const ended = await run([...fresh(), '--ready-file', ready, '--source', 'file:nothing.mp4']);
  assert.equal(ended.code, 2);
  assert.equal(existsSync(ready), false);
});

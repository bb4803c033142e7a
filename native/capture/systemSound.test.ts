// Proves with a real PulseAudio (its null output, started here) that what this computer plays takes
// the place of the source's sound and gives it back; that a server which is not there, or went away,
// is named and asked again; and that an ffmpeg without PulseAudio is refused by name.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { builds } from '../ffmpeg/testing/builds.ts';
import { SourceError } from './sourceError.ts';
import { decodeSound } from './testing/decode.ts';
import { watchCapture } from './testing/watchCapture.ts';

const ffmpeg = builds.find((build) => build.ffmpeg?.demuxers.has('pulse'))?.ffmpeg ?? null;
const anyFfmpeg = builds.find((build) => build.ffmpeg)?.ffmpeg ?? null;
const hasServer = spawnSync('pulseaudio', ['--version']).status === 0;
const folder = mkdtempSync(join(tmpdir(), 'pulse-'));
const socket = join(folder, 'native');
const children = new Set<ChildProcess>();
after(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

function run(program: string, words: readonly string[]): ChildProcess {
  const environment = { ...process.env, HOME: folder, XDG_RUNTIME_DIR: folder };
  const child = spawn(program, words, { stdio: 'ignore', env: environment });
  children.add(child);
  return child;
}

async function startServer(): Promise<ChildProcess> {
  const own = ['--daemonize=no', '--exit-idle-time=-1', '-n', '--load=module-null-sink'];
  const door = `--load=module-native-protocol-unix socket=${socket} auth-anonymous=1`;
  const child = run('pulseaudio', [...own, door]);
  while (!existsSync(socket)) await wait(20);
  return child;
}

test('what this computer plays is the show’s sound while it is chosen', {
  skip: !ffmpeg ? 'no ffmpeg with PulseAudio' : hasServer ? false : 'no pulseaudio',
}, async (t) => {
  if (!ffmpeg) return;
  process.env.PULSE_SERVER = `unix:${socket}`;
  const { capture, units, until } = watchCapture(ffmpeg, '.');
  t.after(() => capture.close());
  await capture.select('test:');
  const sounds = () => units.filter(({ track }) => track === 'audio');
  await until(() => sounds().length > 5);
  capture.setSystemSound(true);
  await until(() =>
    /No PulseAudio or PipeWire answers/.test(capture.state().systemSound?.reason ?? ''),
  );
  const silent = sounds().length;
  const server = await startServer();
  run(ffmpeg.path, '-v error -re -f lavfi -i sine=frequency=700 -f pulse out'.split(' '));
  await until(() => capture.state().systemSound?.isLive === true && sounds().length > silent + 20);
  const isHeard = () => Math.max(...decodeSound(ffmpeg, sounds().slice(-20)).map(Math.abs)) > 1_000;
  let from = sounds().length;
  while (!isHeard()) {
    await until(() => sounds().length > from + 25);
    from = sounds().length;
  }
  const times = sounds().map(({ captureUs }) => captureUs);
  assert.ok(
    times.every((us, at) => us > (times[at - 1] ?? 0)),
    'times only rise',
  );
  server.kill('SIGKILL');
  await until(() => capture.state().systemSound?.isLive === false);
  assert.equal(capture.state().state, 'live', 'the show goes on');
  capture.setSystemSound(false);
  assert.equal(capture.state().systemSound, undefined);
  from = sounds().length;
  await until(() => sounds().length > from + 5);
});

test('an ffmpeg that cannot hear this computer is named with what to do', {
  skip: anyFfmpeg ? false : 'no ffmpeg',
}, async () => {
  if (!anyFfmpeg) return;
  const { capture } = watchCapture({ ...anyFfmpeg, demuxers: new Set(['nut']) }, '.');
  assert.throws(
    () => capture.setSystemSound(true),
    (error) => error instanceof SourceError && /has no pulse.*MORPHINE_FFMPEG/.test(error.message),
  );
  await capture.close();
});

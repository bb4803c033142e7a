// Proves with real processes that an ffmpeg child is minded: one that does not start, that fails,
// that is silent and that is told to stop all end in one onEnd with a reason; that no credential
// stays in what it said; and that none outlives a parent that was killed by SIGKILL.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { realTimers } from '../../core/base/clock.ts';
import { silentLogger } from '../../core/base/logger.ts';
import { type Ffmpeg, hasFfmpeg, resolveFfmpeg } from './resolve.ts';
import { type FfmpegEnd, type FfmpegProcess, maskCredentials, spawnFfmpeg } from './spawn.ts';
import { builds } from './testing/builds.ts';

type Run = { child: FfmpegProcess; end: Promise<FfmpegEnd>; helpers: [number, boolean][] };

function run(ffmpeg: Ffmpeg, args: string[], silenceMsMax = 0, hasInput = false): Run {
  const helpers: [number, boolean][] = [];
  let child: FfmpegProcess | undefined;
  const end = new Promise<FfmpegEnd>((done) => {
    child = spawnFfmpeg({
      ffmpeg,
      arguments: args,
      outputs: [1],
      hasInput,
      timers: realTimers,
      logger: silentLogger,
      onHelper: (pid, alive) => helpers.push([pid, alive]),
      onData() {},
      onEnd: done,
      silenceMsMax,
    });
  });
  assert.ok(child);
  return { child, end, helpers };
}

const RAW_INPUT = ['-f', 'rawvideo', '-pix_fmt', 'yuv420p', '-s', '64x64', '-i', 'pipe:0'];

for (const { name, ffmpeg, skip } of builds) {
  test(`the ends of ${name}`, { skip }, async () => {
    if (!ffmpeg) return;
    const failed = run(ffmpeg, ['-i', 'file:/nothing/here.mp4', '-f', 'null', '-']);
    const failure = await failed.end;
    assert.match(failure.reason, /No such file/);
    assert.equal(failure.code, 1);
    assert.equal(failure.wasKilled, false);
    const pid = failed.child.pid ?? 0;
    assert.deepEqual(failed.helpers, [
      [pid, true],
      [pid, false],
    ]);
    const silent = await run(ffmpeg, [...RAW_INPUT, '-f', 'nut', 'pipe:1'], 400, true).end;
    assert.equal(silent.wasSilent, true);
    assert.match(silent.reason, /gave no more output/);
    const endless = ['-re', '-f', 'lavfi', '-i', 'testsrc', '-f', 'nut', 'pipe:1'];
    const stopped = run(ffmpeg, endless);
    stopped.child.setPaused(1, true);
    await stopped.child.kill();
    assert.equal((await stopped.end).wasKilled, true);
    assert.equal(isAlive(stopped.child.pid ?? 0), false);
  });
}

test('a program that is not there is an end with a reason', async () => {
  const [build] = builds.filter(({ ffmpeg }) => ffmpeg);
  const facts = build?.ffmpeg ?? ({ path: '', passthrough: [], deathPrefix: [] } as never);
  const end = await run({ ...facts, path: '/nothing/here', deathPrefix: [] }, ['-version']).end;
  assert.match(end.reason, /ENOENT/);
});

test('a wrong path is named, and without any there is a sentence with the fix', async () => {
  for (const [options, expected] of [
    [{ environmentPath: '/nothing/here' }, /MORPHINE_FFMPEG does not work: .*is not there/],
    [{ configuredPath: process.execPath }, /the settings does not work/],
    [{ searchPath: '', packagedPath: null }, /No ffmpeg .*Install ffmpeg/],
  ] as const) {
    const choice = await resolveFfmpeg(options);
    assert.equal(hasFfmpeg(choice), false);
    if (!hasFfmpeg(choice)) assert.match(choice.reason, expected);
  }
});

test('no credential stays in a line', () => {
  const line = maskCredentials(
    "rtmp://user:pa55@host/app?stream_key=s3cret&x=1 'https://h/a?token=t0p&passphrase=pp'",
  );
  assert.equal(
    line,
    "rtmp://***@host/app?stream_key=***&x=1 'https://h/a?token=***&passphrase=***'",
  );
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Starts a parent of one ffmpeg, kills the parent, and says whether ffmpeg was gone after 3 s. */
async function isGoneWithParent(path: string, tie: string, args: readonly string[]) {
  const script = join(import.meta.dirname, 'testing', 'orphan.ts');
  const parent: ChildProcess = spawn(process.execPath, [script, path, tie, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [text] = (await once(parent.stdout ?? parent, 'data')) as [Buffer];
  const pid = Number(text.toString().split('\n')[0]);
  assert.ok(isAlive(pid));
  parent.kill('SIGKILL');
  await once(parent, 'close');
  const endMs = performance.now() + 3_000;
  while (isAlive(pid) && performance.now() < endMs) await wait(20);
  const isGone = !isAlive(pid);
  if (!isGone) process.kill(pid, 'SIGKILL');
  return isGone;
}

for (const { name, ffmpeg, skip } of builds) {
  const writing = [
    '-re',
    '-f',
    'lavfi',
    '-i',
    'testsrc',
    '-f',
    'nut',
    '-flush_packets',
    '1',
    'pipe:1',
  ];
  // Says something once and then only burns its input: no closing pipe would ever stop it.
  const mute = [
    ...['-re', '-f', 'lavfi', '-i', 'testsrc', '-frames:v', '1', '-f', 'nut', 'pipe:1'],
    ...['-f', 'null', '-'],
  ];
  test(`no orphan of ${name} after SIGKILL: its pipe is closed`, { skip }, async () => {
    assert.ok(await isGoneWithParent(ffmpeg?.path ?? '', 'untied', writing));
  });
  const noPrefix = ffmpeg?.deathPrefix.length ? false : 'this system has no setpriv';
  test(`no orphan of ${name} after SIGKILL: the kernel ends it`, {
    skip: skip || noPrefix,
  }, async () => {
    assert.ok(await isGoneWithParent(ffmpeg?.path ?? '', 'tied', mute));
  });
}

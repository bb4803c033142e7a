// Proves the measurement with the real ffmpeg and a real relay: it comes to figures within its limit,
// its children end with it, an uplink's figure is what the relay saw, and what came of it is found
// again. How fast this machine is is not judged.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { realTimers } from '../../../core/base/clock.ts';
import { silentLogger } from '../../../core/base/logger.ts';
import type { FirstRunView, Machine } from '../../../core/contract/firstRun.ts';
import { RpcError } from '../../../core/contract/rpc.ts';
import type { Caller } from '../../../core/contract/rpcCalls.ts';
import { pictureTargetOf } from '../../../core/media/pictureTarget.ts';
import { UPLINK_BODY_BYTES_MAX } from '../../../core/wire/uplinkTrial.ts';
import { startTestRelay, TestStudio } from '../../../relay/testing/harness.ts';
import { hasFfmpeg, resolveFfmpeg } from '../../ffmpeg/resolve.ts';
import { measureEncoder } from './encoderSpeed.ts';
import { type FirstRunOptions, openFirstRunRoom } from './firstRunRoom.ts';
import { measureUplink, type UplinkAround } from './uplinkSpeed.ts';

const folder = mkdtempSync(join(tmpdir(), 'first-run-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const owner = { role: 'owner', clientId: 'test' } as Caller;
const monotonicMs = () => performance.now();
const ffmpeg = await resolveFfmpeg({ environmentPath: process.env.MORPHINE_FFMPEG });
const skip = hasFfmpeg(ffmpeg) ? false : 'no ffmpeg was found';
const random = (length: number) => new Uint8Array(length);

const MACHINE: Machine = {
  processor: { name: 'A processor', cores: 4, idlePercent: 60 },
  uplink: { state: 'here', kilobitsPerSecond: null, reason: '' },
  speeds: [{ encoder: 'x264', height: 720, timesRealTime: 5 }],
  speedReason: '',
  vision: { provider: 'cpu', model: 'a model', medianMs: 8 },
  commitsPerSecond: 300,
};

test('an encoder is measured; its child ends with it, and at once when it is stopped', {
  skip,
}, async () => {
  if (!hasFfmpeg(ffmpeg)) return;
  const alive = new Set<number>();
  const onHelper = (pid: number, isAlive: boolean) =>
    void (isAlive ? alive.add(pid) : alive.delete(pid));
  const around = { timers: realTimers, logger: silentLogger, monotonicMs, onHelper };
  const target = pictureTargetOf({
    ...{ intent: 'balanced', height: 360, framesPerSecond: 30, encoder: 'x264' },
  });
  const { timesRealTime, reason } = await measureEncoder(ffmpeg, target, around, () => false);
  assert.ok(timesRealTime !== null && timesRealTime > 0, reason);
  assert.equal(alive.size, 0);
  const stopped = await measureEncoder(ffmpeg, target, around, () => true);
  assert.equal(stopped.timesRealTime, null);
  assert.equal(alive.size, 0);
  const absent = await measureEncoder(
    { ...ffmpeg, path: join(folder, 'no-such-program'), deathPrefix: [] },
    ...([target, around, () => false] as const),
  );
  assert.equal(absent.timesRealTime, null);
  assert.notEqual(absent.reason, '');
});

test('an uplink is measured by whoever may publish; everybody else and too much is refused', async () => {
  const relay = await startTestRelay({ dataFolder: join(folder, 'relay') });
  const studio = new TestStudio(relay.localUrl);
  try {
    const { whipUrl, whipToken } = await studio.ready();
    const token = whipToken;
    const around: UplinkAround = {
      ...{ fetch, random, monotonicMs, isRelayHere: false },
      whip: () => ({ url: whipUrl, token }),
    };
    const { signal } = new AbortController();
    const found = await measureUplink(around, signal);
    assert.equal(found.state, 'measured', found.reason);
    assert.ok((found.kilobitsPerSecond ?? 0) > 0);
    const stranger = { ...around, whip: () => ({ url: whipUrl, token: 'f'.repeat(64) }) };
    assert.match((await measureUplink(stranger, signal)).reason, /refused to measure \(401\)/);
    assert.equal((await measureUplink({ ...around, isRelayHere: true }, signal)).state, 'here');
    const away = await measureUplink({ ...around, whip: () => null }, signal);
    assert.equal(away.state, 'failed');
    const older = async () => new Response('', { status: 405 });
    const old = await measureUplink({ ...around, fetch: older as typeof fetch }, signal);
    assert.match(old.reason, /older/);
    const url = whipUrl.replace('/whip/', '/uplink/');
    const headers = { authorization: `Bearer ${token}` };
    const body = new Uint8Array(UPLINK_BODY_BYTES_MAX + 1);
    const tooMuch = await fetch(url, { method: 'POST', headers, body }).catch(() => null);
    assert.ok(tooMuch === null || tooMuch.status === 413);
    const page = { ...headers, origin: 'https://elsewhere.example' };
    const asked = await fetch(url, { method: 'POST', headers: page, body: 'a' });
    assert.equal(asked.status, 401);
  } finally {
    studio.close();
    await relay.close();
  }
});

type Told = { views: FirstRunView[]; live(): void };

async function open(change: Partial<FirstRunOptions> = {}) {
  const told: Told = { views: [], live: () => {} };
  const room = await openFirstRunRoom({
    configuration: { dataFolder: folder, isFirstRunOffered: true },
    logger: silentLogger,
    measure: {
      ...{
        timers: realTimers,
        ffmpeg,
        speed: { timers: realTimers, logger: silentLogger, monotonicMs },
      },
      uplink: { fetch, random, monotonicMs, isRelayHere: true, whip: () => null },
      ...{ trials: () => [], tryEncoders() {}, vision: () => MACHINE.vision },
      commitsPerSecond: () => MACHINE.commitsPerSecond,
      measureEncoder: async () => ({ timesRealTime: 4, reason: '' }),
    },
    isLive: () => false,
    onLive: (run) => {
      told.live = run;
    },
    onChange: (view) => told.views.push(view),
    ...change,
  });
  const last = () => told.views.at(-1) as FirstRunView;
  return { room, told, last };
}

test('it is wanted once; measured, stopped, kept and found again', async () => {
  const path = join(folder, 'first-run.json');
  writeFileSync(path, 'not JSON');
  const first = await open();
  assert.equal(first.last().isWanted, true, 'a file that cannot be read is as none');
  await first.room.handlers.measure({}, owner);
  await first.room.handlers.stop({}, owner);
  assert.equal(first.last().measurement.state, 'stopped');
  await first.room.handlers.measure({}, owner);
  while (first.last().measurement.state === 'running') {
    await new Promise<void>((done) => realTimers.after(20, done));
  }
  const { state, done, machine, advice } = first.last().measurement;
  assert.equal(state, 'done');
  assert.deepEqual(new Set(done), new Set(['processor', 'uplink', 'encoders', 'speed']));
  assert.deepEqual(
    machine?.speeds.map(({ height }) => height),
    [720, 1080],
  );
  assert.equal(advice?.choice.encoder, 'x264');
  await first.room.handlers.finish({}, owner);
  assert.equal(first.last().isWanted, false);
  assert.equal(JSON.parse(readFileSync(path, 'utf8')).isOver, true);

  const second = await open();
  assert.equal(second.last().isWanted, false);
  assert.deepEqual(second.last().measurement.machine, machine);
  rmSync(path);
  const named = await open({
    configuration: { dataFolder: folder, isFirstRunOffered: false },
  });
  assert.equal(named.last().isWanted, false, 'the start said what to show');
});

test('going live ends a measurement and the first run; none begins while live', async () => {
  const { room, told, last } = await open();
  await room.handlers.measure({}, owner);
  told.live();
  assert.equal(last().measurement.state, 'stopped');
  assert.equal(last().isWanted, false);
  const live = await open({ isLive: () => true });
  assert.equal(live.last().isWanted, false);
  await assert.rejects(async () => live.room.handlers.measure({}, owner), RpcError);
});

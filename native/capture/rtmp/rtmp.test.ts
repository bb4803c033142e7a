// Proves the way of an RTMP encoder into the feed with real ffmpeg pushes, through the listener and
// the capture room: passed through untouched, encoded anew where viewers could not show it, killed
// and back, refused by name. A stranger is a client of our own that says what ffmpeg never would.
// The real OBS does the same in rtmpObs.test.ts where it is installed.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { realTimers } from '../../../core/base/clock.ts';
import { silentLogger } from '../../../core/base/logger.ts';
import type { SourceState } from '../../../core/contract/state.ts';
import type { Unit } from '../../../core/media/feed.ts';
import { FIRST_PICTURE_TARGET } from '../../../core/media/pictureTarget.ts';
import { type AmfValue, readAmf, writeAmf } from '../../../core/media/rtmp/amf0.ts';
import { createChunkReader, writeChunks } from '../../../core/media/rtmp/chunks.ts';
import { certificateSkip, makeCertificate } from '../../../tests/harness/certificate.ts';
import { hasFfmpeg, resolveFfmpeg } from '../../ffmpeg/resolve.ts';
import { type Capture, createCapture } from '../capture.ts';
import { openRtmpListener, type RtmpListener } from './rtmpListener.ts';

const ffmpeg = await resolveFfmpeg();
const skip = hasFfmpeg(ffmpeg) ? false : ffmpeg.reason;
const clock = { nowUs: () => Number(process.hrtime.bigint() / 1000n) };
const random = (length: number) => new Uint8Array(randomBytes(length));
const KEY = 'a-key-of-this-test';

let rtmp: RtmpListener;
let capture: Capture;
let units: Unit[] = [];
let slates = 0;
const waiting = new Set<() => void>();
const pushes = new Set<ChildProcess>();

before(async () => {
  rtmp = await openRtmpListener({
    ...{ host: '127.0.0.1', port: 0, nextPortsMax: 0, key: KEY },
    ...{ clock, timers: realTimers, random, logger: silentLogger },
  });
  capture = createCapture({
    ...{ clock, timers: realTimers, logger: silentLogger, ffmpeg, rtmp },
    ...{ onHelper() {}, callerFolder: '/', seed: 1, demoAnchorUs: 0 },
    ...{ demoWorkerUrl: new URL('file:///none'), videoClockOffset: 0, audioClockOffset: 0 },
  });
  capture.onUnit((unit) => {
    if (unit.slate) slates++;
    else units.push(unit);
    for (const look of [...waiting]) look();
  });
  capture.onState(() => {
    for (const look of [...waiting]) look();
  });
  await capture.select('rtmp:');
});

after(async () => {
  for (const push of pushes) push.kill('SIGKILL');
  await capture.close();
  await rtmp.close();
});

afterEach(async () => {
  for (const push of pushes) push.kill('SIGKILL');
  pushes.clear();
  await until('the encoder to be gone', isGone);
});

/** Waits for a fact of the feed or the state. */
function until(what: string, isSo: () => boolean): Promise<void> {
  return new Promise((done, fail) => {
    const finish = (run: () => void) => {
      waiting.delete(look);
      cancel();
      run();
    };
    const look = () => isSo() && finish(done);
    const cancel = realTimers.after(45_000, () =>
      finish(() => fail(new Error(`Waited for ${what}: ${JSON.stringify(capture.state())}`))),
    );
    waiting.add(look);
    look();
  });
}

const state = (): SourceState => capture.state();
const pictures = () => units.filter((unit) => unit.track === 'video');
/** Without those that catch up with the slate's time, a millisecond apart. */
const inTime = () =>
  pictures().filter(({ captureUs }, at, all) => captureUs - (all[at - 1]?.captureUs ?? 0) > 2_000);
const isGone = () => state().state !== 'live' && state().state !== 'connecting';

function push(
  video: string,
  options: { rate?: number; offsetSeconds?: number; key?: string } = {},
) {
  const { rate = 30, offsetSeconds = 0, key = KEY } = options;
  units = [];
  const args = [
    ...['-v', 'error', '-re', '-f', 'lavfi', '-i', `testsrc2=s=320x180:r=${rate}`],
    ...['-re', '-f', 'lavfi', '-i', 'sine=r=44100', '-pix_fmt', 'yuv420p'],
    ...['-c:v', 'libx264', '-threads', '1', ...video.split(' '), '-c:a', 'aac'],
    ...(offsetSeconds > 0 ? ['-output_ts_offset', String(offsetSeconds)] : []),
    ...['-f', 'flv', `${rtmp.url}/${key}`],
  ];
  const child = spawn(ffmpeg.path ?? '', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  pushes.add(child);
  let said = '';
  child.stderr?.on('data', (text: Buffer) => {
    said += text.toString();
  });
  const ended = new Promise<string>((done) => child.once('close', () => done(said)));
  return {
    ended,
    async kill() {
      child.kill('SIGKILL');
      await ended;
      await until('the encoder to be gone', isGone);
    },
  };
}

/** Times rise, sound has its 20 ms, and no time lies in the future. */
function checkTimes(framesPerSecond: number): void {
  const times = inTime().map(({ captureUs }) => captureUs);
  for (const [at, time] of times.entries()) {
    if (at > 0) assert.ok(time > (times[at - 1] ?? 0));
    assert.ok(time <= clock.nowUs());
  }
  const spanUs = (times.at(-1) ?? 0) - (times[0] ?? 0);
  const everyUs = spanUs / (times.length - 1);
  assert.ok(Math.abs(everyUs * framesPerSecond - 1_000_000) < 150_000, `${everyUs} µs apart`);
}

const ZERO_LATENCY = '-preset ultrafast -tune zerolatency -g 15';

test('no B-frames: H.264 goes through untouched, with Opus of its AAC', { skip }, async () => {
  const encoder = push(ZERO_LATENCY);
  await until('pictures', () => inTime().length >= 45);
  await until('sound', () => units.length - pictures().length >= 30);
  assert.deepEqual([state().state, state().reason, state().width], ['live', '', 320]);
  // Untouched: a key frame every 15 pictures, as the encoder was told.
  const keys = pictures().flatMap(({ keyFrame }, at) => (keyFrame ? [at] : []));
  assert.deepEqual(keys.slice(0, 3), [0, 15, 30]);
  checkTimes(30);
  assert.equal(state().hasSound, true);
  await encoder.kill();
  assert.equal(state().state, 'reconnecting');
  assert.match(state().reason, /takes it again/);
});

test('killed and back, three times: the same port, the same feed', { skip }, async () => {
  for (let round = 0; round < 3; round++) {
    const encoder = push(ZERO_LATENCY);
    await until('pictures', () => state().state === 'live' && pictures().length >= 8);
    assert.equal(pictures()[0]?.keyFrame, true);
    await encoder.kill();
  }
});

test('B-frames: encoded anew in the right order, with the cure', { skip }, async () => {
  const encoder = push('-preset veryfast -g 60 -bf 2');
  await until('pictures', () => inTime().length >= 40);
  assert.equal(state().state, 'live');
  assert.match(state().reason, /B-frames.*bframes=0/);
  checkTimes(30);
  // Our own encoder makes a key frame each second.
  const keys = pictures().flatMap(({ keyFrame }, at) => (keyFrame ? [at] : []));
  assert.ok((keys[1] ?? 0) <= 31, keys.join());
  assert.equal(capture.setBitrate(600_000), true);
  assert.equal(state().madeBy, 'x264');
  // Another choice is followed at a key frame, with nobody's connection made anew.
  const before = pictures().length;
  capture.setPicture({ ...FIRST_PICTURE_TARGET, width: 160, height: 90, framesPerSecond: 15 });
  await until('the smaller picture', () => state().height === 90);
  await until('it goes on', () => pictures().length >= before + 30);
  assert.deepEqual([state().state, state().framesPerSecond, state().url], ['live', 15, 'rtmp:']);
  await encoder.kill();
  capture.setPicture(FIRST_PICTURE_TARGET);
});

test('60 fps and key frames 4 s apart: encoded anew in the midst of a group', {
  skip,
}, async () => {
  const encoder = push('-preset ultrafast -tune zerolatency -g 240', { rate: 60 });
  await until('untouched pictures', () => pictures().length >= 30);
  assert.equal(state().framesPerSecond, 60);
  const before = { slates };
  await until('the reason', () => /Keyframe Interval/.test(state().reason));
  const untouched = pictures().length;
  await until('pictures encoded here', () => pictures().length >= untouched + 30);
  const times = inTime().map(({ captureUs }) => captureUs);
  const gaps = times.slice(1).map((time, at) => time - (times[at] ?? 0));
  // A machine so busy that the slate came between waits for a key frame after it.
  const isWhole = Math.max(...gaps) < 120_000 || slates > before.slates;
  assert.ok(isWhole, `no hole in capture time: ${Math.max(...gaps)} µs`);
  await encoder.kill();
});

test('an encoder that has run for five hours sends long times', { skip }, async () => {
  const encoder = push(ZERO_LATENCY, { offsetSeconds: 18_000 });
  await until('pictures', () => inTime().length >= 40);
  checkTimes(30);
  await encoder.kill();
});

test('a renewed key lets go of who sends by the old one, and takes only the new', {
  skip,
}, async () => {
  const first = push(ZERO_LATENCY);
  await until('pictures', () => state().state === 'live' && pictures().length >= 3);
  rtmp.setKey('another-key');
  await until('it to be let go', isGone);
  assert.match(state().reason, /key was renewed/);
  await first.ended;
  assert.match(await push(ZERO_LATENCY).ended, /stream key is wrong/);
  const second = push(ZERO_LATENCY, { key: 'another-key' });
  await until('pictures again', () => state().state === 'live' && pictures().length >= 3);
  await second.kill();
  rtmp.setKey(KEY);
});

test('a wrong key and a second publisher are refused by name', { skip }, async () => {
  const stranger = push(ZERO_LATENCY, { key: 'wrong' });
  assert.match(await stranger.ended, /stream key is wrong/);
  assert.match(state().reason, /stream key is wrong/);
  const first = push(ZERO_LATENCY);
  await until('pictures', () => pictures().length >= 5);
  const before = pictures().length;
  const second = spawn(
    ffmpeg.path ?? '',
    `-v error -re -f lavfi -i testsrc2 -c:v libx264 -f flv ${rtmp.url}/${KEY}`.split(' '),
  );
  let said = '';
  second.stderr.on('data', (text: Buffer) => {
    said += text.toString();
  });
  await new Promise((done) => second.once('close', done));
  assert.match(said, /already sending/);
  await until('the first to go on', () => pictures().length >= before + 10);
  await first.kill();
});

/** Whether this ffmpeg speaks RTMPS, and a certificate can be made. */
const tlsSkip = skip || certificateSkip || (speaksRtmps() ? false : 'this ffmpeg has no rtmps');

function speaksRtmps(): boolean {
  const asked = spawnSync(ffmpeg.path ?? '', ['-hide_banner', '-protocols']);
  return /^ +rtmps$/m.test(asked.stdout?.toString() ?? '');
}

test('with a certificate the port speaks RTMPS to ffmpeg, and no RTMP', {
  skip: tlsSkip,
}, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'morphine-rtmps-'));
  const { certificateFile, keyFile } = makeCertificate(folder, ['IP:127.0.0.1']);
  const [certificate = '', privateKey = ''] = [certificateFile, keyFile].map((file) =>
    readFileSync(file, 'utf8'),
  );
  const secure = await openRtmpListener({
    ...{ host: '127.0.0.1', port: 0, nextPortsMax: 0, key: KEY, tls: { certificate, privateKey } },
    ...{ clock, timers: realTimers, random, logger: silentLogger },
  });
  t.after(async () => {
    await secure.close();
    rmSync(folder, { recursive: true });
  });
  assert.match(secure.url, /^rtmps:/);
  let bodies = 0;
  const published = new Promise<string>((done) => {
    secure.receive({
      onPublished: done,
      onMedia: () => bodies++,
      ...{ onFacts() {}, onEnded() {}, onRefused() {} },
    });
  });
  const push = (url: string) => {
    const args = `-v error -f lavfi -i testsrc2=s=320x180 -t 1 -c:v libx264 -f flv ${url}/${KEY}`;
    const child = spawn(ffmpeg.path ?? '', args.split(' '), { stdio: 'ignore' });
    return new Promise<number | null>((done) => child.once('close', done));
  };
  assert.equal(await push(secure.url), 0);
  assert.match(await published, /Lavf/);
  assert.ok(bodies >= 25, `${bodies}`);
  assert.notEqual(await push(secure.url.replace('rtmps:', 'rtmp:')), 0);
});

/** A client that says exactly what it is told; resolves with what it was answered. */
async function speak(messages: { type: number; payload: Uint8Array }[], key = KEY) {
  const socket = connect(rtmp.port, '127.0.0.1');
  const heard: AmfValue[][] = [];
  let skipped = 1 + 2 * 1_536;
  const reader = createChunkReader(({ type, payload }) => {
    if (type === 20) heard.push(readAmf(payload));
  });
  socket.on('data', (bytes) => {
    const rest = bytes.subarray(Math.min(skipped, bytes.length));
    skipped -= bytes.length - rest.length;
    reader.push(rest);
  });
  socket.on('error', () => {});
  socket.write(Uint8Array.from({ length: 1 + 2 * 1_536 }, (_, at) => (at === 0 ? 3 : 0)));
  const command = (...values: AmfValue[]) => ({ type: 20, payload: writeAmf(values) });
  const all = [
    command('connect', 1, new Map<string, AmfValue>([['app', 'live']])),
    command('createStream', 2, null),
    command('publish', 3, null, key, 'live'),
    ...messages,
  ];
  for (const { type, payload } of all) {
    socket.write(writeChunks({ type, streamId: 1, timestamp: 0, payload }, 3, 128));
  }
  const closed = new Promise<void>((done) => socket.once('close', () => done()));
  return { socket, heard, closed };
}

test('a codec that cannot be carried is called by its name; nothing at all is a stall', async () => {
  const hevc = Uint8Array.of(0x90, ...Buffer.from('hvc1'), 1, 2, 3);
  const first = await speak([{ type: 9, payload: hevc }]);
  await until('the refusal', () => state().state === 'failed');
  assert.match(state().reason, /HEVC.*H\.264/);
  first.socket.destroy();
  await until('it to be gone', () => state().state === 'reconnecting');
  const second = await speak([]);
  await until('the stall', () => state().state === 'stalled');
  assert.match(state().reason, /no video at all/);
  second.socket.destroy();
  await until('it to be gone', () => state().state === 'reconnecting');
});

test('strangers: no key in an answer, no crash, and their connections end', async () => {
  const refused = await speak([], 'guess');
  await refused.closed;
  const last = refused.heard.at(-1)?.[3];
  assert.ok(last instanceof Map);
  assert.equal(last.get('code'), 'NetStream.Publish.BadName');
  assert.ok(!JSON.stringify([...last]).includes(KEY));
  for (const bytes of [Buffer.from('GET / HTTP/1.1\r\n\r\n'), Buffer.from([0x16, 3, 1])]) {
    const socket = connect(rtmp.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.resume();
    socket.write(bytes);
    await new Promise((done) => socket.once('close', done));
  }
  const damaged = await speak([{ type: 20, payload: Uint8Array.of(99) }]);
  await damaged.closed;
});

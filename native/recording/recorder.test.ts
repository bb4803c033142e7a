// Proves that a recording survives whatever ends it: SIGKILL at random moments of a real process, a
// disk that fills, one that is too slow, one without room. Each time the file opens, the reason is
// said in words, and whoever pushes the show is never held up.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ManualTime } from '../../core/base/clock.ts';
import { silentLogger } from '../../core/base/logger.ts';
import type { RecordingView } from '../../core/contract/recording.ts';
import { readFmp4 } from '../../core/media/fmp4Reader.ts';
import { createFragmenter } from '../../core/media/fragmenter.ts';
import { makeTestVideo, OPUS_SILENCE } from '../webrtc/testVideo.ts';
import { type OpenFileAt, openNewFile, WAITING_MAX } from './diskFile.ts';
import { recordingName } from './fileNames.ts';
import { createRecorder, FREE_BYTES_MIN, type Recorder } from './recorder.ts';

const made = makeTestVideo({ frames: 30, size: '160x90', kilobits: 200 });
const hasFfprobe = spawnSync('ffprobe', ['-version']).status === 0;
const noVideo = typeof made === 'string' ? made : false;
const skip = noVideo || (hasFfprobe ? false : 'ffprobe is not installed');
const root = mkdtempSync(join(tmpdir(), 'morphine-recording-'));
after(() => rmSync(root, { recursive: true, force: true }));
const START_US = 1_700_000_000_000_000;
/** 21 November 2026, 18:43:07 where this test runs. */
const WALL_MS = new Date(2026, 10, 21, 18, 43, 7).getTime();

let folders = 0;

function openRecorder(over: { openFile?: OpenFileAt; freeBytes?: () => Promise<number> } = {}) {
  const folder = join(root, `folder-${folders++}`);
  const time = new ManualTime();
  const views: RecordingView[] = [];
  const recorder = createRecorder({
    folder,
    timers: time,
    logger: silentLogger,
    wallMs: () => WALL_MS,
    onChange: (view) => views.push(view),
    freeBytes: async () => Number.MAX_SAFE_INTEGER,
    ...over,
  });
  return { recorder, folder, time, views };
}

/** Pushes this many pictures with their sound. */
function play(recorder: Recorder, pictures: number, from = 0): void {
  assert.ok(typeof made !== 'string');
  for (let at = from; at < from + pictures; at++) {
    const frame = made.frames[at % made.frames.length];
    const rest = { captureUs: START_US + at * 33_333, rtpTimestamp: 0, config: 0 };
    recorder.push({ track: 'audio', ...rest, keyFrame: true, bytes: OPUS_SILENCE });
    if (frame) recorder.push({ track: 'video', ...rest, ...frame });
  }
}

async function until<Value>(say: string, look: () => Value | undefined): Promise<Value> {
  for (let turn = 0; turn < 10_000; turn++) {
    const found = look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error(`Waited for ${say}`);
}

function picturesOf(file: string): number {
  return [...readFmp4(readFileSync(file))].filter(({ track }) => track === 'video').length;
}

function onlyFile(folder: string, ending: string): string {
  const found = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const [path, ...more] = found.filter((name) => name.endsWith(ending));
  assert.ok(path, `no ${ending} in ${found.join(', ')}`);
  assert.deepEqual(more, []);
  return join(folder, path);
}

/** Pictures of a recording that was killed, by our reader and by ffprobe; 0: before the first. */
function foundIn(folder: string): { own: number; ffprobe: number } {
  const found = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const path = found.find((name) => name.endsWith('.mp4'));
  const file = join(folder, path ?? '');
  if (!path || readFileSync(file).length === 0) return { own: 0, ffprobe: 0 };
  const arguments_ = '-v error -select_streams v -show_entries packet=pts -of csv=p=0'.split(' ');
  const probe = spawnSync('ffprobe', [...arguments_, file], { encoding: 'utf8' });
  assert.equal(probe.status, 0, probe.stderr);
  return { own: picturesOf(file), ffprobe: probe.stdout.split('\n').filter(Boolean).length };
}

test('20 recordings are killed at random moments; every file opens', { skip }, async (t) => {
  assert.ok(typeof made !== 'string');
  const video = join(root, 'video.mp4');
  const parts: Uint8Array[] = [];
  const fragmenter = createFragmenter({
    onPiece: ({ header, bytes }) => void parts.push(...(header ? [header] : []), bytes),
  });
  for (const [at, frame] of made.frames.entries()) {
    const captureUs = START_US + at * 33_333;
    fragmenter.push({ track: 'video', captureUs, rtpTimestamp: 0, config: 0, ...frame });
  }
  fragmenter.flush();
  writeFileSync(video, Buffer.concat(parts));
  const seed = Number(process.env.SEED ?? Date.now() % 100_000);
  t.diagnostic(`seed ${seed}`);
  const found: { own: number; ffprobe: number }[] = [];
  for (let kill = 0; kill < 5; kill++) {
    const folders = [0, 1, 2, 3].map((at) => join(root, `killed-${kill}-${at}`));
    const run = join(import.meta.dirname, 'testing', 'recordRun.ts');
    const child = spawn(process.execPath, [run, video, ...folders], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(child, 'close');
    await once(child.stdout, 'data');
    const afterMs = 100 + (((seed + kill) * 7_919) % 300);
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    child.kill('SIGKILL');
    await ended;
    for (const folder of folders) found.push(foundIn(folder));
  }
  assert.equal(found.length, 20);
  for (const { own, ffprobe } of found) assert.ok(ffprobe >= own, `${ffprobe} of ${own}`);
  assert.ok(
    found.some(({ own }) => own > 0),
    'something was recorded',
  );
  t.diagnostic(`pictures kept: ${found.map(({ own }) => own).join(' ')}`);
});

test('a show is recorded with its name, its facts and what was done', {
  skip: noVideo,
}, async () => {
  const { recorder, folder, time, views } = openRecorder();
  await recorder.start('Cup: final / 2nd leg', { source: 'demo:' });
  assert.equal(recorder.view().state, 'recording');
  recorder.fact('@1 frame\n');
  recorder.command('{"name":"placeBet"}');
  play(recorder, 90);
  time.advance(2_000);
  await recorder.stop();
  const file = onlyFile(folder, '.mp4');
  const name = '2026-11-21 18.43.07 Cup final 2nd leg';
  assert.ok(file.endsWith(join(name, `${name}.mp4`)), file);
  assert.equal(picturesOf(file), 90);
  assert.equal(readFileSync(onlyFile(folder, 'facts.txt'), 'utf8'), '@1 frame\n');
  assert.equal(readFileSync(onlyFile(folder, 'commands.txt'), 'utf8'), '{"name":"placeBet"}\n');
  const about = JSON.parse(readFileSync(onlyFile(folder, 'show.json'), 'utf8'));
  assert.deepEqual(about, {
    ...{ version: 1, title: 'Cup: final / 2nd leg', startedAtMs: WALL_MS, source: 'demo:' },
  });
  const last = views.at(-1);
  assert.equal(last?.state, 'off');
  assert.equal(last?.seconds, 3);
  assert.ok((last?.bytes ?? 0) > readFileSync(file).length);
  assert.ok(views.some(({ state, seconds }) => state === 'recording' && seconds > 0));
});

test('a disk that fills ends the recording, and what is there opens', {
  skip: noVideo,
}, async () => {
  let room = 40_000;
  const openFile: OpenFileAt = async (path) => {
    const file = await openNewFile(path);
    return {
      async write(bytes) {
        if (room === 0) throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
        const part = bytes.subarray(0, room);
        room -= part.length;
        return file.write(part);
      },
      datasync: () => file.datasync(),
      close: () => file.close(),
    };
  };
  const { recorder, folder, views } = openRecorder({ openFile });
  await recorder.start('Full', {});
  let pushed = 0;
  await until('the recording to end', () => {
    play(recorder, 10, pushed);
    pushed += 10;
    return views.at(-1)?.state === 'failed' ? true : undefined;
  });
  assert.equal(recorder.view().reason, 'The disk is full.');
  await until('the file to be closed', () => (views.at(-1)?.bytes === 40_000 ? true : undefined));
  const kept = picturesOf(onlyFile(folder, '.mp4'));
  assert.ok(kept > 0 && kept < pushed);
  // The show goes on, and a person may begin another recording once there is room.
  play(recorder, 30, pushed);
  room = 1_000_000;
  await recorder.stop();
  assert.equal(recorder.view().state, 'off');
});

test('a disk that stands never holds up the show', { skip: noVideo }, async () => {
  let isStanding = true;
  let release = () => {};
  const stands = new Promise<void>((resolve) => {
    release = resolve;
  });
  const openFile: OpenFileAt = async (path) => {
    const file = await openNewFile(path);
    return {
      async write(bytes) {
        if (isStanding && path.endsWith('.mp4')) await stands;
        return file.write(bytes);
      },
      datasync: () => file.datasync(),
      close: () => file.close(),
    };
  };
  const { recorder, folder, views } = openRecorder({ openFile });
  await recorder.start('Slow', {});
  // A fragment has fifteen pictures: more than may wait.
  play(recorder, 15 * (WAITING_MAX + 4));
  assert.equal(recorder.view().state, 'failed');
  assert.equal(recorder.view().reason, 'The disk is too slow for a recording.');
  assert.ok(recorder.view().dropped > 0);
  isStanding = false;
  release();
  await until('the file to be closed', () => ((views.at(-1)?.bytes ?? 0) > 0 ? true : undefined));
  assert.ok(onlyFile(folder, '.mp4'));
});

test('without room nothing begins; room that goes ends it', { skip: noVideo }, async () => {
  let free = FREE_BYTES_MIN - 1;
  const { recorder, folder, time, views } = openRecorder({ freeBytes: async () => free });
  await recorder.start('No room', {});
  assert.equal(recorder.view().state, 'failed');
  assert.equal(recorder.view().reason, 'The disk is nearly full.');
  free = FREE_BYTES_MIN;
  await recorder.start('Room', {});
  play(recorder, 60);
  free = 0;
  time.advance(2_000);
  await until('it to end', () => (views.at(-1)?.state === 'failed' ? true : undefined));
  await recorder.stop();
  const bytes = () => views.at(-1)?.bytes ?? 0;
  await until('the file to be closed', () => (bytes() > 1_000 ? true : undefined));
  assert.equal(picturesOf(onlyFile(folder, '.mp4')), 60);
});

test('names stay in their folder whatever the title is', () => {
  for (const title of ['../../etc/passwd', 'a\u0000b\n', '   ', 'CON.', '🏒'.repeat(200)]) {
    const name = recordingName(title, WALL_MS);
    assert.match(name, /^2026-11-21 18\.43\.07( |$)/);
    assert.doesNotMatch(name, /[/\\\p{Cc}]|[. ]$/u);
    assert.ok(Buffer.byteLength(name) <= 255, name);
  }
});

// Proves with real ffmpeg builds what leaves capture: times that only rise, RTP times that are the
// fixed function of them, baseline key frames each second, flash and beep within 40 ms (decoded
// back), loops without a gap, a killed ffmpeg that comes back, and a barcode that survives the
// encoder.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { barcodeTimeMs, readBarcode } from '../../core/media/barcode.ts';
import type { Unit } from '../../core/media/feed.ts';
import { createNutReader } from '../../core/media/nut.ts';
import type { Ffmpeg } from '../ffmpeg/resolve.ts';
import { builds } from '../ffmpeg/testing/builds.ts';
import { checkSource, SourceError } from './checkSource.ts';
import { fileInput, playedArguments } from './fileSource.ts';
import { beepTimes, decodePictures, decodeSound, flashTimes } from './testing/decode.ts';
import {
  anyFfmpeg,
  checkFeed,
  clock,
  comesBack,
  folder,
  makeClip,
  maker,
  ofTrack,
  watch,
} from './testing/watchedCapture.ts';

/** Largest distance between a flash and its beep, microseconds. */
function worstSync(units: readonly Unit[], pictures: Uint8Array[], samples: Int16Array): number {
  const flashes = flashTimes(ofTrack(units, 'video'), pictures);
  const beeps = beepTimes(ofTrack(units, 'audio'), samples);
  const inside = flashes.filter((flash) => flash < (beeps.at(-1) ?? 0) + 100_000).slice(1);
  assert.ok(inside.length >= 2, `${flashes.length} flashes, ${beeps.length} beeps`);
  const distances = inside.map((flash) => Math.min(...beeps.map((beep) => Math.abs(beep - flash))));
  return Math.max(...distances);
}

/** The first times of both tracks, as fast as ffmpeg makes them, through several loops. */
async function unpacedTimes(
  ffmpeg: Ffmpeg,
  path: string,
): Promise<Record<Unit['track'], number[]>> {
  const media = { videoStream: 0, framesPerSecond: 25, hasSound: true, lengthUs: null };
  const times: Record<Unit['track'], number[]> = { video: [], audio: [] };
  const child = spawn(
    ffmpeg.path,
    ['-v', 'error', '-nostdin', ...playedArguments(fileInput(path, media), ffmpeg)],
    { stdio: ['ignore', 'pipe', 'ignore', 'pipe'] },
  );
  await new Promise<void>((done) => {
    for (const [pipe, track] of [
      [1, 'video'],
      [3, 'audio'],
    ] as const) {
      const reader = createNutReader({
        onFrame: ({ ptsUs }) => {
          times[track].push(ptsUs);
          if (times.video.length > 250 && times.audio.length > 500) done();
        },
      });
      child.stdio[pipe]?.on('data', (bytes: Buffer) => reader.push(bytes));
    }
  });
  child.kill('SIGKILL');
  return times;
}

for (const { name, ffmpeg, skip } of builds) {
  test(`file: with ${name}`, { skip }, async (t) => {
    if (!ffmpeg) return;
    makeClip('flash clip:1.mp4', true);
    const { capture, units, helpers, until } = watch(ffmpeg);
    t.after(() => capture.close());
    await capture.select('file:flash clip:1.mp4');
    await until(() => ofTrack(units, 'video').length >= 100);
    const played = [...units];
    checkFeed(played);
    const video = ofTrack(played, 'video');
    const samples = decodeSound(ffmpeg, ofTrack(played, 'audio'));
    const worstUs = worstSync(played, decodePictures(ffmpeg, video, 16, 16), samples);
    console.log(`${name}: file, flash to beep at most ${worstUs / 1000} ms, over a loop`);
    assert.ok(worstUs <= 40_000, `${worstUs} us`);
    const { state, width, height, framesPerSecond, hasSound, title } = capture.state();
    assert.deepEqual(
      { state, width, height, framesPerSecond, hasSound, title },
      {
        state: 'live',
        width: 320,
        height: 240,
        framesPerSecond: 25,
        hasSound: true,
        title: 'flash clip:1.mp4',
      },
    );
    await comesBack(capture, helpers, until, 'SIGKILL');
    checkFeed(units);
    await capture.close();
    assert.equal(helpers.size, 0);
  });

  test(`four loops without a jump by ${name}`, { skip }, async () => {
    if (!ffmpeg) return;
    const times = await unpacedTimes(ffmpeg, makeClip('loop.mp4', true));
    for (const [track, stepUs] of [
      ['video', 40_000],
      ['audio', 20_000],
    ] as const) {
      const own = times[track];
      for (const [index, time] of own.slice(1).entries()) {
        const step = time - (own[index] ?? 0);
        // Within one picture or packet: the sound of a clip is rarely exactly as long as it.
        assert.ok(step > 0 && step <= stepUs * 2, `${track} steps by ${step} us at ${time}`);
      }
    }
  });

  test(`demo: with ${name}`, { skip }, async (t) => {
    if (!ffmpeg) return;
    const anchorUs = clock.nowUs() - 3_600_500_000;
    const { capture, units, helpers, until } = watch(ffmpeg, anchorUs);
    t.after(() => capture.close());
    await capture.select('demo:?barcode=1');
    await until(() => ofTrack(units, 'video').length >= 115);
    const played = [...units];
    checkFeed(played);
    // On a machine that is too busy to draw, slates stand between; each is followed by a key frame.
    const video = ofTrack(played, 'video').filter(({ slate }) => !slate);
    const pictures = decodePictures(ffmpeg, video, 1280, 720);
    assert.equal(pictures.length, video.length);
    for (const [index, picture] of pictures.entries()) {
      const value = readBarcode({ bytes: picture, stride: 1280, step: 1 });
      const captureMs = Math.floor((video[index]?.captureUs ?? 0) / 1000);
      assert.ok(value !== null, `no barcode in picture ${index}`);
      assert.equal(barcodeTimeMs(value, captureMs), captureMs);
    }
    for (const { captureUs } of video) {
      const frame = Math.round(((captureUs - anchorUs) * 30) / 1e6);
      assert.equal(captureUs, anchorUs + Math.round((frame * 1e6) / 30));
    }
    const samples = decodeSound(ffmpeg, ofTrack(played, 'audio'));
    const worstUs = worstSync(played, pictures, samples);
    console.log(`${name}: demo, flash to beep at most ${worstUs / 1000} ms`);
    assert.ok(worstUs <= 40_000, `${worstUs} us`);
    await comesBack(capture, helpers, until, 'SIGKILL');
    checkFeed(units);
    await capture.close();
    assert.equal(helpers.size, 0);
  });
}

test('switching keeps times rising; a wrong URL leaves the source running', {
  skip: anyFfmpeg,
}, async (t) => {
  if (!maker) return;
  makeClip('a.mp4', true);
  const { capture, units, helpers, until } = watch(maker);
  t.after(() => capture.close());
  await capture.select('file:a.mp4');
  await until(() => ofTrack(units, 'video').length >= 10);
  await assert.rejects(capture.select('file:missing.mp4'), SourceError);
  const count = units.length;
  await until(() => units.length > count + 10);
  assert.equal(capture.state().title, 'a.mp4');
  const [before] = ofTrack(units, 'video').slice(-1);
  const cuts: number[] = [];
  capture.onCut(({ url, fromUs }) => {
    assert.equal(url, 'demo:');
    assert.equal(fromUs, ofTrack(units, 'video').at(-1)?.captureUs);
    cuts.push(ofTrack(units, 'video').length);
  });
  await capture.select('demo:');
  // The old one stays on air, and is said to be on air, until the new one has a picture.
  const { title, state, next } = capture.state();
  assert.deepEqual([title, state, next?.title], ['a.mp4', 'live', 'Demo match']);
  await until(() => cuts.length === 1 && ofTrack(units, 'video').length > (cuts[0] ?? 0) + 10);
  checkFeed(units);
  const video = ofTrack(units, 'video');
  const at = cuts[0] ?? 0;
  const [last, first] = [video[at - 1], video[at]];
  assert.ok(first?.keyFrame && last && first.config !== last.config);
  const gapMs = (first.captureUs - last.captureUs) / 1000;
  console.log(`file to demo: ${gapMs.toFixed(0)} ms between last old and first new picture`);
  assert.ok(gapMs <= 150);
  assert.deepEqual([capture.state().width, capture.state().next], [1280, undefined]);
  assert.notEqual(first.config, before?.config);
  await capture.select('camera:');
  await until(() => /capture page/.test(capture.state().next?.reason ?? ''));
  assert.equal(capture.state().title, 'Demo match');
  await capture.select('demo:');
  assert.equal(capture.state().next, undefined);
  await capture.close();
  assert.equal(helpers.size, 0);
});

test('without ffmpeg demo: and file: say what they lack, camera: waits', async () => {
  const reason = 'No ffmpeg was found.';
  writeFileSync(join(folder, 'any.mp4'), 'x');
  const { capture } = watch({ path: null, reason });
  for (const url of ['demo:', 'file:any.mp4']) {
    await capture.select(url);
    assert.deepEqual([capture.state().state, capture.state().reason], ['failed', reason]);
  }
  await capture.select('camera:');
  assert.equal(capture.state().state, 'connecting');
  await capture.close();
});

/** A copy whose header says what it said and whose pictures are noise. */
function spoil(from: string, to: string): void {
  const bytes = readFileSync(join(folder, from));
  const at = bytes.indexOf('mdat');
  assert.ok(at > 0);
  const end = at - 4 + bytes.readUInt32BE(at - 4);
  for (let index = at + 4; index < end; index++) bytes[index] = (index * 73) & 255;
  writeFileSync(join(folder, to), bytes);
}

test('files that lie about themselves never come on air, and the show goes on', {
  skip: anyFfmpeg,
}, async (t) => {
  if (!maker) return;
  makeClip('true.mp4', false);
  spoil('true.mp4', 'noise.mp4');
  writeFileSync(join(folder, 'words.mp4'), 'these are words');
  const { capture, units, until } = watch(maker);
  t.after(() => capture.close());
  await capture.select('file:true.mp4');
  await until(() => ofTrack(units, 'video').length >= 10);
  // Its name says that it is a film, and it is refused as what it is.
  await assert.rejects(
    capture.select('file:words.mp4'),
    (error) => error instanceof SourceError && error.code === 'unreadable-file',
  );
  // Its header says that it holds pictures: it is believed, and shown why it does not come.
  await capture.select('file:noise.mp4');
  const count = units.length;
  const next = () => capture.state().next;
  await until(() => next()?.state === 'reconnecting');
  assert.match(next()?.reason ?? '', /^noise\.mp4 gives no picture .*damaged.* Choose another/);
  await until(() => units.length > count + 25);
  assert.deepEqual([capture.state().title, capture.state().state], ['true.mp4', 'live']);
  assert.ok(units.every(({ slate }) => !slate));
  checkFeed(units);
});

test('wrong sources are refused by name', { skip: anyFfmpeg }, async () => {
  if (!maker) return;
  writeFileSync(join(folder, 'words.txt'), 'these are words');
  const tone = join(folder, 'tone.wav');
  spawnSync(maker.path, ['-v', 'error', '-f', 'lavfi', '-i', 'sine=d=0.2', tone]);
  assert.ok(existsSync(tone));
  const expected = {
    'gopher://camera/1': 'unknown-scheme',
    'rtsp://': 'bad-options',
    'udp://127.0.0.1': 'bad-options',
    'rtsp://camera/\nfile /etc/passwd': 'bad-options',
    'rtsp://***@camera/1': 'bad-options',
    'test:bars': 'bad-options',
    'playlist:none.m3u': 'missing-file',
    clip: 'unknown-scheme',
    'demo:?speed=2': 'bad-options',
    'demo:match': 'bad-options',
    'camera:?x=1': 'bad-options',
    'file:': 'missing-file',
    'file:not-here.mp4': 'missing-file',
    [`file:${folder}`]: 'unreadable-file',
    'file:words.txt': 'unreadable-file',
    'file:tone.wav': 'no-video',
  };
  for (const [url, code] of Object.entries(expected)) {
    await assert.rejects(
      checkSource(url, { callerFolder: folder, ffmpeg: maker }),
      (error) => error instanceof SourceError && error.code === code,
      `${url} should be ${code}`,
    );
  }
});

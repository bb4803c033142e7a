// Proves the engine's end of a capture page over an in-memory port: clock before frames, credits
// paid back, the page told whether it is wanted, a page that talks nonsense sent away, and a frame
// whose bytes lie counted and never passed on.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualTime } from '../../core/base/clock.ts';
import { silentLogger } from '../../core/base/logger.ts';
import { FIRST_PICTURE_CHOICE } from '../../core/contract/picture.ts';
import {
  CAPTURE_CREDITS,
  type CaptureProgram,
  decodeCaptureMessage,
  encodeCaptureMessage,
  encodePageFrame,
  type FromPage,
  type ToPage,
  toPageSchema,
} from '../../core/media/capturePort.ts';
import { buildAvcDescription, isKeyFrame, joinAvcc, splitAnnexB } from '../../core/media/h264.ts';
import { pictureTargetOf } from '../../core/media/pictureTarget.ts';
import { openCameraSource } from './cameraSource.ts';
import { createCapturePages } from './capturePages.ts';
import type { CapturedFrame, SourceSurroundings } from './source.ts';

/** The page's clock is this far behind the media clock. */
const PAGE_OFFSET_US = 900_000_000;

function make() {
  const time = new ManualTime();
  const told: ToPage[] = [];
  const frames: CapturedFrame[] = [];
  const states: string[] = [];
  let dropped = 0;
  let isClosed = false;
  let hear: (bytes: Uint8Array) => void = () => {};
  const pages = createCapturePages({ clock: time, timers: time, logger: silentLogger });
  const say = (message: FromPage) => hear(encodeCaptureMessage(message));
  pages.attach({
    send(bytes) {
      const message = decodeCaptureMessage(toPageSchema, bytes);
      assert.ok(message);
      told.push(message);
    },
    onMessage: (run) => {
      hear = run;
    },
    onClose() {},
    close: () => {
      isClosed = true;
    },
  });
  const around: SourceSurroundings = {
    ...{ clock: time, timers: time, logger: silentLogger, ffmpeg: { path: null, reason: '' } },
    ...{ callerFolder: '', seed: 0, demoAnchorUs: 0, demoWorkerUrl: new URL('file:///none') },
    onHelper() {},
    onFrame: (frame) => frames.push(frame),
    onState: (change) => {
      if (change.state) states.push(change.state);
    },
    onJump() {},
    onDropped: (count) => {
      dropped += count;
    },
  };
  const camera = openCameraSource('camera', pages, around);
  const pong = () => {
    const ping = told.findLast((message) => message.type === 'ping');
    assert.ok(ping);
    say({ type: 'pong', id: ping.id, pageUs: time.nowUs() - PAGE_OFFSET_US });
  };
  const sendBytes = (bytes: Uint8Array) => hear(bytes);
  const facts = { dropped: () => dropped, isClosed: () => isClosed };
  return { time, told, frames, states, camera, pages, around, say, pong, sendBytes, facts };
}

const SPS = Uint8Array.of(0x67, 0x42, 0xc0, 0x1f, 0x80);
const PPS = Uint8Array.of(0x68, 0xce, 0x80);
const IDR = Uint8Array.of(0x65, 1, 2, 3);

function picture(
  pageUs: number,
  keyFrame: boolean,
  program: CaptureProgram = 'camera',
): Uint8Array {
  const description = buildAvcDescription([SPS, PPS]);
  const bytes = joinAvcc([keyFrame ? IDR : Uint8Array.of(0x41, 1)]);
  return encodePageFrame({ program, track: 'video', keyFrame, pageUs, description, bytes });
}

test('frames are mapped onto the media clock, and only after it is known', () => {
  const { time, told, frames, states, pong, sendBytes, facts } = make();
  assert.deepEqual(told[0], { type: 'welcome', credits: CAPTURE_CREDITS });
  sendBytes(picture(1, true));
  assert.deepEqual([frames.length, facts.dropped()], [0, 1]);
  pong();
  // A picture that nobody can decode yet asks for a key frame.
  sendBytes(picture(time.nowUs() - PAGE_OFFSET_US - 9_000, false));
  assert.equal(told.at(-1)?.type, 'keyFrame');
  sendBytes(picture(time.nowUs() - PAGE_OFFSET_US - 7_000, true));
  assert.equal(frames.length, 1);
  assert.equal(frames[0]?.captureUs, time.nowUs() - 7_000);
  // Parameter sets come in front although the browser sent them apart.
  assert.ok(isKeyFrame(splitAnnexB(frames[0]?.bytes ?? new Uint8Array())));
  // A page whose clock runs ahead never makes a frame of the future.
  sendBytes(picture(time.nowUs() - PAGE_OFFSET_US + 50_000, false));
  assert.equal(frames[1]?.captureUs, time.nowUs());
  assert.equal(states.at(-1), 'live');
  time.advance(1_500);
  assert.equal(states.at(-1), 'stalled');
});

test('credits are paid back for every message that came', () => {
  const { time, told, pong, sendBytes } = make();
  pong();
  for (let i = 0; i < 40; i++) sendBytes(picture(time.nowUs() - PAGE_OFFSET_US, true));
  const paid = told.reduce((sum, one) => sum + (one.type === 'credit' ? one.count : 0), 0);
  assert.equal(paid, 40);
});

test('the page is told whether it is wanted', async () => {
  const { told, camera } = make();
  const wanted = () => told.findLast((message) => message.type === 'wanted');
  assert.deepEqual(wanted(), { type: 'wanted', programs: ['camera'] });
  assert.equal(camera.setBitrate(800_000), true);
  assert.deepEqual(told.at(-1), { type: 'bitrate', bitsPerSecond: 800_000 });
  // Its encoders follow while they run: nothing has to be opened anew.
  assert.equal(camera.setPicture(pictureTargetOf({ ...FIRST_PICTURE_CHOICE, height: 1080 })), true);
  assert.deepEqual(told.slice(-2), [
    { type: 'bitrate', bitsPerSecond: 4_500_000 },
    { type: 'picture', width: 1920, height: 1080, framesPerSecond: 30 },
  ]);
  await camera.close();
  assert.deepEqual(wanted(), { type: 'wanted', programs: [] });
});

test('a screen takes over from a camera: each gets its own pictures, a closed one none', async () => {
  const { time, told, frames, camera, pages, around, pong, sendBytes, say } = make();
  pong();
  const screenFrames: CapturedFrame[] = [];
  const titles: string[] = [];
  const screen = openCameraSource('screen', pages, {
    ...around,
    onFrame: (frame) => screenFrames.push(frame),
    onState: ({ title }) => titles.push(title ?? ''),
  });
  assert.deepEqual(
    told.findLast(({ type }) => type === 'wanted'),
    {
      type: 'wanted',
      programs: ['camera', 'screen'],
    },
  );
  const pageUs = time.nowUs() - PAGE_OFFSET_US - 9_000;
  sendBytes(picture(pageUs, true));
  sendBytes(picture(pageUs + 1, true, 'screen'));
  assert.deepEqual([frames.length, screenFrames.length], [1, 1]);
  const size = { width: 1280, height: 720, framesPerSecond: 30, hasSound: false };
  say({ type: 'state', program: 'screen', title: 'Left', state: 'live', reason: '', ...size });
  assert.deepEqual([titles[0], titles.at(-1)], ['Screen', 'Left']);
  await camera.close();
  sendBytes(picture(pageUs + 2, true));
  sendBytes(picture(pageUs + 3, true, 'screen'));
  assert.deepEqual([frames.length, screenFrames.length], [1, 2]);
  await screen.close();
});

test('lies and nonsense are counted, and too much of it ends the connection', () => {
  const { frames, told, pong, sendBytes, facts } = make();
  pong();
  const lie = encodePageFrame({
    ...{ program: 'camera', track: 'video', keyFrame: true, pageUs: 5 },
    ...{ description: buildAvcDescription([SPS, PPS]), bytes: Uint8Array.of(0, 0, 9, 9, 1) },
  });
  sendBytes(lie);
  assert.deepEqual([frames.length, facts.dropped()], [0, 1]);
  for (let i = 0; i < 10; i++) sendBytes(Uint8Array.of(9, 9, 9));
  assert.equal(facts.isClosed(), true);
  assert.equal(told.at(-1)?.type, 'refused');
  sendBytes(picture(1, true));
  assert.equal(frames.length, 0);
});

test('a page of another version is told to reload', () => {
  const { told, say, facts } = make();
  say({ type: 'hello', version: 99 });
  assert.match(JSON.stringify(told.at(-1)), /refused.*reload/);
  assert.equal(facts.isClosed(), true);
});

// Proves that the picture is held back to its sound while sound is on, against a model of a
// browser: its picture's delay bends by 50 ms between two looks towards what it was told.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLipSync } from './lipSync.ts';
import { withSoundApart } from './soundApart.ts';

const OFFERED = 'a=extmap:5 http://www.webrtc.org/experiments/rtp-hdrext/playout-delay';

test('sound gets a stream of its own, pictures keep theirs', () => {
  const video = `m=video 9 X 96\r\n${OFFERED}\r\na=msid:show v\r\na=ssrc:1 msid:show v\r\n`;
  const audio = 'm=audio 9 X 111\r\na=msid:show a\r\na=ssrc:2 cname:c\r\na=ssrc:2 msid:show a\r\n';
  const apart = withSoundApart(`v=0\r\n${video}${audio}`);
  assert.ok(apart.startsWith(`v=0\r\n${video}`));
  assert.match(apart, /a=msid:sound-show a\r\na=ssrc:2 cname:c\r\na=ssrc:2 msid:sound-show a\r\n$/);
  const without = video.replace(OFFERED, 'a=recvonly') + audio;
  assert.equal(withSoundApart(without), without);
});

/** A browser whose sound comes `soundMs` after its packets and whose pictures need 6 ms. */
function modelOf(soundMs: number) {
  const receiver = { jitterBufferTarget: 0 };
  let roomMs = 0;
  let renewals = 0;
  const lipSync = createLipSync({
    picture: receiver as unknown as RTCRtpReceiver,
    tellRoomMs(told) {
      assert.ok(told >= receiver.jitterBufferTarget, 'room is given up last');
      roomMs = told;
    },
    async renewSound() {
      renewals++;
      if (!isFresh) throw new Error('This browser does not');
      soundMs = Math.min(soundMs, 90);
    },
  });
  let isFresh = true;
  const sums = { sound: 0, samples: 0, output: 0, pictures: 0, frames: 0 };
  let pictureMs = 6;
  return {
    receiver,
    roomMs: () => roomMs,
    renewals: () => renewals,
    cannotRenew() {
      isFresh = false;
    },
    apartMs: () => soundMs - pictureMs,
    soundTakes(ms: number) {
      soundMs = ms;
    },
    look(isSoundOn: boolean) {
      const wanted = Math.max(6, Math.min(roomMs, receiver.jitterBufferTarget));
      pictureMs += Math.max(-50, Math.min(50, wanted - pictureMs));
      sums.samples += 24_000;
      sums.sound += (24_000 * (soundMs - 30)) / 1000;
      sums.output += (24_000 * 30) / 1000;
      sums.frames += 15;
      sums.pictures += (15 * pictureMs) / 1000;
      const report = new Map<string, object>([
        ['a', inbound('audio', sums.sound, sums.samples)],
        ['v', inbound('video', sums.pictures, sums.frames)],
        ['p', { type: 'media-playout', kind: 'audio', ...output(sums) }],
      ]);
      lipSync.follow(report as unknown as RTCStatsReport, isSoundOn);
    },
  };
}

function inbound(kind: string, seconds: number, count: number): object {
  const sound = { jitterBufferDelay: seconds, jitterBufferEmittedCount: count };
  const picture = { totalProcessingDelay: seconds, framesDecoded: count };
  return { type: 'inbound-rtp', kind, ...(kind === 'audio' ? sound : picture) };
}

function output({ output, samples }: { output: number; samples: number }): object {
  return { totalPlayoutDelay: output, totalSamplesCount: samples };
}

test('muted, a picture waits for nothing; with sound it comes with it, and back again', () => {
  for (const soundMs of [80, 120, 200, 240]) {
    const browser = modelOf(soundMs);
    for (let i = 0; i < 20; i++) browser.look(false);
    assert.equal(browser.receiver.jitterBufferTarget, 0);
    for (let i = 0; i < 30; i++) browser.look(true);
    assert.ok(Math.abs(browser.apartMs()) <= 25, `${soundMs}: ${browser.apartMs()} ms apart`);
    const settled = browser.receiver.jitterBufferTarget;
    for (let i = 0; i < 30; i++) browser.look(true);
    assert.equal(browser.receiver.jitterBufferTarget, settled, 'what is settled stays');
    browser.soundTakes(soundMs / 2);
    for (let i = 0; i < 30; i++) browser.look(true);
    assert.ok(Math.abs(browser.apartMs()) <= 25, `half: ${browser.apartMs()} ms apart`);
    browser.look(false);
    assert.equal(browser.receiver.jitterBufferTarget, 0);
  }
});

test('sound that a disturbance made late begins anew, and the picture is back with it', () => {
  const browser = modelOf(90);
  for (let i = 0; i < 20; i++) browser.look(true);
  const heldMs = browser.receiver.jitterBufferTarget;
  browser.soundTakes(1_200);
  for (let i = 0; i < 10; i++) browser.look(true);
  assert.equal(browser.renewals(), 1);
  assert.ok(Math.abs(browser.receiver.jitterBufferTarget - heldMs) <= 25, 'it came back');
  assert.ok(Math.abs(browser.apartMs()) <= 25);
});

test('silent sound is left alone; it begins anew as soon as it is to be heard', () => {
  const browser = modelOf(1_200);
  for (let i = 0; i < 40; i++) browser.look(false);
  assert.deepEqual([browser.renewals(), browser.roomMs()], [0, 0]);
  browser.look(true);
  assert.equal(browser.renewals(), 1);
});

test('where sound stays late a picture waits for it only so long, and tries grow rare', async () => {
  const late = modelOf(2_000);
  late.cannotRenew();
  for (let i = 0; i < 400; i++) {
    late.look(true);
    await Promise.resolve();
  }
  assert.equal(late.receiver.jitterBufferTarget, 250);
  assert.equal(late.renewals(), 1, 'a browser that cannot is not asked again');
  const starved = modelOf(80);
  for (let i = 0; i < 400; i++) {
    starved.soundTakes(900);
    starved.look(true);
  }
  assert.ok(starved.renewals() >= 3 && starved.renewals() <= 6, `${starved.renewals()}`);
});

test('no picture waits for figures that are not there', () => {
  const receiver = { jitterBufferTarget: 0 };
  const lipSync = createLipSync({
    picture: receiver as unknown as RTCRtpReceiver,
    tellRoomMs: () => assert.fail(),
    renewSound: () => assert.fail(),
  });
  for (let i = 0; i < 10; i++) lipSync.follow(new Map() as unknown as RTCStatsReport, true);
  assert.deepEqual([receiver.jitterBufferTarget, lipSync.skewMs()], [0, null]);
});

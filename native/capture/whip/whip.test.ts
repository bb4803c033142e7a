// Proves that the studio's WHIP endpoint takes a publisher with OBS' exact habits over real HTTP,
// ICE and DTLS, and that whip: hands its pictures and sounds on untouched, on the media clock; that
// wrong tokens, a second publisher, B-frames and odd profiles are refused with a sentence; that a
// killed publisher is let in again. The publisher stands on the library that OBS uses.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { realTimers } from '../../../core/base/clock.ts';
import { silentLogger } from '../../../core/base/logger.ts';
import type { SourceState } from '../../../core/contract/state.ts';
import type { Unit } from '../../../core/media/feed.ts';
import { captureUsOf } from '../../../core/media/feed.ts';
import { answerMedia } from '../../serve/mediaAnswers.ts';
import { connectObs, ObsNotConnected, playIntoObs } from '../../webrtc/testObs.ts';
import { makeTestVideo, OPUS_SILENCE, testClock, until } from '../../webrtc/testVideo.ts';
import { createCapture } from '../capture.ts';
import { createWhipIngest } from './whipIngest.ts';

const TOKEN = 'f00d'.repeat(16);
const OFFSETS = { videoClockOffset: 7, audioClockOffset: 11 };
const made = makeTestVideo();
const skip = typeof made === 'string' ? made : false;
const video = typeof made === 'string' ? { frames: [] } : made;
const random = (length: number) => randomBytes(length);
const whip = createWhipIngest({
  ...{ clock: testClock, timers: realTimers, random, logger: silentLogger, token: TOKEN },
  peer: { iceServers: [], bindAddress: '127.0.0.1' },
});
const server = createServer((request, response) => {
  void answerMedia(request, response, (asked) => whip.handle(asked));
});
const capture = createCapture({
  ...{ clock: testClock, timers: realTimers, logger: silentLogger, ...OFFSETS, whip },
  ffmpeg: { path: null, reason: 'none is needed', capabilities: null } as never,
  onHelper() {},
  ...{ callerFolder: '/', seed: 1, demoAnchorUs: 0, demoWorkerUrl: new URL('file:///none') },
});
const units: Unit[] = [];
const states: SourceState[] = [];
capture.onUnit((unit) => units.push(unit));
capture.onState((state) => states.push(state));
let url = '';
const pictures = () => units.filter(({ track }) => track === 'video');
const sounds = () => units.filter(({ track }) => track === 'audio');
const isLive = () => states.at(-1)?.state === 'live';

before(async () => {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/whip`;
  await capture.select('whip:');
});

after(async () => {
  await capture.close();
  whip.close();
  server.closeAllConnections();
  server.close();
  // The library's threads would hold the process.
  setTimeout(() => process.exit(), 200).unref();
});

test('OBS streams in: whole pictures, untouched, with sound, on the media clock', {
  skip,
}, async () => {
  const obs = await connectObs({ url, token: TOKEN });
  const stop = playIntoObs(obs, video, testClock);
  await until(
    'live, with sound',
    () => isLive() && pictures().length >= 45 && sounds().length > 20,
  );
  const sent = new Set(video.frames.map(({ bytes }) => Buffer.from(bytes).toString('base64')));
  for (const { bytes } of pictures()) assert.ok(sent.has(Buffer.from(bytes).toString('base64')));
  assert.ok(pictures()[0]?.keyFrame, 'the first picture is a key frame');
  for (const { bytes } of sounds()) assert.deepEqual([...bytes], [...OPUS_SILENCE]);
  const now = testClock.nowUs();
  for (const { captureUs, rtpTimestamp } of pictures()) {
    assert.ok(captureUs <= now && captureUs > now - 10_000_000, 'a time of these seconds');
    const ofRtp = captureUsOf(rtpTimestamp, 90_000, OFFSETS.videoClockOffset, now);
    assert.ok(Math.abs(ofRtp - captureUs) <= 12, 'RTP time is a fixed function of capture time');
  }
  const { title, width, height, hasSound } = capture.state();
  assert.deepEqual(
    { title, width, height, hasSound },
    {
      ...{ title: 'OBS 30.1.2', width: 640, height: 360, hasSound: true },
    },
  );
  await assert.rejects(connectObs({ url, token: TOKEN }), (error: unknown) => {
    assert.ok(error instanceof ObsNotConnected && error.status === 409, String(error));
    return /OBS 30\.1\.2 publishes here already/.test(error.message);
  });
  const before = pictures().length;
  await until('the first to go on', () => pictures().length > before + 5);
  stop();
  assert.equal(await obs.stop(), 200);
  await until('it left', () => states.at(-1)?.state === 'reconnecting');
});

test('a killed OBS is let in again, three times', { skip }, async () => {
  for (let round = 0; round < 3; round++) {
    const before = pictures().length;
    const obs = await connectObs({ url, token: TOKEN });
    const stop = playIntoObs(obs, video, testClock);
    await until('live', () => isLive() && pictures().length > before + 5);
    stop();
    obs.kill();
    await until('not live', () => !isLive());
  }
});

test('a wrong token and what is no offer are refused with the cure', async () => {
  for (const token of ['', 'wrong', TOKEN.toUpperCase()]) {
    const headers = { 'content-type': 'application/sdp', authorization: `Bearer ${token}` };
    const response = await fetch(url, { method: 'POST', headers, body: 'v=0' });
    assert.equal(response.status, 401);
    assert.equal(response.headers.get('www-authenticate'), 'Bearer realm="whip"');
    const text = await response.text();
    assert.match(text, /Copy the bearer token/);
    assert.ok(!text.includes(TOKEN));
  }
  const authorization = `Bearer ${TOKEN}`;
  const ask = (method: string, body?: string, type = 'application/sdp') =>
    fetch(url, {
      ...{ method, headers: { authorization, 'content-type': type } },
      ...(body === undefined ? {} : { body }),
    });
  assert.equal((await ask('POST', 'no sdp')).status, 400);
  assert.equal((await ask('POST', '{}', 'application/json')).status, 415);
  assert.equal((await ask('POST', 'v'.repeat(70_000))).status, 413);
  assert.equal((await ask('PUT', 'x')).status, 405);
  assert.equal((await ask('OPTIONS')).status, 200);
  assert.equal(
    (await fetch(`${url}/nobody`, { method: 'DELETE', headers: { authorization } })).status,
    404,
  );
});

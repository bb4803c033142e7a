// Proves what televisions are given, with real packets through a real fan-out and a real HTTP
// server: ffmpeg and Chromium play the live playlist with picture and sound, a reload is held until its part is
// there, and nothing is given of a show that is sealed, not for televisions, or closed meanwhile;
// an idle stream ends and its memory is free.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { ManualTime, realTimers } from '../../core/base/clock.ts';
import { silentLogger } from '../../core/base/logger.ts';
import { packetizeAccessUnit } from '../../core/media/h264Rtp.ts';
import { writeRtpHeader } from '../../core/media/rtp.ts';
import { type Show, Show_State, ShowSchema } from '../../core/wire/gen/facts_pb.js';
import { TEST_FFMPEG_PATH } from '../../native/ffmpeg/testFfmpeg.ts';
import { createFanOut } from '../../native/webrtc/fanOut.ts';
import { makeTestVideo, OPUS_SILENCE } from '../../native/webrtc/testVideo.ts';
import { browserSkip, launchBrowser } from '../../tests/harness/browser.ts';
import { createTelevision } from './television.ts';

const made = makeTestVideo({ frames: 60, size: '320x180', kilobits: 300 });
const skip = typeof made === 'string' ? made : false;
const CHANNEL = 'ab'.repeat(16);
const PICTURE_TICKS = 3_000;

const servers: Server[] = [];
after(() => {
  for (const server of servers) {
    server.close();
    server.closeAllConnections();
  }
});

type Changes = Partial<Pick<Show, 'state' | 'television' | 'encrypted' | 'title'>>;
type Kept = { homeUrl?: string; isBarred?: boolean };

/** A relay's television alone, its show, and a studio whose pictures come when a test says so. */
async function stage(first: Changes = {}, kept: Kept = {}) {
  const time = new ManualTime(1_000_000_000);
  let show: Show = create(ShowSchema, { state: Show_State.LIVE, television: true, ...first });
  const fanOut = createFanOut({
    ...{ owner: 'test', clock: time, timers: realTimers, logger: silentLogger },
    random: (length) => new Uint8Array(length),
    onKeyFrameRequest: () => {},
  });
  const television = createTelevision({
    ...{ clock: time, timers: time, wallMs: () => Date.UTC(2026, 10, 21) + time.nowUs() / 1000 },
    learn: async () => {},
    showOf: (channelId) => (channelId === CHANNEL ? show : null),
    fanOutOf: () => fanOut,
    homeOf: () => kept.homeUrl ?? null,
    isBarred: () => kept.isBarred ?? false,
    originHeader: () => ({}),
  });
  const server = createServer(async (request, response) => {
    const path = (request.url ?? '').split('?')[0] ?? '';
    if (!(await television.answer(request, response, path))) response.writeHead(418).end();
  });
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const input = fanOut.openInput();
  const sequences = { video: 0, audio: 0 };
  let picture = 0;
  const report = (rtpTimestamp: number, rate: number) => ({
    ...{ ntpSeconds: 5_000 + Math.floor(rtpTimestamp / rate), rtpTimestamp },
    ntpFraction: Math.floor(((rtpTimestamp % rate) / rate) * 2 ** 32),
  });
  function soundAt(timestamp: number): void {
    const packet = new Uint8Array(12 + OPUS_SILENCE.length);
    const of = { payloadType: 111, ssrc: 2, sequence: sequences.audio++, timestamp };
    writeRtpHeader(packet, 0, { ...of, marker: false });
    packet.set(OPUS_SILENCE, 12);
    input.push('audio', packet);
  }
  return {
    ...{ url, television, time },
    hls: `${url}/hls/${CHANNEL}`,
    setShow(changes: Changes): void {
      show = create(ShowSchema, { ...show, ...changes });
    },
    /** So many seconds of the show, key frame every second, at once. */
    play(seconds: number): void {
      assert.ok(typeof made !== 'string');
      for (const end = picture + seconds * 30; picture < end; picture++) {
        const timestamp = picture * PICTURE_TICKS;
        if (picture % 30 === 0) {
          input.senderReport('video', report(timestamp, 90_000));
          input.senderReport('audio', report((timestamp * 48_000) / 90_000, 48_000));
        }
        const unit = made.frames[picture % 60]?.bytes ?? new Uint8Array(0);
        const of = { payloadType: 96, ssrc: 1, sequence: sequences.video, timestamp };
        for (const packet of packetizeAccessUnit(unit, of)) {
          input.push('video', packet);
          sequences.video++;
        }
        // 20 ms of sound each, so five for three pictures.
        for (let at = Math.ceil((picture * 5) / 3); at < ((picture + 1) * 5) / 3; at++) {
          soundAt(at * 960);
        }
        time.advance(1000 / 30);
      }
    },
  };
}

const statusOf = async (url: string) => {
  const answer = await fetch(url, { redirect: 'manual' });
  await answer.arrayBuffer();
  return answer.status;
};
const textOf = async (url: string) => (await fetch(url)).text();

function ffmpeg(url: string, seconds: number): Promise<string> {
  const child = spawn(TEST_FFMPEG_PATH, [
    ...['-hide_banner', '-nostdin', '-i', url, '-t', String(seconds)],
    ...['-map', '0', '-c', 'copy', '-f', 'framecrc', '-'],
  ]);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      text += chunk;
    });
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve(text) : reject(new Error(text))));
  });
}

test('ffmpeg plays the live playlist, with picture and sound at their times', {
  skip,
}, async () => {
  const { hls, play } = await stage();
  // Whoever asks first waits for a whole segment.
  const asked = textOf(`${hls}/index.m3u8`);
  while ((await Promise.race([asked, Promise.resolve(null)])) === null) {
    play(0.1);
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.match(await asked, /CODECS="avc1\.[0-9A-F]{6},opus",RESOLUTION=320x180/);
  play(6);
  const text = await ffmpeg(`${hls}/index.m3u8`, 2);
  assert.match(text, /Video: h264 .*320x180/);
  assert.match(text, /Audio: opus .*48000 Hz/);
  const rows = text.split('\n').filter((line) => /^[01],/.test(line));
  const times = (stream: string) =>
    rows.filter((row) => row.startsWith(stream)).map((row) => Number(row.split(',')[1]));
  assert.ok(times('0').length >= 55, `${times('0').length} pictures in two seconds`);
  assert.ok(times('1').length >= 90, `${times('1').length} sounds in two seconds`);
  for (const stream of ['0', '1']) {
    const list = times(stream);
    assert.deepEqual(
      list,
      [...list].sort((one, next) => one - next),
    );
  }
  const live = await textOf(`${hls}/live.m3u8`);
  assert.match(live, /CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=3.3,/);
  assert.match(live, /^# View only\. .*later than the market/m);
});

test('Chromium plays the pieces as they come, by Media Source Extensions alone', {
  skip: skip || browserSkip,
}, async () => {
  const on = await begun();
  const browser = await launchBrowser();
  const page = await browser.newPage();
  await page.goto(`${on.url}/tv/${CHANNEL}`);
  await page.getByText('View only').waitFor();
  const codecs = /CODECS="(.*?)"/.exec(await textOf(`${on.hls}/index.m3u8`))?.[1] ?? '';
  const playing = page.evaluate(playPieces, { folder: `/hls/${CHANNEL}/`, codecs });
  // What it asks for is not there yet, and is held until it is.
  const cancel = realTimers.every(50, () => on.play(0.3));
  const played = await playing.finally(cancel);
  assert.deepEqual({ ...played, seconds: played.seconds >= 3 }, { width: 320, seconds: true });
  await browser.close();
});

/** Runs in the page: header, segments and parts of the live playlist, decoded and played. */
async function playPieces(of: { folder: string; codecs: string }) {
  const bytesOf = async (name: string) => (await fetch(of.folder + name)).arrayBuffer();
  const video = document.createElement('video');
  const source = new MediaSource();
  video.muted = true;
  video.src = URL.createObjectURL(source);
  await new Promise((open) => source.addEventListener('sourceopen', open, { once: true }));
  const buffer = source.addSourceBuffer(`video/mp4; codecs="${of.codecs}"`);
  const append = async (name: string) => {
    buffer.appendBuffer(await bytesOf(name));
    await new Promise((done) => buffer.addEventListener('updateend', done, { once: true }));
  };
  const heard = new Set<string>();
  let query = '';
  while (buffer.buffered.length === 0 || buffer.buffered.end(0) - buffer.buffered.start(0) < 3) {
    const playlist = await (await fetch(`${of.folder}live.m3u8${query}`)).text();
    const names = [...playlist.matchAll(/MAP:URI="(.*?)"|PART:.*URI="(part\d+\.m4s)"/g)];
    for (const [, header, part] of names) {
      const name = header ?? part ?? '';
      if (heard.has(name)) continue;
      heard.add(name);
      await append(name);
    }
    // The next segment's first part: the relay holds the answer until it is there.
    const first = Number(/SEQUENCE:(\d+)/.exec(playlist)?.[1]);
    query = `?_HLS_msn=${first + playlist.split('#EXTINF').length}&_HLS_part=0`;
  }
  video.currentTime = buffer.buffered.start(0);
  await video.play();
  const from = video.currentTime;
  while (video.currentTime < from + 0.5) await new Promise((next) => setTimeout(next, 20));
  const seconds = buffer.buffered.end(0) - buffer.buffered.start(0);
  return { width: video.videoWidth, seconds };
}

test('a reload is held until its part is there; a hint is answered when it comes', {
  skip,
}, async () => {
  const { hls, play } = await stage();
  const first = textOf(`${hls}/live.m3u8`);
  while ((await Promise.race([first, Promise.resolve(null)])) === null) {
    play(0.1);
    await new Promise((resolve) => setImmediate(resolve));
  }
  play(3.1);
  const live = await textOf(`${hls}/live.m3u8`);
  const newest = Number(/MEDIA-SEQUENCE:(\d+)/.exec(live)?.[1]) + live.split('#EXTINF').length - 1;
  const hint = /PRELOAD-HINT:TYPE=PART,URI="(.*)"/.exec(live)?.[1];
  let isAnswered = false;
  const held = Promise.all([
    textOf(`${hls}/live.m3u8?_HLS_msn=${newest + 1}&_HLS_part=0`),
    fetch(`${hls}/${hint}`).then((answer) => answer.arrayBuffer()),
  ]).finally(() => {
    isAnswered = true;
  });
  assert.equal(await statusOf(`${hls}/live.m3u8`), 200);
  assert.equal(isAnswered, false);
  play(3);
  const [reloaded, part] = await held;
  assert.ok(reloaded.includes(`segment${newest}.m4s`));
  assert.equal(Buffer.from(part).toString('latin1', 4, 8), 'moof');
  assert.equal(await statusOf(`${hls}/live.m3u8?_HLS_msn=${newest + 99}`), 400);
  assert.equal(await statusOf(`${hls}/live.m3u8?_HLS_part=1`), 400);
  assert.equal(await statusOf(`${hls}/live.m3u8?_HLS_msn=-1`), 400);
  assert.equal(await statusOf(`${hls}/segment1.m4s`), 404);
  assert.equal(await statusOf(`${hls}/passwd`), 404);
});

test('a sealed show, one of the link only, a banned network and another node', {
  skip,
}, async () => {
  for (const changes of [{ encrypted: true }, { television: false }]) {
    const { hls, url, play, television } = await stage(changes);
    play(3);
    for (const name of ['index.m3u8', 'live.m3u8', 'header1.mp4', 'part1.m4s']) {
      assert.equal(await statusOf(`${hls}/${name}`), 403);
    }
    assert.equal(television.counters.streams, 0, 'nothing is even read');
    assert.equal(await statusOf(`${url}/hls/${'0'.repeat(32)}/index.m3u8`), 404);
  }
  const barred = await stage({}, { isBarred: true });
  assert.equal(await statusOf(`${barred.hls}/index.m3u8`), 403);
  const early = await stage({ state: Show_State.READY });
  assert.equal(await statusOf(`${early.hls}/index.m3u8`), 404);
  const guest = await stage({}, { homeUrl: 'http://127.0.0.2:7100' });
  const moved = await fetch(`${guest.hls}/live.m3u8?_HLS_msn=3`, { redirect: 'manual' });
  assert.equal(moved.status, 307);
  const path = `/hls/${CHANNEL}/live.m3u8?_HLS_msn=3`;
  assert.equal(moved.headers.get('location'), `http://127.0.0.2:7100${path}`);
});

async function begun() {
  const on = await stage();
  const first = textOf(`${on.hls}/live.m3u8`);
  while ((await Promise.race([first, Promise.resolve(null)])) === null) {
    on.play(0.1);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return { ...on, part: /URI="(part\d+\.m4s)"/.exec(await first)?.[1] ?? '' };
}

test('a show that is sealed while it is watched is gone at once', { skip }, async () => {
  const { hls, play, setShow, television, part, time } = await begun();
  assert.equal(await statusOf(`${hls}/${part}`), 200);
  const held = statusOf(`${hls}/live.m3u8?_HLS_msn=999999999999`).catch(() => 0);
  assert.equal(await held, 400);
  const bytes = television.counters.bytesHeld;
  assert.ok(bytes > 0);
  setShow({ encrypted: true });
  play(0.5);
  assert.equal(await statusOf(`${hls}/${part}`), 403);
  assert.equal(await statusOf(`${hls}/live.m3u8`), 403);
  assert.ok(television.counters.bytesHeld <= bytes, 'no picture was kept after it');
  time.advance(2_000);
  assert.deepEqual(
    [television.counters.streams, television.counters.bytesHeld],
    [0, 0],
    'and none is held',
  );
});

test('the end is said; an idle stream ends and frees its memory', { skip }, async () => {
  const { hls, url, setShow, television, time } = await begun();
  setShow({ state: Show_State.ENDED });
  time.advance(1_500);
  assert.match(await textOf(`${hls}/live.m3u8`), /#EXT-X-ENDLIST\n$/);
  time.advance(40_000);
  assert.equal(television.counters.streams, 0);
  assert.equal(await statusOf(`${hls}/live.m3u8`), 404);
  setShow({ title: '<b>Final</b>' });
  const page = await fetch(`${url}/tv/${CHANNEL}`, { headers: { 'accept-language': 'zh-CN' } });
  const html = await page.text();
  assert.match(html, /仅供观看/);
  assert.ok(html.includes('&lt;b&gt;Final') && !html.includes('<b>Final'));
});

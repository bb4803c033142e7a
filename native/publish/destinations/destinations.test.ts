// Proves that a live show is pushed to further places by RTMP and by WHIP, each with its own state:
// a server that listens gets pictures and sound under the key that it was given, which stands in no
// process' arguments and in no file once ffmpeg sends; one that is not there waits and tries again,
// and the others notice nothing. The RTMP server is ffmpeg's own.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { realTimers } from '../../../core/base/clock.ts';
import { silentLogger } from '../../../core/base/logger.ts';
import type { DestinationView } from '../../../core/contract/destinations.ts';
import { hasFfmpeg, resolveFfmpeg } from '../../ffmpeg/resolve.ts';
import { TEST_FFMPEG_PATH } from '../../ffmpeg/testFfmpeg.ts';
import { makeTestVideo, playTestVideo, testClock, until } from '../../webrtc/testVideo.ts';
import { createPublisher } from '../publisher.ts';
import { createDestinations } from './destinations.ts';

const KEY = `key-${randomBytes(8).toString('hex')}`;
const video = makeTestVideo({ size: '320x240', kilobits: 300 });
const ffmpeg = await resolveFfmpeg();
const skip = typeof video === 'string' ? video : hasFfmpeg(ffmpeg) ? false : ffmpeg.reason;
const folder = mkdtempSync(join(tmpdir(), 'destinations-'));
const peer = { iceServers: [], bindAddress: '127.0.0.1' };
after(() => rmSync(folder, { recursive: true, force: true }));

function freePort(): Promise<number> {
  return new Promise((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => done(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

/** ffmpeg as an RTMP server of one connection; it says what stream it was asked for. */
function listen(port: number): { child: ChildProcess; said: () => string } {
  const input = ['-v', 'info', '-listen', '1', '-f', 'flv', '-i', `rtmp://127.0.0.1:${port}/live`];
  const output = ['-t', '2', '-c', 'copy', '-f', 'null', '-'];
  const child = spawn(TEST_FFMPEG_PATH, ['-hide_banner', '-nostdin', ...input, ...output], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let text = '';
  child.stderr?.on('data', (bytes: Buffer) => {
    text += String(bytes);
  });
  return { child, said: () => text };
}

test('places get the show each by itself, and keys are in no arguments', { skip }, async () => {
  const around = { clock: testClock, timers: realTimers, logger: silentLogger, peer, fetch };
  const random = (length: number) => randomBytes(length);
  const publisher = createPublisher({ ...around, random, requestKeyFrame() {} });
  const helpers = new Set<number>();
  let views: DestinationView[] = [];
  let isLive = false;
  const destinations = createDestinations({
    ...{ publisher, ffmpeg, peer, timers: realTimers, logger: silentLogger, folder },
    onHelper: (pid, isAlive) => void (isAlive ? helpers.add(pid) : helpers.delete(pid)),
    isLive: () => isLive,
    onChange: (now) => {
      views = now;
    },
  });
  const [port, closedPort] = [await freePort(), await freePort()];
  const server = listen(port);
  const gone = new Promise((done) => server.child.once('exit', done));
  const kept = (id: string, url: string) => ({ id, title: id, url, secret: KEY, isOn: true });
  destinations.set([
    kept('there', `rtmp://127.0.0.1:${port}/live`),
    kept('absent', `rtmp://127.0.0.1:${closedPort}/live`),
    kept('engine', `http://127.0.0.1:${closedPort}/whip`),
  ]);
  assert.deepEqual(
    views.map(({ state }) => state),
    ['off', 'off', 'off'],
  );
  assert.ok(!JSON.stringify(views).includes(KEY), 'no key in what is shown');
  const played = typeof video === 'string' ? { frames: [] } : video;
  const player = playTestVideo(played, testClock, (unit) => {
    publisher.push(unit);
    destinations.push({ ...unit, config: 1 });
  });
  isLive = true;
  destinations.steer();
  const viewOf = (id: string) => views.find((view) => view.id === id);
  await until('ffmpeg runs', () => helpers.size > 0);
  for (const pid of helpers) assert.ok(!argumentsOf(pid).includes(KEY), 'no key in arguments');
  await until('it is live', () => viewOf('there')?.state === 'live', 20_000);
  await until(
    'the others wait',
    () => ['absent', 'engine'].every((id) => (viewOf(id)?.attempts ?? 0) >= 2),
    20_000,
  );
  assert.notEqual(viewOf('absent')?.reason, undefined);
  await gone;
  assert.match(server.said(), new RegExp(KEY), 'the server was asked for the stream of this key');
  assert.match(server.said(), /Video: h264/);
  assert.match(server.said(), /Audio: aac/);
  isLive = false;
  destinations.steer();
  await until('all off', () => views.every(({ state }) => state === 'off'));
  player.stop();
  await destinations.close();
  await publisher.close();
  assert.deepEqual(readdirSync(folder), [], 'no option file is left');
  // The library's threads would hold the process.
  realTimers.after(200, () => process.exit());
});

function argumentsOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    // It ended meanwhile, or this is no Linux.
    return '';
  }
}

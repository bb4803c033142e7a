// Figures `obs`, `obspass` and `obscore` (`obsconnected` is beside it): an encoder by RTMP. From the moment that it is let in
// to the first of its pictures at a viewer who waits; what passing through adds between the last
// byte of a picture and the feed; and what that costs of a core. The encoder is ffmpeg with OBS's
// settings for no delay: it speaks the same protocol and starts in less time than OBS does.

import { type ChildProcess, fork, spawn } from 'node:child_process';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { createChunkReader } from '../core/media/rtmp/chunks.ts';
import { TEST_FFMPEG_PATH } from '../native/ffmpeg/testFfmpeg.ts';
import { DESKTOP } from '../tests/harness/browser.ts';
import { enterStudio } from '../tests/harness/owner.ts';
import { startStudio, waitFor } from '../tests/harness/studio.ts';
import { type BenchContext, type Measured, notMeasured, ROUNDS } from './figure.ts';
import { pause } from './floors.ts';
import { measureConnected } from './obsConnected.ts';
import type { ObsFeedAnswer } from './obsFeed.ts';
import { mapPageClock, monotonicMs } from './pageClock.ts';
import { takeFrames, watchFrames } from './pageFrames.ts';

const PUSH =
  '-v error -re -f lavfi -i testsrc2=s=1280x720:r=30 -re -f lavfi -i sine=r=44100 ' +
  '-pix_fmt yuv420p -c:v libx264 -preset ultrafast -tune zerolatency -g 30 -b:v 2500k ' +
  '-c:a aac -b:a 128k -f flv';
const HANDSHAKE_BYTES = 1 + 2 * 1_536;
const VIDEO = 9;
/** Until the page has shown the stand-in for a while. */
const STAND_IN_MS = 2_000;
const ROUND_MS = { short: 6_000, full: 30_000 };

export async function measureObs(context: BenchContext): Promise<Measured[]> {
  await context.quiet();
  const first = [await measureConnected(context), await measureFirst(context)];
  return [...first, ...(await measurePassing(context.isFull))];
}

function push(url: string): ChildProcess {
  return spawn(TEST_FFMPEG_PATH, [...PUSH.split(' '), url], { stdio: 'ignore' });
}

/** A viewer waits on an open page; the stand-in for its picture ends with the first real one. */
async function measureFirst(context: BenchContext): Promise<Measured> {
  const browser = await context.browser();
  if (!browser) return notMeasured('obs', 'no browser with H.264');
  const studio = await startStudio({ args: ['--source', 'rtmp:'] });
  const owner = await enterStudio(studio.facts().studio ?? '');
  const address = studio.facts().ingest?.rtmp;
  const page = await browser.newPage({ viewport: DESKTOP });
  await watchFrames(page, true);
  await page.goto(studio.facts().viewer ?? '');
  const rounds: number[][] = [];
  // The first time there is no stand-in yet; it is the warm-up.
  for (let round = -1; round < ROUNDS; round++) {
    const samples: number[] = [];
    for (let at = 0; at < (context.isFull && round >= 0 ? 5 : 1); at++) {
      const clock = await mapPageClock(page);
      const standIn = (await takeFrames(page)).at(-1)?.corner ?? '';
      const encoder = push(`${address?.url}/${address?.key}`);
      await owner.until('the encoder', ({ source }) =>
        ['connecting', 'live'].includes(source.state),
      );
      const startMs = monotonicMs();
      const presentedMs = await waitFor('its picture', async () => {
        const frames = await takeFrames(page);
        return frames.find(({ corner }) => isAnother(corner, standIn))?.presentedMs;
      });
      samples.push(presentedMs + clock.offsetMs - startMs);
      encoder.kill('SIGKILL');
      await owner.until('the stand-in', ({ source }) => source.isSlate === true);
      await pause(STAND_IN_MS);
    }
    if (round >= 0) rounds.push(samples);
  }
  await page.close();
  owner.close();
  await studio.stop();
  const remarks = ['ffmpeg, 720p30, a key frame each second; the page waits and shows the slate'];
  return { figure: 'obs', rounds, remarks };
}

/** The corner of another picture: brightness that differs by more than encoding makes it. */
function isAnother(corner: string, before: string): boolean {
  if (before === '') return true;
  let difference = 0;
  for (let at = 0; at < corner.length; at++) {
    difference += Math.abs(corner.charCodeAt(at) - before.charCodeAt(at));
  }
  return difference / corner.length > 12;
}

async function measurePassing(isFull: boolean): Promise<Measured[]> {
  const feed = fork(join(import.meta.dirname, 'obsFeed.ts'), { stdio: 'inherit' });
  const answer = (type: ObsFeedAnswer['type']) =>
    new Promise<ObsFeedAnswer>((done) => {
      const hear = (message: unknown) => {
        const told = message as ObsFeedAnswer;
        if (told.type !== type) return;
        feed.off('message', hear);
        done(told);
      };
      feed.on('message', hear);
    });
  const ask = async () => {
    const told = answer('taken');
    feed.send('taken?');
    const taken = await told;
    if (taken.type !== 'taken') throw new Error('The feed’s process answered something else');
    return taken;
  };
  const place = await answer('listening');
  if (place.type !== 'listening') throw new Error('The feed’s process did not listen');
  const way = await openWatchedWay(place.port);
  const encoder = push(`rtmp://127.0.0.1:${way.port}/live/${place.key}`);
  const added: number[][] = [];
  const shares: number[][] = [];
  try {
    let before = await ask();
    while (before.pictureUs.length === 0) {
      await pause(200);
      before = await ask();
    }
    const skipped = before.pictureUs.length;
    way.forget(skipped);
    for (let round = 0; round < ROUNDS; round++) {
      const startMs = performance.now();
      await pause(isFull ? ROUND_MS.full : ROUND_MS.short);
      const taken = await ask();
      const sentUs = way.take(taken.pictureUs.length);
      added.push(taken.pictureUs.map((outUs, at) => (outUs - (sentUs[at] ?? outUs)) / 1000));
      const burnedUs =
        taken.burnedUs - before.burnedUs + taken.helperBurnedUs - before.helperBurnedUs;
      shares.push([burnedUs / 10 / (performance.now() - startMs)]);
      before = taken;
    }
  } finally {
    encoder.kill('SIGKILL');
    feed.disconnect();
    way.close();
  }
  return [
    { figure: 'obspass', rounds: added, remarks: ['from the write of a picture’s last byte'] },
    {
      figure: 'obscore',
      rounds: shares,
      remarks: ['listener, capture room and the ffmpeg that makes Opus of AAC, 720p30, 2.5 Mbit/s'],
    },
  ];
}

/** A way to the listener that notes when each picture's last byte went on. */
async function openWatchedWay(to: number) {
  let sentUs: number[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((from) => {
    const onward = connect(to, '127.0.0.1');
    onward.setNoDelay(true);
    let left = HANDSHAKE_BYTES;
    let came = 0;
    const reader = createChunkReader(({ type, payload }) => {
      // Pictures, not their configuration.
      if (type === VIDEO && payload[1] === 1) came++;
    });
    from.on('data', (bytes) => {
      const rest = bytes.subarray(Math.min(left, bytes.length));
      left -= bytes.length - rest.length;
      reader.push(rest);
      const nowUs = Number(process.hrtime.bigint() / 1000n);
      for (; came > 0; came--) sentUs.push(nowUs);
      onward.write(bytes);
    });
    onward.on('data', (bytes) => from.write(bytes));
    for (const socket of [from, onward]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        from.destroy();
        onward.destroy();
      });
    }
  });
  const port = await new Promise<number>((done) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      done(address !== null && typeof address !== 'string' ? address.port : 0);
    });
  });
  return {
    port,
    forget(count: number) {
      sentUs = sentUs.slice(count);
    },
    take: (count: number) => sentUs.splice(0, count),
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

// Proves that balls which only move reach the ball's track through sight: with the file that we
// ship, in its thread, over a drawn ground while the camera stands or pans. And that whoever is
// slow, crashes or hangs costs balls and nothing else: every picture is judged, the newest one is
// looked at, and the camera's way over those that were passed by is summed up.

import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { fromBinary } from '@bufbuild/protobuf';
import { ManualTime, realTimers, type Timers } from '../../core/base/clock.ts';
import { silentLogger } from '../../core/base/logger.ts';
import { FrameFactsSchema, type Track } from '../../core/wire/gen/facts_pb.js';
import { type BallSeer, createBallSeer } from './models/ballSeer.ts';
import { findModel } from './models/manifest.ts';
import { type Disc, draw, flight } from './models/testing/drawnBall.ts';
import { EMPTY_PACK, type Pack } from './moriarty/pack.ts';
import { Sight } from './sight.ts';
import { makeIds } from './tracking/track.ts';
import { PICTURE } from './vibrio/motion.ts';

const PACK: Pack = { ...EMPTY_PACK, ball: { label: 'ball', finder: { model: 'ball-or-not' } } };
const FRAME_US = 33_333;
const found = await findModel('ball-or-not', [resolve(import.meta.dirname, '../../models')]);
if ('reason' in found) throw new Error(found.reason);
const { model } = found;
/** A busy machine is no hanging model. */
const patient: Timers = {
  after: (delayMs, run) => realTimers.after(delayMs * 50, run),
  every: (periodMs, run) => realTimers.every(periodMs, run),
};

/** A worker that answers each look as `onLook` says. */
function playedWorker(onLook: string): URL {
  const path = join(mkdtempSync(join(tmpdir(), 'seer-')), 'worker.cjs');
  writeFileSync(
    path,
    `const { parentPort } = require('node:worker_threads');
    parentPort.postMessage({ type: 'ready', provider: 'cpu', medianMs: 1, refusals: [] });
    parentPort.on('message', (message) => {
      if (message.type === 'stop') process.exit(0);
      const say = (balls) => parentPort.postMessage({
        type: 'seen', id: message.id, seen: { balls, inferMs: 1, glueMs: 1 } });
      ${onLook} });`,
  );
  return pathToFileURL(path);
}

function seerOf(workerUrl: URL, timers: Timers): BallSeer {
  return createBallSeer({ model, providers: [], timers, logger: silentLogger, workerUrl });
}

function reached(seer: BallSeer, state: string): Promise<void> {
  return new Promise((done) => {
    const look = () => {
      if (seer.state().state === state) done();
    };
    seer.onChange(look);
    look();
  });
}

function open(ballSeer: BallSeer, timers: Timers) {
  const clock = { nowUs: () => 1 };
  const sight = new Sight({
    ...{ clock, timers, takeId: makeIds(), pack: PACK, detector: null, ballSeer },
  });
  return async (yuv: Uint8Array, frame: number) => {
    const at = { captureUs: 1_000_000 + frame * FRAME_US, rtpTimestamp: frame };
    const times = { receivedMs: 0, decodedMs: 0 };
    const result = await sight.judge({ ...at, ...times, yuv }, true);
    return { ...result, tracks: fromBinary(FrameFactsSchema, result.facts).tracks };
  };
}

const centreOf = ({ box }: Track) => ({
  x: ((box?.x ?? 0) + (box?.width ?? 0) / 2) * PICTURE.width,
  y: ((box?.y ?? 0) + (box?.height ?? 0) / 2) * PICTURE.height,
});

for (const pan of [0, 3]) {
  test(`a thrown disc is the ball, with one id, while the camera pans ${pan} pixels`, async () => {
    const seer = seerOf(new URL('./models/worker.ts', import.meta.url), patient);
    await reached(seer, 'running');
    const judge = open(seer, patient);
    // The background is learnt before the throw.
    const before = 20;
    const ids = new Set<number>();
    let near = 0;
    for (let frame = 0; frame < before + 38; frame++) {
      const disc: Disc | null = frame < before ? null : flight(frame - before);
      const { tracks } = await judge(draw(frame * pan, disc, null), frame);
      const [ball] = tracks.filter(({ label }) => label === 'ball');
      if (!ball || !disc) continue;
      ids.add(ball.id);
      assert.ok(ball.confidence <= 0.6, 'what only moves like a ball is no sure ball');
      const { x, y } = centreOf(ball);
      if (!ball.predicted && Math.hypot(x - disc.x, y - disc.y) <= 6) near++;
    }
    assert.ok(near >= 22, `on ${near} of 38 pictures`);
    assert.equal(ids.size, 1);
    await seer.close();
  });
}

test('who looks at one picture passes others by, and learns the camera’s whole way', async () => {
  const seer = seerOf(
    playedWorker(`const { x, y, steps, isFirst } = message.moved;
      say([{ x, y, radius: steps, confidence: isFirst ? 1 : 0, hits: 1 }]);`),
    new ManualTime(),
  );
  await reached(seer, 'running');
  const picture = {
    ...PICTURE,
    bytes: new Uint8Array(8),
    range: 'video',
    matrix: 'bt709',
  } as const;
  const first = seer.offer(picture, { x: 1, y: 0 }, true);
  assert.ok(first);
  assert.equal(seer.offer(picture, { x: 2, y: -1 }, true), null, 'it is still at the first');
  assert.equal((await first)?.[0]?.confidence, 1, 'there was none before it');
  assert.equal(seer.offer(picture, { x: 4, y: 0 }, false), null, 'it may not');
  const [third] = (await seer.offer(picture, { x: 8, y: 0 }, true)) ?? [];
  assert.deepEqual(third, { x: 14, y: -1, radius: 3, confidence: 0, hits: 1 });
  seer.offer(picture, null, false);
  assert.equal((await seer.offer(picture, { x: 1, y: 0 }, true))?.[0]?.confidence, 1);
  seer.reset();
  assert.equal((await seer.offer(picture, { x: 1, y: 0 }, true))?.[0]?.confidence, 1);
  await seer.close();
});

test('a crash costs balls; motion goes on, and the thread comes back', async () => {
  const time = new ManualTime();
  const seer = seerOf(playedWorker('if (message.id === 2) process.exit(9); say([]);'), time);
  await reached(seer, 'running');
  const judge = open(seer, time);
  const thing = (frame: number) =>
    draw(0, null, { x: 90 + frame * 9, y: 120, angle: 1.2, length: 110, half: 22 });
  let withMotion = 0;
  for (let frame = 0; frame < 40; frame++) {
    const { tracks, isBlind } = await judge(frame < 20 ? draw(0, null, null) : thing(frame), frame);
    assert.equal(isBlind, false);
    if (tracks.some(({ label }) => label === 'motion')) withMotion++;
  }
  assert.ok(withMotion >= 10, `${withMotion} pictures with motion`);
  assert.match(seer.state().reason, /"ball-or-not" failed: .*seen by the detector alone/);
  time.advance(250);
  await reached(seer, 'running');
  assert.equal(seer.state().reason, '');
  await seer.close();
});

test('a hang holds one picture up for a moment and no other', async () => {
  const time = new ManualTime();
  const seer = seerOf(playedWorker('if (message.id === 1) setInterval(() => {}, 1e6);'), time);
  await reached(seer, 'running');
  const judge = open(seer, time);
  const held = judge(draw(0, null, null), 0);
  time.advance(400);
  assert.deepEqual((await held).tracks, []);
  // Nobody moves the clock here: these wait for nobody.
  for (let frame = 1; frame < 5; frame++) await judge(draw(0, null, null), frame);
  time.advance(1_600);
  assert.match(seer.state().reason, /took longer than 2 s/);
  await seer.close();
});

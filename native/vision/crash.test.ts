// Proves that vision as a real process may be killed while it judges: the engine's side replays,
// every picture's facts arrive exactly once and in order, and every crossing of the line is told
// exactly once, on its picture. Pictures are real H.264 of a box that swings over the middle.

import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { resolve } from 'node:path';
import { after, test } from 'node:test';
import { realTimers } from '../../core/base/clock.ts';
import { silentLogger } from '../../core/base/logger.ts';
import type { GameEvent } from '../../core/contract/events.ts';
import { type Endpoint, fromChildSchema } from '../../core/contract/process.ts';
import { hasFfmpeg, resolveFfmpeg } from '../ffmpeg/resolve.ts';
import { createVisionClient } from './client.ts';
import { encodeClip } from './testFeed.ts';

const ffmpeg = await resolveFfmpeg({ environmentPath: process.env.MORPHINE_FFMPEG });
const skip = hasFfmpeg(ffmpeg) ? false : 'no ffmpeg';
const root = resolve(import.meta.dirname, '../..');
const children = new Set<ChildProcess>();
after(() => {
  for (const child of children) child.kill('SIGKILL');
});

const WIDTH = 640;
const HEIGHT = 360;
const SECONDS = 12;
const PERIOD_SECONDS = 6;

/** Centre of the box, pixels: a swing over the middle that crosses it every three seconds. */
function centreAt(frame: number): number {
  return WIDTH / 2 - 220 * Math.cos((frame / 30 / PERIOD_SECONDS) * 2 * Math.PI);
}

function* pictures(): Generator<Uint8Array> {
  for (let frame = 0; frame < SECONDS * 30; frame++) {
    const picture = new Uint8Array((WIDTH * HEIGHT * 3) / 2).fill(128);
    picture.fill(60, 0, WIDTH * HEIGHT);
    const left = Math.round(centreAt(frame)) - 30;
    // Patterned, so that its whole area changes and not only its edges.
    for (let y = 150; y < 210; y++) {
      for (let x = 0; x < 60; x++) {
        picture[y * WIDTH + left + x] = (Math.floor(x / 6) + Math.floor(y / 6)) % 2 ? 230 : 110;
      }
    }
    yield picture;
  }
}

async function startProcess(): Promise<{ child: ChildProcess; endpoint: Endpoint }> {
  const child = fork(resolve(root, 'native/host/entries/vision.ts'), [], {
    silent: true,
    serialization: 'advanced',
  });
  children.add(child);
  const ready = new Promise<Endpoint>((done, refuse) => {
    child.once('exit', (code) => refuse(new Error(`vision ended with ${code}`)));
    child.on('message', (raw) => {
      const message = fromChildSchema.parse(raw);
      if (message.type === 'ready' && message.endpoint) done(message.endpoint);
    });
  });
  child.send({
    type: 'start',
    config: {
      epochUs: 0,
      logLevel: 'error',
      ffmpeg: await resolveFfmpeg(),
      modelFolders: [],
      packFolder: resolve(root, 'models/packs'),
      workerPath: resolve(root, 'native/vision/models/worker.ts'),
      pack: 'generic',
    },
  });
  return { child, endpoint: await ready };
}

test('killed twice while judging: no hole, nothing twice', { skip }, async (t) => {
  const units = await encodeClip({
    input: ['-f', 'rawvideo', '-s', `${WIDTH}x${HEIGHT}`, '-r', '30', '-i', 'pipe:0'],
    pictures: pictures(),
    keyFrameEvery: 60,
  });
  assert.equal(units.length, SECONDS * 30);
  const client = createVisionClient({ timers: realTimers, logger: silentLogger });
  t.after(() => client.close());
  const events: GameEvent[] = [];
  const factTimes: number[] = [];
  let judgedUs = 0;
  let onProgress = () => {};
  client.onEvent((event) => events.push(event));
  client.onFacts((facts) => factTimes.push(Number(facts.captureUs)));
  client.onJudged((untilUs) => {
    assert.ok(untilUs > judgedUs, 'progress never goes backwards');
    judgedUs = untilUs;
    onProgress();
  });
  client.configure({ pack: 'generic', model: null });
  const judged = (frame: number) =>
    new Promise<void>((done) => {
      onProgress = () => {
        if (judgedUs >= (units[frame]?.captureUs ?? 0)) done();
      };
      onProgress();
    });
  const pushUntil = (from: number, to: number) => {
    for (const unit of units.slice(from, to)) client.push(unit);
  };

  let running = await startProcess();
  client.setEndpoint(running.endpoint);
  // Killed right after the first crossing (frame 45) was on screen, and in the middle of a swing.
  for (const [from, to, killAfter] of [
    [0, 120, 47],
    [120, 240, 190],
  ] as const) {
    pushUntil(from, to);
    await judged(killAfter);
    const gone = new Promise((done) => running.child.once('exit', done));
    running.child.kill('SIGKILL');
    await gone;
    running = await startProcess();
    client.setEndpoint(running.endpoint);
  }
  pushUntil(240, units.length);
  await judged(units.length - 1);
  assert.deepEqual(
    factTimes,
    units.map((unit) => unit.captureUs),
    'every picture has its facts once, in order',
  );
  const crossings = events.filter((event) => event.type === 'lineCrossed');
  const expected = [1.5, 4.5, 7.5, 10.5].map((seconds) => 5_000_000 + seconds * 1_000_000);
  assert.equal(crossings.length, expected.length, JSON.stringify(crossings));
  crossings.forEach((crossing, index) => {
    // The difference picture holds the old and the new place: its centre lags by half a step.
    const errorUs = Math.abs(crossing.captureUs - (expected[index] ?? 0));
    assert.ok(errorUs <= 67_000, `crossing ${index} is ${errorUs} us off`);
    assert.match(crossing.why, /middle/);
  });
  assert.equal(client.unitsDropped(), 0);
  const gone = new Promise((done) => running.child.once('exit', done));
  running.child.send({ type: 'stop' });
  assert.equal(await gone, 0);
});

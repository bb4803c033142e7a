// Proves with real ffmpeg what a source that stands costs: it is noticed, killed and replaced, and
// meanwhile a slate says its name. Waits for watchdogs and hardly computes.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Unit } from '../../core/media/feed.ts';
import { decodePictures } from './testing/decode.ts';
import {
  anyFfmpeg,
  checkFeed,
  comesBack,
  makeClip,
  maker,
  ofTrack,
  watch,
} from './testing/watchedCapture.ts';

test('a hung ffmpeg is noticed, killed and replaced', { skip: anyFfmpeg }, async (t) => {
  if (!maker) return;
  makeClip('silent.mp4', false);
  const { capture, units, helpers, until } = watch(maker);
  t.after(() => capture.close());
  await capture.select('file:silent.mp4');
  await until(() => ofTrack(units, 'video').length >= 10 && ofTrack(units, 'audio').length >= 10);
  assert.equal(capture.state().hasSound, false);
  const [hung] = helpers;
  await comesBack(capture, helpers, until, 'SIGSTOP');
  assert.ok(hung !== undefined && !helpers.has(hung));
  checkFeed(units);
  await capture.close();
});

test('a source that stands gets a slate with its name until its next key frame', {
  skip: anyFfmpeg,
}, async (t) => {
  if (!maker) return;
  makeClip('stands.mp4', true);
  const { capture, units, helpers, until } = watch(maker);
  t.after(() => capture.close());
  const arrivals = new Map<Unit, number>();
  capture.onUnit((unit) => arrivals.set(unit, performance.now()));
  await capture.select('file:stands.mp4');
  const pictures = () => ofTrack(units, 'video').filter(({ slate }) => !slate);
  const slates = () => units.filter(({ slate }) => slate);
  // The slate is made beside the first pictures; then nobody but the player is left.
  await until(() => pictures().length >= 25 && helpers.size === 1);
  for (const pid of helpers) process.kill(pid, 'SIGSTOP');
  await until(() => slates().length >= 12);
  const last = pictures().at(-1);
  assert.ok(last);
  // A busy machine may have had a slate before.
  const first = units.slice(units.indexOf(last)).find(({ slate }) => slate);
  assert.ok(first?.keyFrame);
  const waitMs = (arrivals.get(first) ?? 0) - (arrivals.get(last) ?? 0);
  console.log(`a slate ${waitMs.toFixed(0)} ms after the last picture`);
  const { state, title, isSlate, reason, width, height } = capture.state();
  assert.deepEqual([state, title, isSlate], ['stalled', 'stands.mp4', true]);
  assert.match(reason, /stands\.mp4 gives no picture/);
  assert.deepEqual([width, height], [320, 240]);
  const stood = pictures().length;
  for (const pid of helpers) process.kill(pid, 'SIGCONT');
  await until(() => pictures().length > stood + 10);
  assert.equal(pictures()[stood]?.keyFrame, true);
  assert.deepEqual([capture.state().state, capture.state().isSlate], ['live', undefined]);
  const shown = decodePictures(maker, slates().slice(0, 10), 320, 240);
  assert.equal(shown.length, 10);
  const bright = (shown[0] ?? new Uint8Array()).filter((luma) => luma > 150).length;
  assert.ok(bright > 300, `${bright} bright points of lettering`);
  checkFeed(units);
});

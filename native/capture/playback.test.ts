// Proves with a real ffmpeg that a file is paused, sought in and goes on: each second of the clip has
// its own brightness, so that what a viewer sees tells the place. A pause holds the last picture as
// marked stills, a jump is a cut that readers are told of, times only rise, and a playlist's files
// follow each other without a slate, whatever their size.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { positionAt } from '../../core/contract/playback.ts';
import type { Unit } from '../../core/media/feed.ts';
import { builds } from '../ffmpeg/testing/builds.ts';
import { SourceError } from './sourceError.ts';
import { decodePictures } from './testing/decode.ts';
import { watchCapture } from './testing/watchCapture.ts';

const ffmpeg = builds.find((build) => build.ffmpeg)?.ffmpeg ?? null;
const skip = ffmpeg ? false : 'no ffmpeg';
const folder = mkdtempSync(join(tmpdir(), 'playback-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Second `n` is as bright as `first` and 20 for each second. */
function makeClip(name: string, size: string, seconds: number, first = 40): string {
  const path = join(folder, name);
  const picture = `color=black:s=${size}:r=25:d=${seconds},format=gray,geq=lum=${first}+20*floor(T)`;
  const sound = `sine=r=48000:d=${seconds}`;
  const made = spawnSync(ffmpeg?.path ?? '', [
    ...['-v', 'error', '-y', '-f', 'lavfi', '-i', picture, '-f', 'lavfi', '-i', sound],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-c:a', 'aac', path],
  ]);
  assert.equal(made.stderr.toString(), '');
  return path;
}

/** Which second of the clip these pictures are of; the first is a key frame. */
function secondsOf(units: readonly Unit[]): number[] {
  assert.ok(ffmpeg && units[0]?.keyFrame);
  return decodePictures(ffmpeg, units, 16, 16).map((picture) =>
    Math.round(((picture[100] ?? 0) - 40) / 20),
  );
}

function checkTimes(units: readonly Unit[]): void {
  for (const track of ['video', 'audio'] as const) {
    const times = units.filter((unit) => unit.track === track && !unit.layer);
    for (const [index, { captureUs }] of times.entries()) {
      assert.ok(captureUs > (times[index - 1]?.captureUs ?? 0), `${track} goes back`);
    }
  }
}

before(() => {
  if (ffmpeg) makeClip('eight.mp4', '160x120', 8);
});

for (const isElastic of [false, true]) {
  const way = isElastic ? 'decoded once and encoded apart' : 'encoded in one';
  test(`a file is sought in, paused, looked at and played on, ${way}`, { skip }, async (t) => {
    if (!ffmpeg) return;
    const watched = watchCapture(ffmpeg, folder, isElastic ? { isElastic, lowerLayers: [] } : {});
    const { capture, units, cuts, helpers, until, pictures, stills } = watched;
    t.after(() => capture.close());
    const playing = () => capture.state().playback;
    await capture.select('file:eight.mp4');
    await until(() => pictures().length > 10);
    assert.deepEqual(
      [playing()?.lengthMs, playing()?.entries, playing()?.isPaused],
      [8000, 1, false],
    );
    cuts.length = 0;

    capture.playback().seek(5_000);
    await until(() => cuts.length === 1 && pictures().length > 20);
    const from = cuts[0]?.at ?? 0;
    await until(() => pictures().filter((unit) => units.indexOf(unit) >= from).length >= 5);
    assert.deepEqual(
      new Set(secondsOf(pictures().filter((unit) => units.indexOf(unit) >= from))),
      new Set([5]),
    );
    const { playback } = capture.state();
    const newest = pictures().at(-1)?.captureUs ?? 0;
    assert.ok(playback && positionAt(playback, newest) >= 5_000);
    assert.ok(
      positionAt(playback, newest) < 6_400,
      'as the picture says, but for the drift allowed',
    );

    capture.playback().setPaused(true);
    assert.deepEqual([capture.state().state, capture.state().isSlate], ['stalled', true]);
    // Nothing plays meanwhile; the still is made, and then nobody is left.
    await until(() => stills().length > 0 && helpers.size === 0);
    const heldFrom = stills().length - 1;
    await until(() => stills().length >= heldFrom + 20);
    const shown = pictures().length;
    const firstKey = stills().findIndex(({ keyFrame }, at) => at >= heldFrom && keyFrame);
    assert.ok(firstKey >= 0 && firstKey <= heldFrom + 10, 'a key frame each second');
    assert.deepEqual(new Set(secondsOf(stills().slice(firstKey))), new Set([5]));
    assert.match(capture.state().reason, /eight\.mp4 is paused/);

    capture.playback().seek(2_000);
    await until(() => playing()?.positionMs === 2_000);
    const held = Buffer.from(stills()[firstKey]?.bytes ?? []);
    const other = () =>
      stills().find(({ keyFrame, bytes }, at) => at > heldFrom && keyFrame && !held.equals(bytes));
    await until(() => other() !== undefined);
    assert.deepEqual(secondsOf(stills().filter((still) => still === other())), [2]);
    assert.equal(pictures().length, shown, 'still paused');

    capture.playback().setPaused(false);
    await until(() => pictures().length >= shown + 30);
    const on = pictures().slice(shown);
    assert.deepEqual(secondsOf(on).slice(0, 3), [2, 2, 2]);
    assert.ok(secondsOf(on).includes(3), 'it goes on');
    assert.equal(capture.state().isSlate, undefined);

    // Over its end it goes on from its beginning, which is no cut.
    capture.playback().seek(7_600);
    await until(() => cuts.length === 3);
    const last = cuts[2]?.at ?? 0;
    const rest = () => pictures().filter((unit) => units.indexOf(unit) >= last);
    await until(() => rest().length >= 20);
    const seen = secondsOf(rest());
    assert.deepEqual([seen[0], seen.at(-1)], [7, 0]);
    assert.equal(cuts.length, 3);
    checkTimes(units);
    await capture.close();
    assert.equal(helpers.size, 0);
  });
}

test('a playlist goes on by itself and by hand, over a file that is gone', { skip }, async (t) => {
  if (!ffmpeg) return;
  const sizes = ['160x120', '200x100', '240x120'];
  const paths = sizes.map((size, at) => makeClip(`part ${at}.mp4`, size, 1, 60 + at * 60));
  writeFileSync(join(folder, 'all.m3u'), paths.join('\n'));
  const { capture, units, states, until, pictures, stills } = watchCapture(ffmpeg, folder);
  t.after(() => capture.close());
  const entry = () => capture.state().playback?.entry;
  await capture.select('playlist:all.m3u');
  await until(() => entry() === 2 && capture.state().width === 200);
  assert.equal(capture.state().playback?.title, 'part 1.mp4');
  const { length } = stills();
  await until(() => entry() === 3);
  renameSync(paths[0] ?? '', join(folder, 'gone.mp4'));
  await until(() => entry() === 2);
  assert.ok(states.every(({ playback }) => (playback?.entries ?? 3) === 3));
  capture.playback().skip('previous');
  await until(() => entry() === 2 && pictures().at(-1)?.captureUs !== undefined);
  capture.playback().skip('next');
  await until(() => entry() === 3 && capture.state().width === 240);
  t.diagnostic(`${stills().length - length} stills between files`);
  checkTimes(units);
  await capture.select('test:');
  await until(() => capture.state().url === 'test:' && capture.state().state === 'live');
  assert.throws(() => capture.playback(), SourceError);
  assert.equal(capture.state().playback, undefined);
});

// Proves the shelf of clips on a real disk: what is saved is listed, read in parts and deleted
// whole; names from outside reach no other file; what is older than it may be goes, and only that.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { ClipView } from '../../core/contract/recording.ts';
import { createClipShelf } from './clipShelf.ts';
import { DAY_MS, deleteOld } from './retention.ts';

const root = mkdtempSync(join(tmpdir(), 'morphine-clips-'));
after(() => rmSync(root, { recursive: true, force: true }));
const MOVIE = Uint8Array.from({ length: 1_000 }, (_, at) => at & 255);
const STILL = Uint8Array.of(0xff, 0xd8, 0xff, 1);

function viewOf(name: string): ClipView {
  const words = { title: 'Highlight', reason: 'shot 0.91', captureUs: 5, seconds: 12 };
  return { name, ...words, bytes: MOVIE.length, stillBytes: STILL.length };
}

test('a clip is listed, read in parts and deleted whole', async () => {
  const folder = join(root, 'clips');
  const shelf = createClipShelf(folder);
  assert.deepEqual(await shelf.list(), []);
  const first = await shelf.freeName('2026-11-21 18.43.07 Highlight');
  await shelf.save(viewOf(first), MOVIE, STILL);
  const second = await shelf.freeName('2026-11-21 18.43.07 Highlight');
  assert.notEqual(first, second, 'two of one second are two clips');
  await shelf.save(viewOf(second), MOVIE, null);
  assert.deepEqual(new Set((await shelf.list()).map(({ name }) => name)), new Set([first, second]));
  const read = async (part: 'clip' | 'still', offset: number) =>
    Uint8Array.from(await shelf.read({ name: first, part, offset, length: 600 }));
  assert.deepEqual(await read('clip', 0), MOVIE.subarray(0, 600));
  assert.deepEqual(await read('clip', 600), MOVIE.subarray(600));
  assert.deepEqual(await read('clip', 1_000), new Uint8Array(0));
  assert.deepEqual(await read('still', 0), STILL);
  assert.equal(await shelf.remove(first), true);
  assert.equal(await shelf.remove(first), false);
  assert.deepEqual(
    readdirSync(folder).filter((name) => !name.startsWith(second.slice(0, -4))),
    [],
  );
});

test('a name from outside reaches nothing beside the clips', async () => {
  const shelf = createClipShelf(join(root, 'clips'));
  writeFileSync(join(root, 'secret.mp4'), 'not a clip');
  for (const name of ['../secret.mp4', `${root}/secret.mp4`, '..', '', 'none.mp4', '.json']) {
    const bytes = await shelf.read({ name, part: 'clip', offset: 0, length: 9 });
    assert.equal(bytes.length, 0, name);
    assert.equal(await shelf.remove(name), false);
  }
  assert.ok(readdirSync(root).includes('secret.mp4'));
});

test('what is older than it may be goes, and nothing else', async () => {
  const folder = join(root, 'old');
  const nowMs = 100 * DAY_MS;
  const age = (path: string, days: number) => {
    const when = new Date(nowMs - days * DAY_MS);
    utimesSync(path, when, when);
  };
  mkdirSync(join(folder, 'long show'), { recursive: true });
  mkdirSync(join(folder, 'old show'));
  for (const [name, days] of [
    ['long show/begun.mp4', 40],
    ['long show/grown.mp4', 5],
    ['old show/all.mp4', 31],
    ['other', 99],
  ] as const) {
    writeFileSync(join(folder, name), 'x');
    age(join(folder, name), days);
  }
  for (const name of ['long show', 'old show']) age(join(folder, name), 50);
  const isOurs = (name: string) => name.endsWith('show');
  const sweep = (days: number) => deleteOld({ folder, days, wallMs: nowMs, isOurs });
  assert.equal(await sweep(0), 0, 'kept for good');
  assert.equal(await sweep(30), 1);
  assert.deepEqual(readdirSync(folder).sort(), ['long show', 'other']);
  assert.equal(await deleteOld({ folder: join(root, 'none'), days: 1, wallMs: nowMs, isOurs }), 0);
});

// Proves that a story says "over" only when everything is back: process, page, picture, betting and
// viewers; that a pause seen twice counts to its end; and what the books may differ by.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BreakDeed } from '../../../core/contract/breakIt.ts';
import { compareBooks, createBreakMeasure, type Look } from './breakMeasure.ts';

const books = { seq: 7, hash: 'a', accounts: 1, pointsMinor: 1_000, grantedMinor: 1_000 };
const back: BreakDeed = {
  ...{ id: 'one', act: 'engine', state: 'back', reason: '', pid: 1, nextPid: 2 },
  ...{ endedMs: 10, backMs: 700, tornBytes: 0, leftOutBytes: null },
};

function measuring(act: BreakDeed['act'] = 'engine') {
  const measure = createBreakMeasure({ act, atMs: 5_000, books, viewers: 2 });
  let frames = 0;
  return (atMs: number, changes: Partial<Look> = {}) =>
    measure.look({
      ...{ atMs: 5_000 + atMs, isConnected: true, frames: ++frames, isBettingSuspended: false },
      ...{ viewers: 2, deed: null, loss: null, ...changes },
    });
}

test('the engine is over when process, page, picture, betting and viewers are back', () => {
  const look = measuring();
  look(0);
  assert.equal(look(100, { isConnected: false, viewers: null, frames: 1 }).pageLostMs, 100);
  const returned = look(900, { isBettingSuspended: true, viewers: null, frames: 1 });
  assert.deepEqual([returned.pageBackMs, returned.bettingPausedMs], [900, 900]);
  assert.equal(look(2_000, { deed: back, viewers: null, frames: 1 }).bettingOpenMs, 2_000);
  // It pauses once more: open is when it stays so.
  assert.equal(look(2_100, { deed: back, isBettingSuspended: true }).bettingOpenMs, null);
  const few = look(3_000, { deed: back, viewers: 1, frames: 50 });
  assert.deepEqual([few.isOver, few.viewersFewest], [false, 1]);
  const still = look(4_000, { deed: back, frames: 50 });
  assert.equal(still.isOver, false, 'the picture stands');
  const last = look(4_050, { deed: back, frames: 99 });
  assert.deepEqual([last.isOver, last.bettingOpenMs, last.backMs], [true, 3_000, 700]);
  assert.ok(last.pictureStoodMs >= 1_000, `${last.pictureStoodMs} ms`);
});

test('a process that is not back, or was refused, is told as that', () => {
  const look = measuring('vision');
  const ended = { ...back, act: 'vision', state: 'ended', backMs: null } as const;
  for (let atMs = 0; atMs < 6_000; atMs += 50)
    assert.equal(look(atMs, { deed: ended }).isOver, false);
  assert.equal(look(6_000, { deed: { ...ended, state: 'refused' } }).isOver, true);
});

test('the books are whole when the last row is the same and every point is accounted for', () => {
  const after = { ...books, seq: 9, pointsMinor: 1_020, grantedMinor: 1_020 };
  const whole = compareBooks(books, after, 'a');
  assert.deepEqual([whole.isWhole, whole.granted, whole.moved], [true, 20, 0]);
  assert.equal(compareBooks(books, after, 'b').isWhole, false, 'another row');
  assert.equal(compareBooks(books, { ...books, seq: 6 }, null).isWhole, false, 'a shorter log');
  assert.equal(
    compareBooks(books, { ...books, pointsMinor: 990 }, 'a').isWhole,
    false,
    'a bet lost',
  );
});

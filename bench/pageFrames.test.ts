// Proves the reading of frames outside the page: delays from barcodes on a mapped clock, a corner
// that is no barcode counted as misread, a corner that belongs to the next frame left out, and a
// source whose timestamps step when it skips a frame kept.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawBarcode } from '../core/media/barcode.ts';
import { monotonicMs } from './pageClock.ts';
import { delaysOf, type PageFrame, strayOf } from './pageFrames.ts';

/** A corner as the page hands it out: the drawn barcode at a quarter of its size. */
function cornerOf(captureMs: number): string {
  const yuv = new Uint8Array((640 * 32 * 3) / 2);
  drawBarcode(yuv, 640, 32, captureMs * 1000);
  let text = '';
  for (let y = 0; y < 8; y++) {
    for (let x = 0; x < 160; x++) text += String.fromCharCode(yuv[y * 4 * 640 + x * 4] ?? 0);
  }
  return text;
}

const epochMs = 5_000_000;
const startMs = Math.floor(monotonicMs() + epochMs);
const clock = { offsetMs: 1000, uncertaintyMs: 0.1 };

/** Frame `index`, presented 25 ms after its capture, as seen on the page's clock. */
function frameAt(index: number, changes: Partial<PageFrame> = {}): PageFrame {
  const captureMs = startMs + index * 40;
  const presentedMs = captureMs + 25 - clock.offsetMs - epochMs;
  return {
    presentedMs,
    calledMs: presentedMs + 5,
    rtpTimestamp: ((startMs + index * 40) * 90 + 12_345) % 2 ** 32,
    corner: cornerOf(captureMs),
    ...changes,
  };
}

test('the delay is what was put in', () => {
  const frames = Array.from({ length: 20 }, (_, index) => frameAt(index));
  const { presented, called, misread, mismatched } = delaysOf(frames, clock, epochMs);
  assert.equal(presented.length, 20);
  assert.ok(presented.every((delay) => Math.abs(delay - 25) < 0.001));
  assert.ok(called.every((delay) => Math.abs(delay - 30) < 0.001));
  assert.deepEqual([misread, mismatched], [0, 0]);
});

test('what cannot be read and what belongs to another frame is counted and left out', () => {
  const frames = Array.from({ length: 20 }, (_, index) => {
    if (index === 4) return frameAt(index, { corner: 'x'.repeat(1280) });
    if (index === 9) return frameAt(index, { corner: frameAt(10).corner });
    return frameAt(index);
  });
  const { presented, misread, mismatched } = delaysOf(frames, clock, epochMs);
  assert.deepEqual([presented.length, misread, mismatched], [18, 1, 1]);
});

test('timestamps that step for good are no strays; a single one is', () => {
  const ticks: number[] = Array.from({ length: 40 }, (_, index) =>
    index < 20 ? 4_294_967_290 : 2990,
  );
  assert.equal(Math.max(...strayOf(ticks)), 0);
  ticks[30] = 6000;
  assert.equal(strayOf(ticks)[30], 3010);
});

// Proves that a change of bitrate loses no frame and repeats none, whatever the encoders' delays,
// and that the first frame of the new one is a key frame. The encoders are scripted; random delays
// and wishes come from a printed seed.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { KEY_FRAME_EVERY, PictureEncoder } from './pictureEncoder.ts';

/** Encoders that give out what they got so many frames later. */
function setUp(delays: number[]) {
  const got: { captureUs: number; encoder: number; index: number }[] = [];
  const encoders: { tick(): void; end(): void; isKilled: boolean }[] = [];
  let isOver = false;
  let frame = 0;
  const encoder = new PictureEncoder({
    bitsPerSecond: 2_500_000,
    start(_bitsPerSecond, onUnit, onEnd) {
      const number = encoders.length;
      const delay = delays[number % delays.length] ?? 0;
      const writtenAt: number[] = [];
      let given = 0;
      const own = {
        isKilled: false,
        tick() {
          while (!own.isKilled && (writtenAt[given] ?? Number.NaN) <= frame - delay) {
            onUnit(Uint8Array.of(number, given++));
          }
        },
        end: () => onEnd('it ended'),
      };
      encoders.push(own);
      return {
        write(_bytes: Uint8Array, done?: () => void) {
          writtenAt.push(frame);
          done?.();
          return true;
        },
        endInput() {},
        kill: async () => {
          own.isKilled = true;
        },
      } as never;
    },
    onUnit: (captureUs, bytes) =>
      got.push({ captureUs, encoder: bytes[0] ?? -1, index: bytes[1] ?? -1 }),
    onEnd: () => {
      isOver = true;
    },
  });
  const tick = () => {
    frame++;
    encoder.write(new Uint8Array(1), frame, () => {});
    for (const each of [...encoders]) each.tick();
  };
  return { encoder, encoders, got, tick, frames: () => frame, isOver: () => isOver };
}

test('any wishes and delays: every frame once, in order, a key frame first', () => {
  const seed = Number(process.env.SEED ?? Date.now() & 0x7fffffff);
  console.log(`seed ${seed}`);
  const delay = fc.array(fc.integer({ min: 0, max: 8 }), { minLength: 1, maxLength: 5 });
  const gaps = fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(delay, gaps, (delays, wishes) => {
      // Old and new differ in how late they are.
      const { encoder, got, tick } = setUp(delays);
      for (const frames of wishes) {
        for (let i = 0; i < frames; i++) tick();
        encoder.setBitrate(1_000_000);
      }
      for (let i = 0; i < 100; i++) tick();
      assert.deepEqual(
        got.map(({ captureUs }) => captureUs),
        got.map((_, index) => index + 1),
      );
      for (let i = 1; i < got.length; i++) {
        if (got[i]?.encoder === got[i - 1]?.encoder) continue;
        assert.equal((got[i]?.index ?? -1) % KEY_FRAME_EVERY, 0, 'a change is at a key frame');
      }
      assert.equal(got.at(-1)?.encoder, wishes.length);
    }),
    { seed, numRuns: 200 },
  );
});

test('the old encoder is ended once it gave out its last frame; the new one failing is no end', () => {
  const { encoder, encoders, tick, isOver } = setUp([2]);
  for (let i = 0; i < 10; i++) tick();
  encoder.setBitrate(500_000);
  encoders[1]?.end();
  for (let i = 0; i < 70; i++) tick();
  assert.equal(isOver(), false);
  assert.equal(encoders[0]?.isKilled, false);
  encoder.setBitrate(500_000);
  for (let i = 0; i < 70; i++) tick();
  assert.equal(encoders[0]?.isKilled, true);
  encoders[2]?.end();
  assert.equal(isOver(), true);
});

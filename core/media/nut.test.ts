// Proves that NUT bytes give the same frames however they are cut into chunks, that a cut-off
// stream, garbage and flipped bits end in a NutError, and that a huge size is refused before memory
// is taken. That ffmpeg's own NUT is read right is proved in native/ffmpeg.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createNutReader, NutError, type NutFrame } from './nut.ts';
import { crc32Msb } from './nutChecksum.ts';
import { createNutPcmWriter } from './nutWriter.ts';

const seed = Date.now() % 2 ** 31;
console.log(`nut.test seed ${seed}`);

function written(chunks: readonly Uint8Array[]): Uint8Array {
  const writer = createNutPcmWriter(48_000, 2);
  const parts = [writer.header(), ...chunks.map((chunk, i) => writer.write(chunk, i * 960))];
  return Buffer.concat(parts);
}

function readAll(bytes: Uint8Array, cuts: readonly number[] = []): NutFrame[] {
  const frames: NutFrame[] = [];
  const reader = createNutReader({ onFrame: (frame) => frames.push(frame) });
  let at = 0;
  for (const cut of [...cuts].sort((a, b) => a - b)) {
    if (cut <= at || cut > bytes.length) continue;
    reader.push(bytes.subarray(at, cut));
    at = cut;
  }
  reader.push(bytes.subarray(at));
  reader.end();
  return frames;
}

const chunk = fc.uint8Array({ minLength: 4, maxLength: 4000 });

test('frames and times come through, wherever the bytes are cut', () => {
  fc.assert(
    fc.property(
      fc.array(chunk, { minLength: 1, maxLength: 40 }),
      fc.array(fc.nat(20_000), { maxLength: 60 }),
      (chunks, cuts) => {
        const frames = readAll(written(chunks), cuts);
        assert.deepEqual(
          frames.map((frame) => Buffer.from(frame.bytes).toString('hex')),
          chunks.map((bytes) => Buffer.from(bytes).toString('hex')),
        );
        assert.deepEqual(
          frames.map((frame) => frame.ptsUs),
          chunks.map((_, index) => index * 20_000),
        );
      },
    ),
    { seed, numRuns: 60 },
  );
});

test('a cut-off stream is refused at its end', () => {
  const bytes = written([new Uint8Array(500), new Uint8Array(500)]);
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), (length) => {
      const frames: NutFrame[] = [];
      const reader = createNutReader({ onFrame: (frame) => frames.push(frame) });
      reader.push(bytes.subarray(0, length));
      assert.ok(frames.length < 2);
      // Ends between two whole packets are no cut: the stream may be over there.
      try {
        reader.end();
        assert.ok(length > 25 && length < bytes.length);
      } catch (error) {
        assert.ok(error instanceof NutError);
      }
    }),
    { seed },
  );
  const inside = createNutReader({ onFrame() {} });
  inside.push(bytes.subarray(0, bytes.length - 1));
  assert.throws(() => inside.end(), /inside a frame/);
});

test('garbage and flipped bits are a NutError or frames, never anything else', () => {
  const whole = written(Array.from({ length: 30 }, (_, i) => new Uint8Array(300).fill(i)));
  let refused = 0;
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const bytes = Uint8Array.from(whole);
      bytes[at] = (bytes[at] ?? 0) ^ flip;
      try {
        readAll(bytes);
      } catch (error) {
        assert.ok(error instanceof NutError, String(error));
        refused++;
      }
    }),
    { seed, numRuns: 500 },
  );
  assert.ok(refused > 5, `${refused} refused`);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      assert.throws(() => readAll(bytes), NutError);
      assert.throws(() => readAll(Buffer.concat([whole.subarray(0, 25), bytes])), NutError);
    }),
    { seed },
  );
});

test('a reader that failed stays failed, and a huge frame takes no memory', () => {
  const reader = createNutReader({ onFrame() {}, frameBytesMax: 1000 });
  const bytes = written([new Uint8Array(2000)]);
  assert.throws(() => reader.push(bytes), /A frame of 2000 bytes/);
  assert.throws(() => reader.push(bytes), NutError);
  assert.throws(() => reader.end(), NutError);
});

test('the caller may reuse its chunk, and may lend the buffers of frames', () => {
  const bytes = written([new Uint8Array(4000).fill(7)]);
  const lent = new Uint8Array(4000);
  const frames: NutFrame[] = [];
  const reader = createNutReader({
    onFrame: (frame) => frames.push(frame),
    allocate: (length) => lent.subarray(0, length),
  });
  const reused = new Uint8Array(10);
  for (let at = 0; at < bytes.length; at += 10) {
    const part = bytes.subarray(at, at + 10);
    reused.set(part);
    reader.push(reused.subarray(0, part.length));
  }
  assert.equal(frames[0]?.bytes.buffer, lent.buffer);
  assert.ok(lent.every((byte) => byte === 7));
});

test('the checksum is the one of the standard', () => {
  // "123456789" with polynomial 04C11DB7, start 0, not inverted (the CRC called CRC-32/POSIX
  // without its length and inversion), computed bit by bit here.
  const bytes = new TextEncoder().encode('123456789');
  let slow = 0;
  for (const byte of bytes) {
    slow ^= byte << 24;
    for (let bit = 0; bit < 8; bit++) slow = slow < 0 ? (slow << 1) ^ 0x04c11db7 : slow << 1;
  }
  assert.equal(crc32Msb(bytes), slow >>> 0);
});

// Proves that splitting and joining lose nothing, that Annex B and AVCC say the same, that facts
// are read right from parameter sets that x264 made, and that no bytes at all make a
// parser do anything but answer or refuse. Random cases by fast-check; the seed is printed.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fromHex } from '../base/ids.ts';
import {
  avccToAnnexB,
  buildAvcDescription,
  H264Error,
  isKeyFrame,
  joinAnnexB,
  joinAvcc,
  parseAvcDescription,
  parseSps,
  splitAnnexB,
  withoutEmulation,
} from './h264.ts';

const seed = Date.now() % 2 ** 31;
console.log(`h264.test seed ${seed}`);

/** A NAL unit as an encoder makes it: no start code inside, no zero at the end. */
const nal = fc
  .uint8Array({ minLength: 1, maxLength: 60, max: 5 })
  .map((bytes) => Uint8Array.from([0x65, ...withEmulation(bytes), 0x80]));

function withEmulation(bytes: Uint8Array): number[] {
  const escaped: number[] = [];
  let zeros = 0;
  for (const byte of bytes) {
    if (zeros >= 2 && byte <= 3) {
      escaped.push(3);
      zeros = 0;
    }
    escaped.push(byte);
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  return escaped;
}

test('joined units come apart again, with 3-byte and 4-byte start codes', () => {
  fc.assert(
    fc.property(fc.array(nal, { maxLength: 8 }), fc.boolean(), (units, isShort) => {
      const long = joinAnnexB(units);
      const short = Uint8Array.from(units.flatMap((unit) => [0, 0, 1, ...unit]));
      assert.deepEqual(splitAnnexB(isShort ? short : long), units);
      assert.deepEqual(avccToAnnexB(joinAvcc(units), 4), long);
    }),
    { seed },
  );
});

test('emulation prevention is undone', () => {
  fc.assert(
    fc.property(fc.uint8Array({ max: 4, maxLength: 40 }), (bytes) => {
      assert.deepEqual(withoutEmulation(Uint8Array.from(withEmulation(bytes))), bytes);
    }),
    { seed },
  );
});

test('no bytes make a parser fail otherwise than by refusing', () => {
  const parsers = [
    (bytes: Uint8Array) => parseSps(bytes),
    (bytes: Uint8Array) => parseAvcDescription(bytes),
    (bytes: Uint8Array) => avccToAnnexB(bytes, 4),
    (bytes: Uint8Array) => isKeyFrame(splitAnnexB(bytes)),
  ];
  let refused = 0;
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(3), (bytes, which) => {
      // Half of them begin like the real thing, to get past the first check.
      if (bytes.length > 0 && bytes.length % 2 === 0) bytes[0] = which === 0 ? 0x67 : 1;
      try {
        parsers[which]?.(bytes);
      } catch (error) {
        assert.ok(error instanceof H264Error, String(error));
        refused++;
      }
    }),
    { seed, numRuns: 3000 },
  );
  assert.ok(refused > 100);
});

// Made by: ffmpeg -f lavfi -i testsrc2=s=WxH:r=30 -c:v libx264 ... (x264 core 157 and 164).
const PARAMETER_SETS = [
  {
    name: 'x264 baseline 320x240',
    hex: '6742c00dda0507ec0440000003004000000f23c50aa8',
    is: { codec: 'avc1.42C00D', width: 320, height: 240, reorderFramesMax: 0 },
  },
  {
    name: 'x264 high 1920x1080, cropped, two B-frames',
    hex: '67640028acd940780227e5c044000003000400000300f03c60c658',
    is: { codec: 'avc1.640028', width: 1920, height: 1080, reorderFramesMax: 2 },
  },
];
for (const { name, hex, is } of PARAMETER_SETS) {
  test(`facts of ${name}`, () => {
    const nalUnit = fromHex(hex);
    const { codec, width, height, reorderFramesMax } = parseSps(nalUnit);
    assert.deepEqual({ codec, width, height, reorderFramesMax }, is);
    // Each shorter one is refused or, once past the size, read the same; never something else.
    for (let length = 0; length < nalUnit.length; length++) {
      try {
        const part = parseSps(nalUnit.subarray(0, length));
        assert.deepEqual([part.width, part.height], [width, height]);
      } catch (error) {
        assert.ok(error instanceof H264Error);
      }
    }
  });
}

test('an avcC record gives its parameter sets back', () => {
  const sps = fromHex(PARAMETER_SETS[0]?.hex ?? '');
  const pps = fromHex('68ce0fc8');
  const record = parseAvcDescription(buildAvcDescription([sps, pps]));
  assert.deepEqual(record, { lengthBytes: 4, parameterSets: [sps, pps] });
  assert.throws(() => buildAvcDescription([pps]), H264Error);
  assert.throws(() => parseAvcDescription(Uint8Array.of(2, 0, 0, 0)), H264Error);
  assert.throws(() => avccToAnnexB(Uint8Array.of(0, 0, 0, 9, 1), 4), /cut off/);
});

test('a key frame needs SPS, PPS and IDR', () => {
  const of = (...types: number[]) => types.map((type) => Uint8Array.of(type, 1));
  assert.equal(isKeyFrame(of(7, 8, 6, 5)), true);
  for (const types of [[7, 8, 1], [8, 5], [7, 5], [1], []]) {
    assert.equal(isKeyFrame(of(...types)), false);
  }
});

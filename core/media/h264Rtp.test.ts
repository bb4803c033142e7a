// Proves that packetising and putting together again gives the same NAL units for any access unit,
// that packets keep their size bound and marker rule, that a key frame is found in every packet
// form, and that random payloads never throw. Seeds are printed.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Depacketizer, packetizeAccessUnit, packetizeNalUnits, startsKeyFrame } from './h264Rtp.ts';
import { parseRtp } from './rtp.ts';

const seed = Number(process.env.SEED ?? Date.now() & 0x7fffffff);
console.log(`seed ${seed}`);

/** NAL units as an encoder makes them: no start code inside, no zero at the end. */
const nalUnit = fc
  .tuple(
    fc.constantFrom(1, 5, 6, 7, 8),
    fc.nat(3),
    fc.uint8Array({ minLength: 1, maxLength: 5000 }),
  )
  .map(([type, importance, body]) => {
    const unit = new Uint8Array(body.length + 2);
    unit[0] = (importance << 5) | type;
    unit.set(
      body.map((byte) => Math.max(byte, 4)),
      1,
    );
    unit[unit.length - 1] = 0x80;
    return unit;
  });

function annexB(units: readonly Uint8Array[], startCodeLength: (index: number) => number) {
  const bytes: number[] = [];
  units.forEach((unit, index) => {
    bytes.push(...(startCodeLength(index) === 4 ? [0, 0, 0, 1] : [0, 0, 1]), ...unit);
  });
  return Uint8Array.from(bytes);
}

test('packetise, put together: the same NAL units, within the size bound', () => {
  fc.assert(
    fc.property(
      fc.array(nalUnit, { minLength: 1, maxLength: 8 }),
      fc.integer({ min: 50, max: 1200 }),
      fc.boolean(),
      fc.integer({ min: 0, max: 0xffff }),
      (units, payloadLengthMax, isShort, sequence) => {
        const whole = annexB(units, (index) => (isShort && index > 0 ? 3 : 4));
        const stream = { payloadType: 96, ssrc: 9, sequence, timestamp: 1234 };
        const packets = packetizeAccessUnit(whole, stream, payloadLengthMax);
        const depacketizer = new Depacketizer();
        const read: Uint8Array[] = [];
        packets.forEach((packet, index) => {
          const header = parseRtp(packet);
          assert.ok(header);
          assert.equal(header.sequence, (sequence + index) & 0xffff);
          assert.equal(header.marker, index === packets.length - 1);
          assert.ok(header.payloadEnd - header.payloadStart <= payloadLengthMax);
          read.push(...depacketizer.push(packet.subarray(header.payloadStart)));
        });
        assert.deepEqual(
          read.map((unit) => Buffer.from(unit).toString('hex')),
          units.map((unit) => Buffer.from(unit).toString('hex')),
        );
      },
    ),
    { seed, numRuns: 150 },
  );
});

test('a key frame is found when its SPS is alone, in STAP-A or in FU-A, and nowhere else', () => {
  const sps = Uint8Array.of(0x67, 0x42, 0xe0, 0x1f);
  const pps = Uint8Array.of(0x68, 0xce, 0x3c, 0x80);
  const idr = Uint8Array.of(0x65, ...new Array<number>(3000).fill(0x77));
  assert.ok(startsKeyFrame(sps));
  const [stapA, ...fragments] = packetizeNalUnits([sps, pps, idr]);
  assert.ok(stapA);
  assert.equal((stapA[0] ?? 0) & 0x1f, 24);
  assert.ok(startsKeyFrame(stapA));
  assert.equal(fragments.length, 3);
  assert.ok(fragments.every((fragment) => !startsKeyFrame(fragment)));
  const longSps = Uint8Array.of(0x67, ...new Array<number>(3000).fill(0x77));
  const found = packetizeNalUnits([longSps]).map((payload) => startsKeyFrame(payload));
  assert.deepEqual(found, [true, false, false]);
});

test('access unit delimiters are left out and zero bytes between units belong to no unit', () => {
  const bytes = Uint8Array.of(0, 0, 0, 1, 9, 0xf0, 0, 0, 0, 0, 1, 0x41, 0x9a, 0, 0, 1, 0x41, 0x9b);
  const stream = { payloadType: 96, ssrc: 1, sequence: 0, timestamp: 0 };
  assert.equal(packetizeAccessUnit(bytes, stream).length, 2);
});

test('a lost fragment loses its unit only', () => {
  const idr = Uint8Array.of(0x65, ...new Array<number>(3000).fill(0x77));
  const next = Uint8Array.of(0x41, 0x9a);
  const [first, , third] = packetizeNalUnits([idr]);
  assert.ok(first && third);
  const depacketizer = new Depacketizer();
  assert.equal(depacketizer.push(first).length, 0);
  depacketizer.reset();
  assert.equal(depacketizer.push(third).length, 0);
  assert.deepEqual(depacketizer.push(next), [next]);
});

test('random payloads never throw and never give an empty unit', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 10 }), (payloads) => {
      const depacketizer = new Depacketizer();
      for (const payload of payloads) {
        assert.equal(typeof startsKeyFrame(payload), 'boolean');
        for (const unit of depacketizer.push(payload)) assert.ok(unit.length > 0);
      }
    }),
    { seed, numRuns: 3000 },
  );
});

// Proves that frames and messages of the capture port come through unchanged, that no bytes make
// its readers fail, that credits are never overspent and no picture is sent that builds on a
// dropped one, and that the clock mapping is as good as half of the best round trip.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  CAPTURE_PROGRAMS,
  type CaptureProgram,
  createCreditGate,
  createRemoteClock,
  decodeCaptureMessage,
  decodePageFrame,
  encodeCaptureMessage,
  encodePageFrame,
  fromPageSchema,
  isCaptureMessage,
  toPageSchema,
} from './capturePort.ts';

const seed = Date.now() % 2 ** 31;
console.log(`capturePort.test seed ${seed}`);

test('each frame comes through unchanged and is no message', () => {
  const frame = fc.record({
    program: fc.constantFrom(...CAPTURE_PROGRAMS),
    track: fc.constantFrom('video' as const, 'audio' as const),
    keyFrame: fc.boolean(),
    pageUs: fc.maxSafeNat(),
    description: fc.uint8Array({ maxLength: 50 }),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 200 }),
  });
  fc.assert(
    fc.property(frame, (sent) => {
      const message = encodePageFrame(sent);
      assert.equal(isCaptureMessage(message), false);
      assert.deepEqual(decodePageFrame(message), { ...sent });
    }),
    { seed },
  );
});

test('no bytes make the readers fail', () => {
  let accepted = 0;
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), fc.boolean(), (bytes, isMarked) => {
      if (isMarked && bytes.length > 0) bytes[0] = 1 + (bytes.length % 2);
      if (decodePageFrame(bytes)) accepted++;
      assert.equal(decodeCaptureMessage(fromPageSchema, bytes), null);
      assert.equal(decodeCaptureMessage(toPageSchema, bytes), null);
    }),
    { seed, numRuns: 2000 },
  );
  assert.ok(accepted < 2000);
  const pong = encodeCaptureMessage({ type: 'pong', id: 3, pageUs: 12.5 });
  assert.equal(isCaptureMessage(pong), true);
  assert.deepEqual(decodeCaptureMessage(fromPageSchema, pong), {
    type: 'pong',
    id: 3,
    pageUs: 12.5,
  });
  assert.equal(decodeCaptureMessage(toPageSchema, pong), null);
  const bitrate = new TextEncoder().encode('{"type":"bitrate","bitsPerSecond":1}');
  assert.equal(decodeCaptureMessage(toPageSchema, bitrate), null);
});

test('credits are never overspent and a dropped picture is followed by a key frame', () => {
  const program = fc.constantFrom(...CAPTURE_PROGRAMS);
  const step = fc.oneof(
    fc.record({ add: fc.integer({ min: 1, max: 5 }) }),
    fc.record({ video: fc.boolean(), program }),
    fc.constant({ audio: true }),
    fc.record({ lost: program }),
    fc.constant({ reset: true }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const gate = createCreditGate();
      let credits = 0;
      const whole = new Set<CaptureProgram>();
      for (const one of steps) {
        if ('add' in one) {
          gate.add(one.add);
          credits += one.add;
        } else if ('reset' in one) {
          gate.reset();
          credits = 0;
          whole.clear();
        } else if ('lost' in one) {
          gate.breakPicture(one.lost);
          whole.delete(one.lost);
        } else if ('audio' in one) {
          const isSent = gate.take({ program: 'camera', track: 'audio', keyFrame: true });
          assert.equal(isSent, credits > 0);
          if (isSent) credits--;
        } else {
          const isSent = gate.take({ program: one.program, track: 'video', keyFrame: one.video });
          assert.equal(isSent, credits > 0 && (whole.has(one.program) || one.video));
          if (isSent) whole.add(one.program);
          else whole.delete(one.program);
          if (isSent) credits--;
        }
        for (const each of CAPTURE_PROGRAMS) {
          assert.equal(gate.needsKeyFrame(each), !whole.has(each));
        }
      }
    }),
    { seed },
  );
});

test('the clock mapping is as good as half of the best round trip', () => {
  const trip = fc.record({ there: fc.nat(50_000), back: fc.nat(50_000) });
  fc.assert(
    fc.property(
      fc.array(trip, { minLength: 1, maxLength: 20 }),
      fc.integer({ min: -1e15, max: 1e15 }),
      (trips, offsetUs) => {
        const clock = createRemoteClock();
        assert.equal(clock.toLocalUs(5), null);
        let nowUs = 2e15;
        for (const { there, back } of trips) {
          clock.add(nowUs, nowUs + there - offsetUs, nowUs + there + back);
          nowUs += 1_000_000;
        }
        const best = Math.min(...trips.slice(-8).map(({ there, back }) => there + back));
        assert.equal(clock.uncertaintyUs(), best / 2);
        const mapped = clock.toLocalUs(nowUs - offsetUs) ?? 0;
        assert.ok(Math.abs(mapped - nowUs) <= best / 2 + 1);
      },
    ),
    { seed },
  );
});

// Proves the rewriting of a viewer that changes its layer, over random layers from a printed seed:
// numbers go on without a hole over both wrap-arounds, reordering and loss, timestamps never go
// back, and what is asked for again is found under the number that went out.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { sequenceDistance, timestampDistance } from '../../core/media/rtp.ts';
import { Splice } from './splice.ts';

type Sent = { source: string; sequence: number; timestamp: number; out: number; outTime: number };

test('any changes: no hole, no step back, every number leads to its packet', () => {
  const seed = Number(process.env.SEED ?? Date.now() & 0x7fffffff);
  console.log(`seed ${seed}`);
  const part = fc.record({
    source: fc.constantFrom('high', 'medium', 'low'),
    frames: fc.integer({ min: 1, max: 40 }),
    packetsPerFrame: fc.integer({ min: 1, max: 6 }),
    /** Frames by which this layer is behind when it takes over. */
    lag: fc.integer({ min: 0, max: 5 }),
    lost: fc.constantFrom(0, 0, 7),
  });
  const start = fc.integer({ min: 0, max: 0xffff });
  const clock = fc.integer({ min: 0, max: 0xffffffff });
  fc.assert(
    fc.property(
      fc.array(part, { minLength: 1, maxLength: 8 }),
      start,
      clock,
      (parts, from, tick) => {
        const splice = new Splice<string>();
        const next: Record<string, number> = { high: from, medium: from ^ 0xff00, low: 3 };
        const sent: Sent[] = [];
        let frame = 0;
        for (const { source, frames, packetsPerFrame, lag, lost } of parts) {
          frame = Math.max(0, frame - lag);
          let count = next[source] ?? 0;
          splice.begin(source, count & 0xffff);
          for (let i = 0; i < frames; i++, frame++) {
            for (let packet = 0; packet < packetsPerFrame; packet++, count++) {
              if (lost > 0 && packet > 0 && count % lost === 0) continue;
              const timestamp = (tick + frame * 3000) >>> 0;
              const mapped = splice.map(source, count & 0xffff, timestamp);
              assert.ok(mapped);
              const { sequence: out, timestamp: outTime } = mapped;
              sent.push({ source, sequence: count & 0xffff, timestamp, out, outTime });
              assert.deepEqual(splice.locate(out), { source, sequence: count & 0xffff });
            }
          }
          // A lost last packet stays a hole for the next part: it may still be asked for.
          next[source] = count;
        }
        for (let i = 1; i < sent.length; i++) {
          const [one, other] = [sent[i - 1] as Sent, sent[i] as Sent];
          const step = sequenceDistance(one.out, other.out);
          assert.ok(step === 1 || step === 2, `step ${step}`);
          assert.ok(timestampDistance(one.outTime, other.outTime) >= 0, 'time went back');
        }
      },
    ),
    { seed, numRuns: 300 },
  );
});

test('seventy thousand packets of one layer keep their own numbers and times', () => {
  const splice = new Splice<string>();
  splice.begin('high', 65_000);
  for (let i = 0; i < 70_000; i++) {
    const sequence = (65_000 + i) & 0xffff;
    const timestamp = (0xffff_0000 + i * 1000) >>> 0;
    assert.deepEqual(splice.map('high', sequence, timestamp), { sequence, timestamp });
  }
});

test('packets that come late or again keep the time under which their frame went out', () => {
  const splice = new Splice<string>();
  splice.begin('high', 10);
  splice.map('high', 10, 9000);
  splice.map('high', 11, 12_000);
  splice.begin('low', 500);
  // The key frame is of the moment that was shown last, and of one before: both go on in time.
  assert.deepEqual(splice.map('low', 500, 9000), { sequence: 12, timestamp: 12_001 });
  assert.deepEqual(splice.map('low', 502, 12_000), { sequence: 14, timestamp: 12_002 });
  assert.deepEqual(splice.map('low', 501, 9000), { sequence: 13, timestamp: 12_001 });
  assert.deepEqual(splice.map('low', 503, 15_000), { sequence: 15, timestamp: 15_000 });
  assert.deepEqual(splice.map('low', 501, 9000), { sequence: 13, timestamp: 12_001 });
  // Sent again from before the change.
  assert.deepEqual(splice.map('high', 11, 12_000), { sequence: 11, timestamp: 12_000 });
  assert.deepEqual(splice.locate(11), { source: 'high', sequence: 11 });
  assert.deepEqual(splice.locate(13), { source: 'low', sequence: 501 });
  // What the old layer sends on has no place any more.
  assert.equal(splice.map('high', 12, 15_000), null);
  assert.equal(splice.map('medium', 1, 15_000), null);
});

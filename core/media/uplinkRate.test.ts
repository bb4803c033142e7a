// Proves the uplink's rate over simulated paths from a printed seed: from any bottleneck between
// 500 kbit/s and 10 Mbit/s it fits after a few reports and comes back once the path is wide again,
// and a path that never is wide is not asked ever faster.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { UPLINK_RATES, UplinkRate } from './uplinkRate.ts';

/** A path that carries so much and loses the rest. */
function report(uplink: UplinkRate, atUs: number, capacity: number) {
  const sent = uplink.bitsPerSecond;
  const fractionLost = Math.max(0, 1 - capacity / sent);
  return uplink.take({ atUs, fractionLost, roundTripMs: 40, sentBitsPerSecond: sent });
}

test('any bottleneck: fits at the first report, and is back when the path is', () => {
  const seed = Number(process.env.SEED ?? Date.now() & 0x7fffffff);
  console.log(`seed ${seed}`);
  fc.assert(
    fc.property(
      fc.constantFrom(...UPLINK_RATES.slice(0, -1)),
      fc.integer({ min: 640_000, max: 10_000_000 }),
      (most, capacity) => {
        const uplink = new UplinkRate(most);
        let atUs = 0;
        assert.equal(report(uplink, atUs, 20_000_000), most);
        atUs += 1_000_000;
        const first = report(uplink, atUs, capacity);
        if (capacity < most * 0.9) assert.ok(first <= capacity, `${first} of ${capacity}`);
        for (let second = 0; second < 300; second++) {
          atUs += 1_000_000;
          report(uplink, atUs, capacity);
        }
        for (let second = 0; second < 2400; second++) {
          atUs += 1_000_000;
          report(uplink, atUs, 20_000_000);
        }
        assert.equal(uplink.bitsPerSecond, most);
      },
    ),
    { seed, numRuns: 100 },
  );
});

test('a narrow path is tried ever later', () => {
  const uplink = new UplinkRate(2_500_000);
  const rises: number[] = [];
  let before = 0;
  for (let second = 0; second < 600; second++) {
    const now = report(uplink, second * 1_000_000, 1_300_000);
    if (now > before && second > 2) rises.push(second);
    before = now;
  }
  const waits = rises.slice(1).map((at, index) => at - (rises[index] ?? 0));
  assert.ok(waits.length >= 2, rises.join());
  assert.ok((waits.at(-1) ?? 0) > 60, `still asked every ${waits.at(-1)} s`);
});

test('a queue on the way is as bad as loss; never below the least rate', () => {
  const uplink = new UplinkRate(2_500_000);
  const link = { fractionLost: 0, sentBitsPerSecond: 2_600_000 };
  uplink.take({ ...link, atUs: 0, roundTripMs: 30 });
  const next = uplink.take({ ...link, atUs: 1_000_000, roundTripMs: 400 });
  assert.ok(next < 2_500_000);
  for (let second = 5; second < 100; second += 3) {
    uplink.take({ ...link, fractionLost: 0.9, atUs: second * 1_000_000, roundTripMs: 900 });
  }
  assert.equal(uplink.bitsPerSecond, 500_000);
});

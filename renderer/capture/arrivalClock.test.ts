// Proves that a device's timestamps land on the page's clock as well as its least delayed frame
// allows, and that a drift of the device is followed.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createArrivalClock } from './arrivalClock.ts';

const seed = Date.now() % 2 ** 31;
console.log(`arrivalClock.test seed ${seed}`);

test('the least delayed frame of the last seconds decides', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(80_000), { minLength: 1, maxLength: 150 }),
      fc.integer({ min: -1e12, max: 1e9 }),
      (delays, startUs) => {
        const clock = createArrivalClock();
        assert.equal(clock.toPageUs(0), null);
        for (const [index, delay] of delays.entries()) {
          const madeUs = 2e9 + index * 33_333;
          clock.observe(madeUs - startUs, madeUs + delay);
        }
        const madeUs = 2e9 + delays.length * 33_333;
        const mapped = clock.toPageUs(madeUs - startUs) ?? 0;
        assert.equal(mapped - madeUs, Math.min(...delays));
      },
    ),
    { seed },
  );
});

test('a device that runs 200 ppm slow is followed within 3 ms', () => {
  const clock = createArrivalClock();
  for (let i = 0; i < 30 * 120; i++) {
    const madeUs = 1e9 + i * 33_333;
    const timestampUs = i * 33_333 * (1 - 200e-6);
    clock.observe(timestampUs, madeUs + 5_000);
    const error = (clock.toPageUs(timestampUs) ?? 0) - madeUs - 5_000;
    assert.ok(Math.abs(error) <= 3_000, `${error} us after ${i} frames`);
  }
});

// Proves the picker's rules over random links from a printed seed: it never leaves the layers there
// are, moves one step at a time, goes down on clear signs and never rises without a quiet time that
// grows with each rise that failed.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LayerPicker, type LinkReport } from './layerPicker.ts';

const RATES = [2_500_000, 1_200_000, 500_000];
const good = (atUs: number): LinkReport => ({
  ...{ atUs, fractionLost: 0, roundTripMs: 30, bitsPerSecondMax: 9_000_000 },
});

test('on any link: inside the layers, one step at a time, up only after two quiet seconds', () => {
  const seed = Number(process.env.SEED ?? Date.now() & 0x7fffffff);
  console.log(`seed ${seed}`);
  const report = fc.record({
    fractionLost: fc.constantFrom(0, 0, 0, 0.005, 0.02, 0.05, 0.2, 1),
    roundTripMs: fc.constantFrom(null, 20, 25, 60, 120, 400),
    bitsPerSecondMax: fc.constantFrom(null, 100_000, 1_000_000, 8_000_000),
    passedUs: fc.integer({ min: 100_000, max: 2_000_000 }),
    layers: fc.integer({ min: 1, max: 3 }),
    trip: fc.constantFrom(null, 20, 400),
  });
  fc.assert(
    fc.property(fc.array(report, { minLength: 1, maxLength: 120 }), (reports) => {
      const picker = new LayerPicker();
      let atUs = 1;
      let current = 0;
      let quietUs = 0;
      for (const { passedUs, layers, trip, ...link } of reports) {
        atUs += passedUs;
        const rates = RATES.slice(0, layers);
        const before = Math.min(current, layers - 1);
        current = picker.pick({ atUs, ...link }, rates, current);
        if (picker.wantsProbe) current = picker.probed(atUs, trip, current);
        assert.ok(current >= 0 && current < layers);
        assert.ok(Math.abs(current - before) <= 1);
        const isQuiet = link.fractionLost <= 0.01;
        quietUs = isQuiet ? quietUs + passedUs : 0;
        if (current < before) {
          assert.ok(isQuiet && quietUs >= 2_000_000, `rose after ${quietUs} us`);
          quietUs = 0;
        }
        if (current > before) quietUs = 0;
      }
    }),
    { seed, numRuns: 400 },
  );
});

test('heavy loss leads down at the first report, a growing queue at the second', () => {
  const lossy = new LayerPicker();
  assert.equal(lossy.pick(good(1), RATES, 0), 0);
  assert.equal(lossy.pick({ ...good(1_000_000), fractionLost: 0.15 }, RATES, 0), 1);
  const late = new LayerPicker();
  assert.equal(late.pick(good(1), RATES, 0), 0);
  assert.equal(late.pick({ ...good(1_000_000), roundTripMs: 260 }, RATES, 0), 0);
  assert.equal(late.pick({ ...good(2_000_000), roundTripMs: 260 }, RATES, 0), 1);
});

test('poor signs lead down when they last, or with a low estimate; the estimate alone never', () => {
  const lasting = new LayerPicker();
  const poor = (atUs: number) => ({ ...good(atUs), fractionLost: 0.05 });
  assert.deepEqual(
    [1, 2, 3].map((second) => lasting.pick(poor(second * 1_000_000), RATES, 0)),
    [0, 0, 1],
  );
  const low = { bitsPerSecondMax: 600_000 };
  assert.equal(new LayerPicker().pick({ ...poor(1), ...low }, RATES, 0), 1);
  const alone = new LayerPicker();
  for (let second = 0; second < 30; second++) {
    assert.equal(alone.pick({ ...good(second * 1_000_000), ...low }, RATES, 0), 0);
  }
});

test('a rise that fails is tried again ever later', () => {
  const picker = new LayerPicker();
  let atUs = 0;
  let current = picker.pick({ ...good(atUs), fractionLost: 0.3 }, RATES, 0);
  const waits: number[] = [];
  for (let rise = 0; rise < 5; rise++) {
    const fromUs = atUs;
    while (current === 1) {
      atUs += 500_000;
      current = picker.pick(good(atUs), RATES, 1);
      if (picker.wantsProbe) current = picker.probed(atUs, 30, current);
    }
    assert.equal(current, 0);
    waits.push((atUs - fromUs) / 1_000_000);
    // The better layer is too much for this path.
    atUs += 2_000_000;
    current = picker.pick({ ...good(atUs), fractionLost: 0.3 }, RATES, 0);
    assert.equal(current, 1);
  }
  for (let i = 1; i < waits.length; i++) {
    assert.ok((waits[i] ?? 0) > (waits[i - 1] ?? 0) * 1.5, waits.join());
  }
});

test('a queue behind the probe keeps it down, and the next probe comes soon, then ever later', () => {
  const picker = new LayerPicker();
  let atUs = 0;
  assert.equal(picker.pick({ ...good(atUs), fractionLost: 0.3 }, RATES, 0), 1);
  const probes: number[] = [];
  while (probes.length < 30) {
    atUs += 500_000;
    assert.equal(picker.pick(good(atUs), RATES, 1), 1);
    if (!picker.wantsProbe) continue;
    probes.push(atUs);
    assert.equal(picker.probed(atUs, 30 + 90, 1), 1, 'it stays');
  }
  const gaps = probes.slice(1).map((at, index) => at - (probes[index] ?? 0));
  assert.ok((probes[1] ?? 0) < 6_000_000, 'two probes within six seconds');
  assert.ok((gaps.at(-1) ?? 0) >= 15_000_000, 'rare in the end');
  // The path is wide again: one more probe is enough.
  do {
    atUs += 500_000;
    picker.pick(good(atUs), RATES, 1);
  } while (!picker.wantsProbe);
  assert.equal(picker.probed(atUs, 34, 1), 0);
});

test('one late answer neither leads down nor begins the quiet time anew', () => {
  const picker = new LayerPicker();
  assert.equal(picker.pick({ ...good(0), fractionLost: 0.3 }, RATES, 0), 1);
  let probeAtUs = 0;
  for (let atUs = 500_000; probeAtUs === 0; atUs += 500_000) {
    const isLate = atUs === 1_500_000;
    picker.pick({ ...good(atUs), ...(isLate ? { roundTripMs: 110 } : {}) }, RATES, 1);
    if (picker.wantsProbe) probeAtUs = atUs;
  }
  assert.equal(probeAtUs, 2_500_000);
});

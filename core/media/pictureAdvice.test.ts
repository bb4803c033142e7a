// Proves the rules that choose a picture for a machine: what is chosen was measured to be borne, more
// of anything never gives less, and each part of the choice has its reason.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { adviceSchema, type Machine } from '../contract/firstRun.ts';
import { ENCODERS } from '../contract/picture.ts';
import { pictureAdviceOf, UPLINK_SHARE, WISHES } from './pictureAdvice.ts';
import { pictureTargetOf } from './pictureTarget.ts';

const seed = Date.now() % 2 ** 31;
console.log(`pictureAdvice.test seed ${seed}`);

const ORDINARY: Machine = {
  processor: { name: 'A processor', cores: 6, idlePercent: 70 },
  uplink: { state: 'measured', kilobitsPerSecond: 10_000, reason: '' },
  speeds: [
    { encoder: 'x264', height: 720, timesRealTime: 6 },
    { encoder: 'x264', height: 1080, timesRealTime: 3 },
  ],
  speedReason: '',
  vision: { provider: 'cpu', model: 'a model', medianMs: 10 },
  commitsPerSecond: 500,
};

const times = fc.double({ min: 0, max: 20, noNaN: true });
const speed = fc.record({
  encoder: fc.constantFrom(...ENCODERS),
  height: fc.constantFrom(720 as const, 1080 as const),
  timesRealTime: times,
});
const machines: fc.Arbitrary<Machine> = fc.record({
  processor: fc.record({
    name: fc.constant('one'),
    cores: fc.integer({ min: 1, max: 64 }),
    idlePercent: fc.option(fc.integer({ min: 0, max: 100 })),
  }),
  uplink: fc.oneof(
    fc.constant({ state: 'here' as const, kilobitsPerSecond: null, reason: '' }),
    fc.constant({ state: 'failed' as const, kilobitsPerSecond: null, reason: 'it broke off' }),
    fc.record({
      ...{ state: fc.constant('measured' as const), reason: fc.constant('') },
      kilobitsPerSecond: fc.double({ min: 0, max: 50_000, noNaN: true }),
    }),
  ),
  speeds: fc.uniqueArray(speed, {
    maxLength: 4,
    selector: ({ encoder, height }) => `${encoder} ${height}`,
  }),
  speedReason: fc.constant(''),
  vision: fc.record({
    provider: fc.constantFrom('', 'cpu', 'cuda', 'coreml'),
    ...{ model: fc.constant('one'), medianMs: fc.constant(null) },
  }),
  commitsPerSecond: fc.nat(10_000),
});

/** How far down the list of wishes; smaller is better. */
function rankOf(machine: Machine): number {
  const { choice } = pictureAdviceOf(machine);
  return WISHES.findIndex(
    ({ height, framesPerSecond, intent }) =>
      height === choice.height &&
      framesPerSecond === choice.framesPerSecond &&
      intent === choice.intent,
  );
}

test('what is chosen is a choice, was measured, fits the uplink, and says why', () => {
  fc.assert(
    fc.property(machines, (machine) => {
      const { choice, reasons } = adviceSchema.parse(pictureAdviceOf(machine));
      const measured = machine.speeds.map(({ encoder }) => encoder);
      assert.ok([...measured, 'x264'].includes(choice.encoder));
      const { kilobitsPerSecond } = machine.uplink;
      const isLast = rankOf(machine) === WISHES.length - 1;
      if (kilobitsPerSecond !== null && !isLast) {
        const { bitsPerSecond } = pictureTargetOf(choice);
        assert.ok(bitsPerSecond <= kilobitsPerSecond * 1000 * UPLINK_SHARE);
      }
      assert.equal(reasons.length, 5);
      assert.equal(new Set(reasons.map(({ code }) => code)).size, 5);
    }),
    { seed },
  );
});

test('more uplink, or a faster encoder, never gives a smaller picture', () => {
  fc.assert(
    fc.property(machines, fc.nat(3), fc.double({ min: 1, max: 8, noNaN: true }), (one, at, by) => {
      const faster = one.speeds.map((each, index) =>
        index === at ? { ...each, timesRealTime: each.timesRealTime * by } : each,
      );
      assert.ok(rankOf({ ...one, speeds: faster }) <= rankOf(one), 'faster');
      const { kilobitsPerSecond } = one.uplink;
      if (kilobitsPerSecond === null) return;
      const uplink = { ...one.uplink, kilobitsPerSecond: kilobitsPerSecond * by };
      assert.ok(rankOf({ ...one, uplink }) <= rankOf(one), 'wider');
    }),
    { seed },
  );
});

test('ordinary machines get what a person would take for them', () => {
  const chosen = (change: Partial<Machine>) => {
    const { choice, reasons } = pictureAdviceOf({ ...ORDINARY, ...change });
    const { height, framesPerSecond, intent, encoder } = choice;
    const why = reasons.map(({ code }) => code);
    return { is: `${height}p${framesPerSecond} ${intent} ${encoder}`, why };
  };
  assert.equal(chosen({}).is, '1080p30 balanced x264');
  const slow = chosen({ speeds: [{ encoder: 'x264', height: 720, timesRealTime: 2.1 }] });
  assert.equal(slow.is, '720p30 balanced x264');
  const busy = chosen({ processor: { ...ORDINARY.processor, idlePercent: 12 } });
  assert.equal(busy.is, '720p30 balanced x264');
  assert.ok(busy.why.includes('sizeByBusyProcessor'));
  const uplink = (kilobitsPerSecond: number) => ({ ...ORDINARY.uplink, kilobitsPerSecond });
  const weak = chosen({ uplink: uplink(2_500) });
  assert.equal(weak.is, '720p30 weakUplink x264');
  assert.ok(weak.why.includes('sizeByUplink') && weak.why.includes('uplinkFits'));
  const hopeless = chosen({ uplink: uplink(200) });
  assert.equal(hopeless.is, '360p30 weakUplink x264');
  assert.ok(hopeless.why.includes('uplinkTooWeak'));
  const card = chosen({
    speeds: [...ORDINARY.speeds, { encoder: 'nvenc', height: 1080, timesRealTime: 9 }],
    vision: { ...ORDINARY.vision, provider: 'cuda' },
  });
  assert.equal(card.is, '1080p60 balanced nvenc');
  const unknown = chosen({ speeds: [], uplink: { ...uplink(0), kilobitsPerSecond: null } });
  assert.equal(unknown.is, '720p30 balanced x264');
  assert.ok(unknown.why.includes('speedUnknown'));
});

// Proves by random sounds and knobs what the chain promises: never above its ceiling, gain to the
// bit, the same delay to the sample, silence once muted, and the same samples however the sound is
// cut into blocks.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FIRST_SOUND_SETTINGS, LEVEL_FLOOR_DB, type SoundSettings } from '../contract/mixer.ts';
import { amplitudeOf } from './decibels.ts';
import { LEVEL_SAMPLES, LevelMeter, type MeteredLevel } from './levelMeter.ts';
import { CHAIN_SAMPLES, GAIN_RAMP_SAMPLES, MUTE_RAMP_SAMPLES, SoundChain } from './soundChain.ts';

type Knobs = Partial<Omit<SoundSettings, 'limiter'>> & { ceilingDb?: number };

function settings({ ceilingDb, ...rest }: Knobs): SoundSettings {
  const limiter = { isOn: ceilingDb !== undefined, ceilingDb: ceilingDb ?? 0 };
  return { ...FIRST_SOUND_SETTINGS, ...rest, limiter };
}

/** What comes out of a sound, in blocks of these lengths in turn; knobs turn at given samples. */
function through(
  first: Knobs,
  pcm: Float32Array,
  blocks: readonly number[] = [pcm.length / 2],
  turns: readonly { at: number; knobs: Knobs }[] = [],
) {
  const levels: MeteredLevel[] = [];
  const chain = new SoundChain(settings(first), (level) => levels.push(level));
  const out = pcm.slice();
  let done = 0;
  for (let block = 0; done < out.length / 2; block++) {
    const turn = turns.find(({ at }) => at >= done);
    if (turn?.at === done) chain.set(settings(turn.knobs));
    const later = turns.find(({ at }) => at > done)?.at ?? Number.POSITIVE_INFINITY;
    const length = Math.min(blocks[block % blocks.length] ?? 1, later - done);
    chain.process(out.subarray(done * 2, (done + length) * 2));
    done += length;
  }
  return { out, levels };
}

/** Bursts of everything that a float can be, among them what is no sound. */
const wild = fc
  .array(
    fc.record({
      length: fc.integer({ min: 1, max: 400 }),
      value: fc.oneof(
        fc.float({ min: -40, max: 40 }),
        fc.constantFrom(Number.NaN, Infinity, -Infinity, 1e-45, -1e-40, 1, -1, 3.4e38, 0),
      ),
      isSquare: fc.boolean(),
    }),
    { minLength: 1, maxLength: 12 },
  )
  .map((bursts) =>
    Float32Array.from(
      bursts.flatMap(({ length, value, isSquare }) =>
        Array.from({ length: length * 2 }, (_, at) => (isSquare && at % 8 > 3 ? -value : value)),
      ),
    ),
  );

const knobs = fc.record({
  isMuted: fc.boolean(),
  gainDb: fc.double({ min: -60, max: 20, noNaN: true }),
  ceilingDb: fc.double({ min: -20, max: 0, noNaN: true }),
});

test('nothing comes out above the ceiling, whatever comes in and whenever it is turned', () => {
  fc.assert(
    fc.property(wild, knobs, knobs, fc.nat(3_000), (pcm, first, then, at) => {
      const { out } = through(first, pcm, [480], [{ at, knobs: then }]);
      const ceilings = [amplitudeOf(first.ceilingDb), amplitudeOf(then.ceilingDb)] as const;
      out.forEach((sample, index) => {
        const ceiling = index / 2 < at ? ceilings[0] : ceilings[1];
        assert.ok(Math.abs(sample) <= ceiling, `${sample} at ${index} is above ${ceiling}`);
      });
    }),
    { numRuns: 150 },
  );
});

test('the limiter comes down without a step and leaves what is below its ceiling alone', () => {
  // A quiet tone, one loud stretch from zero to zero, quiet again.
  const pcm = Float32Array.from({ length: 48_000 * 2 }, (_, at) => {
    const loud = at >= 39_840 && at < 43_680 ? 4 : 0.4;
    return loud * Math.sin(((at >> 1) * 2 * Math.PI * 200) / 48_000);
  });
  const { out } = through({ ceilingDb: -6 }, pcm);
  const early = pcm.subarray(0, 36_000);
  assert.deepEqual(out.subarray(CHAIN_SAMPLES * 2, CHAIN_SAMPLES * 2 + early.length), early);
  let step = 0;
  for (let at = 2; at < out.length; at++) {
    step = Math.max(step, Math.abs((out[at] as number) - (out[at - 2] as number)));
  }
  // The tone's own steepest step at full height is 0.105 of its amplitude 4.
  assert.ok(step < 0.11, `a step of ${step}`);
  const last = out.subarray(-2_000);
  assert.ok(Math.max(...last) > 0.39, 'it has let go');
});

test('gain is exact and the delay the same to the sample, whatever the knobs', () => {
  const samples = fc.float32Array({ minLength: 2, maxLength: 600, min: -1, max: 1, noNaN: true });
  fc.assert(
    fc.property(samples, fc.double({ min: -60, max: 0, noNaN: true }), (odd, gainDb) => {
      const pcm = new Float32Array(odd.length + (odd.length % 2) + CHAIN_SAMPLES * 2);
      pcm.set(odd);
      const { out } = through({ gainDb }, pcm);
      const factor = amplitudeOf(gainDb);
      assert.ok(out.subarray(0, CHAIN_SAMPLES * 2).every((sample) => sample === 0));
      for (let at = 0; at < odd.length; at++) {
        const input = odd[at] as number;
        const wanted = Math.abs(input) < 2 ** -126 ? 0 : Math.fround(input * factor);
        assert.equal(out[at + CHAIN_SAMPLES * 2], wanted + 0);
      }
    }),
    { numRuns: 150 },
  );
});

test('a turned gain arrives without a step and is exact after its way', () => {
  const pcm = new Float32Array(6_000 * 2).fill(0.5);
  const { out } = through({}, pcm, [100], [{ at: 1_000, knobs: { gainDb: -20 } }]);
  for (let at = 2; at < out.length; at++) {
    if (at < CHAIN_SAMPLES * 2 + 2) continue;
    const step = Math.abs((out[at] as number) - (out[at - 2] as number));
    assert.ok(step <= 0.5 / GAIN_RAMP_SAMPLES + 1e-6, `a step of ${step} at ${at}`);
  }
  assert.equal(
    out[(1_000 + GAIN_RAMP_SAMPLES + CHAIN_SAMPLES) * 2],
    Math.fround(0.5 * amplitudeOf(-20)),
  );
});

test('muted is silence after its way, and back is the very sound', () => {
  fc.assert(
    fc.property(wild, fc.nat(1_000), (pcm, at) => {
      const { out } = through({}, pcm, [64], [{ at, knobs: { isMuted: true } }]);
      const silent = out.subarray((at + MUTE_RAMP_SAMPLES) * 2);
      assert.ok(silent.every((sample) => sample === 0));
    }),
    { numRuns: 60 },
  );
  const pcm = new Float32Array(4_000 * 2).fill(0.25);
  const back = [{ at: 1_000, knobs: {} }];
  const { out } = through({ isMuted: true }, pcm, [960], back);
  assert.equal(out[(1_000 + MUTE_RAMP_SAMPLES) * 2], 0.25);
  assert.equal(out[999 * 2], 0);
});

test('how sound is cut into blocks changes no sample and no level', () => {
  const lengths = fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(wild, knobs, knobs, lengths, fc.nat(2_000), (pcm, first, then, blocks, at) => {
      const turns = [{ at, knobs: then }];
      assert.deepEqual(through(first, pcm, blocks, turns), through(first, pcm, [1], turns));
    }),
    { numRuns: 80 },
  );
});

test('peak and mean are those of known sounds, each channel its own', () => {
  const levels: MeteredLevel[] = [];
  const meter = new LevelMeter((level) => levels.push(level));
  for (let at = 0; at < LEVEL_SAMPLES * 12; at++) {
    const tone = Math.sin((2 * Math.PI * 1_000 * at) / 48_000);
    meter.next(amplitudeOf(-12) * tone, at === LEVEL_SAMPLES * 11 ? 1 : 0);
  }
  assert.equal(levels.length, 12);
  // A sine's root mean square is 3.01 dB below its peak.
  assert.deepEqual(levels[6], { peakDb: [-12, LEVEL_FLOOR_DB], rmsDb: [-15, LEVEL_FLOOR_DB] });
  assert.equal(levels[11]?.peakDb[1], 0, 'one sample at full scale is seen');
});

test('a sound muted by the chain is metered all the same', () => {
  const pcm = new Float32Array(LEVEL_SAMPLES * 2 * 2).fill(0.5);
  const { out, levels } = through({ isMuted: true }, pcm);
  assert.ok(out.every((sample) => sample === 0));
  assert.deepEqual(levels.at(-1)?.peakDb, [-6, -6]);
});

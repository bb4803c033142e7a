// Proves what viewers hear of a source whose knobs are turned: untouched packets while none is,
// exactly so much later by the delay, silence in the same cadence when muted, and through real
// decoders and encoders so much quieter, at the same time to the sample, within the ceiling.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import fc from 'fast-check';
import { ManualTime, realTimers } from '../../../core/base/clock.ts';
import { silentLogger } from '../../../core/base/logger.ts';
import { FIRST_SOUND_SETTINGS, type SoundSettings } from '../../../core/contract/mixer.ts';
import { RTP_CLOCK_RATE, rtpTimestampOf, type Unit } from '../../../core/media/feed.ts';
import { createNutReader } from '../../../core/media/nut.ts';
import { opusSamples } from '../../../core/media/oggOpus.ts';
import { silenceLike, silenceOf } from '../../../core/media/opusSilence.ts';
import { amplitudeOf } from '../../../core/sound/decibels.ts';
import type { MeteredLevel } from '../../../core/sound/levelMeter.ts';
import type { Ffmpeg, FfmpegChoice } from '../../ffmpeg/resolve.ts';
import { builds } from '../../ffmpeg/testing/builds.ts';
import type { CapturedFrame } from '../source.ts';
import { beepTimes, decodeSound } from '../testing/decode.ts';
import { SoundDeskRoom } from './soundDesk.ts';

const KEY = 'demo:';
const PACKET_US = 20_000;
const START_US = 1_000_000_000;
const NO_FFMPEG: FfmpegChoice = { path: null, reason: 'There is no ffmpeg here' } as never;
/** Its content says which packet it is; its first byte that it holds 20 ms. */
const packet = (number: number) => Uint8Array.from([0xfc, number >> 8, number & 255, 7]);

function deskOf(ffmpeg: FfmpegChoice, time?: ManualTime) {
  const frames: CapturedFrame[] = [];
  const levels: MeteredLevel[] = [];
  const troubles: string[] = [];
  const helpers = new Set<number>();
  const nowUs = () => Math.round(performance.now() * 1000);
  const desk = new SoundDeskRoom({
    ...{ clock: time ?? { nowUs }, timers: time ?? realTimers, logger: silentLogger, ffmpeg },
    onHelper: (pid, alive) => void (alive ? helpers.add(pid) : helpers.delete(pid)),
    onFrame: (frame) => frames.push(frame),
  });
  desk.onLevel((_key, level) => levels.push(level));
  desk.onTrouble((_key, reason) => troubles.push(reason));
  return { desk, frames, levels, troubles, helpers };
}

const set = (changes: Partial<SoundSettings>): SoundSettings => ({
  ...FIRST_SOUND_SETTINGS,
  ...changes,
});

test('packets pass as they came while no knob is turned', async () => {
  const { desk, frames } = deskOf(NO_FFMPEG, new ManualTime(START_US));
  for (let at = 0; at < 10; at++) desk.take(KEY, START_US + at * PACKET_US, packet(at));
  const came = frames.map(({ captureUs, bytes }) => [captureUs, [...bytes]]);
  const went = Array.from({ length: 10 }, (_, at) => [START_US + at * PACKET_US, [...packet(at)]]);
  assert.deepEqual(came, went);
  await desk.close();
});

test('a delay moves sound by exactly so many ticks, and lets it go that much later', () => {
  const delay = fc.integer({ min: 0, max: 1_000 });
  fc.assert(
    fc.property(delay, fc.nat(2_000_000_000), fc.nat(0xffff_ffff), (delayMs, offUs, offset) => {
      const time = new ManualTime(START_US + offUs);
      const { desk, frames } = deskOf(NO_FFMPEG, time);
      desk.set(KEY, set({ delayMs }));
      const firstUs = time.nowUs();
      const wentAt: number[] = [];
      for (let at = 0; at < 70; at++) {
        desk.take(KEY, firstUs + at * PACKET_US, packet(at));
        while (wentAt.length < frames.length) wentAt.push(time.nowUs());
        time.advance(PACKET_US / 1000);
        while (wentAt.length < frames.length) wentAt.push(time.nowUs());
      }
      time.advance(1_100);
      assert.equal(frames.length, 70);
      frames.forEach(({ captureUs, bytes }, at) => {
        const cameUs = firstUs + at * PACKET_US;
        assert.deepEqual(bytes, packet(at));
        assert.equal(captureUs, cameUs + delayMs * 1000);
        const ticks = (us: number) => rtpTimestampOf(us, RTP_CLOCK_RATE.audio, offset);
        assert.equal((ticks(captureUs) - ticks(cameUs)) >>> 0, delayMs * 48);
      });
      const early = wentAt.filter((us, at) => us < firstUs + at * PACKET_US + delayMs * 1000);
      assert.deepEqual(early, [], 'none goes before its time');
    }),
    { numRuns: 40 },
  );
});

test('turning the delay keeps times rising, without a hole when it grows', () => {
  const delays = fc.array(fc.integer({ min: 0, max: 1_000 }), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(delays, (turns) => {
      const time = new ManualTime(START_US);
      const { desk, frames } = deskOf(NO_FFMPEG, time);
      let at = 0;
      const play = () => {
        for (let count = 0; count < 60; count++, at++) {
          desk.take(KEY, time.nowUs(), packet(at));
          time.advance(PACKET_US / 1000);
        }
      };
      play();
      for (const delayMs of turns) {
        desk.set(KEY, set({ delayMs }));
        play();
      }
      for (const [index, { captureUs }] of frames.entries()) {
        const stepUs = captureUs - (frames[index - 1]?.captureUs ?? captureUs - PACKET_US);
        assert.ok(stepUs > 0 && stepUs < 2 * PACKET_US, `a step of ${stepUs}`);
      }
      assert.equal(desk.packetsLeftOut(), 0);
    }),
    { numRuns: 60 },
  );
});

test('muted without an ffmpeg is silence in the same cadence; what was gain is silence, too', async () => {
  const time = new ManualTime(START_US);
  const { desk, frames } = deskOf(NO_FFMPEG, time);
  desk.set(KEY, set({ isMuted: true }));
  for (let at = 0; at < 5; at++) desk.take(KEY, START_US + at * PACKET_US, packet(at));
  assert.deepEqual(
    frames.map(({ captureUs, bytes }) => [captureUs, bytes]),
    Array.from({ length: 5 }, (_, at) => [START_US + at * PACKET_US, silenceOf(960)]),
  );
  desk.set(KEY, set({}));
  desk.take(KEY, START_US + 5 * PACKET_US, packet(5));
  assert.deepEqual(frames.at(-1)?.bytes, packet(5));
  await desk.close();
});

/** Opus packets of a sound that ffmpeg makes, 20 ms each. */
function packetsOf(ffmpeg: Ffmpeg, input: string): Uint8Array[] {
  const sound = '-c:a libopus -b:a 96k -application lowdelay -frame_duration 20 -ac 2'.split(' ');
  const words = ['-v', 'error', '-f', 'lavfi', '-i', input, ...sound, '-ar', '48000'];
  const output = ['-f', 'nut', '-write_index', '0', 'pipe:1'];
  const { stdout } = spawnSync(ffmpeg.path, [...words, ...output], { maxBuffer: 1 << 26 });
  const packets: Uint8Array[] = [];
  createNutReader({ onFrame: ({ bytes }) => packets.push(bytes.slice()) }).push(stdout);
  return packets;
}

type Room = ReturnType<typeof deskOf>;

/** Plays packets over and over, no faster than they come out, so that little waits inside. */
function player({ desk, frames, levels }: Room, packets: readonly Uint8Array[]) {
  let at = 0;
  const wait = (ms: number) => new Promise((done) => setTimeout(done, ms));
  const one = () => {
    const captureUs = START_US + at * PACKET_US;
    desk.take(KEY, captureUs, packets[at++ % packets.length] ?? new Uint8Array());
    return captureUs;
  };
  return {
    last: () => packets[(at - 1) % packets.length],
    async play(count: number): Promise<void> {
      for (let left = count; left > 0; left--) {
        const captureUs = one();
        while (captureUs - (frames.at(-1)?.captureUs ?? 0) > 400_000) await wait(2);
      }
    },
    /** As in a show, until the chain has begun. */
    async begin(): Promise<void> {
      while (levels.length === 0) {
        one();
        await wait(PACKET_US / 1000);
      }
    },
  };
}

const unitsOf = (frames: readonly CapturedFrame[]): Unit[] =>
  frames.map((frame) => ({ ...frame, rtpTimestamp: 0, keyFrame: true, config: 0 }) as Unit);
const rms = (samples: Int16Array) =>
  Math.sqrt(samples.reduce((sum, one) => sum + one * one, 0) / samples.length) / 32_768;
const decibels = (amplitude: number) => 20 * Math.log10(amplitude);

for (const { name, ffmpeg, skip } of builds) {
  test(`gain, mute and the way back with ${name}`, { skip }, async (t) => {
    if (!ffmpeg) return;
    const tone = packetsOf(ffmpeg, 'sine=frequency=500:duration=4');
    const before = rms(decodeSound(ffmpeg, unitsOf(framesOf(tone))).slice(9_600));
    const room = deskOf(ffmpeg);
    t.after(() => room.desk.close());
    const { desk, frames, levels, helpers } = room;
    const { play, begin, last } = player(room, tone);
    await play(20);
    desk.set(KEY, set({ gainDb: -12 }));
    await begin();
    await play(100);
    const quiet = rms(decodeSound(ffmpeg, unitsOf(frames.slice(-50))).slice(9_600));
    const told = decibels(quiet) - decibels(before);
    assert.ok(Math.abs(told + 12) < 0.2, `${told} dB`);
    const level = levels.at(-1)?.rmsDb[0] ?? 0;
    assert.ok(Math.abs(level - decibels(quiet)) < 0.3, `the meter says ${level}`);
    desk.set(KEY, set({ gainDb: -12, isMuted: true }));
    await play(60);
    const silent = decodeSound(ffmpeg, unitsOf(frames.slice(-25))).slice(9_600);
    assert.ok(silent.every((sample) => Math.abs(sample) <= 1));
    const moved = levels.at(-1)?.rmsDb[0] ?? 0;
    assert.ok(Math.abs(moved - level) < 0.3, 'what would be heard is metered');
    desk.set(KEY, set({}));
    await play(60);
    const steps = frames.map((frame, at) => frame.captureUs - (frames[at - 1]?.captureUs ?? 0));
    assert.ok(
      steps.slice(1).every((step) => step > 0 && step < 2 * PACKET_US),
      steps.join(),
    );
    assert.deepEqual(frames.at(-1)?.bytes, last(), 'its own packets again');
    await desk.close();
    assert.equal(helpers.size, 0);
  });

  test(`a sound that gain makes far too loud stays below its ceiling, at its time, with ${name}`, {
    skip,
  }, async (t) => {
    if (!ffmpeg) return;
    // A burst of 100 ms every half second.
    const wave = "aevalsrc='0.3*sin(1000*2*PI*t)*between(mod(t,0.5),0.2,0.3)':s=48000:d=4";
    const beeps = packetsOf(ffmpeg, wave).slice(0, 200);
    const room = deskOf(ffmpeg);
    t.after(() => room.desk.close());
    room.desk.set(KEY, set({ limiter: { isOn: true, ceilingDb: -1 } }));
    const { play, begin } = player(room, beeps);
    await begin();
    const from = room.frames.length;
    await play(200);
    const whole = unitsOf(framesOf(beeps));
    const [first = 0] = beepTimes(whole, decodeSound(ffmpeg, whole));
    const mixed = unitsOf(room.frames.slice(from));
    const heard = beepTimes(mixed, decodeSound(ffmpeg, mixed));
    assert.ok(heard.length >= 4, `${heard.length} bursts`);
    for (const us of heard) {
      const fromUs = (((us - first) % 500_000) + 750_000) % 500_000;
      assert.ok(Math.abs(fromUs - 250_000) < 300, `${fromUs - 250_000} us from its time`);
    }
    room.desk.set(KEY, set({ gainDb: 20, limiter: { isOn: true, ceilingDb: -6 } }));
    await play(75);
    const loud = decodeSound(ffmpeg, unitsOf(room.frames.slice(-50)));
    const highest = loud.reduce((most, one) => Math.max(most, Math.abs(one)), 0) / 32_768;
    // What Opus makes of a limited tone may overshoot it a little; the chain itself never does.
    assert.ok(highest < amplitudeOf(-4.5) && highest > amplitudeOf(-7.5), `${highest}`);
  });

  test(`a chain whose ffmpeg dies is silent until the next one, and says so, with ${name}`, {
    skip,
  }, async (t) => {
    if (!ffmpeg) return;
    const tone = packetsOf(ffmpeg, 'sine=frequency=500:duration=3');
    const room = deskOf(ffmpeg);
    t.after(() => room.desk.close());
    room.desk.set(KEY, set({ gainDb: -30 }));
    const { play, begin } = player(room, tone);
    await begin();
    for (const pid of room.helpers) process.kill(pid, 'SIGKILL');
    while (!room.troubles.at(-1)) await new Promise((done) => setTimeout(done, 5));
    await play(10);
    assert.deepEqual(room.frames.at(-1)?.bytes, silenceOf(960), 'never at full force');
    await room.desk.close();
  });

  test(`our packets of silence are silence of their length with ${name}`, { skip }, () => {
    if (!ffmpeg) return;
    const lengths = [120, 240, 480, 960, 1_920, 2_880, 5_760];
    const packets = lengths.map((samples) => silenceOf(samples) ?? new Uint8Array());
    assert.deepEqual(packets.map(opusSamples), lengths);
    assert.deepEqual(packets.map(silenceLike), packets);
    const decoded = decodeSound(ffmpeg, unitsOf(framesOf([...packets, ...packets])));
    assert.equal(decoded.length, 2 * lengths.reduce((sum, one) => sum + one, 0));
    assert.ok(decoded.every((sample) => sample === 0));
    assert.equal(silenceOf(0), null);
    assert.equal(silenceOf(121), null);
  });
}

function framesOf(packets: readonly Uint8Array[]): CapturedFrame[] {
  return packets.map((bytes, at) => {
    return { track: 'audio', captureUs: START_US + at * PACKET_US, bytes };
  });
}

// Proves how loud sound is said to be: by the tones of EBU Tech 3341, through a real encoder and
// decoder with the packets' own times, and to the end: a burst in the sound of a still picture is a
// highlight that names loudness, its score and a range around the burst.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { after, test } from 'node:test';
import { realTimers } from '../../core/base/clock.ts';
import { silentLogger } from '../../core/base/logger.ts';
import type { Unit } from '../../core/media/feed.ts';
import { createNutReader } from '../../core/media/nut.ts';
import { opusSamples } from '../../core/media/oggOpus.ts';
import { TEST_FFMPEG_PATH } from '../ffmpeg/testFfmpeg.ts';
import { encodeClip } from '../vision/testFeed.ts';
import { FFMPEG, openVision, FFMPEG_SKIP as skip } from '../vision/testing/openVision.ts';
import { LoudnessMeter, SILENCE_DB, SOUND_RATE_HZ, type SoundLevel } from './loudness.ts';
import { createSoundMeter, type Heard, type SoundMeter } from './soundMeter.ts';

const START_US = 9_000_000;
const meters: SoundMeter[] = [];
after(() => Promise.all(meters.map((meter) => meter.close())));

/** Levels of a sound by its rule: amplitude of both channels at a sample. */
function levelsOf(seconds: number, sound: (sample: number) => number): SoundLevel[] {
  const levels: SoundLevel[] = [];
  const meter = new LoudnessMeter((level) => levels.push(level));
  const pcm = new Int16Array(SOUND_RATE_HZ * seconds * 2);
  for (let at = 0; at < pcm.length; at++) pcm[at] = Math.round(32_767 * sound(at >> 1));
  // In pieces of odd lengths, as they come out of a pipe.
  for (let at = 0; at < pcm.length; at += 2_222) meter.push(pcm.subarray(at, at + 2_222));
  return levels;
}

const tone =
  (decibels: number, hertz = 1000) =>
  (sample: number) =>
    10 ** (decibels / 20) * Math.sin((2 * Math.PI * hertz * sample) / SOUND_RATE_HZ);

test('tones of known loudness are told within a tenth of a unit', () => {
  // EBU Tech 3341, tests 1 and 2: a stereo sine of 1000 Hz at -23 and -33 dBFS.
  for (const decibels of [-23, -33]) {
    const last = levelsOf(2, tone(decibels)).at(-1);
    assert.ok(Math.abs((last?.loudness ?? 0) - decibels) < 0.1, `${last?.loudness}`);
  }
  // The low cut: what is hardly heard is hardly loud.
  assert.ok((levelsOf(2, tone(-23, 30)).at(-1)?.loudness ?? 0) < -30);
  const silence = levelsOf(4, () => 0);
  assert.ok(silence.every(({ loudness }) => loudness === SILENCE_DB));
  assert.equal(silence.length, 37, 'every 100 ms once 400 are known');
});

test('a roar is steady noise, claps and pauses are none', () => {
  let state = 1;
  const noise = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state / 2 ** 31 - 1) * 0.3;
  };
  const roar = levelsOf(5, noise);
  const claps = levelsOf(5, (sample) => (sample % 24_000 < 12_000 ? 1.4 * noise() : 0));
  assert.equal(roar[0]?.steady, null);
  const apart = (roar.at(-1)?.steady ?? 0) - (claps.at(-1)?.steady ?? 0);
  assert.ok(apart > 20, `${apart} dB apart`);
  assert.ok(Math.abs((roar.at(-1)?.loudness ?? 0) - (claps.at(-1)?.loudness ?? 0)) < 6);
});

/** Opus packets of a sound that ffmpeg makes, with capture times from START_US on. */
function packetsOf(input: string): Unit[] {
  const raw = spawnSync(
    TEST_FFMPEG_PATH,
    [
      ...['-v', 'error', '-f', 'lavfi', '-i', input, '-c:a', 'libopus', '-b:a', '96k'],
      ...['-application', 'lowdelay', '-frame_duration', '20', '-ar', '48000', '-ac', '2'],
      ...['-f', 'nut', '-write_index', '0', 'pipe:1'],
    ],
    { maxBuffer: 64 * 1024 * 1024 },
  );
  const units: Unit[] = [];
  const reader = createNutReader({
    onFrame: ({ bytes, ptsUs }) => {
      const captureUs = START_US + ptsUs;
      const rest = { rtpTimestamp: 0, keyFrame: true, config: 0 };
      units.push({ ...{ track: 'audio', captureUs, ...rest }, bytes: bytes.slice() });
    },
  });
  reader.push(raw.stdout);
  return units;
}

function open(onHeard: (heard: Heard) => void): SoundMeter {
  const meter = createSoundMeter({
    ...{ ffmpeg: FFMPEG, timers: realTimers, logger: silentLogger, onHelper() {}, onHeard },
  });
  meters.push(meter);
  return meter;
}

/** Pushes a second of sound and resolves once nearly all of it was heard. */
function listening(pass: (heard: Heard) => void = () => {}) {
  const heard: Heard[] = [];
  let look = () => {};
  const meter = open((one) => {
    heard.push(one);
    pass(one);
    look();
  });
  const second = async (packets: readonly Unit[]) => {
    for (const packet of packets) meter.push(packet);
    const untilUs = (packets.at(-1)?.captureUs ?? 0) - 1_000_000;
    await new Promise<void>((done) => {
      look = () => {
        if ((heard.at(-1)?.atUs ?? 0) >= untilUs) done();
      };
      look();
    });
  };
  return { heard, second };
}

const secondOf = (units: readonly Unit[], second: number) =>
  units.filter(({ captureUs }) => Math.floor((captureUs - START_US) / 1_000_000) === second);

test('through encoder and decoder loudness keeps its level and its capture time', {
  skip,
}, async () => {
  // Silence until second 3, then a tone of -23 dBFS on both sides.
  const side = 'if(gte(t,3),0.0708*sin(2*PI*1000*t),0)';
  const packets = packetsOf(`aevalsrc='${side}|${side}':s=48000:d=8`);
  assert.equal(opusSamples(packets[0]?.bytes ?? new Uint8Array(0)), 960);
  const { heard, second } = listening();
  for (let at = 0; at < 8; at++) await second(secondOf(packets, at));
  const loud = heard.filter(({ channel, value }) => channel === 'loudness' && value > -40);
  const firstUs = (loud[0]?.atUs ?? 0) - START_US;
  // Told at the end of the half second in which it began.
  assert.ok(firstUs >= 3_000_000 && firstUs <= 3_620_000, `${firstUs}`);
  assert.ok(Math.abs((loud.at(-1)?.value ?? 0) + 23) < 1, `${loud.at(-1)?.value}`);
});

test('a loud burst is a highlight whose reasons name loudness', { skip }, async (t) => {
  const parts = await openVision({
    packFolder: resolve(import.meta.dirname, '../../models/packs'),
  });
  t.after(() => parts.close());
  const SECONDS = 56;
  const packets = packetsOf(
    `anoisesrc=r=48000:d=${SECONDS}:a=0.01:seed=3,volume='if(between(t,44,46),25,1)':eval=frame`,
  );
  const { second } = listening((heard) => parts.client.signal(heard));
  // A still picture, five a second.
  const grey = await encodeClip({
    input: ['-f', 'lavfi', '-i', 'color=c=gray:s=640x360:r=30'],
    frames: SECONDS * 5,
  });
  const pictures = grey.map((unit, at) => ({ ...unit, captureUs: START_US + at * 200_000 }));
  for (let at = 0; at < SECONDS; at++) {
    await second(secondOf(packets, at));
    await parts.judge(secondOf(pictures, at));
  }
  const [found, ...rest] = parts.events.filter(({ type }) => type === 'highlight');
  assert.deepEqual(rest, []);
  assert.equal(found?.reasons?.[0], 'loudness', JSON.stringify(found));
  assert.match(found?.why ?? '', /^Loudness \d+\.\d deviations/);
  assert.ok((found?.score ?? 0) >= 5);
  const burstUs = START_US + 44_000_000;
  const { fromUs = 0, toUs = 0 } = found?.replay ?? {};
  assert.ok(fromUs <= burstUs && fromUs >= burstUs - 6_000_000, `from ${fromUs - burstUs}`);
  assert.ok(toUs >= burstUs + 2_000_000 && toUs <= burstUs + 8_000_000, `to ${toUs - burstUs}`);
});

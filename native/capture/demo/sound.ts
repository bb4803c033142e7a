// The sound of the demo: crowd, kicks, whistle, computed per sample from the match itself.
// It must never filter with memory: noise comes from counters, so that a block of any size that
// starts anywhere has the same samples.
import { FRAMES_PER_SECOND } from './camera.ts';
import { mix32, smooth } from './chance.ts';
import type { Motion } from './motion.ts';

export const SAMPLES_PER_FRAME = 1600;
const RATE = 48000;
const NOISE_LENGTH = 1 << 16;

export interface Sound {
  render(firstSample: number, into: Int16Array): void;
}

export type Locate = (frameIndex: number) => { readonly motion: Motion; readonly frame: number };

interface Instant {
  /** 0..1: how the crowd feels. */
  readonly swell: number;
  readonly roar: number;
}

function noiseTable(seed: number): Float32Array {
  const table = new Float32Array(NOISE_LENGTH + 1);
  for (let i = 0; i < NOISE_LENGTH; i += 1) table[i] = mix32(seed, i, 0x50) / 2147483648 - 1;
  table[NOISE_LENGTH] = table[0] ?? 0;
  return table;
}

/** How excited the crowd is at a frame: it rises as the ball nears a goal and with every shot. */
function instantOf({ motion, frame }: ReturnType<Locate>): Instant {
  const { chapter } = motion;
  const at = frame / FRAMES_PER_SECOND;
  const near = smooth(4, 16, Math.abs(motion.ball[frame * 3] ?? 0));
  let gasp = 0;
  for (const shot of chapter.shots) {
    const since = at - shot.at;
    if (since < -0.6 || since > 4) continue;
    gasp = Math.max(gasp, shot.thrill * smooth(-0.6, 0.4, since) * (1 - smooth(0.8, 4, since)));
  }
  const playing = at > chapter.kickOffAt && at < chapter.netAt ? 1 : 0.3;
  const since = (frame - motion.goalFrame) / FRAMES_PER_SECOND;
  const roar = smooth(0, 0.35, since) * (1 - 0.75 * smooth(1.6, 5.4, since));
  return { swell: 0.35 * near * playing + 0.6 * gasp, roar };
}

interface Hit {
  readonly at: number;
  readonly power: number;
}

interface Calls {
  readonly kicks: readonly Hit[];
  readonly whistles: readonly { at: number; seconds: number }[];
}

/** What is heard of one chapter, in seconds of that chapter. */
function callsOf(motion: Motion): Calls {
  const { chapter } = motion;
  const goalAt = motion.goalFrame / FRAMES_PER_SECOND;
  const whistles = [
    ...chapter.whistles.map((at) => ({ at, seconds: 0.5 })),
    { at: goalAt + 0.5, seconds: 0.28 },
    { at: goalAt + 0.9, seconds: 0.62 },
  ];
  return { kicks: chapter.kicks, whistles };
}

function kickSample(since: number, power: number, noise: number): number {
  if (since < 0 || since > 0.22) return 0;
  const body = Math.sin(2 * Math.PI * (62 * since + 3.2 * (1 - Math.exp(-since * 34))));
  const click = noise * Math.exp(-since * 240) * 0.5;
  return power * (body * Math.exp(-since * 26) + click) * Math.min(1, since * 1500);
}

function whistleSample(since: number, seconds: number): number {
  if (since < 0 || since > seconds) return 0;
  const edge = Math.min(1, since * 60, (seconds - since) * 40);
  const pea = 0.6 + 0.4 * Math.sin(2 * Math.PI * 31 * since);
  const drift = 2 * Math.PI * (2840 * since - (1.4 * Math.cos(2 * Math.PI * 31 * since)) / 31);
  return edge * pea * (0.7 * Math.sin(drift) + 0.3 * Math.sin(drift * 1.012 + 1));
}

/** Creates the sound that belongs to a match; `locate` tells the chapter of a frame. */
export function createSound(seed: number, locate: Locate): Sound {
  const table = noiseTable(seed);
  const noiseAt = (position: number, salt: number): number => {
    const whole = Math.floor(position);
    const part = position - whole;
    const index = (whole + salt) & (NOISE_LENGTH - 1);
    const a = table[index] as number;
    return a + ((table[index + 1] as number) - a) * part;
  };
  // Cell rates in Hz: a crowd is a band of noise around 400..1500 Hz with slow voices on top.
  const crowd = (sample: number, ear: number, bright: number): number => {
    const seconds = sample / RATE;
    const salt = ear * 9973;
    const low = noiseAt(seconds * 420, salt + 11);
    const middle = noiseAt(seconds * 1130, salt + 2203);
    const high = noiseAt(seconds * 2900, salt + 30011);
    const air = noiseAt(seconds * 9100, salt + 41017);
    const murmur = 0.8 + 0.4 * noiseAt(seconds * 2.3, salt + 77) * noiseAt(seconds * 5.1, 99);
    return (
      murmur * (0.75 * low + 0.7 * middle + (0.32 + 0.3 * bright) * high + 0.14 * bright * air)
    );
  };
  const renderFrame = (frameIndex: number, from: number, to: number, write: Write): void => {
    const here = locate(frameIndex);
    const now = instantOf(here);
    const then = instantOf(locate(frameIndex + 1));
    const { kicks, whistles } = callsOf(here.motion);
    const start = here.frame / FRAMES_PER_SECOND;
    const heard = kicks.filter((one) => one.at > start - 0.3 && one.at < start + 0.1);
    const blown = whistles.filter((one) => one.at > start - 1 && one.at < start + 0.1);
    for (let i = from; i < to; i += 1) {
      const part = i / SAMPLES_PER_FRAME;
      const swell = now.swell + (then.swell - now.swell) * part;
      const roar = now.roar + (then.roar - now.roar) * part;
      const sample = frameIndex * SAMPLES_PER_FRAME + i;
      const at = start + i / RATE;
      let shared = 0;
      for (const one of heard) {
        shared += 0.3 * kickSample(at - one.at, one.power, noiseAt(sample * 0.37, 5));
      }
      for (const one of blown) shared += 0.11 * whistleSample(at - one.at, one.seconds);
      const gain = 0.075 + 0.11 * swell + 0.3 * roar;
      const bright = Math.min(1, 0.5 * swell + roar);
      const left = shared + gain * crowd(sample, 0, bright);
      const right = shared + gain * crowd(sample, 1, bright);
      write(sample, left, right);
    }
  };
  return {
    render(firstSample, into) {
      const count = into.length >> 1;
      const write: Write = (sample, left, right) => {
        const at = (sample - firstSample) * 2;
        into[at] = Math.round(32000 * soft(left));
        into[at + 1] = Math.round(32000 * soft(right));
      };
      const last = firstSample + count;
      for (let sample = firstSample; sample < last; ) {
        const frameIndex = Math.floor(sample / SAMPLES_PER_FRAME);
        const from = sample - frameIndex * SAMPLES_PER_FRAME;
        const to = Math.min(SAMPLES_PER_FRAME, from + last - sample);
        renderFrame(frameIndex, from, to, write);
        sample += to - from;
      }
    },
  };
}

type Write = (sample: number, left: number, right: number) => void;

/** Bends loud moments instead of cutting them. */
function soft(value: number): number {
  return value / (1 + Math.abs(value) * 0.35);
}

// What happens to a source's sound between its microphone and its viewers: gain, limiter, meter,
// mute, in this order and always all of them, so that turning a knob never moves sound in time.
// It never gives a sample that is not finite or above full scale, whatever comes in. Sound leaves
// it LOOK_AHEAD_SAMPLES later than it came.

import { FIRST_SOUND_SETTINGS, type SoundSettings } from '../contract/mixer.ts';
import { amplitudeOf } from './decibels.ts';
import { LevelMeter, type MeteredLevel } from './levelMeter.ts';
import { Limiter, LOOK_AHEAD_SAMPLES } from './limiter.ts';
import { Ramp } from './ramp.ts';

/** By how much sound leaves later than it came. */
export const CHAIN_SAMPLES = LOOK_AHEAD_SAMPLES;
/** 20 and 10 ms at 48 kHz. */
export const GAIN_RAMP_SAMPLES = 960;
export const MUTE_RAMP_SAMPLES = 480;
/** What is smaller than any 32-bit number of full precision costs time and is not heard. */
const SMALLEST = 2 ** -126;
/** Far above what any gain makes of full scale: beyond it a number is no sound. */
const LARGEST = 1e6;

export class SoundChain {
  readonly #gain: Ramp;
  readonly #mute: Ramp;
  readonly #limiter = new Limiter();
  readonly #meter: LevelMeter;

  /** @param onLevel of what is heard, or would be if it were not muted */
  constructor(first: SoundSettings, onLevel: (level: MeteredLevel) => void) {
    this.#gain = new Ramp(amplitudeOf(first.gainDb), GAIN_RAMP_SAMPLES);
    this.#mute = new Ramp(first.isMuted ? 0 : 1, MUTE_RAMP_SAMPLES);
    this.#meter = new LevelMeter(onLevel);
    this.set(first);
  }

  set({ isMuted, gainDb, limiter }: SoundSettings = FIRST_SOUND_SETTINGS): void {
    this.#gain.goTo(amplitudeOf(gainDb));
    this.#mute.goTo(isMuted ? 0 : 1);
    this.#limiter.setCeiling(limiter.isOn ? limiter.ceilingDb : null);
  }

  /** @param pcm left and right in turn at 48 kHz, full scale 1; replaced by what comes out */
  process(pcm: Float32Array): void {
    const limiter = this.#limiter;
    for (let at = 0; at + 1 < pcm.length; at += 2) {
      const gain = this.#gain.next();
      limiter.next(sound(pcm[at] as number) * gain, sound(pcm[at + 1] as number) * gain);
      this.#meter.next(limiter.left, limiter.right);
      const mute = this.#mute.next();
      pcm[at] = withinFullScale(limiter.left) * mute;
      pcm[at + 1] = withinFullScale(limiter.right) * mute;
    }
  }
}

function sound(sample: number): number {
  const size = Math.abs(sample);
  // Not a number compares false with everything.
  if (!(size >= SMALLEST)) return 0;
  return size > LARGEST ? Math.sign(sample) : sample;
}

function withinFullScale(sample: number): number {
  return sample > 1 ? 1 : Math.max(sample, -1);
}

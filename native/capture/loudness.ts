// How loud sound is and how much of it never ceases. Loudness is momentary loudness: 400 ms of
// K-weighted sound every 100 ms (ITU-R BS.1770-4 annex 1, EBU Tech 3341 section 2.1). Steady noise
// is the level between 500 and 4000 Hz that is exceeded nine tenths of three seconds: a roaring
// crowd holds it up, while speech, music with a beat and a ball's bounces leave gaps. It is a level
// and no recognition: rain on a roof is steady noise, too.

export const SOUND_RATE_HZ = 48_000;
/** What silence is said to be; nothing lower is told, LUFS and dB of full scale. */
export const SILENCE_DB = -70;

const BLOCK = SOUND_RATE_HZ / 10;
const MOMENTARY_BLOCKS = 4;
const STEADY_BLOCKS = 30;
const STEADY_SHARE = 0.1;
/** BS.1770-4: loudness of a mean square of 1. */
const LOUDNESS_OFFSET = -0.691;

type Biquad = readonly [b0: number, b1: number, b2: number, a1: number, a2: number];

/** The head's shelf and the low cut, at 48 kHz (BS.1770-4, tables 1 and 2). */
const K_WEIGHTING: readonly Biquad[] = [
  [1.53512485958697, -2.69169618940638, 1.19839281085285, -1.69065929318241, 0.73248077421585],
  [1, -2, 1, -1.99004745483398, 0.99007225036621],
];
const BAND: readonly Biquad[] = [butterworth(500, true), butterworth(4000, false)];

/** Second order, as in R. Bristow-Johnson's cookbook, Q of 1/sqrt(2). */
function butterworth(frequencyHz: number, isHighPass: boolean): Biquad {
  const omega = (2 * Math.PI * frequencyHz) / SOUND_RATE_HZ;
  const alpha = Math.sin(omega) * Math.SQRT1_2;
  const cosine = Math.cos(omega);
  const a0 = 1 + alpha;
  const outer = (isHighPass ? 1 + cosine : 1 - cosine) / 2 / a0;
  const inner = (isHighPass ? -2 : 2) * outer;
  return [outer, inner, outer, (-2 * cosine) / a0, (1 - alpha) / a0];
}

/** Filters one after the other, in transposed direct form II. */
class Chain {
  readonly #factors: Float64Array;
  readonly #state: Float64Array;

  constructor(filters: readonly Biquad[]) {
    this.#factors = Float64Array.from(filters.flat());
    this.#state = new Float64Array(filters.length * 2);
  }

  next(sample: number): number {
    const factors = this.#factors;
    const state = this.#state;
    let value = sample;
    for (let at = 0, of = 0; at < state.length; at += 2, of += 5) {
      const out = (factors[of] as number) * value + (state[at] as number);
      state[at] =
        (factors[of + 1] as number) * value -
        (factors[of + 3] as number) * out +
        (state[at + 1] as number);
      state[at + 1] = (factors[of + 2] as number) * value - (factors[of + 4] as number) * out;
      value = out;
    }
    return value;
  }
}

export type SoundLevel = {
  /** Samples since the start, at the end of what was measured. */
  atSample: number;
  /** Momentary loudness, LUFS. */
  loudness: number;
  /** Steady noise, dB of full scale; null before three seconds were heard. */
  steady: number | null;
};

export class LoudnessMeter {
  readonly #onLevel: (level: SoundLevel) => void;
  readonly #weighted = [new Chain(K_WEIGHTING), new Chain(K_WEIGHTING)];
  readonly #band = new Chain(BAND);
  readonly #loud: number[] = [];
  readonly #steady: number[] = [];
  #sum = 0;
  #bandSum = 0;
  #count = 0;
  #samples = 0;

  /** @param onLevel runs every 100 ms of sound */
  constructor(onLevel: (level: SoundLevel) => void) {
    this.#onLevel = onLevel;
  }

  /** @param pcm stereo, interleaved, signed 16 bits at SOUND_RATE_HZ */
  push(pcm: Int16Array): void {
    const [left, right] = this.#weighted as [Chain, Chain];
    for (let at = 0; at + 1 < pcm.length; at += 2) {
      const one = (pcm[at] as number) / 32_768;
      const other = (pcm[at + 1] as number) / 32_768;
      this.#sum += left.next(one) ** 2 + right.next(other) ** 2;
      this.#bandSum += this.#band.next((one + other) / 2) ** 2;
      this.#samples++;
      if (++this.#count === BLOCK) this.#close();
    }
  }

  #close(): void {
    this.#loud.push(this.#sum / BLOCK);
    this.#steady.push(this.#bandSum / BLOCK);
    this.#sum = 0;
    this.#bandSum = 0;
    this.#count = 0;
    if (this.#steady.length > STEADY_BLOCKS) this.#steady.shift();
    if (this.#loud.length > MOMENTARY_BLOCKS) this.#loud.shift();
    if (this.#loud.length < MOMENTARY_BLOCKS) return;
    const mean = this.#loud.reduce((sum, one) => sum + one, 0) / MOMENTARY_BLOCKS;
    const rank = Math.floor(STEADY_SHARE * STEADY_BLOCKS);
    const isKnown = this.#steady.length === STEADY_BLOCKS;
    this.#onLevel({
      atSample: this.#samples,
      loudness: decibels(mean, LOUDNESS_OFFSET),
      steady: isKnown ? decibels(this.#steady.toSorted((a, b) => a - b)[rank] ?? 0, 0) : null,
    });
  }
}

function decibels(meanSquare: number, offset: number): number {
  return meanSquare <= 0 ? SILENCE_DB : Math.max(SILENCE_DB, offset + 10 * Math.log10(meanSquare));
}

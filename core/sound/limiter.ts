// A look-ahead peak limiter for both channels together: nothing that leaves it is above its
// ceiling. The gain that each sample needs is held for the whole look-ahead (a sliding minimum),
// let go exponentially, and then averaged over the same length: the average of values that are all
// low enough is low enough, so that the gain is down, without a step, when the peak comes out.
// Sound leaves LOOK_AHEAD_SAMPLES later than it came; whoever times packets takes that off.

import { amplitudeOf } from './decibels.ts';

/** 5 ms at 48 kHz: the attack. */
export const LOOK_AHEAD_SAMPLES = 240;
/** Samples that bear the same peak: those of the look-ahead and the one that comes out. */
const HELD = LOOK_AHEAD_SAMPLES + 1;
/** Time constant of letting go, 100 ms at 48 kHz. */
const RELEASE_SAMPLES = 4_800;
const RELEASE = 1 - Math.exp(-1 / RELEASE_SAMPLES);

export class Limiter {
  #ceiling = Number.POSITIVE_INFINITY;
  /** The samples that are inside, left and right in turn, and the one among them to come out. */
  readonly #inside = new Float64Array(HELD * 2);
  readonly #averaged = new Float64Array(HELD).fill(1);
  /** A queue of gains that only rise, each with the sample that needs it. */
  readonly #minima = new Float64Array(HELD);
  readonly #minimaAt = new Float64Array(HELD);
  #head = 0;
  #length = 0;
  #sum = HELD;
  #envelope = 1;
  #sample = 0;
  #left = 0;
  #right = 0;

  /** The ceiling from now on, also for what is inside; null: none. */
  setCeiling(ceilingDb: number | null): void {
    this.#ceiling =
      ceilingDb === null ? Number.POSITIVE_INFINITY : highestOf(amplitudeOf(ceilingDb));
  }

  get left(): number {
    return this.#left;
  }

  get right(): number {
    return this.#right;
  }

  /** Takes a sample of both channels, finite ones; `left` and `right` are then what comes out. */
  next(left: number, right: number): void {
    const ceiling = this.#ceiling;
    const peak = Math.max(Math.abs(left), Math.abs(right));
    const held = this.#hold(peak > ceiling ? ceiling / peak : 1);
    this.#envelope = Math.min(held, this.#envelope + RELEASE * (1 - this.#envelope));
    const gain = this.#average(this.#envelope);
    const at = (this.#sample % HELD) * 2;
    this.#inside[at] = left;
    this.#inside[at + 1] = right;
    this.#sample++;
    const out = (this.#sample % HELD) * 2;
    this.#left = within((this.#inside[out] as number) * gain, ceiling);
    this.#right = within((this.#inside[out + 1] as number) * gain, ceiling);
  }

  /** The least of the gains of the last HELD samples. */
  #hold(gain: number): number {
    const last = () => (this.#head + this.#length - 1) % HELD;
    if (this.#length > 0 && (this.#minimaAt[this.#head] as number) <= this.#sample - HELD) {
      this.#head = (this.#head + 1) % HELD;
      this.#length--;
    }
    while (this.#length > 0 && (this.#minima[last()] as number) >= gain) this.#length--;
    this.#length++;
    this.#minima[last()] = gain;
    this.#minimaAt[last()] = this.#sample;
    return this.#minima[this.#head] as number;
  }

  #average(gain: number): number {
    const at = this.#sample % HELD;
    this.#sum += gain - (this.#averaged[at] as number);
    this.#averaged[at] = gain;
    // A running sum gathers what rounding leaves; each round it is added up anew.
    if (at === HELD - 1) this.#sum = this.#averaged.reduce((sum, one) => sum + one, 0);
    return Math.min(1, this.#sum / HELD);
  }
}

/** The last guard: for what rounding adds, and for what was inside when the ceiling came down. */
function within(value: number, ceiling: number): number {
  return value > ceiling ? ceiling : Math.max(value, -ceiling);
}

/** The highest 32-bit sample that is not above. */
function highestOf(amplitude: number): number {
  const rounded = Math.fround(amplitude);
  return rounded > amplitude ? Math.fround(amplitude * (1 - 2 ** -23)) : rounded;
}

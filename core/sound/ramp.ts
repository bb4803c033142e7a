// A factor that goes to its new value in a straight line, sample by sample, so that no step is
// heard as a click. Counted in samples: how sound is cut into blocks changes nothing.

export class Ramp {
  readonly #lengthSamples: number;
  #value: number;
  #target: number;
  #from: number;
  #left = 0;

  constructor(first: number, lengthSamples: number) {
    this.#value = first;
    this.#target = first;
    this.#from = first;
    this.#lengthSamples = lengthSamples;
  }

  /** Goes there from wherever it is. */
  goTo(target: number): void {
    if (target === this.#target) return;
    this.#from = this.#value;
    this.#target = target;
    this.#left = this.#lengthSamples;
  }

  /** The factor of the next sample; exactly the target at the end of the way. */
  next(): number {
    if (this.#left === 0) return this.#value;
    this.#left--;
    const share = this.#left / this.#lengthSamples;
    this.#value =
      this.#left === 0 ? this.#target : this.#target + (this.#from - this.#target) * share;
    return this.#value;
  }
}

// Long computations that can be done part by part: a generator that yields how many things it has
// gone over since it yielded last, and returns the result. Whoever must not be held up takes one
// part at a time; whoever wants the result at once takes all. It never looks at a clock.

/** Things of one part: about a millisecond. */
export const PART = 2_000;

export type InParts<Result> = Generator<number, Result, undefined>;

/** All parts at once. */
export function atOnce<Result>(parts: InParts<Result>): Result {
  for (;;) {
    const part = parts.next();
    if (part.done) return part.value;
  }
}

/**
 * Puts many things in order without a moment in which all are compared: each added run is sorted by
 * itself, and the runs are merged while they are taken (a heap of the runs' first things).
 */
export class SortedRuns<Thing> {
  readonly #compare: (one: Thing, other: Thing) => number;
  readonly #heap: { things: Thing[]; at: number }[] = [];
  #count = 0;

  constructor(compare: (one: Thing, other: Thing) => number) {
    this.#compare = compare;
  }

  /** Things that were added and not taken. */
  get count(): number {
    return this.#count;
  }

  /** Takes the array as its own. */
  add(things: Thing[]): void {
    if (things.length === 0) return;
    things.sort(this.#compare);
    this.#count += things.length;
    this.#heap.push({ things, at: 0 });
    for (let place = this.#heap.length - 1; place > 0; ) {
      const above = (place - 1) >> 1;
      if (!this.#isBefore(place, above)) return;
      this.#swap(place, above);
      place = above;
    }
  }

  /** The first of all that are left. */
  shift(): Thing | undefined {
    const first = this.#heap[0];
    if (!first) return undefined;
    const thing = first.things[first.at++];
    this.#count--;
    if (first.at === first.things.length) {
      const last = this.#heap.pop();
      if (last && last !== first) this.#heap[0] = last;
    }
    this.#sink();
    return thing;
  }

  #sink(): void {
    for (let place = 0; ; ) {
      let least = place;
      for (const below of [2 * place + 1, 2 * place + 2]) {
        if (below < this.#heap.length && this.#isBefore(below, least)) least = below;
      }
      if (least === place) return;
      this.#swap(place, least);
      place = least;
    }
  }

  #isBefore(place: number, other: number): boolean {
    const [one, two] = [this.#heap[place], this.#heap[other]];
    if (!one || !two) return false;
    return this.#compare(one.things[one.at] as Thing, two.things[two.at] as Thing) < 0;
  }

  #swap(place: number, other: number): void {
    const [one, two] = [this.#heap[place], this.#heap[other]];
    if (!one || !two) return;
    this.#heap[place] = two;
    this.#heap[other] = one;
  }
}

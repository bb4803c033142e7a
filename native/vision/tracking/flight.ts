// The way of a ball between two kicks: straight on, or a throw that gravity bends. From its last
// places by least squares; a bend is believed only where it is surely none of noise and as strong
// as gravity can be in a picture. What was learnt of gravity in one throw is held for the next
// ones, so that they need fewer places. All lengths in picture heights, y downwards.

/** A place that was seen. */
export type Place = { captureUs: number; x: number; y: number };
/** How it moves at its last place, and what pulls it down, per second; gravity 0: straight on. */
export type Way = { velocityX: number; velocityY: number; gravity: number };

/** Gravity in pictures that are 40 m to 1.5 m high at the ball, heights per second squared. */
export const GRAVITY_MIN = 0.25;
export const GRAVITY_MAX = 6.5;
/** Places looked at, and how old they may be, microseconds. */
const PLACES_MAX = 40;
const AGE_US_MAX = 600_000;
/** What rolls gets slower: a straight way is taken from the newest places only, microseconds. */
const STRAIGHT_US_MAX = 200_000;
/** Places for a bend of an unknown strength, and for one that is known. */
const FREE_MIN = 6;
const HELD_MIN = 4;
/** A bend must be so many times its own error. */
const SURE = 3.5;
/** Error of a place: no smaller than this, whatever the fit says; half a pixel of 360. */
const ERROR_MIN = 0.0015;
/** A fit that leaves more than this is none: two pixels of 360 and more. */
const ERROR_MAX = 0.008;
/** A known bend must leave at most this share of what a straight way leaves. */
const BETTER = 0.5;
/** Share of a new throw in the gravity that is held. */
const HELD_SHARE = 0.3;

export class Flight {
  #places: Place[] = [];
  #held: number | null = null;

  /** What follows shows something else: places and gravity are unknown. */
  reset(): void {
    this.#places = [];
    this.#held = null;
  }

  /** Another way begins at this place: a kick, a bounce, a catch. */
  restart(place: Place): void {
    this.#places = [place];
  }

  add(place: Place): void {
    this.#places.push(place);
    const oldestUs = place.captureUs - AGE_US_MAX;
    this.#places = this.#places.slice(-PLACES_MAX).filter(({ captureUs }) => captureUs >= oldestUs);
  }

  /** The picture moved, and all places with it. */
  shift(x: number, y: number): void {
    for (const place of this.#places) {
      place.x += x;
      place.y += y;
    }
  }

  /** The way through the places, bent or straight; null where they lie on neither. */
  way(): Way | null {
    return this.#bent() ?? this.#straight();
  }

  #straight(): Way | null {
    const lastUs = this.#places.at(-1)?.captureUs ?? 0;
    const places = this.#places.filter(({ captureUs }) => lastUs - captureUs <= STRAIGHT_US_MAX);
    const seconds = places.map(({ captureUs }) => (captureUs - lastUs) / 1_000_000);
    const across = fit(
      seconds,
      places.map(({ x }) => x),
      1,
    );
    const down = fit(
      seconds,
      places.map(({ y }) => y),
      1,
    );
    if (!across || !down || Math.hypot(across.error, down.error) > ERROR_MAX) return null;
    return { velocityX: across.terms[1] ?? 0, velocityY: down.terms[1] ?? 0, gravity: 0 };
  }

  #bent(): Way | null {
    const last = this.#places.at(-1);
    if (!last || this.#places.length < HELD_MIN) return null;
    const seconds = this.#places.map(({ captureUs }) => (captureUs - last.captureUs) / 1_000_000);
    const across = fit(
      seconds,
      this.#places.map(({ x }) => x),
      1,
    );
    const heights = this.#places.map(({ y }) => y);
    const straight = fit(seconds, heights, 1);
    if (!across || !straight || across.error > ERROR_MAX) return null;
    const gravity = this.#gravityOf(seconds, heights, straight.error);
    if (gravity === null) return null;
    const fallen = heights.map((y, index) => y - (gravity / 2) * (seconds[index] ?? 0) ** 2);
    const down = fit(seconds, fallen, 1);
    if (!down || down.error > ERROR_MAX) return null;
    return { velocityX: across.terms[1] ?? 0, velocityY: down.terms[1] ?? 0, gravity };
  }

  #gravityOf(seconds: number[], heights: number[], straightError: number): number | null {
    const free = heights.length >= FREE_MIN ? fit(seconds, heights, 2) : null;
    if (free && free.error <= ERROR_MAX) {
      const gravity = 2 * (free.terms[2] ?? 0);
      const error = 2 * Math.max(free.error, ERROR_MIN) * (free.spread[2] ?? 0);
      const isSure = gravity > SURE * error && gravity >= GRAVITY_MIN && gravity <= GRAVITY_MAX;
      if (isSure) {
        this.#held = this.#held === null ? gravity : mixed(this.#held, gravity);
        return gravity;
      }
    }
    const held = this.#held;
    if (held === null) return null;
    const fallen = heights.map((y, index) => y - (held / 2) * (seconds[index] ?? 0) ** 2);
    const bent = fit(seconds, fallen, 1);
    const isBetter = bent && Math.max(bent.error, ERROR_MIN) < BETTER * straightError;
    return isBetter ? held : null;
  }
}

const mixed = (held: number, newest: number) => held + HELD_SHARE * (newest - held);

type Fit = {
  /** Value, slope and half the bend at time zero. */
  terms: number[];
  /** Error of one place: root mean square of what is left, freedom counted. */
  error: number;
  /** By how much each term spreads for an error of one. */
  spread: number[];
};

/** Least squares of a polynomial by its normal equations; null where the times do not suffice. */
function fit(times: readonly number[], values: readonly number[], degree: 1 | 2): Fit | null {
  const size = degree + 1;
  const freedom = times.length - size;
  // As many places as unknowns fit always; one more says whether they lie on it.
  if (freedom < 1) return null;
  const sums = Array.from({ length: 2 * size - 1 }, (_, power) =>
    times.reduce((sum, time) => sum + time ** power, 0),
  );
  const right = Array.from({ length: size }, (_, power) =>
    times.reduce((sum, time, index) => sum + time ** power * (values[index] ?? 0), 0),
  );
  const matrix = right.map((_, row) => right.map((__, column) => sums[row + column] ?? 0));
  const inverse = inverted(matrix);
  if (!inverse) return null;
  const terms = inverse.map((row) => row.reduce((sum, one, at) => sum + one * (right[at] ?? 0), 0));
  const rest = times.reduce((sum, time, index) => {
    const told = terms.reduce((value, term, power) => value + term * time ** power, 0);
    return sum + (told - (values[index] ?? 0)) ** 2;
  }, 0);
  const spread = inverse.map((row, at) => Math.sqrt(Math.max(0, row[at] ?? 0)));
  return { terms, error: Math.sqrt(rest / freedom), spread };
}

/** Gauss and Jordan, for two or three unknowns; null where the matrix has no inverse. */
function inverted(matrix: readonly (readonly number[])[]): number[][] | null {
  const size = matrix.length;
  const work = matrix.map((row, at) => [
    ...row,
    ...Array.from({ length: size }, (_, column) => (column === at ? 1 : 0)),
  ]);
  for (let step = 0; step < size; step++) {
    let pivot = step;
    for (let row = step + 1; row < size; row++) {
      if (Math.abs(work[row]?.[step] ?? 0) > Math.abs(work[pivot]?.[step] ?? 0)) pivot = row;
    }
    const chosen = work[pivot];
    const replaced = work[step];
    const value = chosen?.[step] ?? 0;
    if (!chosen || !replaced || Math.abs(value) < 1e-14) return null;
    work[pivot] = replaced;
    work[step] = chosen.map((one) => one / value);
    work.forEach((row, at) => {
      const factor = row[step] ?? 0;
      if (at === step || factor === 0) return;
      work[at] = row.map((one, column) => one - factor * (work[step]?.[column] ?? 0));
    });
  }
  return work.map((row) => row.slice(size));
}

// How far the whole picture moved since the one before, from thumbnails of 8x8 pixels: block
// matching over the whole thumbnail with a cost that a passing person cannot win (differences are
// cut off), refined on full pixels at points with contrast. It says nothing about turning or
// zooming; those leave a large rest, and the answer is then "moving, by an unknown way".

import { CELL } from './wasm/kernels.ts';

/** Farthest shift that is looked for, cells: 48 pixels of 640 from one picture to the next. */
const REACH_CELLS = 6;
/** A difference of a cell counts at most this much, steps of luma. */
const CUT = 24;
/** Mean difference below which the picture stands, steps of luma: noise of a camera. */
const QUIET = 0.4;
/** A shift must leave at most this share of the difference to be believed: whole cells, pixels. */
const BELIEF = 0.75;
const FINE_BELIEF = 0.9;
/** So large a difference of which so much is left: downhill led astray, all shifts are tried. */
const LOST_MIN = 5;
const LOST_SHARE = 0.5;

/** Parts of the picture that vote on a shift, and how many of them must be for it. */
const VOTE_COLUMNS = 5;
const VOTE_ROWS = 4;
const PARTS_MIN = 6;
const PARTS_SHARE = 0.6;
/** A point votes when one way is so much better, steps of luma; a part with so many votes. */
const VOTE_MIN = 6;
const VOTES_MIN = 4;

export type Shift = {
  /** Pixels that the content moved to the right and down. */
  x: number;
  y: number;
  /** Mean difference per cell that the shift leaves, steps of luma, cut off per cell. */
  rest: number;
  /** The same without any shift. */
  before: number;
};

export const NO_SHIFT: Shift = { x: 0, y: 0, rest: 0, before: 0 };

export class CameraMotion {
  readonly #columns: number;
  readonly #rows: number;
  readonly #width: number;
  readonly #height: number;
  #last = { x: 0, y: 0 };

  constructor({ width, height }: { width: number; height: number }) {
    this.#width = width;
    this.#height = height;
    this.#columns = width / CELL;
    this.#rows = height / CELL;
  }

  reset(): void {
    this.#last = { x: 0, y: 0 };
  }

  /**
   * @param cells thumbnail of the newest picture, `previous` that of the one before
   * @param luma the newest picture, `previousLuma` the one before
   */
  estimate(
    cells: Uint8Array,
    previous: Uint8Array,
    luma: Uint8Array,
    previousLuma: Uint8Array,
  ): Shift {
    const costAt = (x: number, y: number) => this.#cost(cells, previous, x, y);
    const before = costAt(0, 0);
    if (before < QUIET) {
      this.#last = { x: 0, y: 0 };
      return { x: 0, y: 0, rest: before, before };
    }
    // Downhill from where it stood and from where it went last.
    const standing = descend(costAt, { x: 0, y: 0 });
    const going = descend(costAt, this.#last);
    const nearest = going.cost < standing.cost ? going : standing;
    const isLost = before > LOST_MIN && nearest.cost > before * LOST_SHARE;
    const best = isLost ? searchAll(costAt, nearest) : nearest;
    // Half a cell is as far from one cell as from none: the pixels decide then.
    const start = best.cost > before * BELIEF ? { x: 0, y: 0 } : best;
    this.#last = { x: start.x, y: start.y };
    const fine = this.#refine(luma, previousLuma, start.x * CELL, start.y * CELL);
    return { ...fine, rest: best.cost, before };
  }

  /** Mean cut difference when the content moved by so many cells. */
  #cost(cells: Uint8Array, previous: Uint8Array, x: number, y: number): number {
    const columns = this.#columns;
    let sum = 0;
    let count = 0;
    const left = Math.max(0, x);
    const right = Math.min(columns, columns + x);
    for (let row = Math.max(0, y); row < Math.min(this.#rows, this.#rows + y); row++) {
      const own = row * columns;
      const other = (row - y) * columns - x;
      for (let column = left; column < right; column++) {
        const apart = Math.abs(
          (cells[own + column] as number) - (previous[other + column] as number),
        );
        sum += Math.min(apart, CUT);
      }
      count += right - left;
    }
    return count === 0 ? CUT : sum / count;
  }

  /** The best shift within a cell, in whole pixels, on every fourth pixel of every fourth row. */
  #refine(luma: Uint8Array, previous: Uint8Array, x: number, y: number): { x: number; y: number } {
    const costAt = (dx: number, dy: number) => this.#fineCost(luma, previous, dx, dy);
    let best = { x, y, cost: costAt(x, y) };
    for (const step of [4, 2, 1]) {
      for (let isBetter = true; isBetter; ) {
        isBetter = false;
        for (const [dx, dy] of CROSS) {
          const near = { x: best.x + dx * step, y: best.y + dy * step };
          if (Math.abs(near.x - x) > CELL || Math.abs(near.y - y) > CELL) continue;
          const cost = costAt(near.x, near.y);
          if (cost < best.cost) {
            best = { ...near, cost };
            isBetter = true;
          }
        }
      }
    }
    const isStanding = best.cost > costAt(0, 0) * FINE_BELIEF;
    const isShift = !isStanding && this.#isWhole(luma, previous, best.x, best.y);
    return isShift ? { x: best.x, y: best.y } : { x: 0, y: 0 };
  }

  /** The shift suits most parts of the picture: one thing before a plain wall is no camera. */
  #isWhole(luma: Uint8Array, previous: Uint8Array, x: number, y: number): boolean {
    const width = this.#width;
    const votes = new Int32Array(VOTE_COLUMNS * VOTE_ROWS);
    const counts = new Int32Array(VOTE_COLUMNS * VOTE_ROWS);
    for (let row = Math.max(2, y + 2); row < Math.min(this.#height, this.#height + y); row += 8) {
      const own = row * width;
      const other = (row - y) * width - x;
      const right = Math.min(width, width + x);
      const part = Math.floor((row * VOTE_ROWS) / this.#height) * VOTE_COLUMNS;
      for (let column = Math.max(0, x); column < right; column += 5) {
        const now = luma[own + column] as number;
        const standing = Math.abs(now - (previous[own + column] as number));
        const shifted = Math.abs(now - (previous[other + column] as number));
        const gain = standing - shifted;
        if (gain > -VOTE_MIN && gain < VOTE_MIN) continue;
        const index = part + Math.floor((column * VOTE_COLUMNS) / width);
        votes[index] = (votes[index] as number) + Math.sign(gain);
        counts[index] = (counts[index] as number) + 1;
      }
    }
    let voting = 0;
    let agreeing = 0;
    for (let index = 0; index < votes.length; index++) {
      if ((counts[index] as number) < VOTES_MIN) continue;
      voting++;
      if ((votes[index] as number) > 0) agreeing++;
    }
    return agreeing >= PARTS_MIN && agreeing >= PARTS_SHARE * voting;
  }

  #fineCost(luma: Uint8Array, previous: Uint8Array, x: number, y: number): number {
    const width = this.#width;
    let sum = 0;
    let count = 0;
    for (let row = Math.max(2, y + 2); row < Math.min(this.#height, this.#height + y); row += 8) {
      const own = row * width;
      const other = (row - y) * width - x;
      const right = Math.min(width, width + x);
      for (let column = Math.max(0, x); column < right; column += 5) {
        const apart = Math.abs(
          (luma[own + column] as number) - (previous[other + column] as number),
        );
        sum += Math.min(apart, CUT);
        count++;
      }
    }
    return count === 0 ? CUT : sum / count;
  }
}

const CROSS = [
  [1, 0],
  [-1, 0],
  [0, 1],
  [0, -1],
] as const;

type Found = { x: number; y: number; cost: number };

/** Every shift within reach. */
function searchAll(costAt: (x: number, y: number) => number, from: Found): Found {
  let best = from;
  for (let y = -REACH_CELLS; y <= REACH_CELLS; y++) {
    for (let x = -REACH_CELLS; x <= REACH_CELLS; x++) {
      const cost = costAt(x, y);
      if (cost < best.cost) best = { x, y, cost };
    }
  }
  return best;
}

/** Goes downhill by single cells, diagonals too, within reach. */
function descend(costAt: (x: number, y: number) => number, from: { x: number; y: number }): Found {
  let best = { ...from, cost: costAt(from.x, from.y) };
  for (let isBetter = true; isBetter; ) {
    isBetter = false;
    const { x, y } = best;
    for (let dy = -1; dy <= 1; dy++) {
      for (let dx = -1; dx <= 1; dx++) {
        const near = { x: x + dx, y: y + dy };
        if (Math.abs(near.x) > REACH_CELLS || Math.abs(near.y) > REACH_CELLS) continue;
        const cost = costAt(near.x, near.y);
        if (cost < best.cost) {
          best = { ...near, cost };
          isBetter = true;
        }
      }
    }
  }
  return best;
}

// Where a small thing may just have moved, and the crops that a classifier looks at: the last
// picture's luma and the three last differences, laid over one another by the camera's own shift.
// It decides nothing. Surprising: what differs from both pictures before is where a thing is, what
// differs from one only is also where it was.

import { PICTURE } from '../vibrio/motion.ts';

export const CROP = 48;
export const PLANES = 4;
/** Crops per picture at most; the classifier takes a fraction of a millisecond for each. */
export const CANDIDATES_MAX = 28;
/** Pictures that one crop is made of. */
const DEPTH = 4;
/** Energy is looked at on every second pixel. */
const STEP = 2;
const WIDTH = PICTURE.width / STEP;
const HEIGHT = PICTURE.height / STEP;
/** Half sides of the boxes that are compared with what is around them, steps. */
const SCALES = [2, 4, 7] as const;
/** A response below this is noise, steps of luma. */
const RESPONSE_MIN = 2.5;
/** Candidates closer together than this are one, steps. */
const APART = 4;
/** A difference counts at most this much: an edge of a wall is no ball. */
const ENERGY_MAX = 60;

export type Candidate = { x: number; y: number; response: number };
type Kept = { luma: Uint8Array; x: number; y: number };

export class BallCandidates {
  readonly #kept: Kept[] = [];
  readonly #energy = new Float32Array(WIDTH * HEIGHT);
  readonly #sums = new Float64Array((WIDTH + 1) * (HEIGHT + 1));
  readonly #response = new Float32Array(WIDTH * HEIGHT);

  reset(): void {
    this.#kept.length = 0;
  }

  /**
   * Takes the next picture.
   *
   * @param luma PICTURE's size; it is copied
   * @param shift pixels that the content moved to the right and down since the last picture
   * @returns places in pixels, the strongest first; none before there are enough pictures
   */
  take(luma: Uint8Array, shift: { x: number; y: number }): Candidate[] {
    for (const kept of this.#kept) {
      kept.x += shift.x;
      kept.y += shift.y;
    }
    const oldest = this.#kept.length >= DEPTH ? this.#kept.pop() : undefined;
    const copy = oldest?.luma ?? new Uint8Array(PICTURE.width * PICTURE.height);
    copy.set(luma.subarray(0, copy.length));
    this.#kept.unshift({ luma: copy, x: 0, y: 0 });
    if (this.#kept.length < DEPTH) return [];
    this.#measureEnergy();
    this.#sumUp();
    this.#respond();
    return this.#peaks();
  }

  #measureEnergy(): void {
    const [now, before, earlier] = this.#kept;
    if (!now || !before || !earlier) return;
    const shifts = [before, earlier].map((kept) => ({
      ...{ luma: kept.luma, x: Math.round(kept.x), y: Math.round(kept.y) },
    }));
    const [one, two] = shifts;
    if (!one || !two) return;
    const lastColumn = PICTURE.width - 1;
    const lastRow = PICTURE.height - 1;
    for (let row = 0; row < HEIGHT; row++) {
      const y = row * STEP;
      const lineOne = Math.min(lastRow, Math.max(0, y - one.y)) * PICTURE.width;
      const lineTwo = Math.min(lastRow, Math.max(0, y - two.y)) * PICTURE.width;
      for (let column = 0; column < WIDTH; column++) {
        const x = column * STEP;
        const here = now.luma[y * PICTURE.width + x] ?? 0;
        const atOne = lineOne + Math.min(lastColumn, Math.max(0, x - one.x));
        const atTwo = lineTwo + Math.min(lastColumn, Math.max(0, x - two.x));
        const first = Math.abs(here - (one.luma[atOne] ?? 0));
        const second = Math.abs(here - (two.luma[atTwo] ?? 0));
        const energy = Math.min(first, second) + 0.35 * first;
        this.#energy[row * WIDTH + column] = Math.min(ENERGY_MAX, energy);
      }
    }
  }

  #sumUp(): void {
    const stride = WIDTH + 1;
    for (let row = 1; row <= HEIGHT; row++) {
      let line = 0;
      for (let column = 1; column <= WIDTH; column++) {
        line += this.#energy[(row - 1) * WIDTH + column - 1] ?? 0;
        this.#sums[row * stride + column] = line + (this.#sums[(row - 1) * stride + column] ?? 0);
      }
    }
  }

  /** Mean inside a box, less the mean of the frame around it; the best of the scales. */
  #respond(): void {
    const response = this.#response;
    response.fill(0);
    for (const scale of SCALES) {
      const outer = scale * 2 + 1;
      const area = (2 * scale + 1) ** 2;
      const ring = (2 * outer + 1) ** 2 - area;
      // Nearer to the edge than the frame around it nothing is looked for at this scale.
      for (let row = outer; row < HEIGHT - outer; row++) {
        for (let column = outer; column < WIDTH - outer; column++) {
          const inside = this.#sum(column, row, scale);
          if (inside < RESPONSE_MIN * area) continue;
          const around = this.#sum(column, row, outer) - inside;
          const here = inside / area - 0.7 * (around / ring);
          const at = row * WIDTH + column;
          if (here > (response[at] ?? 0)) response[at] = here;
        }
      }
    }
  }

  /** Energy in the box of this half side. */
  #sum(column: number, row: number, half: number): number {
    const sums = this.#sums;
    const top = (row - half) * (WIDTH + 1);
    const bottom = (row + half + 1) * (WIDTH + 1);
    const left = column - half;
    const right = column + half + 1;
    return (
      (sums[bottom + right] ?? 0) -
      (sums[top + right] ?? 0) -
      (sums[bottom + left] ?? 0) +
      (sums[top + left] ?? 0)
    );
  }

  #peaks(): Candidate[] {
    const found: Candidate[] = [];
    const response = this.#response;
    for (let row = 1; row < HEIGHT - 1; row++) {
      for (let column = 1; column < WIDTH - 1; column++) {
        const at = row * WIDTH + column;
        const here = response[at] ?? 0;
        if (here < RESPONSE_MIN) continue;
        const isPeak =
          here >= (response[at - 1] ?? 0) &&
          here > (response[at + 1] ?? 0) &&
          here >= (response[at - WIDTH] ?? 0) &&
          here > (response[at + WIDTH] ?? 0);
        if (isPeak) found.push({ x: column * STEP, y: row * STEP, response: here });
      }
    }
    found.sort((a, b) => b.response - a.response);
    const kept: Candidate[] = [];
    for (const one of found) {
      if (kept.length >= CANDIDATES_MAX) break;
      const isNew = kept.every(
        (other) => Math.hypot(one.x - other.x, one.y - other.y) >= APART * STEP,
      );
      if (isNew) kept.push(one);
    }
    return kept;
  }

  /** Fills the classifier's input for these places: count x 4 x 48 x 48. */
  crops(places: readonly { x: number; y: number }[]): Float32Array {
    const out = new Float32Array(places.length * PLANES * CROP * CROP);
    const plane = CROP * CROP;
    places.forEach(({ x, y }, index) => {
      const cuts = this.#kept.map((kept) => this.#cut(kept, Math.round(x), Math.round(y)));
      const [now, ...before] = cuts;
      if (!now || before.length < DEPTH - 1) return;
      const mean = now.reduce((total, value) => total + value, 0) / plane;
      const base = index * PLANES * plane;
      for (let at = 0; at < plane; at++) {
        out[base + at] = limited((now[at] ?? 0) - mean);
        let newer = now[at] ?? 0;
        for (let step = 0; step < DEPTH - 1; step++) {
          const older = before[step]?.[at] ?? 0;
          out[base + (step + 1) * plane + at] = limited(newer - older);
          newer = older;
        }
      }
    });
    return out;
  }

  /** The crop about a place, taken where that place was on the kept picture. */
  #cut(kept: Kept, x: number, y: number): Uint8Array {
    const out = new Uint8Array(CROP * CROP);
    const left = x - CROP / 2 - Math.round(kept.x);
    const top = y - CROP / 2 - Math.round(kept.y);
    for (let row = 0; row < CROP; row++) {
      const line = Math.min(PICTURE.height - 1, Math.max(0, top + row)) * PICTURE.width;
      for (let column = 0; column < CROP; column++) {
        const at = Math.min(PICTURE.width - 1, Math.max(0, left + column));
        out[row * CROP + column] = kept.luma[line + at] ?? 0;
      }
    }
    return out;
  }
}

const limited = (value: number): number => Math.max(-127, Math.min(127, value));

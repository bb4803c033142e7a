// Takes what differs from the background and never stirs into the background: at once the hole
// that a thing left which was there from the start (the edge is then in the background and not in
// the picture), and a thing put down after a while. What lay under it is kept, so that it is known
// again at once when the thing is taken away. A person who stands still stirs enough.

import type { Component } from './components.ts';
import { BACKGROUND_BITS, CELL } from './wasm/kernels.ts';
import type { Pixels } from './wasm/pixels.ts';

/** Without any stir for so long a thing is part of the background, microseconds. */
const STILL_US = 12_000_000;
/** A shadow that lies still for so long is part of the background, microseconds. */
const LIGHT_US = 1_000_000;
/** A hole is looked for where nothing stirred for so long, microseconds. */
const HOLE_US = 350_000;
/** In the picture its edge has less than this share of the contrast that the background has. */
const HOLE_CONTRAST = 0.4;
/** Places on the edge that must have been looked at. */
const EDGE_COUNT_MIN = 8;
/** Pixels on both sides of an edge that are compared: beyond its blur. */
const EDGE_REACH = 3;
/** A cell stirs when its mean changes by so many steps of luma from one picture to the next. */
const STIR = 3;
/** Share of the looked-at pixels that must be as they were below. */
const SAME_SHARE = 0.6;
/** Every so many pixels of a row are looked at. */
const SAMPLE_STEP = 3;
const NOTHING_BELOW = -1;

export class StillFilter {
  readonly #pixels: Pixels;
  readonly #limit: number;
  readonly #columns: number;
  /** When each cell stirred last. */
  readonly #stirredUs: Float64Array;
  /** The background before something was taken into it. */
  readonly #below: Int16Array;

  constructor(pixels: Pixels, threshold: number) {
    this.#pixels = pixels;
    this.#limit = threshold << BACKGROUND_BITS;
    this.#columns = pixels.width / CELL;
    this.#stirredUs = new Float64Array(pixels.cells.length);
    this.#below = new Int16Array(pixels.width * pixels.height).fill(NOTHING_BELOW);
  }

  reset(nowUs: number): void {
    this.#stirredUs.fill(nowUs);
    this.#below.fill(NOTHING_BELOW);
  }

  /** Notes which cells of the newest thumbnail stirred. */
  watch(previousCells: Uint8Array, nowUs: number): void {
    const { cells } = this.#pixels;
    for (let at = 0; at < cells.length; at++) {
      const change = (cells[at] as number) - (previousCells[at] as number);
      if (change >= STIR || change <= -STIR) this.#stirredUs[at] = nowUs;
    }
  }

  /** A shadow or a patch of light that does not stir becomes background. */
  takeLight(component: Component, nowUs: number): void {
    if (nowUs - this.#lastStirUs(component) >= LIGHT_US) this.#adopt(component, false);
  }

  /** Whether the component is, or was before, nothing but background; it then becomes that. */
  takes(component: Component, nowUs: number): boolean {
    if (this.#isAsBelow(component)) {
      this.#adopt(component, false);
      return true;
    }
    const stillUs = nowUs - this.#lastStirUs(component);
    if (stillUs >= HOLE_US && this.#isHole(component)) {
      this.#adopt(component, false);
      return true;
    }
    if (stillUs < STILL_US) return false;
    this.#adopt(component, true);
    return true;
  }

  #lastStirUs({ left, top, right, bottom }: Component): number {
    let last = 0;
    for (let row = Math.floor(top / CELL); row < Math.ceil(bottom / CELL); row++) {
      for (let column = Math.floor(left / CELL); column < Math.ceil(right / CELL); column++) {
        last = Math.max(last, this.#stirredUs[row * this.#columns + column] as number);
      }
    }
    return last;
  }

  /** The edges of what differs are edges of the background and not of the picture. */
  #isHole({ left, top, right, bottom }: Component): boolean {
    const { background, width } = this.#pixels;
    const newest = this.#pixels.newest();
    let count = 0;
    let inPicture = 0;
    let inBackground = 0;
    const first = Math.max(EDGE_REACH, left - 1);
    const last = Math.min(width - EDGE_REACH - 1, right + 1);
    for (let y = top; y < bottom; y += SAMPLE_STEP) {
      let wasDiffering = false;
      for (let x = first; x < last; x++) {
        const at = y * width + x;
        const luma = (newest[at] as number) << BACKGROUND_BITS;
        const isDiffering = Math.abs(luma - (background[at] as number)) > this.#limit;
        if (isDiffering === wasDiffering) continue;
        wasDiffering = isDiffering;
        const before = at - EDGE_REACH;
        const after = at + EDGE_REACH - 1;
        count++;
        inPicture += Math.abs((newest[after] as number) - (newest[before] as number));
        const step = (background[after] as number) - (background[before] as number);
        inBackground += Math.abs(step) / (1 << BACKGROUND_BITS);
      }
    }
    return count >= EDGE_COUNT_MIN && inPicture < HOLE_CONTRAST * inBackground;
  }

  /** Most of what differs there is what lay below. */
  #isAsBelow({ left, top, right, bottom }: Component): boolean {
    const { background, width } = this.#pixels;
    const newest = this.#pixels.newest();
    let differing = 0;
    let same = 0;
    for (let y = top; y < bottom; y += SAMPLE_STEP) {
      for (let x = left; x < right; x += SAMPLE_STEP) {
        const at = y * width + x;
        const luma = (newest[at] as number) << BACKGROUND_BITS;
        if (Math.abs(luma - (background[at] as number)) <= this.#limit) continue;
        differing++;
        const below = this.#below[at] as number;
        if (below !== NOTHING_BELOW && Math.abs(luma - below) <= this.#limit) same++;
      }
    }
    return differing > 0 && same >= SAME_SHARE * differing;
  }

  #adopt({ left, top, right, bottom }: Component, isKept: boolean): void {
    const { background, width } = this.#pixels;
    const newest = this.#pixels.newest();
    for (let y = top; y < bottom; y++) {
      for (let at = y * width + left; at < y * width + right; at++) {
        const old = background[at] as number;
        const luma = (newest[at] as number) << BACKGROUND_BITS;
        if (isKept && Math.abs(luma - old) > this.#limit) this.#below[at] = old;
        background[at] = luma;
      }
    }
  }
}

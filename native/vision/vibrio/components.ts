// Connected components (8 neighbours) of a bit mask: runs of set bits per row, joined by
// union-find. Area is the count of pixels, not the area of a contour.

import type { BitMask } from './bitMask.ts';

/** Edges in pixels; right and bottom are exclusive. */
export type Component = {
  area: number;
  left: number;
  top: number;
  right: number;
  bottom: number;
  /** Mean of the pixel centres, pixels. */
  centreX: number;
  centreY: number;
};

/** More runs than this in one picture is noise (a cut, rain of static): nothing is reported. */
const RUNS_MAX = 16_384;

export class ComponentFinder {
  readonly #starts = new Int32Array(RUNS_MAX);
  readonly #ends = new Int32Array(RUNS_MAX);
  readonly #rows = new Int32Array(RUNS_MAX);
  readonly #parents = new Int32Array(RUNS_MAX);

  /** Components of at least `minimumArea` pixels, largest first; none when it is noise. */
  find(mask: BitMask, minimumArea: number): Component[] {
    const count = this.#collectRuns(mask);
    if (count < 0) return [];
    const found = new Map<number, Component>();
    for (let run = 0; run < count; run++) this.#addRun(found, run);
    const components: Component[] = [];
    for (const component of found.values()) {
      if (component.area < minimumArea) continue;
      component.centreX /= component.area;
      component.centreY /= component.area;
      components.push(component);
    }
    return components.sort((a, b) => b.area - a.area);
  }

  #addRun(found: Map<number, Component>, run: number): void {
    const start = this.#starts[run] as number;
    const end = this.#ends[run] as number;
    const y = this.#rows[run] as number;
    const length = end - start;
    const sumX = ((start + end) / 2) * length;
    const sumY = (y + 0.5) * length;
    const root = this.#root(run);
    const known = found.get(root);
    if (!known) {
      found.set(root, {
        area: length,
        left: start,
        top: y,
        right: end,
        bottom: y + 1,
        centreX: sumX,
        centreY: sumY,
      });
      return;
    }
    known.area += length;
    known.left = Math.min(known.left, start);
    known.right = Math.max(known.right, end);
    known.top = Math.min(known.top, y);
    known.bottom = Math.max(known.bottom, y + 1);
    known.centreX += sumX;
    known.centreY += sumY;
  }

  /** Runs of all rows, joined with the row above; -1 when there are too many. */
  #collectRuns(mask: BitMask): number {
    let count = 0;
    let aboveStart = 0;
    let aboveEnd = 0;
    for (let y = 0; y < mask.height; y++) {
      const rowStart = count;
      count = this.#collectRow(mask, y, count);
      if (count < 0) return -1;
      this.#join(aboveStart, aboveEnd, rowStart, count);
      aboveStart = rowStart;
      aboveEnd = count;
    }
    return count;
  }

  #collectRow(mask: BitMask, y: number, first: number): number {
    let count = first;
    let openedAt = -1;
    const base = y * mask.rowWords;
    for (let index = 0; index < mask.rowWords; index++) {
      const word = mask.words[base + index] as number;
      if (openedAt < 0 && word === 0) continue;
      if (openedAt >= 0 && word === 0xffff_ffff) continue;
      let x = 0;
      while (x < 32) {
        // Looks for the next bit that ends the present stretch of equal bits.
        const rest = (openedAt < 0 ? word >>> x : ~word >>> x) >>> 0;
        if (rest === 0) break;
        x += 31 - Math.clz32(rest & -rest);
        if (openedAt < 0) {
          openedAt = index * 32 + x;
          continue;
        }
        if (count >= RUNS_MAX) return -1;
        count = this.#store(count, openedAt, index * 32 + x, y);
        openedAt = -1;
      }
    }
    if (openedAt >= 0) {
      if (count >= RUNS_MAX) return -1;
      count = this.#store(count, openedAt, mask.width, y);
    }
    return count;
  }

  #store(at: number, start: number, end: number, y: number): number {
    this.#starts[at] = start;
    this.#ends[at] = end;
    this.#rows[at] = y;
    this.#parents[at] = at;
    return at + 1;
  }

  #join(aboveStart: number, aboveEnd: number, rowStart: number, rowEnd: number): void {
    let above = aboveStart;
    let below = rowStart;
    while (above < aboveEnd && below < rowEnd) {
      const aEnd = this.#ends[above] as number;
      const bEnd = this.#ends[below] as number;
      // Eight neighbours: touching corners join.
      const touches =
        (this.#starts[above] as number) <= bEnd && (this.#starts[below] as number) <= aEnd;
      if (touches) {
        const a = this.#root(above);
        const b = this.#root(below);
        if (a !== b) this.#parents[Math.max(a, b)] = Math.min(a, b);
      }
      if (aEnd < bEnd) above++;
      else below++;
    }
  }

  #root(run: number): number {
    let at = run;
    for (;;) {
      const parent = this.#parents[at] as number;
      if (parent === at) return at;
      const grand = this.#parents[parent] as number;
      this.#parents[at] = grand;
      at = grand;
    }
  }
}

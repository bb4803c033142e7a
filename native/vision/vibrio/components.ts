// Connected components (8 neighbours) of a bit mask: runs of set bits per row, joined by
// union-find. Area is the count of pixels, not the area of a contour.

/**
 * A picture of one bit per pixel. Bit 0 of a word is its leftmost pixel; the first word is that of
 * the top left corner, and rows lie `rowWords` apart, which may be more than `width` / 32.
 */
export type BitMask = { width: number; height: number; rowWords: number; words: Uint32Array };

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
  // Sums of a component stand at the index of its first run.
  readonly #areas = new Int32Array(RUNS_MAX);
  readonly #lefts = new Int32Array(RUNS_MAX);
  readonly #rights = new Int32Array(RUNS_MAX);
  readonly #bottoms = new Int32Array(RUNS_MAX);
  /** Twice the sum of the pixel centres: whole numbers. */
  readonly #sumsX = new Float64Array(RUNS_MAX);
  readonly #sumsY = new Float64Array(RUNS_MAX);

  /** Components of at least `minimumArea` pixels, largest first; none when it is noise. */
  find(mask: BitMask, minimumArea: number): Component[] {
    const count = this.#collectRuns(mask);
    if (count < 0) return [];
    this.#sum(count);
    const components: Component[] = [];
    for (let run = 0; run < count; run++) {
      const area = this.#areas[run] as number;
      if (this.#parents[run] === run && area >= minimumArea) components.push(this.#component(run));
    }
    return components.sort((a, b) => b.area - a.area);
  }

  #component(run: number): Component {
    const area = this.#areas[run] as number;
    return {
      area,
      left: this.#lefts[run] as number,
      // Runs are joined towards the first, which is the topmost one.
      top: this.#rows[run] as number,
      right: this.#rights[run] as number,
      bottom: this.#bottoms[run] as number,
      centreX: (this.#sumsX[run] as number) / (2 * area),
      centreY: (this.#sumsY[run] as number) / (2 * area),
    };
  }

  #sum(count: number): void {
    for (let run = 0; run < count; run++) {
      const start = this.#starts[run] as number;
      const end = this.#ends[run] as number;
      const y = this.#rows[run] as number;
      const length = end - start;
      const root = this.#root(run);
      if (root === run) {
        this.#areas[run] = length;
        this.#lefts[run] = start;
        this.#rights[run] = end;
        this.#sumsX[run] = (start + end) * length;
        this.#sumsY[run] = (2 * y + 1) * length;
      } else {
        this.#areas[root] = (this.#areas[root] as number) + length;
        if (start < (this.#lefts[root] as number)) this.#lefts[root] = start;
        if (end > (this.#rights[root] as number)) this.#rights[root] = end;
        this.#sumsX[root] = (this.#sumsX[root] as number) + (start + end) * length;
        this.#sumsY[root] = (this.#sumsY[root] as number) + (2 * y + 1) * length;
      }
      // Runs come row by row, so the last one is the lowest.
      this.#bottoms[root] = y + 1;
    }
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
    const { words } = mask;
    const starts = this.#starts;
    const ends = this.#ends;
    let count = first;
    let openedAt = -1;
    const base = y * mask.rowWords;
    const rowWords = mask.width / 32;
    for (let index = 0; index < rowWords; index++) {
      const word = words[base + index] as number;
      if (word === 0 && openedAt < 0) continue;
      if (word === 0xffff_ffff && openedAt >= 0) continue;
      // Each edge is a bit that differs from the one before it; the lowest edge is taken first.
      let edges = (word ^ ((word << 1) | (openedAt >= 0 ? 1 : 0))) | 0;
      while (edges !== 0) {
        const x = index * 32 + 31 - Math.clz32(edges & -edges);
        edges &= edges - 1;
        if (openedAt < 0) {
          openedAt = x;
          continue;
        }
        if (count >= RUNS_MAX) return -1;
        starts[count] = openedAt;
        ends[count++] = x;
        openedAt = -1;
      }
    }
    if (openedAt >= 0) {
      if (count >= RUNS_MAX) return -1;
      starts[count] = openedAt;
      ends[count++] = mask.width;
    }
    for (let run = first; run < count; run++) {
      this.#rows[run] = y;
      this.#parents[run] = run;
    }
    return count;
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

// What the page remembers of its figures: a bounded ring of rows, one column per figure, oldest
// overwritten first. Pure. A hole in time stays a hole: a curve over minutes that nobody measured
// would be an invention. Surprising: a time that lies before the newest one empties the ring, for
// then another clock speaks.

export type Series = { timesS: number[]; values: (number | null)[] };

export type Summary = { latest: number | null; least: number | null; most: number | null };

export type RingBounds = {
  columns: number;
  /** Rows that are kept at most, whatever their times. */
  rowsMax: number;
  /** Rows that are older than the newest by more than this are not told, seconds. */
  windowS: number;
  /** Rows further apart than this have a hole between them, seconds. */
  gapS: number;
};

export class PointRing {
  readonly #bounds: RingBounds;
  readonly #times: Float64Array;
  /** NaN: not measured. */
  readonly #columns: Float64Array[];
  /** Where the next row goes. */
  #next = 0;
  #rows = 0;

  constructor(bounds: RingBounds) {
    this.#bounds = bounds;
    this.#times = new Float64Array(bounds.rowsMax);
    this.#columns = Array.from({ length: bounds.columns }, () => new Float64Array(bounds.rowsMax));
  }

  /** Time of the newest row, seconds; null while there is none. */
  newestS(): number | null {
    if (this.#rows === 0) return null;
    return this.#times[(this.#next + this.#bounds.rowsMax - 1) % this.#bounds.rowsMax] ?? null;
  }

  /** Adds a row; what is missing or not finite counts as not measured. */
  push(atS: number, values: readonly (number | null)[]): void {
    if (!Number.isFinite(atS)) return;
    const newestS = this.newestS();
    if (newestS === atS) return;
    if (newestS !== null && atS < newestS) this.#rows = 0;
    else if (newestS !== null && atS - newestS > this.#bounds.gapS) {
      this.#write((newestS + atS) / 2, []);
    }
    this.#write(atS, values);
  }

  /** One column, oldest first, with the times of its rows. */
  series(column: number): Series {
    const { rowsMax, windowS } = this.#bounds;
    const told: Series = { timesS: [], values: [] };
    const values = this.#columns[column];
    const oldestS = (this.newestS() ?? 0) - windowS;
    for (let row = 0; row < this.#rows; row++) {
      const at = (this.#next + rowsMax - this.#rows + row) % rowsMax;
      const atS = this.#times[at] ?? 0;
      if (atS < oldestS) continue;
      const value = values?.[at] ?? Number.NaN;
      told.timesS.push(atS);
      told.values.push(Number.isNaN(value) ? null : value);
    }
    return told;
  }

  #write(atS: number, values: readonly (number | null)[]): void {
    this.#times[this.#next] = atS;
    for (const [index, column] of this.#columns.entries()) {
      const value = values[index] ?? Number.NaN;
      column[this.#next] = Number.isFinite(value) ? value : Number.NaN;
    }
    this.#next = (this.#next + 1) % this.#bounds.rowsMax;
    this.#rows = Math.min(this.#rows + 1, this.#bounds.rowsMax);
  }
}

/** `latest` is that of the newest row, so null as soon as it is no longer measured. */
export function summaryOf({ values }: Series): Summary {
  let least: number | null = null;
  let most: number | null = null;
  for (const value of values) {
    if (value === null) continue;
    least = least === null ? value : Math.min(least, value);
    most = most === null ? value : Math.max(most, value);
  }
  return { latest: values.at(-1) ?? null, least, most };
}

/** The value of the row nearest to a time; null: not measured then, or there is no row. */
export function valueAt({ timesS, values }: Series, atS: number): number | null {
  let nearest = -1;
  for (const [index, timeS] of timesS.entries()) {
    const isNearer = Math.abs(timeS - atS) <= Math.abs((timesS[nearest] ?? Infinity) - atS);
    if (isNearer) nearest = index;
  }
  return values[nearest] ?? null;
}

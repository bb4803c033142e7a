// Figures of the last while, bounded in time and in number, for medians and percentiles on meters.
// It never holds anything that decides money.

/** Figures kept at most: at 200 bets a second the window is then 20 s instead of a minute. */
const FIGURES_MAX = 4096;

/** Values of the last `windowUs`, each with its time. */
export class RecentFigures {
  readonly #windowUs: number;
  #figures: { atUs: number; value: number }[] = [];

  constructor(windowUs: number) {
    this.#windowUs = windowUs;
  }

  add(atUs: number, value: number): void {
    this.#figures.push({ atUs, value });
    // Cut in halves, so that adding stays constant on average.
    if (this.#figures.length > FIGURES_MAX * 2) this.#figures = this.#figures.slice(-FIGURES_MAX);
  }

  /** Nearest-rank percentile (`share` 0..1) of what is inside the window; null when nothing is. */
  percentile(share: number, nowUs: number): number | null {
    this.#figures = this.#figures.filter((figure) => figure.atUs >= nowUs - this.#windowUs);
    return percentileOf(
      this.#figures.map((figure) => figure.value),
      share,
    );
  }
}

/** Nearest-rank percentile; null without values. */
export function percentileOf(values: readonly number[], share: number): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null;
}

// How long each stage took lately, for the status line: a bounded window of samples per stage.

export const STAGES = [
  'decode',
  'motion',
  'infer',
  'track',
  'event',
  'send',
  'pose',
  'total',
  'frameToResult',
] as const;
export type Stage = (typeof STAGES)[number];

/** Samples kept per stage: 10 s at 30 pictures a second. */
const SAMPLES_MAX = 300;

export class StageTimes {
  readonly #samples = new Map<Stage, Float64Array>();
  readonly #counts = new Map<Stage, number>();

  /** A replay's clock stands behind the captures it shows: nothing takes less than no time. */
  add(stage: Stage, valueMs: number): void {
    let samples = this.#samples.get(stage);
    if (!samples) {
      samples = new Float64Array(SAMPLES_MAX);
      this.#samples.set(stage, samples);
    }
    const count = this.#counts.get(stage) ?? 0;
    samples[count % SAMPLES_MAX] = Math.max(0, valueMs);
    this.#counts.set(stage, count + 1);
  }

  /** The nearest-rank percentile of each stage in ms; null where nothing was measured. */
  percentiles(share: number): Record<Stage, number | null> {
    const entries = STAGES.map((stage) => {
      const count = Math.min(this.#counts.get(stage) ?? 0, SAMPLES_MAX);
      const sorted = this.#samples.get(stage)?.slice(0, count).sort();
      const rank = Math.max(0, Math.ceil(share * count) - 1);
      const value = sorted?.[rank];
      return [stage, value === undefined ? null : Math.round(value * 100) / 100] as const;
    });
    return Object.fromEntries(entries) as Record<Stage, number | null>;
  }
}

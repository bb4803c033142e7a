// Percentiles, rounds and verdicts of the bench. Pure numbers in, pure numbers out. A figure is
// measured in three rounds; best and worst round are both told, because a single run on a shared
// machine proves little, and a target is only called held when it held in every round.

import { percentileOf } from '../core/base/recentFigures.ts';

export const PERCENTILES = ['p50', 'p95', 'p99', 'p999', 'max'] as const;
export type Percentile = (typeof PERCENTILES)[number];

const SHARES: Record<Percentile, number> = {
  ...{ p50: 0.5, p95: 0.95, p99: 0.99, p999: 0.999, max: 1 },
};

/** Spread of one round. `count` says how far the tail can be trusted: p99 of 20 is their largest. */
export type Spread = Record<Percentile, number> & { count: number };

/** Nearest-rank percentiles; null for a round without samples. */
export function spreadOf(samples: readonly number[]): Spread | null {
  if (samples.length === 0) return null;
  if (!samples.every(Number.isFinite)) throw new Error('A sample is not a number');
  const at = (name: Percentile) => percentileOf(samples, SHARES[name]) ?? Number.NaN;
  const tail = { p99: at('p99'), p999: at('p999'), max: at('max') };
  return { count: samples.length, p50: at('p50'), p95: at('p95'), ...tail };
}

/** The percentile that ranks rounds: the outermost one that is judged, else p95. */
export function rankingPercentile(limits: Partial<Record<Percentile, number>>): Percentile {
  return PERCENTILES.findLast((name) => limits[name] !== undefined) ?? 'p95';
}

/** Best and worst round by one percentile; null without any. */
export function bestAndWorst(
  rounds: readonly (Spread | null)[],
  by: Percentile,
): { best: Spread; worst: Spread } | null {
  const ranked = rounds.filter((round) => round !== null).sort((a, b) => a[by] - b[by]);
  const [best] = ranked;
  const worst = ranked.at(-1);
  return best && worst ? { best, worst } : null;
}

export type Verdict = {
  /** yes: in every round. no: in none. */
  held: 'yes' | 'in part' | 'no' | 'not measured' | 'no target';
  heldRounds: number;
  rounds: number;
};

/**
 * Judges rounds against limits; a round without samples counts as missed.
 * @param limitsOf limits of each round: floors may differ from round to round
 * @param least values that each round must reach
 */
export function verdictOf(
  rounds: readonly (Spread | null)[],
  limitsOf: (round: number) => Partial<Record<Percentile, number>>,
  least: Partial<Record<Percentile, number>> = {},
): Verdict {
  const measured = rounds.filter((round) => round !== null).length;
  const none = { heldRounds: 0, rounds: rounds.length };
  if (measured === 0) return { held: 'not measured', ...none };
  const hasLimits = rounds.some((_, index) => Object.keys(limitsOf(index)).length > 0);
  if (!hasLimits && Object.keys(least).length === 0) {
    return { held: 'no target', ...none };
  }
  const heldRounds = rounds.filter((round, index) => {
    const limits = limitsOf(index);
    return (
      round !== null &&
      PERCENTILES.every((name) => isWithin(round[name], limits[name])) &&
      PERCENTILES.every((name) => round[name] >= (least[name] ?? Number.NEGATIVE_INFINITY))
    );
  }).length;
  const held = heldRounds === rounds.length ? 'yes' : heldRounds === 0 ? 'no' : 'in part';
  return { held, heldRounds, rounds: rounds.length };
}

function isWithin(value: number, limit: number | undefined): boolean {
  return limit === undefined || value <= limit;
}

/** Middle value of the rounds' percentile: what a ratio is made of. */
export function middleOf(rounds: readonly (Spread | null)[], name: Percentile): number | null {
  return percentileOf(
    rounds.filter((round) => round !== null).map((round) => round[name]),
    0.5,
  );
}

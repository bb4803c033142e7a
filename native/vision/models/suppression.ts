// Non-maximum suppression: of boxes of one label that overlap, the surest one stays.

import { type Detection, overlapOf } from '../tracking/track.ts';

/** More candidates than this are noise from a wrong model; the surest are kept. */
const CANDIDATES_MAX = 300;

/** Greedy suppression per label, surest first; equal confidences keep their order. */
export function suppress(candidates: readonly Detection[], overlapMax: number): Detection[] {
  const sorted = [...candidates].sort((a, b) => b.confidence - a.confidence);
  const byLabel = new Map<string, Detection[]>();
  const kept: Detection[] = [];
  for (const candidate of sorted.slice(0, CANDIDATES_MAX)) {
    const others = byLabel.get(candidate.label) ?? [];
    if (others.some((other) => overlapOf(other, candidate) > overlapMax)) continue;
    others.push(candidate);
    byLabel.set(candidate.label, others);
    kept.push(candidate);
  }
  return kept;
}

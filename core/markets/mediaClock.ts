// The media-clock rule: a bet counts only if it reached the engine before the deciding picture was
// captured, less a guard for what announced it. Arrival is the engine's clock, never a claim.

/** Bets that arrived at or after this are void, microseconds. Both sides alike. */
export function cutoffUs(tCapUs: number, guardMs: number): number {
  return Math.max(0, tCapUs - guardMs * 1000);
}

/** Whether a bet came too late for the cut-off. At the cut-off itself is too late. */
export function isLate(arrivedUs: number, cutoff: number): boolean {
  return arrivedUs >= cutoff;
}

/** Whether a bet that arrives now may be taken at all. At the lock itself is too late. */
export function isBeforeLock(arrivedUs: number, lockAtUs: number): boolean {
  return arrivedUs < lockAtUs;
}

/**
 * The cut-off after one more lock: only ever earlier, because whoever was refunded by an earlier
 * cut stays refunded until a correction makes new transfers.
 */
export function tighterCutoff(known: number | null, next: number | null): number | null {
  if (known === null) return next;
  return next === null ? known : Math.min(known, next);
}

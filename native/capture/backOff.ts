// How long a source waits before it tries again: short at first, so that a killed ffmpeg is back
// within a second, longer while it keeps failing, so that a broken file does not burn a core.

const FIRST_MS = 200;
const LONGEST_MS = 5_000;
/** A run of this long was a good one; the next failure starts over. */
const HEALTHY_MS = 5_000;

export type BackOff = {
  /** @param ranMs how long the run that just failed had lasted */
  nextMs(ranMs: number): number;
};

export function createBackOff(): BackOff {
  let waitMs = FIRST_MS;
  return {
    nextMs(ranMs) {
      if (ranMs >= HEALTHY_MS) waitMs = FIRST_MS;
      const current = waitMs;
      waitMs = Math.min(LONGEST_MS, waitMs * 2);
      return current;
    },
  };
}

// Puts a device's own timestamps onto the page's clock. A device counts steadily but from an
// unknown start; arrivals are late by a varying amount and never early. So the earliest arrival of
// the last seconds tells the start best.

export type ArrivalClock = {
  /** One frame: its own timestamp and when it came, both in microseconds. */
  observe(timestampUs: number, arrivedUs: number): void;
  /** When a timestamp was, on the page's clock, whole microseconds; null before any frame. */
  toPageUs(timestampUs: number): number | null;
};

/** Long enough to meet an undelayed frame, short enough to follow a drift of 100 ppm by 1 ms. */
const WINDOW_US = 10_000_000;

export function createArrivalClock(): ArrivalClock {
  // Two half windows: the minimum of both covers between one half and the whole window.
  let recent = Number.POSITIVE_INFINITY;
  let older = Number.POSITIVE_INFINITY;
  let halfEndsUs = 0;
  return {
    observe(timestampUs, arrivedUs) {
      if (arrivedUs >= halfEndsUs) {
        older = recent;
        recent = Number.POSITIVE_INFINITY;
        halfEndsUs = arrivedUs + WINDOW_US / 2;
      }
      recent = Math.min(recent, arrivedUs - timestampUs);
    },
    toPageUs(timestampUs) {
      const offset = Math.min(recent, older);
      return Number.isFinite(offset) ? Math.max(0, Math.round(timestampUs + offset)) : null;
    },
  };
}

// The page's memory of the last ten minutes, fed by every reading whether the dock is shown or not,
// so that the curves are there when somebody asks. It lasts as long as the page. About 130 kB.

import type { Readings } from '../../../core/contract/state.ts';
import { PointRing } from './pointRing.ts';
import { STATS } from './statsFigures.ts';

export const WINDOW_S = 600;
/** Readings come twice a second; a little more than ten minutes of them. */
const ROWS_MAX = 1_300;
/** So many seconds without a reading are a hole in the curves. */
const GAP_S = 3;
const MINUTE_S = 60;

const ring = new PointRing({
  ...{ columns: STATS.length, rowsMax: ROWS_MAX },
  ...{ windowS: WINDOW_S, gapS: GAP_S },
});

/** Bets confirmed so far, at the readings of the last minute. */
let confirmed: { atS: number; bets: number }[] = [];
let correctedPercent: number | null = null;

/** Adds one reading. @param droppedRecently frames dropped within the last 10 s */
export function rememberReadings(readings: Readings, droppedRecently: number): void {
  const atS = readings.mediaUs / 1_000_000;
  const betsLastMinute = countBets(atS, readings.betsConfirmed ?? null);
  const sample = { readings, droppedRecently, betsLastMinute, correctedPercent };
  ring.push(
    atS,
    STATS.map(({ read }) => read(sample)),
  );
}

/** What the audit log says, for the readings that follow; null: not known. */
export function setCorrectedPercent(percent: number | null): void {
  correctedPercent = percent;
}

/** Of the figure at this place of STATS. */
export const statsSeries = (index: number) => ring.series(index);

/** An engine that began anew counts from zero, and so do we. */
function countBets(atS: number, bets: number | null): number | null {
  if (bets === null) return null;
  const newest = confirmed.at(-1);
  if (newest !== undefined && (newest.bets > bets || newest.atS >= atS)) confirmed = [];
  confirmed.push({ atS, bets });
  while ((confirmed[0]?.atS ?? atS) < atS - MINUTE_S) confirmed.shift();
  return bets - (confirmed[0]?.bets ?? bets);
}

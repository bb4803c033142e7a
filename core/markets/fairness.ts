// The fairness of a market by its own rules: who of the viewers sees its opening in time for a bet
// that stands, and afterwards which bets arrived when. Pure, and by the same functions by which the
// ledger decides, so that neither can say what the other does not do. A viewer's way back to the
// studio and the time to choose are not in a measured delay: `decideSeconds` leaves room for both.

import { percentileOf } from '../base/recentFigures.ts';
import { type Arrivals, type FairnessScope, SCOPE_COLUMNS_MAX } from '../contract/fairness.ts';
import type { Bet } from '../ledger/fold.ts';
import { cutoffUs, isBeforeLock, isLate } from './mediaClock.ts';

/** What a person needs to read a question and to choose, seconds. */
export const DECIDE_SECONDS = 4;
/** The first column holds everything below; each further ten times as long has nine columns. */
const FIRST_MS = 10;
const COLUMNS_PER_DECADE = 9;
/** Of arrivals, which are on an even scale. */
const ARRIVAL_COLUMNS = 24;

/** Where a delay stands on the scope, 0 (10 ms and less) to 1; even steps are even factors. */
export function placeOfDelay(delayMs: number): number {
  const decades = Math.log10(Math.max(FIRST_MS, delayMs) / FIRST_MS);
  return Math.min(1, (decades * COLUMNS_PER_DECADE) / SCOPE_COLUMNS_MAX);
}

/**
 * What viewers with these delays could do in a market of this window and guard, if each bet as soon
 * as it sees the market open, and the moment came right at the lock.
 *
 * @param viewers connected ones, also those whose delay is not known
 */
export function scopeOf(
  delaysMs: readonly number[],
  viewers: number,
  { betWindowSeconds, guardMs }: { betWindowSeconds: number; guardMs: number },
): FairnessScope {
  const lockAtUs = Math.round(betWindowSeconds * 1_000_000);
  const cutoff = cutoffUs(lockAtUs, guardMs);
  const scope = { inTime: 0, inGuard: 0, refused: 0, hurried: 0 };
  const columns: number[] = [];
  for (const delayMs of delaysMs) {
    const arrivedUs = Math.round(delayMs * 1000);
    if (!isBeforeLock(arrivedUs, lockAtUs)) scope.refused++;
    else if (isLate(arrivedUs, cutoff)) scope.inGuard++;
    else scope.inTime++;
    if (cutoff - arrivedUs < DECIDE_SECONDS * 1_000_000) scope.hurried++;
    const place = Math.floor(placeOfDelay(delayMs) * SCOPE_COLUMNS_MAX);
    const column = Math.min(SCOPE_COLUMNS_MAX - 1, place);
    while (columns.length <= column) columns.push(0);
    columns[column] = (columns[column] ?? 0) + 1;
  }
  const p95Ms = percentileOf(delaysMs, 0.95);
  return {
    viewers: Math.max(viewers, delaysMs.length),
    measured: delaysMs.length,
    fastestMs: percentileOf(delaysMs, 0),
    medianMs: percentileOf(delaysMs, 0.5),
    p95Ms,
    slowestMs: percentileOf(delaysMs, 1),
    ...scope,
    decideSeconds: DECIDE_SECONDS,
    windowFitsSeconds: p95Ms === null ? null : windowFor(p95Ms + guardMs),
    columns,
  };
}

/** Half seconds, upwards: nobody sets a finer window. */
function windowFor(lateMs: number): number {
  return Math.ceil((lateMs / 1000 + DECIDE_SECONDS) * 2) / 2;
}

type Arrived = Pick<Bet, 'atUs' | 'state' | 'why'>;
type Times = Pick<Arrivals, 'opensAtUs' | 'lockAtUs' | 'tCapUs' | 'cutoffUs'>;

/** When these bets of a market arrived, and which of them went back. */
export function arrivalsOf(bets: readonly Arrived[], times: Times): Arrivals {
  const { opensAtUs, lockAtUs, tCapUs, cutoffUs: cutoff } = times;
  let endUs = Math.max(lockAtUs, opensAtUs + 1);
  for (const { atUs } of bets) endUs = Math.max(endUs, atUs);
  const counts = { stood: 0, late: 0, withdrawn: 0, guestShare: 0, returned: 0, waiting: 0 };
  const columns = Array.from({ length: ARRIVAL_COLUMNS }, () => ({ stood: 0, late: 0, back: 0 }));
  for (const bet of bets) {
    const fate = fateOf(bet);
    counts[fate]++;
    const share = (Math.max(opensAtUs, bet.atUs) - opensAtUs) / (endUs - opensAtUs);
    const column = columns[Math.min(ARRIVAL_COLUMNS - 1, Math.floor(share * ARRIVAL_COLUMNS))];
    if (column === undefined) continue;
    if (fate === 'late') column.late++;
    else if (fate === 'stood' || fate === 'waiting') column.stood++;
    else column.back++;
  }
  const at = { opensAtUs, lockAtUs, tCapUs, cutoffUs: cutoff, endUs };
  return { ...at, bets: bets.length, ...counts, columns };
}

function fateOf({ state, why }: Arrived) {
  if (state === 'PENDING') return 'waiting';
  if (why === null) return 'stood';
  if (why === 'LATE_MEDIA') return 'late';
  if (why === 'WITHDRAWN') return 'withdrawn';
  return why === 'GUEST_SHARE' ? 'guestShare' : 'returned';
}

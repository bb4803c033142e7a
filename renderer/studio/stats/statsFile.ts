// The figures as a file that any spreadsheet opens: RFC 4180, a row per reading, a column per
// figure named with its unit, the same in every language. A cell is empty where nothing was
// measured. Pure but for the saving.

import type { Series } from './pointRing.ts';
import { STATS } from './statsFigures.ts';
import { statsSeries } from './statsHistory.ts';

const FILE_NAME = 'studio-stats.csv';
/** Media clock: reads like Unix time, and never jumps. */
const TIME_COLUMN = 'media_time_seconds';

/** @param columns each with its series; all of them have the same times */
export function csvOf(columns: readonly { name: string; series: Series }[]): string {
  const timesS = columns[0]?.series.timesS ?? [];
  const head = [TIME_COLUMN, ...columns.map(({ name }) => name)];
  const rows = timesS.map((atS, row) => [
    String(Math.round(atS * 1000) / 1000),
    ...columns.map(({ series }) => String(series.values[row] ?? '')),
  ]);
  return [head, ...rows].map((cells) => `${cells.join(',')}\r\n`).join('');
}

/** Saves what the dock shows now. */
export function saveStats(): void {
  const columns = STATS.map(({ column: name }, index) => ({ name, series: statsSeries(index) }));
  const url = URL.createObjectURL(new Blob([csvOf(columns)], { type: 'text/csv' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = FILE_NAME;
  link.click();
  URL.revokeObjectURL(url);
}

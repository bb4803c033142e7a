// Which rows of a long list stand in the page, and where the keys lead in it. Pure. However tall
// the list is drawn, no more than ROWS_MAX rows are there.

/** Rows in the page at once, at most. */
export const ROWS_MAX = 56;
/** Beyond the edges, so that a fast wheel does not show a hole. */
const ROWS_BEYOND = 6;

export type RowWindow = { from: number; to: number };

/** The rows to draw: those seen and some beyond, `to` excluded. */
export function rowWindow(
  scrollTopPx: number,
  heightPx: number,
  rowPx: number,
  count: number,
): RowWindow {
  const first = Math.max(0, Math.floor(scrollTopPx / rowPx));
  const from = Math.min(Math.max(0, first - ROWS_BEYOND), Math.max(0, count - 1));
  const last = Math.ceil((scrollTopPx + heightPx) / rowPx) + ROWS_BEYOND;
  return { from, to: Math.min(count, from + ROWS_MAX, Math.max(last, from)) };
}

/** Rows that a whole page moves by: one stays in sight. */
function pageRows(heightPx: number, rowPx: number): number {
  return Math.max(1, Math.floor(heightPx / rowPx) - 1);
}

/** Where a key leads from a row; undefined: it is no key of ours, or there is no row. */
export function rowAfterKey(
  key: string,
  row: number,
  list: { count: number; heightPx: number; rowPx: number },
): number | undefined {
  if (list.count === 0) return undefined;
  const page = pageRows(list.heightPx, list.rowPx);
  const steps: Readonly<Record<string, number>> = {
    ...{ ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page },
    ...{ Home: Number.NEGATIVE_INFINITY, End: Number.POSITIVE_INFINITY },
  };
  const step = steps[key];
  if (step === undefined) return undefined;
  return Math.min(list.count - 1, Math.max(0, row + step));
}

/** Where to scroll so that a row is seen whole; the same place when it is. */
export function scrolledTo(
  row: number,
  list: { scrollTopPx: number; heightPx: number; rowPx: number },
): number {
  const top = row * list.rowPx;
  if (top < list.scrollTopPx) return top;
  const least = top + list.rowPx - list.heightPx;
  return Math.max(list.scrollTopPx, least);
}

// The colour and shape of an outcome, the same everywhere: first outcome blue triangle, second
// amber square, and so on to ten.

import type { CSSProperties } from 'react';

/** Ten shapes in a box of 14 by 14. */
const SHAPES = [
  'M7 1 13.5 13H0.5Z',
  'M1.5 1.5H12.5V12.5H1.5Z',
  'M7 1A6 6 0 1 1 6.99 1Z',
  'M7 0.5 13.5 7 7 13.5 0.5 7Z',
  'M7 0.5 8.9 5H13.6L9.9 8.1 11.3 13 7 10.2 2.7 13 4.1 8.1 0.4 5H5.1Z',
  'M0.5 1H13.5L7 13Z',
  'M5 1H9V5H13V9H9V13H5V9H1V5H5Z',
  'M7 0.5 13.4 5.2 11 13H3L0.6 5.2Z',
  'M3.7 1H10.3L13.6 7 10.3 13H3.7L0.4 7Z',
  'M9 1A6 6 0 1 0 13 10 5 5 0 1 1 9 1Z',
] as const;

/** Sets `--outcome` for everything inside an outcome's row. */
export function outcomeStyle(index: number): CSSProperties {
  return { '--outcome': `var(--outcome-${index % SHAPES.length})` } as CSSProperties;
}

export function OutcomeMark({ index, size = 14 }: { index: number; size?: number }) {
  return (
    <svg
      className="outcomeMark"
      style={outcomeStyle(index)}
      width={size}
      height={size}
      viewBox="0 0 14 14"
      aria-hidden="true"
    >
      <path d={SHAPES[index % SHAPES.length]} fill="currentColor" />
    </svg>
  );
}

// A number that ticks: tabular, in the figure face, of a fixed least width so that a longer value
// never moves its neighbours.

import type { ReactNode } from 'react';

type FigureProps = {
  children: ReactNode;
  /** Width in characters that is kept free. */
  charactersMin?: number;
};

export function Figure({ children, charactersMin = 0 }: FigureProps) {
  return (
    <span className="figure" style={{ display: 'inline-block', minWidth: `${charactersMin}ch` }}>
      {children}
    </span>
  );
}

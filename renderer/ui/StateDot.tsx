// A state as a word with a mark. The shape differs as well as the colour, so that it reads in
// forced-colors mode and for colour-blind eyes. Red is on air and nothing else.

import type { ReactNode } from 'react';

export type StateTone = 'live' | 'go' | 'warn' | 'stop' | 'idle';

const SHAPES: Record<StateTone, ReactNode> = {
  live: <circle cx="5" cy="5" r="5" fill="currentColor" />,
  go: <circle cx="5" cy="5" r="4" fill="currentColor" />,
  warn: <path d="M5 0.5 9.8 9.5H0.2Z" fill="currentColor" />,
  stop: <path d="M1.5 1.5 8.5 8.5M8.5 1.5 1.5 8.5" stroke="currentColor" strokeWidth="2" />,
  idle: <circle cx="5" cy="5" r="3.5" fill="none" stroke="currentColor" strokeWidth="1.5" />,
};

export function StateDot({ tone, children }: { tone: StateTone; children: ReactNode }) {
  return (
    <span className={`stateDot stateDot-${tone}`}>
      <svg width="10" height="10" viewBox="0 0 10 10" aria-hidden="true">
        {SHAPES[tone]}
      </svg>
      {children}
    </span>
  );
}

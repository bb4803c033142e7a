// Shows the report when the show ends, whoever ended it, unless the person is at something else.

import { useEffect, useRef } from 'react';
import type { StudioState } from '../../../core/contract/state.ts';
import { openDialog, useOpened } from '../opened.ts';
import { usePage } from '../store.ts';

export function useReportAtEnd({ show }: StudioState): void {
  const mayRead = usePage(({ role }) => role === 'owner' || role === 'coHost');
  const before = useRef(show.state);
  useEffect(() => {
    const hasEnded = before.current === 'live' && show.state === 'ready';
    before.current = show.state;
    const { dialog, isPaletteOpen } = useOpened.getState();
    if (hasEnded && mayRead && dialog === null && !isPaletteOpen) openDialog({ name: 'report' });
  }, [show.state, mayRead]);
}

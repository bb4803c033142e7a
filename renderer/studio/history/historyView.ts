// What the history shows: bets or markets, in one market or of one person where that was asked for.
// Kept outside of the dock, so that a market's card and the palette lead to the same place.

import { create } from 'zustand';
import { withHidden } from '../docks/dockLayout.ts';
import { changeLayout } from '../docks/dockStore.ts';

export const HISTORY_PARTS = ['bets', 'markets'] as const;
export type HistoryPart = (typeof HISTORY_PARTS)[number];
/** Whose bets, or in which market; `title` is what a person calls it. */
export type HistoryOf = { kind: 'market' | 'person'; id: string; title: string };

type HistoryView = { part: HistoryPart; of: HistoryOf | null };

export const useHistoryView = create<HistoryView>(() => ({ part: 'bets', of: null }));

export function lookAtHistory(view: Partial<HistoryView>): void {
  useHistoryView.setState(view);
}

/** Shows the dock, too. */
export function openHistory(view: Partial<HistoryView>): void {
  changeLayout((layout) => withHidden(layout, 'history', false));
  lookAtHistory(view);
}

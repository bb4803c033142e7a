// The layout of this browser: read once, kept at every change. What is kept is checked; broken
// content is the first layout.

import { create } from 'zustand';
import { readKept, writeKept } from '../kept.ts';
import { type DockLayout, dockLayoutSchema, FIRST_LAYOUT } from './dockLayout.ts';

const NAME = 'docks';

export const useDockLayout = create<{ layout: DockLayout }>(() => ({
  layout: readKept(NAME, dockLayoutSchema, FIRST_LAYOUT),
}));

/** Changes the layout and keeps it. */
export function changeLayout(change: (before: DockLayout) => DockLayout): void {
  const layout = change(useDockLayout.getState().layout);
  useDockLayout.setState({ layout });
  writeKept(NAME, layout);
}

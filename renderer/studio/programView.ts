// How the program is looked at in this window: boxes or not, sound or not. Nobody else sees it.

import { create } from 'zustand';

export const useProgramView = create<{
  hasBoxes: boolean;
  isMuted: boolean;
  /** The picture is the one that viewers get. */
  isViewers: boolean;
}>(() => ({
  isViewers: false,
  hasBoxes: true,
  isMuted: true,
}));

export function toggleBoxes(): void {
  useProgramView.setState(({ hasBoxes }) => ({ hasBoxes: !hasBoxes }));
}

export function toggleSound(): void {
  useProgramView.setState(({ isMuted }) => ({ isMuted: !isMuted }));
}

export function toggleViewers(): void {
  useProgramView.setState(({ isViewers }) => ({ isViewers: !isViewers }));
}

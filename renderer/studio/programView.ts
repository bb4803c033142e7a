// How the program is looked at in this window: boxes or not, sound or not. Nobody else sees it.

import { create } from 'zustand';

export const useProgramView = create<{ hasBoxes: boolean; isMuted: boolean }>(() => ({
  hasBoxes: true,
  isMuted: true,
}));

export function toggleBoxes(): void {
  useProgramView.setState(({ hasBoxes }) => ({ hasBoxes: !hasBoxes }));
}

export function toggleSound(): void {
  useProgramView.setState(({ isMuted }) => ({ isMuted: !isMuted }));
}

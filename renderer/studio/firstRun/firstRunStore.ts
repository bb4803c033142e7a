// Where one stands in the first run. Kept for as long as the page is: a language may be changed on
// the way, which draws everything anew.

import { create } from 'zustand';
import type { StudioState } from '../../../core/contract/state.ts';
import { attempt, studio } from '../store.ts';

export const FIRST_RUN_STEPS = ['picture', 'microphone', 'machine', 'name', 'live'] as const;
export type FirstRunStep = (typeof FIRST_RUN_STEPS)[number];

type FirstRunPage = {
  step: FirstRunStep;
  /** By hand, from the palette or the settings; it also comes by itself. */
  isOpened: boolean;
  /** Left in this page; the studio is told as well. */
  isLeft: boolean;
};

export const useFirstRun = create<FirstRunPage>(() => ({
  ...{ step: 'picture', isOpened: false, isLeft: false },
}));

export function openFirstRun(): void {
  useFirstRun.setState({ step: 'picture', isOpened: true, isLeft: false });
}

export function goToStep(step: FirstRunStep): void {
  useFirstRun.setState({ step });
}

/** The step after or before; the first and the last stay. */
export function stepBy(by: 1 | -1): void {
  const { step } = useFirstRun.getState();
  const next = FIRST_RUN_STEPS[FIRST_RUN_STEPS.indexOf(step) + by];
  if (next !== undefined) goToStep(next);
}

/** It does not come by itself again. That the studio cannot be told is no reason to stay. */
export async function leaveFirstRun(): Promise<void> {
  useFirstRun.setState({ step: 'picture', isOpened: false, isLeft: true });
  await attempt(studio.firstRun.stop({}));
  await attempt(studio.firstRun.finish({}));
}

/** Never over a show that is live. */
export function isFirstRunShown(page: FirstRunPage, state: StudioState): boolean {
  if (state.show.state === 'live') return false;
  return page.isOpened || (state.firstRun?.isWanted === true && !page.isLeft);
}

// What can be broken, in the order of the buttons, and as commands of the palette.

import { type BreakAct, breakActSchema } from '../../../core/contract/breakIt.ts';
import type { StudioState } from '../../../core/contract/state.ts';
import type { Command } from '../commands/command.ts';
import { focusDock } from '../docks/dockActs.ts';
import { usePage } from '../store.ts';
import { breakIt, isBreaking, mayBreak } from './breakStories.ts';

export const BREAK_ACTS: readonly BreakAct[] = breakActSchema.options;

/** The dock and the commands are there for the owner of a demo only. */
export function isBreakOffered(state: StudioState): boolean {
  return mayBreak(state) && usePage.getState().role === 'owner';
}

export function breakCommands(): Command[] {
  return BREAK_ACTS.map((act) => ({
    ...{ id: `break.${act}`, area: 'show', title: `studio.break.${act}` },
    isEnabled: (state) => isBreakOffered(state) && !isBreaking(),
    run() {
      focusDock('breakIt');
      void breakIt(act);
    },
  }));
}

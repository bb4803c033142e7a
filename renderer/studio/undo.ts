// What can be taken back, newest last: acts on the page and on names, whose reverse is known. Never
// points: a wrong decision is corrected, which is another act with its own reason.

import { create } from 'zustand';
import type { TextKey } from '../ui/texts.ts';

type Undoable = {
  /** What would be taken back, for the palette. */
  title: TextKey;
  values?: Readonly<Record<string, string>>;
  undo: () => void;
};

/** Older ones are forgotten. */
const UNDOS_MAX = 20;

export const useUndo = create<{ acts: readonly Undoable[] }>(() => ({ acts: [] }));

export function rememberUndo(act: Undoable): void {
  useUndo.setState(({ acts }) => ({ acts: [...acts, act].slice(-UNDOS_MAX) }));
}

/** Takes back the newest act. False when there is none. */
export function undoLast(): boolean {
  const last = useUndo.getState().acts.at(-1);
  if (last === undefined) return false;
  useUndo.setState(({ acts }) => ({ acts: acts.slice(0, -1) }));
  last.undo();
  return true;
}

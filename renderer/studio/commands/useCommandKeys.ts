// Runs commands by their keys. A key that belongs to what has the focus (typing, a menu, a dialog)
// stays there; Enter is a button's own, and means a command only where nothing has the focus.

import { useEffect } from 'react';
import { usePage } from '../store.ts';
import { chordOf, worksWhileTyping } from './chord.ts';
import { fixedCommands } from './commandList.ts';
import { commandsOf, useHotkeys } from './hotkeys.ts';

const TYPES = 'input, textarea, select, [contenteditable], [role=menu], [role=listbox], dialog';

function isFree(key: KeyboardEvent, chord: string): boolean {
  const target = key.target instanceof Element ? key.target : document.body;
  if (worksWhileTyping(chord)) return true;
  if (document.querySelector('dialog[open]') !== null) return false;
  if (chord === 'Enter') return target === document.body;
  return target.closest(TYPES) === null;
}

export function useCommandKeys(): void {
  useEffect(() => {
    function press(key: KeyboardEvent): void {
      const chord = key.repeat || key.defaultPrevented ? null : chordOf(key);
      const { state } = usePage.getState();
      if (chord === null || state === null || !isFree(key, chord)) return;
      const { hotkeys } = useHotkeys.getState();
      const command = commandsOf(hotkeys, fixedCommands(), chord).find(
        ({ isEnabled }) => isEnabled?.(state) ?? true,
      );
      if (command === undefined) return;
      key.preventDefault();
      command.run();
    }
    window.addEventListener('keydown', press);
    return () => window.removeEventListener('keydown', press);
  }, []);
}

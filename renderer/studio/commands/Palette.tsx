// Every operation by its name: type a part of it, choose with the arrow keys, Enter. Above whatever
// dialog is open, so that nothing typed there is lost. The focus stays in the field, which names
// the chosen row. Plain rows: to build a hundred of the component library's took one long task.

import { Search } from 'lucide-react';
import { type KeyboardEvent, memo, useEffect, useId, useMemo, useRef, useState } from 'react';
import type { StudioState } from '../../../core/contract/state.ts';
import { text } from '../../ui/texts.ts';
import { setPaletteOpen, useOpened } from '../opened.ts';
import type { Command } from './command.ts';
import { fixedCommands } from './commandList.ts';
import { areaText, commandText, keyText } from './commandWords.ts';
import { chordFor, useHotkeys } from './hotkeys.ts';
import { matches } from './matches.ts';
import { stateCommands } from './stateCommands.ts';
import './commands.css';

export function Palette({ state }: { state: StudioState }) {
  const isOpen = useOpened((opened) => opened.isPaletteOpen);
  return isOpen ? <OpenPalette state={state} /> : null;
}

function OpenPalette({ state }: { state: StudioState }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [words, setWords] = useState('');
  /** None before somebody types or presses an arrow. */
  const [chosen, setChosen] = useState(-1);
  const found = useFound(state, words);
  const id = useId();
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    dialog.current?.showModal();
    dialog.current?.querySelector('input')?.focus();
    return () => before?.focus();
  }, []);
  const active = Math.min(chosen, found.length - 1);
  useEffect(() => {
    document.getElementById(`${id}-${active}`)?.scrollIntoView({ block: 'nearest' });
  }, [active, id]);
  function type(next: string): void {
    setWords(next);
    setChosen(next.trim() === '' ? -1 : 0);
  }
  function press(key: KeyboardEvent): void {
    const command = found[active]?.command;
    if (key.nativeEvent.isComposing) return;
    if (key.key === 'ArrowDown') setChosen(active + 1 < found.length ? active + 1 : 0);
    else if (key.key === 'ArrowUp') setChosen(active > 0 ? active - 1 : found.length - 1);
    else if (key.key === 'Enter' && command !== undefined) runAndClose(command);
    else if (key.key === 'Escape' && words !== '') type('');
    else return;
    key.preventDefault();
  }
  return (
    <dialog
      ref={dialog}
      className="dialog palette"
      aria-label={text('studio.palette')}
      onClose={() => setPaletteOpen(false)}
      onCancel={() => setPaletteOpen(false)}
    >
      <div className="palette-field">
        <Search size={16} aria-hidden="true" />
        <input
          type="search"
          className="palette-input"
          autoComplete="off"
          aria-label={text('studio.palette.search')}
          placeholder={text('studio.palette.search')}
          aria-autocomplete="list"
          aria-controls={found.length === 0 ? undefined : id}
          aria-activedescendant={active < 0 ? undefined : `${id}-${active}`}
          value={words}
          onChange={(change) => type(change.target.value)}
          onKeyDown={press}
        />
      </div>
      {found.length === 0 ? (
        <p className="palette-empty" role="status">
          {text('studio.palette.none')}
        </p>
      ) : (
        <div id={id} className="palette-list" role="menu" aria-label={text('studio.palette')}>
          {found.map(({ command, name, chord }, at) => (
            <Row
              key={command.id}
              id={`${id}-${at}`}
              commandId={command.id}
              area={areaText(command.area)}
              name={name}
              effect={command.effect}
              chord={chord}
              isChosen={at === active}
              onPress={() => runAndClose(command)}
            />
          ))}
        </div>
      )}
    </dialog>
  );
}

function runAndClose(command: Command): void {
  setPaletteOpen(false);
  // The focus is back where it was by then, so that a dialog which opens gives it back there.
  requestAnimationFrame(() => command.run());
}

/** What can be done now and has these words, with its name and key. */
function useFound(state: StudioState, words: string) {
  const hotkeys = useHotkeys((kept) => kept.hotkeys);
  const all = useMemo(
    () =>
      [...stateCommands(state), ...fixedCommands()]
        .filter(({ id, isEnabled }) => id !== 'page.palette' && (isEnabled?.(state) ?? true))
        .map((command) => {
          const name = commandText(command);
          const searched = `${areaText(command.area)} ${name} ${command.id}`;
          return { command, name, searched, chord: chordFor(hotkeys, command) };
        }),
    [state, hotkeys],
  );
  return useMemo(() => all.filter(({ searched }) => matches(searched, words)), [all, words]);
}

type RowProps = {
  id: string;
  commandId: string;
  area: string;
  name: string;
  effect: string | undefined;
  chord: string | null;
  isChosen: boolean;
  onPress: () => void;
};

/** Drawn anew only when what it says changes. */
const Row = memo(
  function Row({ id, commandId, area, name, effect, chord, isChosen, onPress }: RowProps) {
    return (
      // biome-ignore lint/a11y/useKeyWithClickEvents: the field hears the keys.
      <div
        id={id}
        role="menuitem"
        tabIndex={-1}
        className="menu-item palette-item"
        data-key={commandId}
        data-focused={isChosen ? true : undefined}
        onClick={onPress}
      >
        <span className="palette-area">{area}</span>
        <span className="palette-name">{name}</span>
        {effect === undefined ? null : <span className="palette-effect">{effect}</span>}
        {chord === null ? null : <kbd className="keyHint">{keyText(chord)}</kbd>}
      </div>
    );
  },
  // The command of an id does the same however often the list is made.
  (one, other) =>
    one.id === other.id &&
    one.commandId === other.commandId &&
    one.name === other.name &&
    one.effect === other.effect &&
    one.chord === other.chord &&
    one.isChosen === other.isChosen,
);

// Every operation by its name: type a part of it, choose with the arrow keys, Enter. Above whatever
// dialog is open, so that nothing typed there is lost.

import { Search } from 'lucide-react';
import { useEffect, useRef } from 'react';
import { Autocomplete, Input, Menu, MenuItem, SearchField } from 'react-aria-components';
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
  const hotkeys = useHotkeys((kept) => kept.hotkeys);
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    dialog.current?.showModal();
    dialog.current?.querySelector('input')?.focus();
    return () => before?.focus();
  }, []);
  const commands = [...stateCommands(state), ...fixedCommands()].filter(
    ({ id, isEnabled }) => id !== 'page.palette' && (isEnabled?.(state) ?? true),
  );
  function run(id: string): void {
    const command = commands.find((one) => one.id === id);
    setPaletteOpen(false);
    // The focus is back where it was by then, so that a dialog which opens gives it back there.
    if (command !== undefined) requestAnimationFrame(() => command.run());
  }
  return (
    <dialog
      ref={dialog}
      className="dialog palette"
      aria-label={text('studio.palette')}
      onClose={() => setPaletteOpen(false)}
      onCancel={() => setPaletteOpen(false)}
    >
      <Autocomplete filter={matches}>
        <SearchField className="palette-field" aria-label={text('studio.palette.search')}>
          <Search size={16} aria-hidden="true" />
          <Input className="palette-input" placeholder={text('studio.palette.search')} />
        </SearchField>
        <Menu
          className="palette-list"
          aria-label={text('studio.palette')}
          onAction={(id) => run(String(id))}
          renderEmptyState={() => <p className="palette-empty">{text('studio.palette.none')}</p>}
        >
          {commands.map((command) => (
            <Row key={command.id} command={command} chord={chordFor(hotkeys, command)} />
          ))}
        </Menu>
      </Autocomplete>
    </dialog>
  );
}

function Row({ command, chord }: { command: Command; chord: string | null }) {
  const area = areaText(command.area);
  const name = commandText(command);
  return (
    <MenuItem
      id={command.id}
      className="menu-item palette-item"
      textValue={`${area} ${name} ${command.id}`}
      aria-label={[area, name, command.effect].filter(Boolean).join(', ')}
    >
      <span className="palette-area">{area}</span>
      <span className="palette-name">{name}</span>
      {command.effect === undefined ? null : (
        <span className="palette-effect">{command.effect}</span>
      )}
      {chord === null ? null : <kbd className="keyHint">{keyText(chord)}</kbd>}
    </MenuItem>
  );
}

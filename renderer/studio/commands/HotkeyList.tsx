// Every command that can have a key, with the key it has: pressed to change it, emptied, or put
// back. What would lose its key is named before it does.

import { RotateCcw, X } from 'lucide-react';
import { type KeyboardEvent, useState } from 'react';
import { Button, IconButton } from '../../ui/Button.tsx';
import { text } from '../../ui/texts.ts';
import { chordOf, isReserved } from './chord.ts';
import { COMMAND_AREAS, type Command } from './command.ts';
import { fixedCommands } from './commandList.ts';
import { areaText, commandText, keyText } from './commandWords.ts';
import { chordFor, commandsOf, keepHotkeys, useHotkeys, withChord } from './hotkeys.ts';
import './commands.css';

export function HotkeyList() {
  const hotkeys = useHotkeys((kept) => kept.hotkeys);
  const [asked, setAsked] = useState<string | null>(null);
  const commands = fixedCommands();
  return (
    <>
      <p className="managePart-words">{text('studio.hotkeys.what')}</p>
      {COMMAND_AREAS.map((area) => (
        <section key={area} className="hotkeys" aria-label={areaText(area)}>
          <h3 className="dockSubtitle">{areaText(area)}</h3>
          <ul className="manageList">
            {commands
              .filter((command) => command.area === area)
              .map((command) => (
                <li key={command.id} className="manageLine">
                  <span className="hotkey-name">{commandText(command)}</span>
                  {asked === command.id ? (
                    <Recorder command={command} commands={commands} onDone={() => setAsked(null)} />
                  ) : (
                    <Given
                      command={command}
                      chord={chordFor(hotkeys, command)}
                      onChange={() => setAsked(command.id)}
                    />
                  )}
                </li>
              ))}
          </ul>
        </section>
      ))}
      <div className="dialog-actions">
        <Button onClick={() => keepHotkeys({})}>
          <RotateCcw size={14} aria-hidden="true" />
          {text('studio.hotkeys.reset')}
        </Button>
      </div>
    </>
  );
}

type GivenProps = { command: Command; chord: string | null; onChange: () => void };

function Given({ command, chord, onChange }: GivenProps) {
  const name = commandText(command);
  const { hotkeys } = useHotkeys.getState();
  return (
    <>
      <Button
        size="dense"
        look={chord === null ? 'quiet' : 'plain'}
        aria-label={text('studio.hotkeys.changeNamed', {
          title: name,
          chord: chord === null ? text('studio.hotkeys.none') : keyText(chord),
        })}
        onClick={onChange}
      >
        {chord === null ? text('studio.hotkeys.none') : <kbd>{keyText(chord)}</kbd>}
      </Button>
      <span className="hotkey-clear">
        {chord === null ? null : (
          <IconButton
            size="dense"
            name={text('studio.hotkeys.clearNamed', { title: name })}
            onClick={() => keepHotkeys(withChord(hotkeys, [], command.id, null))}
          >
            <X size={14} aria-hidden="true" />
          </IconButton>
        )}
      </span>
    </>
  );
}

type RecorderProps = { command: Command; commands: readonly Command[]; onDone: () => void };

/** Waits for one key. Escape and leaving it change nothing. */
function Recorder({ command, commands, onDone }: RecorderProps) {
  const [chord, setChord] = useState<string | null>(null);
  const { hotkeys } = useHotkeys.getState();
  const others = chord === null ? [] : commandsOf(hotkeys, commands, chord);
  const loser = others.find(({ id }) => id !== command.id);
  function give(wanted: string): void {
    keepHotkeys(withChord(hotkeys, commands, command.id, wanted));
    onDone();
  }
  function press(key: KeyboardEvent): void {
    if (key.key === 'Tab') return;
    key.preventDefault();
    key.stopPropagation();
    const pressed = chordOf(key);
    if (key.key === 'Escape') onDone();
    if (pressed === null || key.key === 'Escape') return;
    const isTaken = commandsOf(hotkeys, commands, pressed).some(({ id }) => id !== command.id);
    if (isTaken || isReserved(pressed)) setChord(pressed);
    else give(pressed);
  }
  return (
    <>
      <button
        type="button"
        className="button button-primary button-dense"
        ref={(button) => button?.focus()}
        onKeyDown={press}
        onBlur={() => chord === null && onDone()}
      >
        {chord === null ? text('studio.hotkeys.press') : <kbd>{keyText(chord)}</kbd>}
      </button>
      {chord === null ? null : (
        <p className="hotkey-fault" role="alert">
          {loser === undefined || isReserved(chord)
            ? text('studio.hotkeys.reserved', { chord: keyText(chord) })
            : text('studio.hotkeys.taken', { chord: keyText(chord), title: commandText(loser) })}
        </p>
      )}
      {chord === null || loser === undefined || isReserved(chord) ? null : (
        <Button size="dense" onClick={() => give(chord)}>
          {text('studio.hotkeys.take')}
        </Button>
      )}
      {chord === null ? null : (
        <Button size="dense" look="quiet" onClick={onDone}>
          {text('common.cancel')}
        </Button>
      )}
    </>
  );
}

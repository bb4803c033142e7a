// The small controls of the header: palette, docks, streamer mode, settings.

import { EyeOff, Settings2, SquareTerminal } from 'lucide-react';
import { Button, IconButton } from '../ui/Button.tsx';
import { text } from '../ui/texts.ts';
import { keyText } from './commands/commandWords.ts';
import { chordFor, useHotkeys } from './commands/hotkeys.ts';
import { DockMenu } from './docks/DockMenu.tsx';
import { openDialog, setPaletteOpen } from './opened.ts';
import { setStreamerMode, useStreamerMode } from './streamerMode.ts';

const PALETTE = { id: 'page.palette', chord: 'Mod+K' };

export function HeaderTools() {
  const isHiding = useStreamerMode((mode) => mode.isOn);
  const chord = useHotkeys(({ hotkeys }) => chordFor(hotkeys, PALETTE));
  const key = chord === null ? '' : keyText(chord);
  const name = [text('studio.palette'), key].join(' ').trim();
  return (
    <div className="header-tools">
      <Button
        look="quiet"
        aria-label={name}
        title={name}
        onClick={() => setPaletteOpen(true)}
        {...(key === '' ? {} : { keyHint: key })}
      >
        <SquareTerminal size={16} aria-hidden="true" />
      </Button>
      <IconButton
        name={text('studio.streamer.turnOn')}
        aria-pressed={isHiding}
        onClick={() => setStreamerMode(!isHiding)}
      >
        <EyeOff size={16} aria-hidden="true" />
      </IconButton>
      <DockMenu />
      <IconButton
        name={text('studio.settings')}
        onClick={() => openDialog({ name: 'settings', part: 'general' })}
      >
        <Settings2 size={16} aria-hidden="true" />
      </IconButton>
    </div>
  );
}

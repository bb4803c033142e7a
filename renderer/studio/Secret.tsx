// What streamer mode does not draw. `Secret` stands for a value in a line, `SecretPart` for a whole
// part of a panel; while the mode is on their content is not in the page at all.

import { EyeOff } from 'lucide-react';
import type { ReactNode } from 'react';
import { Button } from '../ui/Button.tsx';
import { translated } from '../ui/sentences.ts';
import { text } from '../ui/texts.ts';
import { setStreamerMode, useStreamerMode, useVeil } from './streamerMode.ts';

export function Secret({ children }: { children: ReactNode }) {
  const isOn = useStreamerMode((mode) => mode.isOn);
  return isOn ? <span className="secret">{text('studio.streamer.hidden')}</span> : children;
}

export function SecretPart({ children }: { children: ReactNode }) {
  const isOn = useStreamerMode((mode) => mode.isOn);
  if (!isOn) return children;
  return (
    <div className="secretPart">
      <EyeOff size={16} aria-hidden="true" />
      <span>{text('studio.streamer.part')}</span>
      <Button size="dense" onClick={() => setStreamerMode(false)}>
        {text('studio.streamer.turnOff')}
      </Button>
    </div>
  );
}

/** A sentence that was made elsewhere, without the addresses in it; English where it is unknown. */
export function Said({ children }: { children: string }) {
  const words = translated(children);
  return <span lang={words === children ? 'en' : undefined}>{useVeil()(words)}</span>;
}

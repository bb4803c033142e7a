// Keeps the computer awake while a show is live, and only then. A shared screen must also stay lit;
// for a camera the screen may go dark.

import { powerSaveBlocker } from 'electron';

type Kind = 'prevent-app-suspension' | 'prevent-display-sleep';

/** Returns what to tell it: whether the show is live, and its source. */
export function createAwake(): (isLive: boolean, source: string) => void {
  let held: { id: number; kind: Kind } | null = null;
  return (isLive, source) => {
    const isScreen = source.startsWith('screen:') || source.startsWith('window:');
    const wanted: Kind = isScreen ? 'prevent-display-sleep' : 'prevent-app-suspension';
    if (isLive && held?.kind === wanted) return;
    if (held) powerSaveBlocker.stop(held.id);
    held = isLive ? { id: powerSaveBlocker.start(wanted), kind: wanted } : null;
  };
}

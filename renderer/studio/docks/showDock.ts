// A link that the system handed to the window asks to see a part of the studio: its dock is shown
// where it was hidden, and has the focus. Anything else in such a message is not ours.

import { withHidden } from './dockLayout.ts';
import { DOCKS } from './dockList.ts';
import { changeLayout } from './dockStore.ts';

/** Shows a dock and leads the focus there; false when there is none of that name. */
export function showDock(id: string): boolean {
  const dock = DOCKS.find((one) => one.id === id);
  if (!dock) return false;
  changeLayout((layout) => withHidden(layout, dock.id, false));
  // It is drawn in the next turn where it was hidden.
  requestAnimationFrame(() => {
    const shown = document.getElementById(`dock-${dock.id}`);
    shown?.setAttribute('tabindex', '-1');
    shown?.focus();
    shown?.scrollIntoView({ block: 'nearest' });
  });
  return true;
}

/** Hears what the window's preload passes on. */
export function listenForPlaces(): void {
  window.addEventListener('message', ({ origin, data }: MessageEvent<unknown>) => {
    if (origin !== location.origin || typeof data !== 'object' || data === null) return;
    const { type, place } = data as { type?: unknown; place?: unknown };
    if (type === 'morphinePlace' && typeof place === 'string') showDock(place);
  });
}

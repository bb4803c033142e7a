// One studio per data folder: a second start brings the first one's window to the front and hands
// over its link. Links come as arguments on Windows and Linux, and as a signal on macOS.

import type { App } from 'electron';
import { LINK_SCHEME, type Place, placeOf } from './addresses.ts';

export type Instance = {
  /** Hears each place that is asked for from now on, and the one that this start asked for. */
  onLink(run: (place: Place) => void): void;
};

/**
 * Claims the data folder. Null: another one has it, and was told.
 *
 * @param linkOf the link among the arguments of another start
 */
export function claimInstance(
  app: App,
  link: string | null,
  linkOf: (argv: readonly string[]) => string | null,
): Instance | null {
  if (!app.requestSingleInstanceLock()) return null;
  // In a checkout the scheme would name Electron itself.
  if (app.isPackaged) app.setAsDefaultProtocolClient(LINK_SCHEME);
  let waiting: Place | null = link === null ? null : placeOf(link);
  let hear: ((place: Place) => void) | null = null;
  const take = (place: Place | null) => {
    if (place === null) return;
    if (hear) hear(place);
    else waiting = place;
  };
  // A start without a link, or with one that is none, shows the studio.
  app.on('second-instance', (_signal, argv) => take(placeOf(linkOf(argv) ?? '') ?? 'studio'));
  app.on('open-url', (signal, url) => {
    signal.preventDefault();
    take(placeOf(url));
  });
  return {
    onLink(run) {
      hear = run;
      if (waiting !== null) run(waiting);
      waiting = null;
    },
  };
}

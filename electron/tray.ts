// The tray: says by shape, colour and words how the show is, brings the window back, and quits. It
// runs no operation of the product.

import { Menu, nativeImage, Tray } from 'electron';
import { type TrayState, trayPicture } from './trayPicture.ts';
import type { ShellWord, ShellWords } from './words.ts';

const SIZE = 16;
const WORDS: Record<TrayState, ShellWord> = {
  starting: 'trayStarting',
  ready: 'trayReady',
  live: 'trayLive',
  trouble: 'trayTrouble',
};

export type StudioTray = { show(state: TrayState): void; close(): void };

/** Null where the system has no tray. */
export function openTray(
  words: ShellWords,
  acts: { openStudio(): void; quit(): void },
): StudioTray | null {
  let tray: Tray;
  try {
    tray = new Tray(pictureOf('starting'));
  } catch {
    return null;
  }
  let shown: TrayState | null = null;
  tray.on('click', acts.openStudio);
  const show = (state: TrayState) => {
    if (state === shown) return;
    shown = state;
    tray.setImage(pictureOf(state));
    tray.setToolTip(words(WORDS[state]));
    tray.setContextMenu(
      Menu.buildFromTemplate([
        { label: words(WORDS[state]), enabled: false },
        { type: 'separator' },
        { id: 'tray-open', label: words('openStudio'), click: acts.openStudio },
        { id: 'tray-quit', label: words('quit'), click: acts.quit },
      ]),
    );
  };
  show('starting');
  return { show, close: () => tray.destroy() };
}

function pictureOf(state: TrayState) {
  const picture = nativeImage.createEmpty();
  for (const scale of [1, 2]) {
    const size = SIZE * scale;
    picture.addRepresentation({
      scaleFactor: scale,
      width: size,
      height: size,
      buffer: Buffer.from(trayPicture(state, size)),
    });
  }
  return picture;
}

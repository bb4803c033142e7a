// The app's own menu, in the system's language. What it does is the shell's: pages, windows,
// folders. Nothing of a show is done from here.

import type { MenuItemConstructorOptions } from 'electron';
import type { ShellWords } from './words.ts';

export type MenuActs = {
  about(): void;
  lookForUpdates(): void;
  openViewerPage(): void;
  copyViewerLink(): void;
  showDataFolder(): void;
  showCrashReports(): void;
  showCapture(): void;
  protect(isProtected: boolean): void;
};

type Item = MenuItemConstructorOptions;
const LINE: Item = { type: 'separator' };

/** The template; `isPackaged` leaves the tools for developers out. */
export function menuTemplate(at: {
  words: ShellWords;
  platform: NodeJS.Platform;
  isPackaged: boolean;
  isProtected: boolean;
  acts: MenuActs;
}): Item[] {
  const { words, acts } = at;
  const isMac = at.platform === 'darwin';
  const about: Item = { id: 'about', label: words('about'), click: acts.about };
  const updates: Item = {
    id: 'updates',
    label: words('checkForUpdates'),
    click: acts.lookForUpdates,
  };
  const app: Item = {
    label: 'Morphine Studio',
    submenu: [
      about,
      updates,
      LINE,
      { role: 'hide', label: words('hide') },
      { role: 'hideOthers', label: words('hideOthers') },
      { role: 'unhide', label: words('unhide') },
      LINE,
      { role: 'quit', label: words('quit') },
    ],
  };
  const help: Item = {
    role: 'help',
    label: words('help'),
    submenu: [
      ...(isMac ? [] : [about, updates, LINE]),
      { id: 'crash-reports', label: words('showCrashReports'), click: acts.showCrashReports },
    ],
  };
  return [...(isMac ? [app] : []), studioMenu(at, isMac), editMenu(words), viewMenu(at), help];
}

function studioMenu({ words, acts }: { words: ShellWords; acts: MenuActs }, isMac: boolean): Item {
  const end: Item = isMac
    ? { role: 'close', label: words('close') }
    : { role: 'quit', label: words('quit') };
  return {
    label: words('studio'),
    submenu: [
      { id: 'viewer-page', label: words('openViewerPage'), click: acts.openViewerPage },
      { id: 'viewer-link', label: words('copyViewerLink'), click: acts.copyViewerLink },
      LINE,
      { id: 'data-folder', label: words('showDataFolder'), click: acts.showDataFolder },
      { id: 'capture', label: words('showCapture'), click: acts.showCapture },
      LINE,
      end,
    ],
  };
}

function editMenu(words: ShellWords): Item {
  const roles = ['undo', 'redo', 'cut', 'copy', 'paste', 'selectAll'] as const;
  return { label: words('edit'), submenu: roles.map((role) => ({ role, label: words(role) })) };
}

type ViewMenuAt = { words: ShellWords; isPackaged: boolean; isProtected: boolean; acts: MenuActs };

function viewMenu({ words, isPackaged, isProtected, acts }: ViewMenuAt): Item {
  return {
    label: words('view'),
    submenu: [
      { role: 'reload', label: words('reload') },
      LINE,
      { role: 'resetZoom', label: words('actualSize') },
      { role: 'zoomIn', label: words('zoomIn') },
      { role: 'zoomOut', label: words('zoomOut') },
      { role: 'togglefullscreen', label: words('fullScreen') },
      { role: 'minimize', label: words('minimize') },
      LINE,
      {
        id: 'protect',
        type: 'checkbox',
        label: words('protectWindow'),
        checked: isProtected,
        click: (item) => acts.protect(item.checked),
      },
      ...(isPackaged
        ? []
        : [{ role: 'toggleDevTools', label: words('developerTools') } satisfies Item]),
    ],
  };
}

// What stands around the studio's window: menu, tray, About, updates, staying awake, and the one
// question before a live show is closed. All of it follows the facts that the supervisor tells.

import { app, type BrowserWindow, clipboard, dialog, Menu, shell } from 'electron';
import type { StudioHost } from '../native/host/studio.ts';
import { mayOpenOutside, type Place } from './addresses.ts';
import { createAwake } from './awake.ts';
import { type MenuActs, menuTemplate } from './menus.ts';
import { openTray } from './tray.ts';
import type { TrayState } from './trayPicture.ts';
import type { UpdateState } from './updatePolicy.ts';
import { openUpdates, updateText } from './updates.ts';
import { openAboutWindow, type StudioWindow } from './windows.ts';
import { type ShellWords, shellLanguage } from './words.ts';

export type Surroundings = {
  /** Something about the studio changed. */
  look(): void;
  /** Brings the window to the front and shows this part of it. */
  showPlace(place: Place): void;
  /** Quits, after asking when a show is live. */
  quit(): void;
  close(): void;
};

type SurroundingsAt = {
  studio: StudioHost;
  studioWindow: StudioWindow;
  words: ShellWords;
  preloadFolder: string;
  crashFolder: string;
  showCapture(): void;
  stop(): void;
};

export function openSurroundings(at: SurroundingsAt): Surroundings {
  const { studio, words } = at;
  const { window } = at.studioWindow;
  const stayAwake = createAwake();
  const updates = openUpdates(process.resourcesPath ?? '', (state) => offerUpdate(state));
  const show = () => {
    if (window.isDestroyed()) return;
    if (window.isMinimized()) window.restore();
    window.show();
    window.focus();
  };
  let isEnding = false;
  const leave = createLeaving(at, () => {
    isEnding = true;
    at.stop();
  });
  const tray = openTray(words, { openStudio: show, quit: () => void leave(tray !== null) });
  window.on('close', (signal) => {
    if (isEnding || studio.readyFacts().state !== 'live') return;
    signal.preventDefault();
    void leave(tray !== null);
  });

  function offerUpdate(state: UpdateState): void {
    if (state.state !== 'ready') return;
    void dialog
      .showMessageBox(window, {
        message: updateText(state, words),
        buttons: [words('restartToUpdate', { version: state.version }), words('close')],
        cancelId: 1,
      })
      .then(({ response }) => {
        if (response === 0) updates.install();
      });
  }

  async function lookForUpdates(): Promise<void> {
    await updates.look();
    const message = updateText(updates.state(), words);
    if (!window.isDestroyed()) await dialog.showMessageBox(window, { message });
  }

  installMenu(at, () => void lookForUpdates());
  void updates.look();
  return {
    look() {
      const { state, source } = studio.readyFacts();
      stayAwake(state === 'live', source ?? '');
      updates.setLive(state === 'live');
      tray?.show(trayStateOf(studio));
    },
    showPlace(place) {
      show();
      if (place !== 'studio') window.webContents.send('place', place);
    },
    quit: () => void leave(tray !== null),
    close() {
      isEnding = true;
      stayAwake(false, '');
      tray?.close();
    },
  };
}

/** A live show is asked about once; with a tray it can go on without its window. */
function createLeaving({ studio, studioWindow, words }: SurroundingsAt, end: () => void) {
  let isAsking = false;
  return async (hasTray: boolean): Promise<void> => {
    if (studio.readyFacts().state !== 'live') return end();
    if (isAsking) return;
    isAsking = true;
    const hide = hasTray ? [words('liveHide')] : [];
    const buttons = [words('liveStay'), words('liveEnd'), ...hide];
    const { response } = await dialog.showMessageBox({
      type: 'question',
      message: words('liveTitle'),
      detail: words('liveDetail'),
      buttons,
      defaultId: 0,
      cancelId: 0,
    });
    isAsking = false;
    if (response === 1) end();
    if (response === 2) studioWindow.window.hide();
  };
}

/** Live and ready are the engine's word; a part that is away is trouble, whatever was said last. */
export function trayStateOf(studio: Pick<StudioHost, 'readyFacts'>): TrayState {
  const { state, processes } = studio.readyFacts();
  const isWhole = processes.engine !== null && processes.ledger !== null;
  return isWhole ? state : 'trouble';
}

function installMenu(at: SurroundingsAt, lookForUpdates: () => void): void {
  const { studio, studioWindow, words } = at;
  let about: BrowserWindow | undefined;
  const viewerUrl = () => studio.readyFacts().viewer;
  const acts: MenuActs = {
    about() {
      if (about && !about.isDestroyed()) return about.focus();
      about = openAboutWindow(at.preloadFolder, shellLanguage(app.getPreferredSystemLanguages()));
    },
    lookForUpdates,
    openViewerPage() {
      const url = viewerUrl();
      if (url !== null && mayOpenOutside(url, url)) void shell.openExternal(url);
    },
    copyViewerLink: () => clipboard.writeText(viewerUrl() ?? ''),
    showDataFolder: () => void shell.openPath(studio.readyFacts().data),
    showCrashReports: () => void shell.openPath(at.crashFolder),
    showCapture: at.showCapture,
    protect: studioWindow.protect,
  };
  const template = menuTemplate({
    words,
    platform: process.platform,
    isPackaged: app.isPackaged,
    isProtected: studioWindow.isProtected(),
    acts,
  });
  Menu.setApplicationMenu(Menu.buildFromTemplate(template));
}

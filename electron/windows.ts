// The windows of the app: the studio, the capture page that opens devices and encodes, and About.
// All are sandboxed pages of our own without Node; none can go elsewhere or open anything but links
// that the system's browser may show.

import { join } from 'node:path';
import {
  type App,
  BrowserWindow,
  type BrowserWindowConstructorOptions,
  screen,
  shell,
} from 'electron';
import { isOurs, mayOpenOutside, PAGE_ORIGIN } from './addresses.ts';
import {
  placeOfWindow,
  readWindowState,
  WINDOW_SIZE_MIN,
  type WindowState,
  writeWindowState,
} from './windowState.ts';

const SURFACE = '#0A0C10';
/** A page that dies oftener than this within a minute stays dead: it would only flicker. */
const REVIVALS_MAX = 5;

function optionsOf(preloadFolder: string): BrowserWindowConstructorOptions {
  return {
    backgroundColor: SURFACE,
    show: false,
    webPreferences: {
      preload: join(preloadFolder, 'preload.cjs'),
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      webviewTag: false,
      // The monitor and the capture page go on while another program has the screen.
      backgroundThrottling: false,
    },
  };
}

/** The studio's window, and what is kept of it. */
export type StudioWindow = {
  window: BrowserWindow;
  /** Whether captures of the screen leave it out. */
  isProtected(): boolean;
  protect(isProtected: boolean): void;
};

/** Opens the studio's window where it was. It shows keys, so captures leave it out. */
export function openStudioWindow(preloadFolder: string, stateFile: string): StudioWindow {
  const areas = screen.getAllDisplays().map(({ workArea }) => workArea);
  let state = readWindowState(stateFile, areas);
  const window = new BrowserWindow({
    ...optionsOf(preloadFolder),
    title: 'Morphine Studio',
    ...placeOfWindow(state),
    minWidth: WINDOW_SIZE_MIN.width,
    minHeight: WINDOW_SIZE_MIN.height,
  });
  if (state.isMaximized) window.maximize();
  window.setContentProtection(state.isProtected);
  window.once('ready-to-show', () => window.show());
  const keep = (change: Partial<WindowState>) => {
    state = { ...state, ...change };
    writeWindowState(stateFile, state);
  };
  // Asked while it is closing: afterwards it has no place any more.
  window.on('close', () =>
    keep({ bounds: window.getNormalBounds(), isMaximized: window.isMaximized() }),
  );
  void window.loadURL(`${PAGE_ORIGIN}/`);
  return {
    window,
    isProtected: () => state.isProtected,
    protect(isProtected) {
      window.setContentProtection(isProtected);
      keep({ isProtected });
    },
  };
}

/**
 * Opens the page that owns camera and screen; a reload of the studio leaves it alone. It stays
 * hidden, and is shown where a person has to press in it: what is shared is chosen each time.
 */
export function openCaptureWindow(preloadFolder: string, needsPress: boolean): BrowserWindow {
  const window = new BrowserWindow({
    ...optionsOf(preloadFolder),
    title: 'Morphine Studio camera',
    width: 640,
    height: 420,
  });
  if (needsPress) window.once('ready-to-show', () => window.show());
  void window.loadURL(`${PAGE_ORIGIN}/capture/`);
  return window;
}

/** Opens About: version, licences, and where ffmpeg's source is. */
export function openAboutWindow(preloadFolder: string, language: string): BrowserWindow {
  const window = new BrowserWindow({
    ...optionsOf(preloadFolder),
    title: 'Morphine Studio',
    width: 720,
    height: 640,
    autoHideMenuBar: true,
  });
  window.once('ready-to-show', () => window.show());
  void window.loadURL(`${PAGE_ORIGIN}/about/${language === 'zh' ? 'zh.html' : 'index.html'}`);
  return window;
}

/**
 * Keeps every page on our pages, whichever window or frame it is in, and whoever made it.
 *
 * @param viewerUrl the link for viewers now; its relay's pages may be opened outside
 */
export function guardPages(app: App, viewerUrl: () => string | null): void {
  app.on('web-contents-created', (_signal, contents) => {
    const stay = (signal: { preventDefault(): void }, url: string) => {
      if (!isOurs(url)) signal.preventDefault();
    };
    contents.on('will-navigate', stay);
    contents.on('will-redirect', stay);
    contents.on('will-frame-navigate', (details) => stay(details, details.url));
    contents.on('will-attach-webview', (signal) => signal.preventDefault());
    contents.setWindowOpenHandler(({ url }) => {
      if (mayOpenOutside(url, viewerUrl())) void shell.openExternal(url);
      return { action: 'deny' };
    });
  });
}

/** A page whose process died is loaded again: nobody is left before an empty window. */
export function revive(window: BrowserWindow, nowMs: () => number): void {
  const diedMs: number[] = [];
  window.webContents.on('render-process-gone', (_signal, { reason }) => {
    if (reason === 'clean-exit' || window.isDestroyed()) return;
    diedMs.push(nowMs());
    const recent = diedMs.filter((at) => at > nowMs() - 60_000);
    if (recent.length <= REVIVALS_MAX) void window.loadURL(window.webContents.getURL());
  });
}

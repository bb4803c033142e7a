// The windows of the app: the studio, and the capture page that opens devices and encodes. Both are
// sandboxed pages of our own without Node; neither can go elsewhere or open anything but links
// that the system's browser may show.

import { join } from 'node:path';
import { BrowserWindow, type BrowserWindowConstructorOptions, shell } from 'electron';
import { PAGE_ORIGIN } from './pages.ts';

const SURFACE = '#0A0C10';

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

/** Opens the studio's window. */
export function openStudioWindow(preloadFolder: string): BrowserWindow {
  const window = new BrowserWindow({
    ...optionsOf(preloadFolder),
    title: 'Morphine Studio',
    width: 1440,
    height: 900,
    minWidth: 1024,
    minHeight: 640,
  });
  guard(window);
  window.once('ready-to-show', () => window.show());
  void window.loadURL(`${PAGE_ORIGIN}/`);
  return window;
}

/** Opens the page that owns camera and microphone; a reload of the studio leaves it alone. */
export function openCaptureWindow(preloadFolder: string): BrowserWindow {
  const window = new BrowserWindow({
    ...optionsOf(preloadFolder),
    title: 'Morphine Studio camera',
    width: 640,
    height: 420,
  });
  guard(window);
  void window.loadURL(`${PAGE_ORIGIN}/capture/`);
  return window;
}

/** Keeps a window on our pages. */
function guard(window: BrowserWindow): void {
  window.webContents.on('will-navigate', (signal, url) => {
    if (!isOurs(url)) signal.preventDefault();
  });
  window.webContents.setWindowOpenHandler(({ url }) => {
    if (mayOpenOutside(url)) void shell.openExternal(url);
    return { action: 'deny' };
  });
}

export function isOurs(url: string): boolean {
  return url === PAGE_ORIGIN || url.startsWith(`${PAGE_ORIGIN}/`);
}

/** Links that the system's browser may show: https, and a relay's viewer page on this machine. */
export function mayOpenOutside(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname, username, password } = new URL(url);
  if (username !== '' || password !== '') return false;
  const isLoopback = hostname === '127.0.0.1' || hostname === 'localhost';
  return protocol === 'https:' || (protocol === 'http:' && isLoopback);
}

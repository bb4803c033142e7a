// Screens and windows for the capture page: the system's own picker where there is one, else a
// native menu with a picture of each. Never chooses by itself, and gives nothing to another page.

import {
  BrowserWindow,
  type DesktopCapturerSource,
  desktopCapturer,
  Menu,
  type Session,
  type Streams,
} from 'electron';
import { isCapturePage } from './addresses.ts';
import type { ShellWords } from './words.ts';

const PICTURE = { width: 160, height: 90 } as const;
/** A menu longer than this is no choice any more. */
const SOURCES_MAX = 24;

/**
 * What the computer plays, where its system gives it: Windows always; macOS from 13 (Darwin 22) on,
 * by ScreenCaptureKit and later by audio taps. Linux has none: its sound comes by another source.
 */
export function hasLoopback(platform: NodeJS.Platform, release: string): boolean {
  if (platform === 'win32') return true;
  return platform === 'darwin' && Number.parseInt(release, 10) >= 22;
}

/** Answers `getDisplayMedia` of the capture page. */
export function installScreenPicker(
  session: Session,
  at: { words: ShellWords; platform: NodeJS.Platform; release: string },
): void {
  session.setDisplayMediaRequestHandler(
    (request, answer) => {
      if (!isCapturePage(request.frame?.url ?? '') || !request.userGesture) return answer(null);
      const wantsSound = request.audioRequested && hasLoopback(at.platform, at.release);
      pick(at.words).then(
        (source) => answer(source && streamsOf(source, wantsSound)),
        () => answer(null),
      );
    },
    { useSystemPicker: true },
  );
}

function streamsOf(source: DesktopCapturerSource, wantsSound: boolean): Streams {
  const video = { id: source.id, name: source.name };
  return wantsSound ? { video, audio: 'loopback' } : { video };
}

async function pick(words: ShellWords): Promise<DesktopCapturerSource | null> {
  const found = await desktopCapturer.getSources({
    types: ['screen', 'window'],
    thumbnailSize: PICTURE,
  });
  const ours = new Set(BrowserWindow.getAllWindows().map((one) => one.getMediaSourceId()));
  const sources = found.filter(({ id }) => !ours.has(id)).slice(0, SOURCES_MAX);
  // Wayland's own portal has asked already when exactly one comes back.
  if (process.env.XDG_SESSION_TYPE === 'wayland' && found.length === 1) return found[0] ?? null;
  return new Promise((done) => {
    const head = sources.length > 0 ? words('chooseScreen') : words('nothingToShare');
    const menu = Menu.buildFromTemplate([
      { label: head, enabled: false },
      { type: 'separator' },
      ...sources.map((source) => ({
        id: `screen:${source.id}`,
        label: source.name,
        icon: source.thumbnail,
        click: () => done(source),
      })),
    ]);
    // The click comes after the menu has closed.
    menu.popup({ callback: () => setImmediate(() => done(null)) });
  });
}

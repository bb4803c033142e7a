// Updates of the packed app by electron-updater, whose only door this is. Where the build names no
// place to get them from they are off, and whoever looks is told so.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  createUpdates,
  type Updater,
  type UpdateState,
  type Updates,
  updateWay,
} from './updatePolicy.ts';
import type { ShellWords } from './words.ts';

/** Opens them; nothing is looked for before somebody asks. */
export function openUpdates(
  resourceFolder: string,
  onChange: (state: UpdateState) => void,
): Updates {
  return createUpdates({
    way: updateWay(process.platform, readPlace(resourceFolder)),
    openUpdater: openElectronUpdater,
    onChange,
  });
}

/** Loaded when first needed: it is large, and off in most builds. */
async function openElectronUpdater(): Promise<Updater> {
  const { autoUpdater } = (await import('electron-updater')).default;
  // Its own package of the token, which it does not hand on.
  const { CancellationToken } = await import('builder-util-runtime');
  autoUpdater.logger = null;
  autoUpdater.autoDownload = false;
  autoUpdater.allowDowngrade = false;
  let token = new CancellationToken();
  return {
    installOnQuit(isWanted) {
      autoUpdater.autoInstallOnAppQuit = isWanted;
    },
    checkForUpdates: () => autoUpdater.checkForUpdates(),
    downloadUpdate() {
      token = new CancellationToken();
      return autoUpdater.downloadUpdate(token);
    },
    cancelDownload: () => token.cancel(),
    quitAndInstall: () => autoUpdater.quitAndInstall(false, true),
  };
}

function readPlace(resourceFolder: string): string | null {
  try {
    return readFileSync(join(resourceFolder, 'app-update.yml'), 'utf8');
  } catch {
    return null;
  }
}

/** What a person is told of it. */
export function updateText(state: UpdateState, words: ShellWords): string {
  switch (state.state) {
    case 'off':
      return words(state.way === 'offUnsigned' ? 'updateOffUnsigned' : 'updateOffUnplaced');
    case 'told':
      return words('updateTold', { version: state.version });
    case 'loading':
      return words('updateLoading', { version: state.version });
    case 'ready':
      return words('updateReady', { version: state.version });
    case 'waiting':
      return words('updateWaiting');
    case 'failed':
      return words('updateFailed', { reason: state.reason });
    case 'idle':
    case 'checking':
    case 'newest':
      return words('updateNone');
  }
}

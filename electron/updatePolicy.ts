// When an update may be looked for, fetched and installed. Pure of Electron: the updater comes as a
// parameter. Nothing of it happens while a show is live, not even a look: an update costs uplink,
// disk and nerves. Whoever is in a staged roll-out is decided by the updater's own draw.

/** How this build may update itself. */
export type UpdateWay = 'install' | 'tell' | 'offUnplaced' | 'offUnsigned';

/**
 * @param placeFile text of `app-update.yml`, which the packer writes where a place to publish is
 *   named; null when there is none
 */
export function updateWay(platform: NodeJS.Platform, placeFile: string | null): UpdateWay {
  if (placeFile === null) return 'offUnplaced';
  // Squirrel refuses what the running app's signer did not sign.
  if (platform === 'darwin') return 'install';
  // The updater checks the signer only where the build names one.
  if (platform === 'win32') return /^publisherName:/m.test(placeFile) ? 'install' : 'offUnsigned';
  // Nothing signs an AppImage or a deb, so a person decides.
  return 'tell';
}

/** As much of electron-updater as is used. */
export type Updater = {
  /** Whether what was fetched is installed when the app quits. */
  installOnQuit(isWanted: boolean): void;
  /** Null when updates are not possible; `isUpdateAvailable` counts the staged roll-out in. */
  checkForUpdates(): Promise<Found | null>;
  downloadUpdate(): Promise<unknown>;
  /** Ends a download that runs; it rejects then. */
  cancelDownload(): void;
  quitAndInstall(): void;
};
type Found = { isUpdateAvailable: boolean; updateInfo: { version: string } };

export type UpdateState =
  | { state: 'off'; way: UpdateWay }
  | { state: 'idle' | 'waiting' | 'checking' | 'newest' }
  | { state: 'told' | 'loading' | 'ready'; version: string }
  | { state: 'failed'; reason: string };

export type Updates = {
  state(): UpdateState;
  /** Looks for one now, or as soon as no show is live. */
  look(): Promise<void>;
  setLive(isLive: boolean): void;
  /** Quits and installs; false while a show is live or nothing is ready. */
  install(): boolean;
};

export function createUpdates(at: {
  way: UpdateWay;
  openUpdater(): Promise<Updater>;
  onChange(state: UpdateState): void;
}): Updates {
  let isLive = false;
  let isWanted = false;
  let isBusy = false;
  let updater: Updater | null = null;
  let state: UpdateState =
    at.way === 'install' || at.way === 'tell' ? { state: 'idle' } : { state: 'off', way: at.way };
  const change = (next: UpdateState) => {
    state = next;
    at.onChange(next);
  };

  async function open(): Promise<Updater> {
    if (updater) return updater;
    updater = await at.openUpdater();
    updater.installOnQuit(false);
    return updater;
  }

  async function step(): Promise<void> {
    const mine = await open();
    change({ state: 'checking' });
    const found = await mine.checkForUpdates();
    if (!found?.isUpdateAvailable) return change({ state: 'newest' });
    const { version } = found.updateInfo;
    if (at.way === 'tell') return change({ state: 'told', version });
    if (isLive) return wait();
    change({ state: 'loading', version });
    try {
      await mine.downloadUpdate();
    } catch (cause) {
      // A show began: it is fetched after it.
      if (isLive) return wait();
      throw cause;
    }
    mine.installOnQuit(!isLive);
    change({ state: 'ready', version });
  }

  function wait(): void {
    isWanted = true;
    change({ state: 'waiting' });
  }

  async function look(): Promise<void> {
    if (state.state === 'off' || state.state === 'ready' || isBusy) return;
    if (isLive) return wait();
    isBusy = true;
    isWanted = false;
    await step().catch((cause: unknown) => {
      change({ state: 'failed', reason: cause instanceof Error ? cause.message : String(cause) });
    });
    isBusy = false;
  }

  return {
    state: () => state,
    look,
    setLive(next) {
      if (next === isLive) return;
      isLive = next;
      if (state.state === 'ready') updater?.installOnQuit(!isLive);
      if (isLive && state.state === 'loading') updater?.cancelDownload();
      if (!isLive && isWanted) void look();
    },
    install() {
      if (isLive || state.state !== 'ready' || !updater) return false;
      updater.quitAndInstall();
      return true;
    },
  };
}

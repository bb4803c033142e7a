// Electron as the shell meets it, for a plain Node: the same names, and a refusal wherever Electron
// refuses. It draws nothing; windows, pages and the system's answers are played by the test at the
// other end of this process's IPC, which is told of everything by notes and steers by asks.

import { EventEmitter } from 'node:events';
import { existsSync } from 'node:fs';
import { checkTransfer, type MessagePortMain, messagesSeen } from './ports.ts';
import { UtilityProcess, utilityForks } from './utilityProcess.ts';
import { computer, emitPreventable, note, onAsk, wire } from './world.ts';

export { MessageChannelMain, MessagePortMain } from './ports.ts';
export {
  clipboard,
  crashReporter,
  desktopCapturer,
  dialog,
  Menu,
  nativeImage,
  powerSaveBlocker,
  screen,
  Tray,
} from './systemDouble.ts';

class App extends EventEmitter {
  readonly isPackaged = computer.isPackaged ?? false;
  readonly #paths = new Map([['userData', `${process.env.INIT_CWD}/never-used`]]);
  #isReady = false;
  #ready: Promise<void>;

  constructor() {
    super();
    // The entry's modules are evaluated in one turn; Electron is ready after them, never before.
    this.#ready = new Promise((done) =>
      setImmediate(() => {
        this.#isReady = true;
        this.emit('ready');
        done();
      }),
    );
  }

  isReady(): boolean {
    return this.#isReady;
  }

  whenReady(): Promise<void> {
    return this.#ready;
  }

  getVersion(): string {
    return '0.1.0';
  }

  getPath(name: string): string {
    return this.#paths.get(name) ?? '';
  }

  setPath(name: string, path: string): void {
    if (!existsSync(path)) throw new Error(`There is no folder ${path}`);
    this.#paths.set(name, path);
    note('path', { name, path });
  }

  enableSandbox(): void {
    if (this.#isReady) throw new Error('app.enableSandbox() can only be called before ready');
    note('sandbox');
  }

  requestSingleInstanceLock(): boolean {
    note('lock', { folder: this.getPath('userData') });
    return !computer.isSecond;
  }

  setAsDefaultProtocolClient(scheme: string): boolean {
    note('scheme', { scheme });
    return true;
  }

  getPreferredSystemLanguages(): string[] {
    return computer.languages ?? ['en-GB'];
  }

  quit(): void {
    if (emitPreventable(this, 'before-quit')) return;
    this.exit(0);
  }

  exit(code = 0): void {
    process.exit(code);
  }
}

export const app = new App();

function refuseBeforeReady(what: string): void {
  if (!app.isReady()) throw new Error(`${what} before the app is ready`);
}

class WebContents extends EventEmitter {
  readonly mainFrame = { url: '' };
  readonly #window: BrowserWindow;
  openHandler: ((details: { url: string }) => { action: string }) | undefined;

  constructor(window: BrowserWindow) {
    super();
    this.#window = window;
    app.emit('web-contents-created', {}, this);
  }

  send(channel: string, ...args: unknown[]): void {
    note('toPage', { window: this.#window.id, channel, message: args[0], ports: [] });
  }

  getURL(): string {
    return this.mainFrame.url;
  }

  isDestroyed(): boolean {
    return this.#window.isDestroyed();
  }

  setWindowOpenHandler(handler: (details: { url: string }) => { action: string }): void {
    this.openHandler = handler;
  }

  postMessage(channel: string, message: unknown, transfer: readonly unknown[] = []): void {
    if (this.isDestroyed()) throw new TypeError('Object has been destroyed');
    checkTransfer(transfer);
    const ports = transfer.map((port: MessagePortMain) => wire.carry(port));
    note('toPage', { window: this.#window.id, channel, message, ports });
  }
}

const WINDOW_OPTIONS = new Set(
  `backgroundColor show title x y width height minWidth minHeight webPreferences icon
  autoHideMenuBar`.split(/\s+/),
);
const PAGE_OPTIONS = new Set(
  `preload contextIsolation sandbox nodeIntegration nodeIntegrationInWorker
  nodeIntegrationInSubFrames webSecurity allowRunningInsecureContent webviewTag
  backgroundThrottling`.split(/\s+/),
);
const windows = new Map<number, BrowserWindow>();

export class BrowserWindow extends EventEmitter {
  static #count = 0;
  readonly id = ++BrowserWindow.#count;
  readonly webContents = new WebContents(this);
  bounds = { x: 100, y: 80, width: 1280, height: 720 };
  #isDestroyed = false;
  #isVisible = false;
  #isMaximized = false;

  constructor(options: { webPreferences?: object } = {}) {
    super();
    refuseBeforeReady('Cannot create BrowserWindow');
    const unknown = [
      ...Object.keys(options).filter((key) => !WINDOW_OPTIONS.has(key)),
      ...Object.keys(options.webPreferences ?? {}).filter((key) => !PAGE_OPTIONS.has(key)),
    ];
    windows.set(this.id, this);
    note('window', { window: this.id, options, unknown });
  }

  static getAllWindows(): BrowserWindow[] {
    return [...windows.values()];
  }

  getMediaSourceId(): string {
    return `window:${this.id}:0`;
  }

  setContentProtection(isProtected: boolean): void {
    note('protected', { window: this.id, isProtected });
  }

  getNormalBounds() {
    return this.bounds;
  }

  isMaximized(): boolean {
    return this.#isMaximized;
  }

  maximize(): void {
    this.#isMaximized = true;
  }

  isMinimized(): boolean {
    return false;
  }

  isVisible(): boolean {
    return this.#isVisible;
  }

  focus(): void {
    note('focus', { window: this.id });
  }

  hide(): void {
    this.#isVisible = false;
    note('hide', { window: this.id });
  }

  /** Closes without asking anybody. */
  destroy(): void {
    if (this.#isDestroyed) return;
    this.#isDestroyed = true;
    windows.delete(this.id);
    note('closed', { window: this.id });
    this.emit('closed');
    if (windows.size === 0) app.emit('window-all-closed');
  }

  loadURL(url: string): Promise<void> {
    this.webContents.mainFrame.url = url;
    note('load', { window: this.id, url });
    setImmediate(() => this.emit('ready-to-show'));
    return Promise.resolve();
  }

  show(): void {
    this.#isVisible = true;
    note('show', { window: this.id });
  }

  isDestroyed(): boolean {
    return this.#isDestroyed;
  }

  close(): void {
    if (this.#isDestroyed || emitPreventable(this, 'close')) return;
    this.destroy();
  }
}

type RequestHandler = (
  contents: WebContents,
  permission: string,
  answer: (isGranted: boolean) => void,
  details: object,
) => void;
type CheckHandler = (
  contents: WebContents | null,
  permission: string,
  origin: string,
  details: object,
) => boolean;

type DisplayHandler = (
  request: { frame: { url: string } | null; userGesture: boolean; audioRequested: boolean },
  answer: (streams: object | null) => void,
) => void;
type BeforeRequest = (request: object, answer: (answer: { cancel?: boolean }) => void) => void;

class Session extends EventEmitter {
  // Without handlers Electron grants everything.
  request: RequestHandler = (_contents, _permission, answer) => answer(true);
  check: CheckHandler = () => true;
  device: (details: object) => boolean = () => true;
  display: DisplayHandler = (_request, answer) => answer(null);
  readonly webRequest = {
    onBeforeRequest({ urls }: { urls: string[] }, run: BeforeRequest): void {
      run({}, ({ cancel }) => note('fetches', { urls, isCancelled: cancel === true }));
    },
  };
  setSpellCheckerEnabled(isEnabled: boolean): void {
    note('spelling', { isEnabled });
  }
  setDisplayMediaRequestHandler(handler: DisplayHandler, options: object): void {
    note('picker', options);
    this.display = handler;
  }
  setPermissionRequestHandler(handler: RequestHandler): void {
    this.request = handler;
  }
  setPermissionCheckHandler(handler: CheckHandler): void {
    this.check = handler;
  }
  setDevicePermissionHandler(handler: (details: object) => boolean): void {
    this.device = handler;
  }
}

const onlySession = new Session();
export const session = {
  get defaultSession(): Session {
    refuseBeforeReady('Session can not be received');
    return onlySession;
  },
};

export const ipcMain = new EventEmitter();
ipcMain.on('error', () => {});

const pageHandlers = new Map<string, (request: Request) => Promise<Response>>();
export const protocol = {
  registerSchemesAsPrivileged(schemes: { scheme: string; privileges: object }[]): void {
    if (app.isReady()) {
      throw new Error('protocol.registerSchemesAsPrivileged should be called before app is ready');
    }
    note('schemes', { schemes });
  },
  handle(scheme: string, handler: (request: Request) => Promise<Response>): void {
    refuseBeforeReady('protocol.handle');
    if (pageHandlers.has(scheme)) throw new Error(`The scheme ${scheme} is handled already`);
    pageHandlers.set(scheme, handler);
  },
};

/** A keychain that hides nothing: what counts is who asks it, when, and for what. */
export const safeStorage = {
  isEncryptionAvailable: () => app.isReady(),
  getSelectedStorageBackend: () => computer.backend ?? 'gnome_libsecret',
  encryptString(text: string): Buffer {
    refuseBeforeReady('safeStorage cannot be used');
    note('wrapped', { length: text.length });
    return Buffer.from(`double:${Buffer.from(text).toString('base64')}`);
  },
  decryptString(bytes: Buffer): string {
    refuseBeforeReady('safeStorage cannot be used');
    const text = bytes.toString();
    if (!text.startsWith('double:')) throw new Error('Error while decrypting the ciphertext');
    return Buffer.from(text.slice('double:'.length), 'base64').toString();
  },
};

export const shell = {
  openExternal(url: string): Promise<void> {
    note('openExternal', { url });
    return Promise.resolve();
  },
  openPath(path: string): Promise<string> {
    note('openPath', { path });
    return Promise.resolve('');
  },
};

export const utilityProcess = {
  fork(modulePath: string, args?: string[], options?: object): UtilityProcess {
    refuseBeforeReady('utilityProcess.fork');
    const child = new UtilityProcess(modulePath, args ?? [], options ?? {});
    note('fork', { file: modulePath, options, unknown: child.unknownOptions });
    return child;
  },
};

function windowOf(args: Record<string, unknown>): BrowserWindow {
  const window = windows.get(Number(args.window));
  if (!window) throw new Error(`There is no window ${args.window}`);
  return window;
}

/** What the test may ask for: a person's, a page's or the system's doing. */
onAsk({
  permissionRequest: ({ permission, details, ...args }) =>
    new Promise((done) => {
      const { webContents } = windowOf(args);
      onlySession.request(webContents, String(permission), done, (details ?? {}) as object);
    }),
  permissionCheck: ({ permission, origin, details }) =>
    onlySession.check(null, String(permission), String(origin), (details ?? {}) as object),
  devicePermission: (args) => onlySession.device(args),
  navigate: ({ url, signal, ...args }) =>
    emitPreventable(windowOf(args).webContents, String(signal ?? 'will-navigate'), url),
  navigateFrame({ url, ...args }) {
    let isPrevented = false;
    const preventDefault = () => {
      isPrevented = true;
    };
    windowOf(args).webContents.emit('will-frame-navigate', { url, preventDefault });
    return isPrevented;
  },
  attachWebview: (args) => emitPreventable(windowOf(args).webContents, 'will-attach-webview'),
  download: ({ url }) =>
    emitPreventable(onlySession, 'will-download', { getURL: () => String(url) }),
  shareScreen: ({ frameUrl, userGesture, audioRequested }) =>
    new Promise((done) => {
      const frame = frameUrl === null ? null : { url: String(frameUrl) };
      onlySession.display(
        { frame, userGesture: userGesture !== false, audioRequested: audioRequested === true },
        done,
      );
    }),
  pageDies({ reason, ...args }) {
    const { webContents } = windowOf(args);
    const details = { reason: reason ?? 'crashed', exitCode: 5 };
    webContents.emit('render-process-gone', {}, details);
    app.emit('render-process-gone', {}, webContents, details);
  },
  childDies: (details) => void app.emit('child-process-gone', {}, details),
  secondStart: ({ argv }) => void app.emit('second-instance', {}, argv),
  openLink: ({ url }) => emitPreventable(app, 'open-url', url),
  quit: () => app.quit(),
  isVisible: (args) => windowOf(args).isVisible(),
  openWindow: ({ url, ...args }) =>
    windowOf(args).webContents.openHandler?.({ url: String(url) }) ?? { action: 'allow' },
  async fetchPage({ url }) {
    const scheme = String(url).slice(0, String(url).indexOf(':'));
    const handler = pageHandlers.get(scheme);
    if (!handler) throw new Error(`Nobody serves ${scheme}:`);
    // Node's Request takes only http addresses; the shell reads nothing but the address.
    const answer = await handler({ url, method: 'GET' } as Request);
    return {
      status: answer.status,
      headers: Object.fromEntries(answer.headers),
      text: await answer.text(),
    };
  },
  fromPage({ channel, args, frameUrl, isInner, ...rest }) {
    const { webContents } = windowOf(rest);
    const url = frameUrl === undefined ? webContents.getURL() : frameUrl;
    const isTop = url === webContents.getURL() && isInner !== true;
    const senderFrame = isTop ? webContents.mainFrame : { url };
    ipcMain.emit(
      String(channel),
      { sender: webContents, senderFrame: url === null ? null : senderFrame, ports: [] },
      ...((args ?? []) as unknown[]),
    );
  },
  closeWindow: (args) => windowOf(args).close(),
  messagesSeen: () => messagesSeen.count,
  fromChildren: () => utilityForks.flatMap((child) => child.messages),
});

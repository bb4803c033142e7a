// The desktop shell: opens windows, decides permissions, runs the supervisor, and steps aside. It
// makes a port pair for each window and never sees a message again. No media, no bets, no
// operation of the product passes through this process.

import { join } from 'node:path';
import { app, type BrowserWindow, ipcMain, MessageChannelMain, session } from 'electron';
import { isPageSource } from '../core/media/capturePort.ts';
import { launchStudio } from '../native/host/launch.ts';
import type { StudioHost } from '../native/host/studio.ts';
import { platformKeychain } from './keychain.ts';
import { declarePageScheme, servePages } from './pages.ts';
import { installPermissionPolicy } from './permissions.ts';
import { createUtilityLauncher } from './utilityLauncher.ts';
import { isOurs, openCaptureWindow, openStudioWindow } from './windows.ts';

/**
 * Arguments that are the app's own: after Electron's path and, in a checkout, after Electron's own
 * switches and the path of the app.
 */
function ownArguments(): string[] {
  const given = process.argv.slice(1);
  return app.isPackaged ? given : given.slice(given.findIndex((one) => !one.startsWith('-')) + 1);
}

/** Built files: beside this one in a checkout; native parts are unpacked in a packed app. */
const outFolder = join(import.meta.dirname, '..');
const unpackedFolder = outFolder.replace('app.asar', 'app.asar.unpacked');
const launcher = createUtilityLauncher(join(unpackedFolder, 'main'));

declarePageScheme();
let studio: StudioHost | undefined;
let isStopping = false;

/** Ends the show and the app: every process within three seconds, exit code 0. */
async function stop(): Promise<void> {
  if (isStopping) return;
  isStopping = true;
  await studio?.stop();
  app.exit(0);
}

function handPorts(): void {
  ipcMain.on('requestPort', (signal) => {
    const url = signal.senderFrame?.url ?? '';
    if (!isOurs(url) || signal.sender.isDestroyed()) return;
    const { port1, port2 } = new MessageChannelMain();
    const kind = new URL(url).pathname.startsWith('/capture') ? 'capture' : 'studio';
    launcher.handPort(kind, port1);
    signal.sender.postMessage('port', null, [port2]);
  });
}

/** While a page makes the source it is open, once; afterwards nothing holds the devices. */
function keepCapturePage(preloadFolder: string): () => void {
  let window: BrowserWindow | undefined;
  return () => {
    const isPageWanted = isPageSource(studio?.readyFacts().source ?? '');
    if (isPageWanted && (!window || window.isDestroyed()))
      window = openCaptureWindow(preloadFolder);
    if (!isPageWanted && window && !window.isDestroyed()) window.close();
  };
}

async function run(): Promise<void> {
  await app.whenReady();
  installPermissionPolicy(session.defaultSession);
  servePages(join(outFolder, 'renderer'));
  handPorts();
  const launched = await launchStudio({
    args: ownArguments(),
    folders: {
      entries: join(unpackedFolder, 'main'),
      pages: join(outFolder, 'renderer'),
      models: app.isPackaged
        ? join(process.resourcesPath, 'models')
        : join(outFolder, '..', 'models'),
    },
    callerFolder: process.env.INIT_CWD ?? process.cwd(),
    launcher,
    keychain: platformKeychain(),
  });
  if ('line' in launched) {
    process.stdout.write(`${launched.line}\n`);
    app.exit(launched.exitCode);
    return;
  }
  studio = launched.studio;
  const preloadFolder = join(outFolder, 'preload');
  const lookForCamera = keepCapturePage(preloadFolder);
  studio.onChange(lookForCamera);
  lookForCamera();
  openStudioWindow(preloadFolder).on('closed', () => void stop());
}

app.on('window-all-closed', () => void stop());
app.on('before-quit', (signal) => {
  if (isStopping) return;
  signal.preventDefault();
  void stop();
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => void stop());
}
void run();

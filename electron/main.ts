// The desktop shell: opens windows, decides permissions, runs the supervisor, and steps aside. It
// makes a port pair for each window and never sees a message again. No media, no bets, no
// operation of the product passes through this process.

import { mkdirSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { app, type BrowserWindow, dialog, MessageChannelMain, session } from 'electron';
import { z } from 'zod';
import { isPageSource } from '../core/media/capturePort.ts';
import { asideName, keepSettingsAside } from '../native/host/dataFolder.ts';
import { dataFolderNamed, type Launched, launchStudio } from '../native/host/launch.ts';
import type { StudioHost } from '../native/host/studio.ts';
import { isCapturePage, splitLinks, withoutWindowSwitches } from './addresses.ts';
import { startCrashReports, watchCrashes } from './crashReports.ts';
import { claimInstance } from './instance.ts';
import { platformKeychain } from './keychain.ts';
import { declarePageScheme, servePages } from './pages.ts';
import { installPermissionPolicy } from './permissions.ts';
import { installScreenPicker } from './screens.ts';
import { listenToPages } from './senders.ts';
import { askAboutSettings } from './settingsAside.ts';
import { openSurroundings, type Surroundings } from './surroundings.ts';
import { createUtilityLauncher } from './utilityLauncher.ts';
import { guardPages, openCaptureWindow, openStudioWindow, revive } from './windows.ts';
import { shellWords } from './words.ts';

/**
 * Arguments that are the app's own: after Electron's path and, in a checkout, after Electron's own
 * switches and the path of the app. A link that opened us is none of the studio's.
 */
function ownArguments(argv: readonly string[]): { args: string[]; link: string | null } {
  const given = argv.slice(1);
  const own = app.isPackaged
    ? given
    : given.slice(given.findIndex((one) => !one.startsWith('-')) + 1);
  const { args, link } = splitLinks(own);
  return { args: withoutWindowSwitches(args), link };
}

/** Built files: beside this one in a checkout; native parts are unpacked in a packed app. */
const outFolder = join(import.meta.dirname, '..');
const unpackedFolder = outFolder.replace('app.asar', 'app.asar.unpacked');
const preloadFolder = join(outFolder, 'preload');
const callerFolder = process.env.INIT_CWD ?? process.cwd();
const launcher = createUtilityLauncher(join(unpackedFolder, 'main'));
const given = ownArguments(process.argv);

/** What Chromium keeps lies in the data folder, so that one studio per folder can run. */
function placeOwnFiles(): string {
  const dataFolder = dataFolderNamed(given.args, callerFolder);
  const folder = dataFolder === null ? app.getPath('userData') : join(dataFolder, 'window');
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    app.setPath('userData', folder);
  } catch {
    // The start refuses such a folder, with its name and the fix.
  }
  return folder;
}

declarePageScheme();
app.enableSandbox();
const windowFolder = placeOwnFiles();
const nowMs = () => Date.now();
const reports = startCrashReports(app, join(windowFolder, 'crashes'), nowMs);
let studio: StudioHost | undefined;
let surroundings: Surroundings | undefined;
let isStopping = false;

// A mistake here must not end a show that runs beside it; before one runs there is nothing to lose.
watchCrashes(app, reports, () => {
  if (!studio) app.exit(1);
});
guardPages(app, () => studio?.readyFacts().viewer ?? null);

/** Ends the show and the app: every process within three seconds, exit code 0. */
async function stop(): Promise<void> {
  if (isStopping) return;
  isStopping = true;
  surroundings?.close();
  await studio?.stop();
  app.exit(0);
}

function handPorts(): void {
  listenToPages('requestPort', z.tuple([]), ({ page, url }) => {
    const { port1, port2 } = new MessageChannelMain();
    launcher.handPort(isCapturePage(url) ? 'capture' : 'studio', port1);
    page.postMessage('port', null, [port2]);
  });
}

/** While a page makes the source it is open, once; afterwards nothing holds the devices. */
function keepCapturePage() {
  let window: BrowserWindow | undefined;
  const openOne = () => (window && !window.isDestroyed() ? window : undefined);
  return {
    show: () => openOne()?.show(),
    look() {
      // What is on air stays there until the page of its successor has delivered a picture.
      const facts = studio?.readyFacts();
      const source = [facts?.nextSource, facts?.source].find((url) => url && isPageSource(url));
      if (!source) return openOne()?.destroy();
      const needsPress = !source.startsWith('camera:');
      const open = openOne();
      if (open) {
        if (needsPress && !open.isVisible()) open.show();
        return;
      }
      const opened = openCaptureWindow(preloadFolder, needsPress);
      revive(opened, nowMs);
      // Closing it by hand would end the picture: it is put away instead.
      opened.on('close', (signal) => {
        signal.preventDefault();
        opened.hide();
      });
      window = opened;
    },
  };
}

/** Starts the studio; a settings file that cannot be used is kept aside when the person says so. */
async function launch(): Promise<Launched> {
  const launched = await launchStudio({
    args: given.args,
    folders: {
      entries: join(unpackedFolder, 'main'),
      pages: join(outFolder, 'renderer'),
      models: app.isPackaged
        ? join(process.resourcesPath, 'models')
        : join(outFolder, '..', 'models'),
    },
    callerFolder,
    launcher,
    keychain: platformKeychain(),
  });
  if (!('line' in launched) || launched.settingsFile === undefined) return launched;
  const { settingsFile, line, exitCode } = launched;
  const answer = await askAboutSettings({
    ...{ line, words: shellWords(app.getPreferredSystemLanguages()) },
    name: asideName(settingsFile, nowMs()),
    async ask(question) {
      const box = { ...question, type: 'warning' as const, defaultId: 0, cancelId: 1 };
      return (await dialog.showMessageBox(box)).response;
    },
    keep: (name) => keepSettingsAside(settingsFile, name),
  });
  return answer === 'start' ? launch() : { ...answer, exitCode };
}

function refuse(line: string, exitCode: number): void {
  process.stdout.write(`${line}\n`);
  // Who pressed an icon sees no line.
  if (app.isPackaged) {
    const words = shellWords(app.getPreferredSystemLanguages());
    dialog.showErrorBox(words('refusedTitle'), line);
  }
  app.exit(exitCode);
}

async function run(): Promise<void> {
  const instance = claimInstance(app, given.link, (argv) => ownArguments(argv).link);
  if (!instance) return app.exit(0);
  await app.whenReady();
  const words = shellWords(app.getPreferredSystemLanguages());
  installPermissionPolicy(session.defaultSession);
  installScreenPicker(session.defaultSession, {
    words,
    platform: process.platform,
    release: release(),
  });
  servePages(join(outFolder, 'renderer'));
  handPorts();
  const launched = await launch();
  if ('line' in launched) return refuse(launched.line, launched.exitCode);
  studio = launched.studio;
  const capture = keepCapturePage();
  const studioWindow = openStudioWindow(preloadFolder, join(windowFolder, 'window.json'));
  revive(studioWindow.window, nowMs);
  surroundings = openSurroundings({
    studio,
    studioWindow,
    words,
    preloadFolder,
    crashFolder: reports.folder,
    showCapture: capture.show,
    stop: () => void stop(),
  });
  instance.onLink(surroundings.showPlace);
  const look = () => {
    capture.look();
    surroundings?.look();
  };
  studio.onChange(look);
  look();
  studioWindow.window.on('closed', () => void stop());
}

app.on('window-all-closed', () => void stop());
app.on('before-quit', (signal) => {
  if (isStopping) return;
  signal.preventDefault();
  if (surroundings) surroundings.quit();
  else void stop();
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => void stop());
}
void run();

// What both hosts do the same: read the command line, refuse a source that can never play, and
// start the studio with this machine's real clocks and random numbers.

import { randomBytes } from 'node:crypto';
import { realTimers } from '../../core/base/clock.ts';
import { checkSource, SourceError } from '../capture/checkSource.ts';
import { type FfmpegChoice, resolveFfmpeg } from '../ffmpeg/resolve.ts';
import { type Keychain, openPersonalKey, PersonalKeyLost } from '../ledger/personal/personalKey.ts';
import { createLogger } from '../telemetry/logger.ts';
import { openChannelKey } from '../upstream/channelKey.ts';
import { BadCommandLine, readCommandLine, type StudioOptions } from './commandLine.ts';
import { defaultDataFolder, SettingsRefused } from './dataFolder.ts';
import { type ResourceFolders, type StudioHost, startStudio } from './studio.ts';
import { type ProcessLauncher, StartRefused } from './supervisor.ts';

export type LaunchOptions = {
  args: readonly string[];
  folders: ResourceFolders;
  /** Folder that relative paths on the command line refer to. */
  callerFolder: string;
  launcher: ProcessLauncher;
  /** Wraps the key of personal data; without one that key is a file. */
  keychain?: Keychain | null;
};

/** A studio that runs, or the line and exit code that say why none does. */
export type Launched =
  | { studio: StudioHost; options: StudioOptions }
  | {
      line: string;
      exitCode: number;
      /** The settings file, where only it is in the way. */
      settingsFile?: string;
    };

/** Starts a studio; never throws for what a person can mend. */
export async function launchStudio(launch: LaunchOptions): Promise<Launched> {
  try {
    const options = readCommandLine(launch.args, launch.callerFolder);
    const studio = await startStudio({
      options,
      folders: launch.folders,
      launcher: launch.launcher,
      timers: realTimers,
      logger: createLogger(process.env.MORPHINE_LOG ?? 'info', 'supervisor'),
      random: (length) => randomBytes(length),
      platform: process.platform,
      env: process.env,
      monotonicUs: () => Number(process.hrtime.bigint() / 1000n),
      wallUs: () => Date.now() * 1000,
      pid: process.pid,
      callerFolder: launch.callerFolder,
      findFfmpeg: (configuredPath) =>
        resolveFfmpeg({ configuredPath, environmentPath: process.env.MORPHINE_FFMPEG }),
      refuseBadSource: (source, ffmpeg) => refuseBadSource(source, ffmpeg, launch.callerFolder),
      openChannelKey,
      openPersonalKey: (dataFolder) => wrappedKey(launch, dataFolder),
    });
    return { studio, options };
  } catch (cause) {
    if (cause instanceof BadCommandLine) return { line: cause.message, exitCode: 2 };
    if (cause instanceof SettingsRefused) {
      return { line: cause.message, exitCode: cause.exitCode, settingsFile: cause.path };
    }
    if (cause instanceof StartRefused) return { line: cause.message, exitCode: cause.exitCode };
    const detail = cause instanceof Error ? cause.stack : String(cause);
    return { line: `Morphine Studio could not start: ${detail}`, exitCode: 1 };
  }
}

/** The data folder that these arguments name; null where they are wrong, which a start refuses. */
export function dataFolderNamed(args: readonly string[], callerFolder: string): string | null {
  try {
    const { dataFolder } = readCommandLine(args, callerFolder);
    return dataFolder ?? defaultDataFolder(process.platform, process.env);
  } catch {
    return null;
  }
}

async function refuseBadSource(
  source: string,
  ffmpeg: FfmpegChoice,
  callerFolder: string,
): Promise<void> {
  try {
    await checkSource(source, { callerFolder, ffmpeg });
  } catch (cause) {
    if (cause instanceof SourceError) throw new StartRefused(`--source: ${cause.message}.`, 2);
    throw cause;
  }
}

/** The key that a keychain protects; without one the ledger opens its own file, under its lock. */
function wrappedKey({ keychain }: LaunchOptions, dataFolder: string): string | null {
  if (!keychain) return null;
  try {
    const random = (length: number) => randomBytes(length);
    const { key } = openPersonalKey({ dataFolder, keychain, random });
    return Buffer.from(key).toString('hex');
  } catch (cause) {
    if (cause instanceof PersonalKeyLost) throw new StartRefused(cause.message, 2);
    throw cause;
  }
}

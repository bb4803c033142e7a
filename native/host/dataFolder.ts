// The folder that holds everything a studio keeps: settings, the channel's key and clock, the
// ledger, models of the user's own. This file finds it, proves that it can be written, and reads
// its small JSON files. It never opens the ledger.

import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { pictureChoiceSchema } from '../../core/contract/picture.ts';
import { StartRefused } from './supervisor.ts';

const retentionDays = z.number().int().min(2).max(3650).nullable().default(null);

/** Of settings.json; raised when a key changes its meaning. */
const SETTINGS_VERSION = 1;

/** Settings a person may edit by hand. Unknown keys are refused, so that a typo is seen. */
export const settingsSchema = z.strictObject({
  version: z.literal(SETTINGS_VERSION),
  /** Path of an ffmpeg to prefer; MORPHINE_FFMPEG overrides it. */
  ffmpeg: z.string().min(1).optional(),
  /** Folder with models of the user's own; MORPHINE_MODELS overrides it. */
  models: z.string().min(1).optional(),
  /** What the show is called on the viewers' page. */
  title: z.string().trim().min(1).max(80).default('My show'),
  /** Pictures for weak paths beside the best one; each costs an encoder. 1 on a weak machine. */
  layers: z.number().int().min(1).max(3).default(1),
  /** What the picture may take of the uplink; absent: what suits its size. */
  bitsPerSecondMax: z.number().int().min(500_000).max(10_000_000).optional(),
  /** What it is for and how large: read, and written when chosen in the page, by the engine. */
  picture: pictureChoiceSchema.optional(),
  logLevel: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  /**
   * Days until personal data is erased, one setting per kind; null keeps it. Enforced at start. No
   * less than two days: markets live for one, and may be corrected after that.
   */
  retention: z
    .strictObject({
      /** Device keys of viewers who have not been here for so long; their points go with them. */
      personalKeysDays: retentionDays,
      /** Titles of markets and reasons of decisions. */
      textsDays: retentionDays,
    })
    .default({ personalKeysDays: null, textsDays: null }),
});
export type Settings = z.infer<typeof settingsSchema>;

/** The settings file cannot be used: broken, or of another version. Only it is to be mended. */
export class SettingsRefused extends StartRefused {
  readonly path: string;
  constructor(path: string, line: string) {
    super(line, 2);
    this.path = path;
  }
}

const channelClockSchema = z.strictObject({
  version: z.literal(1),
  /** Media clock = monotonic clock + this, microseconds. */
  epochUs: z.number().int(),
  /** Latest media time that is known to have been used, microseconds. */
  lastUs: z.number().int().nonnegative(),
});
export type ChannelClock = z.infer<typeof channelClockSchema>;

/** The platform's folder for this product's data. */
export function defaultDataFolder(platform: NodeJS.Platform, env: NodeJS.ProcessEnv): string {
  if (platform === 'win32') {
    return join(env.APPDATA ?? join(homedir(), 'AppData', 'Roaming'), 'Morphine Studio');
  }
  if (platform === 'darwin') {
    return join(homedir(), 'Library', 'Application Support', 'Morphine Studio');
  }
  return join(env.XDG_DATA_HOME ?? join(homedir(), '.local', 'share'), 'morphine-studio');
}

/**
 * Makes the folder and proves that files can be written in it (root ignores file modes, so it is
 * tried rather than asked).
 * @throws StartRefused
 */
export function prepareDataFolder(folder: string): void {
  const probe = join(folder, `.probe-${process.pid}`);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    try {
      writeFileSync(probe, 'probe', { mode: 0o600, flush: true });
    } finally {
      rmSync(probe, { force: true });
    }
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
    throw new StartRefused(
      `--data ${folder} cannot be written (${reasonOf(code)}). Name a folder on a disk with ` +
        'space where you may write.',
      2,
    );
  }
}

/**
 * Reads settings.json; a missing file gives the defaults.
 * @throws SettingsRefused naming the key that is wrong
 */
export function readSettings(folder: string): Settings {
  const path = join(folder, 'settings.json');
  let data: unknown;
  try {
    data = readJson(path);
  } catch (cause) {
    throw cause instanceof StartRefused ? new SettingsRefused(path, cause.message) : cause;
  }
  if (data === undefined) return settingsSchema.parse({ version: 1 });
  const parsed = settingsSchema.safeParse(data);
  if (parsed.success) return parsed.data;
  const newer = newerVersionOf(data);
  if (newer !== null) {
    throw new SettingsRefused(
      path,
      `${path} is of a newer version (${newer}; this Morphine Studio reads ${SETTINGS_VERSION}). ` +
        'Update Morphine Studio. Mend or remove the file to go on without.',
    );
  }
  const issue = parsed.error.issues[0];
  const where = issue?.path.join('.') ?? '';
  throw new SettingsRefused(
    path,
    `${path}: ${where ? `"${where}": ` : ''}${issue?.message}. Mend or remove that line.`,
  );
}

/** The version that a file says it has, where it is one that we do not know yet. */
function newerVersionOf(data: unknown): number | null {
  const said = z.object({ version: z.number() }).safeParse(data).data?.version ?? 0;
  return said > SETTINGS_VERSION ? said : null;
}

/**
 * The channel's clock for this start. The same epoch is kept while the monotonic clock goes on, so
 * setting the wall clock back an hour changes nothing; after a reboot a new one continues later.
 *
 * @param monotonicUs this machine's monotonic clock
 * @param wallUs Unix time, used only to choose a new epoch
 */
export function readChannelClock(
  folder: string,
  monotonicUs: number,
  wallUs: number,
): ChannelClock {
  const path = join(folder, 'clock.json');
  const data = readJson(path);
  const parsed = channelClockSchema.safeParse(data);
  const known = parsed.success
    ? parsed.data
    : { version: 1 as const, epochUs: wallUs - monotonicUs, lastUs: 0 };
  const clock = { ...known };
  if (clock.epochUs + monotonicUs < clock.lastUs) {
    clock.epochUs = Math.max(wallUs, clock.lastUs + 1_000_000) - monotonicUs;
  }
  writeChannelClock(folder, clock);
  return clock;
}

/**
 * Keeps a settings file aside, so that the next start takes the defaults. Nothing is lost.
 *
 * @param name by `asideName`
 * @throws where the disk does not allow it, or when another file has that name by now
 */
export function keepSettingsAside(path: string, name: string): void {
  const aside = join(dirname(path), name);
  // A rename would write over it.
  if (existsSync(aside)) throw new Error(`${aside} is there already`);
  renameSync(path, aside);
}

/**
 * Under which name a settings file would be kept aside: one that no file has.
 *
 * @param wallMs Unix time
 */
export function asideName(path: string, wallMs: number): string {
  const at = new Date(wallMs).toISOString().slice(0, 19).replace(/[:T]/g, '-');
  for (let count = 1; ; count++) {
    const name = `settings.kept-${at}${count === 1 ? '' : `-${count}`}.json`;
    if (!existsSync(join(dirname(path), name))) return name;
  }
}

/** Keeps the clock for the next start. Written every few seconds and at the end of a run. */
export function writeChannelClock(folder: string, clock: ChannelClock): void {
  writeFileAtomically(join(folder, 'clock.json'), `${JSON.stringify(clock)}\n`);
}

/** Writes a file with mode 0600 so that a reader sees the old or the new one, never a part. */
export function writeFileAtomically(path: string, text: string): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, text, { mode: 0o600 });
    renameSync(temporary, path);
  } catch (cause) {
    // On a full disk even the part that was written is room that others need.
    rmSync(temporary, { force: true });
    throw cause;
  }
}

function readJson(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
    if (code === 'ENOENT') return undefined;
    throw new StartRefused(
      `${path} cannot be read (${reasonOf(code)}). Mend or remove the file.`,
      2,
    );
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new StartRefused(`${path} is not valid JSON (${detail}). Mend or remove the file.`, 2);
  }
}

function reasonOf(code: string): string {
  const words: Record<string, string> = {
    EROFS: 'the disk is read-only',
    ENOSPC: 'the disk is full',
    EACCES: 'access is denied',
    EPERM: 'access is denied',
    ENOTDIR: 'a part of the path is a file',
    EISDIR: 'it is a folder',
    EEXIST: 'a file has that name',
  };
  return words[code] ?? code;
}

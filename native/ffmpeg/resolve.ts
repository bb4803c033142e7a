// Finds the ffmpeg to use and asks it once what it can do. One that a person named
// (MORPHINE_FFMPEG, then the settings) is taken as it is. Else that which can do most of what the
// product makes use of: those in PATH, then the packaged one (a build of 2018: no SRT, no NVENC,
// old option names). Nothing else in the product may look for ffmpeg or guess at its options.

import { execFile } from 'node:child_process';
import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import { FFMPEG_ABILITIES } from '../../core/contract/picture.ts';
import { abilitiesOf } from './abilities.ts';

/** An ffmpeg that was started once and answered. */
export type Ffmpeg = {
  path: string;
  origin: 'configured' | 'environment' | 'system' | 'packaged';
  /** As it names itself: "5.1.9-0+deb12u1", "N-47683-g0e8eb07980-static". */
  version: string;
  encoders: ReadonlySet<string>;
  demuxers: ReadonlySet<string>;
  /** What it can read from: file, tcp, srt ... */
  protocols: ReadonlySet<string>;
  /** Arguments that let every frame through with its own time, whatever the build calls it. */
  passthrough: readonly string[];
  /** Command put before ffmpeg so that it dies with us; empty where the system has none. */
  deathPrefix: readonly string[];
};

/** What the studio says when there is none: one sentence with the fix. */
export type NoFfmpeg = { path: null; reason: string };
export type FfmpegChoice = Ffmpeg | NoFfmpeg;

export type ResolveOptions = {
  /** From settings.json; a wrong one is reported, never silently replaced. */
  configuredPath?: string | undefined;
  /** The value of MORPHINE_FFMPEG; it comes before the settings. */
  environmentPath?: string | undefined;
  /** Folders to look in, as in PATH. Default: this process's PATH. */
  searchPath?: string | undefined;
  /** Path of the packaged build; null when there is none. Default: @ffmpeg-installer. */
  packagedPath?: string | null | undefined;
};

/** ffmpeg answers such questions in 50 ms; a network file system may take longer. */
const PROBE_WAIT_MS = 8_000;
const REQUIRED_ENCODERS = ['libx264', 'libopus'];

const known = new Map<string, Promise<Ffmpeg | string>>();

/**
 * Finds the ffmpeg of this machine. Asks each file once per process and change of the file.
 *
 * @returns of those that start and have libx264 and libopus the one with most abilities, the first
 * of equals; or the reason why there is none
 */
export async function resolveFfmpeg(options: ResolveOptions = {}): Promise<FfmpegChoice> {
  const named: [Ffmpeg['origin'], string | undefined, string][] = [
    ['environment', options.environmentPath, 'MORPHINE_FFMPEG'],
    ['configured', options.configuredPath, 'the ffmpeg path in the settings'],
  ];
  for (const [origin, path, name] of named) {
    if (!path) continue;
    const answer = await probeOnce(path, origin);
    if (typeof answer !== 'string') return answer;
    return { path: null, reason: `${name} does not work: ${answer}. Mend it or remove it.` };
  }
  const failures: string[] = [];
  let best: Ffmpeg | null = null;
  for (const [path, origin] of foundPaths(options)) {
    const answer = await probeOnce(path, origin);
    if (typeof answer === 'string') failures.push(answer);
    else if (!best || abilitiesOf(answer).length > abilitiesOf(best).length) best = answer;
    // Asking takes time that the start waits for: who lacks nothing ends it.
    if (best && abilitiesOf(best).length === FFMPEG_ABILITIES.length) break;
  }
  if (best) return best;
  const why = failures.length > 0 ? ` (${failures.join('; ')})` : '';
  return {
    path: null,
    reason: `No ffmpeg with libx264 and libopus was found${why}. Install ffmpeg and restart.`,
  };
}

/** True when this choice can run. */
export function hasFfmpeg(choice: FfmpegChoice): choice is Ffmpeg {
  return choice.path !== null;
}

function foundPaths(options: ResolveOptions): [string, 'system' | 'packaged'][] {
  const found: [string, 'system' | 'packaged'][] = [];
  for (const path of allInPath('ffmpeg', options.searchPath)) found.push([path, 'system']);
  const packaged = options.packagedPath === undefined ? packagedFfmpegPath() : options.packagedPath;
  if (packaged) found.push([packaged, 'packaged']);
  return found;
}

/** Path of the packaged build for this platform, or null. Files inside app.asar cannot be run. */
export function packagedFfmpegPath(): string | null {
  try {
    const installer: unknown = createRequire(import.meta.url)('@ffmpeg-installer/ffmpeg');
    if (typeof installer !== 'object' || installer === null || !('path' in installer)) return null;
    return String(installer.path).replace(/app\.asar(?=[\\/])/, 'app.asar.unpacked');
  } catch {
    return null;
  }
}

/** A PATH with many of them is no reason to start them all. */
const IN_PATH_MAX = 4;

/** In the order of PATH; one that is there by two names comes once. */
function allInPath(program: string, searchPath = process.env.PATH ?? ''): string[] {
  const name = process.platform === 'win32' ? `${program}.exe` : program;
  const found = new Map<string, string>();
  for (const folder of searchPath.split(delimiter)) {
    if (!folder || found.size >= IN_PATH_MAX) continue;
    const path = join(folder, name);
    if (!isRunnable(path)) continue;
    const real = realpathSync(path);
    if (!found.has(real)) found.set(real, path);
  }
  return [...found.values()];
}

function isRunnable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function probeOnce(path: string, origin: Ffmpeg['origin']): Promise<Ffmpeg | string> {
  let changedMs = 0;
  try {
    changedMs = statSync(path).mtimeMs;
  } catch {
    return Promise.resolve(`${path} is not there`);
  }
  const key = `${path}\n${changedMs}\n${origin}`;
  let answer = known.get(key);
  if (!answer) {
    answer = probe(path, origin);
    known.set(key, answer);
  }
  return answer;
}

async function probe(path: string, origin: Ffmpeg['origin']): Promise<Ffmpeg | string> {
  try {
    const [version, encoders, demuxers, protocols, help] = await Promise.all([
      ask(path, ['-version']),
      ask(path, ['-hide_banner', '-encoders']),
      ask(path, ['-hide_banner', '-demuxers']),
      ask(path, ['-hide_banner', '-protocols']),
      ask(path, ['-hide_banner', '-h', 'long']),
    ]);
    const name = /ffmpeg version (\S+)/.exec(version)?.[1];
    if (!name) return `${path} is not ffmpeg`;
    const facts: Ffmpeg = {
      path,
      origin,
      version: name,
      encoders: namesIn(encoders),
      demuxers: namesIn(demuxers),
      protocols: inputsIn(protocols),
      passthrough: [/^-fps_mode\b/m.test(help) ? '-fps_mode' : '-vsync', 'passthrough'],
      deathPrefix: deathPrefix(),
    };
    const missing = REQUIRED_ENCODERS.filter((encoder) => !facts.encoders.has(encoder));
    return missing.length > 0 ? `${path} has no ${missing.join(' and no ')}` : facts;
  } catch (error) {
    return `${path} does not start: ${error instanceof Error ? firstLine(error.message) : error}`;
  }
}

function ask(path: string, questions: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { timeout: PROBE_WAIT_MS, maxBuffer: 4 * 1024 * 1024, windowsHide: true };
    execFile(path, [...questions], options, (error, stdout) => {
      if (error) reject(error);
      else resolve(stdout);
    });
  });
}

/** Lines look like " V....D libx264   H.264 ..." and " DE flv   FLV ...". */
function namesIn(list: string): Set<string> {
  const names = new Set<string>();
  for (const line of list.split('\n')) {
    const match = /^ ([A-Z.]{6}|[D ][E ]{1,2}) *(\S+) /.exec(line);
    for (const name of match?.[2]?.split(',') ?? []) names.add(name);
  }
  return names;
}

/** One name a line, those to read from between "Input:" and "Output:". */
function inputsIn(list: string): Set<string> {
  const inputs = /Input:\s([\s\S]*?)Output:/.exec(list)?.[1] ?? '';
  return new Set(inputs.split(/\s+/).filter((name) => name !== ''));
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? '';
}

/**
 * util-linux's setpriv asks the Linux kernel to kill ffmpeg when the thread that started it ends,
 * however that happens. Elsewhere ffmpeg ends when its pipes close.
 */
function deathPrefix(): readonly string[] {
  if (process.platform !== 'linux') return [];
  const [setpriv] = allInPath('setpriv');
  return setpriv ? [setpriv, '--pdeathsig', 'KILL', '--'] : [];
}

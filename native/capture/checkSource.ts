// Looks at a source URL before anything starts, so that a wrong one is one sentence and exit 2.
// It starts no source; a file is only asked what is in it.

import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import type { CaptureProgram } from '../../core/media/capturePort.ts';
import { type FfmpegChoice, hasFfmpeg } from '../ffmpeg/resolve.ts';
import { PROGRAM_TITLES } from './cameraSource.ts';
import { checkNetwork, NETWORK_SCHEMES, type NetworkFacts } from './checkNetwork.ts';
import { readPlaylist } from './checkPlaylist.ts';
import { SourceError } from './sourceError.ts';

export { SourceError } from './sourceError.ts';

export type CheckSourceOptions = {
  /** Relative paths start here. */
  callerFolder: string;
  ffmpeg: FfmpegChoice;
};

/** A source URL, understood. */
export type SourceFacts =
  | { scheme: 'demo'; title: string; hasBarcode: boolean }
  | { scheme: 'page'; program: CaptureProgram; title: string }
  | { scheme: 'whip'; title: string }
  | { scheme: 'rtmp'; title: string }
  | { scheme: 'test'; title: string }
  | NetworkFacts
  | { scheme: 'playlist'; title: string; paths: string[] }
  | { scheme: 'file'; title: string; path: string; media: MediaFacts | null };

/** What is in a media file; null in SourceFacts when there is no ffmpeg to ask. */
export type MediaFacts = {
  /** Index of the first stream that is a moving picture. */
  videoStream: number;
  framesPerSecond: number;
  hasSound: boolean;
  /** Null: it does not say. */
  lengthUs: number | null;
};

/** ffmpeg names the streams of a file in well under a second; a network drive may be slow. */
const PROBE_WAIT_MS = 10_000;

/**
 * Understands a source URL and looks at its file.
 *
 * @throws SourceError for an unknown scheme, a wrong option, a missing or unreadable file, or a
 * file without video
 */
export async function checkSource(url: string, options: CheckSourceOptions): Promise<SourceFacts> {
  const scheme = url.slice(0, url.indexOf(':') + 1);
  const rest = url.slice(scheme.length);
  switch (scheme) {
    case 'demo:':
      return checkDemo(rest);
    case 'camera:':
    case 'screen:':
    case 'window:':
      return checkPage(scheme, rest);
    case 'whip:':
      if (rest) throw new SourceError('bad-options', 'whip: takes no options; use "whip:"');
      return { scheme: 'whip', title: 'OBS (WHIP)' };
    case 'rtmp:':
      if (rest) {
        throw new SourceError(
          'bad-options',
          'rtmp: waits for OBS and takes no address; use "rtmp:" and give OBS the studio’s server',
        );
      }
      return { scheme: 'rtmp', title: 'OBS (RTMP)' };
    case 'test:':
      if (rest) throw new SourceError('bad-options', 'test: takes no options; use "test:"');
      return { scheme: 'test', title: 'Test pattern' };
    case 'file:':
      return checkFile(rest, options);
    case 'playlist:':
      return checkPlaylist(rest, options);
    default:
      if (NETWORK_SCHEMES.includes(scheme)) return checkNetwork(url, options.ffmpeg);
      throw new SourceError(
        'unknown-scheme',
        `There is no source "${scheme || url}"; use camera:, screen:, window:, rtmp:, ` +
          'whip:, srt:, rtsp://…, http(s)://…, udp://…, file:PATH, playlist:PATH, test: or demo:',
      );
  }
}

/** What of it is shown is chosen on the page, where the browser asks for it. */
function checkPage(scheme: `${CaptureProgram}:`, rest: string): SourceFacts {
  if (rest) {
    const fix = `choose it on the capture page and use "${scheme}"`;
    throw new SourceError('bad-options', `${scheme} takes no options; ${fix}`);
  }
  const program = scheme === 'camera:' ? 'camera' : scheme === 'screen:' ? 'screen' : 'window';
  return { scheme: 'page', program, title: PROGRAM_TITLES[program] };
}

function checkDemo(rest: string): SourceFacts {
  const parameters = new URLSearchParams(rest.replace(/^\?/, ''));
  let hasBarcode = false;
  for (const [name, value] of parameters) {
    if (name !== 'barcode' || !['0', '1'].includes(value)) {
      throw new SourceError(
        'bad-options',
        `demo: does not know the option "${name}=${value}"; it knows barcode=0 and barcode=1`,
      );
    }
    hasBarcode = value === '1';
  }
  if (rest && !rest.startsWith('?')) {
    throw new SourceError('bad-options', 'Options of demo: follow a "?", as in demo:?barcode=1');
  }
  return { scheme: 'demo', title: 'Demo match', hasBarcode };
}

async function checkPlaylist(rest: string, options: CheckSourceOptions): Promise<SourceFacts> {
  const { title, paths } = readPlaylist(resolve(options.callerFolder, rest));
  const { ffmpeg } = options;
  // The rest is looked at when its turn comes.
  if (hasFfmpeg(ffmpeg)) await askFile(ffmpeg.path, paths[0] ?? '');
  return { scheme: 'playlist', title, paths };
}

async function checkFile(rest: string, options: CheckSourceOptions): Promise<SourceFacts> {
  if (!rest) throw new SourceError('missing-file', 'file: needs a path, as in file:clip.mp4');
  const path = resolve(options.callerFolder, rest);
  if (!existsSync(path)) {
    throw new SourceError('missing-file', `There is no file ${path}; give an existing one`);
  }
  if (!statSync(path).isFile()) {
    throw new SourceError('unreadable-file', `${path} is not a file; give a video file`);
  }
  try {
    accessSync(path, constants.R_OK);
  } catch {
    throw new SourceError('unreadable-file', `${path} cannot be read; check its permissions`);
  }
  if (statSync(path).size === 0) {
    throw new SourceError('unreadable-file', `${path} is empty; copy or record it again`);
  }
  const title = basename(path);
  if (!hasFfmpeg(options.ffmpeg)) return { scheme: 'file', title, path, media: null };
  return { scheme: 'file', title, path, media: await askFile(options.ffmpeg.path, path) };
}

/** Files may name other files; none of them may reach out to a network. */
export const FILE_PROTOCOLS = ['-protocol_whitelist', 'file,crypto,data'] as const;

/**
 * Asks ffmpeg what is in a file.
 *
 * @throws SourceError when it is none that can be played
 */
export async function askFile(program: string, path: string): Promise<MediaFacts> {
  // ffprobe is not in every package, so ffmpeg itself is asked; it ends with 1 for want of output.
  const text = await new Promise<string>((done) => {
    const question = ['-hide_banner', '-nostdin', ...FILE_PROTOCOLS, '-i', `file:${path}`];
    const limits = { timeout: PROBE_WAIT_MS, maxBuffer: 4 * 1024 * 1024, windowsHide: true };
    execFile(program, question, limits, (_error, _stdout, stderr) => done(stderr));
  });
  const streams = [...text.matchAll(/^ *Stream #0:(\d+)[^:]*: (Video|Audio): (.*)$/gm)];
  if (!/^Input #0/m.test(text)) {
    const isCut = /moov atom not found/.test(text);
    throw new SourceError(
      'unreadable-file',
      isCut
        ? `${path} has no index: it is cut off, or no video; copy it again, or record to MKV`
        : `${path} is no media file that ffmpeg understands; give a video, such as MP4 or MKV`,
    );
  }
  const video = streams.find(([line, , kind]) => kind === 'Video' && !/attached pic/.test(line));
  if (!video) throw new SourceError('no-video', `${path} has no video; give a file with a picture`);
  const rate = /([\d.]+)(k?) fps/.exec(video[3] ?? '') ?? /([\d.]+)(k?) tbr/.exec(video[3] ?? '');
  const framesPerSecond = Number(rate?.[1] ?? 30) * (rate?.[2] === 'k' ? 1000 : 1);
  return {
    videoStream: Number(video[1]),
    framesPerSecond: framesPerSecond > 0 ? framesPerSecond : 30,
    hasSound: streams.some(([, , kind]) => kind === 'Audio'),
    lengthUs: lengthIn(text),
  };
}

/** As in "Duration: 00:01:02.50, start: ..."; "N/A" where it is not known. */
function lengthIn(text: string): number | null {
  const [, hours, minutes, seconds] = /^ *Duration: (\d+):(\d+):([\d.]+)/m.exec(text) ?? [];
  const length = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  return length > 0 ? Math.round(length * 1e6) : null;
}

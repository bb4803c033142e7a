// A small picture of the show every few seconds, for previews of its link: the newest key frame as
// a JPEG, made by a short run of ffmpeg. Never holds up the show: one at a time, none while off
// air, and one that fails is simply not sent.

import type { MediaClock, MediaTimeUs, Timers } from '../../core/base/clock.ts';
import type { Logger } from '../../core/base/logger.ts';
import type { Unit } from '../../core/media/feed.ts';
import { NAL_SPS, nalTypeOf, parseSps, splitAnnexB } from '../../core/media/h264.ts';
import { type FfmpegChoice, hasFfmpeg } from '../ffmpeg/resolve.ts';
import { type FfmpegProcess, spawnFfmpeg } from '../ffmpeg/spawn.ts';

const PERIOD_US = 10_000_000;
/** The first one comes soon: a link is shared at the start of a show. */
const FIRST_US = 1_000_000;
const WIDTH_MAX = 640;
const JPEG_BYTES_MAX = 200 * 1024;
const SILENCE_MS_MAX = 8_000;

export type PosterPicture = { jpeg: Uint8Array; width: number; height: number };

export type Poster = {
  /** Every unit of the show; only a key frame now and then is looked at. */
  push(unit: Unit): void;
  close(): void;
};

export type PosterOptions = {
  ffmpeg: FfmpegChoice;
  clock: MediaClock;
  timers: Timers;
  logger: Logger;
  onHelper(pid: number, alive: boolean): void;
  isLive(): boolean;
  /** False when it could not be sent: the next key frame is taken. */
  send(picture: PosterPicture): boolean;
};

/** Without ffmpeg it does nothing: the link's preview then shows the cover. */
export function createPoster(options: PosterOptions): Poster {
  const { ffmpeg, clock, timers, isLive, send } = options;
  const logger = options.logger.with({ part: 'poster' });
  let process: FfmpegProcess | null = null;
  let dueUs: MediaTimeUs | null = null;
  let isClosed = false;

  function make(unit: Unit): void {
    const size = sizeOf(unit.bytes);
    if (!size || !hasFfmpeg(ffmpeg)) return;
    const parts: Uint8Array[] = [];
    let length = 0;
    const scale = `scale=${size.width}:${size.height}`;
    const run = spawnFfmpeg({
      ffmpeg,
      arguments: [
        ...['-threads', '1', '-f', 'h264', '-i', 'pipe:0', '-frames:v', '1', '-vf', scale],
        ...['-f', 'mjpeg', '-q:v', '6', 'pipe:1'],
      ],
      hasInput: true,
      outputs: [1],
      timers,
      logger,
      onHelper: options.onHelper,
      silenceMsMax: SILENCE_MS_MAX,
      onData(_output, bytes) {
        length += bytes.length;
        if (length <= JPEG_BYTES_MAX) parts.push(bytes);
      },
      onEnd(end) {
        process = null;
        if (isClosed) return;
        const jpeg = Uint8Array.from(Buffer.concat(parts));
        if (end.code === 0 && length > 0 && length <= JPEG_BYTES_MAX && send({ jpeg, ...size })) {
          return;
        }
        dueUs = clock.nowUs() + FIRST_US;
        logger.debug('no picture for the link', { reason: end.reason, bytes: length });
      },
    });
    process = run;
    run.write(unit.bytes);
    run.endInput();
  }

  return {
    push(unit) {
      if (unit.track !== 'video' || !unit.keyFrame || isClosed) return;
      if (!isLive()) {
        dueUs = null;
        return;
      }
      const nowUs = clock.nowUs();
      dueUs ??= nowUs + FIRST_US;
      if (process || nowUs < dueUs) return;
      dueUs = nowUs + PERIOD_US;
      make(unit);
    },
    close() {
      isClosed = true;
      void process?.kill();
    },
  };
}

/** Even sides, at most 640 wide, of the picture's own shape; null when it does not say. */
function sizeOf(annexB: Uint8Array): { width: number; height: number } | null {
  const parameters = splitAnnexB(annexB).find((unit) => nalTypeOf(unit) === NAL_SPS);
  if (!parameters) return null;
  try {
    const { width, height } = parseSps(parameters);
    const share = Math.min(1, WIDTH_MAX / width);
    const even = (side: number) => Math.max(2, Math.round((side * share) / 2) * 2);
    return { width: even(width), height: even(height) };
  } catch {
    return null;
  }
}

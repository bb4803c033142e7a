// One frame of the show as a JPEG, by a short run of ffmpeg that is fed from the key frame before
// it. Without ffmpeg, or when it fails, there is no picture: the clip is kept all the same.

import type { Timers } from '../../core/base/clock.ts';
import type { Logger } from '../../core/base/logger.ts';
import type { Unit } from '../../core/media/feed.ts';
import { type FfmpegChoice, hasFfmpeg } from '../ffmpeg/resolve.ts';
import { spawnFfmpeg } from '../ffmpeg/spawn.ts';

/** What a relay keeps of one, and a phone fetches. */
export const STILL_BYTES_MAX = 150 * 1024;
const WIDTH_MAX = 960;
const SILENCE_MS_MAX = 8_000;

export type StillMaker = (shown: readonly Unit[]) => Promise<Uint8Array | null>;

/** Makes the last of the units it is given, which begin at a key frame, one run at a time. */
export function createStillMaker(options: {
  ffmpeg: FfmpegChoice;
  timers: Timers;
  logger: Logger;
  onHelper(pid: number, alive: boolean): void;
  /** Default: as wide as a page shows one. */
  widthMax?: number;
}): StillMaker {
  const { ffmpeg, timers, logger, onHelper, widthMax = WIDTH_MAX } = options;
  let last: Promise<unknown> = Promise.resolve();

  function run(shown: readonly Unit[]): Promise<Uint8Array | null> {
    return new Promise((resolve) => {
      if (!hasFfmpeg(ffmpeg) || shown.length === 0) return resolve(null);
      const parts: Uint8Array[] = [];
      let length = 0;
      const pick = `select=eq(n\\,${shown.length - 1}),scale='min(${widthMax},iw)':-2`;
      const child = spawnFfmpeg({
        ffmpeg,
        arguments: [
          ...['-threads', '1', '-flags', 'low_delay', '-f', 'h264', '-i', 'pipe:0'],
          ...['-vf', pick, '-vsync', 'passthrough', '-frames:v', '1'],
          ...['-f', 'mjpeg', '-q:v', '5', 'pipe:1'],
        ],
        hasInput: true,
        outputs: [1],
        ...{ timers, logger, onHelper, silenceMsMax: SILENCE_MS_MAX },
        onData(_output, bytes) {
          length += bytes.length;
          if (length <= STILL_BYTES_MAX) parts.push(bytes);
        },
        onEnd(end) {
          const isWhole = end.code === 0 && length > 0 && length <= STILL_BYTES_MAX;
          if (!isWhole) logger.warn('no picture of the evidence', { reason: end.reason });
          resolve(isWhole ? Uint8Array.from(Buffer.concat(parts)) : null);
        },
      });
      for (const { bytes } of shown) child.write(bytes);
      child.endInput();
    });
  }

  return (shown) => {
    const made = last.then(() => run(shown));
    last = made;
    return made;
  };
}

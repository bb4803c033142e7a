// The last picture of something that is paused, shown on and on: a second of it is encoded anew and
// repeated, so that connections and decoders of viewers go on and whoever comes later sees it, too.
// Its frames are marked as held. What came since the last key frame is enough to make it.

import type { CancelTimer } from '../../core/base/clock.ts';
import { FIRST_PICTURE_TARGET } from '../../core/media/pictureTarget.ts';
import { type Ffmpeg, hasFfmpeg } from '../ffmpeg/resolve.ts';
import type { FfmpegProcess } from '../ffmpeg/spawn.ts';
import { videoEncoderArguments } from './encoder.ts';
import type { SourceSurroundings } from './source.ts';
import { encodeStillPictures } from './stillPictures.ts';

/** Ten a second: the relay and players take 400 ms without a packet for a stall. */
const PERIOD_MS = 100;
const FRAMES = 10;
const BITS_PER_SECOND = 1_500_000;
/** Whatever size was shown: the level allows the largest. */
const HELD = {
  ...FIRST_PICTURE_TARGET,
  ...{ width: 1920, height: 1080, bitsPerSecond: BITS_PER_SECOND },
};

export type HeldPicture = {
  /** Shows the last of these pictures; the first is a key frame. What was held stays till then. */
  hold(pictures: readonly Uint8Array[]): void;
  stop(): void;
  close(): Promise<void>;
};

/** Makes what holds a picture; it shows nothing yet. */
export function createHeldPicture(around: SourceSurroundings): HeldPicture {
  return new Held(around);
}

class Held implements HeldPicture {
  readonly #around: SourceSurroundings;
  readonly #running = new Set<FfmpegProcess>();
  #wanted = 0;
  #cancel: CancelTimer = () => {};

  constructor(around: SourceSurroundings) {
    this.#around = around;
  }

  hold(pictures: readonly Uint8Array[]): void {
    const { ffmpeg, logger } = this.#around;
    const wanted = ++this.#wanted;
    if (pictures.length === 0 || !hasFfmpeg(ffmpeg)) return;
    const encoder = encodeStillPictures({
      ...{ around: this.#around, ffmpeg, input: Buffer.concat(pictures) },
      arguments: stillArguments(pictures.length, ffmpeg),
      onMade: (made, reason) => {
        this.#running.delete(encoder);
        if (wanted !== this.#wanted) return;
        if (made.length > 0) this.#show(made);
        else logger.warn('The last picture is not held', { reason });
      },
    });
    this.#running.add(encoder);
  }

  stop(): void {
    this.#wanted++;
    this.#cancel();
  }

  async close(): Promise<void> {
    this.stop();
    await Promise.all([...this.#running].map((encoder) => encoder.kill()));
  }

  #show(pictures: readonly Uint8Array[]): void {
    this.#cancel();
    let next = 0;
    const show = () => {
      const bytes = pictures[next++ % pictures.length] ?? new Uint8Array();
      const captureUs = this.#around.clock.nowUs();
      this.#around.onFrame({ track: 'video', captureUs, bytes, isHeld: true });
    };
    this.#cancel = this.#around.timers.every(PERIOD_MS, show);
    show();
  }
}

/** The last of so many pictures, ten times. */
function stillArguments(pictures: number, ffmpeg: Ffmpeg): string[] {
  const last = `select=gte(n\\,${pictures - 1}),loop=loop=${FRAMES - 1}:size=1:start=0`;
  return [
    ...['-probesize', '1000000', '-f', 'h264', '-r', String(FRAMES), '-i', 'pipe:0'],
    ...['-vf', `${last},setpts=N/${FRAMES}/TB`, ...ffmpeg.passthrough],
    ...['-frames:v', String(FRAMES)],
    ...videoEncoderArguments(['-g', String(FRAMES)], HELD),
    'pipe:1',
  ];
}

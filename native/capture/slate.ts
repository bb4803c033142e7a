// A still picture with the name of a source that gives none, so that viewers' connections and
// decoders go on and nobody looks at a frozen match. It is encoded before it is needed, a second of
// it, and played over and over. It never says that it is the source: its units are marked.

import type { CancelTimer, MediaClock, Timers } from '../../core/base/clock.ts';
import type { Logger } from '../../core/base/logger.ts';
import { FIRST_PICTURE_TARGET } from '../../core/media/pictureTarget.ts';
import { type FfmpegChoice, hasFfmpeg } from '../ffmpeg/resolve.ts';
import type { FfmpegProcess } from '../ffmpeg/spawn.ts';
import { PICTURE_HEIGHT, PICTURE_WIDTH } from './demo/camera.ts';
import { hasLetter, textWidth, write } from './demo/lettering.ts';
import { CHROMA_BYTES, canvasOf, hex, LUMA_BYTES, PICTURE_BYTES } from './demo/paint.ts';
import { OWN_PICTURE_COLOURS, videoEncoderArguments } from './encoder.ts';
import type { CapturedFrame } from './source.ts';
import { encodeStillPictures } from './stillPictures.ts';

/** Ten a second: the relay and players take 400 ms without a packet for a stall. */
const PERIOD_MS = 100;
const FRAMES = 10;
const BITS_PER_SECOND = 600_000;

export type Slate = {
  /** Makes the slate of a source; it is ready a moment later. */
  prepare(title: string, width: number, height: number): void;
  /** Plays it, now or as soon as it is ready. */
  start(): void;
  stop(): void;
  isOn(): boolean;
  /** It is on and there is one: without ffmpeg there is none. */
  isShown(): boolean;
  close(): Promise<void>;
};

export type SlateOptions = {
  clock: MediaClock;
  timers: Timers;
  logger: Logger;
  ffmpeg: FfmpegChoice;
  onHelper(pid: number, alive: boolean): void;
  onFrame(frame: CapturedFrame): void;
  /** Its first picture has gone out. */
  onShown(): void;
};

/** Makes a slate; it plays nothing before it is prepared and started. */
export function createSlate(options: SlateOptions): Slate {
  return new PlayedSlate(options);
}

class PlayedSlate implements Slate {
  readonly #options: SlateOptions;
  #key = '';
  #pictures: Uint8Array[] = [];
  #isOn = false;
  #cancel: CancelTimer = () => {};
  #encoder: FfmpegProcess | null = null;

  constructor(options: SlateOptions) {
    this.#options = options;
  }

  isOn(): boolean {
    return this.#isOn;
  }

  isShown(): boolean {
    return this.#isOn && this.#pictures.length > 0;
  }

  prepare(title: string, width: number, height: number): void {
    const { ffmpeg, logger } = this.#options;
    const key = `${width}x${height} ${title}`;
    if (key === this.#key || !hasFfmpeg(ffmpeg)) return;
    this.#key = key;
    this.#pictures = [];
    void this.#encoder?.kill();
    const encoder = encodeStillPictures({
      ...{ around: this.#options, ffmpeg, input: drawSlate(title) },
      arguments: slateArguments(width, height),
      onMade: (pictures, reason) => {
        if (this.#encoder === encoder) this.#encoder = null;
        if (key !== this.#key) return;
        if (pictures.length === FRAMES) this.#pictures = pictures;
        else logger.warn('There is no slate for this source', { title, reason });
      },
    });
    this.#encoder = encoder;
  }

  start(): void {
    if (this.#isOn) return;
    this.#isOn = true;
    let next = 0;
    const show = () => {
      const bytes = this.#pictures[next % FRAMES];
      if (!bytes) return;
      this.#options.onFrame({ track: 'video', captureUs: this.#options.clock.nowUs(), bytes });
      if (next++ === 0) this.#options.onShown();
    };
    this.#cancel = this.#options.timers.every(PERIOD_MS, show);
    show();
  }

  stop(): void {
    this.#isOn = false;
    this.#cancel();
  }

  async close(): Promise<void> {
    this.stop();
    this.#key = '';
    await this.#encoder?.kill();
  }
}

function slateArguments(width: number, height: number): string[] {
  const even = (side: number) => Math.max(2, side - (side % 2));
  const still = `loop=loop=${FRAMES - 1}:size=1:start=0,setpts=N/${FRAMES}/TB`;
  return [
    ...['-f', 'rawvideo', '-pix_fmt', 'yuv420p', '-s', `${PICTURE_WIDTH}x${PICTURE_HEIGHT}`],
    ...['-r', String(FRAMES), '-i', 'pipe:0', ...OWN_PICTURE_COLOURS],
    ...[
      '-vf',
      `${still},scale=${even(width)}:${even(height)},setsar=1`,
      '-frames:v',
      String(FRAMES),
    ],
    ...videoEncoderArguments(['-g', String(FRAMES)], {
      ...FIRST_PICTURE_TARGET,
      ...{ width, height, bitsPerSecond: BITS_PER_SECOND },
    }),
    'pipe:1',
  ];
}

const GROUND = hex('#14181f');
const BRIGHT = hex('#e8ebf0');
const CALM = hex('#8f9aab');
const LINE_WIDTH_MAX = PICTURE_WIDTH * 0.85;

/** The whole picture, planar 4:2:0. Letters that the stroke alphabet lacks are left out. */
function drawSlate(title: string): Uint8Array {
  const bytes = new Uint8Array(PICTURE_BYTES);
  bytes.fill(Math.round(GROUND.y), 0, LUMA_BYTES);
  bytes.fill(Math.round(GROUND.u), LUMA_BYTES, LUMA_BYTES + CHROMA_BYTES);
  bytes.fill(Math.round(GROUND.v), LUMA_BYTES + CHROMA_BYTES);
  const canvas = canvasOf(bytes);
  const name = [...title.toUpperCase()].filter(hasLetter).join('').trim().slice(0, 60);
  const fit = LINE_WIDTH_MAX / Math.max(1, textWidth(name, 1));
  const height = Math.min(64, fit);
  const centred = (text: string, tall: number) => (PICTURE_WIDTH - textWidth(text, tall)) / 2;
  // Above the words that the viewers' page lays over the middle.
  const middle = PICTURE_HEIGHT * 0.27;
  const bright = { tint: BRIGHT, height, weight: Math.max(3, height / 9) };
  write(canvas, name, centred(name, height), middle - height - 12, bright);
  const words = 'NO PICTURE RIGHT NOW';
  write(canvas, words, centred(words, 28), middle + 30, { tint: CALM, height: 28, weight: 3.5 });
  return bytes;
}

// One layer of raw pictures through ffmpeg. ffmpeg cannot change its bitrate while it runs, so a
// change starts a second encoder beside the first: it warms up on the same pictures, and at one of
// its key frames, known beforehand by counting, the pictures go to it alone. No frame is lost and
// none comes twice.

import type { FfmpegProcess } from '../ffmpeg/spawn.ts';

/** Frames from one key frame to the next. */
export const KEY_FRAME_EVERY = 30;

/** Frames of the new encoder that wait for the old one's last. */
const HELD_FRAMES_MAX = 8;

export type PictureEncoderOptions = {
  /** Pictures from one key frame to the next; default KEY_FRAME_EVERY. */
  keyFrameEvery?: number;
  bitsPerSecond: number;
  /** Starts an encoder with a key frame at every so many-th picture that it is given. */
  start(
    bitsPerSecond: number,
    onUnit: (bytes: Uint8Array) => void,
    onEnd: (reason: string) => void,
  ): Pick<FfmpegProcess, 'write' | 'kill' | 'endInput'>;
  onUnit(captureUs: number, bytes: Uint8Array): void;
  /** The encoder that counts ended; this object is over. */
  onEnd(reason: string): void;
};

type Running = {
  process: Pick<FfmpegProcess, 'write' | 'kill' | 'endInput'>;
  /** ffmpeg counts the frames it was given; their capture times wait here, in order. */
  captureTimes: number[];
  written: number;
  hasSpoken: boolean;
  /** Frames from its warming up that must not be given out. */
  skipped: number;
};

export class PictureEncoder {
  readonly #options: PictureEncoderOptions;
  readonly #keyFrameEvery: number;
  #current: Running;
  #next: Running | null = null;
  /** Has its last frames to give out still. */
  #last: Running | null = null;
  /** Of the new encoder, while the old one has frames from before. */
  #held: { captureUs: number; bytes: Uint8Array }[] = [];
  #isOver = false;

  constructor(options: PictureEncoderOptions) {
    this.#options = options;
    this.#keyFrameEvery = options.keyFrameEvery ?? KEY_FRAME_EVERY;
    this.#current = this.#run(options.bitsPerSecond);
  }

  /** From a key frame of the new encoder on, within about a second. A later wish wins. */
  setBitrate(bitsPerSecond: number): void {
    if (this.#isOver) return;
    void this.#next?.process.kill();
    this.#next = this.#run(bitsPerSecond);
  }

  /** `done` runs when the bytes may be changed again. */
  write(picture: Uint8Array, captureUs: number, done: () => void): void {
    if (this.#next?.hasSpoken && this.#next.written % this.#keyFrameEvery === 0) this.#takeOver();
    // One that keeps its last frames to itself is not waited for.
    if (this.#last && this.#held.length >= HELD_FRAMES_MAX) this.#release();
    const targets = this.#next ? [this.#current, this.#next] : [this.#current];
    let waiting = targets.length;
    for (const target of targets) {
      target.captureTimes.push(captureUs);
      target.written++;
      target.process.write(picture, () => {
        if (--waiting === 0) done();
      });
    }
  }

  /** Nothing more comes; it gives out what it has and ends. */
  finish(): void {
    void this.#next?.process.kill();
    this.#next = null;
    this.#current.process.endInput();
  }

  #takeOver(): void {
    if (!this.#next) return;
    this.#release();
    this.#next.skipped = this.#next.captureTimes.length;
    this.#last = this.#current;
    this.#current = this.#next;
    this.#next = null;
    if (this.#last.captureTimes.length === 0) this.#release();
  }

  #release(): void {
    const ended = this.#last;
    this.#last = null;
    void ended?.process.kill();
    for (const { captureUs, bytes } of this.#held.splice(0)) this.#options.onUnit(captureUs, bytes);
  }

  #run(bitsPerSecond: number): Running {
    const running: Running = {
      process: this.#options.start(
        bitsPerSecond,
        (bytes) => this.#take(running, bytes),
        (reason) => this.#ended(running, reason),
      ),
      captureTimes: [],
      written: 0,
      hasSpoken: false,
      skipped: 0,
    };
    return running;
  }

  #take(from: Running, bytes: Uint8Array): void {
    from.hasSpoken = true;
    const captureUs = from.captureTimes.shift();
    if (captureUs === undefined || from === this.#next) return;
    if (from.skipped > 0) {
      from.skipped--;
      return;
    }
    if (from === this.#current && this.#last) {
      this.#held.push({ captureUs, bytes });
      return;
    }
    this.#options.onUnit(captureUs, bytes);
    if (from === this.#last && from.captureTimes.length === 0) this.#release();
  }

  #ended(which: Running, reason: string): void {
    if (which === this.#last) this.#release();
    // A second encoder that could not start changes nothing; the first goes on.
    if (which === this.#next) this.#next = null;
    if (which !== this.#current || this.#isOver) return;
    this.#isOver = true;
    void this.#next?.process.kill();
    void this.#last?.process.kill();
    this.#options.onEnd(reason);
  }
}

// The pictures of a file, decoded once and encoded as often as wanted: the best one, whose bitrate
// may change while it runs, and smaller copies. It holds back who decodes while an encoder is
// behind, and gives a smaller copy out at the moment of its best one, never before.

import type { CancelTimer, Timers } from '../../core/base/clock.ts';
import { silentLogger } from '../../core/base/logger.ts';
import { LOWER_LAYERS, type LowerLayer } from '../../core/media/feed.ts';
import { createNutReader, NutError, type NutStream } from '../../core/media/nut.ts';
import { copyTargetOf, type PictureTarget, sizeInside } from '../../core/media/pictureTarget.ts';
import type { Ffmpeg } from '../ffmpeg/resolve.ts';
import { type FfmpegProcess, spawnFfmpeg } from '../ffmpeg/spawn.ts';
import { createBackOff } from './backOff.ts';
import { filterArguments, videoEncoderArguments } from './encoder.ts';
import { PictureEncoder } from './pictureEncoder.ts';

/** Pictures handed over to an encoder that it has not taken yet; then the decoder waits. */
const WRITING_MAX = 3;
/** A smaller copy waits for its best one at most this many pictures, a second of them. */
const COPIES_KEPT = 60;
/** Longer than a file that is ahead rests, and than one that hangs is waited for. */
const SILENCE_MS_MAX = 8_000;

export type FilePicturesOptions = {
  ffmpeg: Ffmpeg;
  timers: Timers;
  onHelper(pid: number, alive: boolean): void;
  /** Of the best picture; its rate is that of the pictures that come. */
  picture: PictureTarget;
  lowerLayers: readonly LowerLayer[];
  /** The best picture, in order. */
  onBest(ptsUs: number, bytes: Uint8Array): void;
  onCopy(layer: LowerLayer, captureUs: number, bytes: Uint8Array): void;
  /** Whether whoever decodes must wait. */
  onBusy(isBusy: boolean): void;
  /** The best picture's encoder ended, or what came was no picture. */
  onEnd(reason: string): void;
};

export type FilePictures = {
  /** Bytes of raw pictures as NUT. */
  push(bytes: Uint8Array): void;
  /** The best picture of this time goes out now. */
  released(ptsUs: number, captureUs: number): void;
  setBitrate(bitsPerSecond: number): void;
  /** Nothing more comes in; resolves when all that came has gone out as best picture. */
  finish(): Promise<void>;
  close(): Promise<void>;
};

type Copy = { layer: LowerLayer; ptsUs: number; bytes: Uint8Array };
type Size = { width: number; height: number };

export function createFilePictures(options: FilePicturesOptions): FilePictures {
  return new Pictures(options);
}

class Pictures implements FilePictures {
  readonly #options: FilePicturesOptions;
  readonly #free: Uint8Array[] = [];
  readonly #encoders = new Set<FfmpegProcess>();
  readonly #lower = new Map<LowerLayer, PictureEncoder>();
  readonly #cancels = new Set<CancelTimer>();
  readonly #reader;
  #best: PictureEncoder | null = null;
  #bitsPerSecond: number;
  #writing = 0;
  #isBusy = false;
  #copies: Copy[] = [];
  /** Media clock minus the file's, of the newest picture that went out. */
  #shift: { ptsUs: number; us: number } | null = null;
  #isClosed = false;
  #isFinishing = false;
  #onFinished = () => {};

  constructor(options: FilePicturesOptions) {
    this.#options = options;
    this.#bitsPerSecond = options.picture.bitsPerSecond;
    this.#reader = createNutReader({
      onStream: (stream) => this.#begin(stream),
      onFrame: ({ ptsUs, bytes }) => this.#encode(ptsUs, bytes),
      allocate: (length) => {
        const known = this.#free.pop();
        return known?.length === length ? known : new Uint8Array(length);
      },
    });
  }

  push(bytes: Uint8Array): void {
    if (this.#isClosed) return;
    try {
      this.#reader.push(bytes);
    } catch (cause) {
      if (!(cause instanceof NutError)) throw cause;
      this.#end(cause.message);
    }
  }

  released(ptsUs: number, captureUs: number): void {
    this.#shift = { ptsUs, us: captureUs - ptsUs };
    this.#giveOut();
  }

  setBitrate(bitsPerSecond: number): void {
    if (bitsPerSecond === this.#bitsPerSecond) return;
    this.#bitsPerSecond = bitsPerSecond;
    this.#best?.setBitrate(bitsPerSecond);
  }

  finish(): Promise<void> {
    if (this.#isClosed || !this.#best) return Promise.resolve();
    this.#isFinishing = true;
    this.#best.finish();
    return new Promise((done) => {
      this.#onFinished = done;
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#onFinished();
    for (const cancel of this.#cancels) cancel();
    await Promise.all([...this.#encoders].map((encoder) => encoder.kill()));
  }

  #end(reason: string): void {
    if (this.#isFinishing) this.#onFinished();
    if (this.#isClosed || this.#isFinishing) return;
    this.#isClosed = true;
    this.#options.onEnd(reason);
  }

  #begin(stream: NutStream): void {
    // ffmpeg repeats its headers in a long stream.
    if (this.#best || stream.kind !== 'video') return;
    const picture = { width: stream.width, height: stream.height };
    this.#best = this.#encoderOf(picture, null, (reason) => this.#end(reason));
    for (const layer of this.#options.lowerLayers) this.#beginLower(picture, layer);
  }

  /** A copy no smaller than the picture itself is none. */
  #beginLower(picture: Size, layer: LowerLayer): void {
    if (LOWER_LAYERS[layer].height >= picture.height) return;
    const backOff = createBackOff();
    const run = () => {
      const startedMs = performance.now();
      const encoder = this.#encoderOf(picture, layer, () => {
        this.#lower.delete(layer);
        if (this.#isClosed) return;
        const cancel = this.#options.timers.after(
          backOff.nextMs(performance.now() - startedMs),
          run,
        );
        this.#cancels.add(cancel);
      });
      this.#lower.set(layer, encoder);
    };
    run();
  }

  #encoderOf(picture: Size, layer: LowerLayer | null, onEnd: (reason: string) => void) {
    const { picture: best } = this.#options;
    const { framesPerSecond } = best;
    const keyFrameEvery = Math.max(1, Math.round(framesPerSecond));
    const size = layer && sizeInside(picture, LOWER_LAYERS[layer]);
    const target = layer && size ? copyTargetOf(best, layer, size) : { ...best, ...picture };
    const scale = size ? [`scale=${size.width}:${size.height}:flags=fast_bilinear`] : [];
    const filters = filterArguments(scale, target);
    const rate = framesPerSecond.toFixed(3);
    const input = ['-probesize', '32', '-analyzeduration', '0', '-f', 'rawvideo'];
    const form = ['-pix_fmt', 'yuv420p', '-s', `${picture.width}x${picture.height}`, '-r', rate];
    const every = ['-g', String(keyFrameEvery), '-keyint_min', String(keyFrameEvery)];
    return new PictureEncoder({
      keyFrameEvery,
      bitsPerSecond: layer ? target.bitsPerSecond : this.#bitsPerSecond,
      start: (bitsPerSecond, onUnit, ended) =>
        this.#run(
          [...input, ...form, '-i', 'pipe:0', ...this.#options.ffmpeg.passthrough].concat(
            filters,
            videoEncoderArguments(every, { ...target, bitsPerSecond }),
          ),
          onUnit,
          ended,
        ),
      onUnit: (ptsUs, bytes) => {
        if (!layer) this.#options.onBest(ptsUs, bytes);
        else this.#keep({ layer, ptsUs, bytes });
      },
      onEnd,
    });
  }

  #run(
    words: readonly string[],
    onUnit: (bytes: Uint8Array) => void,
    onEnd: (reason: string) => void,
  ): FfmpegProcess {
    const { ffmpeg, timers, onHelper } = this.#options;
    const reader = createNutReader({ onFrame: ({ bytes }) => onUnit(bytes) });
    const encoder = spawnFfmpeg({
      ...{ ffmpeg, timers, onHelper, logger: silentLogger, hasInput: true, outputs: [1] },
      arguments: [...words, 'pipe:1'],
      silenceMsMax: SILENCE_MS_MAX,
      onData: (_output, bytes) => {
        try {
          reader.push(bytes);
        } catch {
          void encoder.kill();
        }
      },
      onEnd: ({ reason }) => {
        this.#encoders.delete(encoder);
        onEnd(reason);
      },
    });
    this.#encoders.add(encoder);
    return encoder;
  }

  #encode(ptsUs: number, picture: Uint8Array): void {
    const targets = [...(this.#best ? [this.#best] : []), ...this.#lower.values()];
    let waiting = targets.length;
    if (waiting === 0) return;
    this.#writing++;
    this.#tellBusy();
    for (const target of targets) {
      target.write(picture, ptsUs, () => {
        if (--waiting > 0) return;
        if (this.#free.length < WRITING_MAX) this.#free.push(picture);
        this.#writing--;
        this.#tellBusy();
      });
    }
  }

  #tellBusy(): void {
    const isBusy = this.#writing >= WRITING_MAX;
    if (isBusy === this.#isBusy || this.#isClosed) return;
    this.#isBusy = isBusy;
    this.#options.onBusy(isBusy);
  }

  #keep(copy: Copy): void {
    this.#copies.push(copy);
    if (this.#copies.length > COPIES_KEPT) this.#copies.shift();
    this.#giveOut();
  }

  #giveOut(): void {
    const shift = this.#shift;
    if (!shift) return;
    const due = this.#copies.filter(({ ptsUs }) => ptsUs <= shift.ptsUs);
    if (due.length === 0) return;
    this.#copies = this.#copies.filter(({ ptsUs }) => ptsUs > shift.ptsUs);
    for (const { layer, ptsUs, bytes } of due) {
      this.#options.onCopy(layer, ptsUs + shift.us, bytes);
    }
  }
}

// Turns encoded units into pictures of 640x360 with exactly the times of their units: an ffmpeg
// child decodes FLV from its stdin and writes NUT to its stdout. It is restarted at a key frame
// when it dies, stalls, or the picture's size changes; between, units are dropped and counted.
// FLV times are milliseconds, so units are numbered instead and the number finds the unit again.

import type { Timers } from '../../core/base/clock.ts';
import type { Logger } from '../../core/base/logger.ts';
import type { Unit } from '../../core/media/feed.ts';
import { createFlvWriter, FLV_LOW_DELAY_INPUT, type FlvWriter } from '../../core/media/flv.ts';
import { createNutReader, type NutReader } from '../../core/media/nut.ts';
import type { Ffmpeg } from '../ffmpeg/resolve.ts';
import { type FfmpegProcess, spawnFfmpeg } from '../ffmpeg/spawn.ts';
import { type HardwareChoice, NO_HARDWARE } from './decodeTapHardware.ts';
import { PictureMemory } from './pictureMemory.ts';
import { PICTURE } from './vibrio/motion.ts';

/** One decoded picture with what belongs to its unit. */
export type DecodedFrame = {
  captureUs: number;
  rtpTimestamp: number;
  /**
   * YUV 4:2:0 planar, PICTURE.width x PICTURE.height, video range, in shared memory: workers read
   * it where it is. Used again after PICTURES_MAX pictures.
   */
  yuv: Uint8Array;
  /** Counts resets: pictures of another number show something else. */
  epoch: number;
  /** When the unit reached vision, ms of performance.now(). */
  receivedMs: number;
  decodedMs: number;
};

export type DecodeTap = {
  /** Takes the next unit; before the first key frame units are dropped. */
  push(unit: Unit): void;
  /** The next units are another picture: decoding starts anew at their first key frame. */
  reset(): void;
  /** Stops or resumes the decoder's output while pictures are judged more slowly than they come. */
  setPaused(isPaused: boolean): void;
  /** Units that arrived and never became a picture. */
  droppedCount(): number;
  /** Which decoder works, and why not a better one; empty before the first unit. */
  decoder(): { name: string; reason: string };
  close(): Promise<void>;
};

export type DecodeTapOptions = {
  ffmpeg: Ffmpeg;
  /** What the machine's decoders proved; looked at whenever a decoder starts. */
  hardware?: (() => HardwareChoice) | undefined;
  /** Where decoded pictures are put; each tap has its own without it. */
  pictures?: PictureMemory | undefined;
  timers: Timers;
  logger: Logger;
  onHelper?: ((pid: number, alive: boolean) => void) | undefined;
  onFrame(frame: DecodedFrame): void;
  /** The decoder ended; it comes back at the next key frame. */
  onTrouble(reason: string): void;
};

/** Time between two numbers in FLV, ms: NUT's coarser time bases keep 20 ms apart exactly. */
const STEP_MS = 20;
/** Units in the decoder at most, a whole replay and more; beyond, units are dropped. */
const IN_FLIGHT_MAX = 720;
/** A decoder that owes pictures and gives none for this long is stuck, ms. */
const STUCK_MS = 3_000;
/**
 * Pictures that are kept: more than may wait to be judged, plus those that workers look at. One
 * that is two seconds late reads another picture, and by then nobody waits for its answer.
 */
const PICTURES_MAX = 64;
const FRAME_BYTES = (PICTURE.width * PICTURE.height * 3) / 2;
/** A decoder that dies at once is not started more often than this, ms. */
const RESTART_DELAY_MS = 250;

/** The memory of a vision's decoded pictures. */
export function createPictureMemory(): PictureMemory {
  return new PictureMemory({ bytesEach: FRAME_BYTES, count: PICTURES_MAX });
}

/** Makes a tap; ffmpeg starts with the first key frame. */
export function createDecodeTap(options: DecodeTapOptions): DecodeTap {
  return new Tap(options);
}

type Waiting = { captureUs: number; rtpTimestamp: number; receivedMs: number; epoch: number };
type Run = {
  child: FfmpegProcess;
  writer: FlvWriter;
  reader: NutReader;
  config: number;
  waiting: Map<number, Waiting>;
  number: number;
  /** When it last gave a picture, was resumed, or began to owe one; ms of performance.now(). */
  progressMs: number;
  needsKeyFrame: boolean;
};

class Tap implements DecodeTap {
  readonly #options: DecodeTapOptions;
  #run: Run | null = null;
  #isPaused = false;
  #dropped = 0;
  #notBeforeMs = 0;
  #epoch = 0;
  #hardware: HardwareChoice = NO_HARDWARE;
  /** Why hardware is not used any more; empty while it may be. */
  #hardwareTrouble = '';
  /** Decoders whose last pictures must come out before the present one's first. */
  readonly #finishing = new Set<Run>();
  readonly #ending = new Set<Promise<void>>();
  readonly #pictures: PictureMemory;

  constructor(options: DecodeTapOptions) {
    this.#options = options;
    this.#pictures = options.pictures ?? createPictureMemory();
  }

  push(unit: Unit): void {
    const receivedMs = performance.now();
    let run = this.#run;
    if (run && unit.keyFrame && unit.config !== run.config) {
      this.#finish(run);
      run = null;
    }
    if (!run) {
      if (!unit.keyFrame || receivedMs < this.#notBeforeMs) {
        this.#dropped++;
        return;
      }
      run = this.#start(unit.config);
    }
    if (run.waiting.size > 0 && !this.#mustWait() && receivedMs - run.progressMs > STUCK_MS) {
      this.#stop(run, `The decoder gave no picture for ${STUCK_MS} ms.`);
      this.#dropped++;
      return;
    }
    if (run.waiting.size >= IN_FLIGHT_MAX) run.needsKeyFrame = true;
    if (run.needsKeyFrame && (!unit.keyFrame || run.waiting.size >= IN_FLIGHT_MAX)) {
      this.#dropped++;
      return;
    }
    run.needsKeyFrame = false;
    this.#write(run, unit, receivedMs);
  }

  reset(): void {
    this.#epoch++;
    if (this.#run) this.#finish(this.#run);
  }

  setPaused(isPaused: boolean): void {
    if (isPaused === this.#isPaused) return;
    this.#isPaused = isPaused;
    for (const run of this.#finishing) run.child.setPaused(1, isPaused);
    this.#applyPause();
  }

  droppedCount(): number {
    return this.#dropped;
  }

  async close(): Promise<void> {
    const run = this.#run;
    this.#run = null;
    if (run) this.#track(run.child.kill());
    for (const other of this.#finishing) this.#track(other.child.kill());
    await Promise.all(this.#ending);
  }

  decoder(): { name: string; reason: string } {
    if (!this.#run) return { name: '', reason: '' };
    const { name, reason } = this.#hardware;
    return { name: name || 'software', reason: this.#hardwareTrouble || reason };
  }

  #takePicture(length: number): Uint8Array {
    if (length !== FRAME_BYTES) return new Uint8Array(length);
    return this.#pictures.take();
  }

  #mustWait(): boolean {
    return this.#isPaused || this.#finishing.size > 0;
  }

  #applyPause(): void {
    const run = this.#run;
    if (!run) return;
    run.child.setPaused(1, this.#mustWait());
    run.progressMs = performance.now();
  }

  #write(run: Run, unit: Unit, receivedMs: number): void {
    const timeMs = run.number * STEP_MS;
    let bytes: Uint8Array;
    try {
      bytes = run.writer.write(unit.bytes, timeMs);
    } catch (cause) {
      this.#stop(run, cause instanceof Error ? cause.message : String(cause));
      this.#dropped++;
      return;
    }
    if (bytes.length === 0) {
      this.#dropped++;
      return;
    }
    const { captureUs, rtpTimestamp } = unit;
    if (run.waiting.size === 0) run.progressMs = receivedMs;
    run.waiting.set(run.number, { captureUs, rtpTimestamp, receivedMs, epoch: this.#epoch });
    run.number++;
    run.child.write(bytes);
  }

  #start(config: number): Run {
    const { ffmpeg, timers, logger, onHelper, hardware } = this.#options;
    this.#hardware = (this.#hardwareTrouble === '' && hardware?.()) || NO_HARDWARE;
    const reader = createNutReader({
      onFrame: (frame) => this.#deliver(run, frame.ptsUs, frame.bytes),
      frameBytesMax: FRAME_BYTES,
      // The only copy: from the pipe's chunk to where everybody looks at it.
      allocate: (length) => this.#takePicture(length),
    });
    const child = spawnFfmpeg({
      ffmpeg,
      arguments: argumentsFor(ffmpeg, this.#hardware),
      hasInput: true,
      outputs: [1],
      timers,
      logger,
      onHelper,
      onData: (_, bytes) => this.#read(run, bytes),
      onEnd: (end) => this.#ended(run, end.reason),
      // A source may pause for long; a stuck decoder shows as units without pictures instead.
      silenceMsMax: 0,
    });
    const run: Run = {
      ...{ child, reader, config, writer: createFlvWriter() },
      ...{ waiting: new Map(), number: 0, progressMs: performance.now(), needsKeyFrame: false },
    };
    this.#run = run;
    this.#applyPause();
    return run;
  }

  #read(run: Run, bytes: Uint8Array): void {
    if (this.#run !== run && !this.#finishing.has(run)) return;
    try {
      run.reader.push(bytes);
    } catch (cause) {
      this.#stop(run, cause instanceof Error ? cause.message : String(cause));
    }
  }

  #deliver(run: Run, ptsUs: number, yuv: Uint8Array): void {
    const number = Math.round(ptsUs / (STEP_MS * 1000));
    const waiting = run.waiting.get(number);
    if (!waiting || yuv.length !== FRAME_BYTES) return;
    // Pictures come in order; what was overtaken was no picture.
    for (const older of run.waiting.keys()) {
      if (older > number) break;
      if (older < number) this.#dropped++;
      run.waiting.delete(older);
    }
    run.progressMs = performance.now();
    this.#options.onFrame({ ...waiting, yuv, decodedMs: performance.now() });
  }

  /** An orderly end: what is inside still comes out, before anything of the next decoder. */
  #finish(run: Run): void {
    if (this.#run === run) this.#run = null;
    this.#finishing.add(run);
    run.child.endInput();
    this.#options.timers.after(STUCK_MS, () => {
      if (this.#finishing.has(run) && !this.#isPaused) this.#track(run.child.kill());
    });
  }

  #stop(run: Run, reason: string): void {
    if (this.#run !== run) return;
    this.#run = null;
    this.#dropped += run.waiting.size;
    run.waiting.clear();
    this.#notBeforeMs = performance.now() + RESTART_DELAY_MS;
    this.#blame(reason);
    this.#track(run.child.kill());
    this.#options.onTrouble(reason);
  }

  #ended(run: Run, reason: string): void {
    this.#dropped += run.waiting.size;
    run.waiting.clear();
    if (this.#finishing.delete(run)) this.#applyPause();
    if (this.#run !== run) return;
    this.#run = null;
    this.#notBeforeMs = performance.now() + RESTART_DELAY_MS;
    this.#blame(reason);
    this.#options.onTrouble(reason);
  }

  /** Hardware that fails in use is left for good: software goes on at the next key frame. */
  #blame(reason: string): void {
    const { name } = this.#hardware;
    if (name !== '') this.#hardwareTrouble = `${name} failed in use: ${reason}`;
  }

  #track(gone: Promise<void>): void {
    this.#ending.add(gone);
    void gone.then(() => this.#ending.delete(gone));
  }
}

function argumentsFor(ffmpeg: Ffmpeg, hardware: HardwareChoice): string[] {
  const { width, height } = PICTURE;
  return [
    ...hardware.inputArguments,
    ...FLV_LOW_DELAY_INPUT,
    ...['-i', 'pipe:0', '-an', ...ffmpeg.passthrough, '-threads', '1'],
    // Fast bilinear: the pictures are looked at by a machine; 0.3 ms instead of 1 ms a frame.
    ...['-vf', `${hardware.filter}scale=${width}:${height}:flags=fast_bilinear,format=yuv420p`],
    ...[
      '-enc_time_base',
      '1:1000',
      '-c:v',
      'rawvideo',
      '-flush_packets',
      '1',
      '-f',
      'nut',
      'pipe:1',
    ],
  ];
}

// Feeds one track of an encoder to an ffmpeg child as FLV and hands out what comes back with its
// time. The child is minded: one that hangs or dies is replaced, and what is sent meanwhile is
// left out and counted. Input that ffmpeg does not take in is bounded by dropping, never kept.

import type { TrackKind } from '../../../core/media/feed.ts';
import { flvFileHeader, flvTag } from '../../../core/media/flv.ts';
import { createNutReader, NutError } from '../../../core/media/nut.ts';
import { type Ffmpeg, hasFfmpeg } from '../../ffmpeg/resolve.ts';
import { type FfmpegProcess, spawnFfmpeg } from '../../ffmpeg/spawn.ts';
import { createBackOff } from '../backOff.ts';
import { opusDelayUs } from '../encoder.ts';
import type { SourceSurroundings } from '../source.ts';

export type FlvFeedOptions = {
  track: TrackKind;
  around: Pick<SourceSurroundings, 'ffmpeg' | 'timers' | 'logger' | 'onHelper'>;
  /** ffmpeg's arguments: FLV from pipe:0, NUT to pipe:1. */
  arguments(ffmpeg: Ffmpeg): string[];
  /** Presentation time as it was written, microseconds. */
  onFrame(presentationUs: number, bytes: Uint8Array): void;
  /** It cannot take more, or it ended: the next tag must be one that a decoder can start on. */
  onBroken(reason: string): void;
  onDropped(count: number): void;
};

export type FlvFeed = {
  /** False: there is no child that could take it now. @param timeMs decode time */
  write(body: Uint8Array, timeMs: number): boolean;
  /** True while a child is there, or may be started. */
  isReady(): boolean;
  close(): Promise<void>;
};

/** Of input that ffmpeg has not read: three seconds at 20 Mbit/s. */
const WAITING_BYTES_MAX = 8 * 1024 * 1024;
/** While input goes in, something comes out after a few frames. */
const SILENCE_MS_MAX = 3_000;

export function createFlvFeed(options: FlvFeedOptions): FlvFeed {
  return new Feed(options);
}

type Run = {
  child: FfmpegProcess;
  /** Written times begin here, so that they stay small and start near 0. */
  baseMs: number;
  startedMs: number;
  lastInputMs: number;
  lastOutputMs: number;
  waitingBytes: number;
};

class Feed implements FlvFeed {
  readonly #options: FlvFeedOptions;
  readonly #backOff = createBackOff();
  #run: Run | null = null;
  #notBeforeMs = 0;
  #isClosed = false;
  readonly #ending = new Set<Promise<void>>();

  constructor(options: FlvFeedOptions) {
    this.#options = options;
  }

  isReady(): boolean {
    return this.#run !== null || (!this.#isClosed && performance.now() >= this.#notBeforeMs);
  }

  write(body: Uint8Array, timeMs: number): boolean {
    const nowMs = performance.now();
    const run = this.#run ?? this.#start(timeMs);
    if (!run) {
      this.#options.onDropped(1);
      return false;
    }
    const relativeMs = timeMs - run.baseMs;
    if (run.waitingBytes > WAITING_BYTES_MAX) return this.#break(run, 'ffmpeg does not keep up');
    if (relativeMs < 0) return this.#break(run, 'the times of the encoder went back');
    if (run.lastInputMs > run.lastOutputMs && nowMs - run.lastOutputMs > SILENCE_MS_MAX) {
      return this.#break(run, 'ffmpeg gives no more output');
    }
    const tag = flvTag(this.#options.track, body, relativeMs);
    run.waitingBytes += tag.length;
    run.lastInputMs = nowMs;
    run.child.write(tag, () => {
      run.waitingBytes -= tag.length;
    });
    return true;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#run) this.#end(this.#run);
    await Promise.all(this.#ending);
  }

  #start(baseMs: number): Run | null {
    const { ffmpeg, timers, logger, onHelper } = this.#options.around;
    if (!hasFfmpeg(ffmpeg) || !this.isReady()) return null;
    const nowMs = performance.now();
    let delayUs = 0;
    const reader = createNutReader({
      onStream(stream) {
        if (stream.kind === 'audio') delayUs = opusDelayUs(stream.extradata);
      },
      onFrame: ({ ptsUs, bytes }) => {
        run.lastOutputMs = performance.now();
        if (this.#run === run) this.#options.onFrame(ptsUs + baseMs * 1000 - delayUs, bytes);
      },
    });
    const child = spawnFfmpeg({
      ...{ ffmpeg, timers, logger, onHelper, hasInput: true, outputs: [1] },
      arguments: this.#options.arguments(ffmpeg),
      onData: (_, bytes) => {
        try {
          if (this.#run === run) reader.push(bytes);
        } catch (error) {
          if (!(error instanceof NutError)) throw error;
          this.#break(run, 'the output of ffmpeg is damaged');
        }
      },
      onEnd: ({ reason }) => {
        if (this.#run === run) this.#break(run, reason);
      },
      // Whether there is anything to say depends on what it is given; write() looks.
      silenceMsMax: 0,
    });
    const run: Run = {
      ...{ child, baseMs, startedMs: nowMs, lastInputMs: nowMs, lastOutputMs: nowMs },
      waitingBytes: 0,
    };
    this.#run = run;
    child.write(flvFileHeader(this.#options.track));
    return run;
  }

  #break(run: Run, reason: string): false {
    const nowMs = performance.now();
    this.#end(run);
    this.#notBeforeMs = nowMs + this.#backOff.nextMs(nowMs - run.startedMs);
    this.#options.around.logger.warn('An encoder child was given up', { reason });
    this.#options.onBroken(reason);
    return false;
  }

  #end(run: Run): void {
    if (this.#run === run) this.#run = null;
    const gone = run.child.kill();
    this.#ending.add(gone);
    void gone.then(() => this.#ending.delete(gone));
  }
}

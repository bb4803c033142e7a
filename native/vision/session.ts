// One engine's feed through vision: decode, judge in order, tell. Pictures that are judged more
// slowly than they come make the decoder wait, and the detector is spared before any picture is.
// After a replay it says only what the engine does not know yet.

import { BoundedQueue } from '../../core/base/boundedQueue.ts';
import type { MediaClock, Timers } from '../../core/base/clock.ts';
import type { Logger } from '../../core/base/logger.ts';
import type { GameEvent } from '../../core/contract/events.ts';
import type { Unit } from '../../core/media/feed.ts';
import type { Ffmpeg } from '../ffmpeg/resolve.ts';
import { createDecodeTap, type DecodedFrame, type DecodeTap } from './decodeTap.ts';
import type { HardwareChoice } from './decodeTapHardware.ts';
import type { PictureMemory } from './pictureMemory.ts';
import type { Judged } from './protocol.ts';
import type { Sight, SightResult } from './sight.ts';
import type { StageTimes } from './stageTimes.ts';

/** Decoded pictures that wait; beyond PAUSE_AT the decoder is not read. 0.35 MB each. */
const QUEUE_CAPACITY = 24;
const PAUSE_AT = 6;
const RESUME_AT = 2;
/** The detector is spared when this many pictures wait and it is too slow to catch up. */
const BEHIND = 3;
/** Share of a picture's time that judging takes on average: the rest is for decode and others. */
const TARGET_SHARE = 0.5;
const STRIDE_MAX = 4;
/** Share of a picture's time that judging may take and still catch up after a replay. */
const CATCH_UP_SHARE = 0.7;
/** A replayed judgement may differ by a picture or two; the engine drops what it knows. */
const REPLAY_SLACK_US = 100_000;
/** Pictures further apart were lost on the way or the source stood still: nobody judged, ms. */
const HOLE_MS = 1_000;
/** How long pictures wait for a detector that starts for the first time, ms. */
const DETECTOR_START_WAIT_MS = 5_000;

export type SessionCounters = { judged: number; detectorSkipped: number };

export type SessionOutput = {
  facts(bytes: Uint8Array): void;
  event(event: GameEvent): void;
  judged(judged: Judged): void;
  /** What the picture as a whole does, and where its places are. */
  picture(result: SightResult, captureUs: number): void;
};

export type SessionOptions = {
  ffmpeg: Ffmpeg;
  hardware?: (() => HardwareChoice) | undefined;
  /** Where decoded pictures are put. */
  pictures?: PictureMemory | undefined;
  clock: MediaClock;
  timers: Timers;
  logger: Logger;
  times: StageTimes;
  counters: SessionCounters;
  output: SessionOutput;
  /** The present judge; it changes when another pack is chosen. */
  sight(): Sight;
  /** Resolves when a detector that was just made works or has failed. */
  detectorSettled(): Promise<void>;
  onHelper?: ((pid: number, alive: boolean) => void) | undefined;
  onTrouble(reason: string): void;
};

export class Session {
  readonly #options: SessionOptions;
  readonly #queue: BoundedQueue<DecodedFrame>;
  readonly #tap: DecodeTap;
  #judgedUntilUs = 0;
  #factsUntilUs = 0;
  #blindUntilUs = 0;
  #lostUntilUs = 0;
  #lastUs = 0;
  #newest: Uint8Array | null = null;
  #epoch = 0;
  #droppedBefore = 0;
  #isJudging = false;
  #isClosed = false;
  /** Running mean of what judging with the detector costs and of the time between pictures, ms. */
  #costMs = 0;
  #intervalMs = 33;
  #sinceDetector = 0;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#queue = new BoundedQueue({
      owner: 'vision pictures',
      capacity: QUEUE_CAPACITY,
      policy: 'drop-oldest',
    });
    this.#tap = createDecodeTap({
      ffmpeg: options.ffmpeg,
      hardware: options.hardware,
      pictures: options.pictures,
      timers: options.timers,
      logger: options.logger,
      onHelper: options.onHelper,
      onFrame: (frame) => this.#take(frame),
      onTrouble: options.onTrouble,
    });
  }

  /** What the engine knows already is not said again. */
  resume(judgedUntilUs: number, factsUntilUs: number): void {
    this.#judgedUntilUs = judgedUntilUs;
    this.#factsUntilUs = factsUntilUs;
  }

  push(unit: Unit): void {
    this.#tap.push(unit);
  }

  streamReset(): void {
    this.#tap.reset();
  }

  droppedCount(): number {
    return this.#tap.droppedCount() + this.#queue.droppedCount;
  }

  /** Luma of the picture that was judged last; good until others are decoded. */
  newestLuma(): Uint8Array | null {
    return this.#newest;
  }

  /** How units are decoded, and why so. */
  decoder(): { name: string; reason: string } {
    return this.#tap.decoder();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#queue.clear();
    await this.#tap.close();
  }

  #take(frame: DecodedFrame): void {
    if (this.#isClosed) return;
    this.#queue.push(frame);
    if (this.#queue.length >= PAUSE_AT) this.#tap.setPaused(true);
    if (!this.#isJudging) void this.#judgeAll();
  }

  async #judgeAll(): Promise<void> {
    this.#isJudging = true;
    try {
      await this.#detectorReady();
      for (;;) {
        const frame = this.#queue.shift();
        if (this.#queue.length <= RESUME_AT) this.#tap.setPaused(false);
        if (!frame || this.#isClosed) return;
        await this.#judgeSafely(frame);
      }
    } finally {
      this.#isJudging = false;
    }
  }

  /** A fault of ours costs one picture; ending here would end every replay at the same place. */
  async #judgeSafely(frame: DecodedFrame): Promise<void> {
    try {
      await this.#judge(frame);
    } catch (cause) {
      this.#blindUntilUs = Math.max(this.#blindUntilUs, frame.captureUs);
      this.#options.logger.error('judging a picture failed', {
        reason: cause instanceof Error ? (cause.stack ?? cause.message) : String(cause),
      });
    }
  }

  #detectorReady(): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#options.timers.after(DETECTOR_START_WAIT_MS, resolve);
      void this.#options.detectorSettled().then(() => {
        cancel();
        resolve();
      });
    });
  }

  async #judge(frame: DecodedFrame): Promise<void> {
    const { counters, output, times } = this.#options;
    const sight = this.#options.sight();
    if (frame.epoch !== this.#epoch) {
      this.#epoch = frame.epoch;
      sight.reset();
    } else if (frame.captureUs <= this.#lastUs) {
      return;
    }
    this.#newest = frame.yuv;
    const intervalMs = (frame.captureUs - this.#lastUs) / 1000;
    if (intervalMs > 0 && intervalMs < 200)
      this.#intervalMs += 0.1 * (intervalMs - this.#intervalMs);
    const hasHole = this.#lastUs > 0 && (intervalMs > HOLE_MS || this.#hasDropped());
    this.#lastUs = frame.captureUs;
    const mayDetect = this.#mayDetect();
    const startedUs = this.#options.clock.nowUs();
    const result = await sight.judge(frame, mayDetect);
    const spentMs = (this.#options.clock.nowUs() - startedUs) / 1000;
    if (result.usedDetector) {
      this.#costMs += 0.1 * (spentMs - this.#costMs);
      this.#sinceDetector = 0;
    } else {
      this.#sinceDetector++;
      if (!mayDetect) counters.detectorSkipped++;
    }
    if (this.#isClosed) return;
    counters.judged++;
    if (result.isBlind || hasHole) this.#blindUntilUs = frame.captureUs;
    if (result.places.state === 'lost') this.#lostUntilUs = frame.captureUs;
    output.picture(result, frame.captureUs);
    const judgedMs = performance.now();
    const isNew = frame.captureUs > this.#factsUntilUs;
    if (isNew) {
      this.#factsUntilUs = frame.captureUs;
      output.facts(result.facts);
    }
    for (const event of result.events) {
      if (event.captureUs > this.#judgedUntilUs - REPLAY_SLACK_US) output.event(event);
    }
    if (result.judgedUntilUs > this.#judgedUntilUs) {
      this.#judgedUntilUs = result.judgedUntilUs;
      output.judged({
        untilUs: result.judgedUntilUs,
        blindUntilUs: this.#blindUntilUs,
        lostUntilUs: this.#lostUntilUs,
      });
    }
    times.add('send', performance.now() - judgedMs);
    times.add('decode', frame.decodedMs - frame.receivedMs);
    times.add('motion', result.timesMs.motion);
    if (result.timesMs.infer !== null) times.add('infer', result.timesMs.infer);
    times.add('track', result.timesMs.track);
    times.add('event', result.timesMs.event);
    if (!isNew) return;
    times.add('total', performance.now() - frame.receivedMs);
    times.add('frameToResult', (this.#options.clock.nowUs() - frame.captureUs) / 1000);
  }

  /** Units or pictures were lost since the last picture. */
  #hasDropped(): boolean {
    const dropped = this.droppedCount();
    const hasDropped = dropped > this.#droppedBefore;
    this.#droppedBefore = dropped;
    return hasDropped;
  }

  /**
   * A slow detector lowers its own rate: it looks at every second to fourth picture, so that
   * judging one takes half of a picture's time on average. Motion and tracks see them all.
   */
  #mayDetect(): boolean {
    const share = this.#costMs / this.#intervalMs;
    const steady = Math.ceil(share / TARGET_SHARE);
    const isBehind = this.#queue.length >= BEHIND && share >= CATCH_UP_SHARE;
    const stride = Math.min(STRIDE_MAX, isBehind ? steady + 1 : steady);
    return this.#sinceDetector + 1 >= stride;
  }
}

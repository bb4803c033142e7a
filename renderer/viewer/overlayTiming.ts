// When a frame and its boxes are shown in the exact mode, and the figures that both modes report.
// Pure: times are numbers, so every case is tested without a browser. In the exact mode a frame is
// held until (capture time + delay) on the page's media clock; an error of that clock is in the
// arrival of facts as much as in the showing of frames, and cancels.

import { percentile } from '../ui/overlayGeometry.ts';

/** Added to the p95 of (frame made → its facts are here), microseconds. */
export const EXACT_MARGIN_US = 20_000;
/** The exact mode never delays more: it bounds the memory for held frames. */
export const EXACT_DELAY_US_MAX = 800_000;
/** It sinks only by more than this, so that the picture does not breathe. */
const EXACT_SINK_US = 40_000;
/** Facts and frames that must be seen before a delay is believed. */
const SAMPLES_MIN = 10;

/** The last samples of one figure. Bounded; the oldest goes first. */
export class RollingFigure {
  #samples: number[] = [];
  #capacity: number;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get count(): number {
    return this.#samples.length;
  }

  add(sample: number): void {
    this.#samples.push(sample);
    if (this.#samples.length > this.#capacity) this.#samples.shift();
  }

  /** Nearest rank, `share` in 0..1; null without samples. */
  at(share: number): number | null {
    return percentile(this.#samples, share);
  }

  clear(): void {
    this.#samples = [];
  }
}

/**
 * How long after its capture a frame is shown in the exact mode, microseconds: p95 of (frame made →
 * facts here) plus a margin; it rises at once and sinks slowly. Null while too little was measured.
 *
 * @param presentUs what it is now; null when the mode was just entered
 */
export function exactDelayUs(factsDelay: RollingFigure, presentUs: number | null): number | null {
  const p95Us = factsDelay.at(0.95);
  if (p95Us === null || factsDelay.count < SAMPLES_MIN) return presentUs;
  const wantedUs = Math.min(EXACT_DELAY_US_MAX, Math.max(0, p95Us + EXACT_MARGIN_US));
  if (presentUs === null || wantedUs > presentUs) return wantedUs;
  return presentUs - wantedUs > EXACT_SINK_US ? wantedUs : presentUs;
}

/** Frames that wait for their moment. Bounded: over the bound the oldest goes, and is counted. */
export class HeldFrames<Picture> {
  #frames: { captureUs: number; rtpTimestamp: number; picture: Picture }[] = [];
  #capacity: number;
  #newestUs = Number.NEGATIVE_INFINITY;
  #release: (picture: Picture) => void;
  /** Frames that were never shown: over the bound, or late together with a newer one. */
  skippedCount = 0;

  /** @param release gets each picture that is shown no more, so that its memory is used again */
  constructor(capacity: number, release: (picture: Picture) => void) {
    this.#capacity = capacity;
    this.#release = release;
  }

  get length(): number {
    return this.#frames.length;
  }

  /** Takes frames in the order of capture; one that is not newer than the last is skipped. */
  hold(frame: { captureUs: number; rtpTimestamp: number; picture: Picture }): void {
    if (frame.captureUs <= this.#newestUs) {
      this.#skip(frame.picture);
      return;
    }
    this.#newestUs = frame.captureUs;
    this.#frames.push(frame);
    if (this.#frames.length > this.#capacity) {
      const oldest = this.#frames.shift();
      if (oldest) this.#skip(oldest.picture);
    }
  }

  /**
   * The newest frame whose moment has come, or null. The caller releases its picture after drawing.
   */
  takeDue(nowUs: number, delayUs: number) {
    let due: { captureUs: number; rtpTimestamp: number; picture: Picture } | null = null;
    for (;;) {
      const next = this.#frames[0];
      if (!next || next.captureUs + delayUs > nowUs) return due;
      this.#frames.shift();
      if (due) this.#skip(due.picture);
      due = next;
    }
  }

  clear(): void {
    this.#newestUs = Number.NEGATIVE_INFINITY;
    for (const frame of this.#frames) this.#release(frame.picture);
    this.#frames = [];
  }

  #skip(picture: Picture): void {
    this.skippedCount++;
    this.#release(picture);
  }
}

/** Counts how many shown frames had the boxes of that very frame. */
export class OwnFrameShare {
  #shown = 0;
  #own = 0;

  add(isOwnFrame: boolean): void {
    this.#shown++;
    if (isOwnFrame) this.#own++;
  }

  /** 0..1, or null before the first frame. */
  share(): number | null {
    return this.#shown === 0 ? null : this.#own / this.#shown;
  }

  clear(): void {
    this.#shown = 0;
    this.#own = 0;
  }
}

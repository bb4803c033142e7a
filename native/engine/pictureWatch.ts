// Watches that the picture comes. A market may only be answered "it did not happen" when every
// frame of its question was there to be judged, so each hole is told with its two ends; and nobody
// may bet while the picture stands.

import type { CancelTimer, MediaClock, MediaTimeUs, Timers } from '../../core/base/clock.ts';

/** Without a frame for this long the picture is stalled; with the look at it 450 ms at most. */
const STALL_MS = 400;
const LOOK_PERIOD_MS = 50;

/** Frames further apart than this have a hole between them. */
const GAP_MS_MIN = 500;

export type PictureWatch = {
  /** A frame was sent. */
  frame(captureUs: MediaTimeUs): void;
  isStalled(): boolean;
  lastFrameUs(): MediaTimeUs;
  close(): void;
};

/**
 * @param lastFrameUs capture time of the last frame that an earlier engine of this show sent, or 0
 * @param onStall runs with true when the picture stalls and with false when it is back
 * @param onGap runs at the end of a hole, with the capture times of the frames around it
 */
export function createPictureWatch(options: {
  clock: MediaClock;
  timers: Timers;
  lastFrameUs: MediaTimeUs;
  onStall(isStalled: boolean): void;
  onGap(fromUs: MediaTimeUs, toUs: MediaTimeUs): void;
}): PictureWatch {
  let lastUs = options.lastFrameUs;
  let isStalled = true;
  const cancel: CancelTimer = options.timers.every(LOOK_PERIOD_MS, () => {
    if (isStalled || options.clock.nowUs() - lastUs <= STALL_MS * 1000) return;
    isStalled = true;
    options.onStall(true);
  });
  return {
    frame(captureUs) {
      if (lastUs > 0 && captureUs - lastUs > GAP_MS_MIN * 1000) {
        options.onGap(lastUs, captureUs);
      }
      lastUs = captureUs;
      if (!isStalled) return;
      isStalled = false;
      options.onStall(false);
    },
    isStalled: () => isStalled,
    lastFrameUs: () => lastUs,
    close: cancel,
  };
}

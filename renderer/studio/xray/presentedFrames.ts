// What this page's browser told of the last frames of the preview: when their packets were there,
// when they went to the screen, when they were painted over. Kept always, so that somebody who asks
// sees what was before; a bounded ring of numbers of `performance.now()`, the oldest overwritten.

import { FRAMES_KEPT } from '../../../core/contract/frames.ts';
import type { PresentedFrame } from '../../ui/overlayPainter.ts';

/** One presented frame, milliseconds of the page's own monotonic clock. */
export type Presented = {
  rtpTimestamp: number;
  /** Its last packet was there; null: this browser does not tell. */
  receivedMs: number | null;
  /** Of the time between: what the decoder itself took; null: this browser does not tell. */
  decoderMs: number | null;
  /** It was handed to the compositor. */
  presentedMs: number;
  /** When the browser expected it to be visible. */
  displayMs: number;
  paintFromMs: number;
  paintToMs: number;
};

const kept: Presented[] = [];
let next = 0;

export function rememberPresented(frame: PresentedFrame, fromMs: number, toMs: number): void {
  if (frame.rtpTimestamp === undefined) return;
  kept[next] = {
    rtpTimestamp: frame.rtpTimestamp,
    receivedMs: frame.receiveTime ?? null,
    decoderMs: frame.processingDuration === undefined ? null : frame.processingDuration * 1000,
    presentedMs: frame.presentationTime,
    displayMs: frame.expectedDisplayTime,
    paintFromMs: fromMs,
    paintToMs: toMs,
  };
  next = (next + 1) % FRAMES_KEPT;
}

/** By RTP timestamp. */
export function presentedFrames(): ReadonlyMap<number, Presented> {
  return new Map(kept.map((one) => [one.rtpTimestamp, one]));
}

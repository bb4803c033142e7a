// Draws vision's boxes over a playing video, on the frame they belong to. Live: the newest boxes
// are carried forward by their velocity to the frame on screen and dashed where predicted. Exact:
// only boxes of the very frame are drawn, and the page delays its playout by `exactDelayMs()`.
// Paints once per presented frame and never moves the picture.

import type { FrameFacts } from '../../core/wire/gen/facts_pb.js';
import {
  CARRY_MS_MAX,
  carriedForward,
  createFactsTimeline,
  onElement,
  percentile,
  pictureRectangle,
  rtpMsBetween,
  type ShownBox,
} from './overlayGeometry.ts';

export type OverlayMode = 'live' | 'exact' | 'off';

export type OverlayStats = {
  /** Frame received -> its facts received, p95 of the last 300 frames, ms; null: none yet. */
  overlayDelayP95Ms: number | null;
  /** Frames drawn with boxes of that very frame, and all presented frames, since the start. */
  framesExact: number;
  framesPresented: number;
};

export type OverlayPainter = {
  push(facts: FrameFacts): void;
  setMode(mode: OverlayMode): void;
  stats(): OverlayStats;
  /** Playout delay that lets boxes sit on their own frame: p95 + 20 ms; null: not known yet. */
  exactDelayMs(): number | null;
  close(): void;
};

type PresentedFrame = VideoFrameCallbackMetadata & { rtpTimestamp?: number; receiveTime?: number };

/** Frames whose delay is remembered: 10 s at 30 fps. */
const DELAYS_KEPT = 300;
/** Added to the p95 so that a little jitter does not lose the box, ms. */
const EXACT_MARGIN_MS = 20;

/**
 * @param options.canvas lies over `video` with the same size; takes no pointer
 * @param options.colour of a label's boxes, a CSS colour
 */
export function createOverlayPainter(options: {
  canvas: HTMLCanvasElement;
  video: HTMLVideoElement;
  colour?: (label: string) => string;
}): OverlayPainter {
  const { canvas, video } = options;
  const colour = options.colour ?? colourOfLabel;
  const timeline = createFactsTimeline();
  const received = new Map<number, number>();
  const delaysMs: number[] = [];
  let mode: OverlayMode = 'live';
  let framesExact = 0;
  let framesPresented = 0;
  let handle = 0;
  let closed = false;

  function boxesFor(frame: PresentedFrame): ShownBox[] {
    if (mode === 'off') return [];
    const rtpTimestamp = frame.rtpTimestamp;
    if (rtpTimestamp === undefined) return [];
    const own = timeline.exactly(rtpTimestamp);
    if (own !== undefined) {
      framesExact++;
      return carriedForward(own, 0);
    }
    if (mode === 'exact') return [];
    const before = timeline.atOrBefore(rtpTimestamp);
    if (before === undefined) return [];
    const aheadMs = rtpMsBetween(before.rtpTimestamp, rtpTimestamp);
    return aheadMs > CARRY_MS_MAX ? [] : carriedForward(before, aheadMs);
  }

  function present(_now: number, frame: PresentedFrame): void {
    if (closed) return;
    framesPresented++;
    if (frame.rtpTimestamp !== undefined) {
      received.set(frame.rtpTimestamp, frame.receiveTime ?? performance.now());
      if (received.size > DELAYS_KEPT) {
        for (const oldest of received.keys()) {
          received.delete(oldest);
          break;
        }
      }
      measure(frame.rtpTimestamp);
    }
    const picture = { width: video.videoWidth, height: video.videoHeight };
    paintBoxes(canvas, picture, boxesFor(frame), colour);
    handle = video.requestVideoFrameCallback(present);
  }

  // A fact usually comes after its frame was received but before or after it was presented.
  const factsArrived = new Map<number, number>();
  function measure(rtpTimestamp: number): void {
    const frameAt = received.get(rtpTimestamp);
    const factsAt = factsArrived.get(rtpTimestamp);
    if (frameAt === undefined || factsAt === undefined) return;
    factsArrived.delete(rtpTimestamp);
    delaysMs.push(Math.max(0, factsAt - frameAt));
    if (delaysMs.length > DELAYS_KEPT) delaysMs.shift();
  }

  handle = video.requestVideoFrameCallback(present);
  const p95 = () => percentile(delaysMs, 0.95);
  return {
    push(facts) {
      timeline.push(facts);
      factsArrived.set(facts.rtpTimestamp, performance.now());
      if (factsArrived.size > DELAYS_KEPT) {
        for (const oldest of factsArrived.keys()) {
          factsArrived.delete(oldest);
          break;
        }
      }
      measure(facts.rtpTimestamp);
    },
    setMode(next) {
      mode = next;
    },
    stats: () => ({ overlayDelayP95Ms: p95(), framesExact, framesPresented }),
    exactDelayMs() {
      const delay = p95();
      return delay === null ? null : Math.round(delay + EXACT_MARGIN_MS);
    },
    close() {
      closed = true;
      video.cancelVideoFrameCallback(handle);
      canvas.getContext('2d')?.clearRect(0, 0, canvas.width, canvas.height);
    },
  };
}

/** Two quiet colours are enough: what is played with, and everything else. */
function colourOfLabel(label: string): string {
  if (label === 'ball' || label === 'sports ball') return '#f5b642';
  return label === 'motion' ? '#a9b3c5' : '#8fb4ff';
}

/** Draws the boxes of one frame over a picture of that size, shown with `object-fit: contain`. */
export function paintBoxes(
  canvas: HTMLCanvasElement,
  size: { width: number; height: number },
  boxes: readonly ShownBox[],
  colour: (label: string) => string = colourOfLabel,
): void {
  const context = canvas.getContext('2d');
  if (context === null) return;
  const ratio = window.devicePixelRatio || 1;
  const width = canvas.clientWidth;
  const height = canvas.clientHeight;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  if (boxes.length === 0) return;
  const picture = pictureRectangle({ width, height }, size);
  context.font = '600 11px "Inter Variable", system-ui, sans-serif';
  context.textBaseline = 'middle';
  for (const box of boxes) paintBox(context, box, onElement(box, picture), colour(box.label));
  context.setLineDash([]);
}

function paintBox(
  context: CanvasRenderingContext2D,
  box: ShownBox,
  at: { x: number; y: number; width: number; height: number },
  colour: string,
): void {
  const words = `${box.label} ${box.id}`;
  // A dark line under the coloured one keeps the box readable on grass as on snow.
  context.setLineDash([]);
  context.lineWidth = 3;
  context.strokeStyle = 'rgb(10 12 16 / 55%)';
  if (!box.predicted) context.strokeRect(at.x, at.y, at.width, at.height);
  context.setLineDash(box.predicted ? [5, 4] : []);
  context.lineWidth = 1.5;
  context.strokeStyle = colour;
  context.strokeRect(at.x, at.y, at.width, at.height);
  const width = context.measureText(words).width + 8;
  const top = at.y >= 17 ? at.y - 17 : at.y + at.height + 2;
  context.fillStyle = 'rgb(10 12 16 / 78%)';
  context.fillRect(at.x, top, width, 15);
  context.fillStyle = colour;
  context.fillText(words, at.x + 4, top + 8);
}

// Draws vision's boxes over a playing video, on the frame that is on screen: the newest boxes not
// later than it are carried forward by their velocity and dashed where predicted. Paints once per
// presented frame and never moves the picture. The viewer page, which can also show boxes exactly
// on their own frame, keeps its own loop and shares the painting.

import type { FrameFacts } from '../../core/wire/gen/facts_pb.js';
import {
  CARRY_MS_MAX,
  carriedForward,
  createFactsTimeline,
  onElement,
  pictureRectangle,
  rtpMsBetween,
  type ShownBox,
  wordsOf,
} from './overlayGeometry.ts';

export type OverlayMode = 'live' | 'exact' | 'off';

export type OverlayPainter = {
  push(facts: FrameFacts): void;
  setMode(mode: 'live' | 'off'): void;
  close(): void;
};

type PresentedFrame = VideoFrameCallbackMetadata & { rtpTimestamp?: number };

/** @param options.canvas lies over `video` with the same size; takes no pointer */
export function createOverlayPainter(options: {
  canvas: HTMLCanvasElement;
  video: HTMLVideoElement;
}): OverlayPainter {
  const { canvas, video } = options;
  const timeline = createFactsTimeline();
  let mode: 'live' | 'off' = 'live';
  let closed = false;

  function boxesFor(frame: PresentedFrame): ShownBox[] {
    if (mode === 'off' || frame.rtpTimestamp === undefined) return [];
    const facts = timeline.atOrBefore(frame.rtpTimestamp);
    if (facts === undefined) return [];
    const aheadMs = rtpMsBetween(facts.rtpTimestamp, frame.rtpTimestamp);
    return aheadMs > CARRY_MS_MAX ? [] : carriedForward(facts, aheadMs);
  }

  function present(_now: number, frame: PresentedFrame): void {
    if (closed) return;
    const picture = { width: video.videoWidth, height: video.videoHeight };
    paintBoxes(canvas, picture, boxesFor(frame), colourOfLabel);
    handle = video.requestVideoFrameCallback(present);
  }

  let handle = video.requestVideoFrameCallback(present);
  return {
    push: timeline.push,
    setMode(next) {
      mode = next;
    },
    close() {
      closed = true;
      video.cancelVideoFrameCallback(handle);
      canvas.getContext('2d')?.clearRect(0, 0, canvas.width, canvas.height);
    },
  };
}

/** A label may be so many times as wide as its box. */
const LABEL_WIDTHS_MAX = 1.5;

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
  for (const box of boxes) {
    paintJoints(context, box, picture, colour(box.label));
    paintBox(context, box, onElement(box, picture), colour(box.label));
  }
  context.setLineDash([]);
}

/** Which of COCO's 17 joints a line joins: arms, legs, trunk, and the head by its ears. */
const BONES: readonly (readonly [number, number])[] = [
  [5, 7],
  [7, 9],
  [6, 8],
  [8, 10],
  [5, 6],
  [5, 11],
  [6, 12],
  [11, 12],
  [11, 13],
  [13, 15],
  [12, 14],
  [14, 16],
  [3, 5],
  [4, 6],
];
/** Below this a joint is a guess and is not shown. */
const JOINT_CONFIDENCE_MIN = 0.3;

function paintJoints(
  context: CanvasRenderingContext2D,
  box: ShownBox,
  picture: { x: number; y: number; width: number; height: number },
  colour: string,
): void {
  context.setLineDash([]);
  context.lineWidth = 1.5;
  context.strokeStyle = colour;
  context.beginPath();
  for (const [from, to] of BONES) {
    const [a, b] = [box.joints[from], box.joints[to]];
    if (!a || !b || Math.min(a.confidence, b.confidence) < JOINT_CONFIDENCE_MIN) continue;
    context.moveTo(picture.x + a.x * picture.width, picture.y + a.y * picture.height);
    context.lineTo(picture.x + b.x * picture.width, picture.y + b.y * picture.height);
  }
  context.stroke();
}

function paintBox(
  context: CanvasRenderingContext2D,
  box: ShownBox,
  at: { x: number; y: number; width: number; height: number },
  colour: string,
): void {
  // Small boxes stand close together: there the number alone does not cover the neighbours.
  const words = wordsOf(
    box,
    (text) => context.measureText(text).width <= at.width * LABEL_WIDTHS_MAX,
  );
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

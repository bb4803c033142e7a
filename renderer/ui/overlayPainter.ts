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
import { LAYERS_AT_FIRST, type OverlayLayers, speedText, type Trail } from './overlayLayers.ts';

export type OverlayMode = 'live' | 'exact' | 'off';

export type OverlayPainter = {
  push(facts: FrameFacts): void;
  setMode(mode: 'live' | 'off'): void;
  close(): void;
};

export type PresentedFrame = VideoFrameCallbackMetadata & { rtpTimestamp?: number };

/**
 * @param options.canvas lies over `video` with the same size; takes no pointer
 * @param options.onPainted what the browser tells of a frame, and when it was painted over, of
 * `performance.now()`
 */
export function createOverlayPainter(options: {
  canvas: HTMLCanvasElement;
  video: HTMLVideoElement;
  onPainted?: (frame: PresentedFrame, fromMs: number, toMs: number) => void;
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
    const fromMs = performance.now();
    paintOverlay(canvas, picture, { boxes: boxesFor(frame) });
    options.onPainted?.(frame, fromMs, performance.now());
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

/** Draws what is chosen of a frame over a picture of that size, shown by `object-fit: contain`. */
export function paintOverlay(
  canvas: HTMLCanvasElement,
  size: { width: number; height: number },
  shown: { boxes: readonly ShownBox[]; trails?: readonly Trail[]; layers?: OverlayLayers },
): void {
  const { boxes, trails = [], layers = LAYERS_AT_FIRST } = shown;
  const colour = colourOfLabel;
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
  if (boxes.length === 0 && trails.length === 0) return;
  const picture = pictureRectangle({ width, height }, size);
  context.font = '600 11px "Inter Variable", system-ui, sans-serif';
  context.textBaseline = 'middle';
  if (layers.trails) for (const trail of trails) paintTrail(context, trail, picture);
  for (const box of boxes) {
    const at = onElement(box, picture);
    if (layers.poses) paintJoints(context, box, picture, colour(box.label));
    if (layers.boxes) paintFrame(context, box, at, colour(box.label));
    paintWords(context, box, at, layers);
  }
  context.setLineDash([]);
}

/** Fades towards where it came from. */
function paintTrail(
  context: CanvasRenderingContext2D,
  { points, label }: Trail,
  picture: { x: number; y: number; width: number; height: number },
): void {
  context.setLineDash([]);
  context.lineWidth = 2.5;
  context.strokeStyle = colourOfLabel(label);
  for (let at = 1; at < points.length; at++) {
    const [from, to] = [points[at - 1], points[at]];
    if (!from || !to) continue;
    context.globalAlpha = 0.8 * (at / points.length);
    context.beginPath();
    context.moveTo(picture.x + from.x * picture.width, picture.y + from.y * picture.height);
    context.lineTo(picture.x + to.x * picture.width, picture.y + to.y * picture.height);
    context.stroke();
  }
  context.globalAlpha = 1;
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

function paintFrame(
  context: CanvasRenderingContext2D,
  box: ShownBox,
  at: { x: number; y: number; width: number; height: number },
  colour: string,
): void {
  // A dark line under the coloured one keeps the box readable on grass as on snow.
  context.setLineDash([]);
  context.lineWidth = 3;
  context.strokeStyle = 'rgb(10 12 16 / 55%)';
  if (!box.predicted) context.strokeRect(at.x, at.y, at.width, at.height);
  context.setLineDash(box.predicted ? [5, 4] : []);
  context.lineWidth = 1.5;
  context.strokeStyle = colour;
  context.strokeRect(at.x, at.y, at.width, at.height);
}

function paintWords(
  context: CanvasRenderingContext2D,
  box: ShownBox,
  at: { x: number; y: number; width: number; height: number },
  layers: OverlayLayers,
): void {
  // Small boxes stand close together: there the number alone does not cover the neighbours.
  const fits = (text: string) => context.measureText(text).width <= at.width * LABEL_WIDTHS_MAX;
  const speed = layers.speed ? speedText(box.speed) : '';
  const words = [layers.names ? wordsOf(box, fits) : '', speed]
    .filter((one) => one !== '')
    .join(' · ');
  if (words === '') return;
  const width = context.measureText(words).width + 8;
  const top = at.y >= 17 ? at.y - 17 : at.y + at.height + 2;
  context.fillStyle = 'rgb(10 12 16 / 78%)';
  context.fillRect(at.x, top, width, 15);
  context.fillStyle = colourOfLabel(box.label);
  context.fillText(words, at.x + 4, top + 8);
}

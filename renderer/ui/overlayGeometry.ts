// Where things of the picture are on the page, and which facts belong to the frame on screen.
// Pure. Frames are named by their RTP timestamp (90 kHz, 32 bit, wraps every 13 hours), which the
// browser tells for each presented frame and vision writes into each result.

import type { Box, FrameFacts, Track } from '../../core/wire/gen/facts_pb.js';

export type Rectangle = { x: number; y: number; width: number; height: number };

/** A box to draw, in picture coordinates 0..1. */
export type ShownBox = {
  id: number;
  label: string;
  x: number;
  y: number;
  width: number;
  height: number;
  /** Not seen on the frame on screen: carried forward by velocity, or by vision itself. */
  predicted: boolean;
  /** What the joints say that it does; empty where nobody knows. */
  action: string;
  /** Picture widths per second. */
  speed: number;
  /** COCO's 17 joints where a pose is known, else none; normalised like the box. */
  joints: readonly Joint[];
};
export type Joint = { x: number; y: number; confidence: number };

/** How far a box is carried at most, ms: after that its velocity says nothing any more. */
export const CARRY_MS_MAX = 400;

/** The picture inside its element with `object-fit: contain`, in the element's pixels. */
export function pictureRectangle(
  element: { width: number; height: number },
  picture: { width: number; height: number },
): Rectangle {
  if (picture.width <= 0 || picture.height <= 0 || element.width <= 0 || element.height <= 0) {
    return { x: 0, y: 0, width: 0, height: 0 };
  }
  const scale = Math.min(element.width / picture.width, element.height / picture.height);
  const width = picture.width * scale;
  const height = picture.height * scale;
  return { x: (element.width - width) / 2, y: (element.height - height) / 2, width, height };
}

/** A box of the picture (0..1) in the element's pixels. */
export function onElement(
  box: { x: number; y: number; width: number; height: number },
  picture: Rectangle,
): Rectangle {
  return {
    x: picture.x + box.x * picture.width,
    y: picture.y + box.y * picture.height,
    width: box.width * picture.width,
    height: box.height * picture.height,
  };
}

/** Milliseconds from one RTP video timestamp to another, across the wrap (RFC 3550 5.1). */
export function rtpMsBetween(from: number, to: number): number {
  return ((to - from) | 0) / 90;
}

/** The boxes of `facts` as they stand `aheadMs` after their frame. */
export function carriedForward(facts: FrameFacts, aheadMs: number): ShownBox[] {
  const carryMs = Math.min(Math.max(aheadMs, 0), CARRY_MS_MAX);
  const boxes: ShownBox[] = [];
  for (const track of facts.tracks) {
    if (track.box !== undefined) boxes.push(carried(track, track.box, carryMs));
  }
  return boxes;
}

function carried(track: Track, box: Box, carryMs: number): ShownBox {
  const seconds = carryMs / 1000;
  return {
    id: track.id,
    label: track.label,
    x: box.x + track.velocityX * seconds,
    y: box.y + track.velocityY * seconds,
    width: box.width,
    height: box.height,
    predicted: track.predicted || carryMs > 0,
    action: track.action,
    // Heights are told in heights; pictures are about 16:9.
    speed: Math.hypot(track.velocityX, (track.velocityY * 9) / 16),
    joints: track.keypoints.map(({ x, y, confidence }) => ({
      x: x + track.velocityX * seconds,
      y: y + track.velocityY * seconds,
      confidence,
    })),
  };
}

/** Who it is and what it does, as much of it as there is room for. */
export function wordsOf(box: ShownBox, fits: (text: string) => boolean): string {
  const name = `${box.label} ${box.id}`;
  const told = box.action === '' || box.action === 'stand' ? [] : [`${name} · ${box.action}`];
  return [...told, name].find(fits) ?? `${box.id}`;
}

/** Results kept: 2 s at 60 fps, more than any delay in which they are looked up. */
const KEPT = 120;

/** The latest results of vision, looked up by frame. Older ones make room and are counted. */
export type FactsTimeline = {
  push(facts: FrameFacts): void;
  /** Newest facts not later than the frame, or undefined. */
  atOrBefore(rtpTimestamp: number): FrameFacts | undefined;
  /** Facts of exactly this frame, or undefined. */
  exactly(rtpTimestamp: number): FrameFacts | undefined;
  /** All up to the frame that are no more than so much older, oldest first. */
  lately(rtpTimestamp: number, spanMs: number): FrameFacts[];
  clear(): void;
};

export function createFactsTimeline(): FactsTimeline {
  let kept: FrameFacts[] = [];
  return {
    push(facts) {
      // The channel may reorder; late results are still put in their place.
      let at = kept.length;
      while (at > 0 && later(kept[at - 1], facts)) at--;
      kept.splice(at, 0, facts);
      if (kept.length > KEPT) kept.shift();
    },
    atOrBefore(rtpTimestamp) {
      for (let at = kept.length - 1; at >= 0; at--) {
        const facts = kept[at];
        if (facts && rtpMsBetween(facts.rtpTimestamp, rtpTimestamp) >= 0) return facts;
      }
      return undefined;
    },
    exactly(rtpTimestamp) {
      return kept.findLast((facts) => facts.rtpTimestamp === rtpTimestamp);
    },
    lately(rtpTimestamp, spanMs) {
      return kept.filter((facts) => {
        const ageMs = rtpMsBetween(facts.rtpTimestamp, rtpTimestamp);
        return ageMs >= 0 && ageMs <= spanMs;
      });
    },
    clear() {
      kept = [];
    },
  };
}

function later(one: FrameFacts | undefined, other: FrameFacts): boolean {
  return one !== undefined && rtpMsBetween(other.rtpTimestamp, one.rtpTimestamp) > 0;
}

/** The value below which `share` (0..1) of the values lie, nearest rank; null of none. */
export function percentile(values: readonly number[], share: number): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const rank = Math.max(1, Math.ceil(share * sorted.length));
  return sorted[rank - 1] ?? null;
}

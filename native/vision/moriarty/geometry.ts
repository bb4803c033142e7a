// Points, lines and crossings. Input is normalised to the picture; lengths are picture heights, so
// that a step to the right and an equal step down measure the same on a 16:9 picture.

import { ASPECT } from '../tracking/track.ts';

export type Point = { x: number; y: number };
export type Segment = { from: Point; to: Point };

/** Picture heights between two normalised points. */
export function distance(a: Point, b: Point): number {
  return Math.hypot((a.x - b.x) * ASPECT, a.y - b.y);
}

/** Signed distance of a point from the line through a segment, picture heights. */
export function sideOf(point: Point, line: Segment): number {
  const dx = (line.to.x - line.from.x) * ASPECT;
  const dy = line.to.y - line.from.y;
  const px = (point.x - line.from.x) * ASPECT;
  const py = point.y - line.from.y;
  return (dx * py - dy * px) / Math.hypot(dx, dy);
}

/**
 * Where a movement crosses a segment.
 *
 * @returns shares along the movement and along the segment, 0..1, or null when it does not
 */
export function crossing(move: Segment, line: Segment): { move: number; line: number } | null {
  const before = sideOf(move.from, line);
  const after = sideOf(move.to, line);
  if (before === after || (before > 0 && after > 0) || (before < 0 && after < 0)) return null;
  const alongMove = before / (before - after);
  const x = move.from.x + (move.to.x - move.from.x) * alongMove;
  const y = move.from.y + (move.to.y - move.from.y) * alongMove;
  const dx = (line.to.x - line.from.x) * ASPECT;
  const dy = line.to.y - line.from.y;
  const alongLine =
    ((x - line.from.x) * ASPECT * dx + (y - line.from.y) * dy) / (dx * dx + dy * dy);
  return alongLine < 0 || alongLine > 1 ? null : { move: alongMove, line: alongLine };
}

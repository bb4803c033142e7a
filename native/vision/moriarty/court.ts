// Proposes where a court's four corners lie in one picture: of all quadrilaterals that the painted
// lines make, the one whose sides are painted along and that encloses most. It proposes and decides
// nothing: a person moves the corners and calibrates. Where no lines make a court it says so.

import type { CourtProposal } from '../../../core/contract/places.ts';
import { type FoundLines, findLines, type LinePicture, type PictureLine } from './courtLines.ts';
import type { Point } from './geometry.ts';

/** Share of the picture that a court fills at least. */
const AREA_MIN = 0.06;
/** Share of each side, and of all four together, that is painted; people stand on the rest. */
const SIDE_PAINTED_MIN = 0.6;
const PAINTED_MIN = 0.78;
/** And by so much more than what any place of the picture is by chance. */
const ABOVE_CHANCE = 0.4;
/** What is painted beyond a corner, beside what is painted of the sides. */
const BEYOND_SHARE = 0.06;
/** Shortest side, share of the picture's width. */
const SIDE_MIN = 0.06;
/** An angle at a corner, degrees: flatter is no court that anybody could calibrate. */
const ANGLE_MIN = 12;
const SAMPLES = 48;

type Quad = { corners: Point[]; painted: number; score: number };

/**
 * @returns corners in the order of the clicks: far left, far right, near right, near left, shares
 *   of the picture; or null with the reason
 */
export function proposeCourt(picture: LinePicture): CourtProposal {
  const found = findLines(picture);
  const { lines } = found;
  const none = (reason: string): CourtProposal => ({ corners: null, painted: 0, reason });
  if (lines.length < 4) {
    return none(`Only ${lines.length} straight painted lines were found; a court needs four.`);
  }
  const best = bestQuad(found, picture);
  if (!best) {
    return none(`None of the ${lines.length} lines found make a court whose sides are painted.`);
  }
  const { width, height } = picture;
  const corners = ordered(best.corners).map(({ x, y }): [number, number] => [
    clamped(x / width),
    clamped(y / height),
  ]);
  return { corners, painted: Math.round(best.painted * 100) / 100, reason: '' };
}

function bestQuad({ lines, near, nearShare }: FoundLines, picture: LinePicture): Quad | null {
  // What lies near a line's pixel by chance is not painted.
  const paintedMin = Math.max(PAINTED_MIN, nearShare + ABOVE_CHANCE);
  let best: Quad | null = null;
  for (const [one, other] of pairsOf(lines.length)) {
    for (const [third, fourth] of pairsOf(lines.length)) {
      // Each set of two pairs once.
      if (third < one || [one, other].includes(third) || [one, other].includes(fourth)) continue;
      const [a, b, c, d] = [lines[one], lines[other], lines[third], lines[fourth]];
      if (!a || !b || !c || !d) continue;
      const corners = [crossing(a, c), crossing(c, b), crossing(b, d), crossing(d, a)];
      const quad = judged(corners, near, picture, {
        ...{ scoreMin: best?.score ?? 0, paintedMin },
      });
      if (quad) best = quad;
    }
  }
  return best;
}

function pairsOf(count: number): [number, number][] {
  const pairs: [number, number][] = [];
  for (let one = 0; one < count; one++) {
    for (let other = one + 1; other < count; other++) pairs.push([one, other]);
  }
  return pairs;
}

function crossing(one: PictureLine, other: PictureLine): Point | null {
  const turn = one.cosine * other.sine - one.sine * other.cosine;
  if (Math.abs(turn) < 0.05) return null;
  return {
    x: (one.distance * other.sine - other.distance * one.sine) / turn,
    y: (other.distance * one.cosine - one.distance * other.cosine) / turn,
  };
}

/** The quadrilateral when it is a court, in the picture, and better than `scoreMin`. */
function judged(
  points: readonly (Point | null)[],
  near: Uint8Array,
  { width, height }: LinePicture,
  { scoreMin, paintedMin }: { scoreMin: number; paintedMin: number },
): Quad | null {
  const isInside = (point: Point | null): point is Point =>
    point !== null && point.x >= 0 && point.x <= width && point.y >= 0 && point.y <= height;
  const corners = points.filter(isInside);
  if (corners.length < 4 || !isConvex(corners)) return null;
  const share = Math.abs(areaOf(corners)) / (width * height);
  // Even with its sides painted all along it would not be better.
  if (share < AREA_MIN || share <= scoreMin) return null;
  let painted = 0;
  let beyond = 0;
  for (let at = 0; at < 4; at++) {
    const [from, to] = [corners[at], corners[(at + 1) % 4]];
    if (!from || !to || Math.hypot(to.x - from.x, to.y - from.y) < SIDE_MIN * width) return null;
    const side = paintedShare(near, width, height, from, to, 0, 1);
    if (side < SIDE_PAINTED_MIN) return null;
    painted += side / 4;
    beyond += paintedShare(near, width, height, from, to, 1.04, 1.2) / 8;
    beyond += paintedShare(near, width, height, from, to, -0.2, -0.04) / 8;
  }
  if (painted < paintedMin) return null;
  const score = share * painted ** 2 * (1 - BEYOND_SHARE * beyond);
  return score > scoreMin ? { corners, painted, score } : null;
}

function paintedShare(
  near: Uint8Array,
  width: number,
  height: number,
  from: Point,
  to: Point,
  start: number,
  end: number,
): number {
  let painted = 0;
  let looked = 0;
  for (let sample = 0; sample < SAMPLES; sample++) {
    const share = start + ((end - start) * (sample + 0.5)) / SAMPLES;
    const x = Math.round(from.x + (to.x - from.x) * share);
    const y = Math.round(from.y + (to.y - from.y) * share);
    if (x < 0 || y < 0 || x >= width || y >= height) continue;
    looked++;
    painted += near[y * width + x] as number;
  }
  return looked === 0 ? 0 : painted / looked;
}

function isConvex(corners: readonly Point[]): boolean {
  const least = Math.sin((ANGLE_MIN * Math.PI) / 180);
  let sign = 0;
  for (let at = 0; at < 4; at++) {
    const [a, b, c] = [corners[at], corners[(at + 1) % 4], corners[(at + 2) % 4]];
    if (!a || !b || !c) return false;
    const [ux, uy, vx, vy] = [b.x - a.x, b.y - a.y, c.x - b.x, c.y - b.y];
    const turn = (ux * vy - uy * vx) / (Math.hypot(ux, uy) * Math.hypot(vx, vy));
    if (!(Math.abs(turn) >= least) || (sign !== 0 && Math.sign(turn) !== sign)) return false;
    sign = Math.sign(turn);
  }
  return true;
}

function areaOf(corners: readonly Point[]): number {
  return corners.reduce((sum, { x, y }, at) => {
    const next = corners[(at + 1) % corners.length] as Point;
    return sum + (x * next.y - next.x * y) / 2;
  }, 0);
}

/** Clockwise as one looks at the picture, from the corner that is furthest to the upper left. */
function ordered(corners: readonly Point[]): Point[] {
  const turned = areaOf(corners) > 0 ? [...corners] : corners.toReversed();
  const first = turned.reduce((best, { x, y }, at) => {
    const other = turned[best] as Point;
    return x + 2 * y < other.x + 2 * other.y ? at : best;
  }, 0);
  return [...turned.slice(first), ...turned.slice(0, first)];
}

function clamped(share: number): number {
  return Math.min(1, Math.max(0, Math.round(share * 10_000) / 10_000));
}

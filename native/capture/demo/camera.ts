// The fixed camera of the demo and the measures of its pitch: metres in, pixels out.
// It must never move: packs describe this view in normalised picture coordinates.
// World: x along the pitch (right positive), y towards the camera, z up; origin at the centre spot.

export const PICTURE_WIDTH = 1280;
export const PICTURE_HEIGHT = 720;
export const FRAMES_PER_SECOND = 30;

export const HALF_LENGTH = 18;
export const HALF_DEPTH = 10;
export const GOAL_HALF_WIDTH = 3;
export const GOAL_HEIGHT = 2.3;
export const GOAL_DEPTH = 2;
/** Larger than life so that it can be seen (and found) at 1280 x 720. */
export const BALL_RADIUS = 0.3;

const DISTANCE = 75;
const ELEVATION = (37 * Math.PI) / 180;
const FOCAL = 26.4 * DISTANCE;
const CENTRE_X = 640;
const CENTRE_Y = 462;
const SIN = Math.sin(ELEVATION);
const COS = Math.cos(ELEVATION);

export interface Pixel {
  readonly x: number;
  readonly y: number;
  /** Pixels per metre at that place. */
  readonly scale: number;
}

/** Pinhole projection of a world point (metres) to the picture (pixels). */
export function project(x: number, y: number, z: number): Pixel {
  const depth = DISTANCE - y * COS - z * SIN;
  const scale = FOCAL / depth;
  return { x: CENTRE_X + x * scale, y: CENTRE_Y - (z * COS - y * SIN) * scale, scale };
}

/** The ground point (z = 0) seen at a pixel, and the metres one pixel covers there. */
export function ground(px: number, py: number): { x: number; y: number; metres: number } {
  const v = (py - CENTRE_Y) / FOCAL;
  const y = (v * DISTANCE) / (SIN + v * COS);
  const scale = FOCAL / (DISTANCE - y * COS);
  return { x: (px - CENTRE_X) / scale, y, metres: 1 / scale };
}

export type Side = 'left' | 'right';

/** Ground points of a goal's far and near post in pixels. */
export function goalLine(side: Side): { far: Pixel; near: Pixel } {
  const x = side === 'left' ? -HALF_LENGTH : HALF_LENGTH;
  return { far: project(x, -GOAL_HALF_WIDTH, 0), near: project(x, GOAL_HALF_WIDTH, 0) };
}

/** Pixels by which a point lies behind a goal's line (negative: still in play). */
export function behindGoalLine(side: Side, px: number, py: number): number {
  const { far, near } = goalLine(side);
  const t = (py - far.y) / (near.y - far.y);
  const x = far.x + (near.x - far.x) * t;
  return side === 'left' ? x - px : px - x;
}

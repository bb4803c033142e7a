// Colours every ground pixel of the demo: mown stripes, painted lines, floodlight, run-off.
// It must never be called per frame: it walks every pixel once and its result is copied.
import { ground, HALF_DEPTH, HALF_LENGTH, PICTURE_HEIGHT, PICTURE_WIDTH } from './camera.ts';
import { mix32 } from './chance.ts';
import { type Canvas, colour } from './paint.ts';

export const CIRCLE_RADIUS = 3;
const LINE_HALF = 0.07;
const AREA_LENGTH = 4.6;
const AREA_HALF_WIDTH = 5.2;

/** Distance in metres from a ground point to the nearest painted line. */
function lineDistance(x: number, y: number): number {
  const ax = Math.abs(x);
  const ay = Math.abs(y);
  let best = 9;
  const near = (distance: number): void => {
    if (distance < best) best = distance;
  };
  if (ax <= HALF_LENGTH + LINE_HALF) near(Math.abs(ay - HALF_DEPTH));
  if (ay <= HALF_DEPTH + LINE_HALF) {
    near(Math.abs(ax - HALF_LENGTH));
    near(ax);
  }
  near(Math.abs(Math.hypot(x, y) - CIRCLE_RADIUS));
  near(Math.max(0, Math.hypot(x, y) - 0.13));
  const areaX = HALF_LENGTH - AREA_LENGTH;
  if (ay <= AREA_HALF_WIDTH && ax < HALF_LENGTH) near(Math.abs(ax - areaX));
  if (ax >= areaX && ax <= HALF_LENGTH) near(Math.abs(ay - AREA_HALF_WIDTH));
  near(Math.max(0, Math.hypot(ax - (HALF_LENGTH - 6.5), y) - 0.1));
  const corner = Math.hypot(ax - HALF_LENGTH, ay - HALF_DEPTH);
  if (ax <= HALF_LENGTH && ay <= HALF_DEPTH) near(Math.abs(corner - 0.8));
  return best;
}

/** Smooth noise in [-1, 1] over cells of one unit. */
export function softNoise(x: number, y: number, salt: number): number {
  const ix = Math.floor(x);
  const iy = Math.floor(y);
  const fx = x - ix;
  const fy = y - iy;
  const at = (a: number, b: number): number => mix32(a + 4096, b + 4096, salt) / 2147483648 - 1;
  const sx = fx * fx * (3 - 2 * fx);
  const sy = fy * fy * (3 - 2 * fy);
  const top = at(ix, iy) + (at(ix + 1, iy) - at(ix, iy)) * sx;
  const low = at(ix, iy + 1) + (at(ix + 1, iy + 1) - at(ix, iy + 1)) * sx;
  return top + (low - top) * sy;
}

function floodlight(x: number, y: number): number {
  const pool = (px: number, py: number): number =>
    Math.exp(-((x - px) ** 2 / 150 + (y - py) ** 2 / 90));
  const pools = pool(-12, -4) + pool(12, -4) + 0.9 * pool(0, 3) + 0.5 * pool(-13, 6);
  const fall = 1 - 0.00042 * (x * x) - 0.0011 * y * y;
  return 0.8 * fall + 0.17 * pools + 0.085 * pool(13, 6);
}

/** What changes slowly over the ground: computed once for four pixels. */
interface Mood {
  readonly light: number;
  readonly patch: number;
}

function moodAt(px: number, py: number): Mood {
  const { x, y } = ground(px, py);
  const patch = softNoise(x * 0.9, y * 0.9, 5) + 0.6 * softNoise(x * 2.7, y * 2.7, 6);
  return { light: floodlight(x, y), patch };
}

const GREEN = [62, 128, 54] as const;
const RIM = [30, 74, 52] as const;
const CHALK = [236, 240, 232] as const;

/** Adds the colour of one pixel to `sum` (red, green, blue) and returns its luma. */
function groundColour(px: number, py: number, mood: Mood, sum: Float64Array): number {
  const { x, y, metres } = ground(px, py);
  const { light, patch } = mood;
  const ax = Math.abs(x);
  const inside = ax < HALF_LENGTH + 1.1 && Math.abs(y) < HALF_DEPTH + 0.95;
  const edge = Math.min(HALF_LENGTH + 1.1 - ax, HALF_DEPTH + 0.95 - Math.abs(y)) / metres;
  const turf = Math.min(1, Math.max(0, edge + 0.5));
  const blade = mix32(px, py, 77) / 4294967296 - 0.5;
  const band = Math.sin((x / 3) * Math.PI) / metres;
  const mown = Math.max(-1, Math.min(1, band * 0.35));
  const grass = 1 + 0.075 * mown + 0.022 * patch + 0.05 * blade;
  const cover = inside ? (LINE_HALF - lineDistance(x, y)) / (metres * 1.25) + 0.5 : 0;
  const paint = Math.min(1, Math.max(0, cover)) * 0.9;
  let luma = 16;
  for (let i = 0; i < 3; i += 1) {
    const rim = (RIM[i] as number) + 5 * blade;
    const base = rim + ((GREEN[i] as number) * grass - rim) * turf;
    const value = (base + ((CHALK[i] as number) - base) * paint) * light;
    sum[i] = (sum[i] as number) + value;
    luma += value * (LUMA[i] as number);
  }
  return luma;
}

/** BT.709 luma of 8-bit components, limited range. */
const LUMA = [(0.2126 * 219) / 255, (0.7152 * 219) / 255, (0.0722 * 219) / 255] as const;

/** Paints the ground from row `top` down. */
export function paintPitch(canvas: Canvas, top: number): void {
  const sum = new Float64Array(3);
  for (let row = top & ~1; row < PICTURE_HEIGHT; row += 2) {
    for (let column = 0; column < PICTURE_WIDTH; column += 2) {
      const mood = moodAt(column + 1, row + 1);
      sum.fill(0);
      for (let i = 0; i < 4; i += 1) {
        const px = column + (i & 1);
        const py = row + (i >> 1);
        const luma = groundColour(px + 0.5, py + 0.5, mood, sum);
        canvas.luma[py * PICTURE_WIDTH + px] = luma + 0.5;
      }
      const mean = colour((sum[0] ?? 0) / 4, (sum[1] ?? 0) / 4, (sum[2] ?? 0) / 4);
      const chroma = (row / 2) * (PICTURE_WIDTH / 2) + column / 2;
      canvas.u[chroma] = mean.u + 0.5;
      canvas.v[chroma] = mean.v + 0.5;
    }
  }
}

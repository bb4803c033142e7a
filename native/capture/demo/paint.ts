// Anti-aliased shapes drawn straight into planar 4:2:0 pictures (BT.709, limited range).
// It must never blend outside the picture: every shape is clipped to it.
// Chroma has a quarter of the samples; its coverage is computed on its own grid.
import { PICTURE_HEIGHT, PICTURE_WIDTH } from './camera.ts';

const CHROMA_WIDTH = PICTURE_WIDTH / 2;
const CHROMA_HEIGHT = PICTURE_HEIGHT / 2;
export const LUMA_BYTES = PICTURE_WIDTH * PICTURE_HEIGHT;
export const CHROMA_BYTES = CHROMA_WIDTH * CHROMA_HEIGHT;
export const PICTURE_BYTES = LUMA_BYTES + 2 * CHROMA_BYTES;

export interface Colour {
  readonly y: number;
  readonly u: number;
  readonly v: number;
}

/** BT.709 limited-range colour from 8-bit sRGB components. */
export function colour(red: number, green: number, blue: number): Colour {
  const luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  return {
    y: 16 + (luma * 219) / 255,
    u: 128 + ((blue - luma) / 1.8556) * (224 / 255),
    v: 128 + ((red - luma) / 1.5748) * (224 / 255),
  };
}

/** The colour named by `#rrggbb`. */
export function hex(name: string): Colour {
  const value = Number.parseInt(name.slice(1), 16);
  return colour(value >> 16, (value >> 8) & 255, value & 255);
}

export interface Canvas {
  readonly luma: Uint8Array;
  readonly u: Uint8Array;
  readonly v: Uint8Array;
}

/** The three planes of one picture of PICTURE_BYTES bytes. */
export function canvasOf(bytes: Uint8Array): Canvas {
  if (bytes.length < PICTURE_BYTES) {
    throw new RangeError(`A picture needs ${PICTURE_BYTES} bytes; ${bytes.length} were given.`);
  }
  return {
    luma: bytes.subarray(0, LUMA_BYTES),
    u: bytes.subarray(LUMA_BYTES, LUMA_BYTES + CHROMA_BYTES),
    v: bytes.subarray(LUMA_BYTES + CHROMA_BYTES, PICTURE_BYTES),
  };
}

type Cover = (x: number, y: number) => number;

function blendPlane(
  plane: Uint8Array,
  width: number,
  height: number,
  box: readonly [number, number, number, number],
  value: number,
  cover: Cover,
): void {
  const left = Math.max(0, Math.floor(box[0]));
  const right = Math.min(width, Math.ceil(box[2]));
  const top = Math.max(0, Math.floor(box[1]));
  const bottom = Math.min(height, Math.ceil(box[3]));
  for (let y = top; y < bottom; y += 1) {
    const row = y * width;
    for (let x = left; x < right; x += 1) {
      const alpha = cover(x + 0.5, y + 0.5);
      if (alpha <= 0) continue;
      const old = plane[row + x] as number;
      plane[row + x] = old + (value - old) * alpha + 0.5;
    }
  }
}

/** Any shape given by its coverage in picture pixels; `scale` is 2 on the chroma grid. */
export function paintCover(
  canvas: Canvas,
  box: readonly [number, number, number, number],
  tint: Colour,
  cover: (x: number, y: number, scale: number) => number,
): void {
  blendPlane(canvas.luma, PICTURE_WIDTH, PICTURE_HEIGHT, box, tint.y, (x, y) => cover(x, y, 1));
  const half = [box[0] / 2, box[1] / 2, box[2] / 2, box[3] / 2] as const;
  const chroma: Cover = (x, y) => cover(x * 2, y * 2, 2);
  blendPlane(canvas.u, CHROMA_WIDTH, CHROMA_HEIGHT, half, tint.u, chroma);
  blendPlane(canvas.v, CHROMA_WIDTH, CHROMA_HEIGHT, half, tint.v, chroma);
}

/** A limb: everything within a radius that runs from `r0` to `r1` of a line, in pixels. */
export function paintCapsule(
  canvas: Canvas,
  from: readonly [number, number, number],
  to: readonly [number, number, number],
  tint: Colour,
  alpha = 1,
): void {
  const [x0, y0, r0] = from;
  const [x1, y1, r1] = to;
  const line = [x0, y0, r0, x1, y1, r1] as const;
  const half = [x0 / 2, y0 / 2, r0 / 2, x1 / 2, y1 / 2, r1 / 2] as const;
  capsule(canvas.luma, null, PICTURE_WIDTH, PICTURE_HEIGHT, line, tint.y, 0, alpha);
  capsule(canvas.u, canvas.v, CHROMA_WIDTH, CHROMA_HEIGHT, half, tint.u, tint.v, alpha);
}

/** One plane, or two that share their grid and so their coverage. */
function capsule(
  plane: Uint8Array,
  twin: Uint8Array | null,
  width: number,
  height: number,
  line: readonly [number, number, number, number, number, number],
  value: number,
  twinValue: number,
  alpha: number,
): void {
  const [x0, y0, r0, x1, y1, r1] = line;
  const left = Math.max(0, Math.floor(Math.min(x0 - r0, x1 - r1) - 0.5));
  const right = Math.min(width, Math.ceil(Math.max(x0 + r0, x1 + r1) + 0.5));
  const top = Math.max(0, Math.floor(Math.min(y0 - r0, y1 - r1) - 0.5));
  const bottom = Math.min(height, Math.ceil(Math.max(y0 + r0, y1 + r1) + 0.5));
  const dx = x1 - x0;
  const dy = y1 - y0;
  const inverse = 1 / (dx * dx + dy * dy + 1e-9);
  const dr = r1 - r0;
  const widest = Math.max(r0, r1) + 0.5;
  for (let y = top; y < bottom; y += 1) {
    const py = y + 0.5 - y0;
    for (let x = left; x < right; x += 1) {
      const px = x + 0.5 - x0;
      let t = (px * dx + py * dy) * inverse;
      if (t < 0) t = 0;
      else if (t > 1) t = 1;
      const ex = px - dx * t;
      const ey = py - dy * t;
      const square = ex * ex + ey * ey;
      if (square >= widest * widest) continue;
      const inside = r0 + dr * t + 0.5 - Math.sqrt(square);
      if (inside <= 0) continue;
      const cover = inside < 1 ? inside * alpha : alpha;
      const at = y * width + x;
      const old = plane[at] as number;
      plane[at] = old + (value - old) * cover + 0.5;
      if (twin === null) continue;
      const twinOld = twin[at] as number;
      twin[at] = twinOld + (twinValue - twinOld) * cover + 0.5;
    }
  }
}

/** A soft-edged ellipse (a shadow): full in the middle, nothing at the rim. */
export function paintSoftEllipse(
  canvas: Canvas,
  x: number,
  y: number,
  radiusX: number,
  radiusY: number,
  tint: Colour,
  alpha: number,
): void {
  const box = [x - radiusX, y - radiusY, x + radiusX, y + radiusY] as const;
  paintCover(canvas, box, tint, (px, py) => {
    const u = (px - x) / radiusX;
    const v = (py - y) / radiusY;
    const d = 1 - u * u - v * v;
    return d <= 0 ? 0 : alpha * d * (2 - d);
  });
}

/** An axis-aligned rectangle with round corners. */
export function paintRound(
  canvas: Canvas,
  box: readonly [number, number, number, number],
  corner: number,
  tint: Colour,
  alpha = 1,
): void {
  const halfX = (box[2] - box[0]) / 2 - corner;
  const halfY = (box[3] - box[1]) / 2 - corner;
  const middleX = (box[0] + box[2]) / 2;
  const middleY = (box[1] + box[3]) / 2;
  const grown = [box[0] - 1, box[1] - 1, box[2] + 1, box[3] + 1] as const;
  paintCover(canvas, grown, tint, (x, y, scale) => {
    const qx = Math.abs(x - middleX) - halfX;
    const qy = Math.abs(y - middleY) - halfY;
    const out = Math.hypot(Math.max(qx, 0), Math.max(qy, 0)) + Math.min(Math.max(qx, qy), 0);
    const inside = (corner - out) / scale + 0.5;
    return inside <= 0 ? 0 : Math.min(1, inside) * alpha;
  });
}

/** A convex polygon, corners in either order. */
export function paintPolygon(
  canvas: Canvas,
  corners: readonly (readonly [number, number])[],
  tint: Colour,
  alpha = 1,
): void {
  let area = 0;
  for (const [index, a] of corners.entries()) {
    const b = corners[(index + 1) % corners.length] ?? a;
    area += a[0] * b[1] - b[0] * a[1];
  }
  const edges = corners.map((a, index) => {
    const b = corners[(index + 1) % corners.length] ?? a;
    const length = (Math.hypot(b[0] - a[0], b[1] - a[1]) || 1) * Math.sign(area || 1);
    return [a[0], a[1], (b[0] - a[0]) / length, (b[1] - a[1]) / length] as const;
  });
  const xs = corners.map((corner) => corner[0]);
  const ys = corners.map((corner) => corner[1]);
  const box = [Math.min(...xs) - 1, Math.min(...ys) - 1, Math.max(...xs) + 1, Math.max(...ys) + 1];
  paintCover(canvas, box as [number, number, number, number], tint, (x, y, scale) => {
    let cover = 1;
    for (const [ax, ay, dx, dy] of edges) {
      const inside = ((y - ay) * dx - (x - ax) * dy) / scale + 0.5;
      if (inside <= 0) return 0;
      if (inside < cover) cover = inside;
    }
    return cover * alpha;
  });
}

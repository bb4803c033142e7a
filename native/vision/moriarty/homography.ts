// From the picture to the field and back: a plane seen by a camera. Normalised direct linear
// transformation (Hartley & Zisserman, Multiple View Geometry, 2nd edition, algorithm 4.2).
// It holds for things on the ground only: a ball in the air is read as further away than it is.

import type { Point } from './geometry.ts';

/** Row-major 3x3. */
export type Homography = readonly number[];
export type PointPair = { picture: Point; field: Point };

type Normalised = { points: Point[]; scale: number; centre: Point };

/** Moves the points' middle to 0 and their mean distance from it to sqrt(2). */
function normalise(points: readonly Point[]): Normalised {
  const count = points.length;
  const centre = {
    x: points.reduce((sum, { x }) => sum + x, 0) / count,
    y: points.reduce((sum, { y }) => sum + y, 0) / count,
  };
  const spread =
    points.reduce((sum, { x, y }) => sum + Math.hypot(x - centre.x, y - centre.y), 0) / count;
  const scale = spread > 0 ? Math.SQRT2 / spread : 1;
  const moved = points.map(({ x, y }) => ({
    x: (x - centre.x) * scale,
    y: (y - centre.y) * scale,
  }));
  return { points: moved, scale, centre };
}

/**
 * The eigenvector of a symmetric matrix's smallest eigenvalue, by Jacobi's rotations (Golub & Van
 * Loan, Matrix Computations, section 8.5). The matrix is overwritten.
 */
function smallestEigenvector(matrix: number[][]): number[] {
  const size = matrix.length;
  const at = (row: number, column: number) => matrix[row]?.[column] ?? 0;
  const vectors = matrix.map((_, row) => matrix.map((__, column) => (row === column ? 1 : 0)));
  for (let sweep = 0; sweep < 60; sweep++) {
    let off = 0;
    for (let p = 0; p < size; p++) for (let q = p + 1; q < size; q++) off += at(p, q) ** 2;
    if (off < 1e-30) break;
    for (let p = 0; p < size; p++) {
      for (let q = p + 1; q < size; q++) {
        if (at(p, q) === 0) continue;
        const theta = (at(q, q) - at(p, p)) / (2 * at(p, q));
        const sign = theta >= 0 ? 1 : -1;
        const tangent = sign / (Math.abs(theta) + Math.hypot(theta, 1));
        const cosine = 1 / Math.hypot(tangent, 1);
        rotate(matrix, vectors, { p, q, cosine, sine: tangent * cosine });
      }
    }
  }
  let best = 0;
  for (let index = 1; index < size; index++) if (at(index, index) < at(best, best)) best = index;
  return vectors.map((row) => row[best] ?? 0);
}

type Rotation = { p: number; q: number; cosine: number; sine: number };

function rotate(matrix: number[][], vectors: number[][], turn: Rotation): void {
  const { p, q, cosine, sine } = turn;
  const mixColumns = (row: number[]) => {
    const [left, right] = [row[p] ?? 0, row[q] ?? 0];
    row[p] = cosine * left - sine * right;
    row[q] = sine * left + cosine * right;
  };
  for (const row of matrix) mixColumns(row);
  const [upper, lower] = [matrix[p] ?? [], matrix[q] ?? []];
  for (let column = 0; column < matrix.length; column++) {
    const [a, b] = [upper[column] ?? 0, lower[column] ?? 0];
    upper[column] = cosine * a - sine * b;
    lower[column] = sine * a + cosine * b;
  }
  for (const row of vectors) mixColumns(row);
}

/** Product of two 3x3 matrices. */
export function multiplied(a: Homography, b: Homography): Homography {
  const cell = (row: number, column: number) =>
    [0, 1, 2].reduce((sum, k) => sum + (a[row * 3 + k] ?? 0) * (b[k * 3 + column] ?? 0), 0);
  return [0, 1, 2].flatMap((row) => [0, 1, 2].map((column) => cell(row, column)));
}

/** The inverse of a 3x3 matrix, by its adjugate; null when it has none. */
export function inverted(h: Homography): Homography | null {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, i = 0, j = 0] = h;
  const [first, second, third] = [e * j - f * i, f * g - d * j, d * i - e * g];
  const determinant = a * first + b * second + c * third;
  if (Math.abs(determinant) < 1e-14) return null;
  return [
    ...[first, c * i - b * j, b * f - c * e],
    ...[second, a * j - c * g, c * d - a * f],
    ...[third, b * g - a * i, a * e - b * d],
  ].map((value) => value / determinant);
}

/**
 * Fits the homography that takes picture points to field points.
 *
 * @param pairs at least four, no three of them on a line
 * @returns null when the points do not say where the plane lies
 */
export function fitHomography(pairs: readonly PointPair[]): Homography | null {
  if (pairs.length < 4) return null;
  const from = normalise(pairs.map(({ picture }) => picture));
  const to = normalise(pairs.map(({ field }) => field));
  const rows = from.points.flatMap(({ x, y }, index) => {
    const { x: u, y: v } = to.points[index] ?? { x: 0, y: 0 };
    return [
      [-x, -y, -1, 0, 0, 0, u * x, u * y, u],
      [0, 0, 0, -x, -y, -1, v * x, v * y, v],
    ];
  });
  const square = Array.from({ length: 9 }, (_, p) =>
    Array.from({ length: 9 }, (__, q) =>
      rows.reduce((sum, row) => sum + (row[p] ?? 0) * (row[q] ?? 0), 0),
    ),
  );
  const found = smallestEigenvector(square);
  const before = [
    ...[from.scale, 0, -from.scale * from.centre.x],
    ...[0, from.scale, -from.scale * from.centre.y, 0, 0, 1],
  ];
  const after = [1 / to.scale, 0, to.centre.x, 0, 1 / to.scale, to.centre.y, 0, 0, 1];
  const h = multiplied(after, multiplied(found, before));
  const size = Math.hypot(...h);
  if (!Number.isFinite(size) || size === 0) return null;
  const unit = h.map((value) => value / size);
  return inverted(unit) ? unit : null;
}

/** Where a point goes; null beyond the horizon. */
export function mapped(h: Homography, { x, y }: Point): Point | null {
  const w = (h[6] ?? 0) * x + (h[7] ?? 0) * y + (h[8] ?? 0);
  if (Math.abs(w) < 1e-12) return null;
  return {
    x: ((h[0] ?? 0) * x + (h[1] ?? 0) * y + (h[2] ?? 0)) / w,
    y: ((h[3] ?? 0) * x + (h[4] ?? 0) * y + (h[5] ?? 0)) / w,
  };
}

/** What is wrong with points of a calibration, or null when a plane can be fitted. */
export function calibrationFault(pairs: readonly PointPair[]): string | null {
  if (pairs.length < 4) return `four points are needed, there are ${pairs.length}`;
  for (const side of ['picture', 'field'] as const) {
    const points = pairs.map((pair) => pair[side]);
    const reach = Math.max(...points.map(({ x }) => x)) - Math.min(...points.map(({ x }) => x));
    const rise = Math.max(...points.map(({ y }) => y)) - Math.min(...points.map(({ y }) => y));
    const least = 0.004 * Math.max(reach, rise) ** 2;
    const isSound = points.some((_, a) =>
      points.some((__, b) =>
        points.some((___, c) =>
          points.some((____, d) => a < b && b < c && c < d && isQuad(points, [a, b, c, d], least)),
        ),
      ),
    );
    if (!isSound)
      return `three of the four ${side} points lie on one line; a corner each is needed`;
  }
  const h = fitHomography(pairs);
  if (!h) return 'the points do not say where the ground lies';
  const sides = pairs.map(
    ({ picture: { x, y } }) => (h[6] ?? 0) * x + (h[7] ?? 0) * y + (h[8] ?? 0),
  );
  const isTwisted = !sides.every((side) => side > 0) && !sides.every((side) => side < 0);
  return isTwisted ? 'the points are in another order in the picture than on the field' : null;
}

/** No three of these four points lie on a line. */
function isQuad(points: readonly Point[], four: readonly number[], least: number): boolean {
  return four.every((skipped) => {
    const [a, b, c] = four.filter((one) => one !== skipped).map((one) => points[one]);
    if (!a || !b || !c) return false;
    return Math.abs((b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x)) > least;
  });
}

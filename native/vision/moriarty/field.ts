// The field under the picture: where things on the ground are in metres and how fast they move.
// Speeds are slopes of a parabola fitted to half a second of places (Savitzky & Golay 1964, with
// the pictures' real times), never two places apart; each has an interval of 95 %.

import type { Point } from './geometry.ts';
import { fitHomography, type Homography, mapped, type PointPair } from './homography.ts';

/** Seconds of places that a speed is read from. */
const WINDOW_SECONDS = 0.5;
/** Places in the window at least; fewer say nothing about their own error. */
const PLACES_MIN = 6;
/** Standard error of a seen place, pictures: one pixel of 640. */
const PLACE_ERROR = 1 / 640;
/** Half an interval of 95 % in standard errors, for few degrees of freedom. */
const INTERVAL_ERRORS = 2.2;
const FORGET_US = 2_000_000;
const METRES_PER_SECOND_TO_KMH = 3.6;

export type Speed = { kmh: number; lowKmh: number; highKmh: number };

type Place = { captureUs: number; x: number; y: number; error: number };

/** Reads speeds of one thing from its places in metres. */
export function speedOf(places: readonly Place[]): Speed | null {
  const last = places.at(-1);
  if (!last) return null;
  const window = places.filter(
    ({ captureUs }) => last.captureUs - captureUs <= WINDOW_SECONDS * 1_000_000,
  );
  if (window.length < PLACES_MIN) return null;
  const middle = window.reduce((sum, { captureUs }) => sum + captureUs, 0) / window.length;
  const times = window.map(({ captureUs }) => (captureUs - middle) / 1_000_000);
  const errors = window.reduce((sum, { error }) => sum + error, 0) / window.length;
  const x = slope(
    times,
    window.map((place) => place.x),
  );
  const y = slope(
    times,
    window.map((place) => place.y),
  );
  if (!x || !y) return null;
  const speed = Math.hypot(x.slope, y.slope);
  // What the places scatter, or what a place's own error explains, whichever is worse.
  const scatter = Math.max(errors, Math.sqrt((x.variance + y.variance) / 2));
  const half = INTERVAL_ERRORS * scatter * x.gain;
  const kmh = (value: number) => Math.max(0, value) * METRES_PER_SECOND_TO_KMH;
  return { kmh: kmh(speed), lowKmh: kmh(speed - half), highKmh: kmh(speed + half) };
}

/**
 * Slope in the window's middle of the parabola that fits best.
 *
 * @returns the slope, the variance of the places about the parabola, and by what a place's standard
 *   error is multiplied in the slope's
 */
function slope(times: readonly number[], values: readonly number[]) {
  const sums = [0, 1, 2, 3, 4].map((power) => times.reduce((sum, t) => sum + t ** power, 0));
  const [s0 = 0, s1 = 0, s2 = 0, s3 = 0, s4 = 0] = sums;
  const right = [0, 1, 2].map((power) =>
    times.reduce((sum, t, index) => sum + t ** power * (values[index] ?? 0), 0),
  );
  const [b0 = 0, b1 = 0, b2 = 0] = right;
  // The inverse of the normal matrix, by its adjugate.
  const [a, b, c] = [s2 * s4 - s3 * s3, s2 * s3 - s1 * s4, s1 * s3 - s2 * s2];
  const determinant = s0 * a + s1 * b + s2 * c;
  if (Math.abs(determinant) < 1e-18) return null;
  const [d, e, f] = [s0 * s4 - s2 * s2, s1 * s2 - s0 * s3, s0 * s2 - s1 * s1];
  const constant = (a * b0 + b * b1 + c * b2) / determinant;
  const linear = (b * b0 + d * b1 + e * b2) / determinant;
  const square = (c * b0 + e * b1 + f * b2) / determinant;
  const residuals = times.reduce(
    (sum, t, index) => sum + ((values[index] ?? 0) - constant - linear * t - square * t * t) ** 2,
    0,
  );
  const variance = residuals / Math.max(1, times.length - 3);
  return { slope: linear, variance, gain: Math.sqrt(d / determinant) };
}

export class Field {
  readonly #toField: Homography;
  readonly #places = new Map<number, Place[]>();

  private constructor(toField: Homography) {
    this.#toField = toField;
  }

  /** Null when the points do not say where the ground lies. */
  static from(pairs: readonly PointPair[]): Field | null {
    const toField = fitHomography(pairs);
    return toField ? new Field(toField) : null;
  }

  reset(): void {
    this.#places.clear();
  }

  /** Metres, or null beyond the horizon. */
  place(point: Point): Point | null {
    return mapped(this.#toField, point);
  }

  /** Standard error in metres of a place seen with one of PLACE_ERROR. */
  errorAt(point: Point): number {
    const here = this.place(point);
    const right = this.place({ x: point.x + PLACE_ERROR, y: point.y });
    const below = this.place({ x: point.x, y: point.y + PLACE_ERROR });
    if (!here || !right || !below) return Number.POSITIVE_INFINITY;
    const [rx, ry] = [right.x - here.x, right.y - here.y];
    const [bx, by] = [below.x - here.x, below.y - here.y];
    return Math.sqrt((rx * rx + ry * ry + bx * bx + by * by) / 2);
  }

  /** Takes where something stands on the ground and says how fast it is, once that is known. */
  follow(id: number, point: Point, captureUs: number): Speed | null {
    const found = this.place(point);
    const error = this.errorAt(point);
    if (!found || !Number.isFinite(error)) return null;
    const places = this.#places.get(id) ?? [];
    const last = places.at(-1);
    if (last && captureUs - last.captureUs > FORGET_US) places.length = 0;
    places.push({ captureUs, x: found.x, y: found.y, error });
    while (places[0] && captureUs - places[0].captureUs > WINDOW_SECONDS * 1_000_000)
      places.shift();
    this.#places.set(id, places);
    return speedOf(places);
  }

  forgetBefore(captureUs: number): void {
    for (const [id, places] of this.#places) {
      if (captureUs - (places.at(-1)?.captureUs ?? 0) > FORGET_US) this.#places.delete(id);
    }
  }
}

// One thing that a detector sees, between two looks at it. Where it was seen counts more than where
// it was guessed to be (OC-SORT, Cao et al., CVPR 2023): after a gap the guesses are taken back and
// replaced by a straight way between the sightings, and its direction is one between sightings.

import { CoordinateFilter } from './kalman.ts';
import { ASPECT, type Box, type Detection, overlapOf, type TrackView } from './track.ts';

/** Sightings that a direction is taken over; the paper takes three, of slower cameras. */
const DIRECTION_SIGHTINGS = 5;
/** A way shorter than this share of the height has no direction. */
const DIRECTION_WAY = 0.03;
/** Guesses that are taken back at most: one and a half seconds at 30 a second. */
const REPLAYED_MAX = 45;
/** A box that overlaps its anchor at least so much has not moved. */
const STILL_OVERLAP = 0.85;
/** It is still when it has not moved for so long, microseconds. */
const STILL_US = 2_000_000;

type Filters = {
  centreX: CoordinateFilter;
  centreY: CoordinateFilter;
  width: CoordinateFilter;
  height: CoordinateFilter;
};

export class BoxTrack {
  id = 0;
  sightings = 1;
  ageFrames = 1;
  /** Place of the last sighting, as it was seen. */
  seen: Detection;
  lastSeenUs: number;
  isSeen = true;
  /** Was not there when the detector last looked. */
  isMissed = false;
  readonly label: string;
  #filters: Filters;
  /** State after the last sighting, and guesses since. */
  #kept: Filters;
  #guesses = 0;
  readonly #places: { x: number; y: number }[];
  #anchor: Box;
  #anchoredUs: number;

  constructor(seen: Detection, nowUs: number) {
    this.label = seen.label;
    this.seen = seen;
    this.lastSeenUs = nowUs;
    this.#anchor = seen;
    this.#anchoredUs = nowUs;
    this.#places = [centreOf(seen)];
    const { width, height } = seen;
    this.#filters = {
      centreX: new CoordinateFilter(seen.x + width / 2, width / 10, width * 2),
      centreY: new CoordinateFilter(seen.y + height / 2, height / 10, height),
      width: new CoordinateFilter(width, width / 10, width / 5),
      height: new CoordinateFilter(height, height / 10, height / 5),
    };
    this.#kept = copied(this.#filters);
  }

  predict(seconds: number): void {
    predictAll(this.#filters, seconds);
    this.#guesses++;
    this.isSeen = false;
    this.ageFrames++;
  }

  correct(seen: Detection, nowUs: number): void {
    if (this.isMissed) this.#replay(seen, nowUs);
    correctAll(this.#filters, seen);
    this.#kept = copied(this.#filters);
    this.#guesses = 0;
    this.sightings++;
    this.isSeen = true;
    this.isMissed = false;
    this.lastSeenUs = nowUs;
    this.seen = seen;
    this.#places.push(centreOf(seen));
    if (this.#places.length > DIRECTION_SIGHTINGS) this.#places.shift();
    if (overlapOf(seen, this.#anchor) < STILL_OVERLAP) {
      this.#anchor = seen;
      this.#anchoredUs = nowUs;
    }
  }

  /** Takes the guesses since the last sighting back and goes straight from it to `seen` instead. */
  #replay(seen: Detection, nowUs: number): void {
    const steps = Math.min(this.#guesses, REPLAYED_MAX);
    const seconds = (nowUs - this.lastSeenUs) / 1_000_000;
    if (steps < 2 || seconds <= 0) return;
    this.#filters = this.#kept;
    for (let step = 1; step <= steps; step++) {
      predictAll(this.#filters, seconds / steps);
      // The last one is the sighting itself, which the caller takes.
      if (step < steps) correctAll(this.#filters, between(this.seen, seen, step / steps));
    }
  }

  /**
   * How far the way to `seen` turns from the way so far, 0 (straight on) to 1 (back); 0 when
   * either is too short to have a direction.
   */
  turn(seen: Box): number {
    const from = this.#places[0];
    const to = this.#places.at(-1);
    if (!from || !to || this.#places.length < 2) return 0;
    const next = centreOf(seen);
    const least = DIRECTION_WAY * this.seen.height;
    const [wayX, wayY] = [(to.x - from.x) * ASPECT, to.y - from.y];
    const [nextX, nextY] = [(next.x - from.x) * ASPECT, next.y - from.y];
    if (Math.hypot(wayX, wayY) < least || Math.hypot(nextX, nextY) < least) return 0;
    const turned = Math.atan2(wayX * nextY - wayY * nextX, wayX * nextX + wayY * nextY);
    return Math.abs(turned) / Math.PI;
  }

  /** Has stood where it stands for a while. */
  isStill(): boolean {
    return !this.isMissed && this.lastSeenUs - this.#anchoredUs >= STILL_US;
  }

  box(): Box {
    const { centreX, centreY, width, height } = this.#filters;
    return {
      x: centreX.value - width.value / 2,
      y: centreY.value - height.value / 2,
      width: width.value,
      height: height.value,
    };
  }

  view(): TrackView {
    return {
      ...this.box(),
      id: this.id,
      label: this.label,
      velocityX: this.#filters.centreX.velocity,
      velocityY: this.#filters.centreY.velocity,
      confidence: this.seen.confidence,
      ageFrames: this.ageFrames,
      predicted: !this.isSeen,
      isStill: this.isStill(),
    };
  }
}

function predictAll({ centreX, centreY, width, height }: Filters, seconds: number): void {
  centreX.predict(seconds, width.value * 8);
  centreY.predict(seconds, height.value * 4);
  width.predict(seconds, width.value / 2);
  height.predict(seconds, height.value / 2);
  width.value = Math.max(width.value, 1e-4);
  height.value = Math.max(height.value, 1e-4);
}

function correctAll({ centreX, centreY, width, height }: Filters, seen: Box): void {
  centreX.correct(seen.x + seen.width / 2, seen.width / 20);
  centreY.correct(seen.y + seen.height / 2, seen.height / 20);
  width.correct(seen.width, seen.width / 10);
  height.correct(seen.height, seen.height / 10);
}

function copied({ centreX, centreY, width, height }: Filters): Filters {
  return {
    centreX: centreX.copy(),
    centreY: centreY.copy(),
    width: width.copy(),
    height: height.copy(),
  };
}

function centreOf({ x, y, width, height }: Box): { x: number; y: number } {
  return { x: x + width / 2, y: y + height / 2 };
}

function between(from: Box, to: Box, share: number): Box {
  const mix = (a: number, b: number) => a + (b - a) * share;
  return {
    x: mix(from.x, to.x),
    y: mix(from.y, to.y),
    width: mix(from.width, to.width),
    height: mix(from.height, to.height),
  };
}

// Follows what a detector sees, after ByteTrack (Zhang et al. 2022): sure detections are paired
// first, then the unsure ones with what is left, so that a half-hidden player keeps the id.
// Pictures on which the detector did not run only carry tracks forward; they count as no miss.

import { assign } from './assignment.ts';
import { CoordinateFilter } from './kalman.ts';
import {
  type Box,
  type Detection,
  grown,
  overlapOf,
  type TakeId,
  type TrackView,
} from './track.ts';

export type BoxTrackerOptions = {
  /** Detections from here on start tracks. */
  sureConfidence: number;
  /** Detections below are not looked at. */
  lowestConfidence: number;
  /** Pairs of grown boxes that overlap less are no pairs. */
  minimumOverlap: number;
  /** Sightings before a track is shown and gets its id. */
  confirmations: number;
  /** How long an unseen track is kept, microseconds. */
  memoryUs: number;
};

export const BOX_TRACKER_DEFAULTS: BoxTrackerOptions = {
  sureConfidence: 0.5,
  lowestConfidence: 0.15,
  minimumOverlap: 0.3,
  confirmations: 3,
  memoryUs: 1_000_000,
};

/** Share by which boxes grow before they are compared. */
const GROWTH = 0.2;
/** Cost of a pair that is not allowed. */
const FORBIDDEN = 10;

type Filters = {
  centreX: CoordinateFilter;
  centreY: CoordinateFilter;
  width: CoordinateFilter;
  height: CoordinateFilter;
};

class BoxTrack {
  id = 0;
  sightings = 1;
  ageFrames = 1;
  lastSeenUs: number;
  isSeen = true;
  confidence: number;
  readonly label: string;
  readonly #filters: Filters;

  constructor(seen: Detection, nowUs: number) {
    this.label = seen.label;
    this.confidence = seen.confidence;
    this.lastSeenUs = nowUs;
    const { width, height } = seen;
    this.#filters = {
      centreX: new CoordinateFilter(seen.x + width / 2, width / 10, width * 2),
      centreY: new CoordinateFilter(seen.y + height / 2, height / 10, height),
      width: new CoordinateFilter(width, width / 10, width / 5),
      height: new CoordinateFilter(height, height / 10, height / 5),
    };
  }

  predict(seconds: number): void {
    const { centreX, centreY, width, height } = this.#filters;
    centreX.predict(seconds, width.value * 8);
    centreY.predict(seconds, height.value * 4);
    width.predict(seconds, width.value / 2);
    height.predict(seconds, height.value / 2);
    width.value = Math.max(width.value, 1e-4);
    height.value = Math.max(height.value, 1e-4);
    this.isSeen = false;
    this.ageFrames++;
  }

  correct(seen: Detection, nowUs: number): void {
    const { centreX, centreY, width, height } = this.#filters;
    centreX.correct(seen.x + seen.width / 2, seen.width / 20);
    centreY.correct(seen.y + seen.height / 2, seen.height / 20);
    width.correct(seen.width, seen.width / 10);
    height.correct(seen.height, seen.height / 10);
    this.sightings++;
    this.isSeen = true;
    this.lastSeenUs = nowUs;
    this.confidence = seen.confidence;
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
      confidence: this.confidence,
      ageFrames: this.ageFrames,
      predicted: !this.isSeen,
    };
  }
}

export class BoxTracker {
  readonly #options: BoxTrackerOptions;
  readonly #takeId: TakeId;
  #tracks: BoxTrack[] = [];
  #lastUs = -1;

  constructor(takeId: TakeId, options: BoxTrackerOptions = BOX_TRACKER_DEFAULTS) {
    this.#takeId = takeId;
    this.#options = options;
  }

  reset(): void {
    this.#tracks = [];
    this.#lastUs = -1;
  }

  /**
   * @param detections what the detector saw; null when it did not look at this picture
   * @returns confirmed tracks
   */
  update(detections: readonly Detection[] | null, nowUs: number): TrackView[] {
    const seconds = this.#lastUs < 0 ? 0 : Math.max(0, nowUs - this.#lastUs) / 1_000_000;
    this.#lastUs = nowUs;
    for (const track of this.#tracks) track.predict(seconds);
    if (detections) this.#pairAll(detections, nowUs);
    this.#tracks = this.#tracks.filter((track) => this.#isKept(track, nowUs, detections !== null));
    return this.#tracks.filter((track) => track.id > 0).map((track) => track.view());
  }

  #pairAll(detections: readonly Detection[], nowUs: number): void {
    const { sureConfidence, lowestConfidence } = this.#options;
    const sure = detections.filter((seen) => seen.confidence >= sureConfidence);
    const unsure = detections.filter(
      (seen) => seen.confidence < sureConfidence && seen.confidence >= lowestConfidence,
    );
    // Confirmed tracks choose before provisional ones.
    const confirmed = this.#tracks.filter((track) => track.id > 0);
    const provisional = this.#tracks.filter((track) => track.id === 0);
    const first = this.#pair(confirmed, sure, nowUs);
    this.#pair(first.tracks, unsure, nowUs);
    const second = this.#pair(provisional, first.detections, nowUs);
    for (const seen of second.detections) this.#tracks.push(new BoxTrack(seen, nowUs));
    for (const track of this.#tracks) {
      if (track.id === 0 && track.sightings >= this.#options.confirmations) {
        track.id = this.#takeId();
      }
    }
  }

  /** Pairs what fits and returns what is left of both. */
  #pair(
    tracks: readonly BoxTrack[],
    detections: readonly Detection[],
    nowUs: number,
  ): { tracks: BoxTrack[]; detections: Detection[] } {
    const costs = tracks.map((track) => {
      const place = grown(track.box(), GROWTH);
      return detections.map((seen) => {
        if (seen.label !== track.label) return FORBIDDEN;
        const overlap = overlapOf(place, grown(seen, GROWTH));
        return overlap >= this.#options.minimumOverlap ? 1 - overlap : FORBIDDEN;
      });
    });
    const taken = new Set<number>();
    const leftTracks: BoxTrack[] = [];
    const columns = assign(costs);
    tracks.forEach((track, row) => {
      const column = columns[row] ?? -1;
      const seen = detections[column];
      if (!seen || (costs[row]?.[column] ?? FORBIDDEN) >= FORBIDDEN) {
        leftTracks.push(track);
        return;
      }
      track.correct(seen, nowUs);
      taken.add(column);
    });
    return {
      tracks: leftTracks,
      detections: detections.filter((_, index) => !taken.has(index)),
    };
  }

  #isKept(track: BoxTrack, nowUs: number, wasLookedAt: boolean): boolean {
    if (track.id === 0 && wasLookedAt) return track.isSeen;
    return nowUs - track.lastSeenUs <= this.#options.memoryUs;
  }
}

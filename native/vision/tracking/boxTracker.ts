// Follows what a detector sees, after ByteTrack (Zhang et al., ECCV 2022): sure detections are
// paired first, then the unsure ones with what is left, so that a half-hidden player keeps the id.
// Pairs are judged by the overlap of grown boxes (C-BIoU, Yang et al., WACV 2023), for fast things,
// and by direction; who is still missed may be found by where it was last seen (OC-SORT, Cao et
// al., CVPR 2023). Pictures on which the detector did not run count as no miss.

import { assign } from './assignment.ts';
import { BoxTrack } from './boxTrack.ts';
import {
  type Box,
  type Detection,
  grown,
  overlapOf,
  type TakeId,
  type TrackView,
} from './track.ts';

export type BoxTrackerOptions = {
  /** Detections from here on are paired first; a little surer ones start tracks. */
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

/** ByteTrack's own thresholds; a second sighting confirms. */
export const BOX_TRACKER_DEFAULTS: BoxTrackerOptions = {
  sureConfidence: 0.6,
  lowestConfidence: 0.1,
  minimumOverlap: 0.2,
  confirmations: 2,
  memoryUs: 1_000_000,
};

/** Start of a track: so much surer than what is paired first (ByteTrack's det_thresh). */
const START_ABOVE = 0.1;
/** Shares by which boxes grow before they are compared: first, and for who is then still missed. */
const GROWTH = 0.2;
const GROWTH_WIDE = 0.5;
/** Overlap that an unsure detection must have (ByteTrack's second pass). */
const UNSURE_OVERLAP = 0.5;
/** Weight of the direction beside the overlap (OC-SORT's 0.2). */
const DIRECTION_WEIGHT = 0.2;
/** Cost of a pair that is not allowed. */
const FORBIDDEN = 10;

type Left = { tracks: BoxTrack[]; detections: Detection[] };
/** How a pass compares a track with a detection. */
type Pass = {
  placeOf(track: BoxTrack): Box;
  growth: number;
  minimumOverlap: number;
  directionWeight: number;
};

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
   * @param wasSeen whether it could have seen a thing here: it may have looked at a part only
   * @returns confirmed tracks
   */
  update(
    detections: readonly Detection[] | null,
    nowUs: number,
    wasSeen: (place: Box) => boolean = () => true,
  ): TrackView[] {
    const seconds = this.#lastUs < 0 ? 0 : Math.max(0, nowUs - this.#lastUs) / 1_000_000;
    this.#lastUs = nowUs;
    for (const track of this.#tracks) track.predict(seconds);
    if (detections) this.#pairAll(detections, nowUs, wasSeen);
    this.#tracks = this.#tracks.filter((track) => this.#isKept(track, nowUs));
    return this.#tracks.filter((track) => track.id > 0).map((track) => track.view());
  }

  /** Where everything is that is followed, and whether it stands there for a while. */
  places(): { box: Box; isStill: boolean }[] {
    return this.#tracks.map((track) => {
      return { box: track.box(), isStill: track.id > 0 && track.isStill() };
    });
  }

  #pairAll(
    detections: readonly Detection[],
    nowUs: number,
    wasSeen: (place: Box) => boolean,
  ): void {
    const { sureConfidence, lowestConfidence, minimumOverlap } = this.#options;
    const sure = detections.filter((seen) => seen.confidence >= sureConfidence);
    const unsure = detections.filter(
      (seen) => seen.confidence < sureConfidence && seen.confidence >= lowestConfidence,
    );
    // Confirmed tracks choose before provisional ones.
    const looked = this.#tracks.filter((track) => wasSeen(track.box()));
    const confirmed = looked.filter((track) => track.id > 0);
    const provisional = looked.filter((track) => track.id === 0);
    const near: Pass = {
      placeOf: (track) => track.box(),
      ...{ growth: GROWTH, minimumOverlap, directionWeight: DIRECTION_WEIGHT },
    };
    const first = pair(confirmed, sure, near, nowUs);
    const plain = { ...near, growth: 0, minimumOverlap: UNSURE_OVERLAP, directionWeight: 0 };
    // Who was already missed does not come back by an unsure detection.
    const present = first.tracks.filter((track) => !track.isMissed);
    const second = pair(present, unsure, plain, nowUs);
    const missing = [...first.tracks.filter((track) => track.isMissed), ...second.tracks];
    const wide = { ...near, placeOf: (track: BoxTrack) => track.seen, growth: GROWTH_WIDE };
    const third = pair(missing, first.detections, wide, nowUs);
    for (const track of third.tracks) track.isMissed = true;
    const fourth = pair(provisional, third.detections, near, nowUs);
    for (const track of fourth.tracks) track.isMissed = true;
    for (const seen of fourth.detections) {
      if (seen.confidence < sureConfidence + START_ABOVE) continue;
      this.#tracks.push(new BoxTrack(seen, nowUs));
    }
    for (const track of this.#tracks) {
      if (track.id === 0 && track.sightings >= this.#options.confirmations) {
        track.id = this.#takeId();
      }
    }
  }

  #isKept(track: BoxTrack, nowUs: number): boolean {
    if (!track.isMissed) return true;
    return track.id > 0 && nowUs - track.lastSeenUs <= this.#options.memoryUs;
  }
}

/** Pairs what fits, corrects those tracks, and returns what is left of both. */
function pair(
  tracks: readonly BoxTrack[],
  detections: readonly Detection[],
  pass: Pass,
  nowUs: number,
): Left {
  if (tracks.length === 0 || detections.length === 0) {
    return { tracks: [...tracks], detections: [...detections] };
  }
  const places = detections.map((seen) => grown(seen, pass.growth));
  const costs = tracks.map((track) => {
    const place = grown(pass.placeOf(track), pass.growth);
    return detections.map((seen, index) => {
      if (seen.label !== track.label) return FORBIDDEN;
      const overlap = overlapOf(place, places[index] ?? seen);
      if (overlap < pass.minimumOverlap) return FORBIDDEN;
      const turned = pass.directionWeight === 0 ? 0 : track.turn(seen) * seen.confidence;
      return 1 - overlap + pass.directionWeight * turned;
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

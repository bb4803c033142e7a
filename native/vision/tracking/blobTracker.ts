// Gives motion blobs ids, velocity, age and direction. Motion shows a thing in pieces and loses it
// when it stands still, so pieces that nearly touch are one thing, and pairs go by predicted
// centre or by lying in one another, not by overlap alone: who walks into the picture grows
// quickly.

import { ASPECT, type Box, type TakeId, type TrackView } from './track.ts';

/** How far from its predicted centre a blob may be found, picture heights. */
const GATE = 0.16;
/** Share of the smaller box that lies in the other one when both are one thing. */
const INSIDE = 0.5;
/** Share of the newest step in the velocity. */
const VELOCITY_SHARE = 0.4;
/** A blob is kept so long without being seen, microseconds, but at least for some pictures. */
const MEMORY_US = 700_000;
const MISSES_MIN = 4;
/** Sightings before a blob is shown and gets its id. */
const CONFIRMATIONS = 3;

export type BlobTrackerOptions = {
  /** Pieces that are no further apart than this are one thing, picture heights; null: never. */
  joinGap: number | null;
};

/** A difference picture shows only edges of things, and joining those would join strangers. */
export const BLOB_TRACKER_DEFAULTS: BlobTrackerOptions = { joinGap: null };
/** Pieces of a thing on a background: a leg behind a table, a head before a dark wall. */
export const JOINED_BLOBS: BlobTrackerOptions = { joinGap: 0.05 };

type Blob = Box & {
  id: number;
  velocityX: number;
  velocityY: number;
  sightings: number;
  ageFrames: number;
  misses: number;
  lastSeenUs: number;
};

export class BlobTracker {
  readonly #takeId: TakeId;
  readonly #options: BlobTrackerOptions;
  #blobs: Blob[] = [];
  #lastUs = -1;

  constructor(takeId: TakeId, options: BlobTrackerOptions = BLOB_TRACKER_DEFAULTS) {
    this.#takeId = takeId;
    this.#options = options;
  }

  reset(): void {
    this.#blobs = [];
    this.#lastUs = -1;
  }

  /** Takes the blobs of one picture and returns the confirmed ones. */
  update(seen: readonly Box[], nowUs: number): TrackView[] {
    const seconds = this.#lastUs < 0 ? 0 : Math.max(0, nowUs - this.#lastUs) / 1_000_000;
    this.#lastUs = nowUs;
    for (const blob of this.#blobs) {
      blob.x += blob.velocityX * seconds;
      blob.y += blob.velocityY * seconds;
      blob.ageFrames++;
      blob.misses++;
    }
    const { joinGap } = this.#options;
    this.#pair(joinGap === null ? seen : joined(seen, joinGap), seconds, nowUs);
    this.#blobs = this.#blobs.filter((blob) => {
      if (blob.misses === 0) return true;
      return blob.id > 0 && (blob.misses < MISSES_MIN || nowUs - blob.lastSeenUs <= MEMORY_US);
    });
    return this.#blobs.filter((blob) => blob.id > 0).map(view);
  }

  #pair(seen: readonly Box[], seconds: number, nowUs: number): void {
    const pairs: { cost: number; blob: Blob; index: number }[] = [];
    for (const blob of this.#blobs) {
      seen.forEach((box, index) => {
        const distance = distanceOf(blob, box);
        const isInside = this.#options.joinGap !== null && insideOf(blob, box) >= INSIDE;
        if (distance > GATE && !isInside) return;
        // Who has an id chooses first: a piece that comes loose does not take it over.
        const cost = distance - (isInside ? GATE : 0) + (blob.id === 0 ? 1 : 0);
        pairs.push({ cost, blob, index });
      });
    }
    pairs.sort((a, b) => a.cost - b.cost);
    const taken = new Set<number>();
    for (const { blob, index } of pairs) {
      const box = seen[index];
      if (!box || blob.misses === 0 || taken.has(index)) continue;
      taken.add(index);
      this.#correct(blob, box, seconds, nowUs);
    }
    seen.forEach((box, index) => {
      if (taken.has(index)) return;
      const { x, y, width, height } = box;
      const blob = { x, y, width, height, id: 0, velocityX: 0, velocityY: 0 };
      const counts = { sightings: 1, ageFrames: 1, misses: 0, lastSeenUs: nowUs };
      this.#blobs.push({ ...blob, ...counts });
    });
  }

  #correct(blob: Blob, box: Box, seconds: number, nowUs: number): void {
    if (seconds > 0) {
      // The prediction already holds the old velocity: what is left over is the change.
      const elapsed = seconds * blob.misses;
      const errorX = box.x + box.width / 2 - (blob.x + blob.width / 2);
      const errorY = box.y + box.height / 2 - (blob.y + blob.height / 2);
      blob.velocityX += (VELOCITY_SHARE * errorX) / elapsed;
      blob.velocityY += (VELOCITY_SHARE * errorY) / elapsed;
    }
    blob.x = box.x;
    blob.y = box.y;
    blob.width = box.width;
    blob.height = box.height;
    blob.misses = 0;
    blob.lastSeenUs = nowUs;
    blob.sightings++;
    if (blob.id === 0 && blob.sightings >= CONFIRMATIONS) blob.id = this.#takeId();
  }
}

/** Boxes that nearly touch, as one box each, until none do. */
function joined(boxes: readonly Box[], gap: number): Box[] {
  const rest = [...boxes];
  for (let index = 0; index < rest.length; index++) {
    for (let other = index + 1; other < rest.length; other++) {
      const [one, two] = [rest[index], rest[other]];
      if (!one || !two || gapOf(one, two) > gap) continue;
      rest[index] = hull(one, two);
      rest.splice(other, 1);
      // The larger box may now touch one that was looked at before.
      other = index;
    }
  }
  return rest.length === boxes.length ? rest : joined(rest, gap);
}

function hull(a: Box, b: Box): Box {
  const x = Math.min(a.x, b.x);
  const y = Math.min(a.y, b.y);
  const width = Math.max(a.x + a.width, b.x + b.width) - x;
  return { x, y, width, height: Math.max(a.y + a.height, b.y + b.height) - y };
}

/** Picture heights between two boxes; 0 when they touch. */
function gapOf(a: Box, b: Box): number {
  const x = Math.max(a.x, b.x) - Math.min(a.x + a.width, b.x + b.width);
  const y = Math.max(a.y, b.y) - Math.min(a.y + a.height, b.y + b.height);
  return Math.max(0, x * ASPECT, y);
}

/** Share of the smaller box that lies in the other. */
function insideOf(a: Box, b: Box): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  if (width <= 0 || height <= 0) return 0;
  return (width * height) / Math.min(a.width * a.height, b.width * b.height);
}

function distanceOf(a: Box, b: Box): number {
  const x = a.x + a.width / 2 - b.x - b.width / 2;
  const y = a.y + a.height / 2 - b.y - b.height / 2;
  return Math.hypot(x * ASPECT, y);
}

function view(blob: Blob): TrackView {
  return {
    id: blob.id,
    label: 'motion',
    x: blob.x,
    y: blob.y,
    width: blob.width,
    height: blob.height,
    velocityX: blob.velocityX,
    velocityY: blob.velocityY,
    confidence: 1 / (1 + blob.misses),
    ageFrames: blob.ageFrames,
    predicted: blob.misses > 0,
  };
}

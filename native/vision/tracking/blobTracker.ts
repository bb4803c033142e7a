// Gives motion blobs ids, velocity and age. A difference picture shows a thing in pieces and loses
// it when it stands still, so pairing goes by predicted centre and not by overlap.

import { ASPECT, type Box, type TakeId, type TrackView } from './track.ts';

/** How far from its predicted centre a blob may be found, picture heights. */
const GATE = 0.16;
/** Share of the newest step in the velocity. */
const VELOCITY_SHARE = 0.4;
/** Pictures a blob is kept without being seen: at 30 fps a third of a second. */
const MISSES_MAX = 10;
/** Sightings before a blob is shown and gets its id. */
const CONFIRMATIONS = 3;

type Blob = Box & {
  id: number;
  velocityX: number;
  velocityY: number;
  sightings: number;
  ageFrames: number;
  misses: number;
};

export class BlobTracker {
  readonly #takeId: TakeId;
  #blobs: Blob[] = [];
  #lastUs = -1;

  constructor(takeId: TakeId) {
    this.#takeId = takeId;
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
    this.#pair(seen, seconds);
    this.#blobs = this.#blobs.filter(
      (blob) => blob.misses === 0 || (blob.id > 0 && blob.misses <= MISSES_MAX),
    );
    return this.#blobs.filter((blob) => blob.id > 0).map(view);
  }

  #pair(seen: readonly Box[], seconds: number): void {
    const pairs: { distance: number; blob: Blob; index: number }[] = [];
    for (const blob of this.#blobs) {
      seen.forEach((box, index) => {
        const distance = distanceOf(blob, box);
        if (distance <= GATE) pairs.push({ distance, blob, index });
      });
    }
    pairs.sort((a, b) => a.distance - b.distance);
    const taken = new Set<number>();
    for (const { blob, index } of pairs) {
      const box = seen[index];
      if (!box || blob.misses === 0 || taken.has(index)) continue;
      taken.add(index);
      this.#correct(blob, box, seconds);
    }
    seen.forEach((box, index) => {
      if (taken.has(index)) return;
      const { x, y, width, height } = box;
      const blob = { x, y, width, height, id: 0, velocityX: 0, velocityY: 0 };
      this.#blobs.push({ ...blob, sightings: 1, ageFrames: 1, misses: 0 });
    });
  }

  #correct(blob: Blob, box: Box, seconds: number): void {
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
    blob.sightings++;
    if (blob.id === 0 && blob.sightings >= CONFIRMATIONS) blob.id = this.#takeId();
  }
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

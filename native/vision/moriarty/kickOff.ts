// Judges kick-off: the ball rested on the centre spot, then it moved away. The moment is the first
// picture on which it had left its resting place, known a few pictures later.

import type { BallSighting } from '../tracking/ballTrack.ts';
import { distance } from './geometry.ts';
import type { Pack } from './pack.ts';

/** A ball this far from where it rested plays, picture heights: about 9 pixels of 360. */
const MOVED = 0.025;
/** The first picture beyond this is the moment: about 2 pixels, twice a sighting's error. */
const LEFT = 0.006;
/** A resting ball that is hidden for longer has to rest anew, microseconds. */
const HIDDEN_MAX_US = 1_500_000;
/** Sightings close together away from the old place are a new place: it had still been rolling. */
const SETTLED_SIGHTINGS = 5;
/** Sightings remembered since it rested. */
const SIGHTINGS_MAX = 60;

export type KickOff = { captureUs: number; restedSeconds: number; seen: BallSighting };

export class KickOffJudge {
  readonly #spot: NonNullable<Pack['centreSpot']> | null;
  #restSinceUs = -1;
  #restCount = 0;
  #restX = 0;
  #restY = 0;
  #lastSeenUs = -1;
  #sinceRest: BallSighting[] = [];

  constructor(pack: Pack) {
    this.#spot = pack.centreSpot;
  }

  reset(): void {
    this.#restSinceUs = -1;
    this.#restCount = 0;
    this.#sinceRest = [];
  }

  /** Takes each sighting of the ball. */
  judge(seen: BallSighting): KickOff | null {
    const spot = this.#spot;
    if (!spot) return null;
    if (seen.captureUs - this.#lastSeenUs > HIDDEN_MAX_US) this.reset();
    this.#lastSeenUs = seen.captureUs;
    if (this.#restCount === 0) {
      if (distance(seen, spot) <= spot.restRadius) this.#beginRest(seen);
      return null;
    }
    const rest = { x: this.#restX / this.#restCount, y: this.#restY / this.#restCount };
    const moved = distance(seen, rest);
    if (moved <= LEFT) {
      this.#restX += seen.x;
      this.#restY += seen.y;
      this.#restCount++;
      this.#sinceRest = [];
      return null;
    }
    this.#sinceRest.push(seen);
    if (this.#sinceRest.length > SIGHTINGS_MAX) this.#sinceRest.shift();
    if (moved < MOVED) {
      const earlier = this.#sinceRest.at(-SETTLED_SIGHTINGS);
      if (earlier && distance(earlier, seen) < LEFT) this.#beginRest(seen);
      return null;
    }
    const restedUs = seen.captureUs - this.#restSinceUs;
    const first = this.#sinceRest[0] ?? seen;
    this.reset();
    if (restedUs < spot.restSeconds * 1_000_000) {
      if (distance(seen, spot) <= spot.restRadius) this.#beginRest(seen);
      return null;
    }
    return { captureUs: first.captureUs, restedSeconds: restedUs / 1_000_000, seen };
  }

  /** Capture time of a kick-off that may be under way, or null. */
  pendingUs(): number | null {
    return this.#restCount > 0 ? (this.#sinceRest[0]?.captureUs ?? null) : null;
  }

  #beginRest(seen: BallSighting): void {
    this.#restSinceUs = seen.captureUs;
    this.#restCount = 1;
    this.#restX = seen.x;
    this.#restY = seen.y;
    this.#sinceRest = [];
  }
}

// The ball on a track of its own: it is small, fast and often hidden, so overlap says nothing.
// Sightings near the predicted place belong to it; the rest is ignored until the track is lost.
// Unseen it goes straight on, or falls as a thrown thing does where its last places say so.
// Motion blobs may carry the track over a gap of the detector but never start it and never count
// as a sighting: a player's foot must not become a ball.

import { Flight } from './flight.ts';
import { ASPECT, type Box, type Detection, type TakeId, type TrackView } from './track.ts';

/** Faster is no ball, picture heights per second (a 40 m/s shot on a 40 m wide view). */
const SPEED_MAX = 3.5;
/** Error of a sighting, picture heights: about two pixels of 360. */
const SIGHTING_ERROR = 0.006;
/** How far beyond the prediction a ball may be: it is kicked, picture heights per second. */
const SURPRISE_SPEED = 1.8;
/** A track is lost after this long without a sighting, microseconds. */
const MEMORY_US = 700_000;
/** A throw may leave the picture at the top and come back. */
const FLIGHT_MEMORY_US = 1_200_000;
/** Farther from where its way leads it was kicked or bounced, picture heights. */
const KICK_DISTANCE = 0.035;
/** Sightings before a track counts and gets its id. */
const CONFIRMATIONS = 2;
/** Share of the newest step in the velocity. */
const VELOCITY_SHARE = 0.5;
/** Motion blobs larger than this are players, picture heights. */
const BLOB_SIZE_MAX = 0.09;

/** Where the ball is on one picture. */
export type BallSighting = {
  captureUs: number;
  rtpTimestamp: number;
  /** Centre, normalised. */
  x: number;
  y: number;
  width: number;
  height: number;
  confidence: number;
  /** The detector saw it on this picture; otherwise it was carried forward. */
  isSeen: boolean;
  trackId: number;
  /** Where it was before anybody followed it, the oldest first, on this picture. */
  before?: readonly { captureUs: number; x: number; y: number }[];
};

type State = {
  id: number;
  x: number;
  y: number;
  width: number;
  height: number;
  velocityX: number;
  velocityY: number;
  /** What pulls it down while it flies, picture heights per second squared; 0: nothing. */
  gravity: number;
  confidence: number;
  sightings: number;
  ageFrames: number;
  lastUs: number;
  lastSeenUs: number;
  /** Place of the last sighting. */
  seenX: number;
  seenY: number;
};

export class BallTrack {
  readonly #takeId: TakeId;
  readonly #flight = new Flight();
  #state: State | null = null;

  constructor(takeId: TakeId) {
    this.#takeId = takeId;
  }

  reset(): void {
    this.#state = null;
    this.#flight.reset();
  }

  /** Another ball is followed from now on, seen at these places, the oldest first. */
  adopt(places: readonly (Detection & { captureUs: number })[]): void {
    this.#state = null;
    for (const place of places) {
      if (this.#state) this.#carry(this.#state, place.captureUs);
      this.#take(place, place.captureUs);
    }
  }

  /**
   * @param balls detections of the ball; null when the detector did not look at this picture
   * @param blobs motion on this picture
   * @param shift how far the camera's picture moved since the last one, pictures
   * @returns the ball, or null when there is none that is confirmed, or it is beyond the edge
   */
  update(
    balls: readonly Detection[] | null,
    blobs: readonly Box[],
    at: { captureUs: number; rtpTimestamp: number },
    shift: { x: number; y: number } = { x: 0, y: 0 },
  ): BallSighting | null {
    const state = this.#state;
    this.#move(shift);
    if (state) this.#carry(state, at.captureUs);
    const seen = balls ? this.#choose(balls, at.captureUs) : null;
    if (seen) this.#take(seen, at.captureUs);
    else if (state) this.#follow(state, blobs, at.captureUs);
    const now = this.#state;
    const memoryUs = now?.gravity ? FLIGHT_MEMORY_US : MEMORY_US;
    if (now && at.captureUs - now.lastSeenUs > memoryUs) {
      this.#state = null;
      return null;
    }
    if (now && balls && !seen && now.id === 0) this.#state = null;
    return this.#tell(at, seen !== null);
  }

  /** The ball as it was just adopted; null when it is not confirmed. */
  current(at: { captureUs: number; rtpTimestamp: number }): BallSighting | null {
    return this.#tell(at, true);
  }

  #tell(at: { captureUs: number; rtpTimestamp: number }, isSeen: boolean): BallSighting | null {
    const state = this.#state;
    if (!state || state.id === 0 || !isInPicture(state)) return null;
    const { x, y, width, height, confidence } = state;
    return { ...at, x, y, width, height, confidence, isSeen, trackId: state.id };
  }

  /** The track for the overlay, or null. */
  view(isSeen: boolean): TrackView | null {
    const state = this.#state;
    if (!state || state.id === 0) return null;
    return {
      id: state.id,
      label: 'ball',
      x: state.x - state.width / 2,
      y: state.y - state.height / 2,
      width: state.width,
      height: state.height,
      velocityX: state.velocityX,
      velocityY: state.velocityY,
      confidence: state.confidence,
      ageFrames: state.ageFrames,
      predicted: !isSeen,
    };
  }

  #carry(state: State, nowUs: number): void {
    const seconds = Math.max(0, nowUs - state.lastUs) / 1_000_000;
    state.x += state.velocityX * seconds;
    state.y += (state.velocityY + (state.gravity / 2) * seconds) * seconds;
    state.velocityY += state.gravity * seconds;
    state.lastUs = nowUs;
    state.ageFrames++;
  }

  /** The detection that can be this ball: sure, and near to where it may have got to. */
  #choose(balls: readonly Detection[], nowUs: number): Detection | null {
    const state = this.#state;
    let best: Detection | null = null;
    let bestScore = Number.NEGATIVE_INFINITY;
    for (const ball of balls) {
      let score = ball.confidence;
      if (state) {
        const seconds = Math.max(0, nowUs - state.lastSeenUs) / 1_000_000;
        const x = ball.x + ball.width / 2;
        const y = ball.y + ball.height / 2;
        const fromSeen = Math.hypot((x - state.seenX) * ASPECT, y - state.seenY);
        if (fromSeen > SPEED_MAX * seconds + 2 * SIGHTING_ERROR) continue;
        const fromPrediction = Math.hypot((x - state.x) * ASPECT, y - state.y);
        const gate = SURPRISE_SPEED * seconds + 4 * SIGHTING_ERROR;
        if (state.id > 0 && fromPrediction > gate) continue;
        score -= fromPrediction / gate / 2;
      }
      if (score > bestScore) {
        best = ball;
        bestScore = score;
      }
    }
    // A provisional track that nobody meets gives way to the best new start.
    if (!best && state?.id === 0) {
      this.#state = null;
      return this.#choose(balls, nowUs);
    }
    return best;
  }

  #take(ball: Detection, nowUs: number): void {
    const x = ball.x + ball.width / 2;
    const y = ball.y + ball.height / 2;
    const { width, height, confidence } = ball;
    const state = this.#state;
    if (!state) {
      this.#state = {
        ...{ id: 0, x, y, width, height, velocityX: 0, velocityY: 0, gravity: 0, confidence },
        ...{ sightings: 1, ageFrames: 1, lastUs: nowUs, lastSeenUs: nowUs, seenX: x, seenY: y },
      };
      this.#flight.restart({ captureUs: nowUs, x: x * ASPECT, y });
      return;
    }
    const seconds = (nowUs - state.lastSeenUs) / 1_000_000;
    if (seconds > 0) {
      const share = state.sightings === 1 ? 1 : VELOCITY_SHARE;
      state.velocityX += share * ((x - state.seenX) / seconds - state.velocityX);
      state.velocityY += share * ((y - state.seenY) / seconds - state.velocityY);
    }
    this.#followFlight(state, { captureUs: nowUs, x, y });
    state.x = x;
    state.y = y;
    state.seenX = x;
    state.seenY = y;
    state.width = width;
    state.height = height;
    state.confidence = confidence;
    state.lastSeenUs = nowUs;
    state.sightings++;
    if (state.id === 0 && state.sightings >= CONFIRMATIONS) state.id = this.#takeId();
  }

  #move({ x, y }: { x: number; y: number }): void {
    this.#flight.shift(x * ASPECT, y);
    const state = this.#state;
    if (!state) return;
    state.x += x;
    state.y += y;
    state.seenX += x;
    state.seenY += y;
  }

  /** Takes a sighting into the way, which tells the velocity better than the last steps do. */
  #followFlight(state: State, { captureUs, x, y }: { captureUs: number; x: number; y: number }) {
    const place = { captureUs, x: x * ASPECT, y };
    const surprise = Math.hypot((x - state.x) * ASPECT, y - state.y);
    if (surprise > KICK_DISTANCE) this.#flight.restart(place);
    else this.#flight.add(place);
    const way = this.#flight.way();
    state.gravity = way?.gravity ?? 0;
    if (!way) return;
    state.velocityX = way.velocityX / ASPECT;
    state.velocityY = way.velocityY;
  }

  /** Moves the carried place to a small blob that is there; velocity and sightings stay. */
  #follow(state: State, blobs: readonly Box[], nowUs: number): void {
    const seconds = (nowUs - state.lastSeenUs) / 1_000_000;
    let nearest: Box | null = null;
    let nearestDistance = 6 * SIGHTING_ERROR + SURPRISE_SPEED * seconds * 0.3;
    for (const blob of blobs) {
      if (blob.width * ASPECT > BLOB_SIZE_MAX || blob.height > BLOB_SIZE_MAX) continue;
      const x = blob.x + blob.width / 2;
      const y = blob.y + blob.height / 2;
      const distance = Math.hypot((x - state.x) * ASPECT, y - state.y);
      if (distance >= nearestDistance) continue;
      nearest = blob;
      nearestDistance = distance;
    }
    if (nearest) {
      state.x = nearest.x + nearest.width / 2;
      state.y = nearest.y + nearest.height / 2;
    }
    state.confidence *= 0.9;
  }
}

function isInPicture({ x, y }: { x: number; y: number }): boolean {
  return x >= 0 && x <= 1 && y >= 0 && y <= 1;
}

// The ball of a game as sight follows it: what the detector calls a ball and what moves like one,
// on one track. Half of what moves like a ball is none (models/cards/ball-or-not.md), so such a
// sighting is told with that much less confidence, and a ball that moves is preferred to one that
// lies still: the game is about the former.

import type { BallSeer, Offer } from './models/ballSeer.ts';
import type { Picture } from './models/picture.ts';
import type { FoundBall } from './moriarty/ballFinder.ts';
import type { Pack } from './moriarty/pack.ts';
import { type BallSighting, BallTrack } from './tracking/ballTrack.ts';
import type { Box, Detection, TakeId, TrackView } from './tracking/track.ts';
import { PICTURE } from './vibrio/motion.ts';

/** Below this a ball of the detector is not looked at. */
const CONFIDENCE_MIN = 0.25;
/** What the finder's word is worth: on a real clip half of what it told was no ball. */
const FINDER_SHARE = 0.6;
/** From this speed on it flies, a third of its own size a picture; heads and hands are slower. */
const FLYING_RADII = 0.6;
/** What is slower is worth this much less, for choosing and in what is told. */
const SLOW_SHARE = 0.7;
/** A ball that flies elsewhere on so many pictures is the one that is followed from then on. */
const ELSEWHERE_TIMES = 2;
/** Pictures whose times are remembered: as far back as a found ball tells its way. */
const TIMES_MAX = 48;
/** This near it is the same one, picture heights. */
const SAME_DISTANCE = 0.08;

type At = { captureUs: number; rtpTimestamp: number };

export class BallWatch {
  readonly #label: string | null;
  readonly #seer: BallSeer | null;
  readonly #track: BallTrack;
  #elsewhere = 0;
  #timesUs: number[] = [];

  constructor(takeId: TakeId, pack: Pack, seer: BallSeer | null) {
    this.#label = pack.ball?.label ?? null;
    this.#seer = pack.ball?.finder ? seer : null;
    this.#track = new BallTrack(takeId);
  }

  reset(): void {
    this.#elsewhere = 0;
    this.#timesUs = [];
    this.#track.reset();
    this.#seer?.reset();
  }

  /** Shows the picture to who looks for balls that move; null when nobody looks. */
  offer(picture: Picture, shift: { x: number; y: number } | null, mayLook: boolean): Offer | null {
    return this.#seer?.offer(picture, shift, mayLook) ?? null;
  }

  isBall({ label }: Detection): boolean {
    return label === this.#label;
  }

  /**
   * @param detections of the detector, of all labels; null when it did not look
   * @param found by motion; null when nobody looked
   * @param blobs motion on this picture
   * @param shift of the camera's picture, pixels; null: by an unknown way
   */
  update(
    seen: { detections: readonly Detection[] | null; found: readonly FoundBall[] | null },
    blobs: readonly Box[],
    at: At,
    shift: { x: number; y: number } | null,
  ): { ball: BallSighting | null; view: TrackView | null } {
    if (this.#label === null) return { ball: null, view: null };
    const { detections, found } = seen;
    const detected = (detections ?? []).filter(
      (one) => this.isBall(one) && one.confidence >= CONFIDENCE_MIN,
    );
    const moving = (found ?? []).map((one) => sightingOf(one, this.#label ?? ''));
    const balls = detections || found ? [...detected, ...moving] : null;
    this.#timesUs = [...this.#timesUs.slice(1 - TIMES_MAX), at.captureUs];
    // By an unknown way it may be anywhere near; the track stays where it is.
    const moved = { x: (shift?.x ?? 0) / PICTURE.width, y: (shift?.y ?? 0) / PICTURE.height };
    const ball = this.#track.update(balls, blobs, at, moved);
    const other = found && this.#other(ball, found);
    if (!other) return { ball, view: ball && this.#track.view(ball.isSeen) };
    const before = this.#pastOf(other);
    const { captureUs } = at;
    this.#track.adopt([...before, { ...sightingOf(other, this.#label), captureUs }]);
    const taken = this.#track.current(at);
    return {
      ball: taken && { ...taken, before: before.map(placeOf) },
      view: this.#track.view(true),
    };
  }

  /**
   * A ball that flies while none is followed, or again and again elsewhere: then the one that was
   * followed lies, is held or was a head.
   */
  #other(ball: BallSighting | null, found: readonly FoundBall[]): FoundBall | null {
    const isOwn = (one: FoundBall) => ball !== null && distance(one, ball) <= SAME_DISTANCE;
    const flying = found.filter((one) => isFlying(one) && !isOwn(one));
    const [best] = flying.sort((a, b) => b.confidence - a.confidence);
    const keeps = found.some((one) => isOwn(one) && isFlying(one));
    this.#elsewhere = best && !keeps ? this.#elsewhere + 1 : 0;
    if (!best || keeps || (ball && this.#elsewhere < ELSEWHERE_TIMES)) return null;
    this.#elsewhere = 0;
    return best;
  }

  /** Its way so far, with the times of those pictures. */
  #pastOf(found: FoundBall): (Detection & { captureUs: number })[] {
    const sighting = sightingOf(found, this.#label ?? '');
    return found.past.flatMap(({ x, y, stepsAgo }) => {
      const captureUs = this.#timesUs.at(-1 - stepsAgo);
      if (captureUs === undefined || stepsAgo === 0) return [];
      const [left, top] = [(x - found.radius) / PICTURE.width, (y - found.radius) / PICTURE.height];
      return [{ ...sighting, x: left, y: top, captureUs }];
    });
  }
}

const placeOf = ({ x, y, width, height, captureUs }: Detection & { captureUs: number }) => ({
  ...{ x: x + width / 2, y: y + height / 2, captureUs },
});

function isFlying({ speed, radius }: FoundBall): boolean {
  return speed >= FLYING_RADII * radius;
}

/** Picture heights between a ball in pixels and one in shares of the picture. */
function distance(found: FoundBall, ball: BallSighting): number {
  const x = (found.x - ball.x * PICTURE.width) / PICTURE.height;
  return Math.hypot(x, found.y / PICTURE.height - ball.y);
}

function sightingOf(found: FoundBall, label: string): Detection {
  const { x, y, radius } = found;
  const confidence = found.confidence * FINDER_SHARE * (isFlying(found) ? 1 : SLOW_SHARE);
  return {
    ...{ label, confidence },
    x: (x - radius) / PICTURE.width,
    y: (y - radius) / PICTURE.height,
    width: (2 * radius) / PICTURE.width,
    height: (2 * radius) / PICTURE.height,
  };
}

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

type At = { captureUs: number; rtpTimestamp: number };

export class BallWatch {
  readonly #label: string | null;
  readonly #seer: BallSeer | null;
  readonly #track: BallTrack;

  constructor(takeId: TakeId, pack: Pack, seer: BallSeer | null) {
    this.#label = pack.ball?.label ?? null;
    this.#seer = pack.ball?.finder ? seer : null;
    this.#track = new BallTrack(takeId);
  }

  reset(): void {
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
   */
  update(
    seen: { detections: readonly Detection[] | null; found: readonly FoundBall[] | null },
    blobs: readonly Box[],
    at: At,
  ): { ball: BallSighting | null; view: TrackView | null } {
    if (this.#label === null) return { ball: null, view: null };
    const { detections, found } = seen;
    const detected = (detections ?? []).filter(
      (one) => this.isBall(one) && one.confidence >= CONFIDENCE_MIN,
    );
    const moving = (found ?? []).map((one) => sightingOf(one, this.#label ?? ''));
    const balls = detections || found ? [...detected, ...moving] : null;
    const ball = this.#track.update(balls, blobs, at);
    return { ball, view: ball && this.#track.view(ball.isSeen) };
  }
}

function sightingOf({ x, y, radius, confidence }: FoundBall, label: string): Detection {
  return {
    ...{ label, confidence: confidence * FINDER_SHARE },
    x: (x - radius) / PICTURE.width,
    y: (y - radius) / PICTURE.height,
    width: (2 * radius) / PICTURE.width,
    height: (2 * radius) / PICTURE.height,
  };
}

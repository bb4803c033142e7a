// What every rule gets to see and gives back. A rule knows places, never pixels, and says for each
// thing that happened on which picture it did, how sure it is, and why in one sentence.

import type { EventType } from '../../../../core/contract/eventCatalogue.ts';
import type { BallSighting } from '../../tracking/ballTrack.ts';
import type { TrackView } from '../../tracking/track.ts';
import type { ActionSeen } from '../actions.ts';
import type { Speed } from '../field.ts';
import type { Point } from '../geometry.ts';
import type { Team } from '../teams.ts';

/** Somebody or something on this picture, in the picture that the places were drawn on. */
export type Actor = {
  track: TrackView;
  /** Where it stands: the middle of the box's lower edge. */
  foot: Point;
  centre: Point;
  team: Team | null;
  /** On a calibrated field, for what stands on the ground. */
  speed: Speed | null;
};

/**
 * What joints say comes at most so late, microseconds: rules that listen keep that much open, and
 * what is known later still is told on the first picture that is open.
 */
export const JOINTS_LATE_US = 600_000;

/** Somebody, by their track, began to do something. */
export type Begun = ActionSeen & { id: number };

export type Scene = {
  captureUs: number;
  /** People and motion that were seen on this picture. */
  actors: readonly Actor[];
  /** What people began to do, by their joints; known some pictures after it began. */
  begun: readonly Begun[];
  /** The ball when it was seen on this picture. */
  ball: BallSighting | null;
  /** Luma and chroma of 640x360, for rules that read the score. */
  yuv: Uint8Array | null;
};

export type Happening = {
  type: EventType;
  captureUs: number;
  subject: string;
  confidence: number;
  why: string;
  trackIds: number[];
};

export type Rule = {
  /** It judges by lines, zones or metres, so it rests while nobody knows where they lie. */
  needsPlaces: boolean;
  judge(scene: Scene): Happening[];
  /** Capture time of the oldest thing that is not decided, or null. */
  pendingUs(): number | null;
  reset(): void;
};

/** Tells at most one thing in `quietSeconds`. */
export class Quiet {
  readonly #quietUs: number;
  readonly #until = new Map<string, number>();

  constructor(quietSeconds: number) {
    this.#quietUs = quietSeconds * 1_000_000;
  }

  /** Whether something may be told now; then it is quiet. */
  pass(name: string, captureUs: number): boolean {
    if (captureUs < (this.#until.get(name) ?? 0)) return false;
    this.#until.set(name, captureUs + this.#quietUs);
    return true;
  }

  reset(): void {
    this.#until.clear();
  }
}

/** How sure several agreeing looks are: wrong only when all of them were. */
export function agreed(confidence: number, looks: number): number {
  return Math.min(0.99, 1 - (1 - Math.min(0.95, confidence)) ** Math.max(1, Math.sqrt(looks)));
}

/** Says who it was. */
export function nameOf(actor: Actor): string {
  const side = actor.team ? ` of side ${actor.team}` : '';
  return `${actor.track.label} ${actor.track.id}${side}`;
}

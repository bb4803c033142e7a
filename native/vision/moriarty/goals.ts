// Judges goals: the ball's own track, seen by the detector on both sides, passes between the posts
// and is confirmed inside. A ball that is not seen scores no goal; a track that jumps is no proof.

import type { BallSighting } from '../tracking/ballTrack.ts';
import { crossing, distance, type Segment, sideOf } from './geometry.ts';
import type { GoalLine, Pack } from './pack.ts';

/** Sightings inside that confirm a goal, the first one included. */
const CONFIRMATIONS = 2;
/** How long a confirmation may take; past it the ball was elsewhere, microseconds. */
const CONFIRM_WITHIN_US = 500_000;
/** Longest gap between the sightings before and after the line, microseconds. */
const GAP_MAX_US = 350_000;
/** Sightings of the same track before the line that make it continuous. */
const SIGHTINGS_BEFORE = 3;
/** Faster than this between two sightings is a jump of the track, picture heights per second. */
const SPEED_MAX = 3.5;
/** After a goal this side scores again when the ball is this far outside, picture heights... */
const BACK_IN_PLAY = 0.06;
/** ...for this long: a rebound from the net is one goal, microseconds. */
const BACK_IN_PLAY_US = 500_000;

export type Goal = {
  line: GoalLine;
  captureUs: number;
  detectedAt: BallSighting;
  speed: number;
  sightingsInside: number;
  sightingsBefore: number;
  confidence: number;
  trackId: number;
};

type Candidate = { line: Segment; captureUs: number; before: BallSighting; inside: BallSighting[] };

/** Judges one goal line. */
class GoalJudge {
  readonly goalLine: GoalLine;
  readonly #line: Segment;
  /** Sign of `sideOf` for points inside the goal. */
  readonly #insideSign: number;
  #candidate: Candidate | null = null;
  #isArmed = true;
  #outsideSinceUs = -1;

  constructor(goalLine: GoalLine) {
    this.goalLine = goalLine;
    this.#line = {
      from: { x: goalLine.from[0], y: goalLine.from[1] },
      to: { x: goalLine.to[0], y: goalLine.to[1] },
    };
    const middle = {
      x: (goalLine.from[0] + goalLine.to[0]) / 2,
      y: (goalLine.from[1] + goalLine.to[1]) / 2,
    };
    const step = { left: [-1, 0], right: [1, 0], above: [0, -1], below: [0, 1] }[goalLine.inside];
    const probe = { x: middle.x + (step[0] ?? 0), y: middle.y + (step[1] ?? 0) };
    this.#insideSign = Math.sign(sideOf(probe, this.#line)) || 1;
  }

  pendingUs(): number | null {
    return this.#candidate?.captureUs ?? null;
  }

  arm(): void {
    this.#isArmed = true;
  }

  reset(): void {
    this.#candidate = null;
    this.#isArmed = true;
    this.#outsideSinceUs = -1;
  }

  /** Takes a sighting and those of its track before it, newest last. */
  judge(
    seen: BallSighting,
    before: readonly BallSighting[],
    frames: readonly number[],
  ): Goal | null {
    this.expire(seen.captureUs);
    const depth = sideOf(seen, this.#line) * this.#insideSign;
    this.#watchReturn(seen.captureUs, depth);
    const candidate = this.#candidate;
    if (candidate) {
      if (depth <= 0) {
        this.#candidate = null;
        return null;
      }
      candidate.inside.push(seen);
      return this.#decide(candidate, before.length);
    }
    const last = before.at(-1);
    if (!this.#isArmed || !last || before.length < SIGHTINGS_BEFORE || depth <= 0) return null;
    const gapUs = seen.captureUs - last.captureUs;
    if (gapUs > GAP_MAX_US || sideOf(last, this.#line) * this.#insideSign > 0) return null;
    const cross = crossing({ from: last, to: seen }, this.#line);
    const speed = distance(last, seen) / (gapUs / 1_000_000);
    if (!cross || speed > SPEED_MAX) return null;
    const crossedUs = last.captureUs + gapUs * cross.move;
    const captureUs = firstFrom(frames, crossedUs, seen.captureUs);
    this.#candidate = { line: this.#line, captureUs, before: last, inside: [seen] };
    return this.#decide(this.#candidate, before.length);
  }

  /** Drops a candidate that was not confirmed in time. */
  expire(nowUs: number): void {
    const candidate = this.#candidate;
    if (candidate && nowUs - candidate.captureUs > CONFIRM_WITHIN_US) this.#candidate = null;
  }

  #decide(candidate: Candidate, sightingsBefore: number): Goal | null {
    const last = candidate.inside.at(-1);
    const first = candidate.inside[0];
    if (!last || !first || candidate.inside.length < CONFIRMATIONS) return null;
    this.#candidate = null;
    this.#isArmed = false;
    this.#outsideSinceUs = -1;
    const seconds = (first.captureUs - candidate.before.captureUs) / 1_000_000;
    const sure =
      candidate.inside.reduce((sum, seen) => sum + seen.confidence, candidate.before.confidence) /
      (candidate.inside.length + 1);
    return {
      line: this.goalLine,
      captureUs: candidate.captureUs,
      detectedAt: last,
      speed: distance(candidate.before, first) / seconds,
      sightingsInside: candidate.inside.length,
      sightingsBefore,
      // Two independent sightings inside: it is wrong only when all of them were.
      confidence: Math.min(0.99, 1 - (1 - sure) ** 2),
      trackId: last.trackId,
    };
  }

  #watchReturn(nowUs: number, depth: number): void {
    if (this.#isArmed) return;
    if (depth > -BACK_IN_PLAY) {
      this.#outsideSinceUs = -1;
      return;
    }
    if (this.#outsideSinceUs < 0) this.#outsideSinceUs = nowUs;
    if (nowUs - this.#outsideSinceUs >= BACK_IN_PLAY_US) this.#isArmed = true;
  }
}

/** The first frame at or after a moment: there the ball is seen behind the line. */
function firstFrom(frames: readonly number[], momentUs: number, fallback: number): number {
  return frames.find((frame) => frame >= momentUs) ?? fallback;
}

/** Judges all goal lines of a pack. */
export class Goals {
  readonly #judges: GoalJudge[];

  constructor(pack: Pack) {
    this.#judges = pack.goalLines.map((line) => new GoalJudge(line));
  }

  judge(seen: BallSighting, before: readonly BallSighting[], frames: readonly number[]): Goal[] {
    return this.#judges
      .map((judge) => judge.judge(seen, before, frames))
      .filter((goal) => goal !== null);
  }

  /** A picture without a sighting. */
  pass(nowUs: number): void {
    for (const judge of this.#judges) judge.expire(nowUs);
  }

  /** Play began again: every goal counts. */
  arm(): void {
    for (const judge of this.#judges) judge.arm();
  }

  /** Capture time of the oldest goal that is not decided, or null. */
  pendingUs(): number | null {
    const pending = this.#judges.map((judge) => judge.pendingUs()).filter((at) => at !== null);
    return pending.length === 0 ? null : Math.min(...pending);
  }

  reset(): void {
    for (const judge of this.#judges) judge.reset();
  }
}

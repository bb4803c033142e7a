// A shot without any goal in the picture: the ball is thrown high. It rises steadily, faster than
// it is carried, by more than a dribble brings it; its moment is the first picture of the rise.
// Where it goes is not known, so the event names no goal.

import { distance } from '../geometry.ts';
import type { RuleOf } from '../packRules.ts';
import { agreed, type Happening, Quiet, type Rule, type Scene } from './rule.ts';

/** Without a sighting for this long the rise is over, microseconds. */
const LOST_US = 250_000;
/** A hand takes longer. */
const RISE_US_MAX = 900_000;

type Sighting = { captureUs: number; x: number; y: number; trackId: number; confidence: number };
type Rise = { sinceUs: number; fromY: number; lastUs: number; frames: number; isTold: boolean };

export function loftRule(rule: RuleOf<'shot'>, riseMin: number): Rule {
  const quiet = new Quiet(Math.max(rule.quietSeconds, 1));
  let last: Sighting | null = null;
  let rise: Rise | null = null;

  /** A ball that was found while it flew tells where it had been. */
  function judge({ ball, captureUs }: Scene): Happening[] {
    if (rise && captureUs - rise.lastUs > LOST_US) rise = null;
    if (!ball) return [];
    const { trackId, confidence } = ball;
    const past = (ball.before ?? []).map((place) => ({ ...place, trackId, confidence }));
    return [...past, ball].flatMap(follow);
  }

  function follow(ball: Sighting): Happening[] {
    const { captureUs } = ball;
    const before = last?.trackId === ball.trackId ? last : null;
    last = ball;
    if (!before || captureUs - before.captureUs > LOST_US) {
      rise = null;
      return [];
    }
    const seconds = (captureUs - before.captureUs) / 1_000_000;
    const up = (before.y - ball.y) / seconds;
    const isRising = up >= rule.speedMin / 2 && distance(before, ball) / seconds <= rule.speedMax;
    if (!isRising) {
      rise = null;
      return [];
    }
    const known = rise ?? {
      ...{ sinceUs: before.captureUs, fromY: before.y, lastUs: captureUs, frames: 0 },
      isTold: false,
    };
    rise = known;
    known.frames++;
    known.lastUs = captureUs;
    const risen = known.fromY - ball.y;
    const tookUs = captureUs - known.sinceUs;
    const isFast = risen >= (rule.speedMin * tookUs) / 1_000_000 && tookUs <= RISE_US_MAX;
    if (known.isTold || !isFast || risen < riseMin || known.frames < rule.confirmFrames) return [];
    const confidence = agreed(ball.confidence, known.frames) * 0.8;
    known.isTold = true;
    if (confidence < rule.minimumConfidence || !quiet.pass('', known.sinceUs)) return [];
    const why =
      `The ball rose by ${(risen * 100).toFixed(0)} % of the picture's height in ` +
      `${(tookUs / 1_000_000).toFixed(1)} s, on ${known.frames + 1} pictures.`;
    const trackIds = [ball.trackId];
    return [{ type: 'shot', captureUs: known.sinceUs, subject: '', confidence, why, trackIds }];
  }

  return {
    needsPlaces: false,
    judge,
    pendingUs: () => (rise && !rise.isTold ? rise.sinceUs : null),
    reset() {
      quiet.reset();
      last = null;
      rise = null;
    },
  };
}

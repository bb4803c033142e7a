// The end of a rally: the ball went to and fro, then it lies still or is gone for a while. The
// moment is the last picture on which it still moved; it is known only after the wait.

import { distance } from '../geometry.ts';
import type { RuleOf } from '../packRules.ts';
import { agreed, type Happening, Quiet, type Rule, type Scene } from './rule.ts';

/** Slower is still, heights per second. */
const STILL_SPEED = 0.08;
/** A turn needs this much way since the last one, heights: noise turns no ball. */
const TURN_WAY = 0.05;
/** Places closer together than this are not compared, microseconds. */
const STEP_US = 60_000;
/** A ball that is not seen for this long is not on its way any more, microseconds. */
const GAP_US = 900_000;

type Place = { x: number; y: number; captureUs: number };

export function rallyRule(rule: RuleOf<'rallyEnd'>): Rule {
  const quiet = new Quiet(rule.quietSeconds);
  let last: Place | null = null;
  let movedUs = -1;
  let turns = 0;
  let direction: { x: number; y: number } | null = null;
  let turnedAt: Place | null = null;
  let sure = 0;
  let trackId = 0;

  function forget(): void {
    last = null;
    turnedAt = null;
    direction = null;
    turns = 0;
    movedUs = -1;
  }

  function follow(place: Place): void {
    if (!last || place.captureUs - last.captureUs > GAP_US) {
      last = place;
      turnedAt ??= place;
      return;
    }
    const seconds = (place.captureUs - last.captureUs) / 1_000_000;
    if (seconds * 1_000_000 < STEP_US) return;
    const step = { x: place.x - last.x, y: place.y - last.y };
    const speed = distance(last, place) / seconds;
    last = place;
    if (speed < STILL_SPEED) return;
    movedUs = place.captureUs;
    const isTurned =
      direction !== null && direction.x * step.x * 3.16 + direction.y * step.y < 0 && turnedAt;
    if (isTurned && turnedAt && distance(turnedAt, place) >= TURN_WAY) {
      turns++;
      turnedAt = place;
    }
    direction = step;
  }

  function judge(scene: Scene): Happening[] {
    const { ball, captureUs } = scene;
    if (ball) {
      trackId = ball.trackId;
      sure = ball.confidence;
      follow({ x: ball.x, y: ball.y, captureUs });
    }
    const isOver = movedUs >= 0 && captureUs - movedUs >= rule.stillSeconds * 1_000_000;
    if (!isOver) return [];
    const happened = { turns, movedUs };
    forget();
    const confidence = agreed(Math.max(0.5, sure), happened.turns) * 0.9;
    if (happened.turns < rule.turnsMin || confidence < rule.minimumConfidence) return [];
    if (!quiet.pass('', happened.movedUs)) return [];
    const why =
      `After ${happened.turns} turns the ball lay still or was gone for ` +
      `${rule.stillSeconds.toFixed(1)} s.`;
    const trackIds = [trackId];
    const at = happened.movedUs;
    return [{ type: 'rallyEnd', captureUs: at, subject: '', confidence, why, trackIds }];
  }

  return {
    needsPlaces: false,
    judge,
    pendingUs: () => (turns >= rule.turnsMin && movedUs >= 0 ? movedUs : null),
    reset() {
      forget();
      quiet.reset();
    },
  };
}

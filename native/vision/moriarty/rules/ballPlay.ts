// Who has the ball and where it goes: possession, passes and shots, from the ball's own track and
// the boxes of people. The ball is with somebody when it is near the box for some pictures; a
// ball that only flies past is with nobody.

import { ASPECT } from '../../tracking/track.ts';
import { distance, type Point } from '../geometry.ts';
import type { GoalLine } from '../pack.ts';
import type { RuleOf } from '../packRules.ts';
import {
  type Actor,
  agreed,
  type Happening,
  nameOf,
  Quiet,
  type Rule,
  type Scene,
} from './rule.ts';

/** Somebody without the ball for this long has lost it, microseconds. */
const LOST_US = 250_000;
/** A ball that goes this far while it is near somebody only flies past, own heights. */
const PLAY_OWN_HEIGHTS = 0.5;

export type Holder = { id: number; team: Actor['team']; name: string };
type Hold = { holder: Holder; sinceUs: number; lastUs: number; frames: number; place: Point };

/** How far a point is from a box, heights; 0 inside. */
function gapTo(actor: Actor, point: Point): number {
  const { x, y, width, height } = actor.track;
  // The box is where the picture shows it; foot and centre may have been carried from there.
  const left = actor.centre.x - width / 2;
  const top = actor.centre.y - height / 2;
  const dx = Math.max(left - point.x, 0, point.x - (left + width)) * ASPECT;
  const dy = Math.max(top - point.y, 0, point.y - (top + height));
  return Number.isFinite(x + y) ? Math.hypot(dx, dy) : Number.POSITIVE_INFINITY;
}

/** Follows who has the ball; gives each confirmed hold once, when it is confirmed. */
class Holds {
  readonly #reach: number;
  readonly #frames: number;
  #candidate: Hold | null = null;
  #last: Hold | null = null;

  constructor(reachOwnHeights: number, confirmFrames: number) {
    this.#reach = reachOwnHeights;
    this.#frames = confirmFrames;
  }

  reset(): void {
    this.#candidate = null;
    this.#last = null;
  }

  pendingUs(): number | null {
    const candidate = this.#candidate;
    if (!candidate || candidate.frames >= this.#frames) return null;
    return candidate.holder.id === this.#last?.holder.id ? null : candidate.sinceUs;
  }

  /** Returns a hold that was just confirmed and the one before it. */
  judge(scene: Scene): { now: Hold; before: Hold | null } | null {
    const { ball, captureUs } = scene;
    const candidate = this.#candidate;
    if (candidate && captureUs - candidate.lastUs > LOST_US) this.#candidate = null;
    if (!ball) return null;
    let nearest: Actor | null = null;
    let least = Number.POSITIVE_INFINITY;
    for (const actor of scene.actors) {
      if (actor.track.label === 'motion' || actor.track.label === 'ball') continue;
      const gap = gapTo(actor, ball) / Math.max(actor.track.height, 1e-3);
      if (gap > this.#reach || gap >= least) continue;
      nearest = actor;
      least = gap;
    }
    if (!nearest) return null;
    const { id } = nearest.track;
    const place = { x: ball.x, y: ball.y };
    if (this.#candidate?.holder.id !== id) {
      const holder = { id, team: nearest.team, name: nameOf(nearest) };
      this.#candidate = { holder, sinceUs: captureUs, lastUs: captureUs, frames: 1, place };
      return null;
    }
    const hold = this.#candidate;
    hold.lastUs = captureUs;
    const isFlying = distance(hold.place, place) > PLAY_OWN_HEIGHTS * nearest.track.height;
    if (isFlying && hold.frames < this.#frames) {
      Object.assign(hold, { sinceUs: captureUs, frames: 1, place });
      return null;
    }
    hold.holder.team ??= nearest.team;
    hold.frames++;
    if (hold.frames > this.#frames && this.#last?.holder.id === id) {
      Object.assign(this.#last, { lastUs: captureUs, place });
    }
    if (hold.frames !== this.#frames || this.#last?.holder.id === id) return null;
    const before = this.#last;
    this.#last = { ...hold, holder: { ...hold.holder } };
    return { now: this.#last, before };
  }
}

export function possessionRule(rule: RuleOf<'possession'>): Rule {
  const holds = new Holds(rule.reachOwnHeights, rule.confirmFrames);
  const quiet = new Quiet(rule.quietSeconds);
  let side: string | null = null;
  return {
    needsPlaces: false,
    judge(scene) {
      const found = holds.judge(scene);
      if (!found) return [];
      const { holder, sinceUs, frames } = found.now;
      const owner = rule.of === 'team' ? holder.team : String(holder.id);
      if (owner === null) return [];
      const before = side;
      side = owner;
      if (before === null || before === owner || !quiet.pass('', sinceUs)) return [];
      const confidence = agreed(scene.ball?.confidence ?? 0, frames / 3) * 0.95;
      if (confidence < rule.minimumConfidence) return [];
      const subject = rule.of === 'team' ? `side ${owner}` : '';
      const why =
        `The ball stayed with ${holder.name} for ${frames} pictures; before ` +
        `${rule.of === 'team' ? `side ${before}` : `somebody else (${before})`} had it.`;
      const trackIds = [holder.id, scene.ball?.trackId ?? 0];
      return [{ type: 'possession', captureUs: sinceUs, subject, confidence, why, trackIds }];
    },
    pendingUs: () => holds.pendingUs(),
    reset() {
      holds.reset();
      quiet.reset();
      side = null;
    },
  };
}

export function passRule(rule: RuleOf<'pass'>): Rule {
  const holds = new Holds(rule.reachOwnHeights, rule.confirmFrames);
  const quiet = new Quiet(rule.quietSeconds);
  return {
    needsPlaces: false,
    judge(scene) {
      const found = holds.judge(scene);
      if (!found?.before) return [];
      const { now, before } = found;
      const seconds = (now.sinceUs - before.lastUs) / 1_000_000;
      const far = distance(before.place, now.place);
      const isSame =
        rule.sides === 'any' ||
        (now.holder.team !== null && now.holder.team === before.holder.team);
      if (!isSame || seconds > rule.withinSeconds || far < rule.distanceMin) return [];
      const confidence = agreed(scene.ball?.confidence ?? 0, now.frames / 3) * 0.9;
      if (confidence < rule.minimumConfidence || !quiet.pass('', now.sinceUs)) return [];
      return [
        {
          ...{ type: 'pass', captureUs: now.sinceUs, confidence },
          subject: now.holder.team ? `side ${now.holder.team}` : '',
          why:
            `The ball went from ${before.holder.name} to ${now.holder.name} in ` +
            `${Math.max(0, seconds).toFixed(1)} s over ${(far * 100).toFixed(0)} % of the ` +
            "picture's height.",
          trackIds: [before.holder.id, now.holder.id],
        },
      ];
    },
    pendingUs: () => holds.pendingUs(),
    reset() {
      holds.reset();
      quiet.reset();
    },
  };
}

type Flight = { sinceUs: number; lastUs: number; frames: number; speed: number; target: GoalLine };

/** Where a straight way meets a goal line, seconds from now; null when it does not. */
function meets(from: Point, velocity: Point, line: GoalLine): number | null {
  const [ax, ay] = [line.from[0] * ASPECT, line.from[1]];
  const [bx, by] = [line.to[0] * ASPECT, line.to[1]];
  const [px, py, vx, vy] = [from.x * ASPECT, from.y, velocity.x * ASPECT, velocity.y];
  const [dx, dy] = [bx - ax, by - ay];
  const cross = vx * dy - vy * dx;
  if (Math.abs(cross) < 1e-9) return null;
  const seconds = ((ax - px) * dy - (ay - py) * dx) / cross;
  const along = ((ax - px) * vy - (ay - py) * vx) / cross;
  // A shot that just misses is a shot: half a goal's width on either side.
  return seconds > 0 && along >= -0.5 && along <= 1.5 ? seconds : null;
}

export function shotRule(goals: readonly GoalLine[], rule: RuleOf<'shot'>): Rule {
  const quiet = new Quiet(Math.max(rule.quietSeconds, 0.5));
  let last: { x: number; y: number; captureUs: number; trackId: number } | null = null;
  let flight: Flight | null = null;
  let isTold = false;

  function judge(scene: Scene): Happening[] {
    const { ball, captureUs } = scene;
    if (flight && captureUs - flight.lastUs > LOST_US) flight = null;
    if (!ball) return [];
    const before = last?.trackId === ball.trackId ? last : null;
    last = { x: ball.x, y: ball.y, captureUs, trackId: ball.trackId };
    if (!before || captureUs - before.captureUs > LOST_US) return [];
    const seconds = (captureUs - before.captureUs) / 1_000_000;
    const speed = distance(before, ball) / seconds;
    const velocity = { x: (ball.x - before.x) / seconds, y: (ball.y - before.y) / seconds };
    const target = goals.find((goal) => {
      const arrives = meets(ball, velocity, goal);
      return arrives !== null && arrives <= rule.withinSeconds;
    });
    if (speed < rule.speedMin || speed > rule.speedMax || !target) {
      flight = null;
      isTold = false;
      return [];
    }
    if (flight?.target.subject !== target.subject) {
      flight = { sinceUs: before.captureUs, lastUs: captureUs, frames: 1, speed, target };
      isTold = false;
    } else {
      flight.frames++;
      flight.lastUs = captureUs;
      flight.speed = Math.max(flight.speed, speed);
    }
    const confidence = agreed(ball.confidence, flight.frames) * 0.9;
    if (isTold || flight.frames < rule.confirmFrames || confidence < rule.minimumConfidence) {
      return [];
    }
    isTold = true;
    if (!quiet.pass(target.subject, flight.sinceUs)) return [];
    const why =
      `The ball went towards the ${target.subject} goal at ${flight.speed.toFixed(1)} picture ` +
      `heights a second for ${flight.frames} pictures and its way meets the goal.`;
    const subject = target.subject;
    const trackIds = [ball.trackId];
    return [{ type: 'shot', captureUs: flight.sinceUs, subject, confidence, why, trackIds }];
  }

  return {
    needsPlaces: true,
    judge,
    pendingUs: () => (flight && !isTold ? flight.sinceUs : null),
    reset() {
      quiet.reset();
      last = null;
      flight = null;
      isTold = false;
    },
  };
}

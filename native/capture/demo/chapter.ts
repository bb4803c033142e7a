// Writes the story of one chapter of the match, from kick-off to kick-off, as legs of the ball.
// It must never look at pixels or at earlier chapters: a chapter is a pure function of
// (seed, number). Who scores in it is known from the number alone, so that any chapter can be
// written without its predecessors.
import {
  BALL_RADIUS,
  FRAMES_PER_SECOND,
  GOAL_HALF_WIDTH,
  HALF_DEPTH,
  HALF_LENGTH,
} from './camera.ts';
import { chance, chanceStream, type Stream } from './chance.ts';
import { forwardOf, homeOf, keeperOf, type Team } from './formation.ts';

export type LegKind = 'rest' | 'roll' | 'loft' | 'carry' | 'shot' | 'held' | 'net';

/** One piece of the ball's way; times in seconds since the chapter began, places in metres. */
export interface Leg {
  readonly kind: LegKind;
  readonly from: number;
  readonly to: number;
  readonly ax: number;
  readonly ay: number;
  readonly bx: number;
  readonly by: number;
  readonly apex: number;
}

/** A player must be at a place at a time (feet beside the ball). */
export interface Touch {
  readonly player: number;
  readonly at: number;
  readonly x: number;
  readonly y: number;
  readonly kind: 'trap' | 'kick' | 'save';
}

export interface Kick {
  readonly at: number;
  readonly power: number;
}

export interface Chapter {
  readonly number: number;
  readonly frames: number;
  readonly legs: readonly Leg[];
  readonly touches: readonly Touch[];
  readonly kicks: readonly Kick[];
  readonly whistles: readonly number[];
  /** Times at which the crowd holds its breath: a shot and how loud the answer is. */
  readonly shots: readonly { at: number; thrill: number }[];
  readonly kickOffAt: number;
  readonly netAt: number;
  readonly restUntil: number;
  readonly scorer: Team;
  readonly shooter: number;
  readonly kicking: Team;
}

export function scorerOf(seed: number, number: number): Team {
  return chance(seed, 0x5c0e, number) < 0.5 ? 0 : 1;
}

/** The side that conceded kicks off; in the first chapter of a match that is north. */
export function kickingTeam(seed: number, number: number, chaptersPerMatch: number): Team {
  if (number % chaptersPerMatch === 0) return 0;
  return scorerOf(seed, number - 1) === 0 ? 1 : 0;
}

interface Draft {
  readonly chance: Stream;
  readonly legs: Leg[];
  readonly touches: Touch[];
  readonly kicks: Kick[];
  readonly shots: { at: number; thrill: number }[];
  time: number;
  x: number;
  y: number;
  holder: number;
}

const onFrame = (seconds: number): number =>
  Math.round(seconds * FRAMES_PER_SECOND) / FRAMES_PER_SECOND;
const clamp = (value: number, limit: number): number => Math.min(limit, Math.max(-limit, value));
const directionOf = (team: Team): number => (team === 0 ? 1 : -1);
const other = (team: Team): Team => (team === 0 ? 1 : 0);

function move(draft: Draft, kind: LegKind, x: number, y: number, seconds: number, apex = 0): void {
  const to = onFrame(draft.time + Math.max(seconds, 0.1));
  const { time: from, x: ax, y: ay } = draft;
  draft.legs.push({ kind, from, to, ax, ay, bx: x, by: y, apex });
  draft.time = to;
  draft.x = x;
  draft.y = y;
}

function touch(draft: Draft, player: number, kind: Touch['kind']): void {
  draft.touches.push({ player, at: draft.time, x: draft.x, y: draft.y, kind });
  draft.holder = player;
}

function kick(draft: Draft, power: number): void {
  draft.kicks.push({ at: draft.time, power });
}

/** The outfield player of a team whose home is nearest to a place, the holder excepted. */
function receiver(team: Team, x: number, y: number, holder: number): number {
  let best = -1;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (let role = 1; role < 5; role += 1) {
    const player = team * 5 + role;
    if (player === holder) continue;
    const home = homeOf(player, x, y);
    const distance = Math.hypot(home.x - x, home.y - y);
    if (distance < bestDistance) {
      bestDistance = distance;
      best = player;
    }
  }
  return best;
}

function pass(draft: Draft, player: number, x: number, y: number): void {
  const distance = Math.hypot(x - draft.x, y - draft.y);
  const lofted = distance > 9 && draft.chance.unit() < 0.35;
  touch(draft, draft.holder, 'kick');
  kick(draft, 0.35 + distance / 40);
  if (lofted) move(draft, 'loft', x, y, 0.5 + distance / 13, distance / 9);
  else move(draft, 'roll', x, y, 0.3 + distance / 11);
  touch(draft, player, 'trap');
}

function carry(draft: Draft, team: Team): void {
  const { chance: c } = draft;
  const x = clamp(draft.x + directionOf(team) * c.between(0.5, 3), 12.5);
  const y = clamp(draft.y + c.between(-1.6, 1.6), HALF_DEPTH - 1.5);
  const distance = Math.hypot(x - draft.x, y - draft.y);
  move(draft, 'carry', x, y, c.between(0.25, 0.5) + distance / 4.2);
}

/** Passes towards the other goal until somebody stands where a shot makes sense. */
function buildUp(draft: Draft, team: Team, passes: number, toShot: boolean): void {
  const { chance: c } = draft;
  const direction = directionOf(team);
  for (let i = 0; i < passes; i += 1) {
    const last = toShot && i === passes - 1;
    const step = c.unit() < 0.2 ? c.between(-4, 1) : c.between(2.5, 8);
    const x = last ? direction * c.between(8.5, 12) : clamp(draft.x + direction * step, 11.5);
    let y = last ? c.between(-5.5, 5.5) : c.between(-8, 8);
    if (Math.hypot(x - draft.x, y - draft.y) < 3.5) y = draft.y > 0 ? y - 5 : y + 5;
    y = clamp(y, HALF_DEPTH - 1.5);
    pass(draft, receiver(team, x, y, draft.holder), x, y);
    if (last || c.unit() < 0.75) carry(draft, team);
  }
}

function intercepted(draft: Draft, team: Team): void {
  const { chance: c } = draft;
  const x = clamp(draft.x + directionOf(team) * c.between(3, 7), 12);
  const y = clamp(draft.y + c.between(-5, 5), HALF_DEPTH - 1.5);
  pass(draft, receiver(other(team), x, y, -1), x, y);
}

function shoot(draft: Draft, x: number, y: number, thrill: number): void {
  touch(draft, draft.holder, 'kick');
  kick(draft, 1);
  draft.shots.push({ at: draft.time, thrill });
  const distance = Math.hypot(x - draft.x, y - draft.y);
  move(draft, 'shot', x, y, distance / draft.chance.between(14, 18));
}

function saved(draft: Draft, team: Team): void {
  const { chance: c } = draft;
  shoot(draft, directionOf(team) * (HALF_LENGTH - 1.3), c.between(-2, 2), 0.8);
  const keeper = keeperOf(other(team));
  touch(draft, keeper, 'save');
  move(draft, 'held', draft.x, draft.y, c.between(0.8, 1.5));
  throwOut(draft, keeper, other(team));
}

function wide(draft: Draft, team: Team): void {
  const { chance: c } = draft;
  const direction = directionOf(team);
  const side = c.unit() < 0.5 ? -1 : 1;
  // From this camera a goal hides what lies behind it: on the far side a miss is a clearer one.
  const y = side * (GOAL_HALF_WIDTH + (side < 0 ? 1.9 : 0) + c.between(1.6, 2.4));
  shoot(draft, direction * HALF_LENGTH, y, 0.6);
  move(draft, 'roll', direction * (HALF_LENGTH + 1.7), y + side * 0.5, 0.5);
  const keeper = keeperOf(other(team));
  move(draft, 'rest', draft.x, draft.y, c.between(1.6, 2.1));
  throwOut(draft, keeper, other(team));
}

function throwOut(draft: Draft, keeper: number, team: Team): void {
  draft.holder = keeper;
  const x = -directionOf(team) * draft.chance.between(7.5, 10);
  const y = clamp(draft.y + draft.chance.between(1, 5) * (draft.y >= 0 ? 1 : -1), 8);
  pass(draft, receiver(team, x, y, keeper), x, y);
}

function scored(draft: Draft, team: Team): void {
  const { chance: c } = draft;
  const direction = directionOf(team);
  // The keeper leans to where the shot comes from: the far corner is the open one.
  const corner = (draft.y >= 0 ? -1 : 1) * (c.unit() < 0.75 ? 1 : -1);
  const y = corner * c.between(1.1, GOAL_HALF_WIDTH - 0.75);
  const netX = direction * (HALF_LENGTH + 1.55);
  const slope = (y - draft.y) / (direction * HALF_LENGTH - draft.x);
  shoot(draft, netX, clamp(y + slope * direction * 1.55, GOAL_HALF_WIDTH - 0.5), 1);
  const backX = netX - direction * 0.45;
  move(draft, 'net', backX, draft.y * 0.96, 0.6);
}

/** From rest on the centre spot to the shot that scores. */
function play(draft: Draft, kicking: Team, scorer: Team, goalAfter: number): void {
  const { chance: c } = draft;
  let team = kicking;
  pass(draft, kicking * 5 + 1, -directionOf(kicking) * c.between(5, 7), c.between(-2.5, 2.5));
  for (let attack = 0; attack < 40; attack += 1) {
    const due = draft.time > goalAfter;
    const final = due && team === scorer;
    const passes = due ? 2 : 1 + Math.floor(c.unit() * 4);
    const outcome = c.unit();
    const lost = !final && (due || outcome < 0.3);
    buildUp(draft, team, passes, !lost);
    if (final) {
      scored(draft, team);
      return;
    }
    if (lost) intercepted(draft, team);
    else if (outcome < 0.72) saved(draft, team);
    else wide(draft, team);
    team = other(team);
  }
  throw new Error('A chapter of the demo found no end; its attacks never reach the scoring side.');
}

/** Fetches the ball out of the net and rolls it to the centre spot. */
function bringBack(draft: Draft, keeper: number): void {
  touch(draft, keeper, 'kick');
  kick(draft, 0.4);
  move(draft, 'roll', 0, 0, 3.3);
  move(draft, 'rest', 0, 0, 0.2);
}

/** Writes chapter `number` of the match with this seed. */
export function writeChapter(seed: number, number: number, chaptersPerMatch: number): Chapter {
  const c = chanceStream(seed, 0x10000 + number);
  const kicking = kickingTeam(seed, number, chaptersPerMatch);
  const scorer = scorerOf(seed, number);
  const legs: Leg[] = [];
  const draft: Draft = {
    chance: c,
    legs,
    touches: [],
    kicks: [],
    shots: [],
    time: 0,
    x: 0,
    y: 0,
    holder: forwardOf(kicking),
  };
  move(draft, 'rest', 0, 0, c.between(1.5, 2.1));
  const kickOffAt = draft.time;
  play(draft, kicking, scorer, kickOffAt + c.between(5, 25));
  const netAt = draft.time;
  const shooter = draft.holder;
  move(draft, 'rest', draft.x, draft.y, 2.6);
  const restUntil = draft.time;
  bringBack(draft, keeperOf(other(scorer)));
  return {
    number,
    legs,
    touches: draft.touches,
    kicks: draft.kicks,
    shots: draft.shots,
    frames: Math.round(draft.time * FRAMES_PER_SECOND),
    whistles: [kickOffAt - 0.35],
    kickOffAt,
    netAt,
    restUntil,
    scorer,
    shooter,
    kicking,
  };
}

/** Where the ball's centre is on a leg, in metres. */
export function ballOnLeg(leg: Leg, at: number): { x: number; y: number; z: number } {
  const t = Math.min(1, Math.max(0, (at - leg.from) / (leg.to - leg.from)));
  let s = t;
  let z = BALL_RADIUS;
  if (leg.kind === 'roll') s = 1 - (1 - t) ** 1.7;
  else if (leg.kind === 'net') s = 1 - (1 - t) ** 2.5;
  else if (leg.kind === 'carry') s = t + 0.03 * Math.sin(t * 12.566);
  else if (leg.kind === 'held') z += 0.75 * Math.min(1, t * 5) * Math.min(1, (1 - t) * 5);
  else if (leg.kind === 'shot') z += 0.5 * Math.sin(Math.PI * Math.min(1, t / 0.75));
  else if (leg.kind === 'loft') {
    const first = Math.min(1, t / 0.74);
    const second = Math.max(0, (t - 0.74) / 0.26);
    z += leg.apex * 4 * first * (1 - first) + leg.apex * 0.9 * second * (1 - second);
    s = t < 0.74 ? t * 1.06 : 0.7844 + (1 - (1 - second) ** 1.3) * 0.2156;
  }
  return { x: leg.ax + (leg.bx - leg.ax) * s, y: leg.ay + (leg.by - leg.ay) * s, z };
}

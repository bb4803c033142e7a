// Turns a written chapter into positions per frame: the ball and ten players who reach it in time.
// It must never integrate over earlier chapters; a table is computed whole from its chapter, so a
// frame is the same whichever frame was asked for before.
import {
  behindGoalLine,
  FRAMES_PER_SECOND,
  HALF_DEPTH,
  HALF_LENGTH,
  project,
  type Side,
} from './camera.ts';
import { chance, smooth } from './chance.ts';
import { ballOnLeg, type Chapter } from './chapter.ts';
import { homeOf, lineUpOf, PLAYERS, type Place, type Team, teamOf } from './formation.ts';

export interface Motion {
  readonly chapter: Chapter;
  /** x, y, z per frame. */
  readonly ball: Float32Array;
  /** x, y per frame and player. */
  readonly players: Float32Array;
  /** Metres run so far, per frame and player: the phase of the legs. */
  readonly run: Float32Array;
  /** Speed in m/s along x and y, per frame and player. */
  readonly speed: Float32Array;
  /** Frame, within the chapter, at which the ball is first seen behind the goal line. */
  readonly goalFrame: number;
  /** First frame, within the chapter, in which the ball has left the centre spot. */
  readonly kickOffFrame: number;
}

interface Correction {
  readonly at: number;
  readonly x: number;
  readonly y: number;
}

const BEFORE = 1.8;
const AFTER = 1.6;
/** Metres a second at which a player makes for the ball, on average. */
const PACE = 3.2;

/** Computes the tables of a chapter; `nextKicking` is who kicks off after it. */
export function moveChapter(seed: number, chapter: Chapter, nextKicking: Team): Motion {
  const ball = ballTable(chapter);
  const pull = slowBall(ball, chapter.frames);
  const players = new Float32Array(chapter.frames * PLAYERS * 2);
  for (let player = 0; player < PLAYERS; player += 1) {
    const walk = walker(seed, chapter, player, nextKicking, pull);
    for (let frame = 0; frame < chapter.frames; frame += 1) {
      const place = walk(frame);
      players[(frame * PLAYERS + player) * 2] = place.x;
      players[(frame * PLAYERS + player) * 2 + 1] = place.y;
    }
  }
  keepApart(players, chapter.frames);
  const { run, speed } = strides(players, chapter.frames);
  const kickOffFrame = Math.round(chapter.kickOffAt * FRAMES_PER_SECOND) + 1;
  return { chapter, ball, players, run, speed, goalFrame: goalFrame(chapter, ball), kickOffFrame };
}

function ballTable(chapter: Chapter): Float32Array {
  const table = new Float32Array(chapter.frames * 3);
  let index = 0;
  for (let frame = 0; frame < chapter.frames; frame += 1) {
    const at = frame / FRAMES_PER_SECOND;
    while (index < chapter.legs.length - 1 && at >= (chapter.legs[index]?.to ?? 0)) index += 1;
    const leg = chapter.legs[index];
    if (leg === undefined) throw new Error('A chapter of the demo has no legs.');
    const { x, y, z } = ballOnLeg(leg, at);
    table.set([x, y, z], frame * 3);
  }
  return table;
}

function goalFrame(chapter: Chapter, ball: Float32Array): number {
  const side: Side = chapter.scorer === 0 ? 'right' : 'left';
  const shot = chapter.shots.at(-1)?.at ?? 0;
  for (let frame = Math.floor(shot * FRAMES_PER_SECOND); frame < chapter.frames; frame += 1) {
    const seen = project(ball[frame * 3] ?? 0, ball[frame * 3 + 1] ?? 0, ball[frame * 3 + 2] ?? 0);
    if (behindGoalLine(side, seen.x, seen.y) > 0) return frame;
  }
  throw new Error('The last shot of a chapter of the demo never crosses the goal line.');
}

/** The ball as the players feel it: averaged over 2.1 s around now. */
function slowBall(ball: Float32Array, frames: number): Float32Array {
  const slow = new Float32Array(frames * 2);
  const reach = 32;
  for (let axis = 0; axis < 2; axis += 1) {
    let sum = 0;
    const at = (frame: number): number =>
      ball[Math.min(frames - 1, Math.max(0, frame)) * 3 + axis] ?? 0;
    for (let frame = -reach; frame <= reach; frame += 1) sum += at(frame);
    for (let frame = 0; frame < frames; frame += 1) {
      slow[frame * 2 + axis] = sum / (2 * reach + 1);
      sum += at(frame + reach + 1) - at(frame - reach);
    }
  }
  return slow;
}

/** Where one player walks: home, pulled to every touch of the ball that is his. */
function walker(
  seed: number,
  chapter: Chapter,
  player: number,
  nextKicking: Team,
  pull: Float32Array,
): (frame: number) => Place {
  const free = wanderer(seed, chapter, player, nextKicking, pull);
  const corrections: Correction[] = [];
  for (const touch of chapter.touches) {
    if (touch.player !== player) continue;
    const frame = Math.min(chapter.frames - 1, Math.round(touch.at * FRAMES_PER_SECOND));
    const home = free(frame);
    const behind = touch.kind === 'save' ? 0 : player < 5 ? -0.45 : 0.45;
    const x = touch.x + behind - home.x;
    corrections.push({ at: touch.at, x, y: touch.y - 0.22 - home.y });
  }
  const padded = pad(corrections, chapter);
  let next = 0;
  return (frame) => {
    const place = free(frame);
    const at = frame / FRAMES_PER_SECOND;
    while (next < padded.length && (padded[next]?.at ?? 0) <= at) next += 1;
    const a = padded[next - 1];
    const b = padded[next];
    if (a === undefined || b === undefined) return place;
    const s = smooth(a.at, b.at, at);
    return { x: place.x + a.x + (b.x - a.x) * s, y: place.y + a.y + (b.y - a.y) * s };
  };
}

/** Adds the moments at which a player starts towards a touch and is home again after it. */
function pad(corrections: readonly Correction[], chapter: Chapter): Correction[] {
  const nodes: Correction[] = [];
  let last = 0;
  for (const [index, node] of corrections.entries()) {
    const size = Math.hypot(node.x, node.y);
    const before = Math.max(BEFORE, size / PACE);
    if (node.at - before > last) nodes.push({ at: node.at - before, x: 0, y: 0 });
    else if (index === 0) nodes.push({ at: Math.max(0, node.at - before), x: 0, y: 0 });
    nodes.push(node);
    const after = node.at + Math.max(AFTER, size / PACE);
    const following = corrections[index + 1];
    last = after;
    const start = following ? following.at - BEFORE : chapter.frames / FRAMES_PER_SECOND;
    if (start > after) nodes.push({ at: after, x: 0, y: 0 });
  }
  const end = chapter.frames / FRAMES_PER_SECOND + 0.05;
  const tail = nodes.at(-1);
  if (tail !== undefined && tail.at < end) nodes.push({ at: end, x: 0, y: 0 });
  return nodes.sort((a, b) => a.at - b.at);
}

/** A player's place without any duty towards the ball. */
function wanderer(
  seed: number,
  chapter: Chapter,
  player: number,
  nextKicking: Team,
  pull: Float32Array,
): (frame: number) => Place {
  const restless = player % 5 === 0 ? 0.25 : 1;
  const phase = (salt: number): number =>
    6.283 * chance(seed, 0xa0 + player * 4 + salt, chapter.number);
  const phases = [phase(0), phase(1), phase(2), phase(3)] as const;
  const first = lineUpOf(player, chapter.kicking);
  const lineUp = lineUpOf(player, nextKicking);
  const feastPlace = celebration(seed, chapter, player);
  return (frame) => {
    const at = frame / FRAMES_PER_SECOND;
    const home = homeOf(player, pull[frame * 2] ?? 0, pull[frame * 2 + 1] ?? 0);
    home.x +=
      restless * (0.7 * Math.sin(at * 0.9 + phases[0]) + 0.4 * Math.sin(at * 1.7 + phases[1]));
    home.y +=
      restless * (0.8 * Math.sin(at * 0.8 + phases[2]) + 0.4 * Math.sin(at * 1.5 + phases[3]));
    const started = smooth(chapter.kickOffAt - 0.1, chapter.kickOffAt + 2.8, at);
    const feast = smooth(chapter.netAt - 0.4, chapter.netAt + 2.2, at);
    const back = smooth(chapter.restUntil - 0.5, chapter.restUntil + 3.5, at);
    const feastAt = feastPlace(home);
    const blend = (a: number, b: number, c: number, d: number): number => {
      const playing = a + (b - a) * started;
      const feasting = playing + (c - playing) * feast;
      return feasting + (d - feasting) * back;
    };
    return {
      x: blend(first.x, home.x, feastAt.x, lineUp.x),
      y: blend(first.y, home.y, feastAt.y, lineUp.y),
    };
  };
}

/** The scoring side meets near the corner; the others walk home slowly. */
function celebration(seed: number, chapter: Chapter, player: number): (home: Place) => Place {
  if (teamOf(player) !== chapter.scorer) {
    if (player % 5 === 0) return (home) => home;
    return (home) => ({ x: home.x * 0.8, y: home.y * 0.9 });
  }
  const direction = chapter.scorer === 0 ? 1 : -1;
  if (player % 5 === 0) return (home) => ({ x: home.x + direction * 3, y: home.y });
  const side = chance(seed, 0xfea57, chapter.number) < 0.4 ? -1 : 1;
  const ring = player === chapter.shooter ? 0 : 1.15;
  const angle = (player % 5) * 1.45;
  const place = {
    x: direction * 12 + ring * Math.cos(angle),
    y: side * 5.6 + ring * Math.sin(angle) * 0.9,
  };
  return () => place;
}

/** Nobody stands inside another: pairs nearer than 0.9 m are pushed apart evenly. */
function keepApart(players: Float32Array, frames: number): void {
  const least = 0.9;
  for (let frame = 0; frame < frames; frame += 1) {
    const row = players.subarray(frame * PLAYERS * 2, (frame + 1) * PLAYERS * 2);
    for (let a = 0; a < PLAYERS * 2; a += 2) {
      for (let b = a + 2; b < PLAYERS * 2; b += 2) {
        const dx = (row[b] ?? 0) - (row[a] ?? 0);
        const dy = (row[b + 1] ?? 0) - (row[a + 1] ?? 0);
        const distance = Math.hypot(dx, dy) + 1e-6;
        if (distance >= least) continue;
        const push = (0.5 * (least - distance)) / Math.max(distance, 0.55);
        row[a] = (row[a] ?? 0) - dx * push;
        row[a + 1] = (row[a + 1] ?? 0) - dy * push;
        row[b] = (row[b] ?? 0) + dx * push;
        row[b + 1] = (row[b + 1] ?? 0) + dy * push;
      }
    }
    for (let i = 0; i < PLAYERS * 2; i += 2) {
      row[i] = Math.max(-HALF_LENGTH - 2.2, Math.min(HALF_LENGTH + 2.2, row[i] ?? 0));
      row[i + 1] = Math.max(-HALF_DEPTH - 0.8, Math.min(HALF_DEPTH + 0.8, row[i + 1] ?? 0));
    }
  }
}

function strides(
  players: Float32Array,
  frames: number,
): { run: Float32Array; speed: Float32Array } {
  const run = new Float32Array(frames * PLAYERS);
  const speed = new Float32Array(frames * PLAYERS * 2);
  const width = PLAYERS * 2;
  for (let frame = 0; frame < frames; frame += 1) {
    const a = Math.max(0, frame - 2);
    const b = Math.min(frames - 1, frame + 2);
    const seconds = (b - a) / FRAMES_PER_SECOND;
    for (let i = 0; i < width; i += 1) {
      const metres = (players[b * width + i] ?? 0) - (players[a * width + i] ?? 0);
      speed[frame * width + i] = metres / seconds;
    }
    if (frame === 0) continue;
    for (let player = 0; player < PLAYERS; player += 1) {
      const i = frame * width + player * 2;
      const dx = (players[i] ?? 0) - (players[i - width] ?? 0);
      const dy = (players[i + 1] ?? 0) - (players[i + 1 - width] ?? 0);
      const before = run[(frame - 1) * PLAYERS + player] ?? 0;
      run[frame * PLAYERS + player] = before + Math.hypot(dx, dy);
    }
  }
  return { run, speed };
}

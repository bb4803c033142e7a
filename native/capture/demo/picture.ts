// Paints one moment of the demo's match over the still stadium: crowd, shadows, players, ball,
// nets, scoreboard. It must never look at time or seed: everything it paints is in the moment.
import { FRAMES_PER_SECOND, GOAL_HALF_WIDTH, HALF_LENGTH } from './camera.ts';
import { chance } from './chance.ts';
import {
  limbsOf,
  type Pose,
  paintBall,
  paintBallShadow,
  paintPlayer,
  paintPlayerShadow,
} from './figures.ts';
import type { Team } from './formation.ts';
import { textWidth, write } from './lettering.ts';
import { type Canvas, canvasOf, hex, paintPolygon, paintRound } from './paint.ts';
import { type Net, PANEL, paintSpectator, RESTLESS, type Stage, stadium } from './stadium.ts';

export interface Moment {
  readonly frameIndex: number;
  readonly poses: readonly Pose[];
  readonly ball: { readonly x: number; readonly y: number; readonly z: number };
  readonly score: readonly [number, number];
  readonly clockSeconds: number;
  readonly scorer: Team;
  /** Seconds since the ball was seen behind the line; negative before. */
  readonly sinceGoal: number;
  /** Seconds since the celebration ended; negative before. */
  readonly sinceRest: number;
}

/** Paints a moment into `into` (PICTURE_BYTES bytes). */
export function paintMoment(moment: Moment, into: Uint8Array, hideBall = false): void {
  const { stages, net } = stadium();
  const canvas = canvasOf(into);
  const roar = roarOf(moment);
  const stage = roar < 0.2 ? stages.calm : moment.scorer === 0 ? stages.north : stages.south;
  into.set(stage.background);
  paintMovers(canvas, moment, stage, roar);
  for (const pose of moment.poses) paintPlayerShadow(canvas, pose);
  const { x, y, z } = moment.ball;
  if (!hideBall) paintBallShadow(canvas, x, y, z);
  const order = [...moment.poses].sort((a, b) => a.y - b.y || a.player - b.player);
  const before = (py: number, px: number): boolean =>
    py > GOAL_HALF_WIDTH - 0.05 && Math.abs(px) > HALF_LENGTH - 1;
  let ballPainted = hideBall;
  let netPainted = false;
  for (const pose of order) {
    if (!ballPainted && pose.y > y) {
      if (!netPainted && before(y, x)) {
        paintNet(canvas, net);
        netPainted = true;
      }
      paintBall(canvas, x, y, z);
      ballPainted = true;
    }
    if (!netPainted && before(pose.y, pose.x)) {
      paintNet(canvas, net);
      netPainted = true;
    }
    paintPlayer(canvas, limbsOf(pose));
  }
  const outside = before(y, x);
  if (!ballPainted && !outside) paintBall(canvas, x, y, z);
  if (!netPainted) paintNet(canvas, net);
  if (!ballPainted && outside) paintBall(canvas, x, y, z);
  paintScore(canvas, moment);
  paintBanner(canvas, moment);
}

function paintNet(canvas: Canvas, net: Net): void {
  const { luma } = canvas;
  for (let i = 0; i < net.at.length; i += 1) {
    const at = net.at[i] as number;
    const old = luma[at] as number;
    luma[at] = old + (((228 - old) * (net.alpha[i] as number)) >> 8);
  }
  const { u, v } = canvas;
  for (let i = 0; i < net.chromaAt.length; i += 1) {
    const at = net.chromaAt[i] as number;
    const alpha = net.chromaAlpha[i] as number;
    u[at] = (u[at] as number) + (((128 - (u[at] as number)) * alpha) >> 8);
    v[at] = (v[at] as number) + (((128 - (v[at] as number)) * alpha) >> 8);
  }
}

function roarOf({ sinceGoal, sinceRest }: Moment): number {
  if (sinceGoal < 0) return 0;
  return Math.min(1, sinceGoal * 2.5, Math.max(0, 1 - sinceRest / 1.5));
}

/** Calm spectators shift their weight; after a goal those of the scoring side jump. */
function paintMovers(canvas: Canvas, moment: Moment, stage: Stage, roar: number): void {
  const seconds = moment.frameIndex / FRAMES_PER_SECOND;
  for (const one of stage.movers) {
    const wave = Math.sin(seconds * (0.7 + one.phase * 3) + one.phase * 90);
    const sway = one.phase < RESTLESS ? Math.round(wave * 2) / 2 : 0;
    const glad = one.side < 0 === (moment.scorer === 0);
    if (roar < 0.2 || !glad) {
      paintSpectator(canvas, one, sway, 0, 0);
      continue;
    }
    const beat = Math.max(0, Math.sin(seconds * (9 + one.phase * 3) + one.phase * 50));
    paintSpectator(canvas, one, sway, beat * 5 * roar, roar * (0.5 + 0.5 * beat));
  }
}

const INK = hex('#f3f6fb');
const NIGHT = hex('#0d1424');

function paintScore(canvas: Canvas, moment: Moment): void {
  const { left, top, right } = PANEL;
  const digits = { tint: INK, height: 20, weight: 3.6 };
  const [north, south] = moment.score.map(String);
  const middle = left + 134;
  write(canvas, north ?? '', middle - 14 - textWidth(north ?? '', 20), top + 13, digits);
  write(canvas, '-', middle - 7, top + 13, { tint: INK, height: 20, weight: 2.6, alpha: 0.7 });
  write(canvas, south ?? '', middle + 14, top + 13, digits);
  const two = (value: number): string => String(value).padStart(2, '0');
  const clock = `${two(Math.floor(moment.clockSeconds / 60))}:${two(moment.clockSeconds % 60)}`;
  write(canvas, clock, right - 88, top + 14, { tint: NIGHT, height: 18, weight: 3 });
}

function paintBanner(canvas: Canvas, moment: Moment): void {
  const { sinceGoal, sinceRest } = moment;
  if (sinceGoal < 0.35 || sinceRest > 0.2) return;
  const slide = Math.min(1, (sinceGoal - 0.35) * 3, Math.max(0, (0.2 - sinceRest) * 4));
  const ease = slide * (2 - slide);
  const tint = moment.scorer === 0 ? hex('#c93d34') : hex('#2a69ba');
  const [top, left] = [84, PANEL.left];
  const right = left + 40 + 176 * ease;
  paintRound(canvas, [left, top, right, top + 36], 6, tint, 0.95 * ease);
  if (ease < 0.7) return;
  const pen = { tint: INK, height: 17, weight: 3, alpha: (ease - 0.7) / 0.3 };
  write(canvas, moment.scorer === 0 ? 'GOAL NORTH' : 'GOAL SOUTH', left + 22, top + 10, pen);
  const spark = chance(7, moment.frameIndex, 3) * 0.2;
  const shine = left + ((sinceGoal * 190) % 240);
  if (shine + 10 > right) return;
  const corners = [
    [shine, top],
    [shine + 9, top],
    [shine + 3, top + 36],
    [shine - 6, top + 36],
  ] as const;
  paintPolygon(canvas, corners, INK, 0.12 + spark * 0.3);
}

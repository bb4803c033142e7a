// Where the players of the demo like to stand: at kick-off and while the ball is somewhere.
// It must never know about time or drawing. Players 0..4 are north (left goal, keeper 0),
// 5..9 are south (right goal, keeper 5).
import { HALF_DEPTH, HALF_LENGTH } from './camera.ts';

export type Team = 0 | 1;

export const PLAYERS = 10;

export interface Place {
  x: number;
  y: number;
}

const HOMES: readonly Place[] = [
  { x: -16.6, y: 0 },
  { x: -7.5, y: 0.5 },
  { x: -1, y: -5.2 },
  { x: -0.5, y: 5.4 },
  { x: 5.5, y: -0.6 },
];

const LINE_UP: readonly Place[] = [
  { x: -16.8, y: 0 },
  { x: -9, y: 0.4 },
  { x: -3.6, y: -5.4 },
  { x: -3.4, y: 5.6 },
  { x: -4.6, y: -1.2 },
];

export const teamOf = (player: number): Team => (player < 5 ? 0 : 1);
export const keeperOf = (team: Team): number => team * 5;
export const forwardOf = (team: Team): number => team * 5 + 4;

/** Where a player would stand if the ball were at (ballX, ballY) for a while. */
export function homeOf(player: number, ballX: number, ballY: number): Place {
  const direction = player < 5 ? 1 : -1;
  const home = HOMES[player % 5] ?? { x: 0, y: 0 };
  if (player % 5 === 0) {
    const out = Math.max(0, 1 - Math.abs(ballX + direction * HALF_LENGTH) / 20);
    return {
      x: direction * (home.x + 0.7 * out),
      y: Math.max(-1.5, Math.min(1.5, ballY * 0.24)),
    };
  }
  const x = direction * home.x + ballX * 0.56;
  const y = direction * home.y * 0.92 + ballY * 0.3;
  return {
    x: Math.max(-HALF_LENGTH + 3.4, Math.min(HALF_LENGTH - 3.4, x)),
    y: Math.max(-HALF_DEPTH + 1, Math.min(HALF_DEPTH - 1, y)),
  };
}

/** Where a player stands when `kicking` is about to kick off. */
export function lineUpOf(player: number, kicking: Team): Place {
  const direction = player < 5 ? 1 : -1;
  if (player === forwardOf(kicking)) return { x: -direction * 0.75, y: -0.12 };
  const place = LINE_UP[player % 5] ?? { x: 0, y: 0 };
  return { x: direction * place.x, y: direction * place.y };
}

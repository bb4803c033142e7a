// The still part of the demo's picture: stands, boards, pitch, far half of the goals, score panel.
// It must never depend on the seed: it is painted once per process and copied for every frame.
import {
  GOAL_DEPTH,
  GOAL_HALF_WIDTH,
  GOAL_HEIGHT,
  HALF_LENGTH,
  PICTURE_WIDTH,
  project,
} from './camera.ts';
import { chance } from './chance.ts';
import { textWidth, write } from './lettering.ts';
import {
  type Canvas,
  type Colour,
  canvasOf,
  colour,
  hex,
  PICTURE_BYTES,
  paintCapsule,
  paintPolygon,
  paintRound,
  paintSoftEllipse,
} from './paint.ts';
import { paintPitch } from './pitch.ts';

export const PANEL = { left: 36, top: 30, right: 412, bottom: 76 } as const;

/** One spectator, in pixels; those that `moves` are painted per frame. */
export interface Spectator {
  readonly x: number;
  readonly y: number;
  readonly size: number;
  readonly coat: Colour;
  readonly skin: Colour;
  readonly hair: Colour;
  readonly moves: boolean;
  readonly phase: number;
  readonly side: -1 | 1;
}

/** Which part of the crowd is on its feet. */
export type Mood = 'calm' | 'north' | 'south';

export interface Stage {
  /** The still picture with everybody in it who does not move in this mood. */
  readonly background: Uint8Array;
  readonly movers: readonly Spectator[];
}

export interface Stadium {
  readonly stages: Readonly<Record<Mood, Stage>>;
  readonly net: Net;
}

/** Near half of both goals: positions in the planes and how white they become (0..255). */
export interface Net {
  readonly at: Int32Array;
  readonly alpha: Uint8Array;
  readonly chromaAt: Int32Array;
  readonly chromaAlpha: Uint8Array;
}

const BOARD_Y = -12.3;
const BOARD_HEIGHT = 1.05;
/** Spectators with a phase below this shift their weight even when nothing happens. */
export const RESTLESS = 0.2;

let painted: Stadium | undefined;

/** Paints the stadium on first use (about a quarter of a second), then returns the same one. */
export function stadium(): Stadium {
  painted ??= build();
  return painted;
}

function build(): Stadium {
  const background = new Uint8Array(PICTURE_BYTES);
  const canvas = canvasOf(background);
  const horizon = Math.floor(project(0, BOARD_Y, 0).y);
  const night = hex('#10141f');
  canvas.luma.fill(Math.round(night.y));
  canvas.u.fill(Math.round(night.u));
  canvas.v.fill(Math.round(night.v));
  const people = crowd();
  paintStand(canvas, people, horizon);
  paintPitch(canvas, horizon - 1);
  paintBoards(canvas);
  for (const direction of [-1, 1] as const) paintGoalFar(canvas, direction);
  paintPanel(canvas);
  const stage = (mood: Mood): Stage => {
    const moves = (one: Spectator): boolean => {
      if (!one.moves) return false;
      const restless = one.phase < RESTLESS;
      return mood === 'calm' ? restless : restless || one.side === (mood === 'north' ? -1 : 1);
    };
    const bytes = background.slice();
    const planes = canvasOf(bytes);
    for (const one of people) if (one.moves && !moves(one)) paintSpectator(planes, one, 0, 0, 0);
    return { background: bytes, movers: people.filter(moves) };
  };
  const stages = { calm: stage('calm'), north: stage('north'), south: stage('south') };
  return { stages, net: nearNets() };
}

const COATS = ['#3b4252', '#2b3140', '#4c5364', '#59463f', '#36424a', '#6a6f7c', '#2d2f3a'];
const NORTH_COATS = ['#b8433c', '#a63530', '#c4574b'];
const SOUTH_COATS = ['#3a6fae', '#2f5c98', '#4a82bd'];
const SKINS = ['#c99a7a', '#a8765a', '#7d5743', '#d9af90', '#64442f'];
const HAIRS = ['#1c1613', '#33241b', '#5b432f', '#14141a', '#7a6a55'];

const pick = (names: readonly string[], at: number): string =>
  names[Math.floor(at * names.length)] ?? '#808080';

/** A colour in the shade: 1 is full light. */
function shaded(name: string, light: number): Colour {
  const value = Number.parseInt(name.slice(1), 16);
  return colour((value >> 16) * light, ((value >> 8) & 255) * light, (value & 255) * light);
}

function crowd(): Spectator[] {
  const people: Spectator[] = [];
  for (let row = 14; row >= 0; row -= 1) {
    const y = -14.3 - row * 0.85;
    const z = 1.9 + row * 0.62;
    const light = 1.04 - row * 0.045;
    for (let seat = -50; seat <= 50; seat += 1) {
      const roll = (salt: number): number => chance(row + 1, seat + 64, salt);
      const aisle = Math.abs(((seat + 59) % 17) - 8) > 7.5;
      if (aisle || roll(1) < 0.07) continue;
      const seen = project(seat * 0.63 + (roll(2) - 0.5) * 0.2, y, z + (roll(3) - 0.5) * 0.12);
      if (seen.x < -12 || seen.x > PICTURE_WIDTH + 12 || seen.y < -14) continue;
      const side = seat < 0 ? -1 : 1;
      const fan = roll(4) < 0.36;
      const coats = fan ? (side < 0 ? NORTH_COATS : SOUTH_COATS) : COATS;
      const underPanel = seen.x < PANEL.right + 14 && seen.y < PANEL.bottom + 26;
      people.push({
        x: seen.x,
        y: seen.y,
        size: seen.scale,
        side,
        phase: roll(5),
        coat: shaded(pick(coats, roll(6)), light * 0.86),
        skin: shaded(pick(SKINS, roll(7)), light * 0.86),
        hair: shaded(pick(HAIRS, roll(8)), light),
        moves: !underPanel && roll(9) < 0.17,
      });
    }
  }
  return people;
}

/** One spectator from the waist up; `lift` in pixels, `arms` from 0 (down) to 1 (up). */
export function paintSpectator(
  canvas: Canvas,
  one: Spectator,
  dx: number,
  lift: number,
  arms: number,
): void {
  const s = one.size;
  const x = one.x + dx;
  const y = one.y - lift;
  if (arms > 0.05) {
    const reach = s * 0.46 * arms;
    paintCapsule(canvas, [x - s * 0.2, y, s * 0.06], [x - s * 0.3, y - reach, s * 0.06], one.skin);
    paintCapsule(canvas, [x + s * 0.2, y, s * 0.06], [x + s * 0.3, y - reach, s * 0.06], one.skin);
  }
  paintCapsule(canvas, [x, y + s * 0.08, s * 0.23], [x, y + s * 0.5, s * 0.26], one.coat);
  paintCapsule(canvas, [x, y - s * 0.25, s * 0.16], [x, y - s * 0.2, s * 0.16], one.hair);
  paintCapsule(canvas, [x, y - s * 0.17, s * 0.13], [x, y - s * 0.17, s * 0.13], one.skin);
}

function paintStand(canvas: Canvas, people: readonly Spectator[], horizon: number): void {
  for (let row = 14; row >= 0; row -= 1) {
    const step = project(0, -14.3 - row * 0.85 + 0.3, 1.9 + row * 0.62 - 0.75).y;
    const light = 1 - row * 0.045;
    const tint = colour(24 * light, 29 * light, 41 * light);
    const top = step - 26;
    paintPolygon(canvas, quad(0, top, PICTURE_WIDTH, step + 2), tint);
    const lip = colour(44 * light, 51 * light, 66 * light);
    paintPolygon(canvas, quad(0, step - 1, PICTURE_WIDTH, step + 0.6), lip, 0.8);
  }
  for (const one of people) if (!one.moves) paintSpectator(canvas, one, 0, 0, 0);
  // A rail and a dark walkway between the first row and the boards.
  const rail = project(0, -13.3, 1.25).y;
  paintPolygon(canvas, quad(0, rail, PICTURE_WIDTH, horizon + 1), hex('#141925'));
  paintPolygon(canvas, quad(0, rail - 2, PICTURE_WIDTH, rail), hex('#566072'));
  for (const x of [-20, 660, 1300]) {
    paintSoftEllipse(canvas, x, -70, 420, 190, hex('#c9d8f2'), 0.17);
  }
}

function quad(
  left: number,
  top: number,
  right: number,
  bottom: number,
): readonly (readonly [number, number])[] {
  return [
    [left, top],
    [right, top],
    [right, bottom],
    [left, bottom],
  ];
}

const BOARDS = ['#14213a', '#1b5e4f', '#14213a', '#4a2a63', '#14213a'];

function paintBoards(canvas: Canvas): void {
  const base = project(0, BOARD_Y, 0);
  const top = project(0, BOARD_Y, BOARD_HEIGHT).y;
  const widths = PICTURE_WIDTH / BOARDS.length;
  const height = base.y - top;
  for (const [index, name] of BOARDS.entries()) {
    const left = index * widths;
    paintPolygon(canvas, quad(left, top, left + widths - 2, base.y), hex(name));
    paintPolygon(canvas, quad(left, top, left + widths - 2, top + 1.2), hex('#9fb4d8'), 0.7);
    const outer = index === 0 || index === BOARDS.length - 1;
    const text = index === 2 ? 'MORPHINE STUDIO' : 'MORPHINE';
    const size = height * 0.46;
    // The end boards cut the outer two: their text sits outside of them.
    const shift = outer ? (index === 0 ? -58 : 58) : 0;
    const x = left + shift + (widths - textWidth(text, size)) / 2;
    const tint = hex(index % 2 === 0 ? '#dfe9fb' : '#f2f6ff');
    write(canvas, text, x, top + height * 0.29, { tint, height: size, weight: 2, alpha: 0.9 });
  }
  paintPolygon(canvas, quad(0, base.y, PICTURE_WIDTH, base.y + 7), hex('#0a1410'), 0.34);
  for (const direction of [-1, 1] as const) paintEndBoard(canvas, direction);
}

function paintEndBoard(canvas: Canvas, direction: -1 | 1): void {
  const x = direction * (HALF_LENGTH + 2.75);
  const [y0, y1, z] = [BOARD_Y + 0.4, 11.4, 0.8];
  const at = (y: number, height: number): readonly [number, number] => {
    const seen = project(x, y, height);
    return [seen.x, seen.y];
  };
  const [a, b, c, d] = [at(y0, z), at(y1, z), at(y1, 0), at(y0, 0)];
  paintPolygon(canvas, [a, b, c, d], hex('#1a2740'));
  const shift = (p: readonly [number, number]): readonly [number, number] => [
    p[0] + direction * 3.5,
    p[1],
  ];
  paintPolygon(canvas, [a, shift(a), shift(b), b], hex('#8fa5cc'), 0.85);
}

type Line = readonly [number, number, number, number, number, number];

/** Net strings of one goal as world lines; the near half hangs between camera and ball. */
function strings(direction: -1 | 1, half: 'far' | 'near'): Line[] {
  const lines: Line[] = [];
  const front = direction * HALF_LENGTH;
  const back = direction * (HALF_LENGTH + GOAL_DEPTH);
  const crown = direction * (HALF_LENGTH + GOAL_DEPTH * 0.5);
  const w = GOAL_HALF_WIDTH;
  const h = GOAL_HEIGHT;
  const rear = (t: number): readonly [number, number] => [crown + (back - crown) * t, h * (1 - t)];
  const y = half === 'far' ? -w : w;
  for (let i = 0; i <= 8; i += 1) {
    const t = i / 8;
    const [rx, rz] = rear(t);
    lines.push([front, y, rz, rx, y, rz]);
    const bottom = front + (back - front) * t;
    lines.push([bottom, y, 0, Math.abs(bottom) < Math.abs(crown) ? bottom : crown, y, h]);
  }
  if (half === 'far') {
    for (let i = 0; i <= 12; i += 1) {
      const across = -w + (2 * w * i) / 12;
      lines.push([crown, across, h, back, across, 0]);
      const [rx, rz] = rear(Math.min(1, i / 9));
      lines.push([rx, -w, rz, rx, w, rz]);
    }
    return lines;
  }
  for (let i = 0; i <= 12; i += 1) {
    const across = -w + (2 * w * i) / 12;
    lines.push([front, across, h, crown, across, h]);
  }
  for (let i = 1; i <= 3; i += 1) {
    const x = front + ((crown - front) * i) / 3;
    lines.push([x, -w, h, x, w, h]);
  }
  return lines;
}

function paintLine(canvas: Canvas, line: Line, radius: number, tint: Colour, alpha: number): void {
  const a = project(line[0], line[1], line[2]);
  const b = project(line[3], line[4], line[5]);
  paintCapsule(canvas, [a.x, a.y, radius], [b.x, b.y, radius], tint, alpha);
}

const WHITE = hex('#f4f6f4');

function paintGoalFar(canvas: Canvas, direction: -1 | 1): void {
  const x = direction * HALF_LENGTH;
  const w = GOAL_HALF_WIDTH;
  const back = direction * (HALF_LENGTH + GOAL_DEPTH);
  const mouth = (
    [
      [x, -w],
      [back, -w],
      [back, w],
      [x, w],
    ] as const
  ).map(([gx, gy]) => {
    const seen = project(gx, gy, 0);
    return [seen.x, seen.y] as const;
  });
  paintPolygon(canvas, mouth, hex('#0d2412'), 0.38);
  for (const line of strings(direction, 'far')) paintLine(canvas, line, 0.45, WHITE, 0.34);
  paintLine(canvas, [back, -w, 0, back, w, 0], 1.1, hex('#c6ccd2'), 0.9);
  paintLine(canvas, [x, -w, 0, x, -w, GOAL_HEIGHT], 2.6, WHITE, 1);
}

function nearNets(): Net {
  const scratch = canvasOf(new Uint8Array(PICTURE_BYTES));
  const white: Colour = { y: 255, u: 255, v: 255 };
  for (const direction of [-1, 1] as const) {
    const x = direction * HALF_LENGTH;
    const w = GOAL_HALF_WIDTH;
    for (const line of strings(direction, 'near')) paintLine(scratch, line, 0.45, white, 0.3);
    const crown = x + direction * GOAL_DEPTH * 0.5;
    paintLine(scratch, [x, w, GOAL_HEIGHT, crown, w, GOAL_HEIGHT], 1.1, white, 0.9);
    paintLine(scratch, [x, -w, GOAL_HEIGHT, crown, -w, GOAL_HEIGHT], 1, white, 0.7);
    paintLine(scratch, [x, w, 0, x, w, GOAL_HEIGHT], 2.9, white, 1);
    paintLine(scratch, [x, -w, GOAL_HEIGHT, x, w, GOAL_HEIGHT], 2.6, white, 1);
  }
  const luma = sparse(scratch.luma);
  const chroma = sparse(scratch.u);
  return { ...luma, chromaAt: chroma.at, chromaAlpha: chroma.alpha };
}

function sparse(plane: Uint8Array): { at: Int32Array; alpha: Uint8Array } {
  const at: number[] = [];
  for (let i = 0; i < plane.length; i += 1) if ((plane[i] ?? 0) >= 6) at.push(i);
  return { at: Int32Array.from(at), alpha: Uint8Array.from(at.map((i) => plane[i] ?? 0)) };
}

function paintPanel(canvas: Canvas): void {
  const { left, top, right, bottom } = PANEL;
  paintRound(canvas, [left - 3, top - 1, right + 3, bottom + 5], 9, hex('#05070c'), 0.4);
  paintRound(canvas, [left, top, right, bottom], 7, hex('#0d1424'), 0.96);
  paintRound(canvas, [right - 104, top, right, bottom], 7, hex('#e8edf7'), 1);
  paintPolygon(canvas, quad(right - 104, top, right - 94, bottom), hex('#e8edf7'));
  paintRound(canvas, [left + 12, top + 11, left + 20, bottom - 11], 2.5, hex('#e2574c'));
  paintRound(canvas, [left + 246, top + 11, left + 254, bottom - 11], 2.5, hex('#3f86d8'));
  const tint = hex('#f3f6fb');
  write(canvas, 'NOR', left + 30, top + 14, { tint, height: 18, weight: 3 });
  write(canvas, 'SOU', left + 188, top + 14, { tint, height: 18, weight: 3 });
}

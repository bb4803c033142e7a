// Skeletons that are made by procedure: each action as a figure that moves.

import { ASPECT } from '../../tracking/track.ts';
import type { Action, Joint } from '../actions.ts';

type Point = [x: number, y: number];
/** Joints in torsos from the hips' middle, y upwards; COCO's order from the shoulders on. */
type Figure = {
  hip: Point;
  lean: number;
  arms: [upper: number, fore: number][];
  legs: [thigh: number, shin: number][];
};
const STANDING: Figure = {
  ...{
    hip: [0, 0],
    lean: 0,
    arms: [
      [-80, -80],
      [-100, -100],
    ] as [number, number][],
  },
  legs: [
    [-85, -90],
    [-95, -90],
  ] as [number, number][],
};
const toRadians = (degrees: number) => (degrees * Math.PI) / 180;
const from = ([x, y]: Point, degrees: number, length: number): Point => [
  x + Math.cos(toRadians(degrees)) * length,
  y + Math.sin(toRadians(degrees)) * length,
];

/** The figure's 17 joints, about the middle of the picture. */
export function joints(
  figure: Figure,
  size: number,
  tremble: () => number,
  isMirrored: boolean,
): Joint[] {
  const { hip, lean, arms, legs } = figure;
  const up = 90 - lean;
  const neck = from(hip, up, 1);
  const places: Point[] = Array.from({ length: 17 }, () => neck);
  [0, 1].forEach((side) => {
    const sign = side === 0 ? 1 : -1;
    const shoulder = from(neck, up - 90 * sign, 0.25);
    const elbow = from(shoulder, arms[side]?.[0] ?? -90, 0.55);
    const hipSide = from(hip, up - 90 * sign, 0.15);
    const knee = from(hipSide, legs[side]?.[0] ?? -90, 0.8);
    places[5 + side] = shoulder;
    places[7 + side] = elbow;
    places[9 + side] = from(elbow, arms[side]?.[1] ?? -90, 0.5);
    places[11 + side] = hipSide;
    places[13 + side] = knee;
    places[15 + side] = from(knee, legs[side]?.[1] ?? -90, 0.8);
  });
  return places.map(([x, y]) => ({
    x: 0.5 + ((isMirrored ? -x : x) * size + tremble()) / ASPECT,
    y: 0.6 - y * size + tremble(),
    confidence: 0.8,
  }));
}

const ease = (value: number) => Math.min(1, Math.max(0, value));
const mix = (a: number, b: number, share: number) => a + (b - a) * ease(share);

/** Figures at `t` seconds; the action begins at 1. */
export const MOTIONS: Record<Action, (t: number) => Figure> = {
  stand: () => STANDING,
  fall: (t) => ({
    ...STANDING,
    lean: mix(0, 85, (t - 1) / 0.6),
    hip: [0, mix(0, -1.1, (t - 1) / 0.6)],
  }),
  jump: (t) => {
    const air = t > 1 && t < 1.55 ? 0.7 * 4 * ((t - 1) / 0.55) * (1 - (t - 1) / 0.55) : 0;
    return { ...STANDING, hip: [0, air] };
  },
  kick: (t) => ({
    ...STANDING,
    legs: [
      [mix(-120, -30, (t - 1) / 0.25), mix(-150, -25, (t - 1) / 0.25)],
      [-92, -90],
    ],
  }),
  swing: (t) => ({
    ...STANDING,
    arms: [
      [mix(150, -70, (t - 1) / 0.3), mix(160, -60, (t - 1) / 0.3)],
      [-100, -100],
    ],
  }),
  throw: (t) => ({
    ...STANDING,
    arms: [
      [mix(-20, 70, (t - 1) / 0.3), mix(120, 75, (t - 1) / 0.3)],
      [-100, -100],
    ],
  }),
  run: (t) => {
    const phase = Math.sin(t * 2 * Math.PI * 1.5);
    return {
      ...{ hip: [t * 3, 0] as Point, lean: 8 },
      arms: [
        [-90 + 40 * phase, -60 + 40 * phase],
        [-90 - 40 * phase, -60 - 40 * phase],
      ],
      legs: [
        [-90 - 38 * phase, -100 - 30 * phase],
        [-90 + 38 * phase, -100 + 30 * phase],
      ],
    };
  },
};

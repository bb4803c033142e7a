// Draws what moves on the pitch of the demo: players, ball, shadows.
// It must never decide where anything is: places, speeds and moods come in, limbs come out. The
// box of a player (the truth a detector is trained on) is the box of exactly the limbs painted.
import { BALL_RADIUS, project } from './camera.ts';
import { type Canvas, type Colour, hex, paintCapsule, paintSoftEllipse } from './paint.ts';

export interface Pose {
  readonly player: number;
  readonly x: number;
  readonly y: number;
  readonly speedX: number;
  readonly speedY: number;
  /** Metres run so far: the phase of the legs. */
  readonly run: number;
  /** Where to look while standing: -1 left, 1 right. */
  readonly gaze: number;
  /** -1..1 through a kick, 0 when none. */
  readonly kick: number;
  /** 0..1: arms up. */
  readonly joy: number;
  /** 0..1: a keeper throwing himself. */
  readonly dive: number;
  /** Metres above the ground. */
  readonly lift: number;
}

export interface Limb {
  readonly from: readonly [number, number, number];
  readonly to: readonly [number, number, number];
  readonly tint: Colour;
}

interface Kit {
  readonly shirt: Colour;
  readonly shirtDark: Colour;
  readonly shirtLight: Colour;
  readonly shorts: Colour;
  readonly shortsDark: Colour;
  readonly socks: Colour;
  readonly socksDark: Colour;
}

const kit = (names: readonly string[]): Kit => {
  const [shirt, shirtDark, shirtLight, shorts, shortsDark, socks, socksDark] = names.map(hex);
  if (!shirt || !shirtDark || !shirtLight || !shorts || !shortsDark || !socks || !socksDark) {
    throw new Error('A kit of the demo lacks a colour.');
  }
  return { shirt, shirtDark, shirtLight, shorts, shortsDark, socks, socksDark };
};

const KITS = {
  north: kit(['#d8433a', '#a32c28', '#ee6a5c', '#26232f', '#191722', '#d8433a', '#9c2d29']),
  south: kit(['#2f77d0', '#1f5297', '#5a9ae8', '#121c33', '#0c1426', '#2f77d0', '#1e4f92']),
  northKeeper: kit(['#e8b62e', '#b0871a', '#f6d266', '#2a2a2e', '#1c1c20', '#e8b62e', '#a9821c']),
  southKeeper: kit(['#8d54c9', '#643a94', '#ae7fe0', '#241a33', '#191226', '#8d54c9', '#613a90']),
};
const SKINS = ['#d8a584', '#b07a58', '#7f5740', '#e0b494', '#8f6247'].map(hex);
const HAIRS = ['#221913', '#14110f', '#100d0d', '#6d5236', '#1b1512'].map(hex);
const BOOTS = hex('#16181d');
const GLOVES = hex('#e7ebef');
const SHADOW = hex('#06140a');

function kitOf(player: number): Kit {
  if (player % 5 === 0) return player < 5 ? KITS.northKeeper : KITS.southKeeper;
  return player < 5 ? KITS.north : KITS.south;
}

type Place = (x: number, z: number, radius: number) => readonly [number, number, number];

interface Gait {
  readonly place: Place;
  /** How strongly the legs swing (0 standing, 1 sprinting), and towards where on screen. */
  readonly swing: number;
  readonly facing: number;
  readonly cycle: number;
  readonly hipZ: number;
  readonly lean: number;
}

const SIZE = 1.16;
const STRIDE_METRES = 2.5;

function gaitOf(pose: Pose): Gait {
  const foot = project(pose.x, pose.y, pose.lift);
  const s = foot.scale * SIZE;
  const speed = Math.hypot(pose.speedX, pose.speedY);
  const swing = Math.min(1, speed / 4.6);
  const turned = speed > 0.2 ? pose.speedX / (speed + 0.6) : 0;
  const facing = Math.max(-1, Math.min(1, turned * 1.3 * swing + pose.gaze * (1 - swing)));
  const cycle = (pose.run / STRIDE_METRES) * 2 * Math.PI;
  const bob = 0.045 * Math.abs(Math.sin(cycle)) * swing - 0.14 * pose.dive;
  return {
    place: (x, z, radius) => [foot.x + x * s, foot.y - z * s * 0.93, radius * s],
    swing,
    facing,
    cycle,
    hipZ: 0.93 + bob,
    lean: facing * (0.03 + 0.17 * swing) - 0.14 * pose.kick * Math.sign(pose.gaze || 1),
  };
}

function leg(limbs: Limb[], pose: Pose, gait: Gait, near: boolean): void {
  const { place, swing, facing, hipZ } = gait;
  const k = kitOf(pose.player);
  const phase = gait.cycle + (near ? 0 : Math.PI);
  const width = 0.35 + 0.65 * Math.abs(facing);
  const sense = facing < 0 ? -1 : 1;
  let thigh = 0.78 * swing * Math.sin(phase) * sense * width;
  let bend = swing * (0.3 + 0.95 * Math.max(0, Math.cos(phase))) * sense * width;
  if (near && pose.kick !== 0) {
    thigh = sense * 0.95 * pose.kick;
    bend = sense * Math.max(0, -pose.kick) * 1.3;
  }
  const stance = (near ? 0.085 : -0.085) * (1.15 - 0.5 * Math.abs(facing)) * (1 + 1.4 * pose.dive);
  const kneeX = stance + Math.sin(thigh) * 0.45;
  const kneeZ = hipZ - Math.cos(thigh) * 0.45;
  const shin = thigh - bend;
  const footX = kneeX + Math.sin(shin) * 0.44;
  const footZ = Math.max(0.05, kneeZ - Math.cos(shin) * 0.44);
  const sockX = kneeX + (footX - kneeX) * 0.4;
  const sockZ = kneeZ + (footZ - kneeZ) * 0.4;
  const skin = SKINS[pose.player % SKINS.length] ?? BOOTS;
  limbs.push({ from: place(stance, hipZ - 0.3, 0.085), to: place(kneeX, kneeZ, 0.07), tint: skin });
  limbs.push({ from: place(kneeX, kneeZ, 0.068), to: place(sockX, sockZ, 0.068), tint: skin });
  const socks = near ? k.socks : k.socksDark;
  limbs.push({
    from: place(sockX, sockZ, 0.075),
    to: place(footX, footZ + 0.05, 0.055),
    tint: socks,
  });
  const toe = footX + 0.12 * sense * Math.max(0.4, Math.abs(facing));
  limbs.push({ from: place(footX, footZ, 0.06), to: place(toe, footZ - 0.01, 0.05), tint: BOOTS });
  const shorts = near ? k.shorts : k.shortsDark;
  const hemX = stance + (kneeX - stance) * 0.6;
  const hemZ = hipZ + (kneeZ - hipZ) * 0.6;
  limbs.push({ from: place(stance * 0.8, hipZ, 0.13), to: place(hemX, hemZ, 0.115), tint: shorts });
}

function arm(limbs: Limb[], pose: Pose, gait: Gait, near: boolean): void {
  const { place, swing, facing, hipZ, lean } = gait;
  const k = kitOf(pose.player);
  const phase = gait.cycle + (near ? Math.PI : 0);
  const sense = facing < 0 ? -1 : 1;
  const outward = near ? 1 : -1;
  const up = Math.max(pose.joy, pose.dive * 0.8);
  const spread = (1 - Math.abs(facing) * 0.6) * 0.18;
  const rest = 0.75 * swing * Math.sin(phase) * sense + outward * spread;
  const upper = rest * (1 - up) + outward * (2.55 - 0.2 * Math.sin(gait.cycle * 0.7)) * up;
  const fore = upper + (1 - up) * sense * (0.25 + 0.9 * swing);
  const shoulderX = lean + outward * 0.16 * (1.1 - 0.55 * Math.abs(facing));
  const shoulderZ = hipZ + 0.5;
  const elbowX = shoulderX + Math.sin(upper) * 0.27;
  const elbowZ = shoulderZ - Math.cos(upper) * 0.27;
  const handX = elbowX + Math.sin(fore) * 0.25;
  const handZ = elbowZ - Math.cos(fore) * 0.25;
  const skin = SKINS[pose.player % SKINS.length] ?? BOOTS;
  const sleeve = near ? k.shirt : k.shirtDark;
  const lower = pose.player % 5 === 0 ? sleeve : skin;
  limbs.push({ from: place(elbowX, elbowZ, 0.055), to: place(handX, handZ, 0.05), tint: lower });
  limbs.push({
    from: place(shoulderX, shoulderZ, 0.085),
    to: place(elbowX, elbowZ, 0.065),
    tint: sleeve,
  });
  if (pose.player % 5 === 0) {
    limbs.push({ from: place(handX, handZ, 0.075), to: place(handX, handZ, 0.075), tint: GLOVES });
  }
}

/** All limbs of a player in painting order, in picture pixels. */
export function limbsOf(pose: Pose): Limb[] {
  const gait = gaitOf(pose);
  const { place, hipZ, lean, facing } = gait;
  const k = kitOf(pose.player);
  const limbs: Limb[] = [];
  arm(limbs, pose, gait, false);
  leg(limbs, pose, gait, false);
  leg(limbs, pose, gait, true);
  const chest = 0.165 + 0.035 * (1 - Math.abs(facing));
  limbs.push({
    from: place(0, hipZ + 0.02, 0.145),
    to: place(lean, hipZ + 0.46, chest),
    tint: k.shirtDark,
  });
  limbs.push({
    from: place(-0.02, hipZ + 0.05, 0.13),
    to: place(lean - 0.015, hipZ + 0.47, chest - 0.02),
    tint: k.shirt,
  });
  limbs.push({
    from: place(-0.05, hipZ + 0.22, 0.045),
    to: place(lean - 0.06, hipZ + 0.49, 0.06),
    tint: k.shirtLight,
  });
  const headX = lean * 1.35 + facing * 0.03;
  const headZ = hipZ + 0.79;
  const skin = SKINS[pose.player % SKINS.length] ?? BOOTS;
  const hair = HAIRS[(pose.player * 3) % HAIRS.length] ?? BOOTS;
  limbs.push({ from: place(lean, hipZ + 0.6, 0.06), to: place(headX, headZ, 0.06), tint: skin });
  limbs.push({
    from: place(headX, headZ + 0.02, 0.135),
    to: place(headX, headZ + 0.02, 0.135),
    tint: hair,
  });
  const face = [headX + facing * 0.045, headZ - 0.025] as const;
  limbs.push({ from: place(...face, 0.108), to: place(...face, 0.108), tint: skin });
  arm(limbs, pose, gait, true);
  return limbs;
}

/** The box, in pixels, of everything `limbsOf` paints. */
export function boxOf(limbs: readonly Limb[]): [number, number, number, number] {
  let [left, top, right, bottom] = [1e9, 1e9, -1e9, -1e9];
  for (const limb of limbs) {
    for (const [x, y, r] of [limb.from, limb.to]) {
      left = Math.min(left, x - r);
      right = Math.max(right, x + r);
      top = Math.min(top, y - r);
      bottom = Math.max(bottom, y + r);
    }
  }
  return [left, top, right, bottom];
}

export function paintPlayer(canvas: Canvas, limbs: readonly Limb[]): void {
  for (const limb of limbs) paintCapsule(canvas, limb.from, limb.to, limb.tint);
}

/** Four floodlights: one soft pool under the feet and two faint long shadows. */
export function paintPlayerShadow(canvas: Canvas, pose: Pose): void {
  const foot = project(pose.x, pose.y, 0);
  const s = foot.scale;
  const thin = 1 - Math.min(0.5, pose.lift);
  paintSoftEllipse(canvas, foot.x, foot.y + 1, s * 0.62, s * 0.24, SHADOW, 0.5 * thin);
  for (const side of [-1, 1]) {
    const x = foot.x + side * s * 0.55;
    paintSoftEllipse(canvas, x, foot.y - s * 0.08, s * 0.75, s * 0.16, SHADOW, 0.2 * thin);
  }
}

const LEATHER = hex('#fbfcfa');
const SHADE = hex('#b4bcc2');
const PATCH = hex('#3a4149');

export function paintBallShadow(canvas: Canvas, x: number, y: number, z: number): void {
  const foot = project(x, y, 0);
  const high = Math.max(0, z - BALL_RADIUS);
  const r = foot.scale * BALL_RADIUS * (1.15 + 0.12 * high);
  paintSoftEllipse(
    canvas,
    foot.x,
    foot.y + 0.5,
    r * 1.15,
    r * 0.55,
    SHADOW,
    0.62 / (1 + 0.5 * high),
  );
}

/** The ball with three dark patches that turn as it rolls along x. */
export function paintBall(canvas: Canvas, x: number, y: number, z: number): void {
  const seen = project(x, y, z);
  const r = seen.scale * BALL_RADIUS;
  const disc = (dx: number, dy: number, radius: number, tint: Colour, alpha = 1): void => {
    const at = [seen.x + dx * r, seen.y + dy * r, radius * r] as const;
    paintCapsule(canvas, at, at, tint, alpha);
  };
  disc(0, 0, 1, SHADE);
  disc(-0.1, -0.13, 0.86, LEATHER);
  const turn = x / BALL_RADIUS;
  for (let patch = 0; patch < 3; patch += 1) {
    const angle = turn + (patch * 2 * Math.PI) / 3;
    const facing = Math.cos(angle);
    if (facing < 0.1) continue;
    disc(Math.sin(angle) * 0.66, 0.18 - 0.36 * (patch % 2) + y * 0.02, 0.24 * facing, PATCH, 0.75);
  }
  disc(-0.34, -0.38, 0.2, hex('#ffffff'));
}

// What somebody does, read from a second of joints by rules: fall, jump, kick, swing (serve), throw
// (shot), run, stand. Lengths are torsos (hips to shoulders), speeds torsos a second, so that near
// and far people are judged alike. It knows no ball: a throw without one is told as well.

import { ASPECT } from '../tracking/track.ts';

export const ACTIONS = ['fall', 'jump', 'kick', 'swing', 'throw', 'run', 'stand'] as const;
export type Action = (typeof ACTIONS)[number];

/** One joint, normalised to the picture; COCO's order of 17. */
export type Joint = { x: number; y: number; confidence: number };
export type ActionSeen = { action: Action; sinceUs: number; confidence: number; why: string };

/** Joints below this are not looked at. */
const JOINT_MIN = 0.3;
const WINDOW_US = 1_000_000;
/** Poses in the window at least. */
const POSES_MIN = 8;
const FORGET_US = 2_000_000;
/** Faster than this is a joint that the network took for another one, torsos a second. */
const FOOT_MAX = 30;
const HAND_MAX = 40;
/** Poses that must agree before an action is told. */
const AGREE = 2;

type Point = { x: number; y: number };
/** A pose in torsos, about the place where the window began. */
type Body = {
  captureUs: number;
  hip: Point;
  shoulder: Point;
  wrists: [Point, Point];
  elbows: [Point, Point];
  shoulders: [Point, Point];
  ankles: [Point, Point];
  sure: number;
};

const LEFT_RIGHT = {
  shoulder: [5, 6],
  elbow: [7, 8],
  wrist: [9, 10],
  hip: [11, 12],
  ankle: [15, 16],
};

const middle = ([a, b]: readonly [Point, Point]): Point => ({
  x: (a.x + b.x) / 2,
  y: (a.y + b.y) / 2,
});
const apart = (a: Point, b: Point) => Math.hypot(a.x - b.x, a.y - b.y);

/** Null while hips, shoulders or ankles are not seen. */
function bodyOf(joints: readonly Joint[], captureUs: number): Body | null {
  const pair = (name: keyof typeof LEFT_RIGHT): [Point, Point] | null => {
    const [left, right] = LEFT_RIGHT[name].map((index) => joints[index]);
    if (!left || !right || Math.min(left.confidence, right.confidence) < JOINT_MIN) return null;
    return [
      { x: left.x * ASPECT, y: left.y },
      { x: right.x * ASPECT, y: right.y },
    ];
  };
  const [shoulders, hips, ankles] = [pair('shoulder'), pair('hip'), pair('ankle')];
  if (!shoulders || !hips || !ankles) return null;
  const sure = Math.min(...joints.map(({ confidence }) => Math.max(confidence, JOINT_MIN)));
  return {
    ...{ captureUs, shoulders, ankles, sure },
    hip: middle(hips),
    shoulder: middle(shoulders),
    // Arms that are not seen hang.
    wrists: pair('wrist') ?? hips,
    elbows: pair('elbow') ?? shoulders,
  };
}

const middleOf = (a: number, b: number, c: number) =>
  Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
const calmPoint = (a: Point, b: Point, c: Point): Point => ({
  x: middleOf(a.x, b.x, c.x),
  y: middleOf(a.y, b.y, c.y),
});
type Pair = [Point, Point];
const calmPair = (a: Pair, b: Pair, c: Pair): Pair => [
  calmPoint(a[0], b[0], c[0]),
  calmPoint(a[1], b[1], c[1]),
];

/**
 * Poses without the jumps of a joint on one of them, as a network makes them where somebody is
 * small or half hidden: each place is the middle one of three in a row.
 */
function calmed(bodies: readonly Body[]): Body[] {
  return bodies.map((body, index) => {
    const [before, after] = [bodies[index - 1], bodies[index + 1]];
    if (!before || !after) return body;
    return {
      ...body,
      hip: calmPoint(before.hip, body.hip, after.hip),
      shoulder: calmPoint(before.shoulder, body.shoulder, after.shoulder),
      wrists: calmPair(before.wrists, body.wrists, after.wrists),
      elbows: calmPair(before.elbows, body.elbows, after.elbows),
      shoulders: calmPair(before.shoulders, body.shoulders, after.shoulders),
      ankles: calmPair(before.ankles, body.ankles, after.ankles),
    };
  });
}

type Measures = {
  /** Degrees of the torso from upright, newest. */
  tilt: number;
  /** How far the hips fell and both feet rose in the window, torsos. */
  hipFall: number;
  feetRise: number;
  hipSpeed: number;
  /** Fastest over a fifth of a second, relative to hip or shoulder: each foot, each hand. */
  feet: [number, number];
  hands: [number, number];
  /** How far above the shoulder each hand got, and how far it turned about it, degrees. */
  handAbove: [number, number];
  handTurn: [number, number];
  /** By how much each elbow straightened, degrees. */
  elbowOpened: [number, number];
  /** Changes of which foot is in front, and how far apart they get. */
  steps: number;
  stride: number;
};

function angleAt(corner: Point, a: Point, b: Point): number {
  const one = Math.atan2(a.y - corner.y, a.x - corner.x);
  const other = Math.atan2(b.y - corner.y, b.x - corner.x);
  const turn = Math.abs(one - other);
  return (Math.min(turn, 2 * Math.PI - turn) * 180) / Math.PI;
}

function measure(bodies: readonly Body[]): Measures | null {
  const [first, last] = [bodies[0], bodies.at(-1)];
  if (!first || !last) return null;
  const lengths = bodies.map(({ hip, shoulder }) => apart(hip, shoulder)).sort((a, b) => a - b);
  const torso = lengths[lengths.length >> 1] ?? 0;
  const seconds = (last.captureUs - first.captureUs) / 1_000_000;
  if (torso <= 0 || seconds <= 0) return null;
  const both = <Value>(of: (side: 0 | 1) => Value): [Value, Value] => [of(0), of(1)];
  const fastest = (of: (body: Body) => Point) => {
    let best = 0;
    bodies.forEach((body, index) => {
      const before = bodies
        .slice(0, index)
        .find((one) => body.captureUs - one.captureUs <= 200_000);
      if (!before || body.captureUs - before.captureUs < 60_000) return;
      const way = apart(of(body), of(before)) / torso;
      best = Math.max(best, (way * 1_000_000) / (body.captureUs - before.captureUs));
    });
    return best;
  };
  const less = (a: Point, b: Point): Point => ({ x: a.x - b.x, y: a.y - b.y });
  const gaps = bodies.map(({ ankles: [a, b] }) => (a.x - b.x) / torso);
  const signs = gaps.filter((gap) => Math.abs(gap) > 0.25).map(Math.sign);
  const lows = bodies.map(({ ankles: [a, b] }) => Math.max(a.y, b.y));
  const highest = Math.min(...lows);
  return {
    tilt:
      (Math.atan2(Math.abs(last.shoulder.x - last.hip.x), last.hip.y - last.shoulder.y) * 180) /
      Math.PI,
    hipFall: (last.hip.y - Math.min(...bodies.map(({ hip }) => hip.y))) / torso,
    feetRise: ((lows.sort((a, b) => a - b)[Math.floor(lows.length * 0.8)] ?? 0) - highest) / torso,
    hipSpeed: apart(first.hip, last.hip) / torso / seconds,
    feet: both((side) => fastest((body) => less(body.ankles[side], body.hip))),
    hands: both((side) => fastest((body) => less(body.wrists[side], body.shoulders[side]))),
    handAbove: both((side) =>
      Math.max(...bodies.map((body) => (body.shoulders[side].y - body.wrists[side].y) / torso)),
    ),
    handTurn: both((side) => turnOf(bodies, side)),
    elbowOpened: both((side) => {
      const angles = bodies.map((body) =>
        angleAt(body.elbows[side], body.shoulders[side], body.wrists[side]),
      );
      return (angles.at(-1) ?? 0) - Math.min(...angles);
    }),
    steps: signs.filter((sign, index) => index > 0 && sign !== signs[index - 1]).length,
    stride: Math.max(...gaps.map(Math.abs)),
  };
}

/** How far a hand went about its shoulder, degrees, one way. */
function turnOf(bodies: readonly Body[], side: 0 | 1): number {
  let [turned, most, least] = [0, 0, 0];
  let before: number | null = null;
  for (const { wrists, shoulders } of bodies) {
    const angle = Math.atan2(
      wrists[side].y - shoulders[side].y,
      wrists[side].x - shoulders[side].x,
    );
    if (before !== null) {
      const step = Math.atan2(Math.sin(angle - before), Math.cos(angle - before));
      turned += (step * 180) / Math.PI;
      most = Math.max(most, turned);
      least = Math.min(least, turned);
    }
    before = angle;
  }
  return most - least;
}

/** The rules, the rarest first; each says what it went by. */
function judge(m: Measures): { action: Action; why: string } | null {
  const figure = (value: number) => value.toFixed(1);
  if (m.tilt > 55 && m.hipFall > 0.5) {
    return { action: 'fall', why: `the torso lies at ${m.tilt.toFixed(0)} degrees, the hips fell` };
  }
  if (m.feetRise > 0.35 && m.steps < 2 && m.feet.every((speed) => speed < 4)) {
    return { action: 'jump', why: `both feet rose by ${figure(m.feetRise)} torsos` };
  }
  const [fast, slow] = [Math.max(...m.feet), Math.min(...m.feet)];
  if (fast > 5 && fast < FOOT_MAX && slow < fast * 0.45 && m.steps < 2) {
    return { action: 'kick', why: `one foot swung at ${figure(fast)} torsos a second` };
  }
  const sides = [0, 1] as const;
  const swing = sides.find((side) => {
    return m.hands[side] > 6 && m.hands[side] < HAND_MAX && m.handTurn[side] > 110;
  });
  if (swing !== undefined && m.steps < 2) {
    const [turn, speed] = [m.handTurn[swing], m.hands[swing]];
    const why = `one hand turned ${turn.toFixed(0)} degrees at ${figure(speed)} torsos a second`;
    return { action: 'swing', why };
  }
  const arm = sides.find(
    (side) => m.handAbove[side] > 0.5 && m.elbowOpened[side] > 45 && m.hands[side] > 2.5,
  );
  if (arm !== undefined) {
    const opened = m.elbowOpened[arm].toFixed(0);
    const why = `a hand rose over the shoulder, the arm straightened by ${opened} degrees`;
    return { action: 'throw', why };
  }
  if (m.steps >= 2 && m.stride > 0.6 && (m.hipSpeed > 2 || fast > 4)) {
    return { action: 'run', why: `${m.steps} steps in a second, ${figure(m.stride)} torsos wide` };
  }
  const isQuiet = fast < 1.2 && Math.max(...m.hands) < 1.5 && m.hipSpeed < 0.6;
  return isQuiet && m.tilt < 30 ? { action: 'stand', why: 'upright and quiet' } : null;
}

type Followed = {
  bodies: Body[];
  action: Action | null;
  times: number;
  sinceUs: number;
  told: Action | null;
};

/** What somebody did longer ago than this, nobody does now, microseconds. */
const NOW_US = 600_000;

export class Actions {
  readonly #followed = new Map<number, Followed>();

  reset(): void {
    this.#followed.clear();
  }

  /** What somebody does now, by the newest poses; null where they say nothing. */
  doing(id: number, nowUs: number): Action | null {
    const known = this.#followed.get(id);
    const lastUs = known?.bodies.at(-1)?.captureUs ?? 0;
    if (!known || known.times < AGREE || nowUs - lastUs > NOW_US) return null;
    return known.action;
  }

  /**
   * Takes a pose of somebody.
   *
   * @param joints 17, normalised to the picture
   * @returns what they began to do, once, when some poses agree; null while nothing is new
   */
  follow(id: number, joints: readonly Joint[], captureUs: number): ActionSeen | null {
    for (const [other, { bodies }] of this.#followed) {
      if (captureUs - (bodies.at(-1)?.captureUs ?? 0) > FORGET_US) this.#followed.delete(other);
    }
    const body = bodyOf(joints, captureUs);
    if (!body) return null;
    const known = this.#followed.get(id) ?? {
      ...{ bodies: [], action: null, times: 0, sinceUs: captureUs, told: null },
    };
    this.#followed.set(id, known);
    known.bodies = [...known.bodies, body].filter((one) => captureUs - one.captureUs <= WINDOW_US);
    if (known.bodies.length < POSES_MIN) return null;
    // The newest one has no neighbour yet, so a jump of its joints counts once, and two must agree.
    const measures = measure(calmed(known.bodies));
    const found = measures && judge(measures);
    const action = found?.action ?? null;
    if (action !== known.action) Object.assign(known, { action, times: 0, sinceUs: captureUs });
    known.times++;
    if (!found || known.times < AGREE || known.told === found.action) return null;
    known.told = found.action;
    const sure = known.bodies.reduce((sum, one) => sum + one.sure, 0) / known.bodies.length;
    const confidence = Math.min(0.9, 0.4 + sure * 0.5);
    return { action: found.action, sinceUs: known.sinceUs, confidence, why: `${found.why}.` };
  }
}

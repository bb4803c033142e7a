// The demo's match: picture, sound and truth as pure functions of (seed, frame).
// It must never read a clock or keep anything but caches: any frame may be asked for in any order
// and gives the same bytes. Surprising: there is no simulation. Chapters (kick-off to kick-off) are
// written whole from their number, so the match may run for days and start anywhere.
// Pictures are BT.709, limited range: whoever encodes them must say so.
import {
  BALL_RADIUS,
  FRAMES_PER_SECOND,
  PICTURE_HEIGHT,
  PICTURE_WIDTH,
  project,
} from './camera.ts';
import { type Chapter, kickingTeam, scorerOf, writeChapter } from './chapter.ts';
import { boxOf, limbsOf, type Pose } from './figures.ts';
import { PLAYERS, type Team, teamOf } from './formation.ts';
import { type Motion, moveChapter } from './motion.ts';
import { PICTURE_BYTES } from './paint.ts';
import { type Moment, paintMoment } from './picture.ts';
import { createSound, SAMPLES_PER_FRAME } from './sound.ts';

export { FRAMES_PER_SECOND, PICTURE_BYTES, PICTURE_HEIGHT, PICTURE_WIDTH };
export const SAMPLE_RATE = 48000;

export type Phase = 'kickOff' | 'play' | 'goal' | 'return';

export interface PlayerTruth {
  readonly team: Team;
  /** Top-left corner and size in pixels; may reach outside the picture. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Truth {
  /** Centre and radius in pixels; `visible` is false where a player stands before the ball. */
  readonly ball: {
    readonly x: number;
    readonly y: number;
    readonly radius: number;
    readonly visible: boolean;
    /** True while the ball has not moved since the frame before. */
    readonly resting: boolean;
  };
  readonly players: readonly PlayerTruth[];
  readonly score: readonly [number, number];
  readonly clockSeconds: number;
  readonly phase: Phase;
  /** The goal (side of the picture) that the ball is first seen in, in this very frame. */
  readonly goal: 'left' | 'right' | null;
}

export interface DrawOptions {
  /** Draws everything but the ball and its shadow. */
  readonly hideBall?: boolean;
}

export interface Match {
  /** Draws frame `frameIndex` (30 a second) as planar 4:2:0, 1280 x 720, 1 382 400 bytes. */
  drawFrame(frameIndex: number, into: Uint8Array, options?: DrawOptions): void;
  /** Fills `into` with interleaved stereo, 48 kHz, from sample `firstSampleIndex` of the match. */
  renderSound(firstSampleIndex: number, into: Int16Array): void;
  truth(frameIndex: number): Truth;
  /** First frame at or after `from` in which a ball is first seen behind a goal line. */
  nextGoalFrame(from: number): number;
  /** First frame at or after `from` in which the ball leaves the centre spot. */
  nextKickOffFrame(from: number): number;
}

/** Chapters in one match; then clock and score start again. */
const CHAPTERS_PER_MATCH = 16;
const MOTIONS_KEPT = 4;

interface Located {
  readonly motion: Motion;
  /** Frame within the chapter. */
  readonly frame: number;
  readonly start: number;
  readonly score: readonly [number, number];
  readonly matchStart: number;
}

interface Timeline {
  locate(frameIndex: number): Located;
}

function createTimeline(seed: number): Timeline {
  const chapters: Chapter[] = [];
  const starts: number[] = [0];
  const motions = new Map<number, Motion>();
  const extend = (frameIndex: number): void => {
    while ((starts[chapters.length] ?? 0) <= frameIndex) {
      const chapter = writeChapter(seed, chapters.length, CHAPTERS_PER_MATCH);
      starts.push((starts[chapters.length] ?? 0) + chapter.frames);
      chapters.push(chapter);
    }
  };
  const motionOf = (chapter: Chapter): Motion => {
    const known = motions.get(chapter.number);
    if (known !== undefined) return known;
    const next = kickingTeam(seed, chapter.number + 1, CHAPTERS_PER_MATCH);
    const motion = moveChapter(seed, chapter, next);
    motions.set(chapter.number, motion);
    const oldest = motions.keys().next().value;
    if (motions.size > MOTIONS_KEPT && oldest !== undefined) motions.delete(oldest);
    return motion;
  };
  const numberAt = (frameIndex: number): number => {
    let [low, high] = [0, chapters.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= frameIndex) low = middle;
      else high = middle - 1;
    }
    return low;
  };
  const locate = (frameIndex: number): Located => {
    if (!Number.isSafeInteger(frameIndex) || frameIndex < 0) {
      throw new RangeError(`A frame index is a whole number from 0; ${frameIndex} is not.`);
    }
    extend(frameIndex);
    const number = numberAt(frameIndex);
    const chapter = chapters[number];
    if (chapter === undefined) throw new Error('The timeline of the demo has a hole.');
    const motion = motionOf(chapter);
    const start = starts[number] ?? 0;
    const frame = frameIndex - start;
    const first = number - (number % CHAPTERS_PER_MATCH);
    const score: [number, number] = [0, 0];
    for (let i = first; i < number; i += 1) score[scorerOf(seed, i)] += 1;
    if (frame >= motion.goalFrame) score[chapter.scorer] += 1;
    return { motion, frame, start, score, matchStart: starts[first] ?? 0 };
  };
  return { locate };
}

function phaseOf({ motion, frame }: Located): Phase {
  if (frame < motion.kickOffFrame) return 'kickOff';
  if (frame < motion.goalFrame) return 'play';
  return frame / FRAMES_PER_SECOND < motion.chapter.restUntil ? 'goal' : 'return';
}

function pulse(seconds: number, before: number, after: number): number {
  if (seconds <= -before || seconds >= after) return 0;
  return seconds < 0 ? 1 + seconds / before : 1 - seconds / after;
}

/** How one player looks in one frame. */
function poseOf({ motion, frame }: Located, player: number): Pose {
  const { chapter } = motion;
  const at = frame / FRAMES_PER_SECOND;
  const i = (frame * PLAYERS + player) * 2;
  const x = motion.players[i] ?? 0;
  let kick = 0;
  let dive = 0;
  for (const touch of chapter.touches) {
    if (touch.player !== player || Math.abs(touch.at - at) > 1) continue;
    const since = at - touch.at;
    if (touch.kind === 'save') dive = Math.max(dive, pulse(since, 0.25, 0.6));
    if (touch.kind !== 'kick' || Math.abs(since) >= 0.3) continue;
    kick = since < 0 ? -Math.sin(((since + 0.3) / 0.3) * Math.PI) * 0.8 : 1 - since / 0.3;
  }
  const scoring = teamOf(player) === chapter.scorer;
  const since = at - chapter.netAt;
  const happy = scoring && since > 0 && at < chapter.restUntil + 0.6;
  const joy = happy ? Math.min(1, since * 3, (chapter.restUntil + 0.6 - at) * 2) : 0;
  const jumping = player % 5 === 0 ? 0.2 : 0.42;
  const lift = joy * jumping * Math.max(0, Math.sin(since * 7.5 + player * 1.3));
  const beaten = player % 5 === 0 && !scoring ? pulse(since + 0.45, 0.3, 1.1) : 0;
  return {
    player,
    x,
    y: motion.players[i + 1] ?? 0,
    kick,
    joy,
    lift,
    dive: Math.max(dive, beaten),
    speedX: motion.speed[i] ?? 0,
    speedY: motion.speed[i + 1] ?? 0,
    run: motion.run[frame * PLAYERS + player] ?? 0,
    gaze: Math.max(-1, Math.min(1, ((motion.ball[frame * 3] ?? 0) - x) / 2)),
  };
}

function momentOf(located: Located, frameIndex: number): Moment {
  const { motion, frame, start, score, matchStart } = located;
  const { chapter } = motion;
  const poses: Pose[] = [];
  for (let player = 0; player < PLAYERS; player += 1) poses.push(poseOf(located, player));
  return {
    frameIndex,
    poses,
    ball: {
      x: motion.ball[frame * 3] ?? 0,
      y: motion.ball[frame * 3 + 1] ?? 0,
      z: motion.ball[frame * 3 + 2] ?? 0,
    },
    score,
    clockSeconds: Math.floor((start + frame - matchStart) / FRAMES_PER_SECOND),
    scorer: chapter.scorer,
    sinceGoal: (frame - motion.goalFrame) / FRAMES_PER_SECOND,
    sinceRest: frame / FRAMES_PER_SECOND - chapter.restUntil,
  };
}

function truthOf(located: Located, moment: Moment): Truth {
  const { motion, frame } = located;
  const { ball } = moment;
  const seen = project(ball.x, ball.y, ball.z);
  let covered = false;
  const players = moment.poses.map((pose): PlayerTruth => {
    const [left, top, right, bottom] = boxOf(limbsOf(pose));
    const [middle, third] = [(left + right) / 2, (right - left) / 3.4];
    const over = Math.abs(seen.x - middle) < third && seen.y > top && seen.y < bottom;
    if (pose.y > ball.y && over) covered = true;
    return {
      team: teamOf(pose.player),
      x: left,
      y: top,
      width: right - left,
      height: bottom - top,
    };
  });
  let resting = frame === 0;
  if (frame > 0) {
    resting = [0, 1, 2].every((i) => motion.ball[frame * 3 + i] === motion.ball[frame * 3 - 3 + i]);
  }
  const side = motion.chapter.scorer === 0 ? 'right' : 'left';
  const { x, y, scale } = seen;
  return {
    ball: { x, y, radius: scale * BALL_RADIUS, visible: !covered, resting },
    players,
    score: moment.score,
    clockSeconds: moment.clockSeconds,
    phase: phaseOf(located),
    goal: frame === motion.goalFrame ? side : null,
  };
}

/** Creates the match that belongs to `seed` (any 32-bit integer). */
export function createMatch(seed: number): Match {
  const timeline = createTimeline(seed | 0);
  const next = (from: number, pick: (motion: Motion) => number): number => {
    for (let at = Math.max(0, from); ; ) {
      const { motion, start } = timeline.locate(at);
      if (start + pick(motion) >= from) return start + pick(motion);
      at = start + motion.chapter.frames;
    }
  };
  const sound = createSound(seed | 0, (frameIndex) => {
    const { motion, frame } = timeline.locate(Math.max(0, frameIndex));
    return { motion, frame };
  });
  return {
    drawFrame(frameIndex, into, options) {
      paintMoment(momentOf(timeline.locate(frameIndex), frameIndex), into, options?.hideBall);
    },
    renderSound: (first, into) => sound.render(first, into),
    truth(frameIndex) {
      const located = timeline.locate(frameIndex);
      return truthOf(located, momentOf(located, frameIndex));
    },
    nextGoalFrame: (from) => next(from, (motion) => motion.goalFrame),
    nextKickOffFrame: (from) => next(from, (motion) => motion.kickOffFrame),
  };
}

export { SAMPLES_PER_FRAME };

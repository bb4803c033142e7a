// What people do, from their boxes and, on a calibrated field, their speeds: jump, sprint, speed
// record. A box that grows or shrinks while it rises is a detector's whim and no jump; a speed
// that no human reaches is a jump between two people.

import { ASPECT } from '../../tracking/track.ts';
import type { Point } from '../geometry.ts';
import type { RuleOf } from '../packRules.ts';
import {
  type Actor,
  agreed,
  type Begun,
  type Happening,
  JOINTS_LATE_US,
  nameOf,
  Quiet,
  type Rule,
} from './rule.ts';

const FORGET_US = 2_000_000;
/** Share of a new look in somebody's standing height of the feet. */
const GROUND_SHARE = 0.15;
/** The box's height may differ by this while in the air. */
const HEIGHT_CHANGE_MAX = 0.3;
/** On the ground again: this share of the rise is gone. */
const LANDED = 0.35;
/** Way sideways during a jump, own heights a second; beyond it somebody runs away. */
const SIDEWAYS_MAX = 4;

type Jumper = {
  ground: number;
  height: number;
  looks: number;
  lastUs: number;
  air: { sinceUs: number; rise: number; frames: number; fromX: number } | null;
};

/** @param hasJoints whether somebody looks at joints, whose word comes late */
export function jumpRule(rule: RuleOf<'jump'>, hasJoints: boolean): Rule {
  const jumpers = new Map<number, Jumper>();
  let openUs = Number.NEGATIVE_INFINITY;
  const quiet = new Quiet(rule.quietSeconds);

  function follow(actor: Actor, captureUs: number): Happening | null {
    const { id, height, confidence: seen } = actor.track;
    const feet = actor.foot.y;
    const known = jumpers.get(id);
    if (!known || captureUs - known.lastUs > FORGET_US) {
      jumpers.set(id, { ground: feet, height, looks: 1, lastUs: captureUs, air: null });
      return null;
    }
    known.lastUs = captureUs;
    const rise = (known.ground - feet) / known.height;
    const isAlike = Math.abs(height / known.height - 1) <= HEIGHT_CHANGE_MAX;
    const air = known.air;
    if (!air) {
      if (known.looks >= 5 && isAlike && rise >= rule.riseMin / 2) {
        known.air = { sinceUs: captureUs, rise, frames: 1, fromX: actor.foot.x };
        return null;
      }
      known.ground += GROUND_SHARE * (feet - known.ground);
      known.height += GROUND_SHARE * (height - known.height);
      known.looks++;
      return null;
    }
    const seconds = (captureUs - air.sinceUs) / 1_000_000;
    const sideways = (Math.abs(actor.foot.x - air.fromX) * ASPECT) / known.height;
    if (!isAlike || seconds > rule.airSecondsMax || sideways > SIDEWAYS_MAX * seconds + 0.3) {
      // Not a jump: somebody walks away or the box was wrong. The ground is learnt anew.
      jumpers.delete(id);
      return null;
    }
    air.rise = Math.max(air.rise, rise);
    if (rise >= rule.riseMin / 2) air.frames++;
    if (rise > air.rise * LANDED) return null;
    known.air = null;
    const isJump =
      air.rise >= rule.riseMin && air.frames >= rule.confirmFrames && seconds >= rule.airSecondsMin;
    const confidence = Math.min(0.9, agreed(seen, 1) * (0.6 + air.rise));
    if (!isJump || confidence < rule.minimumConfidence) return null;
    if (!quiet.pass(String(id), air.sinceUs)) return null;
    return {
      ...{ type: 'jump', captureUs: air.sinceUs, subject: '', confidence, trackIds: [id] },
      why:
        `The feet of ${nameOf(actor)} rose by ${(air.rise * 100).toFixed(0)} % of its height ` +
        `and came back after ${seconds.toFixed(1)} s.`,
    };
  }

  /** A jump that the joints tell is one, too, unless the box has just told it. */
  function byJoints({ id, action, sinceUs, confidence, why }: Begun): Happening | null {
    if (action !== 'jump' || confidence < rule.minimumConfidence) return null;
    const captureUs = Math.max(sinceUs, openUs);
    if (!quiet.pass(String(id), captureUs)) return null;
    return {
      ...{ type: 'jump', captureUs, subject: '', confidence, trackIds: [id] },
      why: `The joints of person ${id}: ${why}`,
    };
  }

  return {
    needsPlaces: false,
    judge(scene) {
      openUs = scene.captureUs - JOINTS_LATE_US;
      return [
        ...scene.actors
          .filter(({ track }) => rule.labels.includes(track.label))
          .map((actor) => follow(actor, scene.captureUs)),
        ...scene.begun.map(byJoints),
      ].filter((found) => found !== null);
    },
    pendingUs() {
      const waiting = [...jumpers.values()].flatMap(({ air }) => (air ? [air.sinceUs] : []));
      if (hasJoints && openUs > 0) waiting.push(openUs);
      return waiting.length > 0 ? Math.min(...waiting) : null;
    },
    reset() {
      openUs = Number.NEGATIVE_INFINITY;
      jumpers.clear();
      quiet.reset();
    },
  };
}

type Runner = {
  sinceUs: number;
  lastUs: number;
  frames: number;
  /** Fastest lower end of the interval in this run, and the words for it. */
  best: number;
  words: string;
  isTold: boolean;
  places: { captureUs: number; at: Point }[];
};

/** Own heights a second over the last half second, without a calibrated field. */
function ownSpeed(runner: Runner, actor: Actor, captureUs: number): number | null {
  runner.places.push({ captureUs, at: actor.foot });
  while (captureUs - (runner.places[0]?.captureUs ?? captureUs) > 500_000) runner.places.shift();
  const first = runner.places[0];
  if (!first || captureUs - first.captureUs < 300_000) return null;
  const way = Math.hypot((actor.foot.x - first.at.x) * ASPECT, actor.foot.y - first.at.y);
  return way / actor.track.height / ((captureUs - first.captureUs) / 1_000_000);
}

export function sprintRule(rule: RuleOf<'sprint'>): Rule {
  const runners = new Map<number, Runner>();
  const quiet = new Quiet(rule.quietSeconds);

  function runnerOf(id: number, captureUs: number): Runner {
    const known = runners.get(id);
    if (known && captureUs - known.lastUs <= FORGET_US) return known;
    const fresh = { sinceUs: captureUs, lastUs: captureUs, frames: 0, best: 0, words: '' };
    const runner: Runner = { ...fresh, isTold: false, places: [] };
    runners.set(id, runner);
    return runner;
  }

  function follow(actor: Actor, captureUs: number): Happening | null {
    const { id } = actor.track;
    const runner = runnerOf(id, captureUs);
    runner.lastUs = captureUs;
    const own = ownSpeed(runner, actor, captureUs);
    const speed = actor.speed;
    let isFast = false;
    if (speed) {
      isFast = speed.lowKmh >= rule.kilometresPerHourMin && speed.kmh <= rule.kilometresPerHourMax;
      runner.words = `${speed.kmh.toFixed(0)} km/h (${range(speed)})`;
    } else if (own !== null && rule.ownHeightsPerSecondMin !== null) {
      isFast = own >= rule.ownHeightsPerSecondMin && own <= rule.ownHeightsPerSecondMin * 3;
      runner.words = `${own.toFixed(1)} of its own heights a second (the field is not calibrated)`;
    }
    if (!isFast) {
      runner.frames = 0;
      runner.isTold = false;
      return null;
    }
    if (runner.frames++ === 0) runner.sinceUs = captureUs;
    if (runner.isTold || runner.frames < rule.confirmFrames) return null;
    runner.isTold = true;
    const confidence = agreed(actor.track.confidence, 1) * (speed ? 0.95 : 0.75);
    if (confidence < rule.minimumConfidence || !quiet.pass(String(id), captureUs)) return null;
    return {
      ...{ type: 'sprint', captureUs: runner.sinceUs, subject: '', confidence, trackIds: [id] },
      why: `${nameOf(actor)} ran at ${runner.words} for ${runner.frames} pictures.`,
    };
  }

  return {
    needsPlaces: false,
    judge: (scene) => {
      for (const [id, { lastUs }] of runners) {
        if (scene.captureUs - lastUs > FORGET_US) runners.delete(id);
      }
      return scene.actors
        .filter(({ track }) => rule.labels.includes(track.label))
        .map((actor) => follow(actor, scene.captureUs))
        .filter((found) => found !== null);
    },
    pendingUs() {
      const waiting = [...runners.values()].flatMap(({ frames, isTold, sinceUs }) =>
        frames > 0 && !isTold ? [sinceUs] : [],
      );
      return waiting.length > 0 ? Math.min(...waiting) : null;
    },
    reset() {
      runners.clear();
      quiet.reset();
    },
  };
}

const range = (speed: { lowKmh: number; highKmh: number }) =>
  `${speed.lowKmh.toFixed(0)} to ${speed.highKmh.toFixed(0)}`;

type Run = { frames: number; lastUs: number; best: number; isTold: boolean };

/** Faster than every run before it in this show, surely: even the interval's lower end is. */
export function recordRule(rule: RuleOf<'speedRecord'>): Rule {
  const quiet = new Quiet(rule.quietSeconds);
  const runs = new Map<number, Run>();
  /** The fastest run that is over, km/h; the first one is the mark and is not told. */
  let record: number | null = null;

  function end(run: Run): void {
    if (run.frames >= rule.confirmFrames) record = Math.max(record ?? 0, run.best);
    Object.assign(run, { frames: 0, best: 0, isTold: false });
  }

  function follow(actor: Actor, captureUs: number): Happening | null {
    const { speed, track } = actor;
    const run = runs.get(track.id) ?? { frames: 0, lastUs: captureUs, best: 0, isTold: false };
    runs.set(track.id, run);
    run.lastUs = captureUs;
    const { kilometresPerHourMin: least, kilometresPerHourMax: most } = rule;
    if (!speed || speed.kmh < least || speed.kmh > most) {
      end(run);
      return null;
    }
    run.frames++;
    run.best = Math.max(run.best, speed.kmh);
    const isRecord = record !== null && speed.lowKmh > record;
    if (run.isTold || run.frames < rule.confirmFrames || !isRecord) return null;
    run.isTold = true;
    const confidence = agreed(track.confidence, 1) * 0.9;
    if (confidence < rule.minimumConfidence || !quiet.pass('', captureUs)) return null;
    return {
      ...{ type: 'speedRecord', captureUs, subject: '', confidence, trackIds: [track.id] },
      why:
        `${nameOf(actor)} was measured at ${speed.kmh.toFixed(1)} km/h (${range(speed)}); ` +
        `the fastest run before reached ${record?.toFixed(1)}.`,
    };
  }

  return {
    needsPlaces: true,
    judge(scene) {
      for (const [id, run] of runs) {
        if (scene.captureUs - run.lastUs <= FORGET_US) continue;
        end(run);
        runs.delete(id);
      }
      return scene.actors
        .filter(({ track }) => rule.labels.includes(track.label))
        .map((actor) => follow(actor, scene.captureUs))
        .filter((found) => found !== null);
    },
    pendingUs: () => null,
    // A cut does not take a record away; only what is under way is forgotten.
    reset() {
      runs.clear();
      quiet.reset();
    },
  };
}

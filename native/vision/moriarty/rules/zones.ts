// Zone entered: something that was seen outside comes in and stays for some pictures. What appears
// inside has entered nothing, and a step too fast for a thing is a jump between two things.

import { distance, type Point } from '../geometry.ts';
import type { Zone } from '../pack.ts';
import type { RuleOf } from '../packRules.ts';
import {
  type Actor,
  agreed,
  type Happening,
  nameOf,
  Quiet,
  type Rule,
  type Scene,
} from './rule.ts';

const FORGET_US = 2_000_000;
/** Who is not seen for this long is not waited for, microseconds. */
const WAIT_US = 400_000;

type Visit = {
  isInside: boolean;
  wasOutside: boolean;
  since: number;
  frames: number;
  last: Point;
  lastUs: number;
};

/** Whether a point lies in a polygon: an odd number of edges to the right of it. */
export function isInside(point: Point, corners: readonly (readonly [number, number])[]): boolean {
  let inside = false;
  let before = corners.at(-1);
  for (const corner of corners) {
    if (before) {
      const [ax, ay] = before;
      const [bx, by] = corner;
      const isBetween = ay > point.y !== by > point.y;
      if (isBetween && point.x < ((bx - ax) * (point.y - ay)) / (by - ay) + ax) inside = !inside;
    }
    before = corner;
  }
  return inside;
}

export function zoneRule(zones: readonly Zone[], rule: RuleOf<'zoneEntered'>): Rule {
  const visits = new Map<string, Visit>();
  const quiet = new Quiet(rule.quietSeconds);
  let nowUs = 0;

  function look(zone: Zone, who: { id: number; point: Point; scene: Scene }): Visit | null {
    const { id, point, scene } = who;
    const key = `${id} ${zone.subject}`;
    const inside = isInside(point, zone.corners);
    const known = visits.get(key);
    if (!known) {
      const fresh = { isInside: inside, wasOutside: !inside, since: scene.captureUs, frames: 1 };
      visits.set(key, { ...fresh, last: point, lastUs: scene.captureUs });
      return null;
    }
    const seconds = (scene.captureUs - known.lastUs) / 1_000_000;
    const isJump = distance(known.last, point) > rule.speedMax * seconds;
    known.last = point;
    known.lastUs = scene.captureUs;
    if (isJump) Object.assign(known, { wasOutside: false, isInside: inside, frames: 1 });
    else if (inside !== known.isInside) {
      // A step out before it was confirmed makes it start again.
      known.wasOutside = inside && (known.wasOutside || known.frames >= rule.confirmFrames);
      if (!inside) known.wasOutside = true;
      Object.assign(known, { isInside: inside, since: scene.captureUs, frames: 1 });
    } else known.frames++;
    return inside && known.wasOutside && known.frames === rule.confirmFrames ? known : null;
  }

  function judge(scene: Scene): Happening[] {
    const found: Happening[] = [];
    nowUs = scene.captureUs;
    const tell = (zone: Zone, visit: Visit, who: string, id: number, sure: number) => {
      visit.wasOutside = false;
      const confidence = agreed(sure, visit.frames);
      if (confidence < rule.minimumConfidence) return;
      if (!quiet.pass(zone.subject, scene.captureUs)) return;
      found.push({
        ...{ type: 'zoneEntered', captureUs: visit.since, subject: zone.subject, confidence },
        why: `${who} came into "${zone.subject}" and stayed for ${visit.frames} pictures.`,
        trackIds: [id],
      });
    };
    const counts = (label: string) => rule.labels.length === 0 || rule.labels.includes(label);
    for (const zone of zones) {
      for (const actor of scene.actors) {
        if (!counts(actor.track.label)) continue;
        const { id, confidence } = actor.track;
        const visit = look(zone, { id, point: standing(actor), scene });
        if (visit) tell(zone, visit, `The ${nameOf(actor)}`, id, Math.max(0.5, confidence * 0.9));
      }
      if (scene.ball && counts('ball')) {
        const { trackId, confidence } = scene.ball;
        const visit = look(zone, { id: trackId, point: scene.ball, scene });
        if (visit) tell(zone, visit, 'The ball', trackId, confidence);
      }
    }
    for (const [key, { lastUs }] of visits) {
      if (scene.captureUs - lastUs > FORGET_US) visits.delete(key);
    }
    return found;
  }

  return {
    needsPlaces: true,
    judge,
    pendingUs() {
      const waiting = [...visits.values()].filter(
        ({ isInside: inside, wasOutside, frames, lastUs }) =>
          inside && wasOutside && frames < rule.confirmFrames && nowUs - lastUs <= WAIT_US,
      );
      return waiting.length > 0 ? Math.min(...waiting.map(({ since }) => since)) : null;
    },
    reset() {
      visits.clear();
      quiet.reset();
    },
  };
}

/** People stand on their feet; of a blob of motion only the middle is known. */
function standing(actor: Actor): Point {
  return actor.track.label === 'motion' ? actor.centre : actor.foot;
}

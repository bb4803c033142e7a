// The rules that a pack asks for, in a fixed order.

import type { Pack } from '../pack.ts';
import { actionRule } from './action.ts';
import { passRule, possessionRule, shotRule } from './ballPlay.ts';
import { loftRule } from './loft.ts';
import { jumpRule, recordRule, sprintRule } from './people.ts';
import { rallyRule } from './rally.ts';
import type { Rule } from './rule.ts';
import { scoreRule } from './score.ts';
import { zoneRule } from './zones.ts';

export function rulesOf({ events, zones, goalLines, pose = null }: Pack): Rule[] {
  const rules = [
    events.zoneEntered && zoneRule(zones, events.zoneEntered),
    events.shot && shotRule(goalLines, events.shot),
    events.shot?.riseMin ? loftRule(events.shot, events.shot.riseMin) : undefined,
    events.possession && possessionRule(events.possession),
    events.pass && passRule(events.pass),
    events.rallyEnd && rallyRule(events.rallyEnd),
    events.jump && jumpRule(events.jump, pose !== null),
    events.sprint && sprintRule(events.sprint),
    events.action && actionRule(events.action),
    events.speedRecord && recordRule(events.speedRecord),
    events.scoreChanged && scoreRule(events.scoreChanged),
  ];
  return rules.filter((rule) => rule !== undefined);
}

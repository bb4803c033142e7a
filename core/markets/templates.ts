// The markets that a studio offers on its first day. A template is the question; rulesOf() turns it
// into the rules of one market at the moment it opens.

import { type Template, templateSchema } from '../contract/state.ts';
import { rulesOf } from './rules.ts';

/** For rulesOf() below: any 32 hexadecimal characters do. */
const SALT_FOR_CHECK = '0'.repeat(32);

/**
 * Reads templates from outside (an import, settings.json).
 *
 * @throws ZodError naming the field, also when times or outcomes contradict each other.
 */
export function parseTemplate(value: unknown): Template {
  const template = templateSchema.parse(value);
  rulesOf(template, 0, SALT_FOR_CHECK);
  return template;
}

export const BUILT_IN_TEMPLATES: readonly Template[] = [
  {
    id: 'goal-30',
    title: 'Goal in the next 30 s?',
    outcomes: ['Yes', 'No'],
    suggestOn: 'kickOff',
    decideOn: { type: 'goal', subject: null, minimumConfidence: 0.6, outcome: 0 },
    otherwise: 1,
    betWindowSeconds: 12,
    horizonSeconds: 30,
    // Vision may lag or restart; a minute is ample to judge the last frames, then we refund.
    deadlineSeconds: 90,
    guardMs: 500,
    opening: 'ask',
  },
  {
    id: 'goal-15',
    title: 'Goal in the next 15 s?',
    outcomes: ['Yes', 'No'],
    suggestOn: null,
    decideOn: { type: 'goal', subject: null, minimumConfidence: 0.6, outcome: 0 },
    otherwise: 1,
    betWindowSeconds: 6,
    horizonSeconds: 15,
    deadlineSeconds: 60,
    guardMs: 500,
    opening: 'ask',
  },
  {
    id: 'line-20',
    title: 'Will something cross the middle line in the next 20 s?',
    outcomes: ['Yes', 'No'],
    suggestOn: 'zoneEntered',
    decideOn: { type: 'lineCrossed', subject: null, minimumConfidence: 0.5, outcome: 0 },
    otherwise: 1,
    betWindowSeconds: 10,
    horizonSeconds: 20,
    deadlineSeconds: 75,
    guardMs: 500,
    opening: 'ask',
  },
];

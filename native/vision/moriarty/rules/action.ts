// Actions by joints as events: a throw, a kick, a swing, a fall. What they are is judged elsewhere,
// from a second of poses; here is only which of them a pack wants to be told of. Poses come some
// pictures late, so what has been judged is said to end that much earlier.

import type { RuleOf } from '../packRules.ts';
import { type Happening, JOINTS_LATE_US, nameOf, Quiet, type Rule } from './rule.ts';

export function actionRule(rule: RuleOf<'action'>): Rule {
  const quiet = new Quiet(rule.quietSeconds);
  let openUs: number | null = null;
  return {
    needsPlaces: false,
    judge({ begun, actors, captureUs }) {
      const openFromUs = captureUs - JOINTS_LATE_US;
      openUs = openFromUs;
      const happened: Happening[] = [];
      for (const { id, action, sinceUs, confidence, why } of begun) {
        // A jump and a run are events of their own, with rules of their own.
        if (!rule.actions.includes(action) || confidence < rule.minimumConfidence) continue;
        if (!quiet.pass(`${id} ${action}`, captureUs)) continue;
        const actor = actors.find(({ track }) => track.id === id);
        happened.push({
          ...{
            type: 'action',
            captureUs: Math.max(sinceUs, openFromUs),
            subject: action,
            confidence,
          },
          why: `${actor ? nameOf(actor) : `person ${id}`}, ${action}: ${why}`,
          trackIds: [id],
        });
      }
      return happened;
    },
    pendingUs: () => openUs,
    reset() {
      quiet.reset();
      openUs = null;
    },
  };
}

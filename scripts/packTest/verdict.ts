// What was seen beside what a case says has to be seen, and why it is not so, in words. Pure.

import type { GameEvent } from '../../core/contract/events.ts';
import type { PackCase } from '../../core/contract/packCases.ts';

export type SeenEvent = Pick<GameEvent, 'type' | 'subject' | 'captureUs' | 'confidence' | 'why'>;

export type Verdict = {
  /** untried: nothing can be said of it here, which is no pass. */
  state: 'pass' | 'fail' | 'untried';
  why: string;
};

export function verdictOf({ expect }: PackCase, seen: readonly SeenEvent[]): Verdict {
  const { type, subject, minimumConfidence, happens, fromUs, toUs } = expect;
  const ofKind = seen.filter(
    (event) => event.type === type && (subject === null || event.subject === subject),
  );
  const inside = ofKind.filter(({ captureUs }) => captureUs >= fromUs && captureUs <= toUs);
  const sure = inside.filter(({ confidence }) => confidence >= minimumConfidence);
  const [first] = sure;
  if (!happens) {
    if (!first) return { state: 'pass', why: `no ${type} was seen` };
    return { state: 'fail', why: `${words(first)} was seen, and there was none` };
  }
  if (first) return { state: 'pass', why: `${words(first)} was seen` };
  const [unsure] = inside;
  if (unsure) {
    const least = `${minimumConfidence} is asked for`;
    return { state: 'fail', why: `${words(unsure)} was seen, but ${least}` };
  }
  const [nearest] = ofKind.toSorted((one, other) => awayOf(one, expect) - awayOf(other, expect));
  if (nearest) {
    const ms = Math.round(awayOf(nearest, expect) / 1000);
    return { state: 'fail', why: `${words(nearest)} was seen, ${ms} ms outside of the window` };
  }
  const others = [...new Set(seen.map((event) => event.type))].join(', ') || 'nothing';
  return { state: 'fail', why: `no ${type} was seen (seen were: ${others})` };
}

function awayOf({ captureUs }: SeenEvent, { fromUs, toUs }: PackCase['expect']): number {
  return Math.max(fromUs - captureUs, captureUs - toUs, 0);
}

function words({ type, subject, captureUs, confidence, why }: SeenEvent): string {
  const of = subject === '' ? type : `${type} (${subject})`;
  return `${of} at ${captureUs}, sure to ${confidence.toFixed(2)}: "${why}"`;
}

// The fairness of a market in sentences: what the scope draws, for everybody who reads it instead.
// Pure.

import type { Arrivals, FairnessScope } from '../../../core/contract/fairness.ts';
import { pointsText } from '../../ui/figures.ts';
import { text } from '../../ui/texts.ts';

/** 24 as "24 ms", 1240 as "1.2 s". */
export function delayText(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${Math.round(ms / 100) / 10} s`;
}

/** The one sentence that is always shown. */
export function scopeSentence({ viewers, measured, inTime }: FairnessScope): string {
  if (measured === 0) return text(viewers === 0 ? 'studio.fair.nobody' : 'studio.fair.unmeasured');
  if (measured === 1 && inTime === 1) return text('studio.fair.one');
  const count = pointsText(inTime);
  if (inTime === measured) return text('studio.fair.all', { count });
  return text('studio.fair.some', { count, all: pointsText(measured) });
}

/** What a streamer can do something about, then what is good to know. */
export function scopeDetails(scope: FairnessScope, betWindowSeconds: number): string[] {
  const { viewers, measured, inGuard, refused, hurried, medianMs, slowestMs } = scope;
  if (medianMs === null || slowestMs === null) return [];
  const said = (key: 'guarded' | 'refused' | 'unknown', count: number) =>
    count === 0 ? [] : [text(`studio.fair.${key}`, { count: pointsText(count) })];
  const fits = scope.windowFitsSeconds ?? 0;
  const seconds = scope.decideSeconds;
  return [
    ...said('guarded', inGuard),
    ...said('refused', refused),
    ...(hurried === 0
      ? []
      : [text('studio.fair.hurried', { count: pointsText(hurried), seconds })]),
    ...(fits > betWindowSeconds ? [text('studio.fair.fits', { seconds: fits })] : []),
    text('studio.fair.slowest', { median: delayText(medianMs), slowest: delayText(slowestMs) }),
    ...said('unknown', viewers - measured),
  ];
}

/** Whether somebody is left out, so that it is worth a warning. */
export function isAnyoneLeftOut({ inGuard, refused, hurried }: FairnessScope): boolean {
  return inGuard + refused + hurried > 0;
}

export function arrivalSentences(arrivals: Arrivals): string[] {
  const { bets, stood, late, waiting, cutoffUs, tCapUs, opensAtUs } = arrivals;
  if (bets === 0) return [text('studio.fair.noBets')];
  const why = (['withdrawn', 'guestShare', 'returned'] as const)
    .filter((name) => arrivals[name] > 0)
    .map((name) => text(`studio.fair.why.${name}`, { count: pointsText(arrivals[name]) }));
  const back = arrivals.withdrawn + arrivals.guestShare + arrivals.returned;
  const count = (number: number) => ({ count: pointsText(number) });
  const cut =
    cutoffUs === null || tCapUs === null
      ? text('studio.fair.uncut')
      : text('studio.fair.cut', {
          guard: delayText((tCapUs - cutoffUs) / 1000),
          open: delayText(Math.max(0, cutoffUs - opensAtUs) / 1000),
        });
  return [
    text('studio.fair.stand', { ...count(stood), all: pointsText(bets) }),
    ...(late === 0 ? [] : [text('studio.fair.late', count(late))]),
    ...(back === 0 ? [] : [text('studio.fair.back', { ...count(back), why: why.join(', ') })]),
    ...(waiting === 0 ? [] : [text('studio.fair.waiting', count(waiting))]),
    cut,
  ];
}

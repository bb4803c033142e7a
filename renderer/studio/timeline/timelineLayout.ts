// Where events stand on the timeline: pure, and the same for ten events as for ten thousand. What
// stands closer together than a mark is wide becomes one mark, so that the number of marks is
// bound by the width and never by the number of events.

import type { EventType, GameEvent } from '../../../core/contract/events.ts';

/** A part of the show, on the media clock, microseconds. */
export type TimeView = { fromUs: number; toUs: number };

/** How much can be seen at once. */
export const SPAN_US_MIN = 10_000_000;
export const SPAN_US_MAX = 12 * 3_600_000_000;
export const SPAN_US_FIRST = 120_000_000;
/** At the right edge there is room for the words of the newest mark, CSS pixels. */
const NEWEST_PX = 220;
/** Marks at most, whatever the width. */
export const MARKS_MAX = 32;
const MARK_PX = 34;
export const TICKS_MAX = 8;
const TICK_PX = 110;
const SECOND_US = 1_000_000;
const TICK_SECONDS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14_400];

export type Mark = {
  /** Of `events`: the first and last one that it stands for. */
  first: number;
  last: number;
  /** The one that it shows. */
  lead: GameEvent;
  xPx: number;
  /** Free until the next mark, or the right edge. */
  roomPx: number;
};

/** What one looks for when several happened at once. */
const TELLING: readonly EventType[] = [
  ...(['goal', 'highlight', 'scoreChanged', 'objective', 'elimination', 'shot'] as const),
  ...(['kickOff', 'rallyEnd', 'speedRecord', 'lineCrossed', 'zoneEntered', 'action'] as const),
  ...(['sprint', 'jump', 'pass', 'possession'] as const),
];

function isMoreTelling(one: GameEvent, other: GameEvent): boolean {
  const rank = TELLING.indexOf(one.type) - TELLING.indexOf(other.type);
  return rank < 0 || (rank === 0 && one.confidence > other.confidence);
}

/** Index of the first event at or after a time; events are in order of their capture time. */
export function firstFrom(events: readonly GameEvent[], fromUs: number): number {
  let low = 0;
  let high = events.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((events[middle]?.captureUs ?? 0) < fromUs) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function xOf(atUs: number, view: TimeView, widthPx: number): number {
  return ((atUs - view.fromUs) / (view.toUs - view.fromUs)) * widthPx;
}

/** Marks from left to right. @param events in order of their capture time */
export function layoutMarks(events: readonly GameEvent[], view: TimeView, widthPx: number): Mark[] {
  if (widthPx <= 0) return [];
  const apartPx = Math.max(MARK_PX, widthPx / (MARKS_MAX - 2));
  const spanUs = view.toUs - view.fromUs;
  // A step of time, and not of the window: marks do not regroup while time passes.
  const stepUs = Math.max(1, Math.ceil((spanUs * apartPx) / widthPx));
  const marks: Mark[] = [];
  let step = Number.NaN;
  for (let at = firstFrom(events, view.fromUs); at < events.length; at++) {
    const event = events[at];
    if (!event || event.captureUs > view.toUs) break;
    const own = Math.floor(event.captureUs / stepUs);
    const before = marks.at(-1);
    if (before && own === step) {
      before.last = at;
      if (isMoreTelling(event, before.lead)) before.lead = event;
    } else marks.push({ first: at, last: at, lead: event, xPx: 0, roomPx: 0 });
    step = own;
  }
  return placed(marks, view, widthPx, apartPx);
}

/** Gives each mark its place; two whose leads stand too close become one. */
function placed(found: readonly Mark[], view: TimeView, widthPx: number, apartPx: number): Mark[] {
  const marks: Mark[] = [];
  for (const mark of found) {
    mark.xPx = xOf(mark.lead.captureUs, view, widthPx);
    const before = marks.at(-1);
    if (before && mark.xPx - before.xPx < apartPx / 2) {
      before.last = mark.last;
      if (isMoreTelling(mark.lead, before.lead)) before.lead = mark.lead;
    } else marks.push(mark);
  }
  for (const [at, mark] of marks.entries()) {
    mark.xPx = xOf(mark.lead.captureUs, view, widthPx);
    const before = marks[at - 1];
    if (before) before.roomPx = Math.max(0, mark.xPx - before.xPx);
    mark.roomPx = Math.max(0, widthPx - mark.xPx);
  }
  return marks;
}

/** Round times of the show, counted from `zeroUs`. */
export function ticksOf(view: TimeView, zeroUs: number, widthPx: number): number[] {
  const spanUs = view.toUs - view.fromUs;
  const wanted = Math.max(1, Math.min(TICKS_MAX - 1, Math.floor(widthPx / TICK_PX)));
  const most = TICK_SECONDS.at(-1) ?? 1;
  const seconds = TICK_SECONDS.find((one) => spanUs / (one * SECOND_US) <= wanted) ?? most;
  const stepUs = seconds * SECOND_US;
  const ticks: number[] = [];
  const first = zeroUs + Math.ceil((view.fromUs - zeroUs) / stepUs) * stepUs;
  for (let at = first; at <= view.toUs && ticks.length < TICKS_MAX; at += stepUs) ticks.push(at);
  return ticks;
}

/** The newest part, with room for the words of the newest mark. */
export function followedView(nowUs: number, spanUs: number, widthPx: number): TimeView {
  const share = Math.min(0.4, widthPx > 0 ? NEWEST_PX / widthPx : 0);
  const toUs = nowUs + spanUs * share;
  return { fromUs: toUs - spanUs, toUs };
}

/** More or less of it at once; what stands at `atUs` stays where it is. */
export function zoomed(view: TimeView, factor: number, atUs: number): TimeView {
  const spanUs = view.toUs - view.fromUs;
  const wanted = Math.min(SPAN_US_MAX, Math.max(SPAN_US_MIN, spanUs * factor));
  const share = (atUs - view.fromUs) / spanUs;
  const fromUs = atUs - wanted * share;
  return { fromUs, toUs: fromUs + wanted };
}

/** Moved no further than needed to show a time, and not at its very edge. */
export function showing(view: TimeView, atUs: number): TimeView {
  const edge = (view.toUs - view.fromUs) * 0.1;
  const by = Math.min(0, atUs - view.fromUs - edge) + Math.max(0, atUs - view.toUs + edge);
  return by === 0 ? view : { fromUs: view.fromUs + by, toUs: view.toUs + by };
}

/** Below this, px, a bar says nothing. */
const BAR_PX_MIN = 24;
const ROWS = 2;

/**
 * Bars in rows, none over another: an older one ends where a newer one in its row begins, and is
 * left out where nothing of it would be read.
 * @param bars newest first
 */
export function inRows<Bar extends { leftPx: number; widthPx: number }>(
  bars: readonly Bar[],
): (Bar & { row: number })[] {
  const shown: (Bar & { row: number })[] = [];
  for (const bar of bars) {
    let best: (Bar & { row: number }) | null = null;
    for (let row = 0; row < ROWS; row++) {
      let [fromPx, toPx] = [bar.leftPx, bar.leftPx + bar.widthPx];
      for (const newer of shown.filter((one) => one.row === row)) {
        if (newer.leftPx >= toPx || newer.leftPx + newer.widthPx <= fromPx) continue;
        // What begins before the newer one ends there; what begins within it has no place.
        if (newer.leftPx > fromPx) toPx = newer.leftPx;
        else fromPx = toPx;
      }
      const widthPx = toPx - fromPx;
      if (widthPx > (best?.widthPx ?? 0)) best = { ...bar, leftPx: fromPx, widthPx, row };
    }
    const isWhole = best?.widthPx === bar.widthPx;
    if (best && (isWhole || best.widthPx >= BAR_PX_MIN)) shown.push(best);
  }
  return shown;
}

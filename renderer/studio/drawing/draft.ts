// What is being drawn on the picture, before it is kept: points as shares of it, snapped to its
// edges and to points that are there, and why it cannot be kept yet. Pure: it knows no screen,
// so a window that changes its size moves nothing.

import { crossesItself, type PlacePoint } from '../../../core/contract/placeShapes.ts';
import type { Places } from '../../../core/contract/places.ts';
import type { TextKey } from '../../ui/texts.ts';

export const DRAWN_KINDS = ['zone', 'line', 'court'] as const;
export type DrawnKind = (typeof DRAWN_KINDS)[number];

export type Draft = {
  kind: DrawnKind;
  subject: string;
  points: readonly PlacePoint[];
  /** Name of the one whose place it takes; null: a new one. */
  instead: string | null;
};

export const POINTS_MIN: Record<DrawnKind, number> = { zone: 3, line: 2, court: 4 };
export const POINTS_MAX: Record<DrawnKind, number> = { zone: 16, line: 2, court: 4 };
export const NAME_LENGTH_MAX = 60;
/** Nearer than this to an edge or a point, it lies there: shares of the picture. */
const SNAP = 0.015;
/** Ten thousandths of the picture: finer than any pixel. */
const FINE = 10_000;

const limited = (share: number) => Math.round(Math.min(1, Math.max(0, share)) * FINE) / FINE;

/** A point inside the picture, at an edge or another point when it is near one. */
export function snapped([x, y]: PlacePoint, others: readonly PlacePoint[]): PlacePoint {
  const near = others.find((other) => Math.hypot(other[0] - x, other[1] - y) < SNAP);
  if (near) return near;
  const atEdge = (share: number) => (share < SNAP ? 0 : share > 1 - SNAP ? 1 : share);
  return [limited(atEdge(x)), limited(atEdge(y))];
}

/** The draft with one point more; a full one stays as it is. */
export function withPoint(draft: Draft, point: PlacePoint): Draft {
  if (draft.points.length >= POINTS_MAX[draft.kind]) return draft;
  return { ...draft, points: [...draft.points, point] };
}

export function withMoved(draft: Draft, at: number, point: PlacePoint): Draft {
  return { ...draft, points: draft.points.map((one, index) => (index === at ? point : one)) };
}

/** All of it moved, no further than the picture. */
export function withShift(draft: Draft, by: PlacePoint): Draft {
  const shift = ([0, 1] as const).map((axis) => {
    const shares = draft.points.map((point) => point[axis]);
    return Math.min(1 - Math.max(...shares), Math.max(-Math.min(...shares), by[axis]));
  });
  const [x = 0, y = 0] = shift;
  return {
    ...draft,
    points: draft.points.map((one) => [limited(one[0] + x), limited(one[1] + y)]),
  };
}

/** Why it cannot be kept yet, in words; null: it can. */
export function draftFault(draft: Draft, taken: readonly string[]): TextKey | null {
  const { kind, points } = draft;
  if (points.length < POINTS_MIN[kind]) return `studio.drawing.lacks.${kind}`;
  if (kind === 'line') {
    const [from = [0, 0], to = [0, 0]] = points;
    if (Math.hypot(from[0] - to[0], from[1] - to[1]) < 0.01) return 'studio.drawing.tooShort';
  } else if (crossesItself(points)) return 'studio.drawing.crosses';
  if (kind === 'court') return null;
  const name = draft.subject.trim();
  if (name === '') return 'studio.drawing.noName';
  const isTaken = name !== draft.instead && taken.includes(name);
  return isTaken ? 'studio.drawing.nameTaken' : null;
}

/** A name that nothing else has. */
export function freeName(stem: string, taken: readonly string[]): string {
  for (let count = 1; ; count++) {
    const name = `${stem} ${count}`;
    if (!taken.includes(name)) return name;
  }
}

/** What is drawn now as drafts, so that it can be shown and changed. */
export function draftsOf({ zones, lines, calibration }: Places): Draft[] {
  const corners = (calibration ?? []).slice(0, POINTS_MAX.court).map(({ picture }) => picture);
  return [
    ...(zones ?? []).map((zone): Draft => {
      return { kind: 'zone', subject: zone.subject, points: zone.corners, instead: zone.subject };
    }),
    ...(lines ?? []).map(({ subject, from, to }): Draft => {
      return { kind: 'line', subject, points: [from, to], instead: subject };
    }),
    ...(corners.length === POINTS_MAX.court
      ? [{ kind: 'court' as const, subject: '', points: corners, instead: '' }]
      : []),
  ];
}

const pair = ([x, y]: PlacePoint): [number, number] => [x, y];

/** The places with a line or a zone put in, or another one's place taken. */
export function withDrawn(places: Places, draft: Draft): Places {
  const { kind, points, instead } = draft;
  const subject = draft.subject.trim();
  const put = <One extends { subject: string }>(list: readonly One[] | null, one: One) => {
    const all = list ?? [];
    const at = all.findIndex((other) => other.subject === instead);
    return at < 0 ? [...all, one] : all.with(at, one);
  };
  if (kind === 'zone') {
    return { ...places, zones: put(places.zones, { subject, corners: points.map(pair) }) };
  }
  const [from = [0, 0], to = [0, 0]] = points;
  return { ...places, lines: put(places.lines, { subject, from: pair(from), to: pair(to) }) };
}

/** The places without it. */
export function withoutDrawn(places: Places, { kind, instead }: Draft): Places {
  const without = <One extends { subject: string }>(list: readonly One[] | null) =>
    (list ?? []).filter(({ subject }) => subject !== instead);
  if (kind === 'zone') return { ...places, zones: without(places.zones) };
  if (kind === 'line') return { ...places, lines: without(places.lines) };
  return { ...places, calibration: null };
}

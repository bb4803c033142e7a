// What is drawn on the picture and what is being drawn: fetched from the studio, changed by asking
// it, and fetched again. A change keeps what was there before, so that it can be taken back.

import { create } from 'zustand';
import type { PlacePoint } from '../../../core/contract/placeShapes.ts';
import type { GamePlaces, Places } from '../../../core/contract/places.ts';
import { text } from '../../ui/texts.ts';
import { showDock } from '../docks/showDock.ts';
import { useProgramView } from '../programView.ts';
import { attempt, say, studio } from '../store.ts';
import { rememberUndo } from '../undo.ts';
import {
  type Draft,
  type DrawnKind,
  draftFault,
  draftsOf,
  freeName,
  snapped,
  withDrawn,
  withMoved,
  withoutDrawn,
  withPoint,
  withShift,
} from './draft.ts';

const NOTHING: Places = { goalLines: null, lines: null, zones: null, calibration: null };
/** Steps back while one draws. */
const STEPS_MAX = 50;

type Drawing = {
  known: GamePlaces | null;
  draft: Draft | null;
  /** Earlier forms of the draft, newest last. */
  steps: readonly Draft[];
  /** Where keys put the next point. */
  crosshair: PlacePoint;
  /** The point that the keys carry; null: none. */
  carried: number | null;
  /** The sentence of a refused change. */
  refusal: string | null;
};

export const useDrawing = create<Drawing>(() => ({
  ...{ known: null, draft: null, steps: [], crosshair: [0.5, 0.5], carried: null, refusal: null },
}));

const set = useDrawing.setState;
const now = useDrawing.getState;

/** What holds now: the owner's where there is one, else the pack's. */
export function placesNow(known: GamePlaces | null): Places {
  const { places, own } = known ?? {};
  const part = <Part extends keyof Places>(name: Part) => places?.[name] ?? own?.[name] ?? null;
  return {
    ...{ goalLines: part('goalLines'), lines: part('lines'), zones: part('zones') },
    calibration: part('calibration'),
  };
}

export async function fetchPlaces(): Promise<void> {
  // Who may not ask sees the picture without drawings.
  const known = await studio.game.show({}).catch(() => null);
  set({ known });
}

const takenNames = () => {
  const { lines, zones, goalLines } = placesNow(now().known);
  return [...(zones ?? []), ...(lines ?? []), ...(goalLines ?? [])].map(({ subject }) => subject);
};

/** Shows the dock, and the drawings on the picture. */
export function openDrawing(): void {
  useProgramView.setState({ hasBoxes: true });
  showDock('drawing');
}

/** Begins a new one, or changes one that is there. The picture has the keys then. */
export function beginDraft(kind: DrawnKind, change?: Draft): void {
  const subject = kind === 'court' ? '' : freeName(text(`studio.drawing.${kind}`), takenNames());
  const draft = change ?? { kind, subject, points: [], instead: null };
  const crosshair: PlacePoint = draft.points[0] ?? [0.5, 0.5];
  set({ draft, steps: [], carried: null, refusal: null, crosshair });
  useProgramView.setState({ hasBoxes: true });
  requestAnimationFrame(() => document.querySelector<HTMLElement>('.drawingLayer')?.focus());
}

export function changeDraft(draft: Draft): void {
  const { draft: before, steps } = now();
  if (before && draft !== before) set({ steps: [...steps, before].slice(-STEPS_MAX) });
  set({ draft, refusal: null });
}

export function stepBack(): void {
  const { steps } = now();
  const last = steps.at(-1);
  if (last) set({ draft: last, steps: steps.slice(0, -1), carried: null });
}

/** Escape: first lets a point go, then leaves the draft. */
export function leaveDraft(): void {
  if (now().carried !== null) set({ carried: null });
  else set({ draft: null, steps: [], refusal: null });
}

/** Corners of everything else: what points snap to. */
function corners(): PlacePoint[] {
  const { known, draft } = now();
  const others = draftsOf(placesNow(known)).filter(({ instead }) => instead !== draft?.instead);
  return others.flatMap(({ points }) => points);
}

export function addPoint(at: PlacePoint): void {
  const { draft } = now();
  if (draft) changeDraft(withPoint(draft, snapped(at, corners())));
}

/** While a pointer drags: one step back is the whole way. */
export function dragPoint(at: number, to: PlacePoint): void {
  const { draft } = now();
  if (draft) set({ draft: withMoved(draft, at, snapped(to, corners())) });
}

export function dragAll(from: Draft, by: PlacePoint): void {
  set({ draft: withShift(from, by) });
}

/** Before a drag: the form to come back to. */
export function markStep(): void {
  const { draft, steps } = now();
  if (draft) set({ steps: [...steps, draft].slice(-STEPS_MAX) });
}

export function removePoint(at: number): void {
  const { draft } = now();
  if (!draft) return;
  changeDraft({ ...draft, points: draft.points.filter((_, index) => index !== at) });
  set({ carried: null });
}

/** Arrows: the crosshair, with a point where one is carried. */
export function moveCrosshair([x, y]: PlacePoint): void {
  const { crosshair, carried, draft } = now();
  const limited = (share: number) => Math.min(1, Math.max(0, Math.round(share * 1000) / 1000));
  const next: PlacePoint = [limited(crosshair[0] + x), limited(crosshair[1] + y)];
  set({ crosshair: next });
  if (draft && carried !== null) set({ draft: withMoved(draft, carried, next) });
}

/** Enter: picks up the point under the crosshair, lets it go, or adds one. */
export function actAtCrosshair(): void {
  const { crosshair, carried, draft } = now();
  if (!draft) return;
  if (carried !== null) {
    set({ carried: null });
    return;
  }
  const at = draft.points.findIndex(
    ([x, y]) => Math.hypot(x - crosshair[0], y - crosshair[1]) < 0.015,
  );
  if (at < 0) addPoint(crosshair);
  else {
    markStep();
    set({ carried: at });
  }
}

export const faultNow = (draft: Draft) => draftFault(draft, takenNames());

async function change(call: () => Promise<unknown>, words: string): Promise<boolean> {
  const { known } = now();
  const before = known?.places ?? null;
  const pack = known?.pack ?? '';
  const refusal = await attempt(call());
  set({ refusal });
  if (refusal !== null) return false;
  await fetchPlaces();
  rememberUndo({
    title: 'studio.drawing.undo',
    values: { what: words },
    undo: () => void attempt(studio.game.setPlaces({ pack, places: before })).then(fetchPlaces),
  });
  return true;
}

/** What was drawn by the owner; the pack's own stand behind it. */
const drawnPlaces = (known: GamePlaces): Places => ({ ...NOTHING, ...known.places });

export async function saveDraft(measures: { lengthMetres: number; widthMetres: number }) {
  const { draft, known } = now();
  if (!draft || !known || faultNow(draft) !== null) return;
  const { pack } = known;
  const { kind, points, instead } = draft;
  const words = kind === 'court' ? text('studio.drawing.court') : draft.subject.trim();
  const isKept = await change(() => {
    if (kind === 'court') {
      const found = points.map(([x, y]): [number, number] => [x, y]);
      return studio.game.calibrate({ pack, corners: found, ...measures });
    }
    if (kind === 'zone') {
      const [zone] = withDrawn(NOTHING, { ...draft, instead: null }).zones ?? [];
      if (zone) return studio.game.putZone({ pack, zone, instead });
    }
    const { lines } = withDrawn({ ...NOTHING, lines: placesNow(known).lines }, draft);
    return studio.game.setPlaces({ pack, places: { ...drawnPlaces(known), lines } });
  }, words);
  if (!isKept) return;
  set({ draft: null, steps: [], carried: null });
  say(text('studio.drawing.kept', { what: words }), '');
}

export async function removeDrawn(drawn: Draft): Promise<void> {
  const { known } = now();
  if (!known) return;
  const { pack } = known;
  const words = drawn.kind === 'court' ? text('studio.drawing.court') : drawn.subject;
  await change(() => {
    if (drawn.kind === 'zone') return studio.game.removeZone({ pack, subject: drawn.subject });
    const places = drawnPlaces(known);
    const held = { ...places, lines: placesNow(known).lines };
    const { lines, calibration } = withoutDrawn(held, drawn);
    const changed = drawn.kind === 'line' ? { ...places, lines } : { ...places, calibration };
    return studio.game.setPlaces({ pack, places: changed });
  }, words);
}

/** Corners from the painted lines of the picture; a person looks at them before they count. */
export async function findCourt(): Promise<void> {
  const asked = studio.game.proposeCourt({});
  const refusal = await attempt(asked);
  const found = refusal === null ? await asked : null;
  set({ refusal: refusal ?? (found?.corners ? null : (found?.reason ?? '')) });
  const { draft } = now();
  if (draft && found?.corners) changeDraft({ ...draft, points: found.corners });
}

// Zones, lines and the court over the picture, and the one that is being drawn: by a pointer, or by
// keys that move a crosshair. Everything is a share of the picture; the screen only shows it.

import { type KeyboardEvent, type PointerEvent, useEffect, useRef } from 'react';
import type { PlacePoint } from '../../../core/contract/placeShapes.ts';
import type { StudioState } from '../../../core/contract/state.ts';
import { text } from '../../ui/texts.ts';
import { usePage } from '../store.ts';
import { useNowUs } from '../useNowUs.ts';
import { type Draft, draftsOf } from './draft.ts';
import {
  actAtCrosshair,
  addPoint,
  dragAll,
  dragPoint,
  fetchPlaces,
  leaveDraft,
  markStep,
  moveCrosshair,
  placesNow,
  removePoint,
  stepBack,
  useDrawing,
} from './drawingStore.ts';
import { useLights } from './lights.ts';
import './drawing.css';

/** A crossing flashes for so long, microseconds. */
const FLASH_US = 1_500_000;
/** Units of the drawing: about those of a picture, so that arrowheads are not distorted. */
const UNITS = [1600, 900] as const;
const pathOf = (points: readonly PlacePoint[]) =>
  points.map(([x, y]) => `${x * UNITS[0]},${y * UNITS[1]}`).join(' ');
const STEPS: Readonly<Record<string, PlacePoint>> = {
  ...{ ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] },
};

export function DrawingLayer({ state, isShown }: { state: StudioState; isShown: boolean }) {
  const { known, draft } = useDrawing();
  const isConnected = usePage((page) => page.connection.state === 'connected');
  const { pack } = state.vision;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another pack has other places.
  useEffect(() => {
    if (isConnected) void fetchPlaces();
  }, [isConnected, pack]);
  if (!isShown && draft === null) return null;
  const drawn = draftsOf(placesNow(known)).filter(
    ({ kind, instead }) => draft?.kind !== kind || draft.instead !== instead,
  );
  return (
    <>
      <svg
        className="drawn"
        viewBox={`0 0 ${UNITS[0]} ${UNITS[1]}`}
        preserveAspectRatio="none"
        aria-hidden="true"
      >
        <ArrowHead />
        {drawn.map((one) => (
          <Shape key={`${one.kind} ${one.subject}`} drawn={one} isDraft={false} />
        ))}
        <Flashes state={state} drawn={drawn} />
        {draft ? <Shape drawn={draft} isDraft /> : null}
      </svg>
      {drawn.map((one) => (
        <Name key={`${one.kind} ${one.subject}`} drawn={one} />
      ))}
      {draft ? <Surface draft={draft} /> : null}
    </>
  );
}

function ArrowHead() {
  return (
    <defs>
      <marker
        id="drawn-arrow"
        viewBox="0 0 8 8"
        refX="7"
        refY="4"
        markerWidth="24"
        markerHeight="24"
        markerUnits="userSpaceOnUse"
        orient="auto"
      >
        <path d="M0 0 L8 4 L0 8 Z" fill="context-stroke" />
      </marker>
    </defs>
  );
}

function Shape({ drawn, isDraft }: { drawn: Draft; isDraft: boolean }) {
  const lit = useLights(({ lit: names }) => names.includes(drawn.subject));
  const { kind, points } = drawn;
  const isClosed = kind !== 'line' && points.length > 2;
  const rest = {
    className: `drawn-${kind}`,
    'data-draft': isDraft,
    'data-lit': kind === 'zone' && lit && !isDraft,
    vectorEffect: 'non-scaling-stroke',
    points: pathOf(points),
  } as const;
  return isClosed ? <polygon {...rest} /> : <polyline {...rest} />;
}

/** Lines that vision has just told of. */
function Flashes({ state, drawn }: { state: StudioState; drawn: readonly Draft[] }) {
  const nowUs = useNowUs() ?? 0;
  const crossed = state.events
    .slice(-8)
    .filter(({ type, detectedUs }) => type === 'lineCrossed' && nowUs - detectedUs < FLASH_US);
  return crossed.flatMap(({ id, subject }) => {
    const line = drawn.find((one) => one.kind === 'line' && one.subject === subject);
    return line ? (
      <polyline
        key={id}
        className="drawn-flash"
        data-testid="lineFlash"
        vectorEffect="non-scaling-stroke"
        points={pathOf(line.points)}
      />
    ) : (
      []
    );
  });
}

const percent = (share: number) => `${share * 100}%`;

function Name({ drawn: { kind, subject, points } }: { drawn: Draft }) {
  const lit = useLights(({ lit: names }) => names.includes(subject));
  const [x = 0, y = 0] = points[0] ?? [];
  if (kind === 'court') return null;
  return (
    <span
      className="drawn-name"
      data-lit={kind === 'zone' && lit}
      style={{ left: percent(Math.min(0.85, x)), top: percent(Math.min(0.94, y)) }}
    >
      {subject}
    </span>
  );
}

/** Where the pointer is on the picture. */
function shareAt({ clientX, clientY }: PointerEvent, element: Element): PlacePoint {
  const { left, top, width, height } = element.getBoundingClientRect();
  return [(clientX - left) / width, (clientY - top) / height];
}

type Drag = { point: number | null; start: PlacePoint; from: Draft };

/** Takes the pointer and the keys while something is drawn. */
function Surface({ draft }: { draft: Draft }) {
  const { crosshair, carried } = useDrawing();
  const drag = useRef<Drag | null>(null);
  const place = `${Math.round(crosshair[0] * 100)} %, ${Math.round(crosshair[1] * 100)} %`;
  function down(pointer: PointerEvent<HTMLDivElement>): void {
    const at = shareAt(pointer, pointer.currentTarget);
    const target = pointer.target as HTMLElement;
    const { point } = target.dataset;
    if (point === undefined && !pointer.shiftKey) {
      addPoint(at);
      return;
    }
    markStep();
    pointer.currentTarget.setPointerCapture(pointer.pointerId);
    drag.current = { point: point === undefined ? null : Number(point), start: at, from: draft };
  }
  function move(pointer: PointerEvent<HTMLDivElement>): void {
    if (drag.current === null) return;
    const { point, start, from } = drag.current;
    const at = shareAt(pointer, pointer.currentTarget);
    if (point === null) dragAll(from, [at[0] - start[0], at[1] - start[1]]);
    else dragPoint(point, at);
  }
  return (
    <div
      className="drawingLayer"
      role="application"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the keys of the crosshair come here.
      tabIndex={0}
      aria-label={text(`studio.drawing.keys.${draft.kind}`)}
      onPointerDown={down}
      onPointerMove={move}
      onPointerUp={() => {
        drag.current = null;
      }}
      onKeyDown={drawingKey}
    >
      {draft.points.map(([x, y], at) => (
        <span
          // biome-ignore lint/suspicious/noArrayIndexKey: a point is its place in the row.
          key={at}
          className="drawing-point"
          data-point={at}
          data-carried={at === carried}
          style={{ left: percent(x), top: percent(y) }}
        >
          {at + 1}
        </span>
      ))}
      <span
        className="drawing-crosshair"
        style={{ left: percent(crosshair[0]), top: percent(crosshair[1]) }}
      />
      <span className="visuallyHidden" aria-live="polite">
        {text('studio.drawing.at', { place, count: draft.points.length })}
      </span>
    </div>
  );
}

function drawingKey(key: KeyboardEvent): void {
  const step = STEPS[key.key];
  const isUndo = (key.ctrlKey || key.metaKey) && key.key.toLowerCase() === 'z';
  const { draft, carried } = useDrawing.getState();
  if (isUndo) stepBack();
  else if (key.ctrlKey || key.metaKey) return;
  else if (step) {
    const by = key.shiftKey ? 0.05 : key.altKey ? 0.002 : 0.01;
    moveCrosshair([step[0] * by, step[1] * by]);
  } else if (key.key === 'Enter' || key.key === ' ') actAtCrosshair();
  else if (key.key === 'Backspace' || key.key === 'Delete') {
    removePoint(carried ?? (draft?.points.length ?? 0) - 1);
  } else if (key.key === 'Escape') leaveDraft();
  else if (key.key === 'Tab') return;
  key.preventDefault();
  key.stopPropagation();
}

// What happened, along the time of the show: events as marks, markets as bars, newest on the right.
// It follows the newest until somebody looks back. Only what can be seen is drawn: some forty
// elements, whether ten events are known or ten thousand.

import { ChevronsRight, Minus, Plus } from 'lucide-react';
import { type KeyboardEvent, type RefObject, useEffect, useRef, useState } from 'react';
import type { GameEvent } from '../../../core/contract/events.ts';
import type { StudioState } from '../../../core/contract/state.ts';
import { PICTURED } from '../../../core/contract/timeline.ts';
import { IconButton } from '../../ui/Button.tsx';
import { elapsedText } from '../../ui/figures.ts';
import { translated } from '../../ui/sentences.ts';
import { text } from '../../ui/texts.ts';
import { DockActions } from '../docks/DockFrame.tsx';
import { usePage } from '../store.ts';
import { useNowUs } from '../useNowUs.ts';
import { fetchOlder, lookAgain, takeEvents, useEventHistory } from './eventHistory.ts';
import { MarketBars } from './MarketBars.tsx';
import { useMoment } from './moments.ts';
import {
  followedView,
  layoutMarks,
  type Mark,
  SPAN_US_FIRST,
  showing,
  type TimeView,
  ticksOf,
  xOf,
  zoomed,
} from './timelineLayout.ts';
import { Why } from './Why.tsx';
import './timeline.css';

const ZOOM_STEP = 2;
/** Pictures along the line at most, and the room that one needs with its words, CSS pixels. */
const PICTURES_MAX = 6;
const PICTURE_ROOM_PX = 170;
const WORDS_ROOM_PX = 62;

/** What is looked at: a part that somebody chose, or the newest of so long. */
type Looking = { view: TimeView | null; spanUs: number };

export function Timeline({ state }: { state: StudioState }) {
  const { events } = useKnownEvents(state);
  const nowUs = useNowUs() ?? events.at(-1)?.captureUs ?? 0;
  const track = useRef<HTMLDivElement>(null);
  const widthPx = useWidth(track);
  const [looking, setLooking] = useState<Looking>({ view: null, spanUs: SPAN_US_FIRST });
  const [chosenId, setChosenId] = useState('');
  const view = looking.view ?? followedView(nowUs, looking.spanUs, widthPx);
  const look = (next: TimeView) => setLooking({ view: next, spanUs: next.toUs - next.fromUs });
  const zoom = (factor: number) => {
    const next = zoomed(view, factor, looking.view ? (view.fromUs + view.toUs) / 2 : nowUs);
    setLooking({ view: looking.view && next, spanUs: next.toUs - next.fromUs });
  };
  const follow = () => setLooking(({ spanUs }) => ({ view: null, spanUs }));
  const choose = (event: GameEvent | undefined) => {
    if (!event) return;
    setChosenId(event.id);
    const next = showing(view, event.captureUs);
    if (next !== view) look(next);
  };
  const isShort = view.fromUs < (events[0]?.captureUs ?? Number.POSITIVE_INFINITY);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the page that came may be too short.
  useEffect(() => void (isShort && fetchOlder()), [isShort, events.length]);
  useWheel(track, view, look);

  const chosen = events.find(({ id }) => id === chosenId);
  const keys = { events, chosen, choose, zoom, follow, leave: () => setChosenId('') };
  const zeroUs = state.show.liveSinceUs || (events[0]?.captureUs ?? 0);
  return (
    <div className="timeline">
      <DockActions>
        <Tools isFollowing={looking.view === null} zoom={zoom} follow={follow} />
      </DockActions>
      <div ref={track} className="timeline-track">
        <Marks {...{ events, view, widthPx, zeroUs, chosen, choose }} onKey={timelineKeys(keys)} />
        <Axis {...{ view, widthPx, zeroUs }} />
        <MarketBars markets={state.markets} view={view} widthPx={widthPx} />
        {events.length === 0 ? (
          <p className="timeline-empty">{text('studio.events.empty')}</p>
        ) : null}
      </div>
      {chosen ? <Why event={chosen} state={state} onClose={() => setChosenId('')} /> : null}
    </div>
  );
}

/** Those of the state, and what was fetched. */
function useKnownEvents({ events }: StudioState) {
  const isConnected = usePage((page) => page.connection.state === 'connected');
  useEffect(() => takeEvents(events), [events]);
  useEffect(() => {
    if (isConnected) lookAgain();
  }, [isConnected]);
  return useEventHistory();
}

function useWidth(of: RefObject<HTMLElement | null>): number {
  const [widthPx, setWidthPx] = useState(0);
  useEffect(() => {
    if (of.current === null) return;
    const watch = new ResizeObserver(([entry]) => setWidthPx(entry?.contentRect.width ?? 0));
    watch.observe(of.current);
    return () => watch.disconnect();
  }, [of]);
  return widthPx;
}

/** A wheel moves along; with Ctrl it zooms around the pointer. */
function useWheel(
  of: RefObject<HTMLElement | null>,
  view: TimeView,
  look: (next: TimeView) => void,
): void {
  const now = useRef({ view, look });
  now.current = { view, look };
  useEffect(() => {
    const track = of.current;
    if (track === null) return;
    function turn(wheel: WheelEvent): void {
      wheel.preventDefault();
      const { left, width } = (wheel.currentTarget as HTMLElement).getBoundingClientRect();
      const seen = now.current.view;
      const spanUs = seen.toUs - seen.fromUs;
      if (wheel.ctrlKey) {
        const atUs = seen.fromUs + ((wheel.clientX - left) / width) * spanUs;
        now.current.look(zoomed(seen, wheel.deltaY > 0 ? 1.25 : 0.8, atUs));
        return;
      }
      const byUs = ((wheel.deltaX + wheel.deltaY) / width) * spanUs;
      now.current.look({ fromUs: seen.fromUs + byUs, toUs: seen.toUs + byUs });
    }
    track.addEventListener('wheel', turn, { passive: false });
    return () => track.removeEventListener('wheel', turn);
  }, [of]);
}

type ToolsProps = { isFollowing: boolean; zoom(factor: number): void; follow(): void };

function Tools({ isFollowing, zoom, follow }: ToolsProps) {
  return (
    <>
      <IconButton size="dense" name={text('studio.timeline.out')} onClick={() => zoom(ZOOM_STEP)}>
        <Minus size={14} aria-hidden="true" />
      </IconButton>
      <IconButton
        size="dense"
        name={text('studio.timeline.in')}
        onClick={() => zoom(1 / ZOOM_STEP)}
      >
        <Plus size={14} aria-hidden="true" />
      </IconButton>
      <IconButton
        size="dense"
        name={text('studio.timeline.follow')}
        aria-pressed={isFollowing}
        onClick={follow}
      >
        <ChevronsRight size={14} aria-hidden="true" />
      </IconButton>
    </>
  );
}

type Keys = {
  events: readonly GameEvent[];
  chosen: GameEvent | undefined;
  choose(event: GameEvent | undefined): void;
  zoom(factor: number): void;
  follow(): void;
  leave(): void;
};

const PAGE = 10;
/** So many events further, by key; an edge is further than there are events. */
const STEPS: Readonly<Record<string, number>> = {
  ...{ ArrowLeft: -1, ArrowRight: 1, PageUp: -PAGE, PageDown: PAGE, Home: -1e9, End: 1e9 },
};
const ZOOMS: Readonly<Record<string, number>> = {
  ...{ '+': 1 / ZOOM_STEP, '=': 1 / ZOOM_STEP, '-': ZOOM_STEP },
};

/** Arrows go from event to event, also to those that a mark hides. */
function timelineKeys({ events, chosen, choose, zoom, follow, leave }: Keys) {
  return (key: KeyboardEvent) => {
    if (key.ctrlKey || key.metaKey || key.altKey) return;
    const [step, factor] = [STEPS[key.key], ZOOMS[key.key]];
    if (step !== undefined) {
      const at = chosen ? events.indexOf(chosen) : events.length;
      choose(events[Math.min(events.length - 1, Math.max(0, at + step))]);
    } else if (factor !== undefined) zoom(factor);
    else if (key.key === 'Escape') {
      leave();
      follow();
    } else return;
    key.preventDefault();
  };
}

type MarksProps = {
  events: readonly GameEvent[];
  view: TimeView;
  widthPx: number;
  zeroUs: number;
  chosen: GameEvent | undefined;
  choose(event: GameEvent): void;
  onKey(key: KeyboardEvent): void;
};

function Marks({ events, view, widthPx, zeroUs, chosen, choose, onKey }: MarksProps) {
  const marks = layoutMarks(events, view, widthPx);
  const at = chosen ? events.indexOf(chosen) : -1;
  const active = marks.find(({ first, last }) => at >= first && at <= last);
  const wide = marks.filter(
    (mark) => mark.roomPx >= PICTURE_ROOM_PX && PICTURED.has(mark.lead.type),
  );
  const pictured = new Set(wide.slice(-PICTURES_MAX));
  return (
    <div
      className="timeline-marks"
      role="listbox"
      tabIndex={0}
      aria-label={text('studio.timeline.list')}
      aria-activedescendant={active ? idOf(active.lead) : undefined}
      onKeyDown={onKey}
    >
      {marks.map((mark) => (
        <MarkView
          key={mark.lead.id}
          mark={mark}
          time={elapsedText(mark.lead.captureUs - zeroUs)}
          isChosen={mark === active}
          hasPicture={pictured.has(mark)}
          onChoose={() => choose(mark.lead)}
        />
      ))}
    </div>
  );
}

const idOf = ({ id }: GameEvent) => `moment-${id}`;

type MarkViewProps = {
  mark: Mark;
  time: string;
  isChosen: boolean;
  hasPicture: boolean;
  onChoose(): void;
};

function MarkView({ mark, time, isChosen, hasPicture, onChoose }: MarkViewProps) {
  const { lead, first, last, xPx, roomPx } = mark;
  const moment = useMoment(hasPicture ? lead.id : '');
  const still = moment === 'wait' ? '' : (moment?.still ?? '');
  const more = last > first ? text('studio.timeline.more', { count: last - first }) : '';
  const why = translated(lead.why);
  const head = `${text(`studio.event.${lead.type}`)} ${lead.confidence.toFixed(2)} ${more}`.trim();
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the list around it has the keys.
    // biome-ignore lint/a11y/useFocusableInteractive: the list around it has the focus.
    <div
      id={idOf(lead)}
      role="option"
      aria-selected={isChosen}
      aria-label={`${head} ${why}, ${time}`}
      className="timeline-mark"
      data-type={lead.type}
      data-words={roomPx >= WORDS_ROOM_PX}
      style={{ left: xPx, maxWidth: Math.max(24, roomPx - 6) }}
      title={why}
      onClick={onChoose}
    >
      {still === '' ? null : <img src={still} alt="" />}
      {roomPx >= WORDS_ROOM_PX ? `${head}\n${why}` : null}
    </div>
  );
}

function Axis({ view, widthPx, zeroUs }: { view: TimeView; widthPx: number; zeroUs: number }) {
  // Before the show there is nothing to count from.
  const ticks = zeroUs === 0 ? [] : ticksOf(view, zeroUs, widthPx);
  return (
    <div className="timeline-axis" aria-hidden="true">
      {ticks.map((atUs) => (
        <span key={atUs} className="figure" style={{ left: xOf(atUs, view, widthPx) }}>
          {atUs < zeroUs ? `−${elapsedText(zeroUs - atUs)}` : elapsedText(atUs - zeroUs)}
        </span>
      ))}
    </div>
  );
}

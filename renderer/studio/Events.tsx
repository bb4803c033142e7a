// What happened in the picture, newest on the right, each with the reason vision gave. The strip
// follows the newest unless somebody scrolled back to read.

import {
  ArrowLeftRight,
  Bomb,
  ChevronsUp,
  Crosshair,
  Flag,
  Footprints,
  Goal,
  type LucideIcon,
  MoveRight,
  PersonStanding,
  Scan,
  Skull,
  Sparkles,
  Tally5,
  Target,
  Timer,
  Zap,
} from 'lucide-react';
import { useLayoutEffect, useRef } from 'react';
import type { EventType, GameEvent } from '../../core/contract/events.ts';
import type { StudioState } from '../../core/contract/state.ts';
import { Figure } from '../ui/Figure.tsx';
import { countdownText } from '../ui/figures.ts';
import { text } from '../ui/texts.ts';
import { useNowUs } from './useNowUs.ts';

const ICONS: Record<EventType, LucideIcon> = {
  kickOff: Flag,
  goal: Goal,
  lineCrossed: MoveRight,
  zoneEntered: Scan,
  shot: Crosshair,
  pass: ArrowLeftRight,
  possession: Target,
  jump: ChevronsUp,
  sprint: Footprints,
  action: PersonStanding,
  rallyEnd: Timer,
  speedRecord: Zap,
  scoreChanged: Tally5,
  highlight: Sparkles,
  objective: Bomb,
  elimination: Skull,
};

export function Events({ state }: { state: StudioState }) {
  const list = useRef<HTMLOListElement>(null);
  const follows = useRef(true);
  const nowUs = useNowUs();
  const { events } = state;
  const newest = events.at(-1)?.id;
  // biome-ignore lint/correctness/useExhaustiveDependencies: scrolls when a new event came.
  useLayoutEffect(() => {
    if (list.current !== null && follows.current) list.current.scrollLeft = 1e9;
  }, [newest]);
  return (
    <div className="events">
      {events.length === 0 ? (
        <p className="events-empty">{text('studio.events.empty')}</p>
      ) : (
        <ol
          ref={list}
          className="events-list"
          aria-live="polite"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: a keyboard scrolls it this way.
          tabIndex={0}
          onScroll={({ currentTarget: { scrollLeft, scrollWidth, clientWidth } }) => {
            follows.current = scrollLeft + clientWidth > scrollWidth - 40;
          }}
        >
          {events.map((event) => (
            <EventChip key={event.id} event={event} nowUs={nowUs} />
          ))}
        </ol>
      )}
    </div>
  );
}

function EventChip({ event, nowUs }: { event: GameEvent; nowUs: number | null }) {
  const Icon = ICONS[event.type];
  const time = nowUs === null ? '' : countdownText(nowUs - event.captureUs);
  return (
    <li className="event" data-type={event.type} title={event.why}>
      <span className="event-head">
        <Icon size={14} aria-hidden="true" />
        <strong>{text(`studio.event.${event.type}`)}</strong>
        <Figure>{event.confidence.toFixed(2)}</Figure>
        <span className="event-time">
          <Figure>{time === '' ? '' : text('studio.events.ago', { time })}</Figure>
        </span>
      </span>
      <span className="event-why">{event.why}</span>
    </li>
  );
}

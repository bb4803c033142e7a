// The viewer's own limits: stakes and losses per day, a break, an exclusion. The ledger holds and
// applies them; the page says what is in force, what waits, and since when. Nothing here asks why.

import { useState } from 'react';
import { useStore } from 'zustand';
import { Button } from '../ui/Button.tsx';
import { pointsText } from '../ui/figures.ts';
import { text } from '../ui/texts.ts';
import type { LimitKind, LimitView } from './limitBook.ts';
import { useMediaNow } from './mediaNow.ts';
import type { ViewerSession } from './viewerSession.ts';

const DAY_US = 86_400_000_000;
const DIGITS_MAX = 9;

/** How long a break or an exclusion may be chosen to last, days, with its words. */
function durationsOf(kind: TimeKind): [days: number, words: string][] {
  if (kind === 'pausedUntil') {
    return [
      [1, text('viewer.limit.day')],
      [7, text('viewer.limit.days', { count: 7 })],
      [42, text('viewer.limit.days', { count: 42 })],
    ];
  }
  return [
    [183, text('viewer.limit.months', { count: 6 })],
    [366, text('viewer.limit.year')],
    [1_827, text('viewer.limit.years', { count: 5 })],
  ];
}

export function Limits({ session }: { session: ViewerSession }) {
  const trouble = useStore(session.store, (view) => view.limitTrouble);
  return (
    <>
      <p className="limits-hint">{text('viewer.limitsHint')}</p>
      <PointsLimit session={session} kind="stakeDay" />
      <PointsLimit session={session} kind="lossDay" />
      <TimeLimit session={session} kind="pausedUntil" />
      <TimeLimit session={session} kind="excludedUntil" />
      {trouble === '' ? null : (
        <p className="betSlip-trouble" role="alert">
          {trouble}
        </p>
      )}
    </>
  );
}

function PointsLimit({ session, kind }: { session: ViewerSession; kind: 'stakeDay' | 'lossDay' }) {
  const [typed, setTyped] = useState('');
  const held = useStore(session.store, (view) => view.limits?.[kind] ?? null);
  const name = text(`viewer.limit.${kind}`);
  return (
    <form
      className="limit"
      onSubmit={(event) => {
        event.preventDefault();
        if (typed === '') return;
        session.money.setLimit(kind, Number(typed));
        setTyped('');
      }}
    >
      <LimitWords session={session} kind={kind} name={name} />
      <div className="limit-row">
        <input
          className="betSlip-other"
          inputMode="numeric"
          autoComplete="off"
          placeholder={text('viewer.limit.pointsHint')}
          maxLength={DIGITS_MAX}
          aria-label={text('viewer.limit.pointsName', { limit: name })}
          data-testid={`limit-${kind}`}
          value={typed}
          onChange={(event) => setTyped(event.target.value.replace(/\D/g, ''))}
        />
        <Button type="submit" size="touch" disabled={typed === ''} data-testid={`set-${kind}`}>
          {text('viewer.limit.set')}
        </Button>
        <Button
          size="touch"
          look="quiet"
          disabled={held === null || held.value === null}
          data-testid={`lift-${kind}`}
          onClick={() => session.money.setLimit(kind, null)}
        >
          {text('viewer.limit.lift')}
        </Button>
      </div>
    </form>
  );
}

type TimeKind = 'pausedUntil' | 'excludedUntil';

function TimeLimit({ session, kind }: { session: ViewerSession; kind: TimeKind }) {
  const [days, setDays] = useState<number | null>(null);
  const nowUs = useMediaNow(session.clock);
  const name = text(`viewer.limit.${kind}`);
  const durations = durationsOf(kind);
  const chosen = durations.find(([length]) => length === days);
  return (
    <fieldset className="limit">
      <legend className="visuallyHidden">{text('viewer.limit.duration', { limit: name })}</legend>
      <LimitWords session={session} kind={kind} name={name} />
      <div className="limit-row">
        {durations.map(([length, words]) => (
          <button
            key={length}
            type="button"
            className="stakeButton figure"
            aria-pressed={length === days}
            data-testid={`${kind}-${length}`}
            onClick={() => setDays(length === days ? null : length)}
          >
            {words}
          </button>
        ))}
      </div>
      {chosen ? (
        <Button
          size="touch"
          look="primary"
          disabled={nowUs === null}
          data-testid={`set-${kind}`}
          onClick={() => {
            if (nowUs === null) return;
            session.money.setLimit(kind, Math.round(nowUs) + chosen[0] * DAY_US);
            setDays(null);
          }}
        >
          {nowUs === null
            ? text('viewer.limit.noClock')
            : text(`viewer.limit.sure.${kind}`, { time: chosen[1] })}
        </Button>
      ) : null}
    </fieldset>
  );
}

type LimitWordsProps = { session: ViewerSession; kind: LimitKind; name: string };

/** Its name, what is in force, what waits, and what is under way. */
function LimitWords({ session, kind, name }: LimitWordsProps) {
  const held = useStore(session.store, (view) => view.limits?.[kind] ?? null);
  const isSending = useStore(session.store, (view) =>
    view.limitWishes.some(({ limit }) => limit === kind),
  );
  const nowUs = useMediaNow(session.clock);
  const value = held ? valueText(kind, held.value, nowUs) : '…';
  return (
    <p className="limit-words" data-testid={`held-${kind}`} data-value={held?.value ?? ''}>
      <strong>{name}</strong>
      <span>{isSending ? text('viewer.limit.sending') : value}</span>
      {held?.waiting ? (
        <span className="limit-waiting">{waitingText(kind, held.waiting, nowUs)}</span>
      ) : null}
    </p>
  );
}

function waitingText(
  kind: LimitKind,
  waiting: NonNullable<LimitView['waiting']>,
  nowUs: number | null,
): string {
  const value = valueText(kind, waiting.value, nowUs);
  return text('viewer.limit.waiting', { time: timeText(waiting.fromUs, nowUs), value });
}

function valueText(kind: LimitKind, value: number | null, nowUs: number | null): string {
  const isTime = kind === 'pausedUntil' || kind === 'excludedUntil';
  if (!isTime) {
    if (value === null) return text('viewer.limit.none');
    return text('viewer.limit.points', { points: pointsText(value) });
  }
  if (value === null || (nowUs !== null && value <= nowUs)) return text('viewer.limit.off');
  return text('viewer.limit.until', { time: timeText(value, nowUs) });
}

/** A time of the media clock as this device's wall clock shows it. */
function timeText(atUs: number, nowUs: number | null): string {
  if (nowUs === null) return '…';
  const wallMs = performance.timeOrigin + performance.now() + (atUs - nowUs) / 1000;
  return new Date(wallMs).toLocaleString([], {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
  });
}

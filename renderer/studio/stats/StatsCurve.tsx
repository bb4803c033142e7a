// One figure of the stats dock: its name, what it is now, its curve, and the least and the most of
// the last ten minutes. The curve is a control: the arrow keys (Shift: further), Home and End move
// through the time, as a pointer does, and what it was then is said and shown. Readers of screens
// are told the same in words.

import { OctagonAlert, TriangleAlert } from 'lucide-react';
import { type KeyboardEvent, useEffect, useId, useRef, useState } from 'react';
import type { StudioState } from '../../../core/contract/state.ts';
import { Figure } from '../../ui/Figure.tsx';
import { countdownText } from '../../ui/figures.ts';
import { text } from '../../ui/texts.ts';
import type { Curve, CurveLook } from './curve.ts';
import { type Series, summaryOf, valueAt } from './pointRing.ts';
import { type StatsFigure, type StatsLimits, statsText, toneOf } from './statsFigures.ts';
import { statsSeries, WINDOW_S } from './statsHistory.ts';

const STEP_S = 5;
const FAR_STEP_S = 60;
const ICONS = { calm: null, warn: TriangleAlert, stop: OctagonAlert };

type StatsCurveProps = { figure: StatsFigure; index: number; state: StudioState };

export function StatsCurve({ figure, index, state }: StatsCurveProps) {
  const series = statsSeries(index);
  const { latest, least, most } = summaryOf(series);
  const limits = figure.limits(state);
  const tone = toneOf(latest, limits);
  const Icon = ICONS[tone];
  const what = text(`studio.stats.${figure.id}.what`);
  return (
    <li className="statsFigure" data-figure={figure.id} title={what}>
      <div className="statsFigure-head">
        <span className="statsFigure-name">{text(`studio.stats.${figure.id}`)}</span>
        <span className={`statsFigure-latest statsFigure-${tone}`}>
          {Icon === null ? null : <Icon size={12} aria-hidden="true" />}
          <Figure>{statsText(latest, figure)}</Figure>
        </span>
      </div>
      {most === null ? (
        <p className="statsFigure-none">{text(`studio.stats.${figure.id}.none`)}</p>
      ) : (
        <Slide figure={figure} look={{ series, most, limits }} least={least} what={what} />
      )}
    </li>
  );
}

type SlideProps = { figure: StatsFigure; look: CurveLook; least: number | null; what: string };

function Slide({ figure, look, least, what }: SlideProps) {
  const { series, most, limits } = look;
  const [agoS, setAgoS] = useState<number | null>(null);
  // What a screen reader was told: it would repeat every second what changes by itself.
  const [said, setSaid] = useState<string | null>(null);
  const described = useId();
  const { element, curve } = useCurve(look, setAgoS);
  const lengthS = Math.max(0, (series.timesS.at(-1) ?? 0) - (series.timesS[0] ?? 0));
  const range = text('studio.stats.range', {
    least: statsText(least, { ...figure, unit: '' }).trim(),
    most: statsText(most, figure),
  });
  const pointed = agoS === null ? range : momentWords(series, agoS, figure);
  function press(key: KeyboardEvent): void {
    const next = keyAgoS(key, agoS ?? 0, lengthS);
    if (next === undefined) return;
    key.preventDefault();
    curve.current?.point(next);
    setAgoS(next);
    setSaid(momentWords(series, next, figure));
  }
  return (
    <>
      <div
        ref={element}
        className="statsFigure-curve"
        role="slider"
        tabIndex={0}
        aria-label={text(`studio.stats.${figure.id}`)}
        aria-describedby={described}
        aria-valuemin={-Math.round(lengthS)}
        aria-valuemax={0}
        aria-valuenow={-Math.round(agoS ?? 0)}
        aria-valuetext={said ?? momentWords(series, agoS ?? 0, figure)}
        onKeyDown={press}
        onFocus={() => setSaid(momentWords(series, 0, figure))}
        onBlur={() => {
          curve.current?.point(null);
          setAgoS(null);
          setSaid(null);
        }}
      />
      <p className="statsFigure-range">
        <Figure>{pointed}</Figure>
      </p>
      <p id={described} className="visuallyHidden">
        {what} {range}. {limitWords(limits, figure)}
      </p>
    </>
  );
}

/** The curve of an element, made when its code is here, shown anew at every drawing. */
function useCurve(look: CurveLook, onPoint: (agoS: number | null) => void) {
  const element = useRef<HTMLDivElement>(null);
  const curve = useRef<Curve | null>(null);
  const newest = useRef(look);
  newest.current = look;
  useEffect(() => {
    let isHere = true;
    import('./curve.ts').then(
      ({ createCurve }) => {
        if (!isHere || element.current === null) return;
        curve.current = createCurve(element.current, { windowS: WINDOW_S, onPoint });
        curve.current.show(newest.current);
      },
      // Without the code there is no curve; every number still stands in words beside it.
      () => {},
    );
    return () => {
      isHere = false;
      curve.current?.close();
      curve.current = null;
    };
  }, [onPoint]);
  useEffect(() => curve.current?.show(look), [look]);
  return { element, curve };
}

/** Where a key leads, seconds before the newest reading; undefined: it is no key of ours. */
function keyAgoS(key: KeyboardEvent, agoS: number, lengthS: number): number | undefined {
  const step = key.shiftKey ? FAR_STEP_S : STEP_S;
  const within = (next: number) => Math.min(lengthS, Math.max(0, next));
  if (key.key === 'ArrowLeft' || key.key === 'ArrowDown') return within(agoS + step);
  if (key.key === 'ArrowRight' || key.key === 'ArrowUp') return within(agoS - step);
  if (key.key === 'Home') return lengthS;
  return key.key === 'End' ? 0 : undefined;
}

function momentWords(series: Series, agoS: number, figure: StatsFigure): string {
  const value = statsText(valueAt(series, (series.timesS.at(-1) ?? 0) - agoS), figure);
  if (agoS < 1) return text('studio.stats.now', { value });
  return text('studio.stats.ago', { value, time: countdownText(agoS * 1_000_000) });
}

function limitWords(limits: StatsLimits | null, figure: StatsFigure): string {
  if (limits === null) return '';
  const warn = statsText(limits.warn, figure);
  if (limits.stop === null) return text(`studio.stats.${limits.side}`, { warn });
  const stop = statsText(limits.stop, figure);
  return text(`studio.stats.${limits.side}Stop`, { warn, stop });
}

// One meter: two channels on a canvas, drawn when levels come and never by React. The figure and
// what a screen reader says follow more slowly than the picture, so that they can be read.

import { useEffect, useRef } from 'react';
import { text } from '../../ui/texts.ts';
import { listenToLevel } from './levels.ts';
import {
  highest,
  METER_FLOOR_DB,
  type MeterView,
  moved,
  restingMeter,
  shareOf,
  ZONES_DB,
} from './meter.ts';

const FIGURE_EVERY_MS = 250;
const SAID_EVERY_MS = 1_000;
const CHANNEL_GAP_PX = 2;
const HELD_PX = 2;

type Inks = { zones: readonly string[]; held: string };

export function LevelMeter(props: { name: string; level: string; isQuiet: boolean }) {
  const { name, level: key, isQuiet } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const said = useRef<HTMLMeterElement>(null);
  const figure = useRef<HTMLSpanElement>(null);
  const clip = useRef<HTMLButtonElement>(null);
  const view = useRef<MeterView>(restingMeter());
  useEffect(() => {
    let saidMs = 0;
    let figureMs = 0;
    return listenToLevel(key, (level) => {
      const nowMs = performance.now();
      view.current = moved(view.current, level, nowMs);
      if (canvas.current) draw(canvas.current, view.current, isQuiet);
      if (clip.current) clip.current.dataset.clipped = String(view.current.hasClipped);
      if (nowMs - figureMs > FIGURE_EVERY_MS) {
        figureMs = nowMs;
        if (figure.current) figure.current.textContent = figureOf(view.current);
      }
      if (nowMs - saidMs < SAID_EVERY_MS) return;
      saidMs = nowMs;
      if (said.current) describe(said.current, view.current);
    });
  }, [key, isQuiet]);
  return (
    <div className="meter">
      <span className="meter-bars" aria-hidden="true">
        <canvas ref={canvas} />
      </span>
      <meter
        ref={said}
        className="meter-said"
        min={METER_FLOOR_DB}
        max={0}
        value={METER_FLOOR_DB}
        aria-label={text('studio.mixer.level', { title: name })}
        aria-valuetext={text('studio.mixer.silent')}
      />
      <button
        ref={clip}
        type="button"
        className="meter-clip"
        data-clipped="false"
        aria-label={text('studio.mixer.clipped', { title: name })}
        title={text('studio.mixer.clipped', { title: name })}
        onClick={() => {
          view.current = { ...view.current, hasClipped: false };
          if (clip.current) clip.current.dataset.clipped = 'false';
        }}
      >
        !
      </button>
      <span ref={figure} className="meter-figure figure" aria-hidden="true">
        –∞
      </span>
    </div>
  );
}

function figureOf(view: MeterView): string {
  const peak = highest(view, 'peakDb');
  return peak <= METER_FLOOR_DB ? '–∞' : peak.toFixed(0).replace('-', '−');
}

function describe(said: HTMLMeterElement, view: MeterView): void {
  const [peak, mean] = [highest(view, 'peakDb'), highest(view, 'rmsDb')];
  const words = { peak: peak.toFixed(0), mean: mean.toFixed(0) };
  const isSilent = peak <= METER_FLOOR_DB;
  said.value = Math.max(METER_FLOOR_DB, Math.min(0, peak));
  said.setAttribute(
    'aria-valuetext',
    isSilent ? text('studio.mixer.silent') : text('studio.mixer.levelValue', words),
  );
}

function draw(canvas: HTMLCanvasElement, view: MeterView, isQuiet: boolean): void {
  const scale = devicePixelRatio;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  if (width === 0) return;
  if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
  }
  const context = canvas.getContext('2d');
  if (!context) return;
  const inks = inksOf(canvas, isQuiet);
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  const bar = (height - CHANNEL_GAP_PX) / 2;
  view.needles.forEach((needle, channel) => {
    const top = channel * (bar + CHANNEL_GAP_PX);
    zones(context, { inks, top, height: bar, width, toDb: 0, alpha: 0.22 });
    zones(context, { inks, top, height: bar, width, toDb: needle.peakDb, alpha: 0.62 });
    zones(context, { inks, top, height: bar, width, toDb: needle.rmsDb, alpha: 1 });
    if (needle.heldDb <= METER_FLOOR_DB) return;
    context.globalAlpha = 1;
    context.fillStyle = inks.held;
    const at = Math.min(width - HELD_PX, shareOf(needle.heldDb) * width);
    context.fillRect(at, top, HELD_PX, bar);
  });
}

function zones(
  context: CanvasRenderingContext2D,
  at: { inks: Inks; top: number; height: number; width: number; toDb: number; alpha: number },
): void {
  const ends = [METER_FLOOR_DB, ...ZONES_DB, 0];
  context.globalAlpha = at.alpha;
  at.inks.zones.forEach((ink, zone) => {
    const from = shareOf(ends[zone] ?? 0) * at.width;
    const to = shareOf(Math.min(at.toDb, ends[zone + 1] ?? 0)) * at.width;
    if (to <= from) return;
    context.fillStyle = ink;
    context.fillRect(from, at.top, to - from, at.height);
  });
}

/** The page's colours; the system's own where it has taken them over. */
function inksOf(canvas: HTMLCanvasElement, isQuiet: boolean): Inks {
  if (forcedColours.matches) {
    const ink = isQuiet ? 'GrayText' : 'CanvasText';
    return { zones: [ink, ink, ink], held: 'Highlight' };
  }
  const style = getComputedStyle(canvas);
  const token = (name: string) => style.getPropertyValue(name);
  const names = isQuiet ? ['--text-low', '--text-low', '--text-low'] : ['--go', '--warn', '--stop'];
  return { zones: names.map(token), held: token('--text-hi') };
}

const forcedColours = matchMedia('(forced-colors: active)');

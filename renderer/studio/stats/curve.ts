// One curve on one canvas, drawn by uPlot, which is fetched with this file and only when a dock
// asks for curves. All curves draw in turn, one in each frame of the screen, so that no task is
// long however many there are; a hidden page draws none.

import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { pointsText } from '../../ui/figures.ts';
import type { Series } from './pointRing.ts';
import { type StatsLimits, topOf, zonesOf } from './statsFigures.ts';

export type CurveLook = { series: Series; most: number | null; limits: StatsLimits | null };

export type Curve = {
  /** Draws when its turn comes; only the newest look counts. */
  show(look: CurveLook): void;
  /** Puts the cursor so many seconds before the newest reading; null: away. */
  point(agoS: number | null): void;
  close(): void;
};

const ZONE_OPACITY = 0.16;
const AXIS_PX = 34;

/** Whose turn it is next. As many at most as there are curves. */
const turns = new Map<object, () => void>();
let isAsked = false;

function inTurn(owner: object, draw: () => void): void {
  turns.set(owner, draw);
  if (isAsked) return;
  isAsked = true;
  requestAnimationFrame(drawNext);
}

function drawNext(): void {
  const [next] = turns;
  isAsked = turns.size > 1;
  if (isAsked) requestAnimationFrame(drawNext);
  if (next === undefined) return;
  turns.delete(next[0]);
  next[1]();
}

/**
 * @param windowS what the canvas is wide for
 * @param onPoint where a pointer is, seconds before the newest reading; null: it left
 */
export function createCurve(
  element: HTMLElement,
  options: { windowS: number; onPoint: (agoS: number | null) => void },
): Curve {
  const owner = {};
  let look: CurveLook = { series: { timesS: [], values: [] }, most: null, limits: null };
  let plot: uPlot | null = null;
  const newestS = () => look.series.timesS.at(-1) ?? 0;
  const size = () => ({ width: element.clientWidth, height: element.clientHeight });
  const data = (): uPlot.AlignedData => [look.series.timesS, look.series.values];

  function draw(): void {
    const { width, height } = size();
    if (plot === null) plot = new uPlot(optionsOf(), data(), element);
    else {
      if (plot.width !== width || plot.height !== height) plot.setSize({ width, height });
      plot.setData(data());
    }
  }

  function optionsOf(): uPlot.Options {
    return {
      ...size(),
      padding: [7, 2, 7, 2],
      legend: { show: false },
      select: { show: false, left: 0, top: 0, width: 0, height: 0 },
      cursor: { y: false, drag: { x: false, y: false, setScale: false } },
      scales: {
        x: { time: false, range: () => [newestS() - options.windowS, newestS()] },
        y: { range: () => [0, topOf(look.most, look.limits)] },
      },
      series: [{}, { stroke: lineColour, width: 1.5, points: { show: false } }],
      axes: [{ show: false }, scaleAxis()],
      hooks: {
        drawClear: [(drawn) => drawZones(drawn, look)],
        setCursor: [
          (drawn) => {
            const at = drawn.cursor.idx;
            const atS = at === null || at === undefined ? undefined : look.series.timesS[at];
            options.onPoint(atS === undefined ? null : newestS() - atS);
          },
        ],
      },
    };
  }

  const watching = new ResizeObserver(() => inTurn(owner, draw));
  watching.observe(element);
  return {
    show(next) {
      look = next;
      inTurn(owner, draw);
    },
    point(agoS) {
      const left = agoS === null ? -10 : plot?.valToPos(newestS() - agoS, 'x');
      plot?.setCursor({ left: left ?? -10, top: agoS === null ? -10 : 0 }, false);
    },
    close() {
      turns.delete(owner);
      watching.disconnect();
      plot?.destroy();
    },
  };
}

/** From nothing to what the canvas reaches, so that its height can be read. */
function scaleAxis(): uPlot.Axis {
  return {
    size: AXIS_PX,
    gap: 4,
    font: '10px "JetBrains Mono Variable", ui-monospace, monospace',
    stroke: () => colourOf('--text-low', 'CanvasText'),
    splits: (_plot, _axis, from, to) => [from, to],
    values: (_plot, splits) => splits.map((at) => (at % 1 === 0 ? pointsText(at) : String(at))),
    grid: { show: false },
    ticks: { show: false },
  };
}

function drawZones(plot: uPlot, { most, limits }: CurveLook): void {
  const { ctx, bbox } = plot;
  const top = topOf(most, limits);
  ctx.save();
  for (const { from, to, tone } of zonesOf(limits, most, top)) {
    const upper = plot.valToPos(to, 'y', true);
    const lower = plot.valToPos(from, 'y', true);
    ctx.fillStyle = colourOf(`--${tone}`, 'CanvasText');
    ctx.globalAlpha = ZONE_OPACITY;
    ctx.fillRect(bbox.left, upper, bbox.width, lower - upper);
    ctx.globalAlpha = 1;
    const limit = limits?.side === 'floor' ? upper : lower;
    ctx.fillRect(bbox.left, limit, bbox.width, Math.max(1, uPlot.pxRatio));
  }
  ctx.fillStyle = colourOf('--line', 'CanvasText');
  ctx.fillRect(bbox.left, bbox.top + bbox.height, bbox.width, Math.max(1, uPlot.pxRatio));
  ctx.restore();
}

const lineColour = () => colourOf('--text-hi', 'CanvasText');

/** A token's colour; a canvas must ask for what the system forces. */
function colourOf(token: string, forced: string): string {
  if (matchMedia('(forced-colors: active)').matches) return forced;
  return getComputedStyle(document.documentElement).getPropertyValue(token).trim();
}

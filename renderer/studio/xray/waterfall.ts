// Paints the frames as a waterfall on a canvas: a row per frame, the newest at the bottom, a column
// for each way that a frame goes, time to the right on the column's own scale. Only paints; what is
// said in words stands in the table beside it. Where the system forces colours, stages differ by
// two of the system's.

import { axisMs, STAGES, type StageId, WAYS, type Way, type XrayFrame } from './xrayFrames.ts';

/** Hues of equal lightness, none of which means a state. */
export const STAGE_COLOURS: Record<StageId, string> = {
  capture: '--text-low',
  encode: '--outcome-0',
  send: '--outcome-1',
  network: '--outcome-5',
  decode: '--outcome-2',
  present: '--outcome-3',
  overlay: '--outcome-4',
  relay: '--outcome-6',
  sight: '--outcome-7',
  wait: '--text-low',
  infer: '--outcome-8',
  event: '--outcome-9',
  told: '--text-mid',
};

const GAP_PX = 12;
const AXIS_PX = 18;
/** No stage is so short that it cannot be seen. */
const BAR_PX_MIN = 1;

type Look = { frames: readonly XrayFrame[]; rows: number; selected: number };
type Plan = { width: number; height: number; columnPx: number; rowPx: number; endsMs: Ends };
/** How long each column is, milliseconds. */
type Ends = Readonly<Record<Way, number>>;

/** Which row of the waterfall is at that height of the element; clamped to those there are. */
export function rowAt(element: HTMLElement, clientY: number, look: Omit<Look, 'selected'>): number {
  const box = element.getBoundingClientRect();
  const row = Math.floor(((clientY - box.top) / (box.height - AXIS_PX)) * look.rows);
  const first = look.rows - look.frames.length;
  return Math.min(look.frames.length - 1, Math.max(0, row - first));
}

export function paintWaterfall(canvas: HTMLCanvasElement, look: Look): void {
  const context = canvas.getContext('2d');
  if (context === null) return;
  const ratio = window.devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  const columnPx = (width - GAP_PX * (WAYS.length - 1)) / WAYS.length;
  const rowPx = (height - AXIS_PX) / look.rows;
  const endsMs = Object.fromEntries(WAYS.map((way) => [way, axisMs(look.frames, way)])) as Ends;
  const plan = { width, height, columnPx, rowPx, endsMs };
  paintAxes(context, plan);
  const colourOf = colours();
  const first = look.rows - look.frames.length;
  for (const [index, frame] of look.frames.entries()) {
    paintRow(context, plan, frame, (first + index) * rowPx, colourOf);
  }
  paintSelected(context, plan, first + look.selected, look.frames.length > 0);
}

function paintAxes(context: CanvasRenderingContext2D, plan: Plan): void {
  const { columnPx, height, endsMs } = plan;
  context.font = '10px "JetBrains Mono Variable", ui-monospace, monospace';
  context.textBaseline = 'bottom';
  for (const [column, way] of WAYS.entries()) {
    const left = column * (columnPx + GAP_PX);
    context.fillStyle = token('--surface-1', 'Canvas');
    context.fillRect(left, 0, columnPx, height - AXIS_PX);
    for (let tick = 0; tick <= 4; tick++) {
      const x = left + (columnPx * tick) / 4;
      context.fillStyle = token('--line', 'GrayText');
      context.fillRect(Math.min(x, left + columnPx - 1), 0, 1, height - AXIS_PX);
      context.fillStyle = token('--text-low', 'CanvasText');
      context.textAlign = tick === 0 ? 'left' : tick === 4 ? 'right' : 'center';
      const ms = (endsMs[way] * tick) / 4;
      context.fillText(tick === 4 ? `${ms} ms` : `${ms}`, x, height - 2);
    }
  }
}

function paintRow(
  context: CanvasRenderingContext2D,
  { columnPx, rowPx, endsMs }: Plan,
  { captureUs, spans }: XrayFrame,
  top: number,
  colourOf: (id: StageId) => string,
): void {
  for (const { id, way } of STAGES) {
    const span = spans[id];
    if (!span) continue;
    const left = WAYS.indexOf(way) * (columnPx + GAP_PX);
    const at = (us: number) => Math.max(0, Math.min(1, us / 1000 / endsMs[way])) * columnPx;
    const from = at(span.fromUs - captureUs);
    const width = Math.max(BAR_PX_MIN, at(span.toUs - captureUs) - from);
    context.fillStyle = colourOf(id);
    // A hair over the row's height: rows of less than a pixel else show the ground between them.
    context.fillRect(left + Math.min(from, columnPx - BAR_PX_MIN), top, width, rowPx + 0.25);
  }
}

function paintSelected(
  context: CanvasRenderingContext2D,
  { width, rowPx }: Plan,
  row: number,
  hasFrames: boolean,
): void {
  if (!hasFrames) return;
  const height = Math.max(rowPx, 3);
  const top = (row + 0.5) * rowPx - height / 2;
  context.fillStyle = token('--text-hi', 'Highlight');
  context.fillRect(0, top - 1, width, 1);
  context.fillRect(0, top + height, width, 1);
}

/** Each stage's colour, read once for a painting. */
function colours(): (id: StageId) => string {
  const system = ['CanvasText', 'GrayText'];
  const known = new Map<StageId, string>(
    STAGES.map(({ id }, at) => [id, token(STAGE_COLOURS[id], system[at % 2] ?? 'CanvasText')]),
  );
  return (id) => known.get(id) ?? 'CanvasText';
}

/** A token's colour; a canvas must ask for what the system forces. */
function token(name: string, forced: string): string {
  if (matchMedia('(forced-colors: active)').matches) return forced;
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

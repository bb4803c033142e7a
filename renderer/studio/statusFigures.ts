// The figures of the status bar with the limits at which each turns. Pure. A figure that is not
// measured is quiet, never zero: nobody should trust a number that nobody took.

import type { Readings, StudioState } from '../../core/contract/state.ts';
import { pointsText } from '../ui/figures.ts';
import { type TextKey, text } from '../ui/texts.ts';

export type FigureTone = 'calm' | 'warn' | 'stop' | 'go';

export type StatusFigure = {
  id: string;
  tone: FigureTone;
  /** With its unit, as shown in the bar. */
  value: string;
  what: string;
  normal: string;
  toDo: string;
};

/** Share of the source's frame rate below which fps warns, and below which it stops. */
export const FPS_WARN_SHARE = 0.9;
export const FPS_STOP_SHARE = 0.5;
/** Below this a picture is hardly one. */
export const KILOBITS_WARN = 300;

/** Above the first a figure warns, above the second it stops. Delay, vision, bets: ms; cpu: %. */
export const LIMITS = {
  delay: [150, 500],
  vision: [60, 150],
  bets: [50, 250],
  cpu: [70, 90],
} as const;

type Explained = 'framesPerSecond' | 'kilobitsPerSecond' | 'dropped' | keyof typeof LIMITS;

/** @param droppedRecently frames dropped within the last 10 s */
export function statusFigures(
  state: StudioState,
  readings: Readings | null,
  droppedRecently: number,
): StatusFigure[] {
  const hasPicture = state.source.state === 'live';
  const { viewerDelayMs = null, visionMs = null, betMs = null } = readings ?? {};
  const fps = readings?.framesPerSecond ?? null;
  const rate = readings?.kilobitsPerSecond ?? null;
  const cpu = readings?.cpuPercent ?? null;
  return settled(readings, [
    figure('framesPerSecond', unit(fps, 1, 'fps'), fpsTone(fps, state.source.framesPerSecond)),
    figure(
      'kilobitsPerSecond',
      rate === null ? '– kb/s' : `${pointsText(rate)} kb/s`,
      hasPicture && rate !== null && rate < KILOBITS_WARN ? 'warn' : 'calm',
    ),
    figure(
      'dropped',
      `${pointsText(readings?.framesDropped ?? 0)} ${text('studio.figure.dropped')}`,
      droppedRecently > 0 ? 'warn' : 'calm',
    ),
    limited('delay', viewerDelayMs, 'ms'),
    limited('vision', visionMs, 'ms'),
    limited('bets', betMs, 'ms'),
    limited('cpu', cpu, '%'),
    providerFigure(state.vision),
    copiedFigure(state.ledger),
  ]);
}

/** What each figure is of; the others are judged from the first moment on. */
const OF_PART: Readonly<Record<string, 'picture' | 'vision'>> = {
  ...{ framesPerSecond: 'picture', kilobitsPerSecond: 'picture', dropped: 'picture' },
  ...{ cpu: 'picture', vision: 'vision' },
};

/** What has only just begun keeps its number and says so: a colour would say more than is known. */
function settled(readings: Readings | null, figures: StatusFigure[]): StatusFigure[] {
  const settling = readings?.settling ?? [];
  if (settling.length === 0) return figures;
  return figures.map((figure) => {
    const part = OF_PART[figure.id];
    const isExcused = part !== undefined && settling.includes(part);
    if (!isExcused || figure.tone === 'calm') return figure;
    const value = text('studio.figure.starting', { value: figure.value });
    return { ...figure, tone: 'calm', value, toDo: text('studio.figure.starting.do') };
  });
}

function fpsTone(fps: number | null, wanted: number): FigureTone {
  if (fps === null || wanted <= 0) return 'calm';
  if (fps < wanted * FPS_STOP_SHARE) return 'stop';
  return fps < wanted * FPS_WARN_SHARE ? 'warn' : 'calm';
}

function limited(id: keyof typeof LIMITS, value: number | null, of: string): StatusFigure {
  const [warn, stop] = LIMITS[id];
  const tone = value === null || value <= warn ? 'calm' : value <= stop ? 'warn' : 'stop';
  return figure(id, `${text(`studio.figure.${id}`)} ${unit(value, 0, of)}`, tone);
}

function unit(value: number | null, decimals: number, of: string): string {
  return `${value === null ? '–' : value.toFixed(decimals)} ${of}`;
}

function figure(id: Explained, value: string, tone: FigureTone): StatusFigure {
  const key = `studio.figure.${id}` as const;
  const what: TextKey = `${key}.what`;
  const normal: TextKey = `${key}.normal`;
  const toDo: TextKey = `${key}.do`;
  return { id, value, tone, what: text(what), normal: text(normal), toDo: text(toDo) };
}

function providerFigure(vision: StudioState['vision']): StatusFigure {
  const isRunning = vision.state === 'running';
  const provider = vision.provider === '' ? '–' : vision.provider;
  return {
    id: 'provider',
    value: isRunning
      ? `${text('studio.figure.provider')} ${provider}`
      : `${text('studio.figure.vision')} ${text(`studio.vision.${vision.state}`)}`,
    tone: isRunning || vision.state === 'starting' ? 'calm' : 'warn',
    what: text('studio.figure.provider.what', {
      model: vision.model === '' ? '–' : vision.model,
      provider,
      reason: vision.reason,
    }),
    normal: text('studio.figure.provider.normal'),
    toDo: text('studio.figure.provider.do'),
  };
}

function copiedFigure(ledger: StudioState['ledger']): StatusFigure {
  const isRunning = ledger.state === 'running';
  const rest = {
    id: 'copied',
    what: text('studio.figure.copied.what', { reason: ledger.reason }),
    normal: text('studio.figure.copied.normal'),
    toDo: text('studio.figure.copied.do'),
  };
  if (!isRunning) {
    const state = text(
      ledger.state === 'starting'
        ? 'studio.ledger.starting'
        : ledger.state === 'refused'
          ? 'studio.ledger.refused'
          : 'studio.ledger.restarting',
    );
    const tone = ledger.state === 'refused' ? 'stop' : 'warn';
    return { ...rest, tone, value: text('studio.figure.copied.ledger', { state }) };
  }
  if (ledger.notCopied === 0) {
    return { ...rest, tone: 'go', value: text('studio.figure.copied.all') };
  }
  if (ledger.betsNotCopied > 0) {
    const count = pointsText(ledger.betsNotCopied);
    return { ...rest, tone: 'warn', value: text('studio.figure.copied.bets', { count }) };
  }
  const count = pointsText(ledger.notCopied);
  return { ...rest, tone: 'warn', value: text('studio.figure.copied.some', { count }) };
}

// The figures of the stats dock: where each comes from, its unit, and the limits at which it warns
// or stops. Limits that the status bar has are the status bar's. Pure; what is not measured is
// null, never zero.

import type { Readings, StudioState } from '../../../core/contract/state.ts';
import { pointsText } from '../../ui/figures.ts';
import { FPS_STOP_SHARE, FPS_WARN_SHARE, KILOBITS_WARN, LIMITS } from '../statusFigures.ts';

export type StatsId =
  | 'kilobits'
  | 'fps'
  | 'drops'
  | 'roundTrip'
  | 'delay'
  | 'result'
  | 'betTime'
  | 'bets'
  | 'cpu'
  | 'gpu'
  | 'memory'
  | 'corrected';

/** `floor`: what lies below is bad; `ceiling`: what lies above is. */
export type StatsLimits = { side: 'floor' | 'ceiling'; warn: number; stop: number | null };

/** All that one row of the ring is made of. */
export type Sample = {
  readings: Readings;
  droppedRecently: number;
  betsLastMinute: number | null;
  correctedPercent: number | null;
};

export type StatsFigure = {
  id: StatsId;
  /** Name of its column in a file; says the unit and stays for ever. */
  column: string;
  unit: string;
  decimals: number;
  read: (sample: Sample) => number | null;
  limits: (state: StudioState) => StatsLimits | null;
};

const ceiling = ([warn, stop]: readonly [number, number]) => {
  const limits: StatsLimits = { side: 'ceiling', warn, stop };
  return () => limits;
};

/** To the relay and back, ms: about where talk begins to halt (ITU-T G.114: 150 and 400). */
const ROUND_TRIP_LIMITS = [150, 400] as const;
const GPU_LIMITS = [80, 95] as const;
/** Of a hundred settlements by the picture so many were wrong. */
const CORRECTED_LIMITS = [5, 15] as const;

export const STATS: readonly StatsFigure[] = [
  {
    ...{ id: 'kilobits', column: 'bitrate_kilobits_per_second', unit: 'kb/s', decimals: 0 },
    read: ({ readings }) => readings.kilobitsPerSecond,
    limits: ({ source }) =>
      source.state === 'live' ? { side: 'floor', warn: KILOBITS_WARN, stop: null } : null,
  },
  {
    ...{ id: 'fps', column: 'frames_per_second', unit: 'fps', decimals: 1 },
    read: ({ readings }) => readings.framesPerSecond,
    limits: ({ source: { framesPerSecond: wanted } }) =>
      wanted > 0
        ? { side: 'floor', warn: wanted * FPS_WARN_SHARE, stop: wanted * FPS_STOP_SHARE }
        : null,
  },
  {
    ...{ id: 'drops', column: 'frames_dropped_in_10_seconds', unit: '/ 10 s', decimals: 0 },
    read: ({ droppedRecently }) => droppedRecently,
    limits: () => ({ side: 'ceiling', warn: 0, stop: null }),
  },
  {
    ...{ id: 'roundTrip', column: 'relay_round_trip_ms', unit: 'ms', decimals: 0 },
    read: ({ readings }) => readings.roundTripMs ?? null,
    limits: ceiling(ROUND_TRIP_LIMITS),
  },
  {
    ...{ id: 'delay', column: 'viewer_delay_ms', unit: 'ms', decimals: 0 },
    read: ({ readings }) => readings.viewerDelayMs,
    limits: ceiling(LIMITS.delay),
  },
  {
    ...{ id: 'result', column: 'frame_to_result_ms', unit: 'ms', decimals: 0 },
    read: ({ readings }) => readings.visionMs,
    limits: ceiling(LIMITS.vision),
  },
  {
    ...{ id: 'betTime', column: 'bet_to_disk_ms', unit: 'ms', decimals: 0 },
    read: ({ readings }) => readings.betMs,
    limits: ceiling(LIMITS.bets),
  },
  {
    ...{ id: 'bets', column: 'bets_in_60_seconds', unit: '/ min', decimals: 0 },
    read: ({ betsLastMinute }) => betsLastMinute,
    limits: () => null,
  },
  {
    ...{ id: 'cpu', column: 'engine_cpu_percent_of_a_core', unit: '%', decimals: 0 },
    read: ({ readings }) => readings.cpuPercent,
    limits: ceiling(LIMITS.cpu),
  },
  {
    ...{ id: 'gpu', column: 'gpu_percent', unit: '%', decimals: 0 },
    read: ({ readings }) => readings.gpuPercent ?? null,
    limits: ceiling(GPU_LIMITS),
  },
  {
    ...{ id: 'memory', column: 'engine_memory_mebibytes', unit: 'MiB', decimals: 0 },
    read: ({ readings }) => readings.memoryMegabytes,
    limits: () => null,
  },
  {
    ...{ id: 'corrected', column: 'automatic_settlements_corrected_percent', unit: '%' },
    decimals: 1,
    read: ({ correctedPercent }) => correctedPercent,
    limits: ceiling(CORRECTED_LIMITS),
  },
];

export type StatsTone = 'calm' | 'warn' | 'stop';

/** As the status bar does: calm just at a limit, turned beyond it. */
export function toneOf(value: number | null, limits: StatsLimits | null): StatsTone {
  if (value === null || limits === null) return 'calm';
  const { side, warn, stop } = limits;
  const isBeyond = (limit: number) => (side === 'floor' ? value < limit : value > limit);
  if (stop !== null && isBeyond(stop)) return 'stop';
  return isBeyond(warn) ? 'warn' : 'calm';
}

/** What a canvas reaches up to: above all that was measured, and to a limit that is near. */
export function topOf(most: number | null, limits: StatsLimits | null): number {
  const reached = Math.max(0, most ?? 0);
  const isNear = limits !== null && (limits.side === 'floor' || reached >= limits.warn / 2);
  return roundAbove(Math.max(1, reached * 1.15, isNear ? limits.warn * 1.25 : 0));
}

const ROUND = [1, 1.5, 2, 3, 4, 5, 7.5, 10];

/** The next number that people call round. */
function roundAbove(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return (ROUND.find((step) => step * power >= value) ?? 10) * power;
}

export type Zone = { from: number; to: number; tone: 'warn' | 'stop' };

/** The parts of a canvas from 0 to `top` in which a figure warns or stops. */
export function zonesOf(limits: StatsLimits | null, most: number | null, top: number): Zone[] {
  if (limits === null) return [];
  const { side, warn, stop } = limits;
  // "None at all" would shade everything while all is well.
  if (warn === 0 && (most ?? 0) <= 0) return [];
  const turn = stop ?? (side === 'floor' ? 0 : Number.POSITIVE_INFINITY);
  const zones: Zone[] =
    side === 'floor'
      ? [
          { from: turn, to: warn, tone: 'warn' },
          { from: 0, to: turn, tone: 'stop' },
        ]
      : [
          { from: warn, to: turn, tone: 'warn' },
          { from: turn, to: Number.POSITIVE_INFINITY, tone: 'stop' },
        ];
  return zones
    .map((zone) => ({ ...zone, to: Math.min(zone.to, top) }))
    .filter(({ from, to }) => from < to);
}

/** "2 510 kb/s"; null as a dash. */
export function statsText(value: number | null, { unit, decimals }: StatsFigure): string {
  if (value === null) return `– ${unit}`;
  return `${decimals === 0 ? pointsText(value) : value.toFixed(decimals)} ${unit}`;
}

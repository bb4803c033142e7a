// How a meter moves, as OBS's does: peaks at once up and 20 dB in 1.7 s down, the highest held for
// 20 s, zones that end at -20 and -9 dB. Pure; who draws it hands in the time.

import { LEVEL_FLOOR_DB, type SoundLevelReading } from '../../../core/contract/mixer.ts';

export const METER_FLOOR_DB = -60;
/** Where the middle and the upper zone begin. */
export const ZONES_DB = [-20, -9] as const;
const FALL_DB_PER_MS = 20 / 1_700;
const HELD_MS = 20_000;
/** Full scale, as levels are told: rounded to tenths. */
const CLIPS_DB = 0;

export type Needle = {
  peakDb: number;
  rmsDb: number;
  heldDb: number;
  heldAtMs: number;
};
export type MeterView = { needles: [Needle, Needle]; atMs: number; hasClipped: boolean };

export function restingMeter(): MeterView {
  const needle = () => ({
    ...{ peakDb: LEVEL_FLOOR_DB, rmsDb: LEVEL_FLOOR_DB, heldDb: LEVEL_FLOOR_DB, heldAtMs: 0 },
  });
  return { needles: [needle(), needle()], atMs: 0, hasClipped: false };
}

/** The meter at a time, with what was told then; null: nothing is heard. */
export function moved(view: MeterView, level: SoundLevelReading | null, nowMs: number): MeterView {
  const fallDb = Math.max(0, nowMs - view.atMs) * FALL_DB_PER_MS;
  const needle = (channel: 0 | 1): Needle => {
    const before = view.needles[channel];
    const told = level?.peakDb[channel] ?? LEVEL_FLOOR_DB;
    const peakDb = Math.max(told, LEVEL_FLOOR_DB, before.peakDb - fallDb);
    const isHeld = before.heldDb > told && nowMs - before.heldAtMs < HELD_MS;
    return {
      peakDb,
      rmsDb: level?.rmsDb[channel] ?? LEVEL_FLOOR_DB,
      heldDb: isHeld ? before.heldDb : told,
      heldAtMs: isHeld ? before.heldAtMs : nowMs,
    };
  };
  const clips = level?.peakDb.some((peak) => peak >= CLIPS_DB) === true;
  return {
    needles: [needle(0), needle(1)],
    atMs: nowMs,
    hasClipped: view.hasClipped || clips,
  };
}

/** How far along the meter a level is, 0 to 1. */
export function shareOf(decibels: number): number {
  return Math.min(1, Math.max(0, 1 - decibels / METER_FLOOR_DB));
}

/** The higher of both channels. */
export function highest(view: MeterView, of: 'peakDb' | 'rmsDb' | 'heldDb'): number {
  return Math.max(view.needles[0][of], view.needles[1][of]);
}

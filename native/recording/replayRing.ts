// The last minutes of the show as it was encoded: what clips and evidence are cut from. Bound by
// time and by memory; the oldest goes first. Never copies a picture and never waits.

import type { MediaTimeUs } from '../../core/base/clock.ts';
import type { Unit } from '../../core/media/feed.ts';

/** How far back one may cut, microseconds. */
export const RING_US = 120_000_000;
/** Two minutes of the best picture take 40 MB. */
export const RING_BYTES_MAX = 96 * 1024 * 1024;

export type ReplayRing = {
  /** Takes the best picture and the sound. */
  push(unit: Unit): void;
  /**
   * Units from the newest key frame at or before `fromUs` (the oldest one there is, if that is
   * later) up to and with `toUs`; empty when no picture of that time is kept.
   */
  cut(fromUs: MediaTimeUs, toUs: MediaTimeUs): Unit[];
  /** Capture time of the newest picture; 0 before the first. */
  newestUs(): MediaTimeUs;
  bytes(): number;
};

/** @param bounds for tests; else two minutes and 96 MiB */
export function createReplayRing(bounds: { us?: number; bytesMax?: number } = {}): ReplayRing {
  const { us = RING_US, bytesMax = RING_BYTES_MAX } = bounds;
  let units: Unit[] = [];
  let first = 0;
  let bytes = 0;
  let newestUs = 0;

  function forget(): void {
    for (;;) {
      const oldest = units[first];
      if (!oldest || first === units.length - 1) break;
      if (bytes <= bytesMax && newestUs - oldest.captureUs <= us) break;
      bytes -= oldest.bytes.length;
      first++;
    }
    if (first < 4_096 || first * 2 < units.length) return;
    units = units.slice(first);
    first = 0;
  }

  return {
    push(unit) {
      if (unit.layer) return;
      units.push(unit);
      bytes += unit.bytes.length;
      if (unit.track === 'video') newestUs = Math.max(newestUs, unit.captureUs);
      forget();
    },
    cut(fromUs, toUs) {
      let start = -1;
      for (let at = first; at < units.length; at++) {
        const unit = units[at];
        if (unit?.track !== 'video' || !unit.keyFrame) continue;
        if (unit.captureUs > toUs || (start >= 0 && unit.captureUs > fromUs)) break;
        start = at;
      }
      const startUs = units[start]?.captureUs;
      if (startUs === undefined) return [];
      // Sound of a picture may stand a little before it.
      return units
        .slice(Math.max(first, start - SOUNDS_BEFORE))
        .filter(({ captureUs }) => captureUs >= startUs && captureUs <= toUs);
    },
    newestUs: () => newestUs,
    bytes: () => bytes,
  };
}

const SOUNDS_BEFORE = 50;

// What of vision's knowledge is drawn over the picture, each switched by itself, and the two layers
// that need more than one frame: trails and speed. Pure. A speed is told in picture widths, because
// nobody knows how many metres the picture is wide.

import type { FrameFacts } from '../../core/wire/gen/facts_pb.js';

export const OVERLAY_LAYERS = ['boxes', 'names', 'trails', 'poses', 'speed'] as const;
export type OverlayLayer = (typeof OVERLAY_LAYERS)[number];
export type OverlayLayers = Readonly<Record<OverlayLayer, boolean>>;

export const LAYERS_AT_FIRST: OverlayLayers = {
  boxes: true,
  names: true,
  trails: false,
  poses: true,
  speed: false,
};

/** Where something was lately, oldest first; normalised to the picture, its foot or middle. */
export type Trail = { id: number; label: string; points: readonly { x: number; y: number }[] };

/** How far back a trail goes, ms. */
export const TRAIL_MS = 1500;
const POINTS_MIN = 2;

/** The ways of everything that is in the newest of these facts, given oldest first. */
export function trailsOf(facts: readonly FrameFacts[]): Trail[] {
  const trails: Trail[] = [];
  for (const { id, label } of facts.at(-1)?.tracks ?? []) {
    const points: { x: number; y: number }[] = [];
    for (const { tracks } of facts) {
      const box = tracks.find((track) => track.id === id)?.box;
      if (!box) continue;
      // People stand on their feet; a ball is where its middle is.
      const isTall = box.height > box.width * 1.2;
      const y = isTall ? box.y + box.height : box.y + box.height / 2;
      points.push({ x: box.x + box.width / 2, y });
    }
    if (points.length >= POINTS_MIN) trails.push({ id, label, points });
  }
  return trails;
}

/** Below this nothing moves: the box breathes by so much, picture widths per second. */
const STILL = 0.02;

/** Speed as words, or none where it stands: hundredths of the picture's width per second. */
export function speedText(speedWidthsPerSecond: number): string {
  if (!(speedWidthsPerSecond >= STILL)) return '';
  return `${Math.round(speedWidthsPerSecond * 100)} %/s`;
}

/** What was kept of an earlier visit; anything unknown is as at first. */
export function readLayers(text: string | null): OverlayLayers {
  const words = text?.split(',') ?? null;
  if (!words) return LAYERS_AT_FIRST;
  const chosen = OVERLAY_LAYERS.map((layer) => [layer, words.includes(layer)] as const);
  return Object.fromEntries(chosen) as OverlayLayers;
}

export function writeLayers(layers: OverlayLayers): string {
  return OVERLAY_LAYERS.filter((layer) => layers[layer]).join(',');
}

// What the address of the overlay asks for. Pure; what it does not understand counts as not said,
// because nobody reads a refusal inside OBS.

import { EVENT_CATALOGUE } from '../../core/contract/eventCatalogue.ts';
import type { OverlayWishes } from './overlayBoard.ts';

export const CORNERS = ['bottom-left', 'bottom-right', 'top-left', 'top-right'] as const;
export type Corner = (typeof CORNERS)[number];

/** What viewers should not miss; passes and possession would never stop. */
const ALERTS = 'goal highlight speedRecord rallyEnd scoreChanged objective elimination';

/** The channel in `/overlay/{channel}`; null when there is none. */
export function channelOfOverlay(path: string): string | null {
  return /^\/overlay\/([0-9a-f]{32})\/?$/.exec(path)?.[1] ?? null;
}

/** `?markets=0..4`, `?alerts=goal,highlight` or `none`, `?at=top-right`, `?scale=0.5..3`. */
export function overlayWishes(search: string): OverlayWishes & { corner: Corner; scale: number } {
  const given = new URLSearchParams(search);
  const count = Number(given.get('markets') ?? 2);
  const scale = Number(given.get('scale') ?? 1);
  const names = (given.get('alerts') ?? ALERTS).split(/[\s,]+/);
  return {
    marketsMax: Number.isInteger(count) && count >= 0 && count <= 4 ? count : 2,
    alerts: new Set(names.filter((name) => Object.hasOwn(EVENT_CATALOGUE, name))),
    corner: CORNERS.find((one) => one === given.get('at')) ?? 'bottom-left',
    scale: scale >= 0.5 && scale <= 3 ? scale : 1,
  };
}

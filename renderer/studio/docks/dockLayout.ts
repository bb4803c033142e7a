// How the docks lie: the sizes of the three places, and of each dock whether it is hidden and how
// long a person made it. Pure; `null` means "as it comes", so that a new version of the page may
// choose better and a reset is nothing but nulls.

import { z } from 'zod';

export const DOCK_PLACES = ['left', 'right', 'below'] as const;
export type DockPlace = (typeof DOCK_PLACES)[number];

/** CSS pixels; what is outside is somebody else's text. */
const sizePx = z.number().int().min(0).max(8_000).nullable();
const kept = z.strictObject({ isHidden: z.boolean().nullable(), sizePx });

export const dockLayoutSchema = z.strictObject({
  version: z.literal(1),
  places: z.strictObject({ left: sizePx, right: sizePx, below: sizePx }),
  /** By id. Docks of another version of the page are kept and ignored. */
  docks: z.record(z.string().min(1).max(40), kept),
});
export type DockLayout = z.infer<typeof dockLayoutSchema>;

export const FIRST_LAYOUT: DockLayout = {
  version: 1,
  places: { left: null, right: null, below: null },
  docks: {},
};

const AS_IT_COMES = { isHidden: null, sizePx: null };

/** Narrower than this a place shows nothing that can be read, CSS pixels. */
export const PLACE_SIZE_PX_MIN: Record<DockPlace, number> = { left: 200, right: 260, below: 72 };
/** The share of the window that a place may take: the picture keeps the rest. */
export const PLACE_SHARE_MAX: Record<DockPlace, number> = { left: 0.36, right: 0.4, below: 0.5 };
/** A dock's own length within its place, CSS pixels. */
export const DOCK_SIZE_PX_MIN = 72;

export function isHidden(layout: DockLayout, dock: { id: string; startsHidden?: boolean }) {
  return layout.docks[dock.id]?.isHidden ?? dock.startsHidden ?? false;
}

export function dockSizePx(layout: DockLayout, id: string): number | null {
  return layout.docks[id]?.sizePx ?? null;
}

export function withPlaceSize(
  layout: DockLayout,
  place: DockPlace,
  sizePx: number | null,
): DockLayout {
  const size = sizePx === null ? null : Math.max(PLACE_SIZE_PX_MIN[place], Math.round(sizePx));
  return { ...layout, places: { ...layout.places, [place]: size } };
}

export function withDockSize(layout: DockLayout, id: string, sizePx: number | null): DockLayout {
  const size = sizePx === null ? null : Math.max(DOCK_SIZE_PX_MIN, Math.round(sizePx));
  const dock = { ...(layout.docks[id] ?? AS_IT_COMES), sizePx: size };
  return { ...layout, docks: { ...layout.docks, [id]: dock } };
}

export function withHidden(layout: DockLayout, id: string, isHidden: boolean): DockLayout {
  const dock = { ...(layout.docks[id] ?? AS_IT_COMES), isHidden };
  return { ...layout, docks: { ...layout.docks, [id]: dock } };
}

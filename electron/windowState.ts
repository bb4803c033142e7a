// Where the studio's window was, kept over restarts. A file that does not read, is of another
// version, or puts the window where no screen is any more gives the default place instead.

import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { z } from 'zod';

/** Smallest window in which nothing is cut off. */
export const WINDOW_SIZE_MIN = { width: 1024, height: 640 } as const;
const WINDOW_SIZE = { width: 1440, height: 900 } as const;
/** So much of the title bar must be on a screen for a hand to get hold of it. */
const GRIP = 64;

const edge = z.number().int().min(-32_768).max(32_768);
const boundsSchema = z.strictObject({
  x: edge,
  y: edge,
  width: z.number().int().min(WINDOW_SIZE_MIN.width).max(16_384),
  height: z.number().int().min(WINDOW_SIZE_MIN.height).max(16_384),
});
export type Bounds = z.infer<typeof boundsSchema>;

const windowStateSchema = z.strictObject({
  version: z.literal(1),
  /** Null: the system places it. */
  bounds: boundsSchema.nullable(),
  isMaximized: z.boolean(),
  /** Whether captures of the screen leave the window out. */
  isProtected: z.boolean(),
});
export type WindowState = z.infer<typeof windowStateSchema>;

export const DEFAULT_WINDOW: WindowState = {
  version: 1,
  bounds: null,
  isMaximized: false,
  isProtected: true,
};

/** @param areas work areas of the screens that are there now */
export function readWindowState(file: string, areas: readonly Bounds[]): WindowState {
  let data: unknown;
  try {
    data = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return DEFAULT_WINDOW;
  }
  const parsed = windowStateSchema.safeParse(data);
  if (!parsed.success) return DEFAULT_WINDOW;
  const { bounds } = parsed.data;
  const isInSight = bounds !== null && areas.some((area) => isGrippable(bounds, area));
  return isInSight ? parsed.data : { ...parsed.data, bounds: null };
}

function isGrippable(bounds: Bounds, area: Bounds): boolean {
  const right = Math.min(bounds.x + bounds.width, area.x + area.width);
  const width = right - Math.max(bounds.x, area.x);
  return (
    width >= GRIP && bounds.y >= area.y - GRIP / 2 && bounds.y <= area.y + area.height - GRIP / 2
  );
}

/** Keeps it; a disk that takes nothing costs a remembered place and nothing else. */
export function writeWindowState(file: string, state: WindowState): void {
  try {
    writeFileSync(`${file}.tmp`, `${JSON.stringify(state)}\n`, { mode: 0o600 });
    renameSync(`${file}.tmp`, file);
  } catch {
    // The window opens at its default place next time.
  }
}

/** Size and place for the window's options. */
export function placeOfWindow({ bounds }: WindowState) {
  return bounds ?? WINDOW_SIZE;
}

// Where a file or a playlist is, and what may be asked of it. The position is told with the moment
// at which it held; a page counts on from there by itself, so that playing costs no messages.

import { z } from 'zod';

const count = z.number().int().nonnegative();

export const playbackSchema = z.object({
  /** The last picture is held; nobody may bet. */
  isPaused: z.boolean(),
  /** Place in the entry at `atUs` of the media clock; from there it goes on in real time. */
  positionMs: count,
  atUs: count,
  /** Null: the file does not say how long it is. At its end it goes on from its beginning. */
  lengthMs: count.nullable(),
  /** Which of a playlist's entries plays, from 1; a file alone is the first of one. */
  entry: z.number().int().positive(),
  entries: z.number().int().positive(),
  /** What a person calls the entry. */
  title: z.string(),
});
export type Playback = z.infer<typeof playbackSchema>;

export const positionSchema = z.strictObject({
  /** From the beginning of what plays. */
  positionMs: z.number().int().min(0).max(604_800_000),
});
export const skipSchema = z.strictObject({ to: z.enum(['next', 'previous']) });

/** Position in what plays, ms, at a moment of the media clock. */
export function positionAt(playback: Playback, nowUs: number): number {
  const { isPaused, positionMs, atUs, lengthMs } = playback;
  if (isPaused) return positionMs;
  const playedMs = positionMs + Math.max(0, (nowUs - atUs) / 1000);
  return lengthMs !== null && lengthMs > 0 ? playedMs % lengthMs : playedMs;
}

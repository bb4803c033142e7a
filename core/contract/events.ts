// Game events as they travel: the schema that every one of them is checked by. What types there
// are stands in eventCatalogue.ts.

import { z } from 'zod';
import { EVENT_CATALOGUE, type EventType } from './eventCatalogue.ts';

export { EVENT_CATALOGUE, type EventType, isSameEvent } from './eventCatalogue.ts';

export const eventTypeSchema = z.enum(Object.keys(EVENT_CATALOGUE) as [EventType, ...EventType[]]);

/** One thing that happened in the picture, judged from pixels or told by a game. */
export const gameEventSchema = z.object({
  id: z.string().min(1).max(64),
  type: eventTypeSchema,
  /** Capture time of the frame on which it happened (t_cap), media clock, microseconds. */
  captureUs: z.number().int().nonnegative(),
  rtpTimestamp: z.number().int().min(0).max(0xffff_ffff),
  /** When it was known, media clock, microseconds. */
  detectedUs: z.number().int().nonnegative(),
  /** 0..1 */
  confidence: z.number().min(0).max(1),
  /** One sentence that names the evidence. */
  why: z.string().max(300),
  /** Which line, zone or side, in the pack's words; empty when there is none. */
  subject: z.string().max(60),
  trackIds: z.array(z.number().int().nonnegative()).max(32),
  /** Of a highlight: how unusual, by what, and which part of the show to show again. */
  score: z.number().nonnegative().optional(),
  reasons: z.array(z.string().max(60)).max(8).optional(),
  replay: z
    .object({ fromUs: z.number().int().nonnegative(), toUs: z.number().int().nonnegative() })
    .optional(),
});
export type GameEvent = z.infer<typeof gameEventSchema>;

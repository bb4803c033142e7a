// What user interfaces see of the moments of a show: the events that happened, and of each one its
// picture, what vision knew on that frame and the clip that shows it. A part of operations.ts.

import { z } from 'zod';
import { type EventType, gameEventSchema } from './events.ts';

const staff = ['owner', 'coHost', 'moderator'] as const;
const query = 'query' as const;

/** Events that one call fetches. */
export const TIMELINE_PAGE_MAX = 1_000;
/** Events that a studio, and a page, keeps of its show; the oldest go first. */
export const TIMELINE_KEPT_MAX = 10_000;

/** Events that get their picture without being asked for one. */
export const PICTURED: ReadonlySet<EventType> = new Set([
  ...(['goal', 'highlight', 'shot', 'kickOff', 'scoreChanged', 'objective'] as const),
  ...(['elimination', 'lineCrossed', 'zoneEntered', 'rallyEnd', 'speedRecord'] as const),
]);

export const momentViewSchema = z.strictObject({
  /** A small JPEG of the frame, base64; empty: there is none. */
  still: z.string(),
  /** `sealed`: the owner does not allow it; `gone`: nobody asked in time; `none`: none was made. */
  stillState: z.enum(['made', 'sealed', 'gone', 'none']),
  /** What vision knew by then: lines of docs/facts.md; empty when that is not kept any more. */
  lines: z.array(z.string()),
  /** File of the clip that shows it; empty: there is none. */
  clip: z.string(),
});
export type MomentView = z.infer<typeof momentViewSchema>;

export const timelineOperations = {
  timeline: {
    /** Newest last, captured before a time; null: the newest ones. */
    events: {
      kind: query,
      args: z.strictObject({
        beforeUs: z.number().int().nonnegative().nullable(),
        limit: z.number().int().min(1).max(TIMELINE_PAGE_MAX),
      }),
      result: z.array(gameEventSchema),
      roles: staff,
    },
    /** The picture of an event is made when somebody first asks, within two minutes. */
    moment: {
      kind: query,
      args: z.strictObject({ eventId: z.string().min(1).max(64) }),
      result: momentViewSchema,
      roles: staff,
    },
  },
} as const;

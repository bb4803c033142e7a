// What a report of a show holds: how it went, who watched with what delay, what was bet, what
// happened and what broke. No name of a viewer, no address and no key stands in it. Every list has
// a bound; what did not fit is counted.

import { z } from 'zod';
import { eventTypeSchema } from './events.ts';

const count = z.number().int().nonnegative();
const figure = z.number().nonnegative().nullable();

/** Points of a curve at most; a longer show has longer periods. */
export const REPORT_SAMPLES_MAX = 240;
export const REPORT_EVENTS_MAX = 200;
export const REPORT_WARNINGS_MAX = 50;
export const REPORT_SUSPENSIONS_MAX = 16;
export const REPORT_MARKETS_MAX = 200;
/** Shows whose reports are kept. */
export const REPORTS_MAX = 100;

/** One period of a show. */
export const reportSampleSchema = z.object({
  /** Its end, seconds since the show began. */
  atS: z.number().nonnegative(),
  viewers: z.number().nonnegative(),
  /** Frame made -> presented at viewers; null: nobody told it. */
  delayP50Ms: figure,
  delayP95Ms: figure,
  kilobits: figure,
  roundTripMs: figure,
  framesDropped: count,
});
export type ReportSample = z.infer<typeof reportSampleSchema>;

export const reportEventSchema = z.object({
  atS: z.number(),
  type: eventTypeSchema,
  confidence: z.number().min(0).max(1),
  why: z.string().max(300),
});
export type ReportEvent = z.infer<typeof reportEventSchema>;

export const reportHealthSchema = z.object({
  /** Times that each went away and came back while the show was live. */
  restarts: z.object({ engine: count, vision: count, relay: count, ledger: count }),
  warnings: z.array(
    z.object({ atS: z.number(), severity: z.enum(['warn', 'stop']), text: z.string().max(500) }),
  ),
  warningsMore: count,
  /** Why nobody could bet, how often and how long in all. */
  suspensions: z.array(
    z.object({ reason: z.string().max(300), times: count, seconds: z.number().nonnegative() }),
  ),
});
export type ReportHealth = z.infer<typeof reportHealthSchema>;

export const reportMarketSchema = z.object({
  id: z.string(),
  title: z.string(),
  atS: z.number(),
  state: z.enum(['OPEN', 'LOCKED', 'RESOLVED', 'VOID']),
  /** What won, in words; empty: nothing did. */
  outcome: z.string(),
  /** Stakes that stand, minor points, and by how many bettors. */
  stakedMinor: count,
  bettors: count,
  paidMinor: count,
  /** Bets undone by the media-clock rule. */
  voidedBets: count,
  /** Who decided it first; null: nobody did, or the studio was restarted meanwhile. */
  by: z.enum(['picture', 'person']).nullable(),
  /** How often its decision was taken anew by hand. */
  corrections: count,
});
export type ReportMarket = z.infer<typeof reportMarketSchema>;

export const showReportSchema = z.object({
  id: z.string(),
  title: z.string(),
  /** Wall clock, ms since 1970. */
  startedMs: count,
  /** `interrupted`: the studio ended before anybody ended the show. */
  state: z.enum(['running', 'ended', 'interrupted']),
  seconds: z.number().nonnegative(),
  viewersPeak: count,
  viewersMean: z.number().nonnegative(),
  delayP50Ms: figure,
  delayP95Ms: figure,
  kilobitsMean: figure,
  roundTripMs: figure,
  framesDropped: count,
  samples: z.array(reportSampleSchema).max(REPORT_SAMPLES_MAX),
  events: z.array(reportEventSchema).max(REPORT_EVENTS_MAX),
  eventsMore: count,
  health: reportHealthSchema,
  /** As the ledger has them now, oldest first; null: it is away. */
  markets: z.array(reportMarketSchema).max(REPORT_MARKETS_MAX).nullable(),
  /** That there were more markets than are listed. */
  hasMoreMarkets: z.boolean(),
  /** The journal now, and how much of it no relay has acknowledged. */
  ledger: z.object({ seq: count, hash: z.string(), notCopied: count }),
});
export type ShowReport = z.infer<typeof showReportSchema>;

export const reportLineSchema = showReportSchema.pick({
  ...{ id: true, title: true, startedMs: true, state: true, seconds: true, viewersPeak: true },
});
export type ReportLine = z.infer<typeof reportLineSchema>;

const hosts = ['owner', 'coHost'] as const;
const query = 'query' as const;

export const reportOperations = {
  reports: {
    /** The shows that were, newest first; one that is live stands first. */
    list: {
      kind: query,
      args: z.strictObject({}),
      result: z.array(reportLineSchema).max(REPORTS_MAX + 1),
      roles: hosts,
    },
    read: {
      kind: query,
      args: z.strictObject({ id: z.string().regex(/^\d{1,16}$/, 'is a number') }),
      result: showReportSchema,
      roles: hosts,
    },
  },
} as const;

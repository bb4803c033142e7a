// What user interfaces see of the fairness of a market: before it opens, how late its viewers see
// the picture against its window and guard; afterwards, when its bets arrived and which went back.
// Counts in buckets, never one line per viewer: who is slow is nobody's business.

import { z } from 'zod';

const count = z.number().int().nonnegative();
const timeUs = z.number().int().nonnegative();
const delayMs = z.number().nonnegative().nullable();

/** Columns of a scope at most. */
export const SCOPE_COLUMNS_MAX = 48;

export const fairnessScopeSchema = z.object({
  /** Connected, and those of them whose page told its delay within the last seconds. */
  viewers: count,
  measured: count,
  /** Frame made -> presented, ms; null while nobody is measured. */
  fastestMs: delayMs,
  medianMs: delayMs,
  p95Ms: delayMs,
  slowestMs: delayMs,
  /** See the opening while a bet still stands, even if the moment comes right at the lock. */
  inTime: count,
  /** See it so late that a bet is taken, and goes back if the moment comes right at the lock. */
  inGuard: count,
  /** See it after the last bet was taken. */
  refused: count,
  /** Have less than `decideSeconds` to choose before the guard begins. */
  hurried: count,
  decideSeconds: z.number().positive(),
  /** The shortest window that leaves so long to 95 of 100; null while nobody is measured. */
  windowFitsSeconds: z.number().nonnegative().nullable(),
  /** Viewers by delay, on the scale of `placeOfDelay`; empty ones at the end are left out. */
  columns: z.array(count).max(SCOPE_COLUMNS_MAX),
});
export type FairnessScope = z.infer<typeof fairnessScopeSchema>;

export const arrivalsSchema = z.object({
  opensAtUs: timeUs,
  lockAtUs: timeUs,
  /** Capture time that cut the market, and from where on bets went back; null: nothing cut it. */
  tCapUs: timeUs.nullable(),
  cutoffUs: timeUs.nullable(),
  /** Where the last column ends; the first one begins at `opensAtUs`. */
  endUs: timeUs,
  bets: count,
  stood: count,
  /** Arrived at or after the cut-off. */
  late: count,
  withdrawn: count,
  /** Guests held more of the pool than the rules allow. */
  guestShare: count,
  /** The market was void, or nobody had won. */
  returned: count,
  /** Not decided yet. */
  waiting: count,
  /** Of equal length; `back` are all that went back for another reason than being late. */
  columns: z.array(z.object({ stood: count, late: count, back: count })).max(SCOPE_COLUMNS_MAX),
});
export type Arrivals = z.infer<typeof arrivalsSchema>;

const staff = ['owner', 'coHost', 'moderator'] as const;
const query = 'query' as const;

export const fairnessOperations = {
  fairness: {
    /** Whether the viewers who watch now could bet in a market of this window and guard. */
    before: {
      kind: query,
      args: z.strictObject({
        betWindowSeconds: z.number().min(3).max(1800),
        guardMs: z.number().int().min(0).max(10_000),
      }),
      result: fairnessScopeSchema,
      roles: staff,
    },
    /** When the bets of a market arrived, and which went back, by the ledger's rows. */
    after: {
      kind: query,
      args: z.strictObject({ marketId: z.string() }),
      result: arrivalsSchema,
      roles: staff,
    },
  },
} as const;

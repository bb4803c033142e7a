// What was: every bet and every market that no longer takes bets, newest first, in pages that the
// ledger answers; a part of operations.ts. A page may be empty and still not be the last: a search
// looks at so much at a time, and `next…` says where it goes on.

import { z } from 'zod';
import { marketViewSchema } from './state.ts';

const staff = ['owner', 'coHost', 'moderator'] as const;
const query = 'query' as const;
const amountMinor = z.number().int().nonnegative();
const subject = z.string().regex(/^[0-9a-f]{32}$/, 'is 32 digits and letters a to f');
/** Looked for in questions, outcomes and names; empty: everything. */
const words = z.string().max(100);

/** Most bets or markets of one page. */
export const HISTORY_PAGE_MAX = 100;
const limit = z.number().int().min(1).max(HISTORY_PAGE_MAX);

export const pastBetSchema = z.object({
  /** Row of the journal: its place in the list. */
  seq: z.number().int().positive(),
  betId: z.string(),
  subject,
  /** As the crew sees them in the chat. */
  name: z.string(),
  marketId: z.string(),
  question: z.string(),
  /** Index of the outcome, for its mark. */
  outcome: z.number().int().nonnegative(),
  outcomeLabel: z.string(),
  amountMinor,
  result: z.enum(['PENDING', 'WON', 'LOST', 'REFUNDED']),
  paidMinor: amountMinor,
  atMs: z.number().int().nonnegative(),
});
export type PastBet = z.infer<typeof pastBetSchema>;

export const historyOperations = {
  history: {
    /** Of everybody; of one person or in one market where they are named. */
    bets: {
      kind: query,
      args: z.strictObject({
        beforeSeq: z.number().int().positive().nullable(),
        limit,
        words,
        subject: subject.nullable(),
        marketId: z.string().max(64).nullable(),
      }),
      result: z.object({
        bets: z.array(pastBetSchema),
        /** Null: there is nothing older. */
        nextSeq: z.number().int().positive().nullable(),
      }),
      roles: staff,
    },
    /** Locked, resolved and void ones. */
    markets: {
      kind: query,
      args: z.strictObject({
        beforeOpensAtUs: z.number().int().nonnegative().nullable(),
        limit,
        words,
      }),
      result: z.object({
        markets: z.array(marketViewSchema),
        nextOpensAtUs: z.number().int().nonnegative().nullable(),
      }),
      roles: staff,
    },
  },
} as const;

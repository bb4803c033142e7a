// What the moderators' panel asks for beside people and chat; a part of operations.ts.

import { z } from 'zod';
import { auditPageSchema, decisionEffectSchema, personCardSchema } from './moderation.ts';

const nothing = z.strictObject({});
const staff = ['owner', 'coHost', 'moderator'] as const;
const command = 'command' as const;
const query = 'query' as const;
const id = z.string().regex(/^[0-9a-f]{32}$/, 'is 32 digits and letters a to f');

export const moderationOperations = {
  moderation: {
    /** Who did what, newest first; `words` are looked for in names, acts, reasons and questions. */
    audit: {
      kind: query,
      args: z.strictObject({
        beforeSeq: z.number().int().positive().nullable(),
        limit: z.number().int().min(1).max(100),
        words: z.string().max(100),
      }),
      result: auditPageSchema,
      roles: staff,
    },
    /** All that is known of one person. */
    card: {
      kind: query,
      args: z.strictObject({ subject: id }),
      result: personCardSchema,
      roles: staff,
    },
    /** For the whole crew to read; the same note id again changes nothing. */
    note: {
      kind: command,
      args: z.strictObject({
        noteId: id,
        subject: id,
        text: z.string().trim().min(1).max(500),
      }),
      result: nothing,
      roles: staff,
    },
    removeNote: {
      kind: command,
      args: z.strictObject({ noteId: id }),
      result: nothing,
      roles: staff,
    },
    /** Least time between two messages of one viewer, seconds; 0: only the usual limits. */
    setSlow: {
      kind: command,
      args: z.strictObject({ seconds: z.number().int().min(0).max(600) }),
      result: nothing,
      roles: staff,
    },
    /** What deciding a market so would do to which account, computed and not done. */
    effect: {
      kind: query,
      args: z.strictObject({
        marketId: z.string(),
        /** Null: void. */
        outcome: z.number().int().nonnegative().nullable(),
        /** Of a correction: capture time that cuts the bets, microseconds; null keeps the old. */
        tCapUs: z.number().int().nonnegative().nullable(),
      }),
      result: decisionEffectSchema,
      roles: staff,
    },
  },
} as const;

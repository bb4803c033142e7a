// What moderators see beside chat and sanctions: who did what, all that is known of one person, and
// what a decision would do to the money before it is taken. Names stand here because the crew reads
// them; the journal holds pseudonyms only.

import { z } from 'zod';
import { chatLineSchema, fraudSignalSchema, sanctionSchema } from './people.ts';
import { roleSchema } from './roles.ts';

const timeMs = z.number().int().nonnegative();
const amountMinor = z.number().int().nonnegative();
const id = z.string().regex(/^[0-9a-f]{32}$/, 'is 32 digits and letters a to f');

export const auditEntrySchema = z.object({
  /** Row of the journal; 0: not kept there. */
  seq: z.number().int().nonnegative(),
  atMs: timeMs,
  role: roleSchema,
  /** Pseudonym of the device or machine that acted. */
  actor: z.string(),
  /** What the owner called them at the invitation; empty: nothing. */
  name: z.string(),
  /** `market.resolved`, `chat.removed`, `person.timedOut`: the kind of act. */
  act: z.string(),
  /** A market, a person, a message or an invitation; empty: the whole room. */
  target: z.string(),
  /** The market's question, or the person's name where it is known. */
  about: z.string(),
  /** The outcome, for a decision; empty otherwise. */
  outcome: z.string(),
  reason: z.string(),
});
export type AuditEntry = z.infer<typeof auditEntrySchema>;

export const auditPageSchema = z.object({
  /** Newest first. */
  entries: z.array(auditEntrySchema),
  /** Where to go on; null: there is nothing older. */
  nextSeq: z.number().int().positive().nullable(),
});

export const personNoteSchema = z.object({
  noteId: id,
  text: z.string(),
  atMs: timeMs,
  /** Who wrote it, as the crew knows them. */
  author: z.string(),
});
export type PersonNote = z.infer<typeof personNoteSchema>;

export const personCardSchema = z.object({
  subject: id,
  name: z.string(),
  role: roleSchema,
  isHere: z.boolean(),
  isSignedIn: z.boolean(),
  availableMinor: amountMinor,
  stakedMinor: amountMinor,
  debtMinor: amountMinor,
  /** Newest last. */
  lines: z.array(chatLineSchema),
  /** Newest first. */
  bets: z.array(
    z.object({
      betId: z.string(),
      marketTitle: z.string(),
      outcomeLabel: z.string(),
      amountMinor,
      result: z.enum(['PENDING', 'WON', 'LOST', 'REFUNDED']),
      paidMinor: amountMinor,
    }),
  ),
  /** Those that hold, newest first. */
  sanctions: z.array(sanctionSchema),
  signals: z.array(fraudSignalSchema),
  notes: z.array(personNoteSchema),
  /** What the crew did about them, newest first. */
  acts: z.array(auditEntrySchema),
});
export type PersonCard = z.infer<typeof personCardSchema>;

/** Accounts told one by one; the rest stands in the sums. */
export const EFFECT_ACCOUNTS_MAX = 50;

export const decisionEffectSchema = z.object({
  /** `correction`: it was decided before, and the difference moves. */
  kind: z.enum(['decision', 'correction']),
  settlement: z.enum(['paid', 'refund', 'void']),
  /** Comes to bettors: winnings, stakes that go back. */
  givenMinor: amountMinor,
  /** To so many accounts. */
  givenCount: z.number().int().nonnegative(),
  /** Is taken back from them; nothing in a first decision. */
  takenMinor: amountMinor,
  /** What they spent meanwhile and then owe. */
  owedMinor: amountMinor,
  /** The house's part, from its share and its budget; negative: it pays. */
  houseMinor: z.number().int(),
  accountCount: z.number().int().nonnegative(),
  /** Largest first, at most EFFECT_ACCOUNTS_MAX. */
  accounts: z.array(
    z.object({
      subject: z.string(),
      stakedMinor: amountMinor,
      /** What can be staked afterwards, against now. */
      changeMinor: z.number().int(),
      owedMinor: amountMinor,
    }),
  ),
});
export type DecisionEffect = z.infer<typeof decisionEffectSchema>;

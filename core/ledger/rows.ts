// The kinds of journal rows. A row never holds a name, an address or free text: texts stand beside
// the journal and rows carry their salted hashes, so that erasing a text leaves the chain whole.
// Kinds and fields are added, never renamed; a reader meets every row ever written.

import { z } from 'zod';
import { roleSchema } from '../contract/roles.ts';
import { type CanonicalValue, canonicalBytes } from './canonical.ts';

const accountSchema = z.string().regex(/^(house|house:rake|user:[A-Za-z0-9_-]+|escrow:[\w-]+)$/);
/** Minor points as decimal text: at most 15 digits, so that sums of ours stay below 2^53. */
const amountSchema = z.string().regex(/^[1-9][0-9]{0,14}$/);
const timeUs = z.number().int().nonnegative();
const marketSchema = z.string().regex(/^[\w-]{1,64}$/);
const textHash = z.string().regex(/^([0-9a-f]{64})?$/);

const base = {
  /** Media clock, microseconds: arrival for a bet, the engine's now for everything else. */
  at: timeUs,
  /** Unique in the journal. Bets carry the viewer's own id. */
  id: z.string().min(1).max(120),
  seq: z.number().int().positive(),
};
/** Points leave `dr` and reach `cr`. */
const transfer = { ...base, amount: amountSchema, dr: accountSchema, cr: accountSchema };
/** A privileged act: who (a pseudonym), in which role, and why (hash of the text, or empty). */
const act = {
  ...base,
  actor: z.string().regex(/^[\w-]{1,64}$/),
  role: roleSchema,
  reason: textHash,
};
const evidenceSchema = z.strictObject({
  captureUs: timeUs,
  confidencePermille: z.number().int().min(0).max(1000),
  detectedUs: timeUs,
  event: z.string().max(64),
  type: z.string().max(40),
});

export const rowSchema = z.discriminatedUnion('kind', [
  /** First row of a journal. */
  z.strictObject({
    ...base,
    kind: z.literal('ledger.opened'),
    channel: z.string().min(1).max(64),
    epoch: z.number().int().positive(),
    ledger: z.string().regex(/^[0-9a-f]{32}$/),
    version: z.literal(1),
  }),
  z.strictObject({ ...transfer, kind: z.literal('grant') }),
  z.strictObject({
    ...act,
    kind: z.literal('market.opened'),
    market: marketSchema,
    /** Hash of the rules, whose text stands beside the journal. */
    rules: z.string().regex(/^[0-9a-f]{64}$/),
    outcomes: z.number().int().min(2).max(10),
    opensAt: timeUs,
    lockAt: timeUs,
    horizonAt: timeUs,
    deadlineAt: timeUs,
    guardMs: z.number().int().nonnegative(),
    rakeBasisPoints: z.number().int().nonnegative(),
  }),
  z.strictObject({
    ...act,
    kind: z.literal('market.locked'),
    market: marketSchema,
    /** Capture time that cut the market; null when a person or the clock locked it. */
    tCap: timeUs.nullable(),
    /** Bets that arrived at or after this are void; null when nothing cut. */
    cutoff: timeUs.nullable(),
  }),
  z.strictObject({
    ...act,
    kind: z.literal('market.resolved'),
    market: marketSchema,
    outcome: z.number().int().nonnegative(),
    evidence: evidenceSchema.nullable(),
    /** paid: winners share; refund: every stake goes back (nobody won, or one bettor). */
    settlement: z.enum(['paid', 'refund']),
  }),
  z.strictObject({ ...act, kind: z.literal('market.voided'), market: marketSchema }),
  /** Pending: reserves the stake. Its fields are those of vector HV1, no more. */
  z.strictObject({
    ...transfer,
    kind: z.literal('bet'),
    outcome: z.number().int().nonnegative(),
  }),
  z.strictObject({ ...transfer, kind: z.literal('post'), pending: z.string() }),
  z.strictObject({
    ...transfer,
    kind: z.literal('void'),
    pending: z.string(),
    why: z.enum(['LATE_MEDIA', 'MARKET_VOID', 'REFUND']),
  }),
  z.strictObject({ ...transfer, kind: z.literal('payout'), bet: z.string() }),
  z.strictObject({ ...transfer, kind: z.literal('rake') }),
  /** Any other privileged act (roles, limits, suspensions). */
  z.strictObject({
    ...act,
    kind: z.literal('act'),
    act: z.string().regex(/^[a-zA-Z.]{1,60}$/),
    target: z.string().max(64),
  }),
]);
export type Row = z.infer<typeof rowSchema>;
export type RowOf<Kind extends Row['kind']> = Extract<Row, { kind: Kind }>;

/** The bytes of a row that are stored and hashed. */
export function rowBytes(row: Row): Uint8Array {
  return canonicalBytes(row as CanonicalValue);
}

const decoder = new TextDecoder('utf-8', { fatal: true });

/** Reads a stored row. Throws (ZodError, SyntaxError, TypeError) when it is none of ours. */
export function parseRow(bytes: Uint8Array): Row {
  return rowSchema.parse(JSON.parse(decoder.decode(bytes)));
}

export const HOUSE = 'house';
export const HOUSE_RAKE = 'house:rake';

/** Account of a viewer. */
export function userAccount(subject: string): string {
  return `user:${subject}`;
}

/** Account that holds the stakes of a market until it is settled. */
export function escrowAccount(market: string): string {
  return `escrow:${market}`;
}

/** The part of an account's name after the colon. */
export function accountOwner(account: string): string {
  return account.slice(account.indexOf(':') + 1);
}

// The kinds of journal rows. A row never holds a name, an address or free text: texts stand beside
// the journal and rows carry their salted hashes, so that erasing a text leaves the chain whole.
// Kinds and fields are added, never renamed; a reader meets every row ever written.

import { z } from 'zod';
import { roleSchema } from '../contract/roles.ts';
import { type CanonicalValue, canonicalText } from './canonical.ts';
import { policySchema } from './policy.ts';

const accountSchema = z
  .string()
  .regex(
    /^(house|house:rake|house:subsidy|user:[A-Za-z0-9_-]+|debt:[A-Za-z0-9_-]+|escrow:[\w-]+)$/,
  );
/** Minor points as decimal text: at most 15 digits, so that sums of ours stay below 2^53. */
const amountSchema = z.string().regex(/^[1-9][0-9]{0,14}$/);
const timeUs = z.number().int().nonnegative();
const marketSchema = z.string().regex(/^[\w-]{1,64}$/);
/** Thousandths of a share, decimal text. */
const sharesSchema = amountSchema;
/** Why a stake went back to its bettor. */
export const voidWhySchema = z.enum([
  'LATE_MEDIA',
  'MARKET_VOID',
  'REFUND',
  'WITHDRAWN',
  /** Guests held more of the pool than the rules allow. */
  'GUEST_SHARE',
]);
const subjectSchema = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);
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

/** What a viewer does with a bet after placing it, and the side of a bet that has a price. */
const positionRows = [
  /** Asked for; the stake goes back when the market ends, unless the picture came first. */
  z.strictObject({ ...base, kind: z.literal('withdraw'), bet: z.string() }),
  /** How many shares the bet before it bought. */
  z.strictObject({ ...base, kind: z.literal('fill'), bet: z.string(), shares: sharesSchema }),
  /** Pending: shares sold back for `amount`, which is paid when the market ends. */
  z.strictObject({
    ...transfer,
    kind: z.literal('sell'),
    bet: z.string(),
    shares: sharesSchema,
  }),
  /** Pays a sale that stands. */
  z.strictObject({ ...transfer, kind: z.literal('proceeds'), sale: z.string() }),
  /** What the house puts into a market with prices; such a row makes it one. */
  z.strictObject({ ...transfer, kind: z.literal('subsidy') }),
  /** What is left of it at the end. */
  z.strictObject({ ...transfer, kind: z.literal('residue') }),
] as const;

/** A decision made anew, always by new transfers. */
const correctionRows = [
  z.strictObject({
    ...act,
    kind: z.literal('market.extended'),
    market: marketSchema,
    lockAt: timeUs,
    deadlineAt: timeUs,
  }),
  z.strictObject({
    ...act,
    kind: z.literal('market.corrected'),
    market: marketSchema,
    /** Null: the market is void now. */
    outcome: z.number().int().nonnegative().nullable(),
    tCap: timeUs.nullable(),
    /** In force from here on, earlier or later than before. */
    cutoff: timeUs.nullable(),
    settlement: z.enum(['paid', 'refund', 'void']),
    revision: z.number().int().positive(),
  }),
  /** The new fate of one bet; `paid` is all that it brought, in decimal text. */
  z.strictObject({
    ...base,
    kind: z.literal('recount'),
    bet: z.string(),
    why: voidWhySchema.nullable(),
    paid: z.string().regex(/^(0|[1-9][0-9]{0,14})$/),
  }),
  /** Moves the difference; `bet` is empty when it is the house's. */
  z.strictObject({
    ...transfer,
    kind: z.literal('adjust'),
    market: marketSchema,
    bet: z.string(),
  }),
  /** A viewer pays off what was corrected after it had been spent. */
  z.strictObject({ ...transfer, kind: z.literal('repay') }),
] as const;

const limitRows = [
  /** In force from here on; before the first such row it is FIRST_POLICY. */
  z.strictObject({ ...act, kind: z.literal('policy'), policy: policySchema }),
  /** A viewer's own limit; `value` null lifts it. In force from `from`. */
  z.strictObject({
    ...base,
    kind: z.literal('limit'),
    subject: subjectSchema,
    limit: z.enum(['stakeDay', 'lossDay', 'pausedUntil', 'excludedUntil']),
    value: z.number().int().nonnegative().nullable(),
    from: timeUs,
  }),
  z.strictObject({
    ...act,
    kind: z.literal('ban'),
    subject: subjectSchema,
    isBanned: z.boolean(),
  }),
  /** A viewer who runs the show, or may decide one market, and so may not bet there. */
  z.strictObject({
    ...act,
    kind: z.literal('staff'),
    subject: subjectSchema,
    /** Empty: all markets. */
    market: z.string().regex(/^[\w-]{0,64}$/),
    isStaff: z.boolean(),
  }),
] as const;

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
    /** Most of the pool that guests may hold; absent: any part. */
    guestShareBasisPoints: z.number().int().min(0).max(9_999).optional(),
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
    why: voidWhySchema,
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
  /** What decided a market lies in a sealed file of this SHA-256; it may go, this stays. */
  z.strictObject({
    ...act,
    kind: z.literal('evidence'),
    market: marketSchema,
    file: z.string().regex(/^[0-9a-f]{64}$/),
    /** Capture time of the deciding frame, and its number in the clip. */
    captureUs: timeUs,
    frame: z.number().int().nonnegative(),
  }),
  ...positionRows,
  ...correctionRows,
  ...limitRows,
]);
export type Row = z.infer<typeof rowSchema>;
export type RowOf<Kind extends Row['kind']> = Extract<Row, { kind: Kind }>;

/** The bytes of a row that are stored and hashed. */
export function rowBytes(row: Row): Uint8Array {
  return encoder.encode(rowText(row));
}

const encoder = new TextEncoder();
/** A key of a row and what stands before its value. */
type Column = { key: string; head: string };
/** Kind -> its keys in canonical order, as the first row of that kind had them. */
const COLUMNS = new Map<string, readonly Column[]>();
/** Texts that JSON writes as they are. */
const PLAIN = /^[\w:.-]*$/;

/** The canonical text of a row: as canonicalText, without sorting the keys of every row. */
export function rowText(row: Row): string {
  const fields = row as unknown as Record<string, CanonicalValue>;
  let columns = COLUMNS.get(row.kind);
  if (!columns) {
    columns = columnsOf(row);
    COLUMNS.set(row.kind, columns);
  }
  // A row with an optional key that the first one lacked, or without one that it had.
  if (Object.keys(row).length !== columns.length) return canonicalText(row as CanonicalValue);
  let text = '';
  for (const { key, head } of columns) {
    const value = fields[key];
    if (value === undefined) return canonicalText(row as CanonicalValue);
    const isPlain = typeof value === 'string' && PLAIN.test(value);
    text += isPlain ? `${head}"${value}"` : head + canonicalText(value);
  }
  return `${text}}`;
}

function columnsOf(row: Row): Column[] {
  const keys = Object.keys(row).sort();
  return keys.map((key, index) => ({ key, head: `${index === 0 ? '{' : ','}"${key}":` }));
}

const decoder = new TextDecoder('utf-8', { fatal: true });

/** Reads a stored row. Throws (ZodError, SyntaxError, TypeError) when it is none of ours. */
export function parseRow(bytes: Uint8Array): Row {
  return rowSchema.parse(JSON.parse(decoder.decode(bytes)));
}

export const HOUSE = 'house';
export const HOUSE_RAKE = 'house:rake';
/** Where the money of markets with prices comes from and goes back to. */
export const HOUSE_SUBSIDY = 'house:subsidy';

/** What a viewer owes after a correction; never above zero. */
export function debtAccount(subject: string): string {
  return nameOf(DEBTS, 'debt:', subject);
}

/** Whether an account may hold less than nothing. */
export function mayOwe(account: string): boolean {
  return account === HOUSE || account.startsWith('house:') || account.startsWith('debt:');
}

/** Account of a viewer. */
export function userAccount(subject: string): string {
  return nameOf(USERS, 'user:', subject);
}

/** Account that holds the stakes of a market until it is settled. */
export function escrowAccount(market: string): string {
  return nameOf(ESCROWS, 'escrow:', market);
}

/** The part of an account's name after the colon. */
export function accountOwner(account: string): string {
  let owner = OWNERS.get(account);
  if (owner === undefined) {
    owner = account.slice(account.indexOf(':') + 1);
    if (OWNERS.size >= NAMES_MAX) OWNERS.clear();
    OWNERS.set(account, owner);
  }
  return owner;
}

// The same few names stand in all rows. A text that is put together anew is hashed anew by every
// map that is asked for it, which in a bet costs more than the arithmetic.
const NAMES_MAX = 50_000;
const USERS = new Map<string, string>();
const DEBTS = new Map<string, string>();
const ESCROWS = new Map<string, string>();
const OWNERS = new Map<string, string>();

function nameOf(names: Map<string, string>, prefix: string, owner: string): string {
  let name = names.get(owner);
  if (name === undefined) {
    name = prefix + owner;
    if (names.size >= NAMES_MAX) names.clear();
    names.set(owner, name);
  }
  return name;
}

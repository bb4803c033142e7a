// What the engine and the ledger process say to each other over native/link. Both sides check
// every message with these schemas. Control travels as JSON; journal rows are streamed as the
// exact bytes that were hashed and are never parsed and printed again on the way.

import { z } from 'zod';
import { booksSchema } from '../../core/contract/breakIt.ts';
import { gameEventSchema } from '../../core/contract/events.ts';
import { arrivalsSchema } from '../../core/contract/fairness.ts';
import { decisionEffectSchema } from '../../core/contract/moderation.ts';
import { roleSchema } from '../../core/contract/roles.ts';
import { marketViewSchema } from '../../core/contract/state.ts';
import { policySchema } from '../../core/ledger/policy.ts';
import { LEDGER_CODES } from '../../core/ledger/refusal.ts';
import { marketRulesSchema } from '../../core/markets/rules.ts';

/** Kinds of link frames. */
export const REQUEST_FRAME = 1;
export const REPLY_FRAME = 2;
/** subscription (4) | seq (8) | hash (32) | body */
export const ROW_FRAME = 3;
export const ROW_FRAME_HEADER_BYTES = 44;

/** Largest stake, minor points: far above any balance, far below 2^53. */
export const STAKE_MINOR_MAX = 1_000_000_000;
/** Longest page of any query. */
export const PAGE_MAX = 500;

const timeUs = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER);
const hexId = z.string().regex(/^[0-9a-f]{32}$/);
const marketId = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);
const seq = z.number().int().nonnegative();
const hashHex = z.string().regex(/^[0-9a-f]{64}$/);
const limit = z.number().int().min(1).max(PAGE_MAX);
const amountMinor = z.number().int().nonnegative();
const sentence = z.string().max(300);

/** The event on which a market was decided. */
export const evidenceSchema = gameEventSchema
  .pick({ id: true, type: true, captureUs: true, detectedUs: true })
  .extend({ confidencePermille: z.number().int().min(0).max(1000) });
export type Evidence = z.infer<typeof evidenceSchema>;

/** Who did it. `actor` is a pseudonym (a connection's id, "engine"), never a name. */
const act = {
  commandId: z.string().min(1).max(80),
  actor: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
  role: roleSchema,
  /** Media clock of the engine. */
  atUs: timeUs,
};
const marketAct = {
  ...act,
  marketId,
  /** The actor's own subject, where it has one: a bettor decides nothing. */
  actorSubject: hexId.optional(),
};
/** What the viewer saw before asking: the price's number, and the least that is wanted. */
const quoteSeq = z.number().int().nonnegative().optional();
const milliShares = z.number().int().positive().max(Number.MAX_SAFE_INTEGER);
const limitName = z.enum(['stakeDay', 'lossDay', 'pausedUntil', 'excludedUntil']);

export const requestArgs = {
  head: z.strictObject({}),
  bindSubject: z.strictObject({
    subject: hexId,
    /** Ed25519 device key, 64 hexadecimal characters. */
    publicKey: z.string().regex(/^[0-9a-f]{64}$/),
    isStaff: z.boolean(),
    atUs: timeUs,
  }),
  placeBet: z.strictObject({
    betId: hexId,
    subject: hexId,
    marketId,
    outcome: z.number(),
    amountMinor: z.number(),
    /** Arrival at the engine on its media clock; never the viewer's claim. */
    arrivedUs: timeUs,
    quoteSeq,
    milliSharesMin: milliShares.optional(),
  }),
  openMarket: z.strictObject({ ...marketAct, rules: marketRulesSchema, reason: sentence }),
  lockMarket: z.strictObject({ ...marketAct, tCapUs: timeUs.nullable(), reason: sentence }),
  resolveMarket: z.strictObject({
    ...marketAct,
    outcome: z.number().int().nonnegative(),
    reason: sentence,
    evidence: evidenceSchema.nullable(),
  }),
  voidMarket: z.strictObject({ ...marketAct, reason: sentence }),
  /** Decides anew; outcome null: void. `tCapUs` null keeps the cut-off. */
  correctMarket: z.strictObject({
    ...marketAct,
    outcome: z.number().int().nonnegative().nullable(),
    tCapUs: timeUs.nullable(),
    reason: sentence.min(1),
  }),
  extendMarket: z.strictObject({
    ...marketAct,
    lockAtUs: timeUs,
    deadlineAtUs: timeUs,
    reason: sentence,
  }),
  /** Asks for the stake back: it comes when the market ends, unless the picture came first. */
  withdrawBet: z.strictObject({ betId: hexId, subject: hexId, arrivedUs: timeUs }),
  /** Sells shares of a bet back, before the lock. */
  sellBet: z.strictObject({
    saleId: hexId,
    betId: hexId,
    subject: hexId,
    milliShares: z.number(),
    quoteSeq,
    amountMinorMin: z.number().int().nonnegative().optional(),
    arrivedUs: timeUs,
  }),
  quote: z.strictObject({
    marketId,
    outcome: z.number().int().nonnegative(),
    amountMinor: z.number().int().min(1).max(STAKE_MINOR_MAX),
  }),
  /** Without `milliShares`: all that the bet still holds. */
  saleQuote: z.strictObject({ betId: hexId, subject: hexId, milliShares: milliShares.optional() }),
  setPolicy: z.strictObject({ ...act, policy: policySchema, reason: sentence }),
  setBan: z.strictObject({ ...act, subject: hexId, isBanned: z.boolean(), reason: sentence }),
  /** Who suspended betting by hand, or let it go on; of one market, or without it of all. */
  noteSuspension: z.strictObject({
    ...act,
    marketId: marketId.optional(),
    isSuspended: z.boolean(),
    reason: sentence,
  }),
  /** Writes down what somebody of the crew did that has no row of its own. */
  noteAct: z.strictObject({
    ...act,
    act: z.string().regex(/^(person|chat|shield|invite|role|note|show|room)\.[a-zA-Z]{1,40}$/),
    /** A person, a message or an invitation; empty: the whole room. */
    target: z.string().regex(/^[\w-]{0,64}$/),
    reason: sentence,
  }),
  /** Who did what, newest first. */
  acts: z.strictObject({
    beforeSeq: seq.nullable(),
    limit,
    /** Only what was done to this one. */
    target: z.string().max(64).optional(),
  }),
  /** What a decision or a correction would do; computed and not done. */
  effectOf: z.strictObject({
    ...marketAct,
    outcome: z.number().int().nonnegative().nullable(),
    tCapUs: timeUs.nullable(),
  }),
  /** Writes down the SHA-256 of the sealed file that shows what decided a market. */
  keepEvidence: z.strictObject({
    ...act,
    marketId,
    file: hashHex,
    captureUs: timeUs,
    frame: z.number().int().nonnegative(),
  }),
  /** Marks who runs the show, or may decide one market, and so may not bet there. */
  setStaff: z.strictObject({
    ...act,
    subject: hexId,
    marketId: marketId.optional(),
    isStaff: z.boolean(),
    reason: sentence,
  }),
  /** A viewer's own limit; null lifts it. Times are on the media clock, microseconds. */
  setLimit: z.strictObject({
    commandId: act.commandId,
    subject: hexId,
    limit: limitName,
    value: timeUs.nullable(),
    atUs: timeUs,
  }),
  limits: z.strictObject({ subject: hexId, atUs: timeUs }),
  /** Time watched since the last call; more than has passed counts as what has passed. */
  vest: z.strictObject({
    subject: hexId,
    watchedSeconds: z.number().int().nonnegative().max(86_400),
    atUs: timeUs,
  }),
  /**
   * Of one market, or without it of all. Empty reason: betting goes on. Not kept over a restart;
   * the client repeats it.
   */
  suspendBetting: z.strictObject({ reason: sentence, marketId: marketId.optional() }),
  /** Writes to the disk; answers why that did not work, empty when it did. */
  probeDisk: z.strictObject({}),
  /** All points together, and how far the journal is: what is compared around a crash. */
  books: z.strictObject({}),
  /** How fast the disk is, as it was probed at the start. */
  commitRate: z.strictObject({}),
  /** The policy in force. */
  policy: z.strictObject({}),
  /** Who bet or is banned: banned ones first, then whoever bet last. */
  bettors: z.strictObject({ limit }),
  balance: z.strictObject({ subject: hexId }),
  history: z.strictObject({ subject: hexId, limit }),
  market: z.strictObject({ marketId }),
  markets: z.strictObject({
    includeEnded: z.boolean(),
    limit,
    beforeOpensAtUs: timeUs.nullable(),
  }),
  betsOf: z.strictObject({ marketId, afterSeq: seq, limit }),
  /** When the bets of a market arrived, counted. */
  arrivals: z.strictObject({ marketId }),
  /** Of everybody, newest first, before a row; or of one bettor, or in one market. */
  bets: z.strictObject({
    beforeSeq: seq.nullable(),
    limit,
    subject: hexId.optional(),
    marketId: marketId.optional(),
  }),
  rowsFrom: z.strictObject({ fromSeq: seq, limit }),
  /** Texts beside the journal, by their hashes. */
  texts: z.strictObject({ hashes: z.array(hashHex).max(2_000) }),
  /** Hashes of erased texts that no relay has confirmed. */
  erasuresUntold: z.strictObject({ limit }),
  erasuresTold: z.strictObject({ hashes: z.array(hashHex).max(1_000) }),
  subscribe: z.strictObject({ subscription: z.number().int().nonnegative(), fromSeq: seq }),
  unsubscribe: z.strictObject({ subscription: z.number().int().nonnegative() }),
} as const;

export const headSchema = z.object({
  seq,
  hash: hashHex,
  ledgerId: hexId,
  epoch: z.number().int().positive(),
  channelId: z.string(),
});
export type LedgerHead = z.infer<typeof headSchema>;

export const balanceSchema = z.object({
  /** What can be staked now: posted minus pending. */
  availableMinor: amountMinor,
  /** Stakes that are not decided yet. */
  stakedMinor: amountMinor,
  /** Owed after a correction; absent when nothing is. Paid off from what comes in. */
  debtMinor: amountMinor.optional(),
});
export type LedgerBalance = z.infer<typeof balanceSchema>;

export const receiptSchema = z.object({
  betId: hexId,
  subject: hexId,
  marketId,
  outcome: z.number().int().nonnegative(),
  amountMinor,
  /** Journal row and its hash: the proof that the bet was made durable. */
  seq,
  hash: hashHex,
  atUs: timeUs,
});
export type Receipt = z.infer<typeof receiptSchema>;

export const historyEntrySchema = receiptSchema.extend({
  marketTitle: z.string(),
  outcomeLabel: z.string(),
  result: z.enum(['PENDING', 'WON', 'LOST', 'REFUNDED']),
  paidMinor: amountMinor,
  /** Why it was won, lost or refunded, one sentence; empty while pending. */
  reason: z.string(),
  /** When its stake was asked back; absent when it was not. */
  withdrawnAtUs: timeUs.optional(),
  /** Thousandths of shares bought and not yet sold, and what the sales bring; absent: no prices. */
  shares: z
    .object({
      milliShares,
      milliSharesLeft: z.number().int().nonnegative(),
      soldMinor: amountMinor,
    })
    .optional(),
});
export type LedgerHistoryEntry = z.infer<typeof historyEntrySchema>;

/** A market with its rules; without `rules` and `cutoffUs` it is a MarketView. */
export const ledgerMarketSchema = marketViewSchema.extend({
  rules: marketRulesSchema.nullable(),
  /** Bets that arrived at or after this are void; null while nothing cut the market. */
  cutoffUs: timeUs.nullable(),
});
export type LedgerMarket = z.infer<typeof ledgerMarketSchema>;

const marketResult = z.object({
  market: ledgerMarketSchema,
  /** True when this command id had already been carried out. */
  isKnown: z.boolean(),
});
const nothing = z.object({});
const limitView = z.object({
  value: timeUs.nullable(),
  /** A looser value that has to wait. */
  waiting: z.object({ value: timeUs.nullable(), fromUs: timeUs }).nullable(),
});
const limitsResult = z.object({
  stakeDay: limitView,
  lossDay: limitView,
  pausedUntil: limitView,
  excludedUntil: limitView,
  isBanned: z.boolean(),
});

export const requestResults = {
  head: headSchema,
  bindSubject: z.object({ balance: balanceSchema, isNew: z.boolean() }),
  placeBet: z.object({
    receipt: receiptSchema,
    /** True when a retry found the earlier answer. */
    isKnown: z.boolean(),
    balance: balanceSchema,
    /** Thousandths of shares bought, where bets have prices. */
    milliShares: milliShares.optional(),
  }),
  openMarket: marketResult,
  lockMarket: marketResult,
  resolveMarket: marketResult,
  voidMarket: marketResult,
  correctMarket: marketResult,
  extendMarket: marketResult,
  withdrawBet: z.object({
    marketId,
    isKnown: z.boolean(),
    withdrawnAtUs: timeUs,
    balance: balanceSchema,
  }),
  sellBet: z.object({
    saleId: hexId,
    betId: hexId,
    marketId,
    milliShares: z.number().int().positive(),
    /** Paid when the market ends. */
    amountMinor,
    seq,
    hash: hashHex,
    atUs: timeUs,
    isKnown: z.boolean(),
  }),
  quote: z.object({
    quoteSeq: seq,
    pricesPermille: z.array(z.number().int()),
    milliShares: z.number().int().nonnegative(),
  }),
  saleQuote: z.object({
    quoteSeq: seq,
    amountMinor,
    milliSharesLeft: z.number().int().nonnegative(),
  }),
  setPolicy: nothing,
  setBan: nothing,
  noteSuspension: nothing,
  noteAct: nothing,
  acts: z.object({
    acts: z.array(
      z.object({
        ...{ seq, atUs: timeUs, actor: z.string(), role: roleSchema },
        ...{ act: z.string(), target: z.string(), about: z.string(), outcome: z.string() },
        reason: z.string(),
      }),
    ),
    nextSeq: seq.nullable(),
  }),
  effectOf: decisionEffectSchema,
  keepEvidence: nothing,
  setStaff: nothing,
  setLimit: limitsResult,
  limits: limitsResult,
  vest: z.object({ grantedMinor: amountMinor, balance: balanceSchema }),
  suspendBetting: nothing,
  probeDisk: z.object({ trouble: z.string() }),
  books: booksSchema,
  commitRate: z.object({ commitsPerSecond: z.number().int().nonnegative() }),
  policy: z.object({ policy: policySchema }),
  bettors: z.object({
    bettors: z.array(
      balanceSchema.extend({
        subject: z.string(),
        isBanned: z.boolean(),
        /** Runs the show. */
        isStaff: z.boolean(),
        bets: z.number().int().nonnegative(),
        /** 0: never. */
        lastBetAtUs: timeUs,
      }),
    ),
  }),
  balance: balanceSchema,
  history: z.object({ entries: z.array(historyEntrySchema) }),
  market: z.object({ market: ledgerMarketSchema.nullable() }),
  markets: z.object({ markets: z.array(ledgerMarketSchema) }),
  betsOf: z.object({ entries: z.array(historyEntrySchema) }),
  arrivals: arrivalsSchema,
  /** `nextSeq` null: there is nothing older. */
  bets: z.object({ entries: z.array(historyEntrySchema), nextSeq: seq.nullable() }),
  rowsFrom: z.object({
    /** `body` is the hashed UTF-8 text, unchanged. */
    rows: z.array(z.object({ seq, body: z.string(), hash: hashHex })),
  }),
  texts: z.object({
    texts: z.array(z.object({ hash: hashHex, salt: z.string(), text: z.string() })),
  }),
  erasuresUntold: z.object({ hashes: z.array(hashHex) }),
  erasuresTold: nothing,
  subscribe: nothing,
  unsubscribe: nothing,
} as const satisfies Record<keyof typeof requestArgs, z.ZodType>;

export type RequestName = keyof typeof requestArgs;
export type RequestArgs<Name extends RequestName> = z.infer<(typeof requestArgs)[Name]>;
export type RequestResult<Name extends RequestName> = z.infer<(typeof requestResults)[Name]>;

export const requestNameSchema = z.enum(Object.keys(requestArgs) as [RequestName]);

export const requestSchema = z.object({
  id: z.number().int().nonnegative(),
  name: requestNameSchema,
  args: z.unknown(),
});

export const replySchema = z.discriminatedUnion('ok', [
  z.object({ id: z.number().int(), ok: z.literal(true), result: z.unknown() }),
  z.object({
    id: z.number().int(),
    ok: z.literal(false),
    code: z.enum(LEDGER_CODES),
    message: z.string(),
  }),
]);
export type Reply = z.infer<typeof replySchema>;

// Breaking the studio on purpose, to show that it survives: what can be broken, what the supervisor
// and the engine say of it, and what of the books is compared before and after. Only for the demo
// match with the studio's own relay; supervisor and engine each look for themselves. A part of
// operations.ts and process.ts.

import { z } from 'zod';

/** What the supervisor breaks: a process is killed, or the ledger's log is torn as well. */
export const supervisedBreakSchema = z.enum(['engine', 'vision', 'relay', 'ledger', 'tearLog']);
export type SupervisedBreak = z.infer<typeof supervisedBreakSchema>;

export const breakActSchema = z.enum([...supervisedBreakSchema.options, 'losePackets']);
export type BreakAct = z.infer<typeof breakActSchema>;

/** Packets that are thrown away on their way to the relay, and for how long. */
export const PACKETS_LOST_PERCENT = 20;
export const PACKETS_LOST_MS = 10_000;

const count = z.number().int().nonnegative();
/** Chosen by whoever asks: the same id is done once, also by an engine that came back. */
const breakId = z.string().regex(/^[\w-]{1,64}$/);

/** What the supervisor did. Times are milliseconds since it did it. */
export const breakDeedSchema = z.object({
  id: breakId,
  act: supervisedBreakSchema,
  state: z.enum(['refused', 'ending', 'ended', 'back']),
  /** Of a refusal, in a sentence; empty otherwise. */
  reason: z.string(),
  pid: count.nullable(),
  nextPid: count.nullable(),
  /** Until the process was gone, and until the next one served. */
  endedMs: count.nullable(),
  backMs: count.nullable(),
  /** Bytes of a record that were written and not finished. */
  tornBytes: count,
  /** Bytes that the next ledger found unfinished and left out; null: it did not say yet. */
  leftOutBytes: count.nullable(),
});
export type BreakDeed = z.infer<typeof breakDeedSchema>;

export const breakOrderSchema = z.object({ id: breakId, act: supervisedBreakSchema });
export type BreakOrder = z.infer<typeof breakOrderSchema>;

/** Points and journal as the ledger counts them from its own log. */
export const booksSchema = z.object({
  seq: count,
  hash: z.string(),
  accounts: count,
  /** What all viewers have, stakes at risk included. */
  pointsMinor: count,
  /** Granted by the house since the first row. */
  grantedMinor: z.number().int(),
});
export type Books = z.infer<typeof booksSchema>;

export const packetLossSchema = z.object({
  id: breakId,
  isOver: z.boolean(),
  sent: count,
  lost: count,
  /** Packets that the relay missed and got again. */
  sentAgain: count,
});
export type PacketLossView = z.infer<typeof packetLossSchema>;

const onlyOwner = ['owner'] as const;

export const breakOperations = {
  breakIt: {
    /** What became of it. `seq`: the row whose hash is asked for. */
    show: {
      kind: 'query',
      args: z.strictObject({ id: breakId.nullable(), seq: count.nullable() }),
      result: z.object({
        /** Why nothing may be broken; empty when it may. */
        refusal: z.string(),
        /** Null while the ledger is away. */
        books: booksSchema.nullable(),
        rowHash: z.string().nullable(),
        /** As the relay counts them; null: it has not said since this engine knows it. */
        viewers: count.nullable(),
        deed: breakDeedSchema.nullable(),
        loss: packetLossSchema.nullable(),
      }),
      roles: onlyOwner,
    },
    /** Breaks it, a moment after the answer with the books as they were. */
    run: {
      kind: 'command',
      args: z.strictObject({ id: breakId, act: breakActSchema }),
      result: z.object({ books: booksSchema, viewers: count }),
      roles: onlyOwner,
    },
  },
} as const;

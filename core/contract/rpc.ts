// What a user interface and the engine say to each other, over whatever port joins them: browser
// MessagePort, Electron's port, WebSocket or an in-memory pair. Nothing else crosses: raw frames
// never do. Every message is checked on arrival on both sides, also inside Electron.

import { z } from 'zod';
import { actionSchema } from './actions.ts';
import { type ErrorCode, errorCodeSchema } from './operations.ts';
import { roleSchema } from './roles.ts';
import { readingsSchema, studioStateSchema } from './state.ts';

/** Raised when a message changes its meaning; a peer of another version is refused in words. */
export const RPC_VERSION = 1;

/** All that RPC knows of a transport. Messages are values that JSON can carry. */
export type Port = {
  /** Never throws; what is sent to a closed port is dropped. */
  send(message: unknown): void;
  /** One listener; messages that came before it are kept for it. */
  onMessage(run: (message: unknown) => void): void;
  /** Runs once, also when the port was closed by this side or already before. */
  onClose(run: () => void): void;
  close(): void;
};

const seq = z.number().int().nonnegative();
const callId = z.string().min(1).max(80);
const clientId = z.string().min(1).max(64);

/** Who did it before, where an act was refused because somebody else was first. */
const earlierActSchema = z.object({
  /** As the crew knows them; empty: the owner at the studio, or the machine by its role. */
  name: z.string(),
  role: roleSchema,
  /** `market.resolved`: the kind of act. */
  act: z.string(),
  /** Of a decision; empty otherwise. */
  outcome: z.string(),
  atMs: z.number().int().nonnegative(),
});
export type EarlierAct = z.infer<typeof earlierActSchema>;

/** Why a connection was refused; after these a client does not try again by itself. */
export const refusalSchema = z.enum(['version', 'forbidden', 'malformed', 'slow', 'stopping']);
export type Refusal = z.infer<typeof refusalSchema>;

export const fromClientSchema = z.discriminatedUnion('type', [
  /** First message. `version` stays a plain number for ever, so that any two can tell. */
  z.object({
    type: z.literal('hello'),
    version: z.number().int(),
    token: z.string().max(200).optional(),
    clientId,
    /** Where this client stands: the last action it has, and of which run of the server. */
    last: z.object({ runId: z.string().max(64), seq }).optional(),
  }),
  z.object({
    type: z.literal('call'),
    id: callId,
    room: z.string().max(40),
    operation: z.string().max(40),
    args: z.unknown(),
  }),
  z.object({ type: z.literal('cancel'), id: callId }),
  /** What this client has taken in; the bound on what waits for it rests on this. */
  z.object({ type: z.literal('seen'), seq, readings: seq }),
]);
export type FromClient = z.infer<typeof fromClientSchema>;

export const fromServerSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('welcome'),
    role: roleSchema,
    runId: z.string().max(64),
    /** Number of the last action that the snapshot or the replay contains. */
    seq,
    /** Either the whole state, or null: the missed actions follow as `action` messages. */
    snapshot: studioStateSchema.nullable(),
  }),
  z.object({ type: z.literal('refused'), reason: refusalSchema, message: z.string() }),
  z.object({ type: z.literal('reply'), id: callId, result: z.unknown() }),
  z.object({
    type: z.literal('fail'),
    id: callId,
    code: errorCodeSchema,
    message: z.string(),
    earlier: earlierActSchema.optional(),
  }),
  z.object({
    type: z.literal('action'),
    seq,
    action: actionSchema,
    /** The client whose call caused it, or null. */
    origin: z.string().nullable(),
  }),
  /** Latest wins; `number` counts them so that `seen` can name one. */
  z.object({ type: z.literal('reading'), number: seq, value: readingsSchema }),
]);
export type FromServer = z.infer<typeof fromServerSchema>;

/** A refusal of a call: a code of the closed set and a sentence naming the thing and the fix. */
export class RpcError extends Error {
  readonly code: ErrorCode;
  readonly earlier: EarlierAct | undefined;
  constructor(code: ErrorCode, message: string, earlier?: EarlierAct) {
    super(message);
    this.name = 'RpcError';
    this.code = code;
    this.earlier = earlier;
  }
}

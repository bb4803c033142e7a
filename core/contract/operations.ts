// Every operation a user interface can ask the engine for. One declaration gives the type, the
// run-time check, the roles and the kind. Commands run one at a time per room, in arrival order;
// queries change nothing. Adding an operation is a line here, a handler in native/serve and a test.

import { z } from 'zod';
import type { Role } from './roles.ts';
import { marketViewSchema } from './state.ts';

type Declaration<Args extends z.ZodType, Result extends z.ZodType> = {
  kind: 'command' | 'query';
  args: Args;
  result: Result;
  roles: readonly Role[];
};

function command<Args extends z.ZodType, Result extends z.ZodType>(
  declaration: Omit<Declaration<Args, Result>, 'kind'>,
) {
  return { kind: 'command', ...declaration } as const satisfies Declaration<Args, Result>;
}

function query<Args extends z.ZodType, Result extends z.ZodType>(
  declaration: Omit<Declaration<Args, Result>, 'kind'>,
) {
  return { kind: 'query', ...declaration } as const satisfies Declaration<Args, Result>;
}

const nothing = z.strictObject({});
const onlyOwner = ['owner'] as const;
const hosts = ['owner', 'coHost'] as const;
const staff = ['owner', 'coHost', 'moderator'] as const;

export const operations = {
  show: {
    goLive: command({ args: nothing, result: nothing, roles: hosts }),
    end: command({ args: nothing, result: nothing, roles: hosts }),
    rename: command({
      args: z.strictObject({ title: z.string().trim().min(1).max(80) }),
      result: nothing,
      roles: hosts,
    }),
  },
  sources: {
    select: command({
      args: z.strictObject({ url: z.string().min(1).max(2000) }),
      result: nothing,
      roles: onlyOwner,
    }),
  },
  markets: {
    openSuggestion: command({
      args: z.strictObject({ suggestionId: z.string(), marketId: z.string() }),
      result: marketViewSchema,
      roles: staff,
    }),
    dismissSuggestion: command({
      args: z.strictObject({ suggestionId: z.string() }),
      result: nothing,
      roles: staff,
    }),
    open: command({
      args: z.strictObject({ templateId: z.string(), marketId: z.string() }),
      result: marketViewSchema,
      roles: staff,
    }),
    lock: command({
      args: z.strictObject({ marketId: z.string() }),
      result: nothing,
      roles: staff,
    }),
    resolve: command({
      args: z.strictObject({
        marketId: z.string(),
        outcome: z.number().int().nonnegative(),
        reason: z.string().max(300),
      }),
      result: nothing,
      roles: staff,
    }),
    void: command({
      args: z.strictObject({ marketId: z.string(), reason: z.string().min(1).max(300) }),
      result: nothing,
      roles: staff,
    }),
    /** Decides a resolved market anew, inside the dispute window; outcome null makes it void. */
    correct: command({
      args: z.strictObject({
        marketId: z.string(),
        outcome: z.number().int().nonnegative().nullable(),
        /** Capture time that cuts the bets from now on, microseconds; null keeps the old one. */
        tCapUs: z.number().int().nonnegative().nullable(),
        reason: z.string().min(1).max(300),
      }),
      result: nothing,
      roles: staff,
    }),
    /** Open: a longer betting window inside the question. Locked: a later deadline. */
    extend: command({
      args: z.strictObject({ marketId: z.string(), seconds: z.number().int().min(1).max(86_400) }),
      result: nothing,
      roles: staff,
    }),
    exportTemplates: query({
      args: nothing,
      result: z.strictObject({ json: z.string() }),
      roles: hosts,
    }),
    /** All templates of the file or none; the same id replaces. */
    importTemplates: command({
      args: z.strictObject({ json: z.string().max(262_144) }),
      result: z.strictObject({ imported: z.number().int() }),
      roles: hosts,
    }),
    setOpening: command({
      args: z.strictObject({ templateId: z.string(), opening: z.enum(['ask', 'auto']) }),
      result: nothing,
      roles: hosts,
    }),
    history: query({
      args: z.strictObject({
        beforeOpensAtUs: z.number().int().nullable(),
        limit: z.number().int().min(1).max(100),
      }),
      result: z.array(marketViewSchema),
      roles: staff,
    }),
  },
  preview: {
    /** WHEP by RPC: gives the session's answer; the picture itself never crosses RPC. */
    watch: command({
      args: z.strictObject({ offerSdp: z.string().max(65_536) }),
      result: z.strictObject({ sessionId: z.string(), answerSdp: z.string() }),
      roles: staff,
    }),
    leave: command({
      args: z.strictObject({ sessionId: z.string() }),
      result: nothing,
      roles: staff,
    }),
  },
} as const;

export type Operations = typeof operations;
export type RoomName = keyof Operations;

/** Error codes an operation may answer with; anything unknown becomes `internal`. */
export const errorCodeSchema = z.enum([
  'forbidden',
  'badArguments',
  'unknownOperation',
  'notFound',
  'wrongState',
  'refused',
  'unavailable',
  'cancelled',
  'internal',
]);
export type ErrorCode = z.infer<typeof errorCodeSchema>;

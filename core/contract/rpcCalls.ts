// Runs calls: finds the operation, checks arguments and role, keeps commands in order per room,
// and turns whatever goes wrong into a code of the closed set. What a handler throws by mistake
// becomes `internal` and is logged with the call's id; its text never reaches a client.

import type { z } from 'zod';
import type { Logger } from '../base/logger.ts';
import { type ErrorCode, type Operations, operations, type RoomName } from './operations.ts';
import type { Role } from './roles.ts';
import { type FromClient, type FromServer, RpcError } from './rpc.ts';

/** Who asks. `signal` says that the answer is no longer wanted; a command may finish anyway. */
export type Caller = {
  readonly clientId: string;
  readonly role: Role;
  /** Of somebody who is here through the relay; absent on the studio's own machine. */
  readonly subject?: string;
  readonly callId: string;
  readonly signal: CancelSignal;
};

/** A cancel flag without the DOM's AbortSignal, which core does not know. */
export type CancelSignal = { isCancelled(): boolean; onCancel(run: () => void): void };

/** An operation that answers nothing may return nothing. */
// biome-ignore lint/suspicious/noConfusingVoidType: a handler without an answer just ends.
type Answer<Result> = Record<string, never> extends Result ? Result | void : Result;

/** One handler per operation; a missing or mistyped one does not compile. */
export type RoomHandlers<Room extends RoomName> = {
  [Name in keyof Operations[Room]]: Operations[Room][Name] extends {
    args: infer Args extends z.ZodType;
    result: infer Result extends z.ZodType;
  }
    ? (
        args: z.output<Args>,
        caller: Caller,
      ) => Promise<Answer<z.input<Result>>> | Answer<z.input<Result>>
    : never;
};
export type Handlers = { [Room in RoomName]: RoomHandlers<Room> };

type Operation = {
  kind: 'command' | 'query';
  args: z.ZodType;
  roles: readonly Role[];
  run: (args: unknown, caller: Caller) => unknown;
};

/** Calls of one client that may wait or run at once; a page never has more than a few. */
export const CALLS_PER_CLIENT_MAX = 64;

type Requester = { clientId: string; role: Role; subject?: string };
type Call = Extract<FromClient, { type: 'call' }>;
type Reply = Extract<FromServer, { type: 'reply' | 'fail' }>;
type Running = { cancel(): void; hasBegun: boolean };
/** A command that was asked for: what it said, and its answer. */
type Asked = { words: string; reply: Promise<Reply> };

/** Answers kept, so that a command whose answer was lost can be asked for again by its id. */
const ASKED_MAX = 500;
/** Longer ones are not remembered: their callers ask anew. */
const ASKED_CHARACTERS_MAX = 4_000;

export type CallRunner = {
  /** Answers exactly once through `answer`. */
  call(requester: Requester, call: Call, answer: (reply: Reply) => void): void;
  cancel(requester: Requester, id: string): void;
  /** The client went away: its queries are cancelled, its commands go on. */
  gone(requester: Requester): void;
  /** Nothing more is done for this client, also what it asked for and what has not begun. */
  revoked(requester: Requester): void;
};

export function createCallRunner(handlers: Handlers, logger: Logger): CallRunner {
  const known = tableOf(handlers);
  const running = new WeakMap<Requester, Map<string, Running>>();
  /** The last command of each room; the next one waits for it. */
  const tails = new Map<string, Promise<void>>();
  const asked = createMemory();

  async function perform(operation: Operation, call: Call, caller: Caller): Promise<Reply> {
    try {
      if (caller.signal.isCancelled()) throw new RpcError('cancelled', 'The call was cancelled.');
      const args = operation.args.parse(call.args);
      const result = await operation.run(args, caller);
      return { type: 'reply', id: call.id, result: result ?? {} };
    } catch (error) {
      return failureOf(error, call, logger);
    }
  }

  function refusalOf(
    requester: Requester,
    call: Call,
    mine: Map<string, Running>,
  ): RpcError | null {
    const operation = known.get(`${call.room}.${call.operation}`);
    const name = `${call.room}.${call.operation}`;
    if (operation === undefined) {
      return new RpcError('unknownOperation', `The studio has no ${name}. Reload the page.`);
    }
    if (!operation.roles.includes(requester.role)) {
      return new RpcError('forbidden', `${name} is not for the role ${requester.role}.`);
    }
    const args = operation.args.safeParse(call.args);
    if (!args.success) {
      const issue = args.error.issues[0];
      const where = issue === undefined || issue.path.length === 0 ? '' : issue.path.join('.');
      return new RpcError('badArguments', `${name} ${where}: ${issue?.message ?? 'not valid'}`);
    }
    if (mine.has(call.id)) {
      return new RpcError('badArguments', 'This call id is already in use.');
    }
    if (mine.size >= CALLS_PER_CLIENT_MAX) {
      return new RpcError('unavailable', 'Too many calls at once. Wait for an answer.');
    }
    return null;
  }

  return {
    call(requester, call, answer) {
      const mine = running.get(requester) ?? new Map<string, Running>();
      running.set(requester, mine);
      const refusal = refusalOf(requester, call, mine);
      const operation = known.get(`${call.room}.${call.operation}`);
      if (refusal !== null || operation === undefined) {
        answer(failureOf(refusal, call, logger));
        return;
      }
      const { signal, cancel } = createCancel();
      const caller: Caller = {
        clientId: requester.clientId,
        role: requester.role,
        ...(requester.subject === undefined ? {} : { subject: requester.subject }),
        callId: call.id,
        signal,
      };
      if (operation.kind === 'command') {
        const earlier = asked.find(requester, call);
        if (earlier) {
          earlier.then(answer);
          return;
        }
      }
      const entry: Running = { cancel, hasBegun: false };
      mine.set(call.id, entry);
      const start = async () => {
        entry.hasBegun = true;
        const reply = await perform(operation, call, caller);
        mine.delete(call.id);
        answer(reply);
        return reply;
      };
      if (operation.kind === 'query') {
        start();
        return;
      }
      const tail = tails.get(call.room) ?? Promise.resolve();
      const doing = tail.then(start);
      asked.keep(requester, call, doing);
      tails.set(
        call.room,
        doing.then(() => {}),
      );
    },
    cancel(requester, id) {
      running.get(requester)?.get(id)?.cancel();
    },
    gone(requester) {
      for (const entry of running.get(requester)?.values() ?? []) {
        // A command that waits for its turn was asked for and arrived; it is done.
        if (entry.hasBegun) entry.cancel();
      }
    },
    revoked(requester) {
      for (const entry of running.get(requester)?.values() ?? []) entry.cancel();
    },
  };
}

/**
 * Commands by caller and id. Over a lost connection the same id means the same command: it is
 * answered, not done, again. What a role had asked before it ended counts for no other role.
 */
function createMemory() {
  const asked = new Map<string, Asked>();
  const keyOf = ({ subject = '', role, clientId }: Requester, { id }: Call) =>
    `${subject}|${role}|${clientId}|${id}`;
  const wordsOf = ({ room, operation, args }: Call) =>
    `${room}.${operation} ${JSON.stringify(args)}`;
  return {
    find(requester: Requester, call: Call): Promise<Reply> | null {
      const known = asked.get(keyOf(requester, call));
      if (!known) return null;
      if (known.words === wordsOf(call)) return known.reply;
      const words = 'This call id was used for something else.';
      return Promise.resolve(fail(call.id, 'badArguments', words));
    },
    keep(requester: Requester, call: Call, reply: Promise<Reply>): void {
      const words = wordsOf(call);
      if (words.length > ASKED_CHARACTERS_MAX) return;
      asked.set(keyOf(requester, call), { words, reply });
      const oldest = asked.size > ASKED_MAX ? asked.keys().next().value : undefined;
      if (oldest !== undefined) asked.delete(oldest);
    },
  };
}

function tableOf(handlers: Handlers): Map<string, Operation> {
  const known = new Map<string, Operation>();
  for (const [room, declared] of Object.entries(operations)) {
    const ofRoom = handlers[room as RoomName] as Record<string, Operation['run'] | undefined>;
    for (const [name, { kind, args, roles }] of Object.entries(declared)) {
      const run = ofRoom[name];
      if (run === undefined) throw new Error(`No handler for ${room}.${name}`);
      known.set(`${room}.${name}`, { kind, args, roles, run: run.bind(ofRoom) });
    }
  }
  return known;
}

function failureOf(error: unknown, call: Call, logger: Logger): Reply {
  if (error instanceof RpcError) {
    const { code, message, earlier } = error;
    return { ...fail(call.id, code, message), ...(earlier ? { earlier } : {}) };
  }
  logger.error('A call failed by our own fault', {
    call: call.id,
    operation: `${call.room}.${call.operation}`,
    reason: error instanceof Error ? (error.stack ?? error.message) : String(error),
  });
  const words = `That did not work, by a fault of the studio. The log has it as ${call.id}.`;
  return fail(call.id, 'internal', words);
}

function fail(id: string, code: ErrorCode, message: string): Reply {
  return { type: 'fail', id, code, message };
}

function createCancel(): { signal: CancelSignal; cancel(): void } {
  let isCancelled = false;
  let listeners: (() => void)[] = [];
  return {
    signal: {
      isCancelled: () => isCancelled,
      onCancel(run) {
        if (isCancelled) run();
        else listeners.push(run);
      },
    },
    cancel() {
      if (isCancelled) return;
      isCancelled = true;
      const waiting = listeners;
      listeners = [];
      for (const run of waiting) run();
    },
  };
}

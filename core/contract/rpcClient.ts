// A page's end of RPC: one connection that comes back by itself, the mirror of the studio's state,
// and every operation as a typed function. A call made while there is no connection fails at once
// with a sentence, and one whose connection is lost fails as `unavailable`: nothing is sent twice
// behind the caller's back, because only the caller knows whether that is safe.

import type { z } from 'zod';
import type { CancelTimer, Timers } from '../base/clock.ts';
import { reduce } from './actions.ts';
import { type Operations, operations, type RoomName } from './operations.ts';
import type { Role } from './roles.ts';
import {
  type FromClient,
  type FromServer,
  type Port,
  type Refusal,
  RPC_VERSION,
  RpcError,
} from './rpc.ts';
import { createInboundCheck, type Pending } from './rpcPending.ts';
import type { Readings, StudioState } from './state.ts';

export type ConnectionState =
  | { state: 'connecting' }
  | { state: 'connected'; role: Role }
  /** Lost; tries again after `retryMs`. */
  | { state: 'lost'; retryMs: number }
  /** Refused in words; does not try again. */
  | { state: 'refused'; reason: Refusal; message: string };

/** How to call an operation off; nothing of the DOM, so that core can name it. */
export type CallOptions = { cancelled?: Promise<unknown> };

/** `studio.markets.open(args)`: every operation of the contract. Rejects with RpcError only. */
export type StudioCalls = {
  [Room in RoomName]: {
    [Name in keyof Operations[Room]]: Operations[Room][Name] extends {
      args: infer Args extends z.ZodType;
      result: infer Result extends z.ZodType;
    }
      ? (args: z.input<Args>, options?: CallOptions) => Promise<z.output<Result>>
      : never;
  };
};

export type RpcClient = {
  readonly studio: StudioCalls;
  /** The mirrored state; null before the first welcome. Kept while the connection is lost. */
  state(): StudioState | null;
  connection(): ConnectionState;
  /** While it is lost: tries at once, and does not wait for the next time. */
  retry(): void;
  close(): void;
};

export type RpcClientOptions = {
  /** Makes a port, or rejects when there is none now. */
  connect: () => Promise<Port>;
  clientId: string;
  token?: string;
  timers: Timers;
  onState(state: StudioState): void;
  onReadings(readings: Readings): void;
  onConnection(connection: ConnectionState): void;
};

const BACK_OFF_FIRST_MS = 250;
const BACK_OFF_FACTOR = 1.5;
const BACK_OFF_MS_MAX = 5_000;
/** The server is told where we are at least every so many actions (its bound is 512). */
const SEEN_EVERY = 64;
/** A port that opens but never welcomes is given up, ms. */
const WELCOME_WAIT_MS = 5_000;

/** Connects at once and until `close`. */
export function createRpcClient(options: RpcClientOptions): RpcClient {
  const { timers } = options;
  const pending = new Map<string, Pending>();
  let connection: ConnectionState = { state: 'connecting' };
  let state: StudioState | null = null;
  let at: { runId: string; seq: number } | null = null;
  let seenSeq = 0;
  let readingSeen = 0;
  let port: Port | null = null;
  let backOffMs = BACK_OFF_FIRST_MS;
  let cancelTimer: CancelTimer = () => {};
  let closed = false;
  let callCount = 0;
  let isOpening = false;

  function enter(next: ConnectionState): void {
    connection = next;
    options.onConnection(next);
  }

  const send = (message: FromClient) => port?.send(message);

  function failPending(): void {
    const lost = [...pending.values()];
    pending.clear();
    for (const call of lost) {
      call.reject(
        new RpcError('unavailable', 'The connection was lost before the studio answered.'),
      );
    }
  }

  function lost(): void {
    port = null;
    cancelTimer();
    failPending();
    if (closed || connection.state === 'refused') return;
    enter({ state: 'lost', retryMs: backOffMs });
    cancelTimer = timers.after(backOffMs, open);
    backOffMs = Math.min(BACK_OFF_MS_MAX, Math.round(backOffMs * BACK_OFF_FACTOR));
  }

  function sayWhatWasSeen(): void {
    if (at === null) return;
    seenSeq = at.seq;
    send({ type: 'seen', seq: at.seq, readings: readingSeen });
  }

  function welcomed(message: Extract<FromServer, { type: 'welcome' }>): void {
    cancelTimer();
    backOffMs = BACK_OFF_FIRST_MS;
    readingSeen = 0;
    if (message.snapshot !== null) {
      state = message.snapshot;
      at = { runId: message.runId, seq: message.seq };
      options.onState(state);
    }
    enter({ state: 'connected', role: message.role });
  }

  function act(message: Extract<FromServer, { type: 'action' }>) {
    if (state === null || at === null) return;
    if (message.seq <= at.seq) return;
    // A gap cannot be healed by guessing: come back and ask for what is missing.
    if (message.seq !== at.seq + 1) return void port?.close();
    at = { runId: at.runId, seq: message.seq };
    state = reduce(state, message.action);
    options.onState(state);
    if (at.seq - seenSeq >= SEEN_EVERY) sayWhatWasSeen();
  }

  function take(message: FromServer) {
    switch (message.type) {
      case 'welcome':
        return welcomed(message);
      case 'refused':
        // These two pass by themselves; the port closes next and `lost` tries again.
        if (message.reason === 'slow' || message.reason === 'stopping') return;
        return enter({ state: 'refused', reason: message.reason, message: message.message });
      case 'reply':
      case 'fail': {
        const call = pending.get(message.id);
        pending.delete(message.id);
        return call?.settle(message);
      }
      case 'action':
        return act(message);
      case 'reading':
        readingSeen = message.number;
        sayWhatWasSeen();
        return options.onReadings(message.value);
    }
  }

  function open(): void {
    if (closed) return;
    isOpening = true;
    options.connect().then(
      (opened) => {
        isOpening = false;
        if (closed) return opened.close();
        port = opened;
        const check = createInboundCheck();
        opened.onMessage((raw) => {
          if (port !== opened) return;
          const message = check(raw);
          if (message === null) opened.close();
          else take(message);
        });
        opened.onClose(() => {
          if (port === opened) lost();
        });
        cancelTimer = timers.after(WELCOME_WAIT_MS, () => opened.close());
        send({
          type: 'hello',
          version: RPC_VERSION,
          clientId: options.clientId,
          ...(options.token === undefined ? {} : { token: options.token }),
          ...(at === null ? {} : { last: at }),
        });
      },
      () => {
        isOpening = false;
        lost();
      },
    );
  }

  function call(room: RoomName, operation: string, args: unknown, how: CallOptions | undefined) {
    return new Promise<unknown>((resolve, reject) => {
      if (connection.state !== 'connected' || port === null) {
        const words = 'The studio is not connected. Try again when it is back.';
        return reject(new RpcError('unavailable', words));
      }
      callCount++;
      const id = `${options.clientId}:${callCount}`;
      const declared = (operations[room] as Record<string, { result: z.ZodType }>)[operation];
      pending.set(id, createPending(declared?.result, resolve, reject));
      send({ type: 'call', id, room, operation, args });
      how?.cancelled?.then(() => {
        if (!pending.delete(id)) return;
        send({ type: 'cancel', id });
        reject(new RpcError('cancelled', 'The call was cancelled.'));
      });
    });
  }

  open();
  return {
    studio: createCalls(call),
    state: () => state,
    connection: () => connection,
    retry() {
      if (connection.state !== 'lost' || isOpening || port !== null) return;
      cancelTimer();
      open();
    },
    close() {
      closed = true;
      cancelTimer();
      port?.close();
      port = null;
      failPending();
    },
  };
}

function createPending(
  result: z.ZodType | undefined,
  resolve: (value: unknown) => void,
  reject: (error: RpcError) => void,
): Pending {
  return {
    reject,
    settle(message) {
      if (message.type === 'fail') {
        return reject(new RpcError(message.code, message.message, message.earlier));
      }
      const checked = result?.safeParse(message.result);
      if (checked?.success === true) return resolve(checked.data);
      reject(new RpcError('internal', 'The studio answered what this page cannot read. Reload.'));
    },
  };
}

function createCalls(
  call: (
    room: RoomName,
    operation: string,
    args: unknown,
    how: CallOptions | undefined,
  ) => Promise<unknown>,
): StudioCalls {
  const calls: Record<string, Record<string, unknown>> = {};
  for (const [room, declared] of Object.entries(operations)) {
    const ofRoom: Record<string, unknown> = {};
    for (const name of Object.keys(declared)) {
      ofRoom[name] = (args: unknown, how?: CallOptions) => call(room as RoomName, name, args, how);
    }
    calls[room] = ofRoom;
  }
  // The loop above makes exactly what the type says; TypeScript cannot follow it.
  return calls as StudioCalls;
}

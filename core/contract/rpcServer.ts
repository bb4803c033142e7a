// The engine's end of RPC. State reaches clients as a snapshot and then numbered actions; a client
// that comes back with its last number gets only what it missed. Commands run one at a time per
// room in arrival order, queries freely. A client that does not take in its actions is closed (it
// resumes by number), so that nothing waits without a bound. It decides nothing about the product.

import type { Logger } from '../base/logger.ts';
import type { Action } from './actions.ts';
import type { Role } from './roles.ts';
import {
  type FromClient,
  type FromServer,
  fromClientSchema,
  type Port,
  type Refusal,
  RPC_VERSION,
} from './rpc.ts';
import { createCallRunner, type Handlers } from './rpcCalls.ts';
import type { Readings, StudioState } from './state.ts';

/** Actions kept for clients that come back: minutes of a busy show. */
export const REPLAY_ACTIONS = 1_000;
/** Actions that a client may be behind before it is closed. */
export const UNSEEN_ACTIONS_MAX = 512;
/** Connected clients at once; more than any crew has windows. */
const CLIENTS_MAX = 64;

export type RpcServer = {
  /**
   * Takes a new connection. `roleOf` gets the token of the hello, which ports that were
   * authenticated before (cookie, handed port) do not need, and gives the role or null.
   */
  accept(
    port: Port,
    roleOf: (token: string | undefined) => Role | null,
    who?: { subject?: string },
  ): void;
  /** Closes the connections of a subject at once; what they asked for and did not begin is off. */
  revoke(subject: string): void;
  /** Numbers an action and sends it to all; the caller has already applied it to the state. */
  publish(action: Action, origin: string | null): void;
  /** Latest wins: a client that has not taken in the last one gets the newest later. */
  read(readings: Readings): void;
  clientCount(): number;
  close(): void;
};

type Client = {
  port: Port;
  clientId: string;
  role: Role;
  subject?: string;
  seenSeq: number;
  readingSent: number;
  readingSeen: number;
};

export function createRpcServer(options: {
  /** Differs in every run of the engine, so that numbers of an earlier run mean nothing. */
  runId: string;
  state: () => StudioState;
  handlers: Handlers;
  logger: Logger;
}): RpcServer {
  const { runId, state, logger } = options;
  const calls = createCallRunner(options.handlers, logger);
  const clients = new Set<Client>();
  const replay: { seq: number; action: Action; origin: string | null }[] = [];
  let seq = 0;
  let latest: Readings | null = null;
  let readingNumber = 0;
  let stopping = false;

  const send = (port: Port, message: FromServer) => port.send(message);

  function refuse(port: Port, reason: Refusal, message: string): void {
    send(port, { type: 'refused', reason, message });
    port.close();
  }

  function welcome(client: Client, last: { runId: string; seq: number } | undefined): void {
    const oldest = replay[0]?.seq ?? seq + 1;
    const canReplay = last?.runId === runId && last.seq <= seq && last.seq >= oldest - 1;
    const { port, role } = client;
    client.seenSeq = canReplay ? last.seq : seq;
    send(port, { type: 'welcome', role, runId, seq, snapshot: canReplay ? null : state() });
    if (!canReplay) return;
    for (const entry of replay) {
      if (entry.seq > last.seq) send(port, { type: 'action', ...entry });
    }
    // A replay may be longer than the bound on live actions; it is bounded by its own ring.
    client.seenSeq = seq;
  }

  function sendReading(client: Client): void {
    if (latest === null || client.readingSeen < client.readingSent) return;
    if (client.readingSent === readingNumber) return;
    client.readingSent = readingNumber;
    send(client.port, { type: 'reading', number: readingNumber, value: latest });
  }

  function take(client: Client, message: FromClient) {
    switch (message.type) {
      case 'hello':
        return refuse(client.port, 'malformed', 'A connection says hello once.');
      case 'call':
        return calls.call(client, message, (answer) => send(client.port, answer));
      case 'cancel':
        return calls.cancel(client, message.id);
      case 'seen':
        client.seenSeq = Math.max(client.seenSeq, Math.min(message.seq, seq));
        client.readingSeen = Math.min(message.readings, client.readingSent);
        return sendReading(client);
    }
  }

  function enter(
    port: Port,
    hello: Extract<FromClient, { type: 'hello' }>,
    roleOf: (token: string | undefined) => Role | null,
    who: { subject?: string },
  ): Client | null {
    if (hello.version !== RPC_VERSION) {
      const words = `The studio speaks version ${RPC_VERSION}, this page ${hello.version}`;
      refuse(port, 'version', `${words}. Reload the page.`);
      return null;
    }
    const role = roleOf(hello.token);
    if (role === null) {
      refuse(port, 'forbidden', 'This page has no access. Open a fresh studio link.');
      return null;
    }
    if (stopping || clients.size >= CLIENTS_MAX) {
      refuse(port, 'stopping', 'The studio takes no more pages now. Close one and try again.');
      return null;
    }
    const client: Client = {
      port,
      clientId: hello.clientId,
      role,
      ...who,
      seenSeq: seq,
      readingSent: 0,
      readingSeen: 0,
    };
    clients.add(client);
    welcome(client, hello.last);
    sendReading(client);
    return client;
  }

  return {
    accept(port, roleOf, who = {}) {
      let client: Client | null = null;
      let done = false;
      port.onMessage((raw) => {
        if (done) return;
        const parsed = fromClientSchema.safeParse(raw);
        if (!parsed.success || (client === null && parsed.data.type !== 'hello')) {
          done = true;
          logger.warn('A client sent what is no message; closed', { client: client?.clientId });
          return refuse(port, 'malformed', 'That was no message of the studio protocol.');
        }
        if (client !== null) return take(client, parsed.data);
        if (parsed.data.type === 'hello') client = enter(port, parsed.data, roleOf, who);
        done = client === null;
      });
      port.onClose(() => {
        if (client === null) return;
        clients.delete(client);
        calls.gone(client);
      });
    },
    revoke(subject) {
      for (const client of [...clients]) {
        if (client.subject !== subject) continue;
        clients.delete(client);
        calls.revoked(client);
        refuse(client.port, 'forbidden', 'Your role was taken back.');
      }
    },
    publish(action, origin) {
      seq++;
      const entry = { seq, action, origin };
      replay.push(entry);
      if (replay.length > REPLAY_ACTIONS) replay.shift();
      for (const client of clients) {
        if (seq - client.seenSeq > UNSEEN_ACTIONS_MAX) {
          clients.delete(client);
          logger.warn('A client is too slow for its actions; closed', {
            client: client.clientId,
            behind: seq - client.seenSeq,
          });
          refuse(client.port, 'slow', 'This page fell behind. It resumes by itself.');
        } else send(client.port, { type: 'action', ...entry });
      }
    },
    read(readings) {
      latest = readings;
      readingNumber++;
      for (const client of clients) sendReading(client);
    },
    clientCount: () => clients.size,
    close() {
      stopping = true;
      for (const client of [...clients]) {
        refuse(client.port, 'stopping', 'The studio is closing.');
      }
      clients.clear();
    },
  };
}

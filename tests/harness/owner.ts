// The owner at the studio's page, without the page: comes in by the one-time link, holds the
// cookie, and speaks RPC over the same WebSocket that a browser uses.

import { realTimers } from '../../core/base/clock.ts';
import { createInbox } from '../../core/contract/ports.ts';
import { createRpcClient, type RpcClient } from '../../core/contract/rpcClient.ts';
import type { Readings, StudioState } from '../../core/contract/state.ts';
import { waitFor } from './studio.ts';

export type Owner = {
  client: RpcClient;
  state(): StudioState;
  readings(): Readings | null;
  /** Waits until the mirrored state says so. */
  until<Value>(
    what: string,
    look: (state: StudioState) => Value | undefined | null | false,
  ): Promise<Value>;
  cookie: string;
  close(): void;
};

/** Redeems a link of the ready file and connects. @param onState hears each state as it comes */
export async function enterStudio(
  link: string,
  onState: (state: StudioState) => void = () => {},
): Promise<Owner> {
  const answer = await fetch(link, { redirect: 'manual' });
  const cookie = answer.headers.get('set-cookie')?.split(';')[0];
  if (!cookie) throw new Error(`The link gave no cookie (status ${answer.status})`);
  const { host } = new URL(link);
  let state: StudioState | null = null;
  let readings: Readings | null = null;
  const client = createRpcClient({
    connect: () => openPort(`ws://${host}/rpc`, { cookie, origin: `http://${host}` }),
    clientId: crypto.randomUUID(),
    timers: realTimers,
    onState: (next) => {
      state = next;
      onState(next);
    },
    onReadings: (next) => {
      readings = next;
    },
    onConnection() {},
  });
  await waitFor('the first snapshot', () => state);
  const known = () => {
    if (!state) throw new Error('No state yet');
    return state;
  };
  return {
    client,
    cookie,
    state: known,
    readings: () => readings,
    until: (what, look) => waitFor(what, () => look(known())),
    close: () => client.close(),
  };
}

async function openPort(url: string, headers: Record<string, string>) {
  // Node's own WebSocket takes headers as an extension of its second argument.
  const socket = new WebSocket(url, { headers } as never);
  const inbox = createInbox();
  socket.onmessage = (signal) => inbox.deliver(JSON.parse(String(signal.data)));
  socket.onclose = () => inbox.closed();
  await new Promise<void>((done, fail) => {
    socket.onopen = () => done();
    socket.onerror = () => fail(new Error('The studio refused the connection'));
  });
  return {
    send(message: unknown) {
      if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(message));
    },
    onMessage: inbox.onMessage,
    onClose: inbox.onClose,
    close: () => socket.close(),
  };
}

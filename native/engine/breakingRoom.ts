// Break it, on the engine's side: what the owner may break in a demo, asked of the supervisor after
// the answer has left, and the books before and after as the ledger counts them. It kills nothing
// itself; only packets are lost here. Surprising: the engine that tells what became of it is often
// not the one that was asked, so the supervisor repeats to each what it did.

import type { Timers } from '../../core/base/clock.ts';
import {
  type BreakAct,
  type BreakDeed,
  type BreakOrder,
  PACKETS_LOST_MS,
  PACKETS_LOST_PERCENT,
} from '../../core/contract/breakIt.ts';
import { RpcError } from '../../core/contract/rpc.ts';
import type { Handlers } from '../../core/contract/rpcCalls.ts';
import type { StudioState } from '../../core/contract/state.ts';
import type { LedgerClient } from '../ledger/client.ts';
import type { Publisher } from '../publish/publisher.ts';
import type { StudioSocket } from '../upstream/studioSocket.ts';

/** The answer to whoever asked leaves before this process may be killed, ms. */
const FAREWELL_MS = 100;
/** Deeds that are remembered: the supervisor's are fewer. */
const DEEDS_MAX = 32;

/** The way to the supervisor. */
export type BreakingDoor = {
  order(order: BreakOrder): void;
  heard(deed: BreakDeed): void;
  deed(id: string): BreakDeed | null;
};

export function createBreakingDoor(order: (order: BreakOrder) => void): BreakingDoor {
  const deeds = new Map<string, BreakDeed>();
  return {
    order,
    heard(deed) {
      deeds.set(deed.id, deed);
      const oldest = deeds.size > DEEDS_MAX ? deeds.keys().next().value : undefined;
      if (oldest !== undefined) deeds.delete(oldest);
    },
    deed: (id) => deeds.get(id) ?? null,
  };
}

export type BreakingRooms = {
  ledger: Pick<LedgerClient, 'books' | 'rowsFrom'>;
  publisher: Pick<Publisher, 'losePackets' | 'packetLoss'>;
  store: { state(): Pick<StudioState, 'source' | 'relay'> };
  socket: Pick<StudioSocket, 'onStats' | 'onState' | 'state'>;
  around: { timers: Timers; breaking: BreakingDoor };
};

/** Why nothing may be broken; empty when it may. The supervisor looks for itself. */
function refusalOf({ source, relay }: Pick<StudioState, 'source' | 'relay'>): string {
  if (!source.url.startsWith('demo:')) {
    return 'Only the demo match is broken on purpose. Choose the source “Demo match” first.';
  }
  if (relay.isOurs) return '';
  return 'Only a studio with its own relay is broken on purpose. Forget the paired relay first.';
}

export function createBreakHandlers(
  rooms: BreakingRooms,
  refusable: <Result>(run: () => Promise<Result>) => Promise<Result>,
): { breakIt: Handlers['breakIt'] } {
  const { ledger, publisher, store, around, socket } = rooms;
  const { timers, breaking } = around;
  let viewers: number | null = null;
  socket.onStats((stats) => {
    viewers = stats.viewers;
  });
  socket.onState(() => {
    if (socket.state.state !== 'connected') viewers = null;
  });

  function begin(id: string, act: BreakAct): void {
    if (act !== 'losePackets') {
      timers.after(FAREWELL_MS, () => breaking.order({ id, act }));
      return;
    }
    const isBegun = publisher.losePackets(id, PACKETS_LOST_PERCENT, PACKETS_LOST_MS);
    if (!isBegun) throw new RpcError('wrongState', 'Packets are being lost already.');
  }

  return {
    breakIt: {
      async show({ id, seq }) {
        const books = await ledger.books().catch(() => null);
        const [row] = seq === null ? [] : await ledger.rowsFrom(seq, 1).catch(() => []);
        const loss = publisher.packetLoss();
        return {
          ...{ refusal: refusalOf(store.state()), books, viewers },
          rowHash: row && row.seq === seq ? Buffer.from(row.hash).toString('hex') : null,
          deed: id === null ? null : breaking.deed(id),
          loss: loss?.id === id ? loss : null,
        };
      },
      run: ({ id, act }) =>
        refusable(async () => {
          const refusal = refusalOf(store.state());
          if (refusal !== '') throw new RpcError('wrongState', refusal);
          const books = await ledger.books();
          begin(id, act);
          return { books, viewers: store.state().relay.viewers };
        }),
    },
  };
}

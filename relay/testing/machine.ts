// For tests only: a machine of the owner with a real ledger on a real file behind a real link, its
// way to a real relay, and viewers who play on it.

import { join } from 'node:path';
import { realTimers } from '../../core/base/clock.ts';
import { toHex } from '../../core/base/ids.ts';
import { silentLogger } from '../../core/base/logger.ts';
import { createLedgerClient } from '../../native/ledger/client.ts';
import { importOver, serveImport } from '../../native/ledger/importRows.ts';
import { openJournalStore } from '../../native/ledger/journalStore.ts';
import { Ledger } from '../../native/ledger/ledger.ts';
import { createLedgerServer } from '../../native/ledger/server.ts';
import { act, hexId, hexKey, rulesAt } from '../../native/ledger/testLedger.ts';
import { connectLink, listenLink } from '../../native/link/link.ts';
import { type ChannelKey, openChannelKey } from '../../native/upstream/channelKey.ts';
import { createJournalShipper, type ShipperState } from '../../native/upstream/journalShipper.ts';
import { createStudioSocket, type StudioSocket } from '../../native/upstream/studioSocket.ts';
import { textSourceOf } from '../../native/upstream/textCopies.ts';
import { openMarkKeeper } from '../../native/upstream/witnessedMark.ts';
import type { Relay } from '../relay.ts';
import {
  clock,
  random,
  randomHex,
  removeFolder,
  startTestRelay,
  temporaryFolder,
} from './harness.ts';

const closing: (() => unknown)[] = [];
/** Ends everything that was started here, the last one first. */
export async function closeAll(): Promise<void> {
  for (const close of closing.splice(0).reverse()) await close();
}

export function atTheEnd(close: () => unknown): void {
  closing.push(close);
}

export function newFolder(): string {
  const folder = temporaryFolder();
  closing.push(() => removeFolder(folder));
  return folder;
}

export async function startRelay(
  changes: { dataFolder?: string; port?: number } = {},
): Promise<Relay> {
  const relay = await startTestRelay({ dataFolder: newFolder(), ...changes });
  closing.push(() => relay.close());
  return relay;
}

/** A machine of the owner: a ledger on a file of its own, behind a real link. */
export async function startMachine(key: ChannelKey, ledgerId = randomHex(16)) {
  const folder = newFolder();
  const store = openJournalStore(join(folder, 'ledger.db'));
  const ledger = new Ledger(store, { ledgerId, channelId: key.channelId, epoch: 1 }, 1);
  const server = createLedgerServer({
    ledger,
    ...{ timers: realTimers, logger: silentLogger },
    onBroken: (cause) => {
      throw cause;
    },
  });
  const listener = await listenLink((link) => {
    server.serve(link);
    serveImport(link, ledger.journal, silentLogger);
  });
  const client = createLedgerClient(await connectLink(listener.endpoint));
  const local = importOver(await connectLink(listener.endpoint));
  const marks = await openMarkKeeper({
    ...{ dataFolder: folder, channelId: key.channelId, timers: realTimers, logger: silentLogger },
  });
  closing.push(async () => {
    await marks.close();
    client.close();
    server.close();
    listener.close();
    store.database.close();
  });
  return { ledger, client, local, marks, store, folder, endpoint: listener.endpoint };
}
export type Machine = Awaited<ReturnType<typeof startMachine>>;

export const identityOf = ({ ledger, marks }: Machine) => {
  const { ledger: ledgerId, epoch } = ledger.journal.state;
  return { ledgerId, epoch: Math.max(epoch, marks.epochOf(ledgerId)) };
};

export function connect(
  relay: Pick<Relay, 'url'>,
  key: ChannelKey,
  machine: Machine | null,
): StudioSocket {
  const socket = createStudioSocket({
    relayUrl: relay.url,
    ...{ key, clock, random, timers: realTimers, logger: silentLogger },
    ledgerIdentity: () => (machine ? identityOf(machine) : null),
  });
  closing.push(() => socket.close());
  return socket;
}

export function ship(socket: StudioSocket, machine: Machine) {
  const { ledger, client, marks } = machine;
  const shipper = createJournalShipper({
    socket,
    marks,
    journal: {
      head: () => ({ ...identityOf(machine), seq: ledger.headSeq }),
      rowsFrom: (fromSeq, limit) => client.rowsFrom(fromSeq, limit),
      onRows: (run) => client.onRows(1, run),
      texts: textSourceOf(client),
    },
    ...{ timers: realTimers, logger: silentLogger },
  });
  closing.push(() => shipper.close());
  return shipper;
}

export function reached(
  shipper: ReturnType<typeof ship>,
  matches: (state: ShipperState) => boolean,
): Promise<ShipperState> {
  return new Promise((resolve) => {
    if (matches(shipper.state)) resolve(shipper.state);
    else shipper.onState((state) => matches(state) && resolve(state));
  });
}
export const isCopied = ({ state }: ShipperState) => state === 'upToDate';

export function registered(socket: StudioSocket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.registered) resolve();
    else socket.onRegistered(() => resolve());
  });
}

export async function bind(machine: Machine, number: number): Promise<string> {
  const subject = hexId(number);
  await machine.client.bindSubject({
    ...{ subject, publicKey: hexKey(number), isStaff: false, atUs: 10 },
  });
  return subject;
}

/** Viewers with points, and a market with undecided bets. */
export async function play(machine: Machine, viewers: number): Promise<void> {
  const rules = rulesAt(100);
  await machine.client.openMarket({ ...act('m1', 'open', 100), rules, reason: 'kick-off' });
  for (let i = 1; i <= viewers; i++) {
    const subject = await bind(machine, i);
    await machine.client.placeBet({
      ...{ betId: hexId(1000 + i), subject, marketId: 'm1', outcome: i % 2 },
      ...{ amountMinor: 5 + i, arrivedUs: 200 },
    });
  }
}

export async function newKey(): Promise<ChannelKey> {
  return openChannelKey({ dataFolder: newFolder(), random });
}

export const hashOf = ({ ledger }: Machine) => toHex(ledger.journal.lastHash);

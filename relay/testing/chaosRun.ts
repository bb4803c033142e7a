// For tests and endurance runs: a journal goes through a bad link into a relay over one of the
// stores, and what is in the store afterwards is read back and hashed again from its bytes.

import { realTimers, type Timers } from '../../core/base/clock.ts';
import { toHex } from '../../core/base/ids.ts';
import { silentLogger } from '../../core/base/logger.ts';
import { chainHash, FIRST_PREVIOUS_HASH } from '../../core/ledger/canonical.ts';
import { openChannelKey } from '../../native/upstream/channelKey.ts';
import { createJournalShipper, type ShipperState } from '../../native/upstream/journalShipper.ts';
import { createStudioSocket } from '../../native/upstream/studioSocket.ts';
import type { WitnessStore } from '../witness/store.ts';
import { type ChaosLink, seededBelow, startChaosLink } from './chaosLink.ts';
import { clock, random, removeFolder, startTestRelay, temporaryFolder } from './harness.ts';
import { TestJournal } from './journal.ts';

/** Waits of the shipper and the socket, so that a hundred thousand rows end while one watches. */
const SHIPPER_HASTE = 100;
const SOCKET_HASTE = 5;
const PAGE_ROWS = 1_000;

export type ChaosOutcome = {
  channelId: string;
  /** Hash of the last row: what the relay's mark says, and recomputed from the stored bytes. */
  markHash: string;
  storedHash: string;
  rows: number;
  sumMinor: number;
  link: ChaosLink['counters'];
  connections: number;
  seconds: number;
};

/** A journal of `rows` rows: grants, bets, decisions and payouts that balance. */
export function chaosJournal(rows: number, ledgerId: string, seed: number): TestJournal {
  const below = seededBelow(seed);
  const journal = new TestJournal(ledgerId);
  for (let round = 0; journal.rows.length < rows; round++) {
    const [user, bet] = [`u${below(500)}-${round}`, `b${round}`];
    const amount = 1 + below(100);
    journal.grant(user, 100);
    if (journal.rows.length < rows) journal.bet(bet, user, amount);
    if (journal.rows.length < rows) journal.decide(below(3) ? 'post' : 'void', bet, user, amount);
  }
  return journal;
}

/** Ships the journal; ends when the relay has acknowledged its last row. */
export async function runChaos(options: {
  journal: TestJournal;
  ledgerId: string;
  seed: number;
  cuts: number;
  databaseUrl: string | null;
  /** The store that the relay used, opened again after it closed. */
  reopen(dataFolder: string): Promise<WitnessStore>;
}): Promise<ChaosOutcome> {
  const { journal, ledgerId } = options;
  const startedUs = clock.nowUs();
  const dataFolder = temporaryFolder();
  const relay = await startTestRelay({ dataFolder, databaseUrl: options.databaseUrl });
  const link = await startChaosLink({
    relayUrl: relay.url,
    seed: options.seed,
    cuts: options.cuts,
    batchesPerCut: Math.max(1, Math.floor(journal.rows.length / 48 / options.cuts)),
  });
  const key = await openChannelKey({ dataFolder, random });
  const socket = createStudioSocket({
    ...{ relayUrl: link.url, key, clock, random, logger: silentLogger },
    timers: hasty(SOCKET_HASTE),
    ledgerIdentity: () => ({ ledgerId, epoch: 1 }),
  });
  const shipper = createJournalShipper({
    socket,
    journal: {
      head: () => ({ ledgerId, epoch: 1, seq: journal.rows.length }),
      rowsFrom: async (fromSeq, limit) => journal.rows.slice(fromSeq - 1, fromSeq - 1 + limit),
      onRows: () => () => {},
    },
    timers: hasty(SHIPPER_HASTE),
    logger: silentLogger,
  });
  try {
    const state = await new Promise<ShipperState>((resolve) => {
      shipper.onState((next) => {
        if (next.state === 'upToDate' || next.state === 'refused') resolve(next);
      });
    });
    if (state.state === 'refused') throw new Error(`${state.code}: ${state.reason}`);
  } finally {
    for (const part of [shipper, socket, link]) part.close();
    await relay.close();
  }
  const store = await options.reopen(dataFolder);
  const stored = await storedJournal(store, key.channelId);
  await store.close();
  removeFolder(dataFolder);
  return {
    channelId: key.channelId,
    ...stored,
    link: link.counters,
    connections: socket.counters.connections,
    seconds: (clock.nowUs() - startedUs) / 1e6,
  };
}

async function storedJournal(store: WitnessStore, channelId: string) {
  const mark = await store.mark(channelId);
  let hash = FIRST_PREVIOUS_HASH;
  let rows = 0;
  for (;;) {
    const page = await store.rowsFrom(channelId, rows + 1, PAGE_ROWS);
    for (const row of page) {
      if (row.seq !== ++rows) throw new Error(`Row ${rows} is missing; row ${row.seq} came.`);
      hash = chainHash(hash, row.body);
    }
    if (page.length < PAGE_ROWS) break;
  }
  const { sumMinor } = await store.totals(channelId);
  return { markHash: toHex(mark?.hash ?? hash), storedHash: toHex(hash), rows, sumMinor };
}

/** The real timers, `times` as fast. */
function hasty(times: number): Timers {
  return {
    after: (delayMs, run) => realTimers.after(delayMs / times, run),
    every: (periodMs, run) => realTimers.every(periodMs, run),
  };
}

// For endurance runs: a relay that witnessed a long journal, and a new machine with the owner's key
// that gets all of it back. Only the way back is timed.

import { join } from 'node:path';
import { realTimers } from '../../core/base/clock.ts';
import { toHex } from '../../core/base/ids.ts';
import { recoverJournal } from '../../native/upstream/recovery.ts';
import { openEmbeddedStore } from '../witness/embeddedStore.ts';
import { createWitness } from '../witness/witness.ts';
import { seededBelow } from './chaosLink.ts';
import { clock, randomHex } from './harness.ts';
import { TestJournal } from './journal.ts';
import {
  closeAll,
  connect,
  hashOf,
  newFolder,
  newKey,
  registered,
  startMachine,
  startRelay,
} from './machine.ts';

const BATCH_ROWS = 1_000;
const VIEWERS = 5_000;

/** @returns rows imported, seconds from the question to the last row durable, hashes equal */
export async function rebuildLostDesktop(
  rowCount: number,
  seed: number,
): Promise<{ rows: number; seconds: number; isEqual: boolean }> {
  const below = seededBelow(seed);
  const key = await newKey();
  const ledgerId = randomHex(16);
  const journal = new TestJournal(ledgerId, key.channelId);
  while (journal.rows.length < rowCount) journal.grant(`u${below(VIEWERS)}`, 1 + below(50));
  const dataFolder = newFolder();
  const witness = createWitness(openEmbeddedStore(join(dataFolder, 'witness.sqlite')));
  for (let from = 1; from <= rowCount; from += BATCH_ROWS) {
    const to = Math.min(rowCount, from + BATCH_ROWS - 1);
    const answer = await witness.apply(key.channelId, journal.batch(from, to, { ledgerId }));
    if (!answer?.ok) throw new Error(`Rows ${from} to ${to} were not witnessed.`);
  }
  await witness.close();
  const relay = await startRelay({ dataFolder });
  const machine = await startMachine(key);
  const socket = connect(relay, key, null);
  await registered(socket);
  const startedUs = clock.nowUs();
  const { local, marks } = machine;
  const { rows } = await recoverJournal({ socket, local, marks, timers: realTimers });
  const seconds = (clock.nowUs() - startedUs) / 1e6;
  const isEqual = hashOf(machine) === toHex(journal.lastHash);
  await closeAll();
  return { rows, seconds, isEqual };
}

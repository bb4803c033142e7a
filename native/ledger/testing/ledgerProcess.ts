// For tests and the endurance runs: the real ledger process on a folder, spoken to as the engine
// speaks to it, and killed as power cuts and task managers do. It looks at nothing inside.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fromChildSchema } from '../../../core/contract/process.ts';
import { connectLink } from '../../link/link.ts';
import { createLedgerClient, type LedgerClient } from '../client.ts';
import { CHANNEL, startLedger } from '../testLedger.ts';

/** The process from its sources; a built one starts quicker. */
export const LEDGER_ENTRY = join(import.meta.dirname, '../../host/entries/ledger.ts');

export type OpenedLedger = {
  client: LedgerClient;
  /** At once, as a crash; resolves when the process is gone. */
  kill(): Promise<void>;
  close(): Promise<void>;
};
/** A start that was refused, with the line that a person reads. */
export type RefusedLedger = { refused: string };

const children = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

/** Forks the process; `first` is its first message, or null when it ended without one. */
export function forkLedger(folder: string, entry = LEDGER_ENTRY) {
  const child = fork(entry, { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
  children.add(child);
  const exited = once(child, 'exit').then(() => {
    children.delete(child);
  });
  const first = new Promise<unknown>((done) => {
    child.once('message', done);
    void exited.then(() => done(null));
  });
  const config = { dataFolder: folder, epochUs: 0, channelId: CHANNEL, logLevel: 'error' };
  // A child that was killed at once takes no message.
  child.send({ type: 'start', config }, () => {});
  const kill = async () => {
    child.kill('SIGKILL');
    await exited;
  };
  return { child, first, exited, kill };
}

/** Starts the real process on `folder`. */
export async function startLedgerProcess(
  folder: string,
  entry = LEDGER_ENTRY,
): Promise<OpenedLedger | RefusedLedger> {
  const { child, first, exited, kill } = forkLedger(folder, entry);
  const message = fromChildSchema.safeParse(await first);
  if (!message.success) return { refused: '' };
  if (message.data.type === 'failed') {
    await exited;
    return { refused: message.data.line };
  }
  if (message.data.type !== 'ready' || !message.data.endpoint) throw new Error('It is not ready');
  const client = createLedgerClient(await connectLink(message.data.endpoint));
  return {
    client,
    kill,
    async close() {
      child.send({ type: 'stop' });
      await exited;
    },
  };
}

/**
 * The same ledger in this process: quicker, for short tests. It cannot be killed. However short the
 * journal, it starts from the checkpoint that a close in order keeps.
 */
export async function startLedgerHere(folder: string): Promise<OpenedLedger | RefusedLedger> {
  let broken = '';
  const onBroken = (cause: Error, close: () => void) => {
    // As the process does: it says so and is gone.
    broken = cause.message;
    close();
  };
  try {
    const own = await startLedger(folder, (cause) => onBroken(cause, () => own.client.close()), {
      checkpointRowsMin: 0,
    });
    const close = async () => {
      // The file may be too damaged for a last checkpoint.
      try {
        own.ledger.close();
      } catch {
        own.ledger.journal.store.database.rollback();
      }
      own.close();
    };
    return { client: own.client, close, kill: close };
  } catch (cause) {
    return { refused: broken || (cause instanceof Error ? cause.message : '') };
  }
}

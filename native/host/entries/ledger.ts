// The ledger process: takes the data folder for this studio, verifies the journal and serves the
// engine. It writes nothing to the console but its log on standard error. A refused start names the
// thing and the fix in one line and is never repeated by the supervisor.

import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { realTimers } from '../../../core/base/clock.ts';
import { BAD_CONFIGURATION_EXIT_CODE } from '../../../core/contract/process.ts';
import { connectParent, describeIssues, type Parent } from '../../child/parent.ts';
import { serveImport } from '../../ledger/importRows.ts';
import { JournalBroken } from '../../ledger/journal.ts';
import { openJournalStore } from '../../ledger/journalStore.ts';
import { Ledger, WrongChannel } from '../../ledger/ledger.ts';
import { createLedgerServer } from '../../ledger/server.ts';
import { listenLink } from '../../link/link.ts';
import { SqliteFailure } from '../../sqlite/failure.ts';
import { lockFolder } from '../../sqlite/folderLock.ts';
import { createLogger } from '../../telemetry/logger.ts';

const configurationSchema = z.object({
  dataFolder: z.string().min(1),
  /** Media clock = monotonic clock + this, microseconds. */
  epochUs: z.number().int(),
  channelId: z.string().min(1).max(64),
  logLevel: z.string(),
});
type Configuration = z.infer<typeof configurationSchema>;

/** A start that must not be repeated: the line goes to the person who started the studio. */
class Refused extends Error {}

const parent = connectParent(() => process.exit(0));
let stop = (): void => process.exit(0);

parent.onMessage((message) => {
  switch (message.type) {
    case 'start':
      start(parent, message.config).catch(fail);
      break;
    case 'ping':
      parent.send({ type: 'pong', id: message.id });
      break;
    case 'stop':
      stop();
      break;
    case 'peer':
      break;
  }
});

async function start(to: Parent, raw: unknown): Promise<void> {
  const parsed = configurationSchema.safeParse(raw);
  if (!parsed.success) throw new Refused(`Ledger configuration: ${describeIssues(parsed.error)}`);
  const configuration = parsed.data;
  const logger = createLogger(configuration.logLevel, 'ledger');
  const lock = lockFolder(configuration.dataFolder);
  if (!lock) {
    throw new Refused(
      `--data ${configuration.dataFolder} is in use by another studio. Close that one or name ` +
        'another folder.',
    );
  }
  const ledger = openLedger(configuration);
  const server = createLedgerServer({ ledger, timers: realTimers, logger, onBroken: fail });
  const listener = await listenLink((link) => {
    server.serve(link);
    serveImport(link, ledger.journal, logger);
  });
  stop = () => {
    server.close();
    listener.close();
    ledger.close();
    ledger.journal.store.database.close();
    lock.release();
    process.exit(0);
  };
  const { state, lastHash } = ledger.journal;
  to.send({
    type: 'ready',
    endpoint: listener.endpoint,
    facts: {
      seq: state.seq,
      hash: Buffer.from(lastHash).toString('hex'),
      ledgerId: state.ledger,
      epoch: state.epoch,
    },
  });
  logger.info('The ledger serves', { seq: state.seq, markets: state.markets.size });
}

function openLedger(configuration: Configuration): Ledger {
  const path = join(configuration.dataFolder, 'ledger.db');
  const nowUs = Number(process.hrtime.bigint() / 1000n) + configuration.epochUs;
  try {
    return new Ledger(
      openJournalStore(path),
      {
        ledgerId: randomBytes(16).toString('hex'),
        channelId: configuration.channelId,
        epoch: 1,
      },
      Math.max(0, nowUs),
    );
  } catch (cause) {
    const isForAPerson =
      cause instanceof SqliteFailure ||
      cause instanceof JournalBroken ||
      cause instanceof WrongChannel;
    if (!isForAPerson) throw cause;
    if (cause instanceof SqliteFailure && cause.kind === 'newerVersion') {
      throw new Refused(cause.message);
    }
    throw new Refused(
      `${path} cannot be used: ${cause.message} Restore a copy or name another --data folder.`,
    );
  }
}

function fail(cause: unknown): void {
  const line = cause instanceof Error ? cause.message : String(cause);
  const exitCode = cause instanceof Refused ? BAD_CONFIGURATION_EXIT_CODE : 1;
  parent.send({ type: 'failed', exitCode, line });
  // The message must leave before the process does.
  setTimeout(() => process.exit(exitCode), 50);
}

// The ledger process: takes the data folder for this studio, verifies the journal and serves the
// engine. It writes nothing to the console but its log on standard error. A refused start names the
// thing and the fix in one line and is never repeated by the supervisor.

import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { realTimers } from '../../../core/base/clock.ts';
import type { Logger } from '../../../core/base/logger.ts';
import { BAD_CONFIGURATION_EXIT_CODE } from '../../../core/contract/process.ts';
import { connectParent, describeIssues, type Parent } from '../../child/parent.ts';
import { probeCommitRate } from '../../ledger/commitRate.ts';
import { serveImport } from '../../ledger/importRows.ts';
import { JournalBroken } from '../../ledger/journal.ts';
import { type JournalStore, openJournalStore } from '../../ledger/journalStore.ts';
import { Ledger, WrongChannel } from '../../ledger/ledger.ts';
import { eraseOld } from '../../ledger/personal/erase.ts';
import {
  openPersonalKey,
  type PersonalKey,
  PersonalKeyLost,
} from '../../ledger/personal/personalKey.ts';
import { createSeal, type Seal } from '../../ledger/personal/seal.ts';
import { sealOpenValues } from '../../ledger/personal/tables.ts';
import { createLedgerServer } from '../../ledger/server.ts';
import { listenLink } from '../../link/link.ts';
import { SqliteFailure } from '../../sqlite/failure.ts';
import { lockFolder } from '../../sqlite/folderLock.ts';
import { logEndOf } from '../../sqlite/tornLog.ts';
import { createLogger } from '../../telemetry/logger.ts';

const days = z.number().int().positive().nullable();
const configurationSchema = z.object({
  dataFolder: z.string().min(1),
  /** Media clock = monotonic clock + this, microseconds. */
  epochUs: z.number().int(),
  channelId: z.string().min(1).max(64),
  logLevel: z.string(),
  /** From the keychain; null: it is a file in the data folder. Reaches no log. */
  personalKey: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .nullable()
    .default(null),
  retention: z
    .object({ personalKeysDays: days, textsDays: days })
    .default({ personalKeysDays: null, textsDays: null }),
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
    case 'broken':
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
  const personal = personalKeyOf(configuration);
  const leftOutBytes = leftOut(configuration, logger);
  const ledger = openLedger(configuration, createSeal(personal.key));
  tidyPersonalData(ledger.journal.store, configuration, personal, logger);
  ledger.commitsPerSecond = Math.round(probeCommitRate(configuration.dataFolder));
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
      personalKeyFrom: personal.from,
      commitsPerSecond: ledger.commitsPerSecond,
      leftOutBytes,
    },
  });
  const { commitsPerSecond } = ledger;
  logger.info('The ledger serves', {
    ...{ seq: state.seq, markets: state.markets.size, commitsPerSecond },
  });
}

/** What a crash or a power cut left unfinished: the database leaves it out when it opens. */
function leftOut({ dataFolder }: Configuration, logger: Logger): number {
  const bytes = logEndOf(join(dataFolder, 'ledger.db-wal'))?.unfinishedBytes ?? 0;
  if (bytes > 0) logger.warn('The log ended in the middle of a write; that is left out', { bytes });
  return bytes;
}

function personalKeyOf({ personalKey, dataFolder }: Configuration): PersonalKey {
  if (personalKey !== null) return { key: Buffer.from(personalKey, 'hex'), from: 'keychain' };
  try {
    return openPersonalKey({ dataFolder, keychain: null, random: (length) => randomBytes(length) });
  } catch (cause) {
    if (cause instanceof PersonalKeyLost) throw new Refused(cause.message);
    throw cause;
  }
}

/** Seals what an older version left open, and erases what is older than its retention. */
function tidyPersonalData(
  { database }: JournalStore,
  configuration: Configuration,
  { key, from }: PersonalKey,
  logger: Logger,
): void {
  const sealed = sealOpenValues(database, createSeal(key));
  if (sealed > 0) logger.info('Personal data was sealed', { values: sealed });
  const erased = eraseOld(database, configuration.retention, nowUs(configuration));
  if (erased.keys + erased.texts > 0) logger.info('Old personal data was erased', erased);
  if (from === 'file') logger.info('Personal data is sealed; its key is personal.key, a file');
}

/** Media time, microseconds. */
function nowUs({ epochUs }: Configuration): number {
  return Math.max(0, Number(process.hrtime.bigint() / 1000n) + epochUs);
}

function openLedger(configuration: Configuration, seal: Seal): Ledger {
  const path = join(configuration.dataFolder, 'ledger.db');
  try {
    return new Ledger(
      openJournalStore(path, seal),
      {
        ledgerId: randomBytes(16).toString('hex'),
        channelId: configuration.channelId,
        epoch: 1,
      },
      nowUs(configuration),
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

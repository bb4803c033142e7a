// The door to SQLite (better-sqlite3): opens a database that is durable at every commit, and turns
// SQLite's errors into kinds that callers can act on. Nobody else imports the package. Surprising:
// the library's own default in WAL mode is synchronous=NORMAL, which may forget confirmed commits
// when the power fails; so FULL is set and read back, and nothing starts without it.

import NativeDatabase from 'better-sqlite3';
import { SqliteFailure, sqliteFailure } from './failure.ts';

/** Wait for another process' lock before giving up, ms. Ours is the only writer. */
const BUSY_TIMEOUT_MS = 2_000;
/** Pages in the WAL before SQLite copies them back: 4 MB, an inline pause of some ms. */
const CHECKPOINT_PAGES = 1_000;
/** Findings that SQLite lists of a damaged file. */
const FINDINGS_MAX = 100;

export type Statement<Parameters extends readonly unknown[], Row> = {
  run(...parameters: Parameters): { changes: number };
  get(...parameters: Parameters): Row | undefined;
  all(...parameters: Parameters): Row[];
  iterate(...parameters: Parameters): Iterable<Row>;
};

/** What SQLite says about how durable a commit is. */
export type Durability = { journalMode: string; synchronous: number; fullfsync: number };

export type Database = {
  /** Runs statements without parameters. */
  exec(sql: string): void;
  /** A prepared statement. The caller's types say what the SQL takes and gives. */
  prepare<Parameters extends readonly unknown[], Row>(sql: string): Statement<Parameters, Row>;
  /** Begins a write transaction at once, so that a lock is met here and not in the middle. */
  begin(): void;
  /** Returns after the commit is on the disk. */
  commit(): void;
  /** Undoes an open transaction; harmless when there is none. */
  rollback(): void;
  /** Runs `run` in one transaction; an exception undoes all of it. */
  transaction<Result>(run: () => Result): Result;
  durability(): Durability;
  /** What SQLite finds wrong with the whole file, in its own words; reads every page. */
  damage(): string[];
  /**
   * Lets go of tables and their indexes in the open transaction without reading a page of them: in
   * a damaged file such a page may be another table's, too. Their room comes back with a VACUUM.
   */
  unlinkTables(names: readonly string[]): void;
  close(): void;
};

export type DatabaseOptions = {
  path: string;
  /** Version of the schema that this program writes; kept in `user_version`. */
  version: number;
  /** Brings a file from `fromVersion` (0: empty) to `version`, inside a transaction. */
  migrate(database: Pick<Database, 'exec'>, fromVersion: number): void;
};

/**
 * Opens or creates a durable database.
 *
 * @throws SqliteFailure: newerVersion when the file is from a newer program, notDurable when SQLite
 *   will not flush every commit, and all kinds that the disk can give.
 */
export function openDatabase(options: DatabaseOptions): Database {
  const native = guarded(() => new NativeDatabase(options.path, { timeout: BUSY_TIMEOUT_MS }));
  try {
    const database = wrap(native);
    refuseNewer(native, options);
    guarded(() => {
      native.pragma('journal_mode = WAL');
      native.pragma('synchronous = FULL');
      native.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
      native.pragma('foreign_keys = ON');
      if (process.platform === 'darwin') {
        // Plain fsync leaves the data in the drive's own cache on macOS.
        native.pragma('fullfsync = ON');
        native.pragma('checkpoint_fullfsync = ON');
      }
    });
    assertDurable(database.durability(), process.platform);
    migrateUp(database, native, options);
    return database;
  } catch (cause) {
    native.close();
    throw cause;
  }
}

/** A database that is only looked at. */
export type ReadDatabase = {
  prepare<Parameters extends readonly unknown[], Row>(
    sql: string,
  ): Omit<Statement<Parameters, Row>, 'run'>;
  close(): void;
};

/**
 * Opens a database for reading, also while another process writes it. Changes nothing.
 *
 * @throws SqliteFailure
 */
export function openForReading(path: string): ReadDatabase {
  const options = { readonly: true, fileMustExist: true, timeout: BUSY_TIMEOUT_MS };
  const native = guarded(() => new NativeDatabase(path, options));
  const { prepare, close } = wrap(native);
  return { prepare, close };
}

/**
 * Throws unless every commit is flushed to the disk.
 *
 * @throws SqliteFailure notDurable
 */
export function assertDurable(durability: Durability, platform: NodeJS.Platform): void {
  const isDurable =
    durability.journalMode === 'wal' &&
    durability.synchronous === 2 &&
    (platform !== 'darwin' || durability.fullfsync === 1);
  if (!isDurable) {
    throw new SqliteFailure(
      'notDurable',
      `SQLite does not flush every commit here (${JSON.stringify(durability)}).`,
    );
  }
}

function refuseNewer(native: NativeDatabase, options: DatabaseOptions): void {
  const known = guarded(() => Number(native.pragma('user_version', { simple: true })));
  if (known > options.version) {
    throw new SqliteFailure(
      'newerVersion',
      `${options.path} was written by a newer version (${known}; this one knows ` +
        `${options.version}). Update Morphine Studio or choose another data folder.`,
    );
  }
}

function migrateUp(database: Database, native: NativeDatabase, options: DatabaseOptions): void {
  const known = Number(native.pragma('user_version', { simple: true }));
  if (known === options.version) return;
  database.transaction(() => {
    options.migrate(database, known);
    native.pragma(`user_version = ${options.version}`);
  });
}

function wrap(native: NativeDatabase): Database {
  const database: Database = {
    exec: (sql) => {
      guarded(() => native.exec(sql));
    },
    prepare<Parameters extends readonly unknown[], Row>(sql: string): Statement<Parameters, Row> {
      const statement = guarded(() => native.prepare(sql));
      return {
        run: (...parameters) => guarded(() => statement.run(...parameters)),
        get: (...parameters) => guarded(() => statement.get(...parameters)) as Row | undefined,
        all: (...parameters) => guarded(() => statement.all(...parameters)) as Row[],
        iterate: (...parameters) =>
          guarded(() => statement.iterate(...parameters)) as Iterable<Row>,
      };
    },
    begin: () => database.exec('BEGIN IMMEDIATE'),
    commit: () => database.exec('COMMIT'),
    rollback() {
      if (native.inTransaction) database.exec('ROLLBACK');
    },
    transaction(run) {
      database.begin();
      try {
        const result = run();
        database.commit();
        return result;
      } catch (cause) {
        database.rollback();
        throw cause;
      }
    },
    durability: () =>
      guarded(() => ({
        journalMode: String(native.pragma('journal_mode', { simple: true })),
        synchronous: Number(native.pragma('synchronous', { simple: true })),
        fullfsync: Number(native.pragma('fullfsync', { simple: true })),
      })),
    damage: () => damageOf(native),
    unlinkTables: (names) => {
      guarded(() => unlinkTables(native, names));
    },
    close: () => {
      guarded(() => native.close());
    },
  };
  return database;
}

function damageOf(native: NativeDatabase): string[] {
  try {
    const found = native.pragma(`integrity_check(${FINDINGS_MAX})`) as {
      integrity_check: string;
    }[];
    const lines = found.flatMap((one) => one.integrity_check.split('\n'));
    return lines.filter((line) => line !== 'ok' && !line.startsWith('***'));
  } catch (cause) {
    const failure = sqliteFailure(cause);
    if (failure.kind === 'corrupt') return [failure.message];
    throw failure;
  }
}

function unlinkTables(native: NativeDatabase, names: readonly string[]): void {
  const remove = 'DELETE FROM sqlite_schema WHERE tbl_name = ?';
  native.unsafeMode(true);
  try {
    native.exec('PRAGMA writable_schema = ON');
    for (const name of names) native.prepare(remove).run(name);
  } finally {
    native.exec('PRAGMA writable_schema = RESET');
    native.unsafeMode(false);
  }
}

function guarded<Result>(run: () => Result): Result {
  try {
    return run();
  } catch (cause) {
    throw sqliteFailure(cause);
  }
}

// The tables of the ledger's file and every statement on them. The journal is append-only and holds
// the hashed bytes; everything that may be erased (keys of viewers, texts) stands in tables beside
// it, outside of what is hashed.

import { statSync } from 'node:fs';
import { type Database, openDatabase, type Statement } from '../sqlite/database.ts';

/** Version of these tables, kept in user_version. */
export const LEDGER_FILE_VERSION = 1;

const TABLES = `
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE journal (
  seq  INTEGER PRIMARY KEY,
  id   TEXT NOT NULL UNIQUE,
  body BLOB NOT NULL,
  hash BLOB NOT NULL
) STRICT;
CREATE TRIGGER journal_is_never_changed BEFORE UPDATE ON journal
  BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER journal_is_never_cut BEFORE DELETE ON journal
  BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TABLE commands (
  id TEXT PRIMARY KEY, digest BLOB NOT NULL, market TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE subjects (
  subject TEXT PRIMARY KEY, public_key TEXT NOT NULL,
  is_staff INTEGER NOT NULL, bound_at_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE texts (
  hash TEXT PRIMARY KEY, salt BLOB NOT NULL, text TEXT NOT NULL
) STRICT, WITHOUT ROWID;
`;

export type StoredRow = { seq: number; body: Buffer; hash: Buffer };
export type StoredSubject = { subject: string; publicKey: string; isStaff: number };

export type JournalStore = {
  /** The file was not closed in order the last time: a crash, or the power went. */
  isAfterCrash: boolean;
  database: Database;
  insertRow: Statement<[seq: number, id: string, body: Uint8Array, hash: Uint8Array], never>;
  rowsFrom: Statement<[fromSeq: number, limit: number], StoredRow>;
  allRows: Statement<[], StoredRow>;
  hashOf: Statement<[seq: number], { hash: Buffer }>;
  insertCommand: Statement<[id: string, digest: Uint8Array, market: string], never>;
  commandOf: Statement<[id: string], { digest: Buffer; market: string }>;
  putSubject: Statement<
    [subject: string, publicKey: string, isStaff: number, boundAtUs: number],
    never
  >;
  subjectOf: Statement<[subject: string], StoredSubject>;
  boundAtOf: Statement<[subject: string], { boundAtUs: number }>;
  putText: Statement<[hash: string, salt: Uint8Array, text: string], never>;
  textOf: Statement<[hash: string], { salt: Buffer; text: string }>;
};

/**
 * Opens the ledger's file.
 *
 * @throws SqliteFailure
 */
export function openJournalStore(path: string): JournalStore {
  // SQLite removes its log when a file is closed in order.
  const isAfterCrash = (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0;
  const database = openDatabase({
    path,
    version: LEDGER_FILE_VERSION,
    migrate: (file) => file.exec(TABLES),
  });
  return {
    isAfterCrash,
    database,
    insertRow: database.prepare('INSERT INTO journal (seq, id, body, hash) VALUES (?, ?, ?, ?)'),
    rowsFrom: database.prepare(
      'SELECT seq, body, hash FROM journal WHERE seq >= ? ORDER BY seq LIMIT ?',
    ),
    allRows: database.prepare('SELECT seq, body, hash FROM journal ORDER BY seq'),
    hashOf: database.prepare('SELECT hash FROM journal WHERE seq = ?'),
    insertCommand: database.prepare('INSERT INTO commands (id, digest, market) VALUES (?, ?, ?)'),
    commandOf: database.prepare('SELECT digest, market FROM commands WHERE id = ?'),
    putSubject: database.prepare(
      'INSERT OR REPLACE INTO subjects (subject, public_key, is_staff, bound_at_us) ' +
        'VALUES (?, ?, ?, ?)',
    ),
    subjectOf: database.prepare(
      'SELECT subject, public_key AS publicKey, is_staff AS isStaff FROM subjects ' +
        'WHERE subject = ?',
    ),
    boundAtOf: database.prepare('SELECT bound_at_us AS boundAtUs FROM subjects WHERE subject = ?'),
    putText: database.prepare('INSERT OR IGNORE INTO texts (hash, salt, text) VALUES (?, ?, ?)'),
    textOf: database.prepare('SELECT salt, text FROM texts WHERE hash = ?'),
  };
}

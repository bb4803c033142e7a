// The tables of the ledger's file and every statement on them. The journal is append-only and holds
// the hashed bytes; everything that may be erased (keys of viewers, texts) stands in tables beside
// it, outside of what is hashed. `ended_*`, `ids` and `checkpoint` only repeat what the journal
// says, so that a start need not read all of it; they may be thrown away at any time.

import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { type Database, openDatabase, type Statement } from '../sqlite/database.ts';
import { OPEN_SEAL, type Seal } from './personal/seal.ts';
import { PERSONAL_TABLES, type PersonalStatements, personalStatements } from './personal/tables.ts';

/** Version of these tables, kept in user_version. */
export const LEDGER_FILE_VERSION = 3;

const JOURNAL = `
CREATE TABLE journal (
  seq  INTEGER PRIMARY KEY,
  body BLOB NOT NULL,
  hash BLOB NOT NULL
) STRICT;
`;
const TRIGGERS = `
CREATE TRIGGER journal_is_never_changed BEFORE UPDATE ON journal
  BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER journal_is_never_cut BEFORE DELETE ON journal
  BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
`;
const BESIDE = `
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
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
/** What only repeats the journal. */
export const PUT_AWAY_TABLES = ['ended_markets', 'ended_bets', 'ids', 'checkpoint'] as const;
/** What of ended markets left the memory, by market, by bettor and by id; and the folded rest. */
export const PUT_AWAY = `
CREATE TABLE ended_markets (
  market TEXT PRIMARY KEY, seq INTEGER NOT NULL, head TEXT NOT NULL, mac BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX ended_markets_by_seq ON ended_markets (seq);
CREATE TABLE ended_bets (
  subject TEXT NOT NULL, last_seq INTEGER NOT NULL, market TEXT NOT NULL,
  bets TEXT NOT NULL, mac BLOB NOT NULL,
  PRIMARY KEY (subject, last_seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX ended_bets_by_market ON ended_bets (market);
CREATE TABLE ids (id BLOB PRIMARY KEY, seq INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE checkpoint (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  seq INTEGER NOT NULL, hash BLOB NOT NULL, state BLOB NOT NULL, mac BLOB NOT NULL
) STRICT;
`;
/** Version 1 kept each row's id beside it; the ids of bets and sales have a table now. */
const FROM_1 = `
CREATE TABLE journal_2 (
  seq  INTEGER PRIMARY KEY,
  body BLOB NOT NULL,
  hash BLOB NOT NULL
) STRICT;
INSERT INTO journal_2 SELECT seq, body, hash FROM journal ORDER BY seq;
DROP TRIGGER journal_is_never_changed;
DROP TRIGGER journal_is_never_cut;
DROP TABLE journal;
ALTER TABLE journal_2 RENAME TO journal;
`;

const HASH_BYTES = 32;
/** Rows that one INSERT writes when there are as many. */
export const INSERT_ROWS = 16;

export type StoredRow = { seq: number; body: Buffer; hash: Buffer };
type InsertRow = [seq: number, body: Uint8Array, hash: Uint8Array];

export type { StoredSubject } from './personal/tables.ts';

export type JournalStore = {
  /** The file was not closed in order the last time: a crash, or the power went. */
  isAfterCrash: boolean;
  database: Database;
  /** Signs what only repeats the journal; lies beside the file, for its owner only. */
  key: Uint8Array;
  insertRow: Statement<InsertRow, never>;
  /** INSERT_ROWS rows at once, all their values in one list. */
  insertRows: Statement<[values: (number | Uint8Array)[]], never>;
  rowsFrom: { all(fromSeq: number, limit: number): StoredRow[] };
  allRows: { iterate(): Iterable<StoredRow> };
  hashOf: Statement<[seq: number], { hash: Buffer }>;
  insertCommand: Statement<[id: string, digest: Uint8Array, market: string], never>;
  commandOf: Statement<[id: string], { digest: Buffer; market: string }>;
  boundAtOf: Statement<[subject: string], { boundAtUs: number }>;
  /** Any write beside the journal: whether the disk takes it. */
  putMeta: Statement<[name: string, value: string], never>;
} & PersonalStatements;

/**
 * Opens the ledger's file.
 *
 * @param seal what keeps personal data closed; the product always gives one
 * @throws SqliteFailure
 */
export function openJournalStore(path: string, seal: Seal = OPEN_SEAL): JournalStore {
  // SQLite removes its log when a file is closed in order.
  const isAfterCrash = (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0;
  const database = openDatabase({
    path,
    version: LEDGER_FILE_VERSION,
    migrate: (file, from) => {
      if (from < 2) {
        file.exec(from === 1 ? FROM_1 : JOURNAL + BESIDE);
        file.exec(TRIGGERS + PUT_AWAY);
      }
      file.exec(PERSONAL_TABLES);
    },
  });
  const places = Array.from({ length: INSERT_ROWS }, () => '(?, ?, ?)').join(', ');
  return {
    isAfterCrash,
    database,
    key: keyBeside(path),
    insertRow: database.prepare('INSERT INTO journal (seq, body, hash) VALUES (?, ?, ?)'),
    insertRows: database.prepare(`INSERT INTO journal (seq, body, hash) VALUES ${places}`),
    ...readStatements(database),
    hashOf: database.prepare('SELECT hash FROM journal WHERE seq = ?'),
    insertCommand: database.prepare('INSERT INTO commands (id, digest, market) VALUES (?, ?, ?)'),
    commandOf: database.prepare('SELECT digest, market FROM commands WHERE id = ?'),
    boundAtOf: database.prepare('SELECT bound_at_us AS boundAtUs FROM subjects WHERE subject = ?'),
    putMeta: database.prepare('INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)'),
    ...personalStatements(database, seal),
  };
}

/** Body and hash come as one: each Buffer costs more than the reading. */
type JoinedRow = { seq: number; both: Buffer | null };

function readStatements(database: Database): Pick<JournalStore, 'rowsFrom' | 'allRows'> {
  const joined = 'SELECT seq, CAST(body || hash AS BLOB) AS both FROM journal';
  const from = database.prepare<[fromSeq: number, limit: number], JoinedRow>(
    `${joined} WHERE seq >= ? ORDER BY seq LIMIT ?`,
  );
  const every = database.prepare<[], JoinedRow>(`${joined} ORDER BY seq`);
  return {
    rowsFrom: { all: (fromSeq, limit) => from.all(fromSeq, limit).map(storedRow) },
    allRows: {
      *iterate() {
        for (const row of every.iterate()) yield storedRow(row);
      },
    },
  };
}

/** A row whose parts are damaged has another hash, wherever it is cut. */
function storedRow({ seq, both }: JoinedRow): StoredRow {
  const bytes = both ?? Buffer.alloc(0);
  const end = Math.max(0, bytes.length - HASH_BYTES);
  return { seq, body: bytes.subarray(0, end), hash: bytes.subarray(end) };
}

/** Made at the first start. Without it nothing is lost: the journal is folded once more. */
function keyBeside(path: string): Uint8Array {
  const file = `${path}.key`;
  if (existsSync(file)) {
    const key = readFileSync(file);
    if (key.length === 32) return key;
  }
  const key = randomBytes(32);
  writeFileSync(`${file}.new`, key, { mode: 0o600 });
  chmodSync(`${file}.new`, 0o600);
  renameSync(`${file}.new`, file);
  return key;
}

// The witness's store in a file beside the relay: SQLite, durable at every commit. One relay has
// it open. Each call is one synchronous piece of work, so that no two of them can mix.

import { type Database, openDatabase } from '../../native/sqlite/database.ts';
import type { WitnessAccount, WitnessBet } from './fold.ts';
import {
  type HighWaterMark,
  isSameMark,
  type WitnessChange,
  type WitnessPages,
  type WitnessStore,
} from './store.ts';

/** `PRAGMA user_version` of this layout. A newer file is never opened by an older relay. */
const LAYOUT_VERSION = 2;
const LAYOUT = `
  CREATE TABLE mark (
    channel TEXT PRIMARY KEY, ledger TEXT NOT NULL, epoch INTEGER NOT NULL,
    seq INTEGER NOT NULL, hash BLOB NOT NULL
  ) STRICT;
  CREATE TABLE row (
    channel TEXT NOT NULL, seq INTEGER NOT NULL, body BLOB NOT NULL, hash BLOB NOT NULL,
    PRIMARY KEY (channel, seq)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE account (
    channel TEXT NOT NULL, name TEXT NOT NULL, posted INTEGER NOT NULL, reserved INTEGER NOT NULL,
    PRIMARY KEY (channel, name)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE bet (
    channel TEXT NOT NULL, id TEXT NOT NULL, account TEXT NOT NULL, escrow TEXT NOT NULL,
    amount INTEGER NOT NULL, state TEXT NOT NULL, PRIMARY KEY (channel, id)
  ) STRICT, WITHOUT ROWID;
`;
/** Since layout 2: what a row is found by (namesAbout in store.ts); texts beside the journal. */
const LAYOUT_2 = `
  CREATE TABLE about (
    channel TEXT NOT NULL, name TEXT NOT NULL, seq INTEGER NOT NULL,
    PRIMARY KEY (channel, name, seq)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE text (
    channel TEXT NOT NULL, hash TEXT NOT NULL, salt BLOB NOT NULL, text TEXT NOT NULL,
    PRIMARY KEY (channel, hash)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO about (channel, name, seq)
  SELECT channel, name, seq FROM (
    SELECT channel, seq, CASE
      WHEN json ->> '$.kind' = 'bet' THEN 'b:' || (json ->> '$.id')
      WHEN json ->> '$.pending' IS NOT NULL THEN 'b:' || (json ->> '$.pending')
      WHEN json ->> '$.sale' IS NOT NULL THEN 'b:' || (json ->> '$.sale')
      WHEN json ->> '$.bet' <> '' THEN 'b:' || (json ->> '$.bet')
      WHEN json ->> '$.kind' LIKE 'market.%' THEN 'm:' || (json ->> '$.market')
    END AS name
    FROM (SELECT channel, seq, CAST(body AS TEXT) AS json FROM row)
  ) WHERE name IS NOT NULL;
`;
const NO_HASH_BEFORE = new Uint8Array(32);

/**
 * Opens the witness's file.
 *
 * @throws SqliteFailure, also when the file was written by a newer relay
 */
export function openEmbeddedStore(path: string): WitnessStore {
  const database = openDatabase({
    path,
    version: LAYOUT_VERSION,
    migrate(fresh, fromVersion) {
      if (fromVersion === 0) fresh.exec(LAYOUT);
      if (fromVersion < 2) fresh.exec(LAYOUT_2);
    },
  });
  // Texts are erased on request, and then their bytes must be gone.
  database.exec('PRAGMA secure_delete = ON');
  const statements = prepare(database);
  const mark = (channelId: string): HighWaterMark | null => {
    const row = statements.markOf.get(channelId);
    return row
      ? { ledgerId: row.ledger, epoch: row.epoch, seq: row.seq, hash: new Uint8Array(row.hash) }
      : null;
  };
  // An async function turns what SQLite throws into a rejection, as the contract has it.
  return {
    mark: async (channelId) => mark(channelId),
    rowsFrom: async (channelId, fromSeq, limit) =>
      statements.rowsFrom.all(channelId, fromSeq, limit).map(({ seq, body, hash }) => ({
        seq,
        body: new Uint8Array(body),
        hash: new Uint8Array(hash),
      })),
    pages: async (channelId, accounts, bets) => readPages(statements, channelId, accounts, bets),
    async append(channelId, change) {
      return database.transaction(() => {
        if (!isSameMark(mark(channelId), change.from)) return false;
        write(statements, channelId, change);
        return true;
      });
    },
    async rowsAbout(channelId, names, limit) {
      const rows = statements.rowsAbout.all(channelId, JSON.stringify(names), limit);
      return rows.map(({ seq, body, hash, prevHash }) => ({
        seq,
        body: new Uint8Array(body),
        hash: new Uint8Array(hash),
        prevHash: prevHash ? new Uint8Array(prevHash) : NO_HASH_BEFORE,
      }));
    },
    async putTexts(channelId, texts) {
      database.transaction(() => {
        for (const { hash, salt, text } of texts) {
          statements.putText.run(channelId, hash, salt, text);
        }
      });
    },
    async textsOf(channelId, hashes) {
      const texts = statements.textsOf.all(channelId, JSON.stringify(hashes));
      return texts.map(({ hash, salt, text }) => ({ hash, salt: new Uint8Array(salt), text }));
    },
    async eraseTexts(channelId, hashes) {
      database.transaction(() => {
        for (const hash of hashes) statements.eraseText.run(channelId, hash);
      });
      // What was erased stood in the log, too.
      database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    },
    async totals(channelId) {
      const row = statements.totals.get(channelId);
      return {
        sumMinor: row?.sum ?? 0,
        heldMinor: row?.held ?? 0,
        reservedMinor: row?.reserved ?? 0,
      };
    },
    close: async () => database.close(),
  };
}

type Statements = ReturnType<typeof prepare>;

function prepare(database: Database) {
  return {
    markOf: database.prepare<
      [string],
      { ledger: string; epoch: number; seq: number; hash: Buffer }
    >('SELECT ledger, epoch, seq, hash FROM mark WHERE channel = ?'),
    putMark: database.prepare<[string, string, number, number, Uint8Array], never>(
      `INSERT INTO mark (channel, ledger, epoch, seq, hash) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (channel) DO UPDATE SET
         ledger = excluded.ledger, epoch = excluded.epoch,
         seq = excluded.seq, hash = excluded.hash`,
    ),
    rowsFrom: database.prepare<
      [string, number, number],
      { seq: number; body: Buffer; hash: Buffer }
    >('SELECT seq, body, hash FROM row WHERE channel = ? AND seq >= ? ORDER BY seq LIMIT ?'),
    putRow: database.prepare<[string, number, Uint8Array, Uint8Array], never>(
      'INSERT INTO row (channel, seq, body, hash) VALUES (?, ?, ?, ?)',
    ),
    ...prepareAbout(database),
    totals: database.prepare<[string], { sum: number; reserved: number; held: number }>(
      `SELECT coalesce(sum(posted), 0) AS sum, coalesce(sum(reserved), 0) AS reserved,
         coalesce(sum(CASE WHEN name LIKE 'user:%' THEN posted ELSE 0 END), 0) AS held
       FROM account WHERE channel = ?`,
    ),
    accountOf: database.prepare<[string, string], { posted: number; reserved: number }>(
      'SELECT posted, reserved FROM account WHERE channel = ? AND name = ?',
    ),
    putAccount: database.prepare<[string, string, number, number], never>(
      `INSERT INTO account (channel, name, posted, reserved) VALUES (?, ?, ?, ?)
       ON CONFLICT (channel, name) DO UPDATE SET
         posted = excluded.posted, reserved = excluded.reserved`,
    ),
    betOf: database.prepare<
      [string, string],
      { account: string; escrow: string; amount: number; state: WitnessBet['state'] }
    >('SELECT account, escrow, amount, state FROM bet WHERE channel = ? AND id = ?'),
    putBet: database.prepare<[string, string, string, string, number, string], never>(
      `INSERT INTO bet (channel, id, account, escrow, amount, state) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (channel, id) DO UPDATE SET
         account = excluded.account, escrow = excluded.escrow, amount = excluded.amount,
         state = excluded.state`,
    ),
  };
}

function prepareAbout(database: Database) {
  return {
    putAbout: database.prepare<[string, string, number], never>(
      'INSERT OR IGNORE INTO about (channel, name, seq) VALUES (?, ?, ?)',
    ),
    rowsAbout: database.prepare<
      [string, string, number],
      { seq: number; body: Buffer; hash: Buffer; prevHash: Buffer | null }
    >(
      `SELECT r.seq, r.body, r.hash, before.hash AS prevHash
       FROM (SELECT DISTINCT channel, seq FROM about
             WHERE channel = ? AND name IN (SELECT value FROM json_each(?))) a
       JOIN row r ON r.channel = a.channel AND r.seq = a.seq
       LEFT JOIN row before ON before.channel = a.channel AND before.seq = a.seq - 1
       ORDER BY r.seq LIMIT ?`,
    ),
    putText: database.prepare<[string, string, Uint8Array, string], never>(
      'INSERT OR IGNORE INTO text (channel, hash, salt, text) VALUES (?, ?, ?, ?)',
    ),
    textsOf: database.prepare<[string, string], { hash: string; salt: Buffer; text: string }>(
      `SELECT hash, salt, text FROM text
       WHERE channel = ? AND hash IN (SELECT value FROM json_each(?)) ORDER BY hash`,
    ),
    eraseText: database.prepare<[string, string], never>(
      'DELETE FROM text WHERE channel = ? AND hash = ?',
    ),
  };
}

function readPages(
  statements: Statements,
  channelId: string,
  accountNames: readonly string[],
  betIds: readonly string[],
): WitnessPages {
  const accounts = new Map<string, WitnessAccount>();
  for (const name of accountNames) {
    const row = statements.accountOf.get(channelId, name);
    if (row) accounts.set(name, { postedMinor: row.posted, reservedMinor: row.reserved });
  }
  const bets = new Map<string, WitnessBet>();
  for (const id of betIds) {
    const row = statements.betOf.get(channelId, id);
    if (!row) continue;
    const { account, escrow, amount, state } = row;
    bets.set(id, { account, escrow, amountMinor: amount, state });
  }
  return { accounts, bets };
}

function write(statements: Statements, channelId: string, change: WitnessChange): void {
  for (const { seq, body, hash, about } of change.rows) {
    statements.putRow.run(channelId, seq, body, hash);
    for (const name of about) statements.putAbout.run(channelId, name, seq);
  }
  for (const [name, { postedMinor, reservedMinor }] of change.accounts) {
    statements.putAccount.run(channelId, name, postedMinor, reservedMinor);
  }
  for (const [id, bet] of change.bets) {
    statements.putBet.run(channelId, id, bet.account, bet.escrow, bet.amountMinor, bet.state);
  }
  const { ledgerId, epoch, seq, hash } = change.to;
  statements.putMark.run(channelId, ledgerId, epoch, seq, hash);
}

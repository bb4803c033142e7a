// Where the witness keeps what it saw: per channel the journal's exact bytes, its high-water mark
// and the folded balances. One transaction per batch, durable before it is acknowledged.

import { type Database, openDatabase } from '../../native/sqlite/database.ts';
import type { WitnessBet, WitnessBooks } from './fold.ts';

export type HighWaterMark = {
  ledgerId: string;
  epoch: number;
  seq: number;
  hash: Uint8Array;
};

export type WitnessStore = {
  mark(channelId: string): HighWaterMark | null;
  setMark(channelId: string, mark: HighWaterMark): void;
  row(channelId: string, seq: number): { body: Uint8Array; hash: Uint8Array } | null;
  addRow(channelId: string, seq: number, body: Uint8Array, hash: Uint8Array): void;
  books(channelId: string): WitnessBooks;
  /** Sum of all posted points (0 when debits equal credits) and of the viewers' points. */
  totals(channelId: string): { sumMinor: number; heldMinor: number; reservedMinor: number };
  channels(): string[];
  /** All or nothing; durable when it returns. A throw undoes everything and goes on up. */
  inTransaction<Result>(run: () => Result): Result;
  close(): void;
};

/** `PRAGMA user_version` of this layout. A newer file is never opened by an older relay. */
const LAYOUT_VERSION = 1;
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

/**
 * Opens the witness's file.
 *
 * @throws SqliteFailure, also when the file was written by a newer relay
 */
export function openWitnessStore(path: string): WitnessStore {
  const database = openDatabase({
    path,
    version: LAYOUT_VERSION,
    migrate(fresh, fromVersion) {
      if (fromVersion === 0) fresh.exec(LAYOUT);
    },
  });
  const markOf = database.prepare<
    [string],
    { ledger: string; epoch: number; seq: number; hash: Buffer }
  >('SELECT ledger, epoch, seq, hash FROM mark WHERE channel = ?');
  const putMark = database.prepare<[string, string, number, number, Buffer], never>(
    `INSERT INTO mark (channel, ledger, epoch, seq, hash) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (channel) DO UPDATE SET
       ledger = excluded.ledger, epoch = excluded.epoch, seq = excluded.seq, hash = excluded.hash`,
  );
  const rowOf = database.prepare<[string, number], { body: Buffer; hash: Buffer }>(
    'SELECT body, hash FROM row WHERE channel = ? AND seq = ?',
  );
  const putRow = database.prepare<[string, number, Buffer, Buffer], never>(
    'INSERT INTO row (channel, seq, body, hash) VALUES (?, ?, ?, ?)',
  );
  const totals = database.prepare<[string], { sum: number; reserved: number; held: number }>(
    `SELECT coalesce(sum(posted), 0) AS sum, coalesce(sum(reserved), 0) AS reserved,
       coalesce(sum(CASE WHEN name LIKE 'user:%' THEN posted ELSE 0 END), 0) AS held
     FROM account WHERE channel = ?`,
  );
  const channels = database.prepare<[], { channel: string }>('SELECT channel FROM mark');
  const books = createBooks(database);
  return {
    mark(channelId) {
      const row = markOf.get(channelId);
      return row
        ? { ledgerId: row.ledger, epoch: row.epoch, seq: row.seq, hash: new Uint8Array(row.hash) }
        : null;
    },
    setMark(channelId, { ledgerId, epoch, seq, hash }) {
      putMark.run(channelId, ledgerId, epoch, seq, Buffer.from(hash));
    },
    row(channelId, seq) {
      const row = rowOf.get(channelId, seq);
      return row ? { body: new Uint8Array(row.body), hash: new Uint8Array(row.hash) } : null;
    },
    addRow(channelId, seq, body, hash) {
      putRow.run(channelId, seq, Buffer.from(body), Buffer.from(hash));
    },
    books,
    totals(channelId) {
      const row = totals.get(channelId);
      return {
        sumMinor: row?.sum ?? 0,
        heldMinor: row?.held ?? 0,
        reservedMinor: row?.reserved ?? 0,
      };
    },
    channels: () => channels.all().map((row) => row.channel),
    inTransaction: (run) => database.transaction(run),
    close: () => database.close(),
  };
}

function createBooks(database: Database): (channelId: string) => WitnessBooks {
  const accountOf = database.prepare<[string, string], { posted: number; reserved: number }>(
    'SELECT posted, reserved FROM account WHERE channel = ? AND name = ?',
  );
  const putAccount = database.prepare<[string, string, number, number], never>(
    `INSERT INTO account (channel, name, posted, reserved) VALUES (?, ?, ?, ?)
     ON CONFLICT (channel, name) DO UPDATE SET
       posted = excluded.posted, reserved = excluded.reserved`,
  );
  const betOf = database.prepare<
    [string, string],
    { account: string; escrow: string; amount: number; state: WitnessBet['state'] }
  >('SELECT account, escrow, amount, state FROM bet WHERE channel = ? AND id = ?');
  const putBet = database.prepare<[string, string, string, string, number, string], never>(
    `INSERT INTO bet (channel, id, account, escrow, amount, state) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (channel, id) DO UPDATE SET state = excluded.state`,
  );
  return (channelId) => ({
    account(name) {
      const row = accountOf.get(channelId, name);
      return { postedMinor: row?.posted ?? 0, reservedMinor: row?.reserved ?? 0 };
    },
    setAccount(name, account) {
      putAccount.run(channelId, name, account.postedMinor, account.reservedMinor);
    },
    bet(id) {
      const row = betOf.get(channelId, id);
      return row
        ? { account: row.account, escrow: row.escrow, amountMinor: row.amount, state: row.state }
        : null;
    },
    setBet(id, bet) {
      putBet.run(channelId, id, bet.account, bet.escrow, bet.amountMinor, bet.state);
    },
  });
}

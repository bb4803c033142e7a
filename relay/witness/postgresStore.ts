// The witness's store in PostgreSQL, for relays that keep many channels or have no disk of their
// own. Every table has row security that holds for its owner too: a transaction names its channel
// and sees nothing else, and one without a channel sees nothing. A role that could step around
// that is refused at start, and so is a server that confirms before its disk has it.

import { openPostgres, type Postgres, PostgresFailure, type PostgresQuery } from '../postgres.ts';
import type { WitnessAccount, WitnessBet } from './fold.ts';
import {
  type HighWaterMark,
  isSameMark,
  type LinkedRow,
  type WitnessChange,
  type WitnessStore,
} from './store.ts';

/** Kept as the schema's comment. A newer layout is never used by an older relay. */
const LAYOUT_VERSION = 2;
/** Two relays that start on an empty database must not both lay it out. */
const LAYOUT_LOCK = 6_027_341;
const FIRST_TABLES = ['mark', 'row', 'account', 'bet'] as const;
const TABLES = [...FIRST_TABLES, 'about', 'text'] as const;

const channel = "channel TEXT NOT NULL CHECK (channel ~ '^[0-9a-f]{32}$')";
const LAYOUT = [
  'CREATE SCHEMA morphine',
  `CREATE TABLE morphine.mark (
     ${channel} PRIMARY KEY, ledger TEXT NOT NULL, epoch BIGINT NOT NULL,
     seq BIGINT NOT NULL, hash BYTEA NOT NULL
   )`,
  `CREATE TABLE morphine.row (
     ${channel}, seq BIGINT NOT NULL, body BYTEA NOT NULL, hash BYTEA NOT NULL,
     PRIMARY KEY (channel, seq)
   )`,
  `CREATE TABLE morphine.account (
     ${channel}, name TEXT NOT NULL, posted BIGINT NOT NULL, reserved BIGINT NOT NULL,
     PRIMARY KEY (channel, name)
   )`,
  `CREATE TABLE morphine.bet (
     ${channel}, id TEXT NOT NULL, account TEXT NOT NULL, escrow TEXT NOT NULL,
     amount BIGINT NOT NULL, state TEXT NOT NULL, PRIMARY KEY (channel, id)
   )`,
  ...FIRST_TABLES.flatMap(secured),
];
/**
 * Since layout 2: what a row is found by (namesAbout in store.ts), and texts beside the journal.
 * Older rows are looked through once; row security rests meanwhile, inside this transaction only.
 */
const LAYOUT_2 = [
  `CREATE TABLE morphine.about (
     ${channel}, name TEXT NOT NULL, seq BIGINT NOT NULL, PRIMARY KEY (channel, name, seq)
   )`,
  `CREATE TABLE morphine.text (
     ${channel}, hash TEXT NOT NULL, salt BYTEA NOT NULL, text TEXT NOT NULL,
     PRIMARY KEY (channel, hash)
   )`,
  'ALTER TABLE morphine.row NO FORCE ROW LEVEL SECURITY',
  `INSERT INTO morphine.about (channel, name, seq)
   SELECT channel, name, seq FROM (
     SELECT channel, seq, CASE
       WHEN json ->> 'kind' = 'bet' THEN 'b:' || (json ->> 'id')
       WHEN json ->> 'pending' IS NOT NULL THEN 'b:' || (json ->> 'pending')
       WHEN json ->> 'sale' IS NOT NULL THEN 'b:' || (json ->> 'sale')
       WHEN json ->> 'bet' <> '' THEN 'b:' || (json ->> 'bet')
       WHEN json ->> 'kind' LIKE 'market.%' THEN 'm:' || (json ->> 'market')
     END AS name
     FROM (SELECT channel, seq, convert_from(body, 'UTF8')::jsonb AS json FROM morphine.row) read
   ) named WHERE name IS NOT NULL`,
  'ALTER TABLE morphine.row FORCE ROW LEVEL SECURITY',
  ...secured('about'),
  ...secured('text'),
  `COMMENT ON SCHEMA morphine IS 'layout ${LAYOUT_VERSION}'`,
];

function secured(table: string): string[] {
  return [
    `ALTER TABLE morphine.${table} ENABLE ROW LEVEL SECURITY`,
    `ALTER TABLE morphine.${table} FORCE ROW LEVEL SECURITY`,
    `CREATE POLICY one_channel ON morphine.${table}
       USING (channel = current_setting('morphine.channel', true))
       WITH CHECK (channel = current_setting('morphine.channel', true))`,
  ];
}

/**
 * Connects, lays out an empty database and checks what must hold.
 *
 * @throws PostgresFailure, with a sentence for the person who runs the relay
 */
export async function openPostgresStore(address: string): Promise<WitnessStore> {
  const postgres = await openPostgres(address);
  try {
    await postgres.withoutChannel(checkServer);
    await postgres.withoutChannel(layOut);
    await postgres.withoutChannel(checkTables);
  } catch (error) {
    await postgres.close();
    throw error;
  }
  return storeOver(postgres);
}

async function checkServer(query: PostgresQuery): Promise<void> {
  const [role] = await query(
    `SELECT rolsuper OR rolbypassrls AS steps_around, current_setting('fsync') AS fsync
     FROM pg_roles WHERE rolname = current_user`,
  );
  if (role?.steps_around !== false) {
    throw new PostgresFailure(
      'ROLE_TOO_STRONG',
      'The role steps around row security; connect as one without SUPERUSER and BYPASSRLS.',
    );
  }
  if (role.fsync !== 'on') {
    throw new PostgresFailure(
      'NOT_DURABLE',
      'This PostgreSQL runs with fsync off and may forget what it confirmed; switch fsync on.',
    );
  }
}

async function layOut(query: PostgresQuery): Promise<void> {
  await query('SELECT pg_advisory_xact_lock($1)', [LAYOUT_LOCK]);
  const [schema] = await query(
    `SELECT obj_description(oid, 'pg_namespace') AS layout FROM pg_namespace
     WHERE nspname = 'morphine'`,
  );
  if (!schema) {
    for (const statement of [...LAYOUT, ...LAYOUT_2]) await query(statement);
    return;
  }
  const version = Number(/^layout (\d+)$/.exec(String(schema.layout))?.[1] ?? Number.NaN);
  if (version === 1) {
    for (const statement of LAYOUT_2) await query(statement);
  } else if (version !== LAYOUT_VERSION) {
    throw new PostgresFailure(
      'LAYOUT',
      `The database has layout ${version} and this relay knows ${LAYOUT_VERSION}; ` +
        'update the older one or name another database.',
    );
  }
}

async function checkTables(query: PostgresQuery): Promise<void> {
  const secured = await query(
    `SELECT relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
     WHERE nspname = 'morphine' AND relkind = 'r' AND relrowsecurity AND relforcerowsecurity`,
  );
  const names = new Set(secured.map(({ relname }) => relname));
  const bare = TABLES.filter((table) => !names.has(table));
  if (bare.length > 0) {
    throw new PostgresFailure(
      'NO_ROW_SECURITY',
      `Row security is not forced on morphine.${bare.join(', morphine.')}; switch it on again.`,
    );
  }
}

function storeOver(postgres: Postgres): WitnessStore {
  return {
    mark: (channelId) => postgres.inChannel(channelId, (query) => readMark(query)),
    rowsFrom: (channelId, fromSeq, limit) =>
      postgres.inChannel(channelId, async (query) => {
        const rows = await query(
          'SELECT seq, body, hash FROM morphine.row WHERE seq >= $1 ORDER BY seq LIMIT $2',
          [fromSeq, limit],
        );
        return rows.map(({ seq, body, hash }) => ({
          seq: Number(seq),
          body: new Uint8Array(body as Buffer),
          hash: new Uint8Array(hash as Buffer),
        }));
      }),
    pages: (channelId, accounts, bets) =>
      postgres.inChannel(channelId, async (query) => ({
        accounts: await readAccounts(query, accounts),
        bets: await readBets(query, bets),
      })),
    append: (channelId, change) =>
      postgres.inChannel(channelId, async (query) => {
        // Held until the commit: of two relays on one database one waits, and then sees the other.
        await query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [channelId]);
        if (!isSameMark(await readMark(query), change.from)) return false;
        await write(query, channelId, change);
        return true;
      }),
    rowsAbout: (channelId, names, limit) =>
      postgres.inChannel(channelId, (query) => readAbout(query, names, limit)),
    putTexts: (channelId, texts) =>
      postgres.inChannel(channelId, async (query) => {
        await query(
          `INSERT INTO morphine.text (channel, hash, salt, text)
           SELECT $1, * FROM unnest($2::text[], $3::bytea[], $4::text[]) ON CONFLICT DO NOTHING`,
          [
            channelId,
            texts.map(({ hash }) => hash),
            texts.map(({ salt }) => Buffer.from(salt)),
            texts.map(({ text }) => text),
          ],
        );
      }),
    textsOf: (channelId, hashes) =>
      postgres.inChannel(channelId, async (query) => {
        const texts = await query(
          `SELECT hash, salt, text FROM morphine.text WHERE hash = ANY($1::text[])
           ORDER BY hash COLLATE "C"`,
          [hashes],
        );
        return texts.map(({ hash, salt, text }) => ({
          hash: String(hash),
          salt: new Uint8Array(salt as Buffer),
          text: String(text),
        }));
      }),
    eraseTexts: (channelId, hashes) =>
      postgres.inChannel(channelId, async (query) => {
        await query('DELETE FROM morphine.text WHERE hash = ANY($1::text[])', [hashes]);
      }),
    totals: (channelId) =>
      postgres.inChannel(channelId, async (query) => {
        const [row] = await query(
          `SELECT coalesce(sum(posted), 0) AS sum, coalesce(sum(reserved), 0) AS reserved,
             coalesce(sum(posted) FILTER (WHERE name LIKE 'user:%'), 0) AS held
           FROM morphine.account`,
        );
        return {
          sumMinor: Number(row?.sum ?? 0),
          heldMinor: Number(row?.held ?? 0),
          reservedMinor: Number(row?.reserved ?? 0),
        };
      }),
    close: () => postgres.close(),
  };
}

async function readMark(query: PostgresQuery): Promise<HighWaterMark | null> {
  // Row security alone chooses the channel.
  const [row] = await query('SELECT ledger, epoch, seq, hash FROM morphine.mark');
  if (!row) return null;
  return {
    ledgerId: String(row.ledger),
    epoch: Number(row.epoch),
    seq: Number(row.seq),
    hash: new Uint8Array(row.hash as Buffer),
  };
}

async function readAccounts(
  query: PostgresQuery,
  names: readonly string[],
): Promise<Map<string, WitnessAccount>> {
  const rows = await query(
    'SELECT name, posted, reserved FROM morphine.account WHERE name = ANY($1::text[])',
    [names],
  );
  return new Map(
    rows.map(({ name, posted, reserved }) => [
      String(name),
      { postedMinor: Number(posted), reservedMinor: Number(reserved) },
    ]),
  );
}

async function readBets(
  query: PostgresQuery,
  ids: readonly string[],
): Promise<Map<string, WitnessBet>> {
  const rows = await query(
    'SELECT id, account, escrow, amount, state FROM morphine.bet WHERE id = ANY($1::text[])',
    [ids],
  );
  return new Map(
    rows.map(({ id, account, escrow, amount, state }) => [
      String(id),
      {
        account: String(account),
        escrow: String(escrow),
        amountMinor: Number(amount),
        state: String(state) as WitnessBet['state'],
      },
    ]),
  );
}

async function readAbout(
  query: PostgresQuery,
  names: readonly string[],
  limit: number,
): Promise<LinkedRow[]> {
  const rows = await query(
    `SELECT r.seq, r.body, r.hash, before.hash AS prev_hash
     FROM (SELECT DISTINCT seq FROM morphine.about WHERE name = ANY($1::text[])) a
     JOIN morphine.row r ON r.seq = a.seq
     LEFT JOIN morphine.row before ON before.seq = a.seq - 1
     ORDER BY r.seq LIMIT $2`,
    [names, limit],
  );
  return rows.map((row) => ({
    seq: Number(row.seq),
    body: new Uint8Array(row.body as Buffer),
    hash: new Uint8Array(row.hash as Buffer),
    prevHash: row.prev_hash ? new Uint8Array(row.prev_hash as Buffer) : new Uint8Array(32),
  }));
}

async function write(query: PostgresQuery, channelId: string, change: WitnessChange) {
  const { rows } = change;
  await query(
    `INSERT INTO morphine.row (channel, seq, body, hash)
     SELECT $1, * FROM unnest($2::bigint[], $3::bytea[], $4::bytea[])`,
    [
      channelId,
      rows.map((row) => row.seq),
      rows.map((row) => Buffer.from(row.body)),
      rows.map((row) => Buffer.from(row.hash)),
    ],
  );
  const names = rows.flatMap(({ seq, about }) => about.map((name) => ({ seq, name })));
  await query(
    `INSERT INTO morphine.about (channel, name, seq)
     SELECT $1, * FROM unnest($2::text[], $3::bigint[]) ON CONFLICT DO NOTHING`,
    [channelId, names.map(({ name }) => name), names.map(({ seq }) => seq)],
  );
  const accounts = [...change.accounts];
  await query(
    `INSERT INTO morphine.account (channel, name, posted, reserved)
     SELECT $1, * FROM unnest($2::text[], $3::bigint[], $4::bigint[])
     ON CONFLICT (channel, name) DO UPDATE SET
       posted = excluded.posted, reserved = excluded.reserved`,
    [
      channelId,
      accounts.map(([name]) => name),
      accounts.map(([, account]) => account.postedMinor),
      accounts.map(([, account]) => account.reservedMinor),
    ],
  );
  const bets = [...change.bets];
  await query(
    `INSERT INTO morphine.bet (channel, id, account, escrow, amount, state)
     SELECT $1, * FROM unnest($2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[])
     ON CONFLICT (channel, id) DO UPDATE SET
       account = excluded.account, escrow = excluded.escrow, amount = excluded.amount,
       state = excluded.state`,
    [
      channelId,
      bets.map(([id]) => id),
      bets.map(([, bet]) => bet.account),
      bets.map(([, bet]) => bet.escrow),
      bets.map(([, bet]) => bet.amountMinor),
      bets.map(([, bet]) => bet.state),
    ],
  );
  const { ledgerId, epoch, seq, hash } = change.to;
  await query(
    `INSERT INTO morphine.mark (channel, ledger, epoch, seq, hash) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (channel) DO UPDATE SET
       ledger = excluded.ledger, epoch = excluded.epoch, seq = excluded.seq, hash = excluded.hash`,
    [channelId, ledgerId, epoch, seq, Buffer.from(hash)],
  );
}

// The door to PostgreSQL (node-postgres): connections that are durable at every commit, and
// transactions that see one channel only. Nobody else imports the package. The address holds a
// password: it must reach no log and no error text, so failures are told in words of ours.

import pg from 'pg';

const CONNECTIONS_MAX = 4;
const CONNECT_MS_MAX = 5_000;
/** A statement that takes longer is given up, ms; the studio sends its batch again. */
const STATEMENT_MS_MAX = 10_000;
const IDLE_MS_MAX = 30_000;
/** Types that JavaScript numbers may not hold; ours are kept below 2^53 by the witness. */
const INT8 = 20;
const NUMERIC = 1700;

export type PostgresRow = Record<string, unknown>;
export type PostgresQuery = (text: string, values?: readonly unknown[]) => Promise<PostgresRow[]>;

export type Postgres = {
  /** Runs in one transaction that sees and writes the rows of this channel only. */
  inChannel<Result>(
    channelId: string,
    run: (query: PostgresQuery) => Promise<Result>,
  ): Promise<Result>;
  /** Runs in one transaction without a channel: tables with row security show it nothing. */
  withoutChannel<Result>(run: (query: PostgresQuery) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
};

/** A database that cannot be used; the sentence names host and fix, never a password. */
export class PostgresFailure extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'PostgresFailure';
    this.code = code;
  }
}

/**
 * Opens a pool of connections and checks one.
 *
 * @param address postgres://USER:PASSWORD@HOST:PORT/DATABASE
 * @throws PostgresFailure
 */
export async function openPostgres(address: string): Promise<Postgres> {
  const place = placeOf(address);
  const pool = new pg.Pool({
    connectionString: address,
    max: CONNECTIONS_MAX,
    connectionTimeoutMillis: CONNECT_MS_MAX,
    idleTimeoutMillis: IDLE_MS_MAX,
    statement_timeout: STATEMENT_MS_MAX,
    // A server that would acknowledge before its disk has it must not, whatever its default.
    options: '-c synchronous_commit=on -c search_path=pg_catalog',
    types: { getTypeParser },
  });
  // An idle connection that the server ended is replaced at the next use.
  pool.on('error', () => {});
  const postgres: Postgres = {
    inChannel: (channelId, run) =>
      transaction(pool, place, async (query) => {
        // Local to the transaction: the next user of this connection begins without a channel.
        await query("SELECT set_config('morphine.channel', $1, true)", [channelId]);
        return run(query);
      }),
    withoutChannel: (run) => transaction(pool, place, run),
    close: () => pool.end(),
  };
  try {
    await postgres.withoutChannel((query) => query('SELECT 1'));
  } catch (error) {
    await pool.end();
    throw error;
  }
  return postgres;
}

async function transaction<Result>(
  pool: pg.Pool,
  place: string,
  run: (query: PostgresQuery) => Promise<Result>,
): Promise<Result> {
  let client: pg.PoolClient;
  try {
    client = await pool.connect();
  } catch (cause) {
    throw failureOf(cause, place);
  }
  let isLost = false;
  // A connection that breaks between two statements tells it here and nowhere else.
  const onError = () => {
    isLost = true;
  };
  client.on('error', onError);
  try {
    await client.query('BEGIN');
    const result = await run(async (text, values = []) => {
      const answer = await client.query<PostgresRow>(text, [...values]);
      return answer.rows;
    });
    await client.query('COMMIT');
    return result;
  } catch (cause) {
    await client.query('ROLLBACK').catch(onError);
    throw cause instanceof pg.DatabaseError || isLost ? failureOf(cause, place) : cause;
  } finally {
    client.off('error', onError);
    client.release(isLost);
  }
}

function getTypeParser(oid: number, format?: 'text' | 'binary') {
  if (oid === INT8 || oid === NUMERIC) return exactNumber;
  return pg.types.getTypeParser(oid, format as 'text');
}

function exactNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError('A stored number is out of range.');
  return value;
}

/** Host and database of an address, without user and password. */
function placeOf(address: string): string {
  const url = URL.canParse(address) ? new URL(address) : null;
  if (!url || !/^postgres(ql)?:$/.test(url.protocol) || url.hostname === '') {
    throw new PostgresFailure(
      'BAD_ADDRESS',
      'The address is not of the form postgres://USER:PASSWORD@HOST:PORT/DATABASE.',
    );
  }
  return `${url.host}${url.pathname}`;
}

const SENTENCES: Readonly<Record<string, (place: string) => string>> = {
  ECONNREFUSED: (place) => `No PostgreSQL answers at ${place}; start it or name another.`,
  ENOTFOUND: (place) => `The host of ${place} is not known; check the name.`,
  '28P01': (place) => `PostgreSQL at ${place} refuses user or password; check both.`,
  '28000': (place) => `PostgreSQL at ${place} does not let this user in; check pg_hba.conf.`,
  '3D000': (place) => `There is no database ${place}; create it.`,
  '42501': (place) => `The role may not do that at ${place}; let it create in its database.`,
};

function failureOf(cause: unknown, place: string): PostgresFailure {
  if (cause instanceof PostgresFailure) return cause;
  const code =
    cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
  const sentence = SENTENCES[code]?.(place);
  return new PostgresFailure(
    code,
    sentence ?? `PostgreSQL at ${place} failed (${code || 'no connection'}).`,
  );
}

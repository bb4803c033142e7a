// Proves what only PostgreSQL can get wrong, on a real server: a session sees one channel or
// nothing, a role that steps around that is refused, and no failure tells the password.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { openPostgres, PostgresFailure } from '../postgres.ts';
import { randomHex, removeFolder, startTestRelay, temporaryFolder } from '../testing/harness.ts';
import { TestJournal } from '../testing/journal.ts';
import { postgresStores, TEST_DATABASE_URL } from '../testing/stores.ts';
import { openPostgresStore } from './postgresStore.ts';
import { createWitness } from './witness.ts';

const stores = await postgresStores();
const { skip } = stores;
const folder = temporaryFolder();
after(async () => {
  if (!skip) await stores.clear();
  removeFolder(folder);
});

const TABLES = ['mark', 'row', 'account', 'bet', 'about', 'text'];
const countOf = (table: string) => `SELECT count(*) AS count FROM morphine.${table}`;

/** The test server's address with some parts changed. */
function addressWith(changes: Partial<Pick<URL, 'username' | 'password' | 'port' | 'pathname'>>) {
  return String(Object.assign(new URL(TEST_DATABASE_URL), changes));
}

test('a session without a channel reads 0 rows, one with a channel only its own', {
  skip,
}, async () => {
  const [mine, other] = [stores.channel(), stores.channel()];
  const witness = createWitness(await openPostgresStore(TEST_DATABASE_URL));
  const journal = new TestJournal().grant('u1', 100).bet('b1', 'u1', 10);
  await witness.apply(mine, journal.batch(1, 3));
  await witness.apply(other, journal.batch(1, 2));
  await witness.putTexts(mine, [{ hash: 'aa', salt: Buffer.alloc(16), text: 'Goal?' }]);
  const postgres = await openPostgres(TEST_DATABASE_URL);
  for (const table of TABLES) {
    const [nothing] = await postgres.withoutChannel((query) => query(countOf(table)));
    assert.equal(nothing?.count, 0, table);
    // The same connections served a channel just before, and must have forgotten it.
    const [own] = await postgres.inChannel(mine, (query) => query(countOf(table)));
    assert.ok(Number(own?.count) >= 1, table);
    const [again] = await postgres.withoutChannel((query) => query(countOf(table)));
    assert.equal(again?.count, 0, table);
    const named = `${countOf(table)} WHERE channel = '${mine}'`;
    const [foreign] = await postgres.inChannel(other, (query) => query(named));
    assert.equal(foreign?.count, 0, table);
  }
  const [rows] = await postgres.inChannel(other, (query) => query(countOf('row')));
  assert.equal(rows?.count, 2);
  const changed = await postgres.inChannel(other, (query) =>
    query('UPDATE morphine.account SET posted = 0 RETURNING channel'),
  );
  assert.deepEqual([...new Set(changed.map(({ channel }) => channel))], [other]);
  assert.equal((await witness.totals(mine)).heldMinor, 100);
  await postgres.close();
  await witness.close();
});

test('a row of another channel cannot be written', { skip }, async () => {
  const [mine, other] = [stores.channel(), stores.channel()];
  const postgres = await openPostgres(TEST_DATABASE_URL);
  const insert = `INSERT INTO morphine.account VALUES ('${other}', 'house', 1, 0)`;
  for (const run of [postgres.inChannel.bind(null, mine), postgres.withoutChannel]) {
    await assert.rejects(
      run((query) => query(insert)),
      { name: 'PostgresFailure', code: '42501' },
    );
  }
  await postgres.close();
});

test('row security is forced on every table, its owner included', { skip }, async () => {
  const postgres = await openPostgres(TEST_DATABASE_URL);
  const tables = await postgres.withoutChannel((query) =>
    query(
      `SELECT relname, relrowsecurity AND relforcerowsecurity AS forced FROM pg_class
       JOIN pg_namespace ON pg_namespace.oid = relnamespace
       WHERE nspname = 'morphine' AND relkind IN ('r', 'p', 'v', 'm') ORDER BY relname`,
    ),
  );
  assert.deepEqual(
    tables,
    [...TABLES].sort().map((relname) => ({ relname, forced: true })),
  );
  const [commit] = await postgres.withoutChannel((query) => query('SHOW synchronous_commit'));
  assert.equal(commit?.synchronous_commit, 'on');
  await postgres.close();
});

test('a role that steps around row security is refused', { skip }, async (context) => {
  const address = addressWith({ username: 'morphine_test_strong', password: 'morphine_test' });
  const failure = await openPostgresStore(address).then(
    () => null,
    (error: unknown) => error,
  );
  assert.ok(failure instanceof PostgresFailure);
  // Somebody else's server has no such role.
  if (process.env.DATABASE_URL && failure.code === '28P01') return context.skip('no such role');
  assert.equal(failure.code, 'ROLE_TOO_STRONG');
  assert.match(failure.message, /BYPASSRLS/);
});

test('a relay with a database that cannot be used says why, never the password', async () => {
  const secret = randomHex(8);
  const cases: [string, RegExp][] = [
    [`postgres://u:${secret}@127.0.0.1:1/x`, /No PostgreSQL answers at 127\.0\.0\.1:1\/x/],
    [`mysql://u:${secret}@127.0.0.1/x`, /not of the form postgres:/],
    [`${secret}`, /not of the form postgres:/],
  ];
  if (!skip) cases.push([addressWith({ password: secret }), /refuses user or password/]);
  for (const [databaseUrl, sentence] of cases) {
    const failure = await startTestRelay({ dataFolder: folder, databaseUrl }).then(
      () => null,
      (error: unknown) => error as Error & { setting?: string },
    );
    assert.equal(failure?.setting, 'databaseUrl');
    assert.match(failure.message, sentence);
    assert.equal(String(failure.stack).includes(secret), false);
  }
});

test('a witness whose database goes away rejects, and answers again when it is back', {
  skip,
}, async () => {
  const channel = stores.channel();
  // A name of its own, so that only the connections of this test are ended.
  const name = randomHex(8);
  const address = new URL(TEST_DATABASE_URL);
  address.searchParams.set('application_name', name);
  const witness = createWitness(await openPostgresStore(String(address)));
  const journal = new TestJournal().grant('u1', 100).grant('u2', 5);
  await witness.apply(channel, journal.batch(1, 2));
  const postgres = await openPostgres(TEST_DATABASE_URL);
  // The server ends every connection of the role, as it does when it restarts.
  const ended = await postgres.withoutChannel((query) =>
    query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1', [
      name,
    ]),
  );
  assert.ok(ended.length > 0);
  await postgres.close();
  const answer = await witness.apply(channel, journal.batch(2, 3)).catch(() => null);
  assert.ok(answer === null || answer.ok);
  const again = await witness.apply(channel, journal.batch(2, 3));
  assert.equal(again?.ok && again.seq, 3);
  await witness.close();
});

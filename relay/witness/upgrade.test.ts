// Proves that a witness's store of the first layout is brought up to the present one when it is
// opened, embedded and in PostgreSQL: rows that lay there are found by bet and by market, for their own
// channel only, texts can be kept, balances and mark are as before; a newer layout is refused by
// name and left as it is. The first layout is the present one without what was added since.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openDatabase } from '../../native/sqlite/database.ts';
import { openPostgres } from '../postgres.ts';
import { TestJournal } from '../testing/journal.ts';
import { embeddedStores, postgresStores, TEST_DATABASE_URL } from '../testing/stores.ts';
import { openPostgresStore } from './postgresStore.ts';
import { aboutBet, type WitnessStore } from './store.ts';
import { createWitness, type Witness } from './witness.ts';

const MINE = '1'.repeat(32);
const OTHER = '2'.repeat(32);
const journal = new TestJournal().grant('u1', 100).bet('b1', 'u1', 10).bet('b2', 'u1', 20);

async function fill(store: WitnessStore): Promise<void> {
  const witness = createWitness(store);
  await witness.apply(MINE, journal.batch(1, 4));
  await witness.apply(OTHER, journal.batch(1, 2));
  await witness.close();
}

async function check(witness: Witness): Promise<void> {
  const found = await witness.rowsAbout(MINE, [aboutBet('b2')], 10);
  assert.deepEqual(
    found.map(({ seq }) => seq),
    [4],
  );
  assert.deepEqual(await witness.rowsAbout(OTHER, [aboutBet('b2')], 10), []);
  assert.equal((await witness.mark(MINE))?.seq, 4);
  assert.equal((await witness.totals(MINE)).heldMinor, 100);
  await witness.putTexts(MINE, [{ hash: 'aa', salt: Buffer.alloc(16), text: 'Goal?' }]);
  const more = journal.bet('b3', 'u1', 5);
  await witness.apply(MINE, more.batch(5, 5));
  assert.equal((await witness.rowsAbout(MINE, [aboutBet('b3')], 10)).length, 1);
  await witness.close();
}

test('embedded: from the first layout', async () => {
  const stores = embeddedStores();
  const place = stores.place();
  await fill(await stores.open(place));
  const setLayout = (sql: string) => {
    const file = openDatabase({ path: place, version: 2, migrate() {} });
    file.exec(sql);
    file.close();
  };
  setLayout('DROP TABLE about; DROP TABLE text; PRAGMA user_version = 1');
  await check(createWitness(await stores.open(place)));
  setLayout('PRAGMA user_version = 3');
  await assert.rejects(stores.open(place), /newer/);
  await stores.clear();
});

test('PostgreSQL: from the first layout', async (context) => {
  const { skip } = await postgresStores();
  if (skip) return context.skip(skip);
  const at = new URL(TEST_DATABASE_URL);
  const address = String(Object.assign(at, { pathname: `${at.pathname}_layout` }));
  const run = async (...statements: string[]) => {
    const postgres = await openPostgres(address);
    try {
      await postgres.withoutChannel(async (query) => {
        for (const statement of statements) await query(statement);
      });
    } finally {
      await postgres.close();
    }
  };
  try {
    await run('DROP SCHEMA IF EXISTS morphine CASCADE');
  } catch (cause) {
    // Somebody else's server has no second database.
    if (process.env.CI && !process.env.DATABASE_URL) throw cause;
    return context.skip('no database whose layout may change');
  }
  await fill(await openPostgresStore(address));
  const drop = ['about', 'text'].map((table) => `DROP TABLE morphine.${table}`);
  await run(...drop, "COMMENT ON SCHEMA morphine IS 'layout 1'");
  await check(createWitness(await openPostgresStore(address)));
  await run("COMMENT ON SCHEMA morphine IS 'layout 3'");
  await assert.rejects(openPostgresStore(address), { code: 'LAYOUT', message: /layout 3/ });
  await run('DROP SCHEMA morphine CASCADE');
});

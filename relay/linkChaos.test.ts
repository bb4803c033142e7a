// Proves that a journal arrives whole through a link that drops a fifth of its messages, doubles a
// fifth, lets a fifth overtake each other and is cut ten times: studio, file and PostgreSQL end with
// one hash. Then the three ways to be refused, told by the relay over the wire. 100,000 rows and
// fifty cuts run with `npm run endurance -- --only upstream`.

import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { after, test } from 'node:test';
import { toHex } from '../core/base/ids.ts';
import { chaosJournal, runChaos } from './testing/chaosRun.ts';
import {
  random,
  randomHex,
  removeFolder,
  startTestRelay,
  TestStudio,
  temporaryFolder,
} from './testing/harness.ts';
import { TestJournal } from './testing/journal.ts';
import { embeddedStores, postgresStores, TEST_DATABASE_URL } from './testing/stores.ts';
import type { WitnessBatch } from './witness/witness.ts';

const ROWS = 5_000;
const CUTS = 10;
const seed = Number(process.env.SEED ?? randomInt(2 ** 31));
const postgres = await postgresStores();
const kinds = [
  { stores: embeddedStores(), databaseUrl: null },
  { stores: postgres, databaseUrl: TEST_DATABASE_URL },
];
after(() => (postgres.skip ? undefined : postgres.clear()));

const ledgerId = randomHex(16);
const journal = chaosJournal(ROWS, ledgerId, seed);

for (const { stores, databaseUrl } of kinds) {
  const name = `${stores.name}: ${ROWS} rows arrive whole through a bad link`;
  test(name, { skip: stores.skip }, async (context) => {
    context.diagnostic(`seed ${seed}`);
    const outcome = await runChaos({
      ...{ journal, ledgerId, seed, databaseUrl, cuts: CUTS },
      reopen: (folder) => stores.open(databaseUrl ?? `${folder}/witness.sqlite`),
    });
    stores.forget(outcome.channelId);
    const hash = toHex(journal.lastHash);
    assert.deepEqual(
      [outcome.markHash, outcome.storedHash, outcome.rows, outcome.sumMinor],
      [hash, hash, ROWS, 0],
    );
    assert.equal(outcome.link.cuts, CUTS);
    assert.ok(outcome.connections > CUTS);
    for (const fate of ['dropped', 'doubled', 'overtaken'] as const) {
      assert.ok(outcome.link[fate] > 5, fate);
    }
  });

  test(`${stores.name}: GAP, FORK and FENCED are told by name`, { skip: stores.skip }, async () => {
    const folder = temporaryFolder();
    const relay = await startTestRelay({ dataFolder: folder, databaseUrl });
    const studio = new TestStudio(relay.url, random(32));
    stores.forget(studio.channelId);
    await studio.ready();
    const honest = new TestJournal().grant('u1', 50).grant('u2', 50).grant('u3', 50);
    const other = new TestJournal().grant('u1', 50).grant('u2', 51).grant('u3', 50);
    studio.sendBatch(honest.batch(1, 3));
    await studio.take('journalAck', ({ seq }) => seq === 3n);
    const refusals: [string, WitnessBatch][] = [
      ['GAP', honest.batch(5, 4 + 1, { rows: honest.rows.slice(3, 4), toSeq: 5 })],
      ['FORK', other.batch(3, 3)],
      ['FORK', other.batch(4, 4)],
      ['FORK', honest.batch(4, 4, { ledgerId: 'ee'.repeat(16) })],
    ];
    for (const [code, batch] of refusals) {
      studio.sendBatch({ ...batch, hash: batch.rows.at(-1)?.hash ?? batch.hash });
      const refused = await studio.take('journalRefused');
      assert.deepEqual([refused.code, refused.needSeq], [code, 4n]);
      assert.notEqual(refused.message, '');
    }
    studio.sendBatch(honest.batch(3, 4, { epoch: 2 }));
    await studio.take('journalAck', ({ seq, epoch }) => seq === 4n && epoch === 2n);
    studio.sendBatch(honest.batch(4, 4, { epoch: 1 }));
    assert.equal((await studio.take('journalRefused')).code, 'FENCED');
    studio.close();
    await relay.close();
    removeFolder(folder);
  });
}

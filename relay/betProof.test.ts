// Proves over both stores that a witnessed bet gets a proof which holds, that the proof has no row
// of another viewer, that nobody gets one without the row's hash, that a store of the first layout
// proves its old rows after the upgrade, and that a real relay serves all this over HTTP.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, test as nodeTest } from 'node:test';
import { toHex } from '../core/base/ids.ts';
import { checkReceipt } from '../core/ledger/receipt.ts';
import { keyPairOf } from '../core/wire/signing.ts';
import { openDatabase } from '../native/sqlite/database.ts';
import { proveBet } from './betProof.ts';
import { createMarkSigner } from './relayKey.ts';
import { removeFolder, startTestRelay, temporaryFolder } from './testing/harness.ts';
import { TestJournal } from './testing/journal.ts';
import { bothStores, type TestStores } from './testing/stores.ts';
import { openEmbeddedStore } from './witness/embeddedStore.ts';
import { createWitness } from './witness/witness.ts';

const kinds = await bothStores();
const folder = temporaryFolder();
after(async () => {
  for (const stores of kinds) if (!stores.skip) await stores.clear();
  removeFolder(folder);
});

const marks = createMarkSigner(keyPairOf(new Uint8Array(32).fill(5)), () => 1_800_000_000_000);
const ACT = { actor: 'owner', role: 'owner', reason: '', market: 'm1' };

/** Two bettors; the bet of u1 in row 5 stands and is paid, u2's in row 6 came too late. */
function journal(): TestJournal {
  return new TestJournal()
    .grant('u1', 100)
    .grant('u2', 100)
    .add({
      kind: 'market.opened',
      ...ACT,
      ...{ rules: 'ab'.repeat(32), outcomes: 2, guardMs: 0, rakeBasisPoints: 0 },
      ...{ opensAt: 1, lockAt: 90, horizonAt: 95, deadlineAt: 99 },
    })
    .bet('b1', 'u1', 40)
    .bet('b2', 'u2', 10)
    .add({ kind: 'market.locked', ...ACT, tCap: 6, cutoff: 6 })
    .add({
      ...{ kind: 'void', pending: 'b2', dr: 'user:u2', cr: 'escrow:m1', amount: '10' },
      why: 'LATE_MEDIA',
    })
    .add({
      ...{ kind: 'market.resolved', ...ACT, outcome: 0, evidence: null, settlement: 'refund' },
    })
    .decide('post', 'b1', 'u1', 40)
    .pay('b1', 'u1', 40);
}

function hashOf(rows: TestJournal, seq: number): string {
  return toHex(rows.rows[seq - 1]?.hash ?? new Uint8Array());
}

for (const stores of kinds) test(stores);

function test(stores: TestStores): void {
  const { skip } = stores;
  nodeTest(
    `${stores.name}: a bet gets a proof that holds, without anybody else`,
    {
      skip,
    },
    async () => {
      const channel = stores.channel();
      const witness = createWitness(await stores.open(stores.place()));
      const rows = journal();
      assert.equal((await witness.apply(channel, rows.batch(1, 7)))?.ok, true);
      const early = await proveBet({ witness, marks }, channel, 5, hashOf(rows, 5));
      assert.ok(early.ok);
      assert.equal(checkReceipt(early.text).story?.fate, 'PENDING');
      assert.equal((await witness.apply(channel, rows.batch(8, 11)))?.ok, true);
      for (const [seq, fate, paid] of [
        [5, 'STANDS', 40],
        [6, 'RETURNED', 0],
      ] as const) {
        const answer = await proveBet({ witness, marks }, channel, seq, hashOf(rows, seq));
        assert.ok(answer.ok);
        const receipt = { seq, hash: hashOf(rows, seq) };
        const known = { receipt, channel, relayKey: marks.publicKey };
        const { failed, story, proof } = checkReceipt(answer.text, known);
        assert.equal(failed, null);
        assert.deepEqual([story?.fate, story?.paidMinor, story?.tCapUs], [fate, paid, 6]);
        assert.deepEqual(proof?.mark, { seq: 11, hash: hashOf(rows, 11) });
        const [other, otherBet] = seq === 5 ? ['user:u2', 'b2'] : ['user:u1', 'b1'];
        assert.equal(answer.text.includes(other), false);
        assert.equal(answer.text.includes(`"${otherBet}"`), false);
      }
      await witness.close();
    },
  );

  nodeTest(
    `${stores.name}: without the row's hash there is nothing to read`,
    {
      skip,
    },
    async () => {
      const channel = stores.channel();
      const witness = createWitness(await stores.open(stores.place()));
      const rows = journal();
      await witness.apply(channel, rows.batch(1, 11));
      const code = async (seq: number, hash: string, of = channel) => {
        const answer = await proveBet({ witness, marks }, of, seq, hash);
        return answer.ok ? 'proved' : answer.code;
      };
      assert.equal(await code(5, 'ff'.repeat(32)), 'OTHER_ROW');
      assert.equal(await code(5, hashOf(rows, 6)), 'OTHER_ROW');
      assert.equal(await code(12, hashOf(rows, 11)), 'NOT_YET_WITNESSED');
      assert.equal(await code(2, hashOf(rows, 2)), 'NOT_A_BET');
      assert.equal(await code(5, hashOf(rows, 5), 'ee'.repeat(16)), 'UNKNOWN_CHANNEL');
      await witness.close();
    },
  );

  nodeTest(
    `${stores.name}: texts are kept once, found by hash, and erased`,
    {
      skip,
    },
    async () => {
      const [channel, other] = [stores.channel(), stores.channel()];
      const witness = createWitness(await stores.open(stores.place()));
      const text = (digit: string) => ({
        hash: digit.repeat(64),
        salt: new Uint8Array(16).fill(3),
        text: `Goal ${digit}?`,
      });
      await witness.putTexts(channel, [text('b'), text('1')]);
      await witness.putTexts(channel, [{ ...text('b'), text: 'another' }, text('c')]);
      await witness.putTexts(other, [text('d')]);
      const all = ['1', 'b', 'c', 'd'].map((digit) => digit.repeat(64));
      assert.deepEqual(await witness.textsOf(channel, all), [text('1'), text('b'), text('c')]);
      await witness.eraseTexts(channel, ['b'.repeat(64), 'd'.repeat(64)]);
      assert.deepEqual(await witness.textsOf(channel, all), [text('1'), text('c')]);
      assert.deepEqual(await witness.textsOf(other, all), [text('d')]);
      await witness.close();
    },
  );
}

nodeTest('a file of the first layout proves its old rows after the upgrade', async () => {
  const path = join(folder, 'old.sqlite');
  const rows = journal();
  const channel = 'ef'.repeat(16);
  const witness = createWitness(openEmbeddedStore(path));
  await witness.apply(channel, rows.batch(1, 11));
  await witness.close();
  // Back to what the first layout had: its tables were the same but for these two.
  const old = openDatabase({ path, version: 2, migrate: () => {} });
  old.exec('DROP TABLE about; DROP TABLE text; PRAGMA user_version = 1');
  old.close();
  const upgraded = createWitness(openEmbeddedStore(path));
  const answer = await proveBet({ witness: upgraded, marks }, channel, 5, hashOf(rows, 5));
  assert.ok(answer.ok);
  assert.equal(checkReceipt(answer.text).story?.paidMinor, 40);
  await upgraded.close();
});

nodeTest('a relay serves proofs over HTTP, and its page where it is built', async () => {
  const dataFolder = join(folder, 'relay');
  const rows = journal();
  const channel = 'ef'.repeat(16);
  const relay = await startTestRelay({ dataFolder });
  try {
    assert.equal((await fetch(`${relay.url}/receipt/${channel}/5/${hashOf(rows, 5)}`)).status, 404);
  } finally {
    await relay.close();
  }
  const witness = createWitness(openEmbeddedStore(join(dataFolder, 'witness.sqlite')));
  await witness.apply(channel, rows.batch(1, 11));
  await witness.close();
  const again = await startTestRelay({ dataFolder });
  try {
    const ask = (path: string) => fetch(`${again.url}/receipt/${path}`);
    const found = await ask(`${channel}/5/${hashOf(rows, 5)}`);
    assert.equal(found.status, 200);
    assert.match(found.headers.get('content-disposition') ?? '', /bet-5\.morphinebet/);
    assert.equal(found.headers.get('cache-control'), 'no-store');
    assert.equal(checkReceipt(await found.text(), { channel }).isProved, true);
    const later = await ask(`${channel}/12/${hashOf(rows, 5)}`);
    assert.equal(later.status, 404);
    assert.equal(((await later.json()) as { code: string }).code, 'NOT_YET_WITNESSED');
    for (const path of ['', channel, `${channel}/5`, `${channel}/05/${hashOf(rows, 5)}`]) {
      assert.equal((await ask(path)).status, 404, path);
    }
    // Not built in this test: it says so, as the viewer page does.
    assert.equal((await fetch(`${again.url}/check/${channel}`)).status, 503);
    assert.equal((await fetch(`${again.url}/check/../relay-key.json`)).status, 404);
  } finally {
    await again.close();
  }
});

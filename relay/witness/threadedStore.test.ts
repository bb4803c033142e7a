// Proves what the thread around the witness's file adds: failures keep their kind on the way, a
// thread that ends refuses what was asked of it and is started again, and closing waits for it.
// What the store itself does is proved by witness.test.ts, which runs over this one.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { SqliteFailure } from '../../native/sqlite/failure.ts';
import { randomHex, removeFolder, STORE_THREAD_PATH, temporaryFolder } from '../testing/harness.ts';
import { openThreadedStore } from './threadedStore.ts';

const folder = temporaryFolder();
after(() => removeFolder(folder));
const channel = randomHex(16);
const change = {
  from: null,
  to: { ledgerId: randomHex(16), epoch: 1, seq: 1, hash: new Uint8Array(32).fill(7) },
  rows: [{ seq: 1, body: Buffer.from('{}'), hash: new Uint8Array(32).fill(7), about: ['m:m1'] }],
  accounts: new Map([['user:a', { postedMinor: 5, reservedMinor: 0 }]]),
  bets: new Map(),
};

test('what was appended is there after closing and opening again, byte for byte', async () => {
  const path = join(folder, 'kept.sqlite');
  const store = await openThreadedStore(path, STORE_THREAD_PATH);
  assert.equal(await store.append(channel, change), true);
  assert.equal(await store.append(channel, change), false);
  await store.close();
  await store.close();
  await assert.rejects(store.mark(channel), SqliteFailure);
  const again = await openThreadedStore(path, STORE_THREAD_PATH);
  assert.deepEqual(await again.mark(channel), change.to);
  const [row] = await again.rowsFrom(channel, 1, 10);
  assert.deepEqual([row?.seq, Buffer.from(row?.body ?? []).toString()], [1, '{}']);
  const { accounts } = await again.pages(channel, ['user:a', 'user:b'], []);
  assert.deepEqual([...accounts], [...change.accounts]);
  await again.close();
});

test('a file that is no database is named as such, and nothing hangs', async () => {
  const path = join(folder, 'broken.sqlite');
  writeFileSync(path, Buffer.alloc(8_192, 'no database'));
  await assert.rejects(openThreadedStore(path, STORE_THREAD_PATH), (failure) => {
    assert.ok(failure instanceof SqliteFailure);
    assert.equal(failure.kind, 'corrupt');
    return true;
  });
});

test('a thread that ends refuses what was asked, and the next question has a new one', async () => {
  const dying = join(import.meta.dirname, '../testing/dyingStoreThread.ts');
  const store = await openThreadedStore(join(folder, 'unused.sqlite'), dying);
  const asked = [store.mark(channel), store.totals(channel)];
  for (const result of await Promise.allSettled(asked)) {
    assert.equal(result.status, 'rejected');
    assert.match(String(result.reason), /the thread was told to end/);
  }
  // The new thread answers its opening before it ends in the same way.
  await assert.rejects(store.mark(channel), /the thread was told to end/);
  await store.close();
});

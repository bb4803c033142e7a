// Proves that a database opens durable or not at all, that newer files are refused untouched, that
// the folder lock excludes another process and ends with it, and that errors arrive as kinds.

import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { assertDurable, openDatabase } from './database.ts';
import { SqliteFailure } from './failure.ts';
import { lockFolder } from './folderLock.ts';

const folder = mkdtempSync(join(tmpdir(), 'morphine-sqlite-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function options(name: string, version = 1) {
  return {
    path: join(folder, name),
    version,
    migrate: (database: { exec(sql: string): void }) =>
      database.exec('CREATE TABLE IF NOT EXISTS t (n INTEGER PRIMARY KEY) STRICT'),
  };
}

test('a database runs with WAL and synchronous=FULL, read back from SQLite itself', () => {
  const database = openDatabase(options('durable.db'));
  const { journalMode, synchronous, fullfsync } = database.durability();
  assert.equal(journalMode, 'wal');
  assert.equal(synchronous, 2);
  if (process.platform === 'darwin') assert.equal(fullfsync, 1);
  database.close();
});

test('anything less durable is refused', () => {
  const good = { journalMode: 'wal', synchronous: 2, fullfsync: 1 };
  assertDurable(good, 'darwin');
  assertDurable({ ...good, fullfsync: 0 }, 'linux');
  for (const [bad, platform] of [
    [{ ...good, synchronous: 1 }, 'linux'],
    [{ ...good, journalMode: 'delete' }, 'linux'],
    [{ ...good, fullfsync: 0 }, 'darwin'],
  ] as const) {
    assert.throws(() => assertDurable(bad, platform), { kind: 'notDurable' });
  }
});

test('a transaction is whole or nothing, and statements are typed and give their rows', () => {
  const database = openDatabase(options('rows.db'));
  const insert = database.prepare<[n: number], never>('INSERT INTO t (n) VALUES (?)');
  const list = database.prepare<[], { n: number }>('SELECT n FROM t ORDER BY n');
  database.transaction(() => {
    insert.run(1);
    insert.run(2);
  });
  assert.throws(
    () =>
      database.transaction(() => {
        insert.run(3);
        insert.run(1);
      }),
    { kind: 'constraint' },
  );
  assert.deepEqual(
    list.all().map((row) => row.n),
    [1, 2],
  );
  assert.deepEqual(list.get()?.n, 1);
  assert.deepEqual([...list.iterate()].length, 2);
  database.rollback();
  database.close();
});

test('a newer file is refused by name and stays as it is', () => {
  openDatabase(options('newer.db', 7)).close();
  assert.throws(
    () => openDatabase(options('newer.db', 6)),
    (error) =>
      error instanceof SqliteFailure &&
      error.kind === 'newerVersion' &&
      /newer\.db.*\(7; this one knows 6\)/.test(error.message),
  );
  openDatabase(options('newer.db', 7)).close();
});

test('files that are no database and folders that are not there have their kinds', () => {
  writeFileSync(
    join(folder, 'text.db'),
    'certainly no database, but long enough to be read as one',
  );
  assert.throws(() => openDatabase(options('text.db')), { kind: 'corrupt' });
  assert.throws(() => openDatabase(options('no/such/folder.db')), SqliteFailure);
});

test("the folder lock keeps out another process and ends with its holder's SIGKILL", async () => {
  const holder = join(folder, 'holder.ts');
  const door = join(import.meta.dirname, 'folderLock.ts');
  writeFileSync(
    holder,
    `import { lockFolder } from ${JSON.stringify(door)};
     process.send?.(lockFolder(${JSON.stringify(folder)}) ? 'held' : 'refused');
     setInterval(() => {}, 1000);`,
  );
  const child = fork(holder);
  assert.deepEqual((await once(child, 'message'))[0], 'held');
  assert.equal(lockFolder(folder), null);
  child.kill('SIGKILL');
  await once(child, 'exit');
  const lock = lockFolder(folder);
  assert.ok(lock);
  const second = fork(holder);
  assert.deepEqual((await once(second, 'message'))[0], 'refused');
  second.kill('SIGKILL');
  lock.release();
});

// Proves on real SQLite that a torn log loses nothing that was committed, whatever the log held when
// it was torn, and that what was left out is counted to the byte.

import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { type Database, openDatabase } from './database.ts';
import { logEndOf, tearLog } from './tornLog.ts';

const folder = mkdtempSync(join(tmpdir(), 'morphine-torn-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const PAGE_BYTES = 4096;
/** A frame's header and half of its page. */
const TORN_BYTES = 24 + PAGE_BYTES / 2;
const FRAME_BYTES = 24 + PAGE_BYTES;

let count = 0;
function openNew(path = join(folder, `${++count}.db`)): { path: string; database: Database } {
  const database = openDatabase({
    path,
    version: 1,
    migrate: (made) => made.exec('CREATE TABLE t (n INTEGER PRIMARY KEY, text TEXT) STRICT'),
  });
  return { path, database };
}

function write(database: Database, from: number, rows: number): void {
  const insert = database.prepare<[n: number, text: string], never>('INSERT INTO t VALUES (?, ?)');
  for (let n = from; n < from + rows; n++) {
    database.transaction(() => insert.run(n, String(n).repeat(200)));
  }
}

const rowsOf = (database: Database) =>
  database.prepare<[], { rows: number }>('SELECT count(*) AS rows FROM t').get()?.rows;

/** The files as a killed process leaves them: copied while the database is open. */
function killed({ path, database }: { path: string; database: Database }): string {
  const left = join(folder, `${++count}-left.db`);
  for (const end of ['', '-wal']) {
    if (existsSync(path + end)) copyFileSync(path + end, left + end);
  }
  database.close();
  return left;
}

test('whatever the log holds, a torn end is left out and every row stands', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 12 }),
      fc.boolean(),
      fc.integer({ min: 1, max: 3 }),
      (rows, hasOlderRound, tears) => {
        const open = openNew();
        write(open.database, 0, hasOlderRound ? 20 : 0);
        // Copies all back and begins the log anew over the old frames, which stay behind its end.
        if (hasOlderRound) open.database.exec('PRAGMA wal_checkpoint(RESTART)');
        write(open.database, 100, rows);
        const left = killed(open);
        for (let tear = 0; tear < tears; tear++) tearLog(`${left}-wal`);
        const found = logEndOf(`${left}-wal`);
        // Over an older frame nobody can tell where the cut was: the frame counts.
        assert.ok([TORN_BYTES, FRAME_BYTES].includes(found?.unfinishedBytes ?? 0));
        if (!hasOlderRound) assert.equal(found?.unfinishedBytes, TORN_BYTES);
        const { database } = openNew(left);
        assert.equal(rowsOf(database), rows + (hasOlderRound ? 20 : 0));
        write(database, 500, 1);
        assert.deepEqual(database.damage(), []);
        database.close();
      },
    ),
    { numRuns: 25 },
  );
});

test('a whole log has nothing unfinished, and none at all is no log', () => {
  const open = openNew();
  write(open.database, 0, 3);
  const left = killed(open);
  assert.equal(logEndOf(`${left}-wal`)?.unfinishedBytes, 0);
  assert.equal(logEndOf(join(folder, 'none-wal')), null);
});

test('a transaction that was cut before its commit counts as unfinished', () => {
  const open = openNew();
  write(open.database, 0, 3);
  // More than the cache holds is written before the commit.
  open.database.exec('PRAGMA cache_size = 1');
  open.database.begin();
  const text = 'x'.repeat(20_000);
  open.database.prepare<[string], never>('INSERT INTO t VALUES (900, ?)').run(text);
  open.database.prepare<[string], never>('INSERT INTO t VALUES (901, ?)').run(text);
  open.database.exec('UPDATE t SET text = text || 1');
  const left = join(folder, 'cut.db');
  for (const end of ['', '-wal']) copyFileSync(open.path + end, left + end);
  open.database.rollback();
  open.database.close();
  const unfinished = logEndOf(`${left}-wal`)?.unfinishedBytes ?? 0;
  assert.ok(unfinished > PAGE_BYTES, `${unfinished} bytes`);
  const { database } = openNew(left);
  assert.equal(rowsOf(database), 3);
  database.close();
});

test('a log that was not begun is torn in its header', () => {
  const open = openNew();
  write(open.database, 0, 3);
  open.database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  const left = killed(open);
  tearLog(`${left}-wal`);
  assert.equal(logEndOf(`${left}-wal`)?.unfinishedBytes, 16);
  const { database } = openNew(left);
  assert.equal(rowsOf(database), 3);
  database.close();
});

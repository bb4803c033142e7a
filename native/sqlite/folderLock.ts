// One studio per data folder. The lock is SQLite's exclusive lock on a small file of its own: the
// operating system drops it when the process dies, SIGKILL included, so nothing is ever stale and
// nobody has to guess whether a process id is still ours.

import { join } from 'node:path';
import NativeDatabase from 'better-sqlite3';
import { SqliteFailure, sqliteFailure } from './failure.ts';

/** A predecessor that was just killed may still be ending, ms. */
const LOCK_WAIT_MS = 1_000;

export type FolderLock = { release(): void };

/** Nobody else need keep a lock: a connection that is collected as garbage would let go of it. */
const held = new Set<NativeDatabase>();

/**
 * Takes the folder for this process.
 *
 * @returns null when another process holds it.
 * @throws SqliteFailure when the folder cannot be written.
 */
export function lockFolder(folder: string): FolderLock | null {
  let native: NativeDatabase | null = null;
  try {
    native = new NativeDatabase(join(folder, 'studio.lock'), { timeout: LOCK_WAIT_MS });
    // In memory: this file never changes, it is only locked.
    native.pragma('journal_mode = MEMORY');
    native.exec('BEGIN EXCLUSIVE');
    const own = native;
    held.add(own);
    return {
      release() {
        held.delete(own);
        own.close();
      },
    };
  } catch (cause) {
    native?.close();
    const failure = sqliteFailure(cause);
    if (failure.kind === 'busy') return null;
    throw new SqliteFailure(failure.kind, `The folder lock failed: ${failure.message}`, cause);
  }
}

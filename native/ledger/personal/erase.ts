// Erases what is kept of people: one viewer on request, and what is older than its retention at
// every start. The journal is not touched: its rows hold pseudonyms and salted hashes, so the chain
// verifies as before. What was erased is noted by hash, so that relays erase their copies too.

import { parseRow, type Row } from '../../../core/ledger/rows.ts';
import type { Database } from '../../sqlite/database.ts';
import { leaveNothing } from './tables.ts';

const US_PER_DAY = 86_400_000_000;

/** Days until something is erased; null: never. One setting per kind of data. */
export type Retention = { personalKeysDays: number | null; textsDays: number | null };
export type Erased = { keys: number; texts: number };

/**
 * Erases a viewer's device key and the texts about them, from the file and from its log.
 *
 * @returns null when the ledger does not know the subject
 */
export function eraseSubject(database: Database, subject: string): Erased | null {
  const known = database
    .prepare<[string], { publicKey: string }>(
      'SELECT public_key AS publicKey FROM subjects WHERE subject = ?',
    )
    .get(subject);
  if (!known) return null;
  const texts = textsAbout(database, subject);
  const erased = database.transaction(() => ({
    keys: clearKeys(database, 'subject = ?', subject),
    texts: texts.reduce((count, hash) => count + eraseText(database, hash), 0),
  }));
  leaveNothing(database);
  return erased;
}

/** Erases what is older than its retention. Costs nothing when there is nothing of the kind. */
export function eraseOld(database: Database, retention: Retention, nowUs: number): Erased {
  const { personalKeysDays, textsDays } = retention;
  const before = (days: number) => Math.floor(nowUs - days * US_PER_DAY);
  // What is freed is overwritten at once; rewriting the whole file would hold up the start.
  database.exec('PRAGMA secure_delete = ON');
  const erased = database.transaction(() => ({
    keys:
      personalKeysDays === null
        ? 0
        : clearKeys(database, 'is_staff = 0 AND seen_at_us < ?', before(personalKeysDays)),
    texts: textsDays === null ? 0 : eraseTextsBefore(database, before(textsDays)),
  }));
  if (erased.keys + erased.texts > 0) database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  database.exec('PRAGMA secure_delete = OFF');
  return erased;
}

/** The subject stays bound to no key, so that nobody else can take it. */
function clearKeys(database: Database, where: string, value: string | number): number {
  return database
    .prepare<[string | number], never>(
      `UPDATE subjects SET public_key = '', bound_at_us = 0, seen_at_us = 0
       WHERE public_key <> '' AND ${where}`,
    )
    .run(value).changes;
}

function eraseTextsBefore(database: Database, beforeUs: number): number {
  const old = database
    .prepare<[number], { hash: string }>('SELECT hash FROM texts WHERE kept_at_us < ?')
    .all(beforeUs);
  return old.reduce((count, { hash }) => count + eraseText(database, hash), 0);
}

function eraseText(database: Database, hash: string): number {
  database
    .prepare<[string], never>('INSERT OR IGNORE INTO erasures (hash, is_told) VALUES (?, 0)')
    .run(hash);
  return database.prepare<[string], never>('DELETE FROM texts WHERE hash = ?').run(hash).changes;
}

/** Hashes of reasons given for acts on a viewer. */
function textsAbout(database: Database, subject: string): string[] {
  const rows = database
    .prepare<[string], { body: Buffer }>('SELECT body FROM journal WHERE instr(body, ?) > 0')
    .all(subject);
  return rows
    .map(({ body }) => parseRow(body))
    .filter((row) => isAbout(row, subject))
    .flatMap((row) => ('reason' in row && row.reason !== '' ? [row.reason] : []));
}

function isAbout(row: Row, subject: string): boolean {
  if (row.kind === 'act') return row.target === subject;
  return 'subject' in row && row.subject === subject;
}

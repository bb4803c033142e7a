// The two tables beside the journal that hold something of people, device keys and texts, and every
// statement on them: what goes in is sealed, what comes out is opened. Emptied, never deleted: a
// subject whose key was erased stays bound, or anybody could take its points with a new key; and a
// text that was erased is remembered by its hash, or a copy of it would come back from upstream.

import type { Database } from '../../sqlite/database.ts';
import { isSealed, type Seal, subjectPlace, textPlace } from './seal.ts';

/** What these tables have since the file's version with sealed values; older ones get it added. */
export const PERSONAL_TABLES = `
ALTER TABLE subjects ADD COLUMN seen_at_us INTEGER NOT NULL DEFAULT 0;
UPDATE subjects SET seen_at_us = bound_at_us;
ALTER TABLE texts ADD COLUMN kept_at_us INTEGER NOT NULL DEFAULT 0;
CREATE TABLE erasures (
  hash TEXT PRIMARY KEY, is_told INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`;

/** Time of the last row on the disk: the ledger's own clock, good enough to count days by. */
const LAST_ROW_US = `coalesce((SELECT CAST(body AS TEXT) ->> '$.at' FROM journal
  ORDER BY seq DESC LIMIT 1), 0)`;
/** A subject is noted as seen at most once a day, microseconds. */
const SEEN_PERIOD_US = 86_400_000_000;

export type StoredSubject = { subject: string; publicKey: string; isStaff: number };
export type KeptText = { salt: Buffer; text: string };
export type HashedText = KeptText & { hash: string };

export type PersonalStatements = {
  putSubject: {
    run(subject: string, publicKey: string, isStaff: number, boundAtUs: number): void;
  };
  /** An erased key reads as empty: no device has it. */
  subjectOf: { get(subject: string): StoredSubject | undefined };
  /** Whether it is a day or longer since it was noted that a subject was here. */
  isUnseen: { get(subject: string, atUs: number): boolean };
  /** Notes that a subject was here. Needs an open group. */
  seeSubject: { run(subject: string, atUs: number): void };
  /** A text that was erased does not come back. */
  putText: { run(hash: string, salt: Uint8Array, text: string): void };
  textOf: { get(hash: string): KeptText | undefined };
  /** Hashes of erased texts that no relay has been told of. */
  erasuresUntold: { all(limit: number): string[] };
  erasureTold: { run(hash: string): void };
};

/** Statements on a file that has PERSONAL_TABLES. */
export function personalStatements(database: Database, seal: Seal): PersonalStatements {
  const subjects = subjectStatements(database, seal);
  const putText = database.prepare<[string, Uint8Array, string, string], never>(
    `INSERT OR IGNORE INTO texts (hash, salt, text, kept_at_us)
     SELECT ?, ?, ?, ${LAST_ROW_US} WHERE NOT EXISTS (SELECT 1 FROM erasures WHERE hash = ?)`,
  );
  const textOf = database.prepare<[string], KeptText>(
    'SELECT salt, text FROM texts WHERE hash = ?',
  );
  const untold = database.prepare<[number], { hash: string }>(
    'SELECT hash FROM erasures WHERE is_told = 0 ORDER BY hash LIMIT ?',
  );
  const told = database.prepare<[string], never>('UPDATE erasures SET is_told = 1 WHERE hash = ?');
  return {
    ...subjects,
    putText: {
      run: (hash, salt, text) =>
        void putText.run(hash, salt, seal.close(textPlace(hash), text), hash),
    },
    textOf: {
      get(hash) {
        const kept = textOf.get(hash);
        const text = kept && seal.open(textPlace(hash), kept.text);
        return kept && text !== undefined ? { salt: kept.salt, text } : undefined;
      },
    },
    erasuresUntold: { all: (limit) => untold.all(limit).map(({ hash }) => hash) },
    erasureTold: { run: (hash) => void told.run(hash) },
  };
}

function subjectStatements(database: Database, seal: Seal) {
  const put = database.prepare<[string, string, number, number, number], never>(
    'INSERT OR REPLACE INTO subjects (subject, public_key, is_staff, bound_at_us, seen_at_us) ' +
      'VALUES (?, ?, ?, ?, ?)',
  );
  const of = database.prepare<[string], StoredSubject>(
    'SELECT subject, public_key AS publicKey, is_staff AS isStaff FROM subjects WHERE subject = ?',
  );
  const see = database.prepare<[number, string], never>(
    'UPDATE subjects SET seen_at_us = ? WHERE subject = ?',
  );
  const seenAt = database.prepare<[string], { seenAtUs: number }>(
    'SELECT seen_at_us AS seenAtUs FROM subjects WHERE subject = ?',
  );
  return {
    putSubject: {
      run(subject: string, publicKey: string, isStaff: number, boundAtUs: number) {
        const sealed = seal.close(subjectPlace(subject), publicKey);
        put.run(subject, sealed, isStaff, boundAtUs, boundAtUs);
      },
    },
    subjectOf: {
      get(subject: string) {
        const stored = of.get(subject);
        if (!stored) return undefined;
        return { ...stored, publicKey: seal.open(subjectPlace(subject), stored.publicKey) ?? '' };
      },
    },
    isUnseen: {
      get: (subject: string, atUs: number) =>
        (seenAt.get(subject)?.seenAtUs ?? atUs) <= atUs - SEEN_PERIOD_US,
    },
    seeSubject: { run: (subject: string, atUs: number) => void see.run(atUs, subject) },
  };
}

/**
 * Seals what an older version kept open, and leaves nothing of it in the file or its log.
 *
 * @returns how many values were sealed
 */
export function sealOpenValues(database: Database, seal: Seal): number {
  const subjects = database
    .prepare<[], { subject: string; publicKey: string }>(
      "SELECT subject, public_key AS publicKey FROM subjects WHERE public_key <> ''",
    )
    .all()
    .filter(({ publicKey }) => !isSealed(publicKey));
  const texts = database
    .prepare<[], { hash: string; text: string }>('SELECT hash, text FROM texts')
    .all()
    .filter(({ text }) => !isSealed(text));
  if (subjects.length + texts.length === 0) return 0;
  const setKey = database.prepare<[string, string], never>(
    'UPDATE subjects SET public_key = ? WHERE subject = ?',
  );
  const setText = database.prepare<[string, string], never>(
    'UPDATE texts SET text = ? WHERE hash = ?',
  );
  database.transaction(() => {
    for (const { subject, publicKey } of subjects) {
      setKey.run(seal.close(subjectPlace(subject), publicKey), subject);
    }
    for (const { hash, text } of texts) setText.run(seal.close(textPlace(hash), text), hash);
    database.exec(`UPDATE texts SET kept_at_us = ${LAST_ROW_US} WHERE kept_at_us = 0`);
  });
  leaveNothing(database);
  return subjects.length + texts.length;
}

/** Rewrites the file and empties its log, so that what was deleted is in neither. */
export function leaveNothing(database: Database): void {
  database.exec('VACUUM');
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
}

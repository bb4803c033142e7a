// What can go wrong with a database file, as kinds that callers act on. SQLite's own codes stay in
// here, because extended codes differ between platforms.

export type SqliteFailureKind =
  | 'full'
  | 'readOnly'
  | 'busy'
  | 'corrupt'
  | 'cannotOpen'
  | 'io'
  | 'constraint'
  | 'newerVersion'
  | 'notDurable'
  | 'other';

/** A database error. `message` is a sentence; `kind` says what may be done about it. */
export class SqliteFailure extends Error {
  readonly kind: SqliteFailureKind;

  constructor(kind: SqliteFailureKind, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'SqliteFailure';
    this.kind = kind;
  }
}

const KINDS: readonly [prefix: string, kind: SqliteFailureKind, sentence: string][] = [
  ['SQLITE_FULL', 'full', 'The disk is full.'],
  ['SQLITE_READONLY', 'readOnly', 'The database cannot be written.'],
  ['SQLITE_BUSY', 'busy', 'Another process holds the database.'],
  ['SQLITE_LOCKED', 'busy', 'Another process holds the database.'],
  ['SQLITE_CORRUPT', 'corrupt', 'The database file is damaged.'],
  ['SQLITE_NOTADB', 'corrupt', 'The file is no database.'],
  ['SQLITE_CANTOPEN', 'cannotOpen', 'The database file cannot be opened.'],
  ['SQLITE_IOERR', 'io', 'The disk failed.'],
  ['SQLITE_CONSTRAINT', 'constraint', 'The database refused a row.'],
];

/** Whether a file says something that cannot be: reading it once more does not help. */
export function isDamage(cause: unknown): cause is SqliteFailure {
  return cause instanceof SqliteFailure && cause.kind === 'corrupt';
}

/** Any error as a SqliteFailure. */
export function sqliteFailure(cause: unknown): SqliteFailure {
  if (cause instanceof SqliteFailure) return cause;
  const detail = cause instanceof Error ? cause.message : String(cause);
  const code = codeOf(cause);
  for (const [prefix, kind, sentence] of KINDS) {
    if (code.startsWith(prefix)) return new SqliteFailure(kind, `${sentence} (${detail})`, cause);
  }
  return new SqliteFailure('other', `The database failed: ${detail}`, cause);
}

function codeOf(cause: unknown): string {
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string') {
    return cause.code;
  }
  return '';
}

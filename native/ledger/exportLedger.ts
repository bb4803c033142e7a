// Writes a ledger out as files that other programs read: the journal as JSON lines and as CSV, and
// beside it texts and subjects. With a subject it writes what is that viewer's alone: the rows that
// name it, the decisions on its markets, its device key, and texts about it. The files hold
// personal data and are for their owner only; an existing file is never overwritten.

import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { accountOwner, parseRow, type Row } from '../../core/ledger/rows.ts';
import { textsNamedBy } from '../../core/ledger/texts.ts';
import { type LedgerFile, openText } from './inspect.ts';
import { subjectPlace } from './personal/seal.ts';

/** Columns of the CSV; a row without a field leaves it empty. */
const COLUMNS = [
  ...(['seq', 'hash', 'at', 'kind', 'id', 'market', 'bet', 'outcome', 'amount'] as const),
  ...(['dr', 'cr', 'why', 'actor', 'role'] as const),
];
/** Characters gathered before they are written. */
const CHUNK = 64 * 1024;

export type Exported = { rows: number; texts: number; textsLocked: number; subjects: number };

/**
 * Writes the export into a folder.
 *
 * @param subject only what concerns this viewer; null: everything
 * @throws what the disk throws; EEXIST when a file of that name is there
 */
export function exportLedger(file: LedgerFile, folder: string, subject: string | null): Exported {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const done: Exported = { rows: 0, texts: 0, textsLocked: 0, subjects: 0 };
  const choice = subject === null ? null : new Choice(file, subject);
  const named = new Set<string>();
  const lines = new Writer(join(folder, 'journal.jsonl'));
  const table = new Writer(join(folder, 'journal.csv'));
  table.write(`${COLUMNS.join(',')}\r\n`);
  for (const { seq, body, hash } of file.rows()) {
    const row = parseRow(body);
    if (choice && !choice.has(row)) continue;
    for (const text of choice ? choice.textsOf(row) : textsNamedBy(row)) named.add(text);
    const hashHex = hash.toString('hex');
    // The body goes out as it was hashed.
    lines.write(`{"seq":${seq},"hash":"${hashHex}","row":${body.toString('utf8')}}\n`);
    table.write(csvLine({ ...row, hash: hashHex }));
    done.rows++;
  }
  lines.close();
  table.close();
  writeTexts(file, join(folder, 'texts.jsonl'), named, done);
  writeSubjects(file, join(folder, 'subjects.jsonl'), subject, done);
  return done;
}

/** Which rows concern one viewer. */
class Choice {
  readonly #subject: string;
  readonly #accounts: ReadonlySet<string>;
  readonly #bets = new Set<string>();
  readonly #markets = new Set<string>();

  constructor(file: LedgerFile, subject: string) {
    this.#subject = subject;
    this.#accounts = new Set([`user:${subject}`, `debt:${subject}`]);
    for (const { body } of file.rows()) {
      const row = parseRow(body);
      if (row.kind === 'sell' && this.#bets.has(row.bet)) this.#bets.add(row.id);
      if (row.kind !== 'bet' || !this.#accounts.has(row.dr)) continue;
      this.#bets.add(row.id);
      this.#markets.add(accountOwner(row.cr));
    }
  }

  has(row: Row): boolean {
    if ('dr' in row && (this.#accounts.has(row.dr) || this.#accounts.has(row.cr))) return true;
    if (this.#isAboutThem(row)) return true;
    if ('dr' in row) return false;
    if ('bet' in row) return this.#bets.has(row.bet);
    return 'market' in row && this.#markets.has(row.market);
  }

  /** The titles of their markets, and reasons of acts on them; reasons of others stay out. */
  textsOf(row: Row): string[] {
    if (row.kind === 'market.opened') return [row.rules];
    return this.#isAboutThem(row) || row.kind.startsWith('market.') ? textsNamedBy(row) : [];
  }

  #isAboutThem(row: Row): boolean {
    if ('subject' in row) return row.subject === this.#subject;
    return row.kind === 'act' && row.target === this.#subject;
  }
}

function writeTexts(
  file: LedgerFile,
  path: string,
  named: ReadonlySet<string>,
  done: Exported,
): void {
  const writer = new Writer(path);
  for (const stored of file.texts()) {
    if (!named.has(stored.hash)) continue;
    const text = openText(file.seal, stored);
    if (text === null) done.textsLocked++;
    else {
      const salt = stored.salt.toString('hex');
      writer.write(`${JSON.stringify({ hash: stored.hash, salt, text })}\n`);
      done.texts++;
    }
  }
  writer.close();
}

type StoredSubject = { subject: string; publicKey: string; isStaff: number; boundAtUs: number };

function writeSubjects(file: LedgerFile, path: string, only: string | null, done: Exported): void {
  const writer = new Writer(path);
  const subjects = file.database
    .prepare<[], StoredSubject>(
      'SELECT subject, public_key AS publicKey, is_staff AS isStaff, bound_at_us AS boundAtUs ' +
        'FROM subjects ORDER BY subject',
    )
    .iterate();
  for (const { subject, publicKey, isStaff, boundAtUs } of subjects) {
    if (only !== null && subject !== only) continue;
    const key = file.seal.open(subjectPlace(subject), publicKey) ?? null;
    const line = { subject, publicKey: key, isStaff: isStaff === 1, boundAtUs };
    writer.write(`${JSON.stringify(line)}\n`);
    done.subjects++;
  }
  writer.close();
}

function csvLine(fields: Readonly<Record<string, unknown>>): string {
  return `${COLUMNS.map((name) => csvField(fields[name])).join(',')}\r\n`;
}

/** Quoted where needed (RFC 4180); ours are numbers, ids and hexadecimal, so it rarely is. */
function csvField(value: unknown): string {
  if (value === undefined || value === null) return '';
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A new file of mode 0600, written in chunks. */
class Writer {
  readonly #file: number;
  #waiting = '';

  constructor(path: string) {
    this.#file = openSync(path, 'wx', 0o600);
  }

  write(text: string): void {
    this.#waiting += text;
    if (this.#waiting.length >= CHUNK) this.#flush();
  }

  close(): void {
    this.#flush();
    closeSync(this.#file);
  }

  #flush(): void {
    const bytes = Buffer.from(this.#waiting, 'utf8');
    this.#waiting = '';
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#file, bytes, at);
  }
}

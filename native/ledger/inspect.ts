// Looks at a ledger's file from outside, also while a studio writes it, and changes nothing: the
// chain, the fold, an independent audit, the hashes of texts, SQLite's own check, and what a relay
// signed. It trusts nothing but the rows, and says of each finding which row it is about.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { toHex } from '../../core/base/ids.ts';
import { auditJournal } from '../../core/ledger/auditor.ts';
import { FIRST_PREVIOUS_HASH } from '../../core/ledger/canonical.ts';
import { applyRow, emptyLedger, type LedgerState } from '../../core/ledger/fold.ts';
import { parseRow, type Row } from '../../core/ledger/rows.ts';
import { isTextOf, textsNamedBy } from '../../core/ledger/texts.ts';
import { chainHashOf, sha256Of } from '../hash/sha256.ts';
import { openForReading, type ReadDatabase } from '../sqlite/database.ts';
import { readPlainKey } from './personal/personalKey.ts';
import { createSeal, isSealed, OPEN_SEAL, type Seal, textPlace } from './personal/seal.ts';

/** Findings told one by one; of more only the number is told. */
const FINDINGS_MAX = 100;

/** `seq` 0: it is about no single row. */
export type Finding = { seq: number; what: string };

export type Inspection = {
  rows: number;
  ledgerId: string;
  lastHash: string;
  accounts: number;
  /** Points of all viewers, minor. */
  heldMinor: number;
  texts: { checked: number; erased: number; locked: number };
  /** Row up to which a relay signed; 0 when nothing is known. */
  witnessedSeq: number;
  /** Sealed files that show what decided markets: as the journal names them, and deleted ones. */
  evidence: { checked: number; gone: number };
  findings: Finding[];
  findingsMore: number;
};

export type StoredText = { hash: string; salt: Buffer; text: string };
type StoredRow = { seq: number; body: Buffer; hash: Buffer };

export type LedgerFile = {
  database: ReadDatabase;
  seal: Seal;
  rows(): Iterable<StoredRow>;
  texts(): Iterable<StoredText>;
  close(): void;
};

/** Opens the ledger of a data folder for reading. @throws SqliteFailure */
export function openLedgerFile(dataFolder: string): LedgerFile {
  const key = readPlainKey(dataFolder);
  const database = openForReading(join(dataFolder, 'ledger.db'));
  return {
    database,
    seal: key ? createSeal(key) : OPEN_SEAL,
    rows: () =>
      database.prepare<[], StoredRow>('SELECT seq, body, hash FROM journal ORDER BY seq').iterate(),
    texts: () =>
      database
        .prepare<[], StoredText>('SELECT hash, salt, text FROM texts ORDER BY hash')
        .iterate(),
    close: () => database.close(),
  };
}

/** Checks everything. Never throws for what is wrong with the file's content. */
export function inspectLedger(dataFolder: string, file: LedgerFile): Inspection {
  const inspector = new Inspector(dataFolder, file);
  inspector.run();
  return inspector.report;
}

class Inspector {
  readonly report: Inspection = {
    rows: 0,
    ledgerId: '',
    lastHash: '',
    accounts: 0,
    heldMinor: 0,
    texts: { checked: 0, erased: 0, locked: 0 },
    witnessedSeq: 0,
    evidence: { checked: 0, gone: 0 },
    findings: [],
    findingsMore: 0,
  };
  readonly #dataFolder: string;
  readonly #file: LedgerFile;
  readonly #state: LedgerState = emptyLedger();
  readonly #named = new Set<string>();
  /** Market -> file hash -> its row. */
  readonly #evidence = new Map<string, Map<string, number>>();
  #lastHash: Uint8Array = FIRST_PREVIOUS_HASH;
  #isFolding = true;
  #mark: { seq: number; hash: string } | null = null;

  constructor(dataFolder: string, file: LedgerFile) {
    this.#dataFolder = dataFolder;
    this.#file = file;
  }

  run(): void {
    this.#checkFile();
    this.#mark = readMark(this.#dataFolder);
    this.#guard('The journal cannot be read to its end', () => this.#checkRows());
    this.#checkBalances();
    this.#checkMark();
    this.#guard('The texts cannot be read to their end', () => this.#checkTexts());
    this.#guard('The evidence cannot be read', () => this.#checkEvidence());
  }

  /** Files may go when they are old; one that is here is what the journal names. */
  #checkEvidence(): void {
    const folder = join(this.#dataFolder, 'evidence');
    const names = existsSync(folder) ? readdirSync(folder) : [];
    const { evidence } = this.report;
    for (const name of names.filter((one) => one.endsWith('.sealed'))) {
      const rows = this.#evidence.get(name.split('.')[0] ?? '');
      const hash = toHex(sha256Of(readFileSync(join(folder, name))));
      if (rows?.delete(hash)) evidence.checked++;
      // One without any row has just been written.
      else if (rows) this.#find(0, `Evidence ${name} is not what the journal names`);
    }
    for (const rows of this.#evidence.values()) evidence.gone += rows.size;
  }

  #find(seq: number, what: string): void {
    const { findings } = this.report;
    if (findings.some((one) => one.seq === seq && one.what === what)) return;
    if (findings.length < FINDINGS_MAX) findings.push({ seq, what });
    else this.report.findingsMore++;
  }

  /** A damaged page ends what can be read; what was read before it counts. */
  #guard(what: string, run: () => void): void {
    try {
      run();
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      this.#find(0, `${what} (after row ${this.report.rows}): ${why}`);
    }
  }

  #checkFile(): void {
    this.#guard('SQLite cannot check the file', () => {
      const said = this.#file.database
        .prepare<[], { integrity_check: string }>('PRAGMA integrity_check(20)')
        .all();
      for (const { integrity_check: line } of said) {
        if (line !== 'ok') this.#find(0, `SQLite finds: ${line.replaceAll('\n', ' ')}`);
      }
    });
  }

  #checkRows(): void {
    const audit = auditJournal(this.#eachRow(), sha256Of);
    for (const { seq, what } of audit.findings) this.#find(seq, what);
  }

  /** Folds while the auditor, who shares no code with the fold, reads the same rows. */
  *#eachRow(): Iterable<StoredRow> {
    for (const stored of this.#file.rows()) {
      this.report.rows++;
      this.#take(stored);
      yield stored;
    }
  }

  #take({ seq, body, hash }: StoredRow): void {
    const { rows: place } = this.report;
    if (seq !== place) this.#find(place, `it is not there; row ${seq} stands in its place`);
    const expected = chainHashOf(this.#lastHash, body);
    // What follows is judged by the hash that is stored, so that one row is one finding.
    this.#lastHash = hash;
    this.report.lastHash = hash.toString('hex');
    if (!hash.equals(expected)) this.#find(seq, 'its hash does not follow from the row before');
    if (this.#mark?.seq === seq && this.#mark.hash !== this.report.lastHash) {
      this.#find(seq, 'the relay signed another hash for it');
    }
    let row: Row;
    try {
      row = parseRow(body);
    } catch {
      this.#isFolding = false;
      this.#find(seq, 'it is no row of a journal');
      return;
    }
    for (const text of textsNamedBy(row)) this.#named.add(text);
    if (row.kind === 'evidence') {
      const files = this.#evidence.get(row.market) ?? new Map<string, number>();
      this.#evidence.set(row.market, files.set(row.file, seq));
    }
    if (!this.#isFolding) return;
    try {
      applyRow(this.#state, row);
    } catch (cause) {
      // Nothing behind it can be folded; the audit goes on.
      this.#isFolding = false;
      this.#find(seq, cause instanceof Error ? cause.message : 'it cannot be booked');
    }
  }

  #checkBalances(): void {
    const { accounts, ledger } = this.#state;
    this.report.ledgerId = ledger;
    this.report.accounts = accounts.size;
    if (!this.#isFolding) return;
    let sum = 0;
    for (const [name, { posted, pendingOut }] of accounts) {
      sum += posted;
      if (name.startsWith('user:')) this.report.heldMinor += posted;
      const isOwing = name.startsWith('user:') && posted < pendingOut;
      if (isOwing) this.#find(0, `${name} has reserved more than it holds`);
    }
    if (sum !== 0) this.#find(0, `All accounts together hold ${sum} points instead of none`);
  }

  #checkMark(): void {
    const mark = this.#mark;
    if (!mark) return;
    this.report.witnessedSeq = mark.seq;
    if (mark.seq > this.report.rows) {
      const what = `A relay signed row ${mark.seq}, and the journal ends at ${this.report.rows}`;
      this.#find(0, what);
    }
  }

  #checkTexts(): void {
    const { texts } = this.report;
    const here = new Set<string>();
    for (const { hash, salt, text } of this.#file.texts()) {
      here.add(hash);
      const plain = this.#file.seal.open(textPlace(hash), text);
      if (plain === undefined && this.#file.seal === OPEN_SEAL) texts.locked++;
      else if (plain === undefined || !isTextOf({ hash, salt, text: plain })) {
        this.#find(0, `The text ${hash.slice(0, 12)} beside the journal is not the one it names`);
      } else texts.checked++;
    }
    for (const hash of this.#named) if (!here.has(hash)) texts.erased++;
  }
}

/** The stored text in clear; null when it is locked. */
export function openText(seal: Seal, { hash, text }: StoredText): string | null {
  return isSealed(text) ? (seal.open(textPlace(hash), text) ?? null) : text;
}

const markSchema = z.object({
  mark: z.object({ seq: z.number().int(), hash: z.string(), ledgerId: z.string() }),
});

/** What a relay last signed, from the folder; null when there is nothing that can be read. */
function readMark(dataFolder: string): { seq: number; hash: string } | null {
  const path = join(dataFolder, 'witnessed.json');
  if (!existsSync(path)) return null;
  try {
    return markSchema.parse(JSON.parse(readFileSync(path, 'utf8'))).mark;
  } catch {
    return null;
  }
}

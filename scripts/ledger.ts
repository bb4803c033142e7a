// `npm run ledger -- verify|export DIR`: looks at the ledger in a studio's data folder, also while
// that studio runs, and changes nothing; `erase` needs the folder for itself. Exit code 0: all is
// well; 1: something does not hold, and its row is named; 2: the command line or the folder is wrong.

import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { exportLedger } from '../native/ledger/exportLedger.ts';
import { inspectLedger, type LedgerFile, openLedgerFile } from '../native/ledger/inspect.ts';
import { openJournalStore } from '../native/ledger/journalStore.ts';
import { eraseSubject } from '../native/ledger/personal/erase.ts';
import { lockFolder } from '../native/sqlite/folderLock.ts';

const USAGE = `npm run ledger -- verify DIR
npm run ledger -- export DIR --out FOLDER [--subject ID]
npm run ledger -- erase DIR SUBJECT`;

const callerFolder = process.env.INIT_CWD ?? process.cwd();
const say = (line: string) => void process.stdout.write(`${line}\n`);

function leave(exitCode: number, line: string): never {
  process.stderr.write(`${line}\n`);
  process.exit(exitCode);
}

function readCommandLine() {
  const options = { out: { type: 'string' }, subject: { type: 'string' } } as const;
  try {
    const args = process.argv.slice(2);
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
    const [command = '', folder, ...others] = positionals;
    if (folder === undefined) leave(2, `Name a command and a data folder.\n${USAGE}`);
    const { subject } = values;
    if (subject !== undefined && !/^[A-Za-z0-9_-]{1,64}$/.test(subject)) {
      leave(2, `--subject takes a viewer’s subject, not ${subject}.`);
    }
    return { command, folder: resolve(callerFolder, folder), others, ...values };
  } catch (cause) {
    const [line] = (cause instanceof Error ? cause.message : String(cause)).split('\n');
    leave(2, `${line}\n${USAGE}`);
  }
}

function openFolder(folder: string): LedgerFile {
  if (!existsSync(join(folder, 'ledger.db'))) {
    leave(2, `${folder} holds no ledger; name the data folder of a studio.`);
  }
  try {
    return openLedgerFile(folder);
  } catch (cause) {
    leave(1, `${folder}: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

function verify(folder: string): void {
  const file = openFolder(folder);
  const report = inspectLedger(folder, file);
  file.close();
  const { rows, ledgerId, lastHash, accounts, heldMinor, texts, witnessedSeq, evidence } = report;
  say(
    `Ledger ${ledgerId || '(unknown)'}: ${rows} rows, ${accounts} accounts, last hash ${lastHash}`,
  );
  say(`Viewers hold ${heldMinor} points.`);
  const locked = texts.locked > 0 ? `, ${texts.locked} locked by the keychain and not read` : '';
  say(`Texts: ${texts.checked} are what was hashed, ${texts.erased} are not here${locked}.`);
  if (evidence.checked + evidence.gone > 0) {
    say(`Evidence: ${evidence.checked} files as the journal names them, ${evidence.gone} deleted.`);
  }
  say(witnessedSeq > 0 ? `A relay signed row ${witnessedSeq}.` : 'No relay’s signature is here.');
  for (const { seq, what } of report.findings) {
    process.stderr.write(seq > 0 ? `Row ${seq} does not verify: ${what}.\n` : `${what}.\n`);
  }
  const count = report.findings.length + report.findingsMore;
  if (count > 0) leave(1, `${count} findings: this ledger does not verify.`);
  say('Everything verifies.');
}

function writeExport(folder: string, out: string | undefined, subject: string | null): void {
  if (out === undefined) leave(2, `--out is missing: name a folder for the files.\n${USAGE}`);
  const target = resolve(callerFolder, out);
  const file = openFolder(folder);
  try {
    const done = exportLedger(file, target, subject);
    const locked = done.textsLocked > 0 ? ` (${done.textsLocked} locked by the keychain)` : '';
    say(
      `${done.rows} rows, ${done.texts} texts${locked} and ${done.subjects} subjects are in ` +
        `${target}. They hold personal data: keep them to yourself.`,
    );
    if (subject !== null && done.subjects === 0 && done.rows === 0) {
      leave(1, `There is nothing of the subject ${subject} in this ledger.`);
    }
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'EEXIST') leave(2, `${target} has an export already; name another folder.`);
    leave(1, `The export ended early: ${message}. Verify the ledger to see where it breaks.`);
  } finally {
    file.close();
  }
}

/** Erases what is kept of one viewer. The folder must be free: a studio would still know it. */
function erase(folder: string, subject: string | undefined): void {
  if (subject === undefined || !/^[0-9a-f]{32}$/.test(subject)) {
    leave(2, `erase takes a viewer’s subject, 32 characters.\n${USAGE}`);
  }
  openFolder(folder).close();
  const lock = lockFolder(folder);
  if (!lock) leave(2, `${folder} is in use by a studio; stop that one first.`);
  try {
    const { database } = openJournalStore(join(folder, 'ledger.db'));
    const erased = eraseSubject(database, subject);
    database.close();
    if (!erased) leave(1, `There is no subject ${subject} in this ledger; nothing was erased.`);
    say(
      `Erased: ${erased.keys} device key and ${erased.texts} texts. Rows keep the pseudonym, and ` +
        'its points stay where they are. Relays erase their copies when the studio is next online.',
    );
  } catch (cause) {
    leave(1, `Nothing was erased: ${cause instanceof Error ? cause.message : String(cause)}`);
  } finally {
    lock.release();
  }
}

const { command, folder, others, out, subject } = readCommandLine();
if (command === 'erase' && others.length <= 1) {
  erase(folder, others[0]);
  process.exit(0);
}
if (others.length > 0) leave(2, `There is more than one folder.\n${USAGE}`);
if (command === 'verify') verify(folder);
else if (command === 'export') writeExport(folder, out, subject ?? null);
else leave(2, `There is no command ${command}.\n${USAGE}`);

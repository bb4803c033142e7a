// Takes rows back that the relay witnessed and this file lost, over frames of their own beside the
// ledger's requests. Rows are only ever added behind the head, each one checked against the chain
// and folded; the single exception is an unused ledger, whose own first row gives way. Surprising:
// the file's triggers forbid every DELETE, so they are put aside inside that one transaction.

import { z } from 'zod';
import { toHex } from '../../core/base/ids.ts';
import type { Logger } from '../../core/base/logger.ts';
import type { JournalTextBytes } from '../../core/ledger/texts.ts';
import type { Link } from '../link/link.ts';
import type { JournalRowBytes } from '../upstream/journalShipper.ts';
import type { LocalHead, RowImport } from '../upstream/recovery.ts';
import type { Journal } from './journal.ts';

/** Kinds of link frames, apart from those of protocol.ts. */
const IMPORT_FRAME = 10;
const IMPORT_REPLY_FRAME = 11;

const hashHex = z.string().regex(/^[0-9a-f]{64}$/);
const seq = z.number().int().nonnegative();
const requestSchema = z.strictObject({
  id: z.number().int().nonnegative(),
  /** None: only asks for the head. `body` is the hashed UTF-8 text, unchanged. */
  rows: z.array(z.strictObject({ seq, body: z.string(), hash: hashHex })).max(1_000),
  /** After these rows the books must be whole. */
  isLast: z.boolean(),
  /** Texts that these rows name; `salt` hexadecimal. */
  texts: z.array(z.strictObject({ hash: hashHex, salt: z.string(), text: z.string() })).max(2_000),
});
const replySchema = z.object({
  id: z.number().int().nonnegative(),
  /** Empty when all was done. */
  refusal: z.string(),
  head: z.object({
    ledgerId: z.string(),
    seq,
    hash: hashHex,
    isUnused: z.boolean(),
    isAfterCrash: z.boolean(),
  }),
});
type ImportRow = z.infer<typeof requestSchema>['rows'][number];
type ImportText = z.infer<typeof requestSchema>['texts'][number];

/** A row does not fit; nothing of its page was taken. */
export class ImportRefused extends Error {}

/**
 * Makes rows durable behind the journal's head, or in place of an unused one's only row.
 *
 * @throws ImportRefused, and whatever the disk throws; the journal is then as it was
 */
export function importRows(
  journal: Journal,
  rows: readonly ImportRow[],
  isLast = true,
  texts: readonly ImportText[] = [],
): void {
  const [first] = rows;
  if (!first) return;
  const { channel } = journal.state;
  try {
    journal.write();
    if (first.seq === 1) clearUnused(journal);
    for (const row of rows) importRow(journal, row);
    journal.shelf.putAllAway();
    // A text that was erased here stays erased; one that is not what was hashed is never shown.
    for (const { hash, salt, text } of texts) {
      journal.store.putText.run(hash, Buffer.from(salt, 'hex'), text);
    }
    if (journal.state.channel !== channel) {
      throw new ImportRefused(`The rows are of channel ${journal.state.channel}, not ${channel}.`);
    }
    if (isLast) checkSum(journal);
    journal.commitGroup();
  } catch (cause) {
    journal.abandonGroup();
    throw cause;
  }
}

function importRow(journal: Journal, stored: ImportRow): void {
  const expectedSeq = journal.state.seq + 1;
  let isNext = stored.seq === expectedSeq;
  try {
    isNext &&= journal.appendStored(
      Buffer.from(stored.body, 'utf8'),
      (hash) => toHex(hash) === stored.hash,
    );
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : 'unknown';
    throw new ImportRefused(`Row ${stored.seq} cannot be booked: ${why}.`);
  }
  if (!isNext) {
    throw new ImportRefused(`Row ${stored.seq} does not follow row ${expectedSeq - 1} here.`);
  }
}

function clearUnused(journal: Journal): void {
  if (!isUnused(journal)) {
    throw new ImportRefused(
      'This ledger has rows of its own; another one is not put in its place.',
    );
  }
  const { database } = journal.store;
  const triggers = database
    .prepare<[], { name: string; sql: string }>(
      "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'journal'",
    )
    .all();
  for (const { name } of triggers) database.exec(`DROP TRIGGER ${name}`);
  database.exec('DELETE FROM journal');
  for (const { sql } of triggers) database.exec(sql);
  journal.restart();
}

/** Nothing but the row that opened it. */
function isUnused(journal: Journal): boolean {
  return journal.state.seq === 1;
}

function checkSum(journal: Journal): void {
  let sumMinor = 0;
  for (const { posted } of journal.state.accounts.values()) sumMinor += posted;
  if (sumMinor !== 0) {
    throw new ImportRefused(`After row ${journal.state.seq} all accounts hold ${sumMinor}.`);
  }
}

/** Answers imports on a link; other frames are not looked at. */
export function serveImport(link: Link, journal: Journal, logger: Logger): void {
  link.onFrame(({ kind, payload }) => {
    if (kind !== IMPORT_FRAME) return;
    const request = requestSchema.safeParse(parsedJson(payload));
    if (!request.success) return;
    const { id, rows, isLast, texts } = request.data;
    let refusal = '';
    try {
      importRows(journal, rows, isLast, texts);
    } catch (cause) {
      refusal = cause instanceof Error ? cause.message : String(cause);
      logger.error('rows were not imported', { reason: refusal });
    }
    const { state, lastHash } = journal;
    const head = {
      ledgerId: state.ledger,
      seq: state.seq,
      hash: toHex(lastHash),
      isUnused: isUnused(journal),
      isAfterCrash: journal.store.isAfterCrash,
    };
    link.send(IMPORT_REPLY_FRAME, Buffer.from(JSON.stringify({ id, refusal, head })));
  });
}

/** The engine's side of imports over a link to the ledger. */
export function importOver(link: Link): RowImport {
  const waiting = new Map<number, { resolve(head: LocalHead): void; reject(error: Error): void }>();
  let nextId = 0;
  let isClosed = false;
  link.onFrame(({ kind, payload }) => {
    if (kind !== IMPORT_REPLY_FRAME) return;
    const reply = replySchema.safeParse(parsedJson(payload));
    const request = reply.success ? waiting.get(reply.data.id) : undefined;
    if (!reply.success || !request) return;
    const { id, refusal, head } = reply.data;
    waiting.delete(id);
    if (refusal) request.reject(new ImportRefused(refusal));
    else request.resolve({ ...head, hash: Buffer.from(head.hash, 'hex') });
  });
  link.onClose(() => {
    isClosed = true;
    for (const { reject } of waiting.values()) reject(new Error('The ledger went away.'));
    waiting.clear();
  });
  const ask = (
    rows: readonly JournalRowBytes[],
    isLast: boolean,
    texts: readonly JournalTextBytes[],
  ) =>
    new Promise<LocalHead>((resolve, reject) => {
      if (isClosed) return reject(new Error('The ledger went away.'));
      const id = nextId++;
      waiting.set(id, { resolve, reject });
      const sent = rows.map(({ seq, body, hash }) => ({
        seq,
        body: Buffer.from(body).toString('utf8'),
        hash: toHex(hash),
      }));
      const sentTexts = texts.map(({ hash, salt, text }) => ({ hash, salt: toHex(salt), text }));
      link.send(
        IMPORT_FRAME,
        Buffer.from(JSON.stringify({ id, rows: sent, isLast, texts: sentTexts })),
      );
    });
  return { head: () => ask([], false, []), take: ask };
}

function parsedJson(payload: Buffer): unknown {
  try {
    return JSON.parse(payload.toString('utf8'));
  } catch {
    return undefined;
  }
}

// A ledger that begins where the real one stood when the recording began, and takes what is asked
// of it from there on. Salts are those of the kept texts, so an equal past gives equal hashes. Never
// writes to the studio's own file.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toHex } from '../../core/base/ids.ts';
import { LedgerRefusal } from '../../core/ledger/refusal.ts';
import { parseRow } from '../../core/ledger/rows.ts';
import { textsNamedBy } from '../../core/ledger/texts.ts';
import { sha256Of } from '../../native/hash/sha256.ts';
import { importRows } from '../../native/ledger/importRows.ts';
import { type LedgerFile, openLedgerFile } from '../../native/ledger/inspect.ts';
import { openJournalStore } from '../../native/ledger/journalStore.ts';
import { type AnsweredRequest, Ledger } from '../../native/ledger/ledger.ts';
import { subjectPlace, textPlace } from '../../native/ledger/personal/seal.ts';
import {
  type RequestArgs,
  type RequestName,
  type RequestResult,
  requestArgs,
} from '../../native/ledger/protocol.ts';
import { type AboutShow, type Command, NoShow } from './readShow.ts';

export type LedgerReplay = {
  /** Rows that the commands made. */
  rows: number;
  /** Hash of the last of them, and what the studio's journal has there. */
  hash: string;
  recordedHash: string;
  /** The first row that differs; 0: none. */
  differsAt: number;
  refused: number;
};

export type FreshLedger = {
  /** Carries out and makes durable. @throws LedgerRefusal */
  ask<Name extends RequestName>(name: Name, args: RequestArgs<Name>): RequestResult<Name>;
  /** The same for what is as it was recorded; false: refused, and counted. */
  take(command: Command): boolean;
  /** What came of it, beside the studio's own journal. */
  result(): LedgerReplay;
  close(): void;
};

type Text = { hash: string; salt: Buffer; text: string };
type StoredRow = { seq: number; body: Buffer; hash: Buffer };

/**
 * @param commands whoever bound a key again in the show did it with the one that stands there
 * @throws NoShow when the data folder lacks what the show began with
 */
export function openFreshLedger(
  dataFolder: string,
  about: AboutShow,
  commands: readonly Command[],
): FreshLedger {
  const { headSeq, headHash } = about;
  if (headSeq === undefined) throw new NoShow('The ledger was away when this recording began.');
  const file = openLedgerFile(dataFolder);
  try {
    const rows = [...file.rows()];
    const before = rows.slice(0, headSeq);
    if (before.at(-1)?.hash.toString('hex') !== headHash) {
      throw new NoShow(`The ledger in ${dataFolder} is not the one of this show.`);
    }
    return open({ file, before, after: rows.slice(headSeq), commands });
  } finally {
    file.close();
  }
}

/** Runs commands as they stand. */
export function replayLedger(
  dataFolder: string,
  about: AboutShow,
  commands: readonly Command[],
): LedgerReplay {
  const ledger = openFreshLedger(dataFolder, about, commands);
  try {
    for (const command of commands) ledger.take(command);
    return ledger.result();
  } finally {
    ledger.close();
  }
}

function open(of: {
  file: LedgerFile;
  before: StoredRow[];
  after: StoredRow[];
  commands: readonly Command[];
}): FreshLedger {
  const { file, before, after, commands } = of;
  const texts = new Map([...file.texts()].map((text) => [text.hash, text]));
  const first = parseRow(before[0]?.body ?? new Uint8Array(0));
  if (first.kind !== 'ledger.opened') throw new NoShow('The journal does not begin.');
  const identity = { ledgerId: first.ledger, channelId: first.channel, epoch: first.epoch };
  const folder = mkdtempSync(join(tmpdir(), 'morphine-replay-'));
  const store = openJournalStore(join(folder, 'ledger.db'));
  const ledger = new Ledger(store, identity, first.at, { saltOf: saltsOf(after, texts) });
  const asImport = before.map(({ seq, body, hash }) => ({
    ...{ seq, body: body.toString('utf8'), hash: hash.toString('hex') },
  }));
  const rules = [...texts.values()].filter(({ salt }) => salt.length === 0);
  const plain = rules.map(({ hash, text }) => ({
    ...{ hash, salt: '', text: file.seal.open(textPlace(hash), text) ?? text },
  }));
  importRows(ledger.journal, asImport, true, plain);
  bindAll(file, store, commands);
  let refused = 0;
  function ask<Name extends RequestName>(name: Name, args: RequestArgs<Name>): RequestResult<Name> {
    const answer = ledger.answer(name as AnsweredRequest, args);
    while (ledger.isSettling(args) && ledger.tend());
    ledger.commit();
    return answer as RequestResult<Name>;
  }
  return {
    ask,
    take({ name, args }) {
      if (!(name in requestArgs)) return true;
      try {
        ask(name as RequestName, args as never);
        return true;
      } catch (cause) {
        if (!(cause instanceof LedgerRefusal)) throw cause;
        refused++;
        return false;
      }
    },
    result() {
      const made = [...store.allRows.iterate()].slice(before.length);
      const recorded = after.slice(0, made.length);
      const differs = made.findIndex(({ hash }, at) => !recorded[at]?.hash.equals(hash));
      const hexOf = (row: { hash: Buffer } | undefined) => row?.hash.toString('hex') ?? '';
      return {
        ...{ rows: made.length, refused, hash: hexOf(made.at(-1)) },
        recordedHash: hexOf(recorded.at(-1)),
        differsAt: differs < 0 ? 0 : before.length + differs + 1,
      };
    },
    close() {
      store.database.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The salts that the real ledger took, by the texts that it took them for. */
function saltsOf(rows: readonly StoredRow[], texts: ReadonlyMap<string, Text>) {
  const waiting = rows.flatMap(({ body }) =>
    textsNamedBy(parseRow(body)).flatMap((hash) => {
      const text = texts.get(hash);
      return text && text.salt.length > 0 ? [{ hash, salt: text.salt }] : [];
    }),
  );
  return (text: string): Uint8Array => {
    const bytes = Buffer.from(text);
    const at = waiting.findIndex(
      ({ hash, salt }) => toHex(sha256Of(Buffer.concat([salt, bytes]))) === hash,
    );
    const [found] = at < 0 ? [] : waiting.splice(at, 1);
    // A text of a row that is not there: the journals differ from here on, and that is said.
    return found?.salt ?? new Uint8Array(16);
  };
}

/** Who was known to the ledger; whoever bound a key again in the show did it with the same one. */
function bindAll(
  file: LedgerFile,
  to: ReturnType<typeof openJournalStore>,
  commands: readonly Command[],
): void {
  const keys = new Map<unknown, unknown>();
  for (const { name, args } of commands) {
    if (name === 'bindSubject' && !keys.has(args.subject)) keys.set(args.subject, args.publicKey);
  }
  type Subject = { subject: string; publicKey: string; isStaff: number; boundAtUs: number };
  const all = file.database.prepare<[], Subject>(
    'SELECT subject, public_key AS publicKey, is_staff AS isStaff, bound_at_us AS boundAtUs ' +
      'FROM subjects',
  );
  for (const { subject, publicKey, isStaff, boundAtUs } of all.iterate()) {
    const key = keys.get(subject) ?? file.seal.open(subjectPlace(subject), publicKey) ?? '';
    to.putSubject.run(subject, String(key), isStaff, boundAtUs);
  }
}

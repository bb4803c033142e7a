// Brings back rows that the relay witnessed and this ledger does not have: after a lost desktop all
// of them, after a restored backup its tail. The next epoch is taken first, so that no older studio
// can write meanwhile. Every row is checked against the chain before it is imported, and the end
// against the signed mark. Nothing is merged: a tail that does not follow our last row is a fork.

import type { Timers } from '../../core/base/clock.ts';
import { toHex } from '../../core/base/ids.ts';
import { FIRST_PREVIOUS_HASH } from '../../core/ledger/canonical.ts';
import { isTextOf, type JournalTextBytes } from '../../core/ledger/texts.ts';
import type { JournalAck, JournalTail } from '../../core/wire/gen/facts_pb.js';
import { chainHashOf } from '../hash/sha256.ts';
import type { JournalRowBytes } from './journalShipper.ts';
import type { StudioSocket } from './studioSocket.ts';
import type { MarkKeeper } from './witnessedMark.ts';

/** Rows asked for at once. */
const PAGE_ROWS = 1_000;
/** An answer that has not come by then is asked for again, ms. */
const ANSWER_MS_MAX = 5_000;
const ASKED_MAX = 3;

export type LocalHead = {
  ledgerId: string;
  seq: number;
  hash: Uint8Array;
  /** Nothing but the row that opened it: it may give way to the witnessed journal. */
  isUnused: boolean;
  /** Its file was not closed in order the last time. */
  isAfterCrash?: boolean;
};

/** The ledger's side of an import. */
export type RowImport = {
  head(): Promise<LocalHead>;
  /**
   * Makes rows durable: behind the head, or in place of an unused ledger's own first row.
   *
   * @param isLast after these rows the books must be whole, and are checked
   * @returns the head afterwards; rejects and changes nothing when a row does not fit
   */
  take(
    rows: readonly JournalRowBytes[],
    isLast: boolean,
    texts: readonly JournalTextBytes[],
  ): Promise<LocalHead>;
};

/** The journal cannot be brought back; `code` as of the shipper, `message` for a person. */
export class RecoveryRefused extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'RecoveryRefused';
    this.code = code;
  }
}

/**
 * Takes the next epoch and imports what is missing.
 *
 * @returns how many rows were imported
 * @throws RecoveryRefused when a person must decide; any other error: try again when connected
 */
export async function recoverJournal(options: {
  socket: StudioSocket;
  local: RowImport;
  marks: MarkKeeper;
  timers: Timers;
}): Promise<{ rows: number; epoch: number }> {
  const { socket, local, marks } = options;
  const { relayKey, journalMark } = socket.registered ?? {};
  let head = await local.head();
  if (!relayKey || !journalMark) throw new Error('The relay holds nothing of this channel.');
  const isOther = head.ledgerId !== journalMark.ledgerId;
  // Before anybody is fenced off: whoever wrote the witnessed rows may be right and we wrong.
  if (isOther && !head.isUnused) {
    throw new RecoveryRefused('FORK', 'The relay holds the journal of another ledger.');
  }
  if (!isOther) await checkLastRow(options, head);
  const mark = await takeOver(options, head.ledgerId);
  if (!marks.begin(mark, relayKey)) {
    throw new RecoveryRefused('BAD_HASH', 'The relay’s mark is not signed with its own key.');
  }
  const lastSeq = Number(mark.seq);
  let [seq, hash] = isOther ? [0, FIRST_PREVIOUS_HASH] : [head.seq, head.hash];
  const firstSeq = seq + 1;
  let asked = seq < lastSeq ? tail(options, seq + 1) : null;
  while (asked) {
    const answer = await asked;
    const page = checkedPage(seq, hash, answer);
    const reached = seq + page.length;
    // The next page is on its way while this one is made durable.
    asked = reached < lastSeq ? tail(options, reached + 1) : null;
    asked?.catch(() => {});
    // A text that is not what the row names is left out: it reads as erased then.
    head = await local.take(page, reached >= lastSeq, answer.texts.filter(isTextOf));
    [seq, hash] = [head.seq, head.hash];
    if (seq !== reached) throw new Error(`The ledger took rows to ${seq} and not to ${reached}.`);
  }
  if (seq === lastSeq && toHex(hash) !== toHex(mark.hash)) {
    throw new RecoveryRefused('FORK', `Row ${seq} here is not the one that the relay signed.`);
  }
  return { rows: Math.max(0, seq + 1 - firstSeq), epoch: Number(mark.epoch) };
}

/** Our last row must be one that the relay witnessed just so. */
async function checkLastRow(asked: Asked, head: LocalHead): Promise<void> {
  const [row] = (await tail(asked, head.seq, 1)).rows;
  if (row && toHex(row.hash) !== toHex(head.hash)) {
    throw new RecoveryRefused('FORK', `Row ${head.seq} at the relay differs from the one here.`);
  }
}

/** The page's rows behind row `seq`, each one following from the one before. */
function checkedPage(seq: number, hash: Uint8Array, page: JournalTail): JournalRowBytes[] {
  if (page.rows.length === 0) {
    throw new RecoveryRefused('GAP', `The relay signed row ${seq + 1} and does not have it.`);
  }
  let previous = hash;
  return page.rows.map((row, index) => {
    const next = chainHashOf(previous, row.body);
    if (toHex(next) !== toHex(row.hash)) {
      const code = index === 0 && seq > 0 ? 'FORK' : 'BAD_HASH';
      throw new RecoveryRefused(
        code,
        `Row ${seq + 1 + index} of the relay does not follow from the row before it.`,
      );
    }
    previous = next;
    return { seq: seq + 1 + index, body: row.body, hash: next };
  });
}

type Asked = { socket: StudioSocket; timers: Timers };

function takeOver({ socket, timers }: Asked, ledgerId: string): Promise<JournalAck> {
  return answerOf(socket, timers, {
    ask: () => socket.takeOver(ledgerId),
    listen: (found) => socket.onTookOver(found),
  });
}

function tail({ socket, timers }: Asked, fromSeq: number, limit = PAGE_ROWS): Promise<JournalTail> {
  return answerOf(socket, timers, {
    ask: () => socket.askTail(fromSeq, limit),
    listen: (found) =>
      socket.onJournalTail((page) => {
        if (page.fromSeq === BigInt(fromSeq)) found(page);
      }),
  });
}

/** Asks up to three times; rejects when the relay goes away or stays silent. */
function answerOf<Answer>(
  socket: StudioSocket,
  timers: Timers,
  question: { ask(): boolean; listen(found: (answer: Answer) => void): () => void },
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let asked = 0;
    let cancel = () => {};
    const ends = [
      question.listen((answer) => end(() => resolve(answer))),
      socket.onLost(() => end(() => reject(new Error('The relay went away.')))),
    ];
    const ask = () => {
      if (asked++ === ASKED_MAX) return end(() => reject(new Error('The relay does not answer.')));
      cancel = timers.after(ANSWER_MS_MAX, ask);
      if (!question.ask()) end(() => reject(new Error('The relay is away.')));
    };
    const end = (settle: () => void) => {
      cancel();
      for (const stop of ends) stop();
      settle();
    };
    ask();
  });
}

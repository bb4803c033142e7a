// Ships the ledger's journal to the relay, which witnesses it. The journal itself is the outbox:
// nothing is queued here but one batch in flight, rows go out as the exact bytes that were hashed,
// and after every reconnect shipping begins at the witness's own high-water mark. Nothing is ever
// merged: a witness that knows another past stops the shipping and says so.

import type { CancelTimer, Timers } from '../../core/base/clock.ts';
import { toHex } from '../../core/base/ids.ts';
import type { Logger } from '../../core/base/logger.ts';
import { createSignal, type Subscribe } from '../../core/base/signal.ts';
import type {
  JournalAck,
  JournalRefused,
  JournalText,
  Registered,
} from '../../core/wire/gen/facts_pb.js';
import type { StudioSocket, StudioSocketState } from './studioSocket.ts';
import { type TextSource, textsFor } from './textCopies.ts';
import type { MarkKeeper } from './witnessedMark.ts';

/** Rows in one batch: about 2 ms of the relay's time, whose next packet of media must not wait. */
const BATCH_ROWS_MAX = 48;
/** Bytes of bodies in one batch, far below the relay's message limit. */
const BATCH_BYTES_MAX = 256 * 1024;
/** Rest after a batch, ms; what waits meanwhile is copied before anybody would notice. */
const REST_MS = 50;
/** A batch without an answer is sent again; duplicates are acknowledged again, ms. */
const ACK_WAIT_MS = 3_000;
/** Wait after a ledger that could not be read, ms. */
const READ_RETRY_MS = 200;

export type JournalRowBytes = { seq: number; body: Uint8Array; hash: Uint8Array };

/** What the shipper needs of the ledger. Engine adapts its ledger client to it. */
export type JournalSource = {
  /** The last durable row; seq 0 for an empty journal; null while the ledger is away. */
  head(): { ledgerId: string; epoch: number; seq: number } | null;
  /** Rows from `fromSeq` on, in order, at most `limit`. */
  rowsFrom(fromSeq: number, limit: number): Promise<readonly JournalRowBytes[]>;
  /** Runs when the head moved or the ledger came back. */
  onRows(run: () => void): () => void;
  /** Texts that go with the rows; without them only rows are copied. */
  texts?: TextSource;
};

export type ShipperState = {
  /** away: no relay or no ledger. refused: a person must decide; shipping has stopped. */
  state: 'away' | 'shipping' | 'upToDate' | 'refused';
  /** One sentence; empty unless refused. */
  reason: string;
  /** '' or the witness's code: FORK, FENCED, BEHIND, BAD_HASH, BAD_ROW, UNBALANCED. */
  code: string;
  /** Durable rows that no relay has acknowledged. */
  notCopied: number;
};

export type JournalShipper = {
  readonly state: ShipperState;
  onState: Subscribe<[ShipperState]>;
  /** Forgets a refusal and looks again: the ledger has got what it lacked. */
  resume(): void;
  close(): void;
};

type Position = { seq: number; hash: Uint8Array };

/** Starts shipping. The socket and the ledger may come and go at any time. */
export function createJournalShipper(options: {
  socket: StudioSocket;
  journal: JournalSource;
  /** Keeps what the relay signed; without one nothing is known while the relay is away. */
  marks?: MarkKeeper;
  timers: Timers;
  logger: Logger;
}): JournalShipper {
  return new Shipper(options);
}

class Shipper implements JournalShipper {
  readonly #socket: StudioSocket;
  readonly #journal: JournalSource;
  readonly #marks: MarkKeeper | null;
  readonly #timers: Timers;
  readonly #logger: Logger;
  readonly #changed = createSignal<[ShipperState]>();
  readonly onState = this.#changed.subscribe;
  readonly #unsubscribe: (() => void)[];
  /** Where the witness stands, by its own word; null while there is no relay. */
  #witness: Position | null = null;
  /** What the witness was last known to hold; survives a lost connection, for the count. */
  #ackedSeq = 0;
  /** The witness's last row has been compared with ours on this connection. */
  #compared = false;
  #inFlightSeq: number | null = null;
  /** A batch left a moment ago: what has come since waits, unless it fills a batch. */
  #isResting = false;
  #cancelRest: CancelTimer = () => {};
  #reading = false;
  #refused: { code: string; reason: string } | null = null;
  #cancelWait: CancelTimer | null = null;
  #state: ShipperState = { state: 'away', reason: '', code: '', notCopied: 0 };
  /** Grows with every registration, so that answers of an older connection are not used. */
  #round = 0;

  constructor(options: {
    socket: StudioSocket;
    journal: JournalSource;
    marks?: MarkKeeper;
    timers: Timers;
    logger: Logger;
  }) {
    this.#socket = options.socket;
    this.#journal = options.journal;
    this.#marks = options.marks ?? null;
    this.#timers = options.timers;
    this.#logger = options.logger;
    this.#unsubscribe = [
      options.socket.onRegistered((registered) => this.#begin(registered)),
      options.socket.onLost(() => this.#lost()),
      options.socket.onState((state) => this.#socketTold(state)),
      options.socket.onJournalAck((ack) => this.#acknowledged(ack)),
      options.socket.onJournalRefused((refused) => this.#refusedBy(refused)),
      options.journal.onRows(() => this.#pump()),
    ];
    if (options.socket.registered) this.#begin(options.socket.registered);
  }

  get state(): ShipperState {
    return this.#state;
  }

  resume(): void {
    this.#refused = null;
    this.#compared = false;
    const { registered } = this.#socket;
    if (registered) this.#witness = this.#witnessed(registered);
    this.#socketTold(this.#socket.state);
    this.#pump();
  }

  close(): void {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#cancelRest();
    this.#lost();
  }

  #begin(registered: Registered): void {
    this.#lost();
    this.#witness = this.#witnessed(registered);
    this.#ackedSeq = this.#witness.seq;
    this.#refused = null;
    if (registered.journalMark) this.#keep(registered.journalMark);
    this.#pump();
  }

  #witnessed(registered: Registered): Position {
    return { seq: Number(registered.journalSeq), hash: registered.journalHash };
  }

  #keep(ack: JournalAck): void {
    const relayKey = this.#socket.registered?.relayKey ?? '';
    if (this.#marks && !this.#marks.take(ack, relayKey)) {
      this.#logger.warn('the relay sent a mark without its signature; it is not kept');
    }
  }

  /** A relay that knows a newer epoch does not even let us register. */
  #socketTold({ code, reason }: StudioSocketState): void {
    if (code === 'FENCED' && this.#refused?.code !== code) this.#stop(code, reason);
  }

  #lost(): void {
    this.#round++;
    this.#witness = null;
    this.#compared = false;
    this.#inFlightSeq = null;
    this.#cancelWait?.();
    this.#cancelWait = null;
    this.#publish();
  }

  #pump(): void {
    this.#publish();
    const head = this.#journal.head();
    if (!head || this.#refused || this.#reading) return;
    const signedLedger = this.#socket.registered?.journalMark?.ledgerId ?? head.ledgerId;
    if (this.#witness && signedLedger !== head.ledgerId) {
      this.#stop('FORK', 'The relay holds the journal of another ledger for this channel.');
      return;
    }
    const kept = this.#marks?.mark;
    const keptSeq = kept?.ledgerId === head.ledgerId ? kept.seq : 0;
    const witnessedSeq = Math.max(this.#witness?.seq ?? 0, keptSeq);
    if (head.seq < witnessedSeq) {
      this.#stop(
        'BEHIND',
        `The relay holds ${witnessedSeq} rows of this ledger and only ${head.seq} are here: ` +
          'it is an older copy. The missing rows are fetched before betting goes on.',
      );
      return;
    }
    if (!this.#witness || this.#inFlightSeq !== null) return;
    const nothingNew = head.seq === this.#witness.seq;
    if (nothingNew && (this.#compared || head.seq === 0)) return;
    if (this.#isResting && head.seq - this.#witness.seq < BATCH_ROWS_MAX) return;
    this.#reading = true;
    void this.#readAndSend(this.#round, this.#witness, head).then((again) => {
      this.#reading = false;
      if (again === 'retry') {
        this.#cancelWait?.();
        this.#cancelWait = this.#timers.after(READ_RETRY_MS, () => this.#pump());
      } else if (again === 'again') this.#pump();
    });
  }

  /** Reads after the witness's mark, compares the mark itself once, sends one batch. */
  async #readAndSend(
    round: number,
    witness: Position,
    head: { ledgerId: string; epoch: number; seq: number },
  ): Promise<'again' | 'retry' | 'done'> {
    const compare = !this.#compared && witness.seq > 0;
    const firstSeq = compare ? witness.seq : witness.seq + 1;
    let rows: readonly JournalRowBytes[];
    try {
      rows = await this.#journal.rowsFrom(firstSeq, BATCH_ROWS_MAX);
    } catch (error) {
      this.#logger.warn('the journal could not be read', { reason: String(error) });
      return 'retry';
    }
    if (round !== this.#round) return 'again';
    const [first] = rows;
    if (!first) return compare ? 'retry' : 'done';
    if (compare) {
      if (toHex(first.hash) !== toHex(witness.hash)) {
        this.#stop('FORK', `Row ${witness.seq} at the relay differs from the one here.`);
        return 'done';
      }
      rows = rows.slice(1);
    }
    this.#compared = true;
    if (rows.length === 0) return 'again';
    const batch = batchOf(rows, head.seq);
    let texts: JournalText[];
    try {
      texts = await textsFor(this.#journal.texts, batch);
    } catch (error) {
      this.#logger.warn('the texts could not be read', { reason: String(error) });
      return 'retry';
    }
    if (round !== this.#round) return 'again';
    this.#sendBatch(round, witness, head, batch, texts);
    return 'done';
  }

  #sendBatch(
    round: number,
    witness: Position,
    head: { ledgerId: string; epoch: number; seq: number },
    batch: readonly JournalRowBytes[],
    texts: JournalText[],
  ): void {
    const last = batch.at(-1);
    if (!last) return;
    const sent = this.#socket.sendJournal({
      $typeName: 'morphine.facts.v1.JournalBatch',
      ledgerId: head.ledgerId,
      epoch: BigInt(head.epoch),
      fromSeq: BigInt(witness.seq + 1),
      toSeq: BigInt(last.seq),
      prevHash: witness.seq === 0 ? new Uint8Array(32) : witness.hash,
      rows: batch.map(({ body, hash }) => ({
        $typeName: 'morphine.facts.v1.JournalRow',
        body,
        hash,
      })),
      hash: last.hash,
      texts,
    });
    if (!sent) return;
    this.#inFlightSeq = last.seq;
    this.#rest();
    this.#cancelWait?.();
    this.#cancelWait = this.#timers.after(ACK_WAIT_MS, () => {
      if (round !== this.#round) return;
      this.#inFlightSeq = null;
      this.#pump();
    });
  }

  /**
   * The relay makes every batch durable. On one disk with the ledger, a flush for each of its own
   * groups would make every bet wait for two.
   */
  #rest(): void {
    this.#cancelRest();
    this.#isResting = true;
    this.#cancelRest = this.#timers.after(REST_MS, () => {
      this.#isResting = false;
      this.#pump();
    });
  }

  #acknowledged(ack: JournalAck): void {
    const seq = Number(ack.seq);
    this.#keep(ack);
    if (!this.#witness || seq < this.#witness.seq) return;
    this.#witness = { seq, hash: ack.hash };
    this.#ackedSeq = seq;
    if (this.#inFlightSeq !== null && seq >= this.#inFlightSeq) {
      this.#inFlightSeq = null;
      this.#cancelWait?.();
      this.#cancelWait = null;
    }
    this.#pump();
  }

  #refusedBy(refused: JournalRefused): void {
    this.#inFlightSeq = null;
    this.#cancelWait?.();
    this.#cancelWait = null;
    const needSeq = Number(refused.needSeq);
    if (refused.code === 'GAP' && this.#witness && needSeq >= 1) {
      // The witness is further back than it said; go back there and show it each hash again.
      void this.#rewind(this.#round, needSeq);
      return;
    }
    this.#stop(refused.code, refused.message);
  }

  async #rewind(round: number, needSeq: number): Promise<void> {
    let hash = new Uint8Array(32);
    if (needSeq > 1) {
      const rows = await this.#journal.rowsFrom(needSeq - 1, 1).catch(() => []);
      if (round !== this.#round) return;
      const [row] = rows;
      if (!row) return this.#stop('BEHIND', `The relay needs row ${needSeq}, which is not here.`);
      hash = new Uint8Array(row.hash);
    }
    this.#witness = { seq: needSeq - 1, hash };
    this.#ackedSeq = needSeq - 1;
    this.#pump();
  }

  #stop(code: string, reason: string): void {
    this.#refused = { code, reason };
    this.#logger.error('the relay refuses the journal', { code, reason });
    this.#publish();
  }

  #publish(): void {
    const head = this.#journal.head();
    const headSeq = head?.seq ?? this.#ackedSeq;
    const notCopied = Math.max(0, headSeq - this.#ackedSeq);
    const next: ShipperState = {
      state: this.#refused
        ? 'refused'
        : !head || !this.#witness
          ? 'away'
          : notCopied > 0
            ? 'shipping'
            : 'upToDate',
      reason: this.#refused?.reason ?? '',
      code: this.#refused?.code ?? '',
      notCopied,
    };
    const last = this.#state;
    if (
      next.state === last.state &&
      next.notCopied === last.notCopied &&
      next.code === last.code &&
      next.reason === last.reason
    ) {
      return;
    }
    this.#state = next;
    this.#changed.emit(next);
  }
}

/** The rows of one message, none behind what the ledger told us of. */
function batchOf(rows: readonly JournalRowBytes[], headSeq: number): JournalRowBytes[] {
  const batch: JournalRowBytes[] = [];
  let bytes = 0;
  for (const row of rows) {
    // The ledger may have read further than it told us yet: that would look like a lost tail.
    if (row.seq > headSeq) break;
    bytes += row.body.length;
    if (batch.length > 0 && bytes > BATCH_BYTES_MAX) break;
    batch.push(row);
  }
  return batch;
}

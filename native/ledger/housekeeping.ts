// What the ledger does beside requests, one small part at a time so that no bet waits for it:
// verifying the rows that the start took on trust, putting ended markets away, and keeping
// checkpoints. It writes in the open group and never commits.

import type { Market } from '../../core/ledger/fold.ts';
import { isDamage } from '../sqlite/failure.ts';
import { Correction } from './correction.ts';
import type { Journal } from './journal.ts';
import { JournalCheck } from './journalCheck.ts';
import { Settlement } from './settlement.ts';

/** Rows after which another checkpoint is worth its time; the start folds at most about these. */
const CHECKPOINT_ROWS = 5_000;
/** With more undecided bets than these a checkpoint waits: writing it would hold up the others. */
const CHECKPOINT_BETS_MAX = 20_000;
const DAMAGED = 'the file is damaged';

export class Housekeeping {
  readonly #journal: Journal;
  #check: JournalCheck | null;
  #settlement: Settlement | Correction | null = null;
  #difference = '';
  #isDistrusted = false;
  /** The market that a correction waits for. */
  #raised = '';

  constructor(journal: Journal) {
    this.#journal = journal;
    this.#check = journal.unfoldedSeq > 0 ? new JournalCheck(journal) : null;
  }

  /** What was found to be wrong with the journal or beside it; empty: nothing. */
  get difference(): string {
    return this.#difference || this.#journal.shelf.difference;
  }

  /** Row up to which the start's trust was verified; null: all was. */
  get checkedSeq(): number | null {
    return this.#check?.seq ?? null;
  }

  /** Does one part of what there is to do, some milliseconds. Returns whether there is more. */
  step(): boolean {
    const { shelf } = this.#journal;
    this.#journal.did = { what: 'nothing', bets: 0 };
    if (this.#settle()) return true;
    if (this.difference !== '') return this.#distrust();
    if (this.#raise()) return true;
    if (shelf.hasWork()) {
      this.#write(() => shelf.putAway());
      return true;
    }
    if (this.#readIds()) return true;
    if (this.#check) {
      const found = this.#check.step();
      if (found === null) return true;
      this.#check = null;
      this.#difference = found;
      return true;
    }
    if (!this.#isCheckpointDue()) return false;
    this.#write(() => this.#journal.keepCheckpoint());
    this.#journal.did = { what: 'checkpoint', bets: this.#journal.state.bets.size };
    return true;
  }

  #write(part: () => void): void {
    this.#journal.write();
    try {
      part();
    } catch (cause) {
      // This group is lost, but not the next ones: nothing of this kind is written any more.
      if (isDamage(cause)) this.#journal.shelf.differ(DAMAGED);
      throw cause;
    }
  }

  /** Brings a market's bets back into memory, in parts beside requests. */
  raise(marketId: string): void {
    this.#raised = marketId;
  }

  #raise(): boolean {
    if (this.#raised === '' || this.#journal.shelf.raise(this.#raised)) return this.#raised !== '';
    this.#raised = '';
    return true;
  }

  #readIds(): boolean {
    const { shelf } = this.#journal;
    try {
      return shelf.readIds();
    } catch (cause) {
      if (!isDamage(cause)) throw cause;
      shelf.differ(DAMAGED);
      return true;
    }
  }

  /** The next start is to read everything, however this run ends. Always returns false. */
  #distrust(): boolean {
    const { checkpoints } = this.#journal;
    if (this.#isDistrusted) return false;
    this.#isDistrusted = true;
    this.#journal.write();
    try {
      checkpoints.clear();
    } catch (cause) {
      // One that cannot be removed cannot be read, either.
      if (!isDamage(cause)) throw cause;
    }
    return false;
  }

  /** One part of a settlement. Decisions go on whatever else is wrong. */
  #settle(): boolean {
    if (!this.#settlement) {
      const market = this.#nextSettling();
      if (!market) return false;
      this.#settlement =
        market.revision > 0
          ? new Correction(this.#journal, market)
          : new Settlement(this.#journal, market);
    }
    if (!this.#settlement.step()) this.#settlement = null;
    return true;
  }

  #nextSettling(): Market | null {
    for (const market of this.#journal.state.markets.values()) {
      if (market.isSettling) return market;
    }
    return null;
  }

  /** The last checkpoint of this run, in the open group. */
  close(): void {
    const { checkpoints, shelf, state } = this.#journal;
    if (this.difference !== '') {
      this.#distrust();
      return;
    }
    if (checkpoints.seq === state.seq) return;
    this.#journal.write();
    shelf.putAllAway();
    this.#journal.keepCheckpoint();
  }

  #isCheckpointDue(): boolean {
    const { checkpoints, state } = this.#journal;
    const since = state.seq - checkpoints.seq;
    const size = state.bets.size + state.accounts.size;
    return since >= Math.max(CHECKPOINT_ROWS, size / 2) && state.bets.size <= CHECKPOINT_BETS_MAX;
  }
}

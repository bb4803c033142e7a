// The journal as it stands on disk and, folded, in memory. Rows are appended inside a group that
// commits as one; memory follows row by row, so when a commit fails the memory is thrown away and
// folded again from the disk. Nothing here decides whether a row is right to write.

import { randomBytes } from 'node:crypto';
import { sha256 } from '@noble/hashes/sha2.js';
import { toHex } from '../../core/base/ids.ts';
import { chainHash, FIRST_PREVIOUS_HASH } from '../../core/ledger/canonical.ts';
import { applyRow, emptyLedger, type LedgerState } from '../../core/ledger/fold.ts';
import { parseRow, type Row, rowBytes } from '../../core/ledger/rows.ts';
import type { JournalStore } from './journalStore.ts';

/** A row without its place in the journal. */
export type RowDraft = Row extends infer One ? (One extends Row ? Omit<One, 'seq'> : never) : never;

/** The stored journal breaks its own chain or its own arithmetic. */
export class JournalBroken extends Error {
  constructor(seq: number, what: string) {
    super(`Row ${seq} of the journal does not verify: ${what}.`);
    this.name = 'JournalBroken';
  }
}

export class Journal {
  readonly store: JournalStore;
  state: LedgerState = emptyLedger();
  lastHash: Uint8Array = FIRST_PREVIOUS_HASH;
  #isInGroup = false;

  /**
   * Folds and verifies every stored row.
   *
   * @throws JournalBroken, SqliteFailure
   */
  constructor(store: JournalStore) {
    this.store = store;
    this.reload();
  }

  /** Forgets the memory and folds the disk again. */
  reload(): void {
    const state = emptyLedger();
    let lastHash: Uint8Array = FIRST_PREVIOUS_HASH;
    for (const stored of this.store.allRows.iterate()) {
      const hash = chainHash(lastHash, stored.body);
      if (!stored.hash.equals(hash)) throw new JournalBroken(stored.seq, 'its hash is another');
      try {
        const row = parseRow(stored.body);
        if (row.seq !== stored.seq) throw new Error('it says another number');
        applyRow(state, row);
      } catch (cause) {
        throw new JournalBroken(stored.seq, cause instanceof Error ? cause.message : 'unknown');
      }
      lastHash = hash;
    }
    this.state = state;
    this.lastHash = lastHash;
  }

  /** Appends rows to the open group and folds them. Returns each row's seq and hash. */
  append(drafts: readonly RowDraft[]): { seq: number; hash: Uint8Array }[] {
    this.write();
    return drafts.map((draft) => {
      const row = { ...draft, seq: this.state.seq + 1 } as Row;
      const body = rowBytes(row);
      const hash = chainHash(this.lastHash, body);
      applyRow(this.state, row);
      this.store.insertRow.run(row.seq, row.id, body, hash);
      this.lastHash = hash;
      return { seq: row.seq, hash };
    });
  }

  /** Makes sure that the group is open; call it before writing beside the journal. */
  write(): void {
    if (this.#isInGroup) return;
    this.store.database.begin();
    this.#isInGroup = true;
  }

  /** Makes the group durable. Nothing may be answered before this returned. */
  commitGroup(): void {
    if (!this.#isInGroup) return;
    this.store.database.commit();
    this.#isInGroup = false;
  }

  /** Undoes the group, on disk and in memory. */
  abandonGroup(): void {
    this.#isInGroup = false;
    this.store.database.rollback();
    this.reload();
  }

  /** Keeps a text beside the journal and returns its salted hash; empty for no text. */
  keepText(text: string): string {
    if (text === '') return '';
    this.write();
    const salt = randomBytes(16);
    const hash = toHex(sha256.create().update(salt).update(Buffer.from(text)).digest());
    this.store.putText.run(hash, salt, text);
    return hash;
  }

  /** Keeps a text that carries its own salt (rules) under its given hash. */
  keepSaltedText(hash: string, text: string): void {
    this.write();
    this.store.putText.run(hash, new Uint8Array(0), text);
  }

  /** The text of a hash; undefined when it was erased, or is not the text that was hashed. */
  textOf(hash: string): string | undefined {
    if (hash === '') return '';
    const kept = this.store.textOf.get(hash);
    if (!kept) return undefined;
    const digest = toHex(sha256.create().update(kept.salt).update(Buffer.from(kept.text)).digest());
    return digest === hash ? kept.text : undefined;
  }

  hashHexOf(seq: number): string {
    return this.store.hashOf.get(seq)?.hash.toString('hex') ?? '';
  }
}

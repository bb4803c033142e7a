// The folded state as of one row, kept in the ledger's own file so that it is as durable as the
// rows and never ahead of them. It is signed with a key that lies beside the file: a checkpoint
// that was changed, or is another folder's, is not taken. It is never the truth; the journal is.

import type { LedgerState } from '../../core/ledger/fold.ts';
import { isDamage } from '../sqlite/failure.ts';
import { isMac, macOf, stateOfText, stateText } from './bookCodec.ts';
import type { JournalStore } from './journalStore.ts';

type Stored = { seq: number; hash: Buffer; state: Buffer; mac: Buffer };

export class Checkpoints {
  /** Row of the last one that was written or taken; 0: there is none. */
  seq = 0;
  readonly #store: JournalStore;

  constructor(store: JournalStore) {
    this.#store = store;
  }

  /** The last checkpoint, or null when there is none that can be trusted. */
  read(): { state: LedgerState; hash: Uint8Array } | null {
    const { hashOf, key } = this.#store;
    this.seq = 0;
    const stored = this.#read();
    if (!stored || !isMac(stored.mac, sign(key, stored))) return null;
    // A file that lost its last rows lost them from under the checkpoint.
    if (!hashOf.get(stored.seq)?.hash.equals(stored.hash)) return null;
    this.seq = stored.seq;
    return { state: stateOfText(stored.state.toString('utf8')), hash: stored.hash };
  }

  /** One that cannot be read is none: the journal says the same, row by row. */
  #read(): Stored | undefined {
    const { database } = this.#store;
    try {
      return database.prepare<[], Stored>('SELECT seq, hash, state, mac FROM checkpoint').get();
    } catch (cause) {
      if (isDamage(cause)) return undefined;
      throw cause;
    }
  }

  /** In the open transaction. */
  write(state: LedgerState, hash: Uint8Array): void {
    const { database, key } = this.#store;
    const text = Buffer.from(stateText(state));
    const mac = sign(key, { seq: state.seq, hash, state: text });
    database
      .prepare<[number, Uint8Array, Uint8Array, Uint8Array], never>(
        'INSERT OR REPLACE INTO checkpoint (one, seq, hash, state, mac) VALUES (1, ?, ?, ?, ?)',
      )
      .run(state.seq, hash, text, mac);
    this.seq = state.seq;
  }

  clear(): void {
    this.#store.database.exec('DELETE FROM checkpoint');
    this.seq = 0;
  }
}

function sign(
  key: Uint8Array,
  { seq, hash, state }: { seq: number; hash: Uint8Array; state: Uint8Array },
): Uint8Array {
  return macOf(key, 'checkpoint', [String(seq), hash, state]);
}

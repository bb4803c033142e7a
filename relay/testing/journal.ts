// For tests only: a journal in the making, its rows chained as the ledger does it, and batches of
// it as a studio sends them.

import { chainHash, FIRST_PREVIOUS_HASH } from '../../core/ledger/canonical.ts';
import { escrowAccount, HOUSE, type Row, rowBytes, userAccount } from '../../core/ledger/rows.ts';
import type { WitnessBatch } from '../witness/witness.ts';

export type Chained = { seq: number; body: Uint8Array; hash: Uint8Array };

export const LEDGER = 'ab'.repeat(16);
const OPENED_FOR = 'cd'.repeat(16);

export class TestJournal {
  readonly rows: Chained[] = [];

  constructor(ledger = LEDGER, channel = OPENED_FOR) {
    this.add({ kind: 'ledger.opened', channel, epoch: 1, ledger, version: 1 });
  }

  get lastHash(): Uint8Array {
    return this.rows.at(-1)?.hash ?? FIRST_PREVIOUS_HASH;
  }

  add(part: Record<string, unknown>): this {
    const seq = this.rows.length + 1;
    const row = { at: seq, id: `row-${seq}`, seq, ...part } as unknown as Row;
    const body = rowBytes(row);
    this.rows.push({ seq, body, hash: chainHash(this.lastHash, body) });
    return this;
  }

  grant(subject: string, amount: number): this {
    return this.add({ kind: 'grant', dr: HOUSE, cr: userAccount(subject), amount: `${amount}` });
  }

  bet(id: string, subject: string, amount: number): this {
    const cr = escrowAccount('m1');
    const dr = userAccount(subject);
    return this.add({ kind: 'bet', id, dr, cr, amount: `${amount}`, outcome: 0 });
  }

  decide(kind: 'post' | 'void', bet: string, subject: string, amount: number): this {
    const accounts = { dr: userAccount(subject), cr: escrowAccount('m1') };
    const why = kind === 'void' ? { why: 'REFUND' } : {};
    return this.add({ kind, pending: bet, ...accounts, amount: `${amount}`, ...why });
  }

  pay(bet: string, subject: string, amount: number): this {
    const accounts = { dr: escrowAccount('m1'), cr: userAccount(subject) };
    return this.add({ kind: 'payout', bet, ...accounts, amount: `${amount}` });
  }

  batch(fromSeq: number, toSeq: number, changes: Partial<WitnessBatch> = {}): WitnessBatch {
    const rows = this.rows.slice(fromSeq - 1, toSeq);
    return {
      ledgerId: LEDGER,
      epoch: 1,
      fromSeq,
      toSeq,
      prevHash: this.rows[fromSeq - 2]?.hash ?? FIRST_PREVIOUS_HASH,
      rows,
      hash: rows.at(-1)?.hash ?? FIRST_PREVIOUS_HASH,
      ...changes,
    };
  }
}

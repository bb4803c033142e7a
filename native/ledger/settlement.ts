// Settles a market with many bets in parts, so that other bets are taken between them. Each part is
// durable with its group; what is left is read off the bets themselves, so after a kill it simply
// goes on. Until the last part a market counts as locked for everybody who looks.

import { type Decision, decisionOf } from '../../core/ledger/decision.ts';
import type { Market } from '../../core/ledger/fold.ts';
import { payRows, post, rakeRows, residueRows, settlingRow, undo } from './decisions.ts';
import type { Journal, RowDraft } from './journal.ts';
import { withRepays } from './limits.ts';

/** The decision on a market that is being settled: as it was computed for its row, or anew. */
export function decidedOf(journal: Journal, market: Market): Decision {
  const { decided } = journal;
  journal.decided = null;
  // After the memory was read anew its bets are others.
  if (decided?.market === market) return decided.decision;
  const winner = market.state === 'VOID' ? null : market.winner;
  return decisionOf(market, winner, market.cutoffUs);
}

export class Settlement {
  readonly marketId: string;
  readonly #journal: Journal;
  readonly #market: Market;
  readonly #decision: Decision;
  /** Bets before these are decided, and paid. */
  #decided = 0;
  #paid = 0;

  constructor(journal: Journal, market: Market) {
    this.#journal = journal;
    this.#market = market;
    this.marketId = market.id;
    this.#decision = decidedOf(journal, market);
  }

  /** Appends one part to the open group. Returns whether there is more. */
  step(): boolean {
    const journal = this.#journal;
    const market = this.#market;
    const atUs = journal.state.nowUs;
    const rows = this.#decidingRows(atUs);
    if (rows.length === 0) rows.push(...this.#payingRows(atUs));
    const isLast = rows.length === 0;
    if (isLast) {
      const { rakeMinor, residueMinor } = this.#decision;
      if (market.rakeMinor === 0) rows.push(...rakeRows(market, rakeMinor, atUs));
      if (market.residueMinor === 0) rows.push(...residueRows(market, residueMinor, atUs));
      rows.push(settlingRow(market, atUs, 'settled'));
    }
    journal.append(withRepays(journal.state, rows, atUs));
    return !isLast;
  }

  /** Stakes first: nothing can be paid before it is there. */
  #decidingRows(atUs: number): RowDraft[] {
    const { fates } = this.#decision;
    const rows: RowDraft[] = [];
    while (rows.length < this.#journal.partRows) {
      const fate = fates[this.#decided];
      if (!fate) break;
      this.#decided++;
      if (fate.bet.state !== 'PENDING') continue;
      rows.push(fate.why === null ? post(fate.bet, atUs) : undo(fate.bet, atUs, fate.why));
    }
    return rows;
  }

  #payingRows(atUs: number): RowDraft[] {
    const { fates } = this.#decision;
    const rows: RowDraft[] = [];
    while (rows.length < this.#journal.partRows) {
      const fate = fates[this.#paid];
      if (!fate) break;
      this.#paid++;
      const { bet, why, paidMinor } = fate;
      if (why !== null || bet.paidMinor === paidMinor) continue;
      rows.push(...payRows(this.#market, fate, atUs));
    }
    return rows;
  }
}

// Settles a market with many bets in parts, so that other bets are taken between them: first it is
// computed what each bet brings, then that is written. Each part is durable with its group; what is
// left is read off the bets themselves, so after a kill it simply goes on, with the same decision
// computed anew. Until the last part a market counts as locked for everybody who looks.

import type { InParts } from '../../core/base/parts.ts';
import { type Decision, deciding, type Fate } from '../../core/ledger/decision.ts';
import type { Market } from '../../core/ledger/fold.ts';
import { payRows, post, rakeRows, residueRows, settlingRow, undo } from './decisions.ts';
import type { Journal, RowDraft } from './journal.ts';
import { withRepays } from './limits.ts';

/**
 * The decision on a market that is being settled, part by part. It gets no bets any more, and what
 * is written of its settlement does not change what is decided.
 */
export class Deciding {
  readonly #journal: Journal;
  readonly #parts: InParts<Decision>;
  #decision: Decision | null = null;

  constructor(journal: Journal, market: Market) {
    this.#journal = journal;
    const winner = market.state === 'VOID' ? null : market.winner;
    this.#parts = deciding(market, winner, market.cutoffUs, { part: journal.partBets });
  }

  /** The decision; null when another part of it was computed. */
  step(): Decision | null {
    if (this.#decision) return this.#decision;
    const part = this.#parts.next();
    if (part.done) this.#decision = part.value;
    else this.#journal.did = { what: 'decide', bets: part.value };
    return this.#decision;
  }
}

/** Goes through fates, a part at a time. */
export class FateWalk {
  readonly #journal: Journal;
  readonly #what: string;
  #at = 0;

  constructor(journal: Journal, what: string) {
    this.#journal = journal;
    this.#what = what;
  }

  get hasBegun(): boolean {
    return this.#at > 0;
  }

  /** Rows of the next fates, about as many as a part has. Null: nothing is left to write. */
  next(fates: readonly Fate[], rowsOf: (fate: Fate) => RowDraft[]): RowDraft[] | null {
    const { partBets, partRows } = this.#journal;
    const from = this.#at;
    const rows: RowDraft[] = [];
    while (rows.length < partRows && this.#at - from < partBets) {
      const fate = fates[this.#at];
      if (!fate) break;
      this.#at++;
      for (const row of rowsOf(fate)) rows.push(row);
    }
    if (rows.length === 0 && this.#at === fates.length) return null;
    this.#journal.did = { what: this.#what, bets: this.#at - from };
    return rows;
  }
}

export class Settlement {
  readonly #journal: Journal;
  readonly #market: Market;
  readonly #deciding: Deciding;
  readonly #stakes: FateWalk;
  readonly #payouts: FateWalk;

  constructor(journal: Journal, market: Market) {
    this.#journal = journal;
    this.#market = market;
    this.#deciding = new Deciding(journal, market);
    this.#stakes = new FateWalk(journal, 'stakes');
    this.#payouts = new FateWalk(journal, 'payouts');
  }

  /** Computes one part, or appends it to the open group. Returns whether there is more. */
  step(): boolean {
    const decision = this.#deciding.step();
    if (!decision) return true;
    const journal = this.#journal;
    const market = this.#market;
    const atUs = journal.state.nowUs;
    // Stakes first: nothing can be paid before it is there.
    const part =
      this.#stakes.next(decision.fates, (fate) => stakeRows(fate, atUs)) ??
      this.#payouts.next(decision.fates, (fate) => payoutRows(market, fate, atUs));
    const rows = part ?? lastRows(market, decision, atUs);
    if (rows.length > 0) journal.append(withRepays(journal.state, rows, atUs));
    return part !== null;
  }
}

function stakeRows({ bet, why }: Fate, atUs: number): RowDraft[] {
  if (bet.state !== 'PENDING') return [];
  return [why === null ? post(bet, atUs) : undo(bet, atUs, why)];
}

function payoutRows(market: Market, fate: Fate, atUs: number): RowDraft[] {
  const { bet, why, paidMinor } = fate;
  return why !== null || bet.paidMinor === paidMinor ? [] : payRows(market, fate, atUs);
}

function lastRows(market: Market, decision: Decision, atUs: number): RowDraft[] {
  const { rakeMinor, residueMinor } = decision;
  return [
    ...(market.rakeMinor === 0 ? rakeRows(market, rakeMinor, atUs) : []),
    ...(market.residueMinor === 0 ? residueRows(market, residueMinor, atUs) : []),
    settlingRow(market, atUs, 'settled'),
  ];
}

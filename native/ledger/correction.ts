// Corrects a market that was resolved: decides again and moves the difference by new transfers; old
// rows stay. What a bettor has spent since is a debt. With many bets it is done in parts, as a
// settlement is: what comes back into the market first, then what leaves it. Each bet is counted
// anew in the part that moves its difference, so after a kill it goes on with those that are left.

import { type Decision, decisionOf, type Fate, settlementOf } from '../../core/ledger/decision.ts';
import { availableMinor, type LedgerState, type Market } from '../../core/ledger/fold.ts';
import { LedgerRefusal } from '../../core/ledger/refusal.ts';
import {
  debtAccount,
  escrowAccount,
  HOUSE_RAKE,
  HOUSE_SUBSIDY,
  userAccount,
} from '../../core/ledger/rows.ts';
import { cutoffUs } from '../../core/markets/mediaClock.ts';
import { actOf } from './acts.ts';
import { decidable, settlingRow } from './decisions.ts';
import type { Journal, RowDraft } from './journal.ts';
import { repayRows } from './limits.ts';
import type { RequestArgs } from './protocol.ts';
import { Deciding, FateWalk } from './settlement.ts';

/** Decides again, inside the dispute window, and moves the difference. */
export function correctRows(journal: Journal, args: RequestArgs<'correctMarket'>): RowDraft[] {
  const market = decidable(journal, args, 'correct');
  const { state } = journal;
  const untilUs = market.resolvedAtUs + state.policy.disputeSeconds * 1_000_000;
  if (Math.max(args.atUs, state.nowUs) > untilUs) throw new LedgerRefusal('DISPUTE_OVER');
  if (args.outcome !== null && args.outcome >= market.outcomes) {
    throw new LedgerRefusal('BAD_OUTCOME');
  }
  const cutoff = args.tCapUs === null ? market.cutoffUs : cutoffUs(args.tCapUs, market.guardMs);
  const revision = market.revision + 1;
  const correctedRow = (settlement: Decision['settlement']): RowDraft => ({
    kind: 'market.corrected',
    id: `market.corrected:${revision}:${market.id}`,
    ...actOf(journal, args, args.reason),
    market: market.id,
    outcome: args.outcome,
    tCap: args.tCapUs,
    cutoff,
    settlement,
    revision,
  });
  if (market.bets.length > journal.settledAtOnceMax) {
    const settlement = settlementOf(market, args.outcome, cutoff);
    return [settlingRow(market, args.atUs, 'settling', revision), correctedRow(settlement)];
  }
  const decision = decisionOf(market, args.outcome, cutoff);
  const changed = decision.fates.filter(isChanged);
  return [
    correctedRow(decision.settlement),
    ...changed.map((fate) => recountRow(fate, revision, args.atUs)),
    ...differenceRows(journal, market, decision, revision, args.atUs),
  ];
}

function recountRow({ bet, why, paidMinor }: Fate, revision: number, atUs: number): RowDraft {
  const paid = String(paidMinor);
  return {
    kind: 'recount',
    id: `recount:${revision}:${bet.id}`,
    at: atUs,
    bet: bet.id,
    why,
    paid,
  };
}

/** Whether a decision says something else of a bet than the one before. */
function isChanged({ bet, why, paidMinor, sales }: Fate): boolean {
  const standing = bet.sales.filter((sale) => sale.state === 'PAID');
  return why !== bet.why || paidMinor !== bet.paidMinor || sales.length !== standing.length;
}

/** What moves for a bet, or for the house: from the market when positive, else back into it. */
type Shift = { market: string; revision: number; atUs: number };

function shiftRows(
  { market, revision, atUs }: Shift,
  account: string,
  gain: number,
  key: string,
  bet: string,
): RowDraft[] {
  if (gain === 0) return [];
  const escrow = escrowAccount(market);
  const [dr, cr] = gain > 0 ? [escrow, account] : [account, escrow];
  const id = `adjust:${revision}:${key}`;
  return [{ kind: 'adjust', id, at: atUs, amount: String(Math.abs(gain)), dr, cr, market, bet }];
}

/** Takes a loss from what the bettor has; the rest is owed. */
class Takings {
  readonly owed = new Map<string, number>();
  readonly #state: LedgerState;
  readonly #free = new Map<string, number>();

  constructor(state: LedgerState) {
    this.#state = state;
  }

  rows(shift: Shift, { id, subject }: Fate['bet'], lossMinor: number): RowDraft[] {
    const account = userAccount(subject);
    const has = this.#free.get(subject) ?? availableMinor(this.#state, account);
    const taken = Math.min(has, lossMinor);
    this.#free.set(subject, has - taken);
    const lacking = lossMinor - taken;
    this.owed.set(subject, (this.owed.get(subject) ?? 0) + lacking);
    return [
      ...shiftRows(shift, account, -taken, id, id),
      ...shiftRows(shift, debtAccount(subject), -lacking, `debt:${id}`, id),
    ];
  }
}

/** First everything that comes back into the market, then everything that leaves it. */
function differenceRows(
  { state }: Journal,
  market: Market,
  decision: Decision,
  revision: number,
  atUs: number,
): RowDraft[] {
  const shift = { market: market.id, revision, atUs };
  const takings = new Takings(state);
  const given = new Map<string, number>();
  const back: RowDraft[] = [];
  const out: RowDraft[] = [];
  for (const fate of decision.fates) {
    const { bet } = fate;
    const gain = gainOf(fate);
    if (gain < 0) back.push(...takings.rows(shift, bet, -gain));
    else out.push(...shiftRows(shift, userAccount(bet.subject), gain, bet.id, bet.id));
    if (gain > 0) given.set(bet.subject, (given.get(bet.subject) ?? 0) + gain);
  }
  back.push(...houseRows(shift, market, decision, -1));
  out.push(...houseRows(shift, market, decision, 1));
  const key = `${revision}:${market.id.slice(0, 50)}`;
  return [...back, ...out, ...repayRows(state, given, key, atUs, takings.owed)];
}

/** What the house gives back (sign -1), or gets (1). */
function houseRows(shift: Shift, market: Market, decision: Decision, sign: 1 | -1): RowDraft[] {
  const rake = decision.rakeMinor - market.rakeMinor;
  const residue = decision.residueMinor - market.residueMinor;
  return [
    ...(rake * sign > 0 ? shiftRows(shift, HOUSE_RAKE, rake, `rake:${market.id}`, '') : []),
    ...(residue * sign > 0
      ? shiftRows(shift, HOUSE_SUBSIDY, residue, `house:${market.id}`, '')
      : []),
  ];
}

/** Points that a bettor gains by the new decision on a bet; negative when lost. */
export function gainOf(fate: Fate): number {
  const { bet } = fate;
  return netOf(fate) - (bet.state === 'POSTED' ? bet.paidMinor - bet.amountMinor : 0);
}

/** What a bet means for its bettor in all: points gained, negative when lost. */
function netOf({ bet, why, paidMinor }: Fate): number {
  return why === null ? paidMinor - bet.amountMinor : 0;
}

/** Carries out a correction whose decision is written, part by part. */
export class Correction {
  readonly #journal: Journal;
  readonly #market: Market;
  readonly #deciding: Deciding;
  /** What must be given back, and what is theirs. */
  readonly #back: FateWalk;
  readonly #out: FateWalk;

  constructor(journal: Journal, market: Market) {
    this.#journal = journal;
    this.#market = market;
    this.#deciding = new Deciding(journal, market);
    this.#back = new FateWalk(journal, 'back');
    this.#out = new FateWalk(journal, 'out');
  }

  /** Computes one part, or appends it to the open group. Returns whether there is more. */
  step(): boolean {
    const decision = this.#deciding.step();
    if (!decision) return true;
    const { revision, id } = this.#market;
    const atUs = this.#journal.state.nowUs;
    const shift = { market: id, revision, atUs };
    const part = this.#backRows(decision, shift) ?? this.#outRows(decision, shift);
    const rows = part ?? [
      ...houseRows(shift, this.#market, decision, 1),
      settlingRow(this.#market, atUs, 'settled', revision),
    ];
    if (rows.length > 0) this.#journal.append(rows);
    return part !== null;
  }

  #backRows(decision: Decision, shift: Shift): RowDraft[] | null {
    const takings = new Takings(this.#journal.state);
    const isFirst = !this.#back.hasBegun;
    const rows = this.#back.next(decision.fates, (fate) => {
      const gain = gainOf(fate);
      if (gain >= 0) return [];
      const recounted = recountRow(fate, shift.revision, shift.atUs);
      return [recounted, ...takings.rows(shift, fate.bet, -gain)];
    });
    const house = isFirst ? houseRows(shift, this.#market, decision, -1) : [];
    return house.length > 0 ? [...house, ...(rows ?? [])] : rows;
  }

  #outRows(decision: Decision, shift: Shift): RowDraft[] | null {
    const { state } = this.#journal;
    const given = new Map<string, number>();
    const rows = this.#out.next(decision.fates, (fate) => {
      if (!isChanged(fate)) return [];
      const { id, subject } = fate.bet;
      const gain = gainOf(fate);
      given.set(subject, (given.get(subject) ?? 0) + gain);
      const recounted = recountRow(fate, shift.revision, shift.atUs);
      return [recounted, ...shiftRows(shift, userAccount(subject), gain, id, id)];
    });
    return rows && [...rows, ...repayRows(state, given, `s${state.seq}`, shift.atUs)];
  }
}

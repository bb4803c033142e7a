// Locking, resolving, voiding and correcting a market: the rows that carry a decision out. What it
// means for each bet is computed in core/ledger/decision.ts; here it becomes transfers. A
// correction never touches old rows: it moves the difference, and what was spent is a debt.

import { type Decision, decisionOf, type Fate } from '../../core/ledger/decision.ts';
import { availableMinor, type Bet, isGuest, type Market } from '../../core/ledger/fold.ts';
import { isWithdrawn } from '../../core/ledger/foldMoves.ts';
import { LedgerRefusal } from '../../core/ledger/refusal.ts';
import {
  debtAccount,
  escrowAccount,
  HOUSE_RAKE,
  HOUSE_SUBSIDY,
  userAccount,
} from '../../core/ledger/rows.ts';
import { guestsReturned } from '../../core/markets/guestShare.ts';
import { cutoffUs, isLate, tighterCutoff } from '../../core/markets/mediaClock.ts';
import { type Act, actOf, allow, known } from './acts.ts';
import type { Journal, RowDraft } from './journal.ts';
import { repayRows, withRepays } from './limits.ts';
import type { RequestArgs } from './protocol.ts';

type VoidWhy = NonNullable<Bet['why']>;

export function lockRows(journal: Journal, args: RequestArgs<'lockMarket'>): RowDraft[] {
  const market = decidable(journal, args, 'lock');
  const rows = cutRows(journal, market, args, args.tCapUs, args.reason);
  return withRepays(journal.state, rows, args.atUs);
}

export function resolveRows(journal: Journal, args: RequestArgs<'resolveMarket'>): RowDraft[] {
  const market = decidable(journal, args, 'resolve');
  if (args.outcome >= market.outcomes) throw new LedgerRefusal('BAD_OUTCOME');
  const tCapUs = args.evidence?.captureUs ?? null;
  const cut = cutRows(journal, market, args, tCapUs, args.reason);
  const undone = new Set(cut.flatMap((row) => (row.kind === 'void' ? [row.pending] : [])));
  const asked = tCapUs === null ? null : cutoffUs(tCapUs, market.guardMs);
  const guests = new Set(
    cut.flatMap((row) => (row.kind === 'void' && row.why === 'GUEST_SHARE' ? [row.pending] : [])),
  );
  const cutoff = tighterCutoff(market.cutoffUs, asked);
  const decision = decisionOf(market, args.outcome, cutoff, guests);
  const fates = decision.fates.filter(({ bet }) => bet.state === 'PENDING' && !undone.has(bet.id));
  const isInParts = fates.length > journal.settledAtOnceMax;
  const rows: RowDraft[] = [
    ...cut,
    ...(isInParts ? [settlingRow(market, args.atUs, 'settling')] : []),
    {
      kind: 'market.resolved',
      id: `market.resolved:${market.id}`,
      ...actOf(journal, args, args.reason),
      market: market.id,
      outcome: args.outcome,
      evidence: args.evidence && {
        event: args.evidence.id,
        type: args.evidence.type,
        captureUs: args.evidence.captureUs,
        detectedUs: args.evidence.detectedUs,
        confidencePermille: args.evidence.confidencePermille,
      },
      settlement: decision.settlement === 'paid' ? 'paid' : 'refund',
    },
    ...(isInParts ? [] : settlementRows(market, fates, decision, args.atUs)),
  ];
  return withRepays(journal.state, rows, args.atUs);
}

export function voidRows(journal: Journal, args: RequestArgs<'voidMarket'>): RowDraft[] {
  const market = decidable(journal, args, 'void');
  const pending = market.bets.filter((bet) => bet.state === 'PENDING');
  const whyOf = (bet: Bet) => (isWithdrawn(bet, market.cutoffUs) ? 'WITHDRAWN' : 'MARKET_VOID');
  const isInParts = pending.length > journal.settledAtOnceMax;
  const voided: RowDraft[] = [
    ...(isInParts ? [settlingRow(market, args.atUs, 'settling')] : []),
    {
      kind: 'market.voided',
      id: `market.voided:${market.id}`,
      ...actOf(journal, args, args.reason),
      market: market.id,
    },
  ];
  if (isInParts) return voided;
  for (const bet of pending) voided.push(undo(bet, args.atUs, whyOf(bet)));
  voided.push(...residueRows(market, market.budgetMinor, args.atUs));
  return withRepays(journal.state, voided, args.atUs);
}

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
  const decision = decisionOf(market, args.outcome, cutoff);
  const revision = market.revision + 1;
  return [
    {
      kind: 'market.corrected',
      id: `market.corrected:${revision}:${market.id}`,
      ...actOf(journal, args, args.reason),
      market: market.id,
      outcome: args.outcome,
      tCap: args.tCapUs,
      cutoff,
      settlement: decision.settlement,
      revision,
    },
    ...decision.fates.filter(isChanged).map(
      ({ bet, why, paidMinor }): RowDraft => ({
        kind: 'recount',
        id: `recount:${revision}:${bet.id}`,
        at: args.atUs,
        bet: bet.id,
        why,
        paid: String(paidMinor),
      }),
    ),
    ...differenceRows(journal, market, decision, args.atUs),
  ];
}

/** Whether a decision says something else of a bet than the one before. */
function isChanged({ bet, why, paidMinor, sales }: Fate): boolean {
  const standing = bet.sales.filter((sale) => sale.state === 'PAID');
  return why !== bet.why || paidMinor !== bet.paidMinor || sales.length !== standing.length;
}

/** First everything that comes back into the market, then everything that leaves it. */
function differenceRows(
  journal: Journal,
  market: Market,
  decision: Decision,
  atUs: number,
): RowDraft[] {
  const { state } = journal;
  const revision = market.revision + 1;
  const escrow = escrowAccount(market.id);
  const free = new Map<string, number>();
  const owed = new Map<string, number>();
  const given = new Map<string, number>();
  const back: RowDraft[] = [];
  const out: RowDraft[] = [];
  const shift = (account: string, gain: number, key: string, bet: string) => {
    if (gain === 0) return;
    const [dr, cr] = gain > 0 ? [escrow, account] : [account, escrow];
    const id = `adjust:${revision}:${key}`;
    const amount = String(Math.abs(gain));
    const row: RowDraft = { kind: 'adjust', id, at: atUs, amount, dr, cr, market: market.id, bet };
    (gain > 0 ? out : back).push(row);
  };
  for (const fate of decision.fates) {
    const { bet } = fate;
    const gain = netOf(fate) - (bet.state === 'POSTED' ? bet.paidMinor - bet.amountMinor : 0);
    const account = userAccount(bet.subject);
    if (gain >= 0) {
      shift(account, gain, bet.id, bet.id);
      given.set(bet.subject, (given.get(bet.subject) ?? 0) + gain);
      continue;
    }
    const has = free.get(bet.subject) ?? availableMinor(state, account);
    const taken = Math.min(has, -gain);
    free.set(bet.subject, has - taken);
    shift(account, -taken, bet.id, bet.id);
    const lacking = -gain - taken;
    shift(debtAccount(bet.subject), -lacking, `debt:${bet.id}`, bet.id);
    owed.set(bet.subject, (owed.get(bet.subject) ?? 0) + lacking);
  }
  shift(HOUSE_RAKE, decision.rakeMinor - market.rakeMinor, `rake:${market.id}`, '');
  shift(HOUSE_SUBSIDY, decision.residueMinor - market.residueMinor, `house:${market.id}`, '');
  const repays = repayRows(state, given, `${revision}:${market.id.slice(0, 50)}`, atUs, owed);
  return [...back, ...out, ...repays];
}

/** What a bet means for its bettor in all: points gained, negative when lost. */
function netOf({ bet, why, paidMinor }: Fate): number {
  return why === null ? paidMinor - bet.amountMinor : 0;
}

/** Locks, and undoes what came too late; nothing when the market is cut as tightly already. */
function cutRows(
  journal: Journal,
  market: Market,
  act: Act,
  tCapUs: number | null,
  reason: string,
): RowDraft[] {
  const asked = tCapUs === null ? null : cutoffUs(tCapUs, market.guardMs);
  const cutoff = tighterCutoff(market.cutoffUs, asked);
  if (market.state === 'LOCKED' && cutoff === market.cutoffUs) return [];
  const late = market.bets.filter(
    (bet) => bet.state === 'PENDING' && cutoff !== null && isLate(bet.atUs, cutoff),
  );
  return [
    {
      kind: 'market.locked',
      id: `market.locked:${act.commandId}`,
      ...actOf(journal, act, reason),
      market: market.id,
      tCap: tCapUs,
      cutoff: asked,
    },
    ...late.map((bet) => undo(bet, act.atUs, 'LATE_MEDIA')),
    ...guestsTooMany(journal, market, cutoff).map((bet) => undo(bet, act.atUs, 'GUEST_SHARE')),
  ];
}

/** Bets of guests that stand and are more of the pool than the rules allow. */
function guestsTooMany(journal: Journal, market: Market, cutoff: number | null): Bet[] {
  const { guestShareBasisPoints } = market;
  if (guestShareBasisPoints === undefined) return [];
  const standing = market.bets.filter(
    (bet) =>
      bet.state === 'PENDING' &&
      !(cutoff !== null && isLate(bet.atUs, cutoff)) &&
      !isWithdrawn(bet, cutoff),
  );
  const returned = guestsReturned(
    standing.map(({ amountMinor, subject }) => ({
      amountMinor,
      isGuest: isGuest(journal.state, subject),
    })),
    guestShareBasisPoints,
  );
  return standing.filter((_, place) => returned.has(place));
}

function settlementRows(
  market: Market,
  fates: readonly Fate[],
  decision: Decision,
  atUs: number,
): RowDraft[] {
  const rows: RowDraft[] = [];
  for (const { bet, why } of fates) if (why !== null) rows.push(undo(bet, atUs, why));
  const standing = fates.filter(({ why }) => why === null);
  for (const { bet } of standing) rows.push(post(bet, atUs));
  for (const fate of standing) rows.push(...payRows(market, fate, atUs));
  rows.push(...rakeRows(market, decision.rakeMinor, atUs));
  rows.push(...residueRows(market, decision.residueMinor, atUs));
  return rows;
}

/** Everything that a bet that stands brings. */
export function payRows(market: Market, { bet, paidMinor, sales }: Fate, atUs: number): RowDraft[] {
  const rows: RowDraft[] = [];
  const escrow = { at: atUs, dr: escrowAccount(market.id), cr: userAccount(bet.subject) };
  let payout = paidMinor;
  for (const sale of sales) {
    payout -= sale.amountMinor;
    const amount = String(sale.amountMinor);
    rows.push({ kind: 'proceeds', id: `proceeds:${sale.id}`, ...escrow, amount, sale: sale.id });
  }
  if (payout === 0) return rows;
  const amount = String(payout);
  rows.push({ kind: 'payout', id: `payout:${bet.id}`, ...escrow, amount, bet: bet.id });
  return rows;
}

export function rakeRows(market: Market, rakeMinor: number, atUs: number): RowDraft[] {
  if (rakeMinor === 0) return [];
  return [
    {
      kind: 'rake',
      id: `market.rake:${market.id}`,
      at: atUs,
      amount: String(rakeMinor),
      dr: escrowAccount(market.id),
      cr: HOUSE_RAKE,
    },
  ];
}

export function residueRows(market: Market, residueMinor: number, atUs: number): RowDraft[] {
  if (residueMinor === 0) return [];
  return [
    {
      kind: 'residue',
      id: `market.residue:${market.id}`,
      at: atUs,
      amount: String(residueMinor),
      dr: escrowAccount(market.id),
      cr: HOUSE_SUBSIDY,
    },
  ];
}

export function post(bet: Bet, atUs: number): RowDraft {
  return {
    kind: 'post',
    id: `post:${bet.id}`,
    at: atUs,
    amount: String(bet.amountMinor),
    dr: userAccount(bet.subject),
    cr: escrowAccount(bet.market),
    pending: bet.id,
  };
}

export function undo(bet: Bet, atUs: number, why: VoidWhy): RowDraft {
  return {
    kind: 'void',
    id: `void:${bet.id}`,
    at: atUs,
    amount: String(bet.amountMinor),
    dr: userAccount(bet.subject),
    cr: escrowAccount(bet.market),
    pending: bet.id,
    why,
  };
}

/** The market, when this act may decide on it: a bettor never may. */
function decidable(
  journal: Journal,
  args: Act & { marketId: string; actorSubject?: string | undefined },
  verb: 'lock' | 'resolve' | 'void' | 'correct',
): Market {
  const { state, isSettling } = known(journal, args.marketId);
  allow(state, verb, args.role);
  if (isSettling) throw new LedgerRefusal('MARKET_NOT_RESOLVED', 'It is still being settled.');
  journal.takeDown(args.marketId);
  const market = known(journal, args.marketId);
  const { actorSubject } = args;
  if (actorSubject !== undefined && market.bets.some((bet) => bet.subject === actorSubject)) {
    throw new LedgerRefusal('CONFLICT_OF_INTEREST');
  }
  return market;
}

/** The row before a decision whose settlement comes in parts, or the one after its last part. */
export function settlingRow(market: Market, atUs: number, act: 'settling' | 'settled'): RowDraft {
  return {
    kind: 'act',
    id: `market.${act}:${market.id}`,
    at: atUs,
    actor: 'ledger',
    role: 'vision',
    reason: '',
    act: `market.${act}`,
    target: market.id,
  };
}

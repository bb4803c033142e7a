// Locking, resolving, voiding and correcting a market: the rows that carry a decision out. What it
// means for each bet is computed in core/ledger/decision.ts; here it becomes transfers. A
// correction never touches old rows: it moves the difference, and what was spent is a debt.

import { type Decision, decisionOf, type Fate, settlementOf } from '../../core/ledger/decision.ts';
import { type Bet, isGuest, type Market } from '../../core/ledger/fold.ts';
import { isWithdrawn } from '../../core/ledger/foldMoves.ts';
import { LedgerRefusal } from '../../core/ledger/refusal.ts';
import { escrowAccount, HOUSE_RAKE, HOUSE_SUBSIDY, userAccount } from '../../core/ledger/rows.ts';
import { guestsReturned } from '../../core/markets/guestShare.ts';
import { cutoffUs, isLate, tighterCutoff } from '../../core/markets/mediaClock.ts';
import { type Act, actOf, allow, known } from './acts.ts';
import type { Journal, RowDraft } from './journal.ts';
import { withRepays } from './limits.ts';
import type { RequestArgs } from './protocol.ts';

type VoidWhy = NonNullable<Bet['why']>;

const NOBODY: ReadonlySet<string> = new Set();

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
  const isInParts = isAnyMoreUndecided(market, undone, journal.settledAtOnceMax);
  const decision = isInParts ? null : decisionOf(market, args.outcome, cutoff, guests);
  const settlement = decision?.settlement ?? settlementOf(market, args.outcome, cutoff, guests);
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
      settlement: settlement === 'paid' ? 'paid' : 'refund',
    },
    ...(decision ? settlementRows(market, undone, decision, args.atUs) : []),
  ];
  return withRepays(journal.state, rows, args.atUs);
}

/** Whether more than so many bets are undecided and not undone: a look until it is certain. */
function isAnyMoreUndecided(market: Market, undone: ReadonlySet<string>, most: number): boolean {
  let undecided = 0;
  for (const bet of market.bets) {
    if (bet.state !== 'PENDING' || undone.has(bet.id)) continue;
    if (++undecided > most) return true;
  }
  return false;
}

export function voidRows(journal: Journal, args: RequestArgs<'voidMarket'>): RowDraft[] {
  const market = decidable(journal, args, 'void');
  const isInParts = isAnyMoreUndecided(market, NOBODY, journal.settledAtOnceMax);
  const whyOf = (bet: Bet) => (isWithdrawn(bet, market.cutoffUs) ? 'WITHDRAWN' : 'MARKET_VOID');
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
  for (const bet of market.bets) {
    if (bet.state === 'PENDING') voided.push(undo(bet, args.atUs, whyOf(bet)));
  }
  voided.push(...residueRows(market, market.budgetMinor, args.atUs));
  return withRepays(journal.state, voided, args.atUs);
}

/** Locks, and undoes what came too late; nothing when the market is cut as tightly already. */
function cutRows(
  journal: Journal,
  market: Market,
  act: Act,
  tCapUs: number | null,
  reason: string,
): RowDraft[] {
  const { asked, isNew, late, tooMany } = cutBets(journal, market, tCapUs);
  if (!isNew) return [];
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
    ...tooMany.map((bet) => undo(bet, act.atUs, 'GUEST_SHARE')),
  ];
}

/** The cut that a decision now would make: where, and whose bets go back for the guests' share. */
export function cutOf(journal: Journal, market: Market, tCapUs: number | null) {
  const { cutoff, tooMany } = cutBets(journal, market, tCapUs);
  return { cutoff, guests: new Set(tooMany.map(({ id }) => id)) };
}

function cutBets(journal: Journal, market: Market, tCapUs: number | null) {
  const asked = tCapUs === null ? null : cutoffUs(tCapUs, market.guardMs);
  const cutoff = tighterCutoff(market.cutoffUs, asked);
  const isNew = market.state !== 'LOCKED' || cutoff !== market.cutoffUs;
  if (!isNew) return { asked, cutoff, isNew, late: [], tooMany: [] };
  const late =
    cutoff === null
      ? []
      : market.bets.filter((bet) => bet.state === 'PENDING' && isLate(bet.atUs, cutoff));
  return { asked, cutoff, isNew, late, tooMany: guestsTooMany(journal, market, cutoff) };
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
  undone: ReadonlySet<string>,
  decision: Decision,
  atUs: number,
): RowDraft[] {
  const rows: RowDraft[] = [];
  const fates = decision.fates.filter(({ bet }) => bet.state === 'PENDING' && !undone.has(bet.id));
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
export function decidable(
  journal: Journal,
  args: Act & { marketId: string; actorSubject?: string | undefined },
  verb: 'lock' | 'resolve' | 'void' | 'correct',
): Market {
  const { state, isSettling } = known(journal, args.marketId);
  allow(state, verb, args.role);
  if (isSettling) throw new LedgerRefusal('MARKET_NOT_RESOLVED', 'It is still being settled.');
  journal.takeDown(args.marketId);
  const market = journal.state.markets.get(args.marketId);
  if (!market) throw new LedgerRefusal('LEDGER_UNAVAILABLE', journal.shelf.difference);
  const { actorSubject } = args;
  const own = journal.state.betsOfSubject.get(actorSubject ?? '') ?? [];
  if (own.some((bet) => bet.market === market.id)) throw new LedgerRefusal('CONFLICT_OF_INTEREST');
  return market;
}

/** The row before a decision whose settlement comes in parts, or the one after its last part. */
export function settlingRow(
  market: Market,
  atUs: number,
  act: 'settling' | 'settled',
  revision = 0,
): RowDraft {
  const number = revision > 0 ? `${revision}:` : '';
  return {
    kind: 'act',
    id: `market.${act}:${number}${market.id}`,
    at: atUs,
    actor: 'ledger',
    role: 'vision',
    reason: '',
    act: `market.${act}`,
    target: market.id,
  };
}

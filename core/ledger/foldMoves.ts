// The part of the fold that moves positions after a bet was placed: withdrawals, shares and sales,
// and the new fates that a correction gives. Pure, as the fold; asserts what must hold.

import { assert } from '../base/assert.ts';
import { isLate } from '../markets/mediaClock.ts';
import type { Bet, LedgerState, Market, Sale } from './fold.ts';
import { debtAccount, escrowAccount, type RowOf, userAccount } from './rows.ts';

/** Whether a withdrawal holds: asked for before the cut-off. */
export function isWithdrawn(bet: Bet, cutoff: number | null): boolean {
  return bet.withdrawnAtUs !== null && (cutoff === null || !isLate(bet.withdrawnAtUs, cutoff));
}

/** Shares of a bet that were not sold, thousandths. */
export function milliSharesLeft(bet: Bet): number {
  let left = bet.milliShares;
  for (const sale of bet.sales) if (sale.state !== 'VOID') left -= sale.milliShares;
  return left;
}

/** Puts a bet's stake into the pool that is shown, or takes it out. */
export function countBet(market: Market, bet: Bet, isCounted: boolean): void {
  if (bet.isCounted === isCounted) return;
  bet.isCounted = isCounted;
  const sign = isCounted ? 1 : -1;
  const { outcome, subject } = bet;
  market.poolsMinor[outcome] = (market.poolsMinor[outcome] ?? 0) + sign * bet.amountMinor;
  const bettors = market.bettors[outcome];
  const left = (bettors?.get(subject) ?? 0) + sign;
  if (left > 0) bettors?.set(subject, left);
  else bettors?.delete(subject);
  if (market.budgetMinor > 0) holdShares(market, outcome, sign * milliSharesLeft(bet));
}

/** After the cut-off moved: a withdrawal that came too late is none. */
export function recountWithdrawals(market: Market): void {
  for (const bet of market.bets) {
    const isMoved = bet.withdrawnAtUs !== null || bet.sales.length > 0;
    if (!isMoved || bet.state !== 'PENDING') continue;
    for (const sale of bet.sales) {
      if (sale.state !== 'PENDING' || market.cutoffUs === null) continue;
      if (isLate(sale.atUs, market.cutoffUs)) undoSale(market, bet, sale);
    }
    if (bet.withdrawnAtUs !== null) countBet(market, bet, !isWithdrawn(bet, market.cutoffUs));
  }
}

export function withdrawBet(state: LedgerState, row: RowOf<'withdraw'>): void {
  const { bet, market } = betOf(state, row.bet);
  assert(market.state === 'OPEN' && bet.state === 'PENDING', () => `${row.bet} can be withdrawn`);
  assert(bet.withdrawnAtUs === null && market.budgetMinor === 0, () => `${row.bet} was not`);
  bet.withdrawnAtUs = row.at;
  countBet(market, bet, false);
}

export function fillBet(state: LedgerState, row: RowOf<'fill'>): void {
  const { bet, market } = betOf(state, row.bet);
  assert(market.budgetMinor > 0 && bet.milliShares === 0, () => `${row.bet} is filled once`);
  bet.milliShares = Number(row.shares);
  holdShares(market, bet.outcome, bet.milliShares);
  market.quoteSeq++;
}

export function sellShares(state: LedgerState, row: RowOf<'sell'>): void {
  const { bet, market } = betOf(state, row.bet);
  const milliShares = Number(row.shares);
  assert(market.state === 'OPEN' && bet.state === 'PENDING', () => `${row.bet} can be sold`);
  assert(milliShares <= milliSharesLeft(bet), () => `${row.bet} holds ${row.shares}`);
  assert(row.dr === escrowAccount(market.id), 'a sale is paid by its market');
  assert(row.cr === userAccount(bet.subject), 'a sale is paid to its bettor');
  assert(!state.sales.has(row.id), () => `sale ${row.id} is new`);
  const sale: Sale = {
    id: row.id,
    seq: row.seq,
    bet: bet.id,
    atUs: row.at,
    milliShares,
    amountMinor: Number(row.amount),
    state: 'PENDING',
  };
  bet.sales = [...bet.sales, sale];
  state.sales.set(sale.id, sale);
  holdShares(market, bet.outcome, -milliShares);
  market.quoteSeq++;
  market.lastMoveUs = Math.max(market.lastMoveUs, row.at);
}

export function payProceeds(state: LedgerState, row: RowOf<'proceeds'>): void {
  const sale = state.sales.get(row.sale);
  assert(sale !== undefined && sale.state === 'PENDING', () => `${row.sale} is paid once`);
  const { bet, market } = betOf(state, sale.bet);
  assert(bet.state === 'POSTED' && sale.amountMinor === Number(row.amount), 'it is paid whole');
  assert(row.cr === userAccount(bet.subject), 'a sale is paid to its bettor');
  sale.state = 'PAID';
  bet.paidMinor += sale.amountMinor;
  market.paidMinor += sale.amountMinor;
}

/** The new fate of a bet; the transfers that follow move the difference. */
export function recount(state: LedgerState, row: RowOf<'recount'>): void {
  const { bet, market } = betOf(state, row.bet);
  assert(market.revision > 0 && bet.state !== 'PENDING', () => `${row.bet} was decided before`);
  if (bet.why === 'LATE_MEDIA') market.voidedBets--;
  if (row.why === 'LATE_MEDIA') market.voidedBets++;
  market.paidMinor += Number(row.paid) - bet.paidMinor;
  bet.state = row.why === null ? 'POSTED' : 'VOID';
  bet.why = row.why;
  bet.paidMinor = Number(row.paid);
  for (const sale of bet.sales) {
    const isUndone = bet.state === 'VOID' || isSaleLate(sale, market);
    sale.state = isUndone ? 'VOID' : 'PAID';
  }
  countBet(market, bet, bet.state === 'POSTED');
}

/** Difference of a correction on the market's own books; the points move elsewhere. */
export function adjust(state: LedgerState, row: RowOf<'adjust'>): void {
  const market = state.markets.get(row.market);
  const escrow = escrowAccount(row.market);
  assert(market !== undefined && market.revision > 0, () => `${row.market} was corrected`);
  const isIn = row.cr === escrow;
  assert(isIn !== (row.dr === escrow), 'an adjustment goes through the market');
  const other = isIn ? row.dr : row.cr;
  const amount = isIn ? -Number(row.amount) : Number(row.amount);
  if (other === 'house:rake') market.rakeMinor += amount;
  else if (other === 'house:subsidy') market.residueMinor += amount;
  else {
    const { bet } = betOf(state, row.bet);
    const isTheirs = other === userAccount(bet.subject) || other === debtAccount(bet.subject);
    assert(isTheirs && bet.market === market.id, () => `${row.bet} is adjusted for its bettor`);
  }
}

function isSaleLate(sale: Sale, market: Market): boolean {
  return market.cutoffUs !== null && isLate(sale.atUs, market.cutoffUs);
}

function undoSale(market: Market, bet: Bet, sale: Sale): void {
  sale.state = 'VOID';
  if (bet.isCounted) holdShares(market, bet.outcome, sale.milliShares);
}

function holdShares(market: Market, outcome: number, milliShares: number): void {
  market.milliShares[outcome] = (market.milliShares[outcome] ?? 0) + milliShares;
}

function betOf(state: LedgerState, id: string): { bet: Bet; market: Market } {
  const bet = state.bets.get(id);
  const market = bet && state.markets.get(bet.market);
  assert(bet !== undefined && market !== undefined, () => `bet ${id} was placed`);
  return { bet, market };
}

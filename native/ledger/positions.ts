// What a viewer does: bet, withdraw, sell. Looks first and returns rows last; a refusal
// (LedgerRefusal) changes nothing. Withdrawals and sales are two-phase as bets are: asked for now,
// carried out when the market ends, undone when the deciding picture came first. So nobody can have
// spent what a late picture takes back.

import { liquidityOfMarket } from '../../core/ledger/decision.ts';
import { availableMinor, type Bet, type Market } from '../../core/ledger/fold.ts';
import { milliSharesLeft } from '../../core/ledger/foldMoves.ts';
import { LedgerRefusal } from '../../core/ledger/refusal.ts';
import { escrowAccount, userAccount } from '../../core/ledger/rows.ts';
import { milliSharesFor, pricesOf, saleMinor } from '../../core/markets/lmsr.ts';
import { isBeforeLock } from '../../core/markets/mediaClock.ts';
import { allow } from './acts.ts';
import type { Journal, RowDraft } from './journal.ts';
import { checkLimits } from './limits.ts';
import { type RequestArgs, type RequestResult, STAKE_MINOR_MAX } from './protocol.ts';

/** Rows that make a bet; the caller has already looked for the same id. */
export function betRows(
  journal: Journal,
  args: RequestArgs<'placeBet'>,
  isStaff: boolean,
): RowDraft[] {
  const { state } = journal;
  const market = journal.market(args.marketId);
  if (!market) throw new LedgerRefusal('UNKNOWN_MARKET');
  allowPosition(market, 'bet', args.arrivedUs, isStaff);
  const { outcome, amountMinor } = args;
  if (!Number.isInteger(outcome) || outcome < 0 || outcome >= market.outcomes) {
    throw new LedgerRefusal('BAD_OUTCOME');
  }
  if (!Number.isInteger(amountMinor) || amountMinor < 1 || amountMinor > STAKE_MINOR_MAX) {
    throw new LedgerRefusal('BAD_AMOUNT');
  }
  const account = userAccount(args.subject);
  const available = availableMinor(state, account);
  if (available < amountMinor) {
    throw new LedgerRefusal(
      'INSUFFICIENT_BALANCE',
      `There are ${available} points left; the stake is ${amountMinor}.`,
    );
  }
  checkLimits(journal, args.subject, market, amountMinor, args.arrivedUs);
  const atUs = market.budgetMinor > 0 ? inOrder(market, args.arrivedUs) : args.arrivedUs;
  const bet: RowDraft = {
    kind: 'bet',
    id: args.betId,
    at: atUs,
    amount: String(amountMinor),
    dr: account,
    cr: escrowAccount(market.id),
    outcome,
  };
  if (market.budgetMinor === 0) return [bet];
  const shares = sharesBought(market, args);
  return [
    bet,
    { kind: 'fill', id: `fill:${args.betId}`, at: atUs, bet: args.betId, shares: String(shares) },
  ];
}

/** Row that asks for a stake back, or none when it was asked for before. */
export function withdrawRows(
  journal: Journal,
  args: RequestArgs<'withdrawBet'>,
  isStaff: boolean,
): RowDraft[] {
  const { bet, market } = betOf(journal, args);
  if (bet.withdrawnAtUs !== null) return [];
  allowPosition(market, 'withdraw', args.arrivedUs, isStaff);
  if (bet.state !== 'PENDING') throw new LedgerRefusal('BET_DECIDED');
  if (market.budgetMinor > 0) {
    throw new LedgerRefusal('NOT_OFFERED', 'Bets of this market are sold, not withdrawn.');
  }
  const at = Math.max(args.arrivedUs, bet.atUs);
  return [{ kind: 'withdraw', id: `withdraw:${bet.id}`, at, bet: bet.id }];
}

/** Row that sells shares back; the caller has already looked for the same id. */
export function sellRows(
  journal: Journal,
  args: RequestArgs<'sellBet'>,
  isStaff: boolean,
): RowDraft[] {
  const { bet, market } = betOf(journal, args);
  allowPosition(market, 'sell', args.arrivedUs, isStaff);
  if (bet.state !== 'PENDING') throw new LedgerRefusal('BET_DECIDED');
  const amountMinor = saleOf(market, bet, args.milliShares);
  checkQuote(market, args.quoteSeq, args.amountMinorMin, amountMinor);
  if (amountMinor < 1) throw new LedgerRefusal('BAD_SHARES', 'These shares bring no whole point.');
  return [
    {
      kind: 'sell',
      id: args.saleId,
      at: inOrder(market, args.arrivedUs),
      amount: String(amountMinor),
      dr: escrowAccount(market.id),
      cr: userAccount(bet.subject),
      bet: bet.id,
      shares: String(args.milliShares),
    },
  ];
}

/** What a stake would buy now. */
export function quoteOf(journal: Journal, args: RequestArgs<'quote'>): RequestResult<'quote'> {
  const market = priced(journal.market(args.marketId));
  if (args.outcome >= market.outcomes) throw new LedgerRefusal('BAD_OUTCOME');
  const liquidity = liquidityOfMarket(market);
  return {
    quoteSeq: market.quoteSeq,
    pricesPermille: pricesPermille(market),
    milliShares: milliSharesFor(market.milliShares, liquidity, args.outcome, args.amountMinor),
  };
}

/** What selling shares of a bet would pay now. */
export function saleQuoteOf(
  journal: Journal,
  args: RequestArgs<'saleQuote'>,
): RequestResult<'saleQuote'> {
  const { bet, market } = betOf(journal, args);
  priced(market);
  const left = milliSharesLeft(bet);
  const milliShares = args.milliShares ?? left;
  const amountMinor = left === 0 ? 0 : saleOf(market, bet, milliShares);
  return { quoteSeq: market.quoteSeq, amountMinor, milliSharesLeft: left };
}

/** Prices of all outcomes in thousandths, for people; nothing is charged by them. */
export function pricesPermille(market: Market): number[] {
  const shares = market.milliShares.map((milli) => milli / 1000);
  const prices = pricesOf(shares, liquidityOfMarket(market));
  return prices.map((price) => Math.round(price * 1000));
}

function sharesBought(market: Market, args: RequestArgs<'placeBet'>): number {
  const liquidity = liquidityOfMarket(market);
  const { outcome, amountMinor } = args;
  const shares = milliSharesFor(market.milliShares, liquidity, outcome, amountMinor);
  checkQuote(market, args.quoteSeq, args.milliSharesMin, shares);
  if (shares < 1) throw new LedgerRefusal('BAD_AMOUNT', 'This stake buys no share.');
  return shares;
}

/** The slippage guard: whoever saw another price gets at least what was asked for, or nothing. */
function checkQuote(
  market: Market,
  quoteSeq: number | undefined,
  least: number | undefined,
  offered: number,
): void {
  const isSeen = quoteSeq === undefined || quoteSeq === market.quoteSeq;
  const isEnough = least === undefined ? isSeen : offered >= least;
  if (!isEnough) throw new LedgerRefusal('STALE_QUOTE');
}

function saleOf(market: Market, bet: Bet, milliShares: number): number {
  priced(market);
  if (!Number.isInteger(milliShares) || milliShares < 1 || milliShares > milliSharesLeft(bet)) {
    throw new LedgerRefusal('BAD_SHARES');
  }
  return saleMinor(market.milliShares, liquidityOfMarket(market), bet.outcome, milliShares);
}

function priced(market: Market | undefined): Market {
  if (!market) throw new LedgerRefusal('UNKNOWN_MARKET');
  if (market.budgetMinor > 0) return market;
  throw new LedgerRefusal('NOT_OFFERED', 'Bets of this market are withdrawn, not sold.');
}

/** Where order is price, a move counts as late as the one before it. */
function inOrder(market: Market, arrivedUs: number): number {
  return Math.max(market.lastMoveUs, arrivedUs);
}

function betOf(
  journal: Journal,
  args: { betId: string; subject: string },
): { bet: Bet; market: Market } {
  const bet = journal.bet(args.betId);
  const market = bet && journal.market(bet.market);
  if (!bet || !market || bet.subject !== args.subject) throw new LedgerRefusal('UNKNOWN_BET');
  return { bet, market };
}

function allowPosition(
  market: Market,
  verb: 'bet' | 'withdraw' | 'sell',
  arrivedUs: number,
  isStaff: boolean,
): void {
  allow(market.state, verb, isStaff ? 'owner' : 'viewer');
  if (!isBeforeLock(arrivedUs, market.lockAtUs)) throw new LedgerRefusal('MARKET_LOCKED');
  // An earlier arrival is a better bet, and none can be earlier than the market.
  if (arrivedUs < market.opensAtUs) throw new LedgerRefusal('CLOCK_SET_BACK');
}

// Prices that the page wants to know: what a stake would buy, what a sale would bring. Each is
// asked for when it is wanted, when the market's price moved, and again when no answer came. An
// answer to an older question, or with an older price, is none.

import { Attempts, WAITING_CODES } from './attempts.ts';

export type StakeQuestion = { marketId: string; outcome: number; amountMinor: number };
export type StakeQuote = StakeQuestion & {
  quoteSeq: number;
  milliShares: number;
  /** Why there is no price; empty when there is one. */
  code: string;
  message: string;
};
export type SaleQuote = {
  betId: string;
  quoteSeq: number;
  milliShares: number;
  amountMinor: number;
  code: string;
  message: string;
};

type Wanted<Question, Quote> = { question: Question; quote: Quote | null; marketId: string };

export class PriceAsker {
  readonly #attempts = new Attempts();
  /** By market: one stake at a time is being thought about. */
  readonly #stakes = new Map<string, Wanted<StakeQuestion, StakeQuote>>();
  readonly #sales = new Map<string, Wanted<string, SaleQuote>>();

  /** Wants the price of a stake, instead of an earlier one of the same market. */
  wantStake(question: StakeQuestion): void {
    const { marketId } = question;
    if (isSameStake(this.#stakes.get(marketId)?.question, question)) return;
    this.#attempts.done(stakeKey(marketId));
    this.#stakes.set(marketId, { question, quote: null, marketId });
  }

  dropStake(marketId: string): void {
    this.#stakes.delete(marketId);
    this.#attempts.done(stakeKey(marketId));
  }

  wantSale(betId: string, marketId: string): void {
    if (!this.#sales.has(betId)) this.#sales.set(betId, { question: betId, quote: null, marketId });
  }

  dropSale(betId: string): void {
    this.#sales.delete(betId);
    this.#attempts.done(saleKey(betId));
  }

  /** The market told the number of its newest price: older quotes are asked for anew. */
  priceMoved(marketId: string, quoteSeq: number): void {
    const stake = this.#stakes.get(marketId);
    if (stake?.quote && stake.quote.quoteSeq < quoteSeq) {
      stake.quote = null;
      this.#attempts.done(stakeKey(marketId));
    }
    for (const [betId, sale] of this.#sales) {
      if (sale.marketId !== marketId || !sale.quote || sale.quote.quoteSeq >= quoteSeq) continue;
      sale.quote = null;
      this.#attempts.done(saleKey(betId));
    }
  }

  /** What is to be asked now. */
  takeDue(nowMs: number): { stakes: StakeQuestion[]; sales: string[] } {
    const stakes = [...this.#stakes.values()]
      .filter(({ quote, marketId }) => !quote && this.#attempts.take(stakeKey(marketId), nowMs))
      .map(({ question }) => question);
    const sales = [...this.#sales.values()]
      .filter(({ quote, question }) => !quote && this.#attempts.take(saleKey(question), nowMs))
      .map(({ question }) => question);
    return { stakes, sales };
  }

  /** True when this answers what is wanted now. */
  stakeAnswered(quote: StakeQuote, nowMs: number): boolean {
    const wanted = this.#stakes.get(quote.marketId);
    if (!wanted || !isSameStake(wanted.question, quote)) return false;
    if (WAITING_CODES.has(quote.code)) {
      this.#attempts.postpone(stakeKey(quote.marketId), nowMs);
      return false;
    }
    wanted.quote = quote;
    return true;
  }

  saleAnswered(quote: SaleQuote, nowMs: number): boolean {
    const wanted = this.#sales.get(quote.betId);
    if (!wanted) return false;
    if (WAITING_CODES.has(quote.code)) {
      this.#attempts.postpone(saleKey(quote.betId), nowMs);
      return false;
    }
    wanted.quote = quote;
    return true;
  }

  connectionOpened(): void {
    this.#attempts.connectionOpened();
  }
}

export function isSameStake(one: StakeQuestion | undefined, other: StakeQuestion): boolean {
  return (
    one !== undefined &&
    one.marketId === other.marketId &&
    one.outcome === other.outcome &&
    one.amountMinor === other.amountMinor
  );
}

function stakeKey(marketId: string): string {
  return `stake ${marketId}`;
}

function saleKey(betId: string): string {
  return `sale ${betId}`;
}

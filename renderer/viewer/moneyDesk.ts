// Everything of a visit that moves points or asks for prices: bets, withdrawals, sales, quotes and
// own limits. Whatever moves something is stored before it is sent and sent again until answered.
// It shows only what the ledger said; the page's own hopes are shown as "sent".

import { create } from '@bufbuild/protobuf';
import type { StoreApi } from 'zustand/vanilla';
import type { RandomBytes } from '../../core/base/ids.ts';
import {
  BetSchema,
  LimitsRequestSchema,
  QuoteRequestSchema,
  SaleQuoteRequestSchema,
  SellSchema,
  SetLimitSchema,
  WithdrawSchema,
} from '../../core/wire/gen/facts_pb.js';
import type { MarketFace } from '../ui/MarketCard.tsx';
import { BetBook } from './betBook.ts';
import type { BetMove, BetRecord, MoveAnswer } from './betRecord.ts';
import type { OutgoingWord, ViewerWord } from './factsSocket.ts';
import { LimitBook, type LimitKind } from './limitBook.ts';
import { PriceAsker, type SaleQuote, type StakeQuestion, type StakeQuote } from './priceAsker.ts';
import { betStorageOf, limitStorageOf, type TextStore } from './textStore.ts';
import type { ViewerView } from './viewerView.ts';
import {
  betAnswerOf,
  betOutcomeOf,
  ownLimitsOf,
  saleAnswerOf,
  saleQuoteOf,
  stakeQuoteOf,
  wireLimitName,
  withdrawAnswerOf,
} from './wireViews.ts';

/** Of what a price promised, a bet takes at least so much: another bet may come a moment before. */
const QUOTE_SHARE_MIN = 0.99;

export type BetWish = {
  market: MarketFace;
  outcome: number;
  amountMinor: number;
  /** The price that was shown; null where winners share the pool. */
  quote: StakeQuote | null;
};

export type MoneyDeskOptions = {
  channel: string;
  store: StoreApi<ViewerView>;
  textStore: TextStore;
  random: RandomBytes;
  monotonicMs(): number;
  wallMs(): number;
  /** There is a line; without one nothing counts as sent. */
  isReady(): boolean;
  send(word: OutgoingWord): void;
};

export class MoneyDesk {
  readonly #options: MoneyDeskOptions;
  readonly #book: BetBook;
  readonly #limits: LimitBook;
  readonly #prices = new PriceAsker();

  constructor(options: MoneyDeskOptions) {
    this.#options = options;
    const { textStore, channel, random } = options;
    this.#book = new BetBook({ storage: betStorageOf(textStore, channel), random });
    this.#limits = new LimitBook({ storage: limitStorageOf(textStore, channel), random });
    options.store.setState({ bets: this.#book.list(), limitWishes: this.#limits.list() });
  }

  connectionOpened(): void {
    this.#book.connectionOpened();
    this.#limits.connectionOpened();
    this.#prices.connectionOpened();
    this.pump();
    if (this.#options.store.getState().limits) this.askLimits();
  }

  /** Sends everything that is due. What could not be sent is due again by itself. */
  pump(): void {
    const { send, monotonicMs, isReady } = this.#options;
    if (!isReady()) return;
    const nowMs = monotonicMs();
    for (const bet of this.#book.takeDue(nowMs)) send({ case: 'bet', value: betWord(bet) });
    for (const { betId, move } of this.#book.takeDueMoves(nowMs)) {
      if (move) send(moveWord(betId, move));
    }
    for (const { commandId, limit, value } of this.#limits.takeDue(nowMs)) {
      const word = create(SetLimitSchema, { commandId, limit: wireLimitName(limit) });
      if (value !== null) word.value = BigInt(value);
      send({ case: 'setLimit', value: word });
    }
    const { stakes, sales } = this.#prices.takeDue(nowMs);
    for (const { marketId, outcome, amountMinor } of stakes) {
      const asked = { marketId, outcome, amountMinor: BigInt(amountMinor) };
      send({ case: 'quoteRequest', value: create(QuoteRequestSchema, asked) });
    }
    for (const betId of sales) {
      send({ case: 'saleQuoteRequest', value: create(SaleQuoteRequestSchema, { betId }) });
    }
  }

  place({ market, outcome, amountMinor, quote }: BetWish): void {
    this.#wish('betTrouble', () =>
      this.#book.place({
        marketId: market.id,
        outcome,
        amountMinor,
        marketTitle: market.title,
        outcomeLabel: market.outcomes[outcome]?.label ?? '',
        madeAtMs: this.#options.wallMs(),
        quoteSeq: quote?.quoteSeq ?? null,
        milliSharesMin: quote ? leastOf(quote) : null,
      }),
    );
  }

  withdraw(betId: string): void {
    this.#wish('betTrouble', () => this.#book.withdraw(betId));
  }

  sell(offer: SaleQuote): void {
    const { betId, milliShares, amountMinor, quoteSeq } = offer;
    this.#wish('betTrouble', () => this.#book.sell(betId, { milliShares, amountMinor, quoteSeq }));
  }

  setLimit(limit: LimitKind, value: number | null): void {
    this.#wish('limitTrouble', () => this.#limits.set(limit, value));
  }

  askLimits(): void {
    this.#options.send({ case: 'limitsRequest', value: create(LimitsRequestSchema) });
  }

  wantStake(question: StakeQuestion): void {
    this.#prices.wantStake(question);
    this.pump();
  }

  dropStake(marketId: string): void {
    this.#prices.dropStake(marketId);
    this.#showStake(marketId, null);
  }

  wantSale(betId: string, marketId: string): void {
    this.#prices.wantSale(betId, marketId);
    this.pump();
  }

  dropSale(betId: string): void {
    this.#prices.dropSale(betId);
    this.#showSale(betId, null);
  }

  priceMoved(market: MarketFace): void {
    if (!market.prices) return;
    this.#prices.priceMoved(market.id, market.prices.quoteSeq);
    this.pump();
  }

  /** Words about points, prices and limits; all others change nothing. */
  take(word: ViewerWord): void {
    const nowMs = this.#options.monotonicMs();
    switch (word.case) {
      case 'betReply': {
        const answer = betAnswerOf(word.value);
        if (answer) this.#book.answered(answer, nowMs);
        break;
      }
      case 'withdrawReply':
        this.#moved(withdrawAnswerOf(word.value), nowMs);
        break;
      case 'saleReply':
        this.#moved(saleAnswerOf(word.value), nowMs);
        break;
      case 'settlement':
        this.#told([word.value]);
        break;
      case 'history':
        this.#told(word.value.entries);
        this.#book.toldAll(new Set(word.value.entries.map(({ betId }) => betId)));
        break;
      case 'witnessed':
        this.#book.witnessed({ epoch: Number(word.value.epoch), seq: Number(word.value.seq) });
        break;
      case 'quote': {
        const quote = stakeQuoteOf(word.value);
        if (!quote || !this.#prices.stakeAnswered(quote, nowMs)) return;
        this.#showStake(quote.marketId, quote);
        return;
      }
      case 'saleQuote': {
        const quote = saleQuoteOf(word.value);
        if (!quote || !this.#prices.saleAnswered(quote, nowMs)) return;
        this.#showSale(quote.betId, quote);
        return;
      }
      case 'limits':
        this.#limitsTold(word.value, nowMs);
        return;
      default:
        return;
    }
    this.#options.store.setState({ bets: this.#book.list() });
  }

  /** Keeps a wish and sends it; one that could not be kept is no wish, and that is said. */
  #wish(trouble: 'betTrouble' | 'limitTrouble', keep: () => void): void {
    const { store } = this.#options;
    try {
      keep();
      store.setState({ [trouble]: '' });
    } catch (cause) {
      store.setState({ [trouble]: cause instanceof Error ? cause.message : '' });
    }
    store.setState({ bets: this.#book.list(), limitWishes: this.#limits.list() });
    this.pump();
  }

  #moved(answer: MoveAnswer | null, nowMs: number): void {
    if (answer) this.#book.moveAnswered(answer, nowMs);
  }

  #told(entries: Extract<ViewerWord, { case: 'history' }>['value']['entries']): void {
    for (const entry of entries) {
      const outcome = betOutcomeOf(entry);
      if (outcome) this.#book.told(outcome);
    }
  }

  #limitsTold(word: Extract<ViewerWord, { case: 'limits' }>['value'], nowMs: number): void {
    const { store } = this.#options;
    const isEnded = this.#limits.answered(word, nowMs);
    const limits = ownLimitsOf(word);
    if (limits) store.setState({ limits });
    if (isEnded) store.setState({ limitTrouble: word.code === '' ? '' : word.message });
    store.setState({ limitWishes: this.#limits.list() });
  }

  #showStake(marketId: string, quote: StakeQuote | null): void {
    const { [marketId]: _, ...others } = this.#options.store.getState().stakeQuotes;
    this.#options.store.setState({
      stakeQuotes: quote ? { ...others, [marketId]: quote } : others,
    });
  }

  #showSale(betId: string, quote: SaleQuote | null): void {
    const { [betId]: _, ...others } = this.#options.store.getState().saleQuotes;
    this.#options.store.setState({ saleQuotes: quote ? { ...others, [betId]: quote } : others });
  }
}

/** The least that a bet at this price must buy, thousandths of shares. */
export function leastOf({ milliShares }: Pick<StakeQuote, 'milliShares'>): number {
  return Math.max(1, Math.floor(milliShares * QUOTE_SHARE_MIN));
}

function betWord(bet: BetRecord) {
  const { betId, marketId, outcome, amountMinor, quoteSeq, milliSharesMin } = bet;
  const word = create(BetSchema, { betId, marketId, outcome, amountMinor: BigInt(amountMinor) });
  if (quoteSeq !== null) word.quoteSeq = BigInt(quoteSeq);
  if (milliSharesMin !== null) word.milliSharesMin = BigInt(milliSharesMin);
  return word;
}

function moveWord(betId: string, move: BetMove): OutgoingWord {
  if (move.kind === 'withdraw') {
    return { case: 'withdraw', value: create(WithdrawSchema, { betId }) };
  }
  const value = create(SellSchema, {
    saleId: move.id,
    betId,
    milliShares: BigInt(move.milliShares),
    quoteSeq: BigInt(move.quoteSeq),
    amountMinorMin: BigInt(move.amountMinor),
  });
  return { case: 'sell', value };
}

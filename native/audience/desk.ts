// The desk where viewers' wishes are carried to the ledger: bets, withdrawals, sales, prices and
// their own limits. Every question gets one answer or one refusal, also while betting is paused,
// because only the ledger knows whether a retry was confirmed before. It decides nothing about
// money, and the time of arrival is the engine's, never the viewer's claim.

import { create } from '@bufbuild/protobuf';
import type { MediaClock } from '../../core/base/clock.ts';
import {
  BetReplySchema,
  type FromViewer,
  QuoteSchema,
  SaleQuoteSchema,
  SaleReplySchema,
  type ToViewer,
  WithdrawReplySchema,
} from '../../core/wire/gen/facts_pb.js';
import { type Refusal, refusedAnswer } from '../../core/wire/viewerReplies.ts';
import type { LedgerClient } from '../ledger/client.ts';
import type { LedgerBalance, RequestArgs } from '../ledger/protocol.ts';
import { LIMIT_NAMES, limitFault, wireLimits } from './limits.ts';
import { refusalOf } from './messages.ts';
import type { Viewer } from './viewer.ts';

/** Questions of one viewer without an answer yet; more are told to come again. */
const WAITING_MAX = 32;

const LIMITED: Refusal = { code: 'RATE_LIMITED', message: 'Too many at once; wait a moment.' };

export type DeskLedger = Pick<
  LedgerClient,
  'placeBet' | 'withdrawBet' | 'sellBet' | 'quote' | 'saleQuote' | 'setLimit' | 'limits'
>;

type Asked<Case extends string> = Extract<FromViewer['message'], { case: Case }>;
type Move = Asked<'bet' | 'withdraw' | 'sell'>;
export type Question =
  | Move
  | Asked<'quoteRequest' | 'saleQuoteRequest' | 'setLimit' | 'limitsRequest'>;
type Answer = Extract<ToViewer['message'], { value: unknown }>;

export type DeskCounters = {
  betsConfirmed: number;
  betsRefused: number;
  /** Moves refused by the rate limit or the waiting limit of one viewer. */
  betsLimited: number;
};

export type DeskOptions = {
  ledger: DeskLedger;
  clock: MediaClock;
  counters: DeskCounters;
  /** Pools or prices of a market changed. */
  onMoved(marketId: string): void;
  /** To one connection. */
  tell(viewerId: string, answer: Answer): void;
  /** To every connection of a subject: one person may have several tabs. */
  tellSubject(subject: string, answer: Answer): void;
  sendBalance(subject: string, balance: LedgerBalance): void;
  /** A bet became durable so many milliseconds after it arrived. */
  onBetTimed(atUs: number, durationMs: number): void;
};

export function isQuestion(message: FromViewer['message']): message is Question {
  switch (message.case) {
    case 'bet':
    case 'withdraw':
    case 'sell':
    case 'quoteRequest':
    case 'saleQuoteRequest':
    case 'setLimit':
    case 'limitsRequest':
      return true;
    default:
      return false;
  }
}

export class Desk {
  readonly #options: DeskOptions;

  constructor(options: DeskOptions) {
    this.#options = options;
  }

  /** `arrivedUs` is when it came to the engine: the market's cut is judged by it. Never rejects. */
  async take(viewer: Viewer, question: Question, arrivedUs: number): Promise<void> {
    const isMove = isMoving(question);
    const bucket = isMove ? viewer.moves : isPrice(question) ? viewer.quotes : viewer.questions;
    if (!bucket.take(arrivedUs) || viewer.waiting >= WAITING_MAX) {
      if (isMove) this.#options.counters.betsLimited++;
      this.#refuse(viewer, question, LIMITED);
      return;
    }
    viewer.waiting++;
    try {
      const refusal = await viewer.binding;
      if (refusal) this.#refuse(viewer, question, refusal);
      else await this.#carry(viewer, question, arrivedUs);
    } catch (error) {
      this.#refuse(viewer, question, refusalOf(error));
    } finally {
      viewer.waiting--;
    }
  }

  #refuse(viewer: Viewer, question: Question, refusal: Refusal): void {
    if (question.case === 'bet') this.#options.counters.betsRefused++;
    const answer = refusedAnswer(question, refusal);
    if (answer) this.#options.tell(viewer.id, answer);
  }

  #carry(viewer: Viewer, question: Question, arrivedUs: number): Promise<void> {
    switch (question.case) {
      case 'bet':
        return this.#bet(viewer, question.value, arrivedUs);
      case 'withdraw':
        return this.#withdraw(viewer, question.value.betId, arrivedUs);
      case 'sell':
        return this.#sell(viewer, question.value, arrivedUs);
      case 'quoteRequest':
        return this.#quote(viewer, question.value);
      case 'saleQuoteRequest':
        return this.#saleQuote(viewer, question.value.betId);
      case 'setLimit':
        return this.#setLimit(viewer, question.value, arrivedUs);
      case 'limitsRequest':
        return this.#limits(viewer, arrivedUs);
    }
  }

  async #bet(viewer: Viewer, bet: Asked<'bet'>['value'], arrivedUs: number): Promise<void> {
    const { ledger, clock, counters } = this.#options;
    const { betId, marketId, outcome, amountMinor } = bet;
    const { receipt, isKnown, balance, milliShares } = await ledger.placeBet({
      ...{ betId, marketId, outcome, arrivedUs },
      subject: viewer.subject,
      amountMinor: Number(amountMinor),
      ...quoteOf(bet.quoteSeq),
      ...(bet.milliSharesMin === undefined ? {} : { milliSharesMin: Number(bet.milliSharesMin) }),
    });
    const nowUs = clock.nowUs();
    this.#options.onBetTimed(nowUs, (nowUs - arrivedUs) / 1000);
    this.#options.tell(viewer.id, {
      case: 'betReply',
      value: create(BetReplySchema, {
        ...{ betId, marketId, outcome, amountMinor, hash: receipt.hash },
        seq: BigInt(receipt.seq),
        pendingKnown: isKnown,
        milliShares: BigInt(milliShares ?? 0),
      }),
    });
    this.#options.sendBalance(viewer.subject, balance);
    counters.betsConfirmed++;
    if (!isKnown) this.#options.onMoved(marketId);
  }

  async #withdraw(viewer: Viewer, betId: string, arrivedUs: number): Promise<void> {
    const { subject } = viewer;
    const found = await this.#options.ledger.withdrawBet({ betId, subject, arrivedUs });
    const withdrawnAtUs = BigInt(found.withdrawnAtUs);
    this.#options.tellSubject(subject, {
      case: 'withdrawReply',
      value: create(WithdrawReplySchema, { betId, withdrawnAtUs }),
    });
    this.#options.sendBalance(subject, found.balance);
    if (!found.isKnown) this.#options.onMoved(found.marketId);
  }

  async #sell(viewer: Viewer, sale: Asked<'sell'>['value'], arrivedUs: number): Promise<void> {
    const { subject } = viewer;
    const { saleId, betId, milliShares, quoteSeq, amountMinorMin } = sale;
    const sold = await this.#options.ledger.sellBet({
      ...{ saleId, betId, subject, arrivedUs },
      milliShares: Number(milliShares),
      ...quoteOf(quoteSeq),
      ...(amountMinorMin === undefined ? {} : { amountMinorMin: Number(amountMinorMin) }),
    });
    this.#options.tellSubject(subject, {
      case: 'saleReply',
      value: create(SaleReplySchema, {
        ...{ saleId, betId, milliShares, hash: sold.hash },
        amountMinor: BigInt(sold.amountMinor),
        seq: BigInt(sold.seq),
      }),
    });
    if (!sold.isKnown) this.#options.onMoved(sold.marketId);
  }

  async #quote(viewer: Viewer, asked: Asked<'quoteRequest'>['value']): Promise<void> {
    const { marketId, outcome, amountMinor } = asked;
    const args = { marketId, outcome, amountMinor: Number(amountMinor) };
    const quote = await this.#options.ledger.quote(args);
    this.#options.tell(viewer.id, {
      case: 'quote',
      value: create(QuoteSchema, {
        ...{ marketId, outcome, amountMinor },
        quoteSeq: BigInt(quote.quoteSeq),
        permille: quote.pricesPermille,
        milliShares: BigInt(quote.milliShares),
      }),
    });
  }

  async #saleQuote(viewer: Viewer, betId: string): Promise<void> {
    const quote = await this.#options.ledger.saleQuote({ betId, subject: viewer.subject });
    this.#options.tell(viewer.id, {
      case: 'saleQuote',
      value: create(SaleQuoteSchema, {
        betId,
        milliShares: BigInt(quote.milliSharesLeft),
        amountMinor: BigInt(quote.amountMinor),
        quoteSeq: BigInt(quote.quoteSeq),
      }),
    });
  }

  async #setLimit(
    viewer: Viewer,
    wish: Asked<'setLimit'>['value'],
    arrivedUs: number,
  ): Promise<void> {
    const { commandId } = wish;
    const limit = LIMIT_NAMES[wish.limit];
    const value = wish.value === undefined ? null : Number(wish.value);
    const fault = limitFault(limit, value, arrivedUs);
    if (limit === null || fault !== null) {
      this.#refuse(viewer, { case: 'setLimit', value: wish }, fault ?? LIMITED);
      return;
    }
    const { subject } = viewer;
    const args = { commandId, subject, limit, value, atUs: arrivedUs };
    const limits = await this.#options.ledger.setLimit(args);
    this.#options.tellSubject(subject, { case: 'limits', value: wireLimits(commandId, limits) });
  }

  async #limits(viewer: Viewer, atUs: number): Promise<void> {
    const limits = await this.#options.ledger.limits({ subject: viewer.subject, atUs });
    this.#options.tell(viewer.id, { case: 'limits', value: wireLimits('', limits) });
  }
}

function isMoving(question: Question): question is Move {
  return question.case === 'bet' || question.case === 'withdraw' || question.case === 'sell';
}

function isPrice(question: Question): boolean {
  return question.case === 'quoteRequest' || question.case === 'saleQuoteRequest';
}

function quoteOf(quoteSeq: bigint | undefined): Pick<RequestArgs<'placeBet'>, 'quoteSeq'> {
  return quoteSeq === undefined ? {} : { quoteSeq: Number(quoteSeq) };
}

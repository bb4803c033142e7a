// How a viewer's message is refused in its own words: each question has one kind of answer, and a
// refusal is that answer with a code and a sentence. Relay and engine both refuse by this, so that
// a page never waits for an answer that nobody gives.

import { create } from '@bufbuild/protobuf';
import {
  BetReplySchema,
  ChatReplySchema,
  type FromViewer,
  LimitsSchema,
  QuoteSchema,
  SaleQuoteSchema,
  SaleReplySchema,
  type ToViewer,
  WithdrawReplySchema,
} from './gen/facts_pb.js';

export type Refusal = { code: string; message: string };

/** The refusal of a question; null for messages that nobody answers. */
export function refusedAnswer(
  question: FromViewer['message'],
  refusal: Refusal,
): Extract<ToViewer['message'], { value: unknown }> | null {
  const { code, message } = refusal;
  switch (question.case) {
    case 'bet': {
      const { betId, marketId, outcome, amountMinor } = question.value;
      const asked = { betId, marketId, outcome, amountMinor };
      return { case: 'betReply', value: create(BetReplySchema, { ...asked, code, message }) };
    }
    case 'withdraw': {
      const { betId } = question.value;
      return {
        case: 'withdrawReply',
        value: create(WithdrawReplySchema, { betId, code, message }),
      };
    }
    case 'sell': {
      const { saleId, betId, milliShares } = question.value;
      const asked = { saleId, betId, milliShares };
      return { case: 'saleReply', value: create(SaleReplySchema, { ...asked, code, message }) };
    }
    case 'quoteRequest': {
      const { marketId, outcome, amountMinor } = question.value;
      const asked = { marketId, outcome, amountMinor };
      return { case: 'quote', value: create(QuoteSchema, { ...asked, code, message }) };
    }
    case 'saleQuoteRequest': {
      const { betId } = question.value;
      return { case: 'saleQuote', value: create(SaleQuoteSchema, { betId, code, message }) };
    }
    case 'setLimit':
    case 'limitsRequest': {
      const commandId = question.case === 'setLimit' ? question.value.commandId : '';
      return { case: 'limits', value: create(LimitsSchema, { commandId, code, message }) };
    }
    case 'chatSend': {
      const { chatId } = question.value;
      return { case: 'chatReply', value: create(ChatReplySchema, { chatId, code, message }) };
    }
    default:
      return null;
  }
}

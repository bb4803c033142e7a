// What a message of a viewer must look like before anybody acts on it. Protocol Buffers give
// types, not sense: relay and engine both call this, so that neither trusts the other's word.

import { CHAT_COLOURS, CHAT_TEXT_LENGTH_MAX, PIECE_BYTES_MAX } from '../people/bounds.ts';
import { type ChatSend, type FromViewer, LimitName } from './gen/facts_pb.js';
import { isId } from './signing.ts';

/** Stakes above this are refused as malformed; far above any balance, far below 2^53. */
const AMOUNT_MINOR_MAX = 1_000_000_000n;
const OUTCOMES_MAX = 10;
const MARKET_ID_PATTERN = /^[A-Za-z0-9_-]{1,64}$/;
/** Longest history page. */
const HISTORY_MAX = 100;
/** Delays above ten minutes are no measurement. */
const DELAY_MS_MAX = 600_000;
/** Reports of more frames in a second are none of a screen. */
const FRAMES_PER_SECOND_MAX = 1_000;
/** Numbers on the wire that this house counts with exactly. */
const EXACT_MAX = BigInt(Number.MAX_SAFE_INTEGER);

const STAFF_FAULT = 'That is no message of a line of the crew.';
const BET_ID_FAULT = 'The bet id must be 32 hexadecimal characters.';
const STAKE_FAULT = 'The stake must be a whole number of points, at least 1.';

const LIMIT_NAMES: ReadonlySet<LimitName> = new Set([
  LimitName.STAKE_DAY,
  LimitName.LOSS_DAY,
  LimitName.PAUSED_UNTIL,
  LimitName.EXCLUDED_UNTIL,
]);

/** Why the message makes no sense, in one sentence; null when it does. */
export function viewerMessageFault(message: FromViewer['message']): string | null {
  switch (message.case) {
    case 'hello': {
      const { subject, publicKey, signature, resumeFeed } = message.value;
      if (!isId(subject)) return 'The subject must be 32 hexadecimal characters.';
      if (resumeFeed !== '' && !isId(resumeFeed)) return 'The feed to resume is malformed.';
      if (publicKey.length !== 64 || signature.length !== 128) return 'The signature is malformed.';
      return null;
    }
    case 'bet': {
      const { betId, marketId, outcome, amountMinor } = message.value;
      if (!isId(betId)) return BET_ID_FAULT;
      if (!MARKET_ID_PATTERN.test(marketId)) return 'The market id is malformed.';
      if (outcome >= OUTCOMES_MAX) return 'There is no such outcome.';
      const { quoteSeq, milliSharesMin } = message.value;
      if (!isStake(amountMinor)) return STAKE_FAULT;
      return isExact(quoteSeq) && isCount(milliSharesMin) ? null : 'The quote is malformed.';
    }
    case 'withdraw':
    case 'saleQuoteRequest':
      return isId(message.value.betId) ? null : BET_ID_FAULT;
    case 'sell': {
      const { saleId, betId, milliShares, quoteSeq, amountMinorMin } = message.value;
      if (!isId(saleId)) return 'The sale id must be 32 hexadecimal characters.';
      if (!isId(betId)) return BET_ID_FAULT;
      if (!isCount(milliShares)) return 'The number of shares is out of range.';
      return isExact(quoteSeq) && isExact(amountMinorMin) ? null : 'The quote is malformed.';
    }
    case 'quoteRequest': {
      const { marketId, outcome, amountMinor } = message.value;
      if (!MARKET_ID_PATTERN.test(marketId)) return 'The market id is malformed.';
      if (outcome >= OUTCOMES_MAX) return 'There is no such outcome.';
      return isStake(amountMinor) ? null : STAKE_FAULT;
    }
    case 'setLimit': {
      const { commandId, limit, value } = message.value;
      if (!isId(commandId)) return 'The command id must be 32 hexadecimal characters.';
      if (!LIMIT_NAMES.has(limit)) return 'There is no such limit.';
      return isExact(value) ? null : 'The limit is out of range.';
    }
    case 'limitsRequest':
    case 'analyticsWish':
      return null;
    case 'ping':
      return Number.isFinite(message.value.sentMs) ? null : 'A ping needs a time.';
    case 'watchReport': {
      const { delayMs, framesPerSecond } = message.value;
      if (delayMs > DELAY_MS_MAX) return 'The delay is out of range.';
      return framesPerSecond <= FRAMES_PER_SECOND_MAX ? null : 'The frame rate is out of range.';
    }
    case 'historyRequest':
      return message.value.limit <= HISTORY_MAX ? null : `Ask for at most ${HISTORY_MAX} entries.`;
    case 'chatSend':
      return chatFault(message.value);
    case 'staffOpen': {
      const { ephemeralKey, signature, invite, inviteProof } = message.value;
      if (ephemeralKey.length !== 64 || signature.length !== 128) return STAFF_FAULT;
      return invite.length <= 600 && inviteProof.length <= 128 ? null : STAFF_FAULT;
    }
    case 'staffFrame': {
      const { bytes, mac } = message.value;
      return bytes.length <= PIECE_BYTES_MAX && mac.length === 32 ? null : STAFF_FAULT;
    }
    case 'signOut':
    case 'guestTokenRequest':
      return null;
    case undefined:
      return 'The message is empty or of an unknown kind.';
  }
}

function chatFault({ chatId, text, replyTo, colour }: ChatSend): string | null {
  if (!isId(chatId)) return 'The id of a message must be 32 hexadecimal characters.';
  if (text.trim() === '') return 'The message is empty.';
  if (text.length > CHAT_TEXT_LENGTH_MAX) {
    return `A message has at most ${CHAT_TEXT_LENGTH_MAX} characters.`;
  }
  if (colour > CHAT_COLOURS) return 'There is no such colour.';
  return isExact(replyTo) ? null : 'There is no such message to reply to.';
}

function isStake(amountMinor: bigint): boolean {
  return amountMinor >= 1n && amountMinor <= AMOUNT_MINOR_MAX;
}

/** Absent, or a number that stays exact. */
function isExact(value: bigint | undefined): boolean {
  return value === undefined || value <= EXACT_MAX;
}

/** Absent, or exact and at least 1. */
function isCount(value: bigint | undefined): boolean {
  return isExact(value) && value !== 0n;
}

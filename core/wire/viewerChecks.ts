// What a message of a viewer must look like before anybody acts on it. Protocol Buffers give
// types, not sense: relay and engine both call this, so that neither trusts the other's word.

import type { FromViewer } from './gen/facts_pb.js';
import { isId } from './signing.ts';

/** Stakes above this are refused as malformed; far above any balance, far below 2^53. */
const AMOUNT_MINOR_MAX = 1_000_000_000n;
const OUTCOMES_MAX = 10;
const MARKET_ID_PATTERN = /^[A-Za-z0-9_-]{1,64}$/;
/** Longest history page. */
const HISTORY_MAX = 100;
/** Delays above ten minutes are no measurement. */
const DELAY_MS_MAX = 600_000;

/** Why the message makes no sense, in one sentence; null when it does. */
export function viewerMessageFault(message: FromViewer['message']): string | null {
  switch (message.case) {
    case 'hello': {
      const { subject, publicKey, signature } = message.value;
      if (!isId(subject)) return 'The subject must be 32 hexadecimal characters.';
      if (publicKey.length !== 64 || signature.length !== 128) return 'The signature is malformed.';
      return null;
    }
    case 'bet': {
      const { betId, marketId, outcome, amountMinor } = message.value;
      if (!isId(betId)) return 'The bet id must be 32 hexadecimal characters.';
      if (!MARKET_ID_PATTERN.test(marketId)) return 'The market id is malformed.';
      if (outcome >= OUTCOMES_MAX) return 'There is no such outcome.';
      if (amountMinor < 1n || amountMinor > AMOUNT_MINOR_MAX) {
        return 'The stake must be a whole number of points, at least 1.';
      }
      return null;
    }
    case 'ping':
      return Number.isFinite(message.value.sentMs) ? null : 'A ping needs a time.';
    case 'watchReport':
      return message.value.delayMs <= DELAY_MS_MAX ? null : 'The delay is out of range.';
    case 'historyRequest':
      return message.value.limit <= HISTORY_MAX ? null : `Ask for at most ${HISTORY_MAX} entries.`;
    case undefined:
      return 'The message is empty or of an unknown kind.';
  }
}

// Refusals of market operations, in the codes that user interfaces know.

import type { ErrorCode } from '../../core/contract/operations.ts';
import { type LedgerCode, LedgerRefusal } from '../../core/ledger/refusal.ts';

/** A refused operation, with a code of core/contract/operations.ts. */
export class MarketRefusal extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string) {
    super(message);
    this.name = 'MarketRefusal';
    this.code = code;
  }
}

const CODES: Partial<Record<LedgerCode, ErrorCode>> = {
  LEDGER_UNAVAILABLE: 'unavailable',
  UNKNOWN_MARKET: 'notFound',
  MARKET_EXISTS: 'wrongState',
  MARKET_NOT_OPEN: 'wrongState',
  MARKET_LOCKED: 'wrongState',
  MARKET_ENDED: 'wrongState',
  MARKET_NOT_RESOLVED: 'wrongState',
  DISPUTE_OVER: 'wrongState',
  NOT_ALLOWED: 'forbidden',
  CONFLICT_OF_INTEREST: 'forbidden',
  BAD_TIMES: 'badArguments',
  BAD_OUTCOME: 'badArguments',
  BAD_RULES: 'badArguments',
  BAD_REQUEST: 'badArguments',
};

/** The ledger's refusal as one of ours; anything else stays what it is. */
export function refusalOf(cause: unknown): unknown {
  if (!(cause instanceof LedgerRefusal)) return cause;
  return new MarketRefusal(CODES[cause.code] ?? 'refused', cause.message);
}

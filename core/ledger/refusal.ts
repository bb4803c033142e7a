// Why a command about money or a market was refused: a closed set of codes, each with the plain
// sentence a person reads. A refusal never changes anything. Codes are added, never renamed.

/** Every code with its default sentence. */
export const LEDGER_REFUSALS = {
  UNKNOWN_MARKET: 'There is no such market.',
  UNKNOWN_SUBJECT: 'This viewer is not known here yet; reload the page.',
  MARKET_EXISTS: 'A market with this id was already opened with other rules.',
  MARKET_NOT_OPEN: 'This market is not open.',
  MARKET_LOCKED: 'Betting on this market has closed.',
  MARKET_ENDED: 'This market has already ended.',
  BAD_OUTCOME: 'This market has no such outcome.',
  BAD_AMOUNT: 'The stake must be a whole number of points, at least 1.',
  BAD_RULES: 'The rules of this market contradict each other.',
  INSUFFICIENT_BALANCE: 'There are not enough points for this stake.',
  ID_REUSED: 'This id was already used for something else.',
  SUBJECT_BOUND: 'This viewer belongs to another browser.',
  STAFF_MAY_NOT_BET: 'Whoever runs the show may not bet in it.',
  NOT_ALLOWED: 'This role may not do that.',
  NOT_OFFERED: 'This cannot be done with a market here.',
  MARKET_NOT_RESOLVED: 'Only a resolved market can be corrected.',
  DISPUTE_OVER: 'The time in which this decision could be corrected is over.',
  BAD_TIMES: 'These times contradict the rules of the market.',
  UNKNOWN_BET: 'There is no such bet of this viewer.',
  BAD_SHARES: 'This bet does not hold that many shares.',
  STALE_QUOTE: 'The price has moved; look again and repeat.',
  BET_DECIDED: 'This bet has already been decided.',
  LIMIT_REACHED: 'This is more than a limit allows.',
  TIME_OUT: 'This viewer takes a break from betting.',
  SELF_EXCLUDED: 'This viewer has asked to be kept from betting.',
  BANNED: 'This viewer may not bet here.',
  CONFLICT_OF_INTEREST: 'Whoever bet in a market may not decide it.',
  CLOCK_SET_BACK: 'The clock of the studio was set back; bets wait until it is right again.',
  BETTING_SUSPENDED: 'Betting is paused.',
  BAD_REQUEST: 'The request is malformed.',
  LEDGER_UNAVAILABLE: 'The ledger is away; try again with the same id.',
} as const;

export type LedgerCode = keyof typeof LEDGER_REFUSALS;

export const LEDGER_CODES = Object.keys(LEDGER_REFUSALS) as [LedgerCode, ...LedgerCode[]];

/** A refusal as it is thrown and as it travels: `{code, message}`. */
export class LedgerRefusal extends Error {
  readonly code: LedgerCode;

  constructor(code: LedgerCode, message: string = LEDGER_REFUSALS[code]) {
    super(message);
    this.name = 'LedgerRefusal';
    this.code = code;
  }
}

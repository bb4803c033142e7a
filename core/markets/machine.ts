// The life of a market as one data structure: state x verb -> where it leads and which roles may,
// or the code with which it is refused. Nothing else in the product decides what is allowed; a
// refused verb changes nothing. Whether a market has prices (sell) or not (withdraw) is its rules'.

import type { Role } from '../contract/roles.ts';
import type { MarketState } from '../contract/state.ts';
import type { LedgerCode } from '../ledger/refusal.ts';

export const MARKET_VERBS = [
  'open',
  'bet',
  'lock',
  'resolve',
  'void',
  'withdraw',
  'sell',
  'correct',
  'extend',
] as const;
export type MarketVerb = (typeof MARKET_VERBS)[number];

type Allowed = { to: MarketState; roles: readonly Role[] };
type Refused = { refused: LedgerCode };
export type Cell = Allowed | Refused;

const RUNS: readonly Role[] = ['owner', 'coHost', 'moderator', 'vision'];
/** What a picture cannot justify needs a person. */
const PEOPLE: readonly Role[] = ['owner', 'coHost', 'moderator'];
const BETS: readonly Role[] = ['viewer'];

const notOpen: Refused = { refused: 'MARKET_NOT_OPEN' };
const locked: Refused = { refused: 'MARKET_LOCKED' };
const ended: Refused = { refused: 'MARKET_ENDED' };
const exists: Refused = { refused: 'MARKET_EXISTS' };
const notResolved: Refused = { refused: 'MARKET_NOT_RESOLVED' };

export const MARKET_MACHINE: Readonly<Record<MarketState, Readonly<Record<MarketVerb, Cell>>>> = {
  DRAFT: {
    open: { to: 'OPEN', roles: RUNS },
    bet: notOpen,
    withdraw: notOpen,
    sell: notOpen,
    lock: notOpen,
    resolve: notOpen,
    void: { to: 'VOID', roles: RUNS },
    correct: notResolved,
    extend: notOpen,
  },
  OPEN: {
    open: exists,
    bet: { to: 'OPEN', roles: BETS },
    withdraw: { to: 'OPEN', roles: BETS },
    sell: { to: 'OPEN', roles: BETS },
    lock: { to: 'LOCKED', roles: RUNS },
    // Locks and resolves in one step.
    resolve: { to: 'RESOLVED', roles: RUNS },
    void: { to: 'VOID', roles: RUNS },
    correct: notResolved,
    extend: { to: 'OPEN', roles: PEOPLE },
  },
  LOCKED: {
    open: exists,
    bet: locked,
    withdraw: locked,
    sell: locked,
    // Again with an earlier capture time: more late bets become void.
    lock: { to: 'LOCKED', roles: RUNS },
    resolve: { to: 'RESOLVED', roles: RUNS },
    void: { to: 'VOID', roles: RUNS },
    correct: notResolved,
    // More time to decide; betting does not open again.
    extend: { to: 'LOCKED', roles: PEOPLE },
  },
  RESOLVED: {
    open: exists,
    bet: notOpen,
    withdraw: notOpen,
    sell: notOpen,
    lock: ended,
    resolve: ended,
    void: ended,
    // RESOLVED again or, when corrected to void, VOID; inside the dispute window only.
    correct: { to: 'RESOLVED', roles: PEOPLE },
    extend: ended,
  },
  VOID: {
    open: exists,
    bet: notOpen,
    withdraw: notOpen,
    sell: notOpen,
    lock: ended,
    resolve: ended,
    void: ended,
    correct: ended,
    extend: ended,
  },
};

/**
 * *Suspended* is no state but a condition of a market or of the studio, which lies over every cell:
 * what moves a position waits; opening, locking and deciding go on.
 */
export const REFUSED_WHILE_SUSPENDED: Readonly<Record<MarketVerb, boolean>> = {
  open: false,
  bet: true,
  lock: false,
  resolve: false,
  void: false,
  withdraw: true,
  sell: true,
  correct: false,
  extend: false,
};

const POSITION_VERBS: readonly MarketVerb[] = ['bet', 'withdraw', 'sell'];

/**
 * Whether `role` may do `verb` in `state`. A suspension is judged first, then the state, then the
 * role; only betting by whoever runs the show has a code of its own.
 */
export function judge(
  state: MarketState,
  verb: MarketVerb,
  role: Role,
  isSuspended = false,
): { to: MarketState } | Refused {
  if (isSuspended && REFUSED_WHILE_SUSPENDED[verb]) return { refused: 'BETTING_SUSPENDED' };
  const cell = MARKET_MACHINE[state][verb];
  if ('refused' in cell) return cell;
  if (cell.roles.includes(role)) return { to: cell.to };
  return { refused: POSITION_VERBS.includes(verb) ? 'STAFF_MAY_NOT_BET' : 'NOT_ALLOWED' };
}

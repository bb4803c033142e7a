// Wire messages as the page shows them: big integers become numbers, enumerations become words. A
// number too large to be exact, or a market that makes no sense, is refused here: the page shows
// nothing rather than something wrong.

import type { MarketState } from '../../core/contract/state.ts';
import {
  type Balance,
  type BetReply,
  type GameEvent,
  type HistoryEntry,
  HistoryEntry_Result,
  type Leaderboard,
  LimitName,
  type Limits,
  type Market,
  Market_State,
  type Quote,
  type SaleQuote as SaleQuoteWord,
  type SaleReply,
  type Show,
  Show_State,
  type WithdrawReply,
} from '../../core/wire/gen/facts_pb.js';
import type { MarketFace } from '../ui/MarketCard.tsx';
import type { BetAnswer, BetOutcome, MoveAnswer } from './betRecord.ts';
import type { LimitKind, OwnLimits } from './limitBook.ts';
import type { SaleQuote, StakeQuote } from './priceAsker.ts';

export type ShowView = {
  state: 'ready' | 'live' | 'ended';
  title: string;
  studioConnected: boolean;
  bettingSuspended: string;
  viewers: number;
  /** Another engine for the picture: its WHEP address, and whether it is taken there now. */
  media: { url: string; isMoved: boolean } | null;
  /** Name of the source in whose place a slate is sent; empty: what comes is its picture. */
  slate: string;
  /** Pictures and sounds are sealed end to end; the page's address has to have the key. */
  isEncrypted: boolean;
};

export type NewsLine = {
  id: string;
  type: string;
  subject: string;
  why: string;
  captureUs: number;
};

/** Outcomes a market may have; more is no market of ours. */
const OUTCOMES_MAX = 10;

const MARKET_STATES: Record<Market_State, MarketState | null> = {
  [Market_State.STATE_UNSPECIFIED]: null,
  [Market_State.DRAFT]: 'DRAFT',
  [Market_State.OPEN]: 'OPEN',
  [Market_State.LOCKED]: 'LOCKED',
  [Market_State.RESOLVED]: 'RESOLVED',
  [Market_State.VOID]: 'VOID',
};

/** A whole number, or null when it cannot be exact. */
function exact(value: bigint): number | null {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : null;
}

/** The market to show, or null when the message makes no sense. */
export function marketFaceOf(market: Market): MarketFace | null {
  const state = MARKET_STATES[market.state] ?? null;
  const lockAtUs = exact(market.lockAtUs);
  const horizonAtUs = exact(market.horizonAtUs);
  const count = market.outcomes.length;
  if (state === null || market.id === '' || lockAtUs === null || horizonAtUs === null) return null;
  if (count < 2 || count > OUTCOMES_MAX) return null;
  const outcomes: MarketFace['outcomes'][number][] = [];
  for (const { label, poolMinor, bettors } of market.outcomes) {
    const pool = exact(poolMinor);
    if (pool === null) return null;
    outcomes.push({ label, poolMinor: pool, bettors });
  }
  const winner = market.winner ?? null;
  if (winner !== null && winner >= count) return null;
  const { id, title, reason, suspended, revision } = market;
  const times = { lockAtUs, horizonAtUs };
  const face = { id, title, outcomes, state, ...times, winner, reason, suspended, revision };
  if (!market.prices) return face;
  const quoteSeq = exact(market.prices.quoteSeq);
  const { permille } = market.prices;
  if (quoteSeq === null || permille.length !== count) return null;
  return permille.every((price) => price <= 1000)
    ? { ...face, prices: { quoteSeq, permille } }
    : null;
}

/** Open ones first, soonest to close first; then locked; then ended ones, newest first. */
export function marketsInOrder(markets: Iterable<MarketFace>): MarketFace[] {
  const order: Record<MarketState, number> = { OPEN: 0, LOCKED: 1, RESOLVED: 2, VOID: 2, DRAFT: 3 };
  return [...markets]
    .filter((market) => market.state !== 'DRAFT')
    .sort((one, other) => {
      const byState = order[one.state] - order[other.state];
      if (byState !== 0) return byState;
      return one.state === 'OPEN' ? one.lockAtUs - other.lockAtUs : other.lockAtUs - one.lockAtUs;
    });
}

export function showViewOf(show: Show): ShowView | null {
  const states = { [Show_State.READY]: 'ready', [Show_State.LIVE]: 'live' } as const;
  const state =
    show.state === Show_State.ENDED
      ? 'ended'
      : show.state === Show_State.STATE_UNSPECIFIED
        ? null
        : (states[show.state] ?? null);
  if (state === null) return null;
  const { title, studioConnected, bettingSuspended, viewers, slate } = show;
  const isEncrypted = show.encrypted;
  const media = show.mediaUrl === '' ? null : { url: show.mediaUrl, isMoved: show.mediaMoved };
  return { state, title, studioConnected, bettingSuspended, viewers, media, slate, isEncrypted };
}

export function newsLineOf(event: GameEvent): NewsLine {
  const { id, type, subject, why } = event;
  return { id, type, subject, why, captureUs: Number(event.captureUs) };
}

/** Rows and names beyond these are none of ours. */
const BOARD_ROWS_MAX = 50;
const BOARD_NAME_LENGTH_MAX = 80;

/** Profit and loss of those who signed in, best first. */
export type LeaderboardView = {
  rows: readonly { authors: readonly string[]; name: string; netMinor: number; bets: number }[];
  people: number;
};

/** Null when a figure cannot be exact. */
export function leaderboardViewOf({ rows, people }: Leaderboard): LeaderboardView | null {
  if (rows.length > BOARD_ROWS_MAX) return null;
  const shown: LeaderboardView['rows'][number][] = [];
  for (const { authors, name, netMinor: net, bets } of rows) {
    const netMinor = exact(net);
    if (netMinor === null || name.length > BOARD_NAME_LENGTH_MAX) return null;
    shown.push({ authors, name, netMinor, bets });
  }
  return { rows: shown, people };
}

export type BalanceView = {
  availableMinor: number;
  stakedMinor: number;
  /** Owed after a correction. */
  debtMinor: number;
  /** What it has just gained by watching. */
  grantedMinor: number;
};

/** Null when a figure cannot be exact. */
export function balanceViewOf(balance: Balance): BalanceView | null {
  const availableMinor = exact(balance.availableMinor);
  const stakedMinor = exact(balance.stakedMinor);
  const debtMinor = exact(balance.debtMinor);
  const grantedMinor = exact(balance.grantedMinor);
  if (availableMinor === null || stakedMinor === null) return null;
  if (debtMinor === null || grantedMinor === null) return null;
  return { availableMinor, stakedMinor, debtMinor, grantedMinor };
}

/** Null when a figure cannot be exact: then the ledger's history has to tell. */
export function betAnswerOf(reply: BetReply): BetAnswer | null {
  const amountMinor = exact(reply.amountMinor);
  const seq = exact(reply.seq);
  if (amountMinor === null || seq === null) return null;
  const milliShares = exact(reply.milliShares);
  if (milliShares === null) return null;
  const { betId, marketId, outcome, hash, code, message } = reply;
  return { betId, marketId, outcome, amountMinor, seq, hash, code, message, milliShares };
}

export function withdrawAnswerOf({ betId, code, message }: WithdrawReply): MoveAnswer {
  return { kind: 'withdraw', id: '', betId, milliShares: 0, amountMinor: 0, code, message };
}

/** Null when a figure cannot be exact. */
export function saleAnswerOf(reply: SaleReply): MoveAnswer | null {
  const amountMinor = exact(reply.amountMinor);
  const milliShares = exact(reply.milliShares);
  if (amountMinor === null || milliShares === null) return null;
  const { saleId: id, betId, code, message } = reply;
  return { kind: 'sale', id, betId, milliShares, amountMinor, code, message };
}

/** Null when a figure cannot be exact. */
export function stakeQuoteOf(quote: Quote): StakeQuote | null {
  const amountMinor = exact(quote.amountMinor);
  const quoteSeq = exact(quote.quoteSeq);
  const milliShares = exact(quote.milliShares);
  if (amountMinor === null || quoteSeq === null || milliShares === null) return null;
  const { marketId, outcome, code, message } = quote;
  return { marketId, outcome, amountMinor, quoteSeq, milliShares, code, message };
}

/** Null when a figure cannot be exact. */
export function saleQuoteOf(quote: SaleQuoteWord): SaleQuote | null {
  const amountMinor = exact(quote.amountMinor);
  const quoteSeq = exact(quote.quoteSeq);
  const milliShares = exact(quote.milliShares);
  if (amountMinor === null || quoteSeq === null || milliShares === null) return null;
  const { betId, code, message } = quote;
  return { betId, quoteSeq, milliShares, amountMinor, code, message };
}

const LIMIT_KINDS: Record<LimitName, LimitKind | null> = {
  [LimitName.UNSPECIFIED]: null,
  [LimitName.STAKE_DAY]: 'stakeDay',
  [LimitName.LOSS_DAY]: 'lossDay',
  [LimitName.PAUSED_UNTIL]: 'pausedUntil',
  [LimitName.EXCLUDED_UNTIL]: 'excludedUntil',
};

export function wireLimitName(kind: LimitKind): LimitName {
  for (const [name, known] of Object.entries(LIMIT_KINDS)) {
    if (known === kind) return Number(name);
  }
  return LimitName.UNSPECIFIED;
}

/** The limits in force; null when a figure cannot be exact, or there are none in the answer. */
export function ownLimitsOf(limits: Limits): OwnLimits | null {
  if (limits.code !== '') return null;
  const none = { value: null, waiting: null };
  const views: OwnLimits = {
    ...{ stakeDay: none, lossDay: none, pausedUntil: none, excludedUntil: none },
    isBanned: limits.isBanned,
  };
  for (const { limit, value, waitingFromUs, waitingValue } of limits.limits) {
    const kind = LIMIT_KINDS[limit] ?? null;
    if (kind === null) continue;
    const now = value === undefined ? null : exact(value);
    const fromUs = waitingFromUs === undefined ? null : exact(waitingFromUs);
    const next = waitingValue === undefined ? null : exact(waitingValue);
    if ((now === null) !== (value === undefined)) return null;
    if ((fromUs === null) !== (waitingFromUs === undefined)) return null;
    if ((next === null) !== (waitingValue === undefined)) return null;
    views[kind] = { value: now, waiting: fromUs === null ? null : { value: next, fromUs } };
  }
  return views;
}

const RESULTS: Record<HistoryEntry_Result, BetOutcome['result'] | null> = {
  [HistoryEntry_Result.RESULT_UNSPECIFIED]: null,
  [HistoryEntry_Result.PENDING]: 'pending',
  [HistoryEntry_Result.WON]: 'won',
  [HistoryEntry_Result.LOST]: 'lost',
  [HistoryEntry_Result.REFUNDED]: 'refunded',
};

export function betOutcomeOf(entry: HistoryEntry): BetOutcome | null {
  const result = RESULTS[entry.result] ?? null;
  const amountMinor = exact(entry.amountMinor);
  const paidMinor = exact(entry.paidMinor);
  const seq = exact(entry.seq);
  if (result === null || amountMinor === null || paidMinor === null || seq === null) return null;
  if (!/^[0-9a-f]{32}$/.test(entry.betId) || amountMinor <= 0) return null;
  const milliShares = exact(entry.milliShares);
  const soldMinor = exact(entry.soldMinor);
  if (milliShares === null || soldMinor === null) return null;
  return {
    betId: entry.betId,
    marketId: entry.marketId,
    outcome: entry.outcome,
    amountMinor,
    seq,
    hash: entry.hash,
    code: '',
    message: '',
    marketTitle: entry.marketTitle,
    outcomeLabel: entry.outcomeLabel,
    result,
    paidMinor,
    reason: entry.reason,
    atMs: Number(entry.atUs / 1000n),
    isWithdrawn: entry.withdrawnAtUs > 0n,
    milliShares,
    soldMinor,
  };
}

/** The stake that a share of the balance is: whole points, at least 1 where there is any. */
export function shareOfBalance(availableMinor: number, share: number): number {
  return availableMinor <= 0 ? 0 : Math.max(1, Math.floor(availableMinor * share));
}

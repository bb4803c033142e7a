// What the audience needs of the rooms beside it. The engine hands them in; the audience decides
// nothing about money and nothing about markets.

import type { MarketView } from '../../core/contract/state.ts';

export type PlacedBet = {
  betId: string;
  subject: string;
  marketId: string;
  outcome: number;
  amountMinor: number;
  /** Media time at which the engine received it; the engine stamps it, never the viewer. */
  arrivedUs: number;
};

/** A receipt once the bet is durable, or a refusal with a code of the ledger's closed set. */
export type BetAnswer =
  | { ok: true; seq: number; hash: string; repeated: boolean }
  | { ok: false; code: string; message: string };

export type BalanceView = { availableMinor: number; stakedMinor: number };

export type HistoryView = {
  betId: string;
  marketId: string;
  marketTitle: string;
  outcome: number;
  outcomeLabel: string;
  amountMinor: number;
  result: 'PENDING' | 'WON' | 'LOST' | 'REFUNDED';
  paidMinor: number;
  reason: string;
  seq: number;
  hash: string;
  atUs: number;
};

/** The ledger as the audience uses it. Every call rejects while the ledger process is away. */
export type AudienceLedger = {
  /** Binds a subject to its device key at first sight; another key later is refused. */
  bindSubject(
    subject: string,
    publicKey: string,
  ): Promise<{ ok: true } | { ok: false; code: string; message: string }>;
  placeBet(bet: PlacedBet): Promise<BetAnswer>;
  balance(subject: string): Promise<BalanceView>;
  /** Newest first. */
  history(subject: string, limit: number): Promise<readonly HistoryView[]>;
};

export type AudienceMarkets = {
  /** Open, locked and recently ended ones, newest first. */
  list(): readonly MarketView[];
  onChanged(run: (market: MarketView) => void): () => void;
};

export type ShowView = {
  state: 'ready' | 'live' | 'ended';
  title: string;
  liveSinceUs: number;
  videoClockOffset: number;
};

export type AudienceReadings = {
  /** Viewers connected to the facts plane. */
  viewers: number;
  /** Frame made -> presented, median of the viewers' reports of the last 15 s, ms. */
  viewerDelayMs: number | null;
  /** Bet arrived at the engine -> durable, p95 of the last minute, ms. */
  betMs: number | null;
};

// How the engine's views become messages for viewers. Nothing is decided here, only renamed.

import { create } from '@bufbuild/protobuf';
import type { GameEvent } from '../../core/contract/events.ts';
import type { MarketView } from '../../core/contract/state.ts';
import {
  BalanceSchema,
  EventListSchema,
  GameEventSchema,
  HistoryEntry_Result,
  HistoryEntrySchema,
  Market_State,
  MarketSchema,
  RefusedSchema,
  Show_State,
  ShowSchema,
  type ToViewer,
  ToViewerSchema,
  type Balance as WireBalance,
  type GameEvent as WireEvent,
  type EventList as WireEventList,
  type HistoryEntry as WireHistoryEntry,
  type Market as WireMarket,
  type Refused as WireRefused,
  type Show as WireShow,
} from '../../core/wire/gen/facts_pb.js';
import type { LedgerBalance, LedgerHistoryEntry } from '../ledger/protocol.ts';

export type ShowView = {
  state: 'ready' | 'live' | 'ended';
  title: string;
  /** Media clock; 0 while not live. */
  liveSinceUs: number;
  /** RTP offset of the channel's video (core/media/feed.ts). */
  videoClockOffset: number;
  /** WHEP endpoint of another engine, and whether viewers take the picture there now. */
  media?: { url: string; isMoved: boolean };
  /** Name of the source in whose place a still picture is sent. */
  slate?: string;
  /** Pictures and sounds are sealed end to end. */
  isEncrypted?: boolean;
  /** Anybody may watch by HLS. */
  hasTelevision?: boolean;
};

const SHOW_STATE = {
  ready: Show_State.READY,
  live: Show_State.LIVE,
  ended: Show_State.ENDED,
} as const;

const RESULT = {
  PENDING: HistoryEntry_Result.PENDING,
  WON: HistoryEntry_Result.WON,
  LOST: HistoryEntry_Result.LOST,
  REFUNDED: HistoryEntry_Result.REFUNDED,
} as const;

/** Wraps one of the messages a viewer can receive. */
export function toViewer(message: ToViewer['message']): ToViewer {
  return create(ToViewerSchema, { message });
}

export function wireShow(show: ShowView, bettingSuspended: string): WireShow {
  return create(ShowSchema, {
    state: SHOW_STATE[show.state],
    title: show.title,
    liveSinceUs: BigInt(show.liveSinceUs),
    bettingSuspended,
    videoClockOffset: show.videoClockOffset,
    slate: show.slate ?? '',
    encrypted: show.isEncrypted ?? false,
    television: show.hasTelevision ?? false,
    mediaUrl: show.media?.url ?? '',
    mediaMoved: show.media?.isMoved ?? false,
  });
}

export function wireMarket(market: MarketView): WireMarket {
  return create(MarketSchema, {
    id: market.id,
    title: market.title,
    outcomes: market.outcomes.map((outcome) => ({
      label: outcome.label,
      poolMinor: BigInt(outcome.poolMinor),
      bettors: outcome.bettors,
    })),
    state: Market_State[market.state],
    opensAtUs: BigInt(market.opensAtUs),
    lockAtUs: BigInt(market.lockAtUs),
    horizonAtUs: BigInt(market.horizonAtUs),
    deadlineAtUs: BigInt(market.deadlineAtUs),
    guardMs: market.guardMs,
    ...(market.winner === null ? {} : { winner: market.winner }),
    reason: market.reason,
    decidedCaptureUs: BigInt(market.decidedCaptureUs),
    rulesHash: market.rulesHash,
    suspended: market.suspended ?? '',
    revision: market.revision ?? 0,
    ...(market.prices
      ? { prices: { ...market.prices, quoteSeq: BigInt(market.prices.quoteSeq) } }
      : {}),
  });
}

export function wireEvent(event: GameEvent): WireEvent {
  return create(GameEventSchema, {
    id: event.id,
    type: event.type,
    captureUs: BigInt(event.captureUs),
    rtpTimestamp: event.rtpTimestamp,
    detectedUs: BigInt(event.detectedUs),
    confidence: event.confidence,
    why: event.why,
    subject: event.subject,
    trackIds: event.trackIds,
    ...(event.score === undefined ? {} : { score: event.score }),
    ...(event.reasons ? { reasons: event.reasons } : {}),
    ...(event.replay
      ? { replayFromUs: BigInt(event.replay.fromUs), replayToUs: BigInt(event.replay.toUs) }
      : {}),
  });
}

/** Oldest first. */
export function wireEventList(events: readonly GameEvent[]): WireEventList {
  return create(EventListSchema, { events: events.map(wireEvent) });
}

export function wireHistoryEntry(entry: LedgerHistoryEntry): WireHistoryEntry {
  return create(HistoryEntrySchema, {
    betId: entry.betId,
    marketId: entry.marketId,
    marketTitle: entry.marketTitle,
    outcome: entry.outcome,
    outcomeLabel: entry.outcomeLabel,
    amountMinor: BigInt(entry.amountMinor),
    result: RESULT[entry.result],
    paidMinor: BigInt(entry.paidMinor),
    reason: entry.reason,
    seq: BigInt(entry.seq),
    hash: entry.hash,
    atUs: BigInt(entry.atUs),
    withdrawnAtUs: BigInt(entry.withdrawnAtUs ?? 0),
    milliShares: BigInt(entry.shares?.milliShares ?? 0),
    milliSharesLeft: BigInt(entry.shares?.milliSharesLeft ?? 0),
    soldMinor: BigInt(entry.shares?.soldMinor ?? 0),
  });
}

/** @param grantedMinor what it has just gained by watching */
export function wireBalance(balance: LedgerBalance, grantedMinor = 0): WireBalance {
  return create(BalanceSchema, {
    availableMinor: BigInt(balance.availableMinor),
    stakedMinor: BigInt(balance.stakedMinor),
    debtMinor: BigInt(balance.debtMinor ?? 0),
    grantedMinor: BigInt(grantedMinor),
  });
}

export function wireRefused(code: string, message: string): WireRefused {
  return create(RefusedSchema, { code, message });
}

/** The code and sentence of whatever the ledger client threw. */
export function refusalOf(error: unknown): { code: string; message: string } {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') {
    return { code: error.code, message: error.message };
  }
  return { code: 'LEDGER_UNAVAILABLE', message: 'The ledger is away; try again with the same id.' };
}

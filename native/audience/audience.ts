// The audience of a show.
import type { MediaClock, Timers } from '../../core/base/clock.ts';
import type { Logger } from '../../core/base/logger.ts';
import type { GameEvent } from '../../core/contract/events.ts';
import type { StudioSocket } from '../upstream/studioSocket.ts';
import type { AudienceLedger, AudienceMarkets, AudienceReadings, ShowView } from './ports.ts';

export type AudienceOptions = {
  socket: StudioSocket;
  ledger: AudienceLedger;
  markets: AudienceMarkets;
  clock: MediaClock;
  timers: Timers;
  logger: Logger;
};

export type Audience = {
  /** Tells every viewer; also what joiners hear. */
  setShow(show: ShowView): void;
  /** Reason in words; '' when betting is possible. Refuses bets while it is not empty. */
  setBettingSuspended(reason: string): void;
  sendEvent(event: GameEvent): void;
  /** Bets of these subjects were paid, refunded or lost: they hear result and balance. */
  marketSettled(marketId: string): void;
  /** The ledger came (back): subjects are bound again and balances sent. */
  ledgerReturned(): void;
  readings(): AudienceReadings;
  readonly counters: {
    betsConfirmed: number;
    betsRefused: number;
    betsLimited: number;
    messagesDropped: number;
  };
  close(): void;
};

export declare function createAudience(options: AudienceOptions): Audience;

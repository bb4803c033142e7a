// The audience of a show: binds viewers to their subjects, carries their bets to the ledger and the
// ledger's answers back, and tells everybody what changed. It decides nothing about money: every
// bet goes to the ledger, also while betting is paused, because only the ledger knows whether a
// retry was confirmed before. What cannot be delivered is not kept: whoever comes back is told
// everything again.

import type { MediaClock } from '../../core/base/clock.ts';
import type { Logger } from '../../core/base/logger.ts';
import { percentileOf, RecentFigures } from '../../core/base/recentFigures.ts';
import type { GameEvent } from '../../core/contract/events.ts';
import type { MarketView } from '../../core/contract/state.ts';
import type { Bet, FromViewer, ToViewer, ViewerJoined } from '../../core/wire/gen/facts_pb.js';
import { TokenBucket } from '../../core/wire/tokenBucket.ts';
import { viewerMessageFault } from '../../core/wire/viewerChecks.ts';
import type { LedgerClient } from '../ledger/client.ts';
import type { LedgerBalance, LedgerHistoryEntry } from '../ledger/protocol.ts';
import type { StudioSocket } from '../upstream/studioSocket.ts';
import {
  refusalOf,
  type ShowView,
  toViewer,
  wireBalance,
  wireEvent,
  wireHistoryEntry,
  wireMarket,
  wireRefused,
  wireShow,
} from './messages.ts';

/** Bets of one viewer: the relay's own limits; a relay that forgets them changes nothing. */
const BETS_PER_SECOND = 5;
const BETS_BURST = 20;
/** History questions of one viewer. */
const QUESTIONS_PER_SECOND = 1;
const QUESTIONS_BURST = 5;
/** Bets of one viewer without an answer yet; more are told to come again. */
const BETS_WAITING_MAX = 32;
/** Viewers held at once; more are told that the show is full. Each costs about 1 KB. */
const VIEWERS_MAX = 20_000;
/** Entries of history a joiner hears. */
const HISTORY_ON_JOIN = 20;
/** Reports older than this say nothing about now, microseconds. */
const REPORT_WINDOW_US = 15_000_000;
const BET_WINDOW_US = 60_000_000;

export type { ShowView } from './messages.ts';

/** What the audience uses of the ledger client. */
export type AudienceLedger = Pick<
  LedgerClient,
  'bindSubject' | 'placeBet' | 'balance' | 'history' | 'onConnected'
>;

export type AudienceOptions = {
  socket: StudioSocket;
  ledger: AudienceLedger;
  /** Open, locked and recently ended ones, newest first. */
  markets: () => readonly MarketView[];
  /** The ledger accepted a new bet: pools change. */
  onBetPlaced: (marketId: string) => void;
  clock: MediaClock;
  logger: Logger;
};

export type AudienceReadings = {
  /** Viewers connected to the facts plane. */
  viewers: number;
  /** Frame made -> presented, median of the viewers' reports of the last 15 s, ms. */
  viewerDelayMs: number | null;
  /** Bet arrived at the engine -> durable, p95 of the last minute, ms. */
  betMs: number | null;
};

export type Audience = {
  /** Tells every viewer; joiners hear it too. */
  setShow(show: ShowView): void;
  /** Reason in words; '' when betting is possible. Only shown here: the ledger refuses. */
  setBettingSuspended(reason: string): void;
  marketChanged(market: MarketView): void;
  /** All markets again, for example after the ledger came back. */
  marketsReset(): void;
  /** A bet was won, lost or refunded: its viewer hears of it and of the balance. */
  settled(subject: string, entry: LedgerHistoryEntry): void;
  sendEvent(event: GameEvent): void;
  readings(): AudienceReadings;
  readonly counters: {
    betsConfirmed: number;
    betsRefused: number;
    /** Bets refused by the rate limit or the waiting limit of one viewer. */
    betsLimited: number;
    /** Messages that made no sense. The relay refuses them too, so this should stay 0. */
    messagesMalformed: number;
  };
  close(): void;
};

type Viewer = {
  id: string;
  subject: string;
  publicKey: string;
  /** null: bound. A promise: on the way. A refusal is final for this connection. */
  binding: Promise<BetRefusal | null> | null;
  bets: TokenBucket;
  questions: TokenBucket;
  betsWaiting: number;
  report: { atUs: number; delayMs: number } | null;
};

type BetRefusal = { code: string; message: string };

/** Joins the relay's viewers with the ledger. */
export function createAudience(options: AudienceOptions): Audience {
  return new ShowAudience(options);
}

class ShowAudience implements Audience {
  readonly #options: AudienceOptions;
  readonly #viewers = new Map<string, Viewer>();
  /** Viewers of a subject: one person may have several tabs. */
  readonly #bySubject = new Map<string, Set<Viewer>>();
  readonly #betDurations = new RecentFigures(BET_WINDOW_US);
  readonly #unsubscribe: (() => void)[];
  readonly counters = { betsConfirmed: 0, betsRefused: 0, betsLimited: 0, messagesMalformed: 0 };
  #show: ShowView = { state: 'ready', title: '', liveSinceUs: 0, videoClockOffset: 0 };
  #suspended = '';

  constructor(options: AudienceOptions) {
    this.#options = options;
    const { socket } = options;
    this.#unsubscribe = [
      socket.onRegistered(() => this.#tellEverything()),
      socket.onLost(() => this.#forgetAll()),
      socket.onViewerJoined((joined) => this.#joined(joined)),
      socket.onViewerLeft((viewerId) => this.#left(viewerId)),
      socket.onViewerMessage((viewerId, message) => this.#received(viewerId, message)),
    ];
    options.ledger.onConnected(() => this.#rebind());
  }

  setShow(show: ShowView): void {
    this.#show = show;
    this.#sendShow();
  }

  setBettingSuspended(reason: string): void {
    if (reason === this.#suspended) return;
    this.#suspended = reason;
    this.#sendShow();
  }

  marketChanged(market: MarketView): void {
    this.#everybody({ case: 'market', value: wireMarket(market) });
  }

  marketsReset(): void {
    this.#everybody({
      case: 'markets',
      value: {
        $typeName: 'morphine.facts.v1.MarketList',
        markets: this.#options.markets().map(wireMarket),
      },
    });
  }

  settled(subject: string, entry: LedgerHistoryEntry): void {
    const viewers = this.#bySubject.get(subject);
    if (!viewers) return;
    const ids = [...viewers].map((viewer) => viewer.id);
    const message = toViewer({ case: 'settlement', value: wireHistoryEntry(entry) });
    this.#options.socket.deliver(ids, message);
    void this.#options.ledger.balance(subject).then(
      (balance) => this.#sendBalance(subject, balance),
      // The ledger went away: its return sends every balance again.
      () => {},
    );
  }

  sendEvent(event: GameEvent): void {
    this.#everybody({ case: 'event', value: wireEvent(event) });
  }

  readings(): AudienceReadings {
    const nowUs = this.#options.clock.nowUs();
    const delaysMs: number[] = [];
    for (const { report } of this.#viewers.values()) {
      if (report && report.atUs >= nowUs - REPORT_WINDOW_US) delaysMs.push(report.delayMs);
    }
    return {
      viewers: this.#viewers.size,
      viewerDelayMs: percentileOf(delaysMs, 0.5),
      betMs: this.#betDurations.percentile(0.95, nowUs),
    };
  }

  close(): void {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#forgetAll();
  }

  #everybody(message: ToViewer['message']): void {
    // Without a relay nobody listens, and registration tells everything anyway.
    if (this.#options.socket.registered) this.#options.socket.deliver([], toViewer(message));
  }

  #sendShow(): void {
    this.#everybody({ case: 'show', value: wireShow(this.#show, this.#suspended) });
  }

  #tellEverything(): void {
    this.#sendShow();
    this.marketsReset();
  }

  #forgetAll(): void {
    this.#viewers.clear();
    this.#bySubject.clear();
  }

  #joined(joined: ViewerJoined): void {
    const { viewerId, subject, publicKey } = joined;
    this.#left(viewerId);
    if (this.#viewers.size >= VIEWERS_MAX) {
      const value = wireRefused('SHOW_FULL', 'The show has as many viewers as it can serve.');
      this.#tell(viewerId, { case: 'refused', value });
      return;
    }
    const nowUs = this.#options.clock.nowUs();
    const viewer: Viewer = {
      id: viewerId,
      subject,
      publicKey,
      binding: null,
      bets: new TokenBucket({ perSecond: BETS_PER_SECOND, burst: BETS_BURST, nowUs }),
      questions: new TokenBucket({
        perSecond: QUESTIONS_PER_SECOND,
        burst: QUESTIONS_BURST,
        nowUs,
      }),
      betsWaiting: 0,
      report: null,
    };
    this.#viewers.set(viewerId, viewer);
    const sameSubject = this.#bySubject.get(subject) ?? new Set();
    sameSubject.add(viewer);
    this.#bySubject.set(subject, sameSubject);
    viewer.binding = this.#bind(viewer);
  }

  #left(viewerId: string): void {
    const viewer = this.#viewers.get(viewerId);
    if (!viewer) return;
    this.#viewers.delete(viewerId);
    const sameSubject = this.#bySubject.get(viewer.subject);
    sameSubject?.delete(viewer);
    if (sameSubject?.size === 0) this.#bySubject.delete(viewer.subject);
  }

  #rebind(): void {
    for (const viewer of this.#viewers.values()) viewer.binding = this.#bind(viewer);
  }

  /** Binds the subject, then tells its balance and its bets. */
  async #bind(viewer: Viewer): Promise<BetRefusal | null> {
    const { ledger, clock } = this.#options;
    const { subject, publicKey } = viewer;
    try {
      const args = { subject, publicKey, isStaff: false, atUs: clock.nowUs() };
      const { balance } = await ledger.bindSubject(args);
      this.#tell(viewer.id, { case: 'balance', value: wireBalance(balance) });
      void this.#sendHistory(viewer, HISTORY_ON_JOIN);
      return null;
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal.code !== 'LEDGER_UNAVAILABLE') {
        this.#tell(viewer.id, {
          case: 'refused',
          value: wireRefused(refusal.code, refusal.message),
        });
      }
      return refusal;
    }
  }

  #received(viewerId: string, { message }: FromViewer): void {
    const viewer = this.#viewers.get(viewerId);
    if (!viewer) return;
    if (viewerMessageFault(message) !== null) {
      this.counters.messagesMalformed++;
      return;
    }
    const nowUs = this.#options.clock.nowUs();
    if (message.case === 'bet') void this.#bet(viewer, message.value, nowUs);
    else if (message.case === 'historyRequest') {
      if (viewer.questions.take(nowUs)) void this.#sendHistory(viewer, message.value.limit);
    } else if (message.case === 'watchReport') {
      viewer.report = { atUs: nowUs, delayMs: message.value.delayMs };
    }
  }

  /** `arrivedUs` is when the bet came to the engine: the market's cut is judged by it. */
  async #bet(viewer: Viewer, bet: Bet, arrivedUs: number): Promise<void> {
    if (!viewer.bets.take(arrivedUs) || viewer.betsWaiting >= BETS_WAITING_MAX) {
      this.counters.betsLimited++;
      const limited = { code: 'RATE_LIMITED', message: 'Too many bets at once; wait a moment.' };
      this.#answerBet(viewer, bet, limited);
      return;
    }
    viewer.betsWaiting++;
    try {
      const refusal = await viewer.binding;
      if (refusal) {
        this.#answerBet(viewer, bet, refusal);
        return;
      }
      await this.#placeBet(viewer, bet, arrivedUs);
    } finally {
      viewer.betsWaiting--;
    }
  }

  async #placeBet(viewer: Viewer, bet: Bet, arrivedUs: number): Promise<void> {
    const { ledger, clock } = this.#options;
    try {
      const { receipt, isKnown, balance } = await ledger.placeBet({
        betId: bet.betId,
        subject: viewer.subject,
        marketId: bet.marketId,
        outcome: bet.outcome,
        amountMinor: Number(bet.amountMinor),
        arrivedUs,
      });
      const nowUs = clock.nowUs();
      this.#betDurations.add(nowUs, (nowUs - arrivedUs) / 1000);
      const answer = { seq: receipt.seq, hash: receipt.hash, isKnown };
      this.#answerBet(viewer, bet, answer);
      this.#sendBalance(viewer.subject, balance);
      this.counters.betsConfirmed++;
      if (!isKnown) this.#options.onBetPlaced(bet.marketId);
    } catch (error) {
      this.#answerBet(viewer, bet, refusalOf(error));
    }
  }

  #answerBet(
    viewer: Viewer,
    bet: Bet,
    answer: BetRefusal | { seq: number; hash: string; isKnown: boolean },
  ): void {
    const isRefusal = 'code' in answer;
    if (isRefusal) this.counters.betsRefused++;
    this.#tell(viewer.id, {
      case: 'betReply',
      value: {
        $typeName: 'morphine.facts.v1.BetReply',
        betId: bet.betId,
        marketId: bet.marketId,
        outcome: bet.outcome,
        amountMinor: bet.amountMinor,
        seq: BigInt(isRefusal ? 0 : answer.seq),
        hash: isRefusal ? '' : answer.hash,
        code: isRefusal ? answer.code : '',
        message: isRefusal ? answer.message : '',
        pendingKnown: isRefusal ? false : answer.isKnown,
      },
    });
  }

  async #sendHistory(viewer: Viewer, limit: number): Promise<void> {
    if (limit < 1) return;
    try {
      const entries = await this.#options.ledger.history(viewer.subject, limit);
      this.#tell(viewer.id, {
        case: 'history',
        value: {
          $typeName: 'morphine.facts.v1.History',
          entries: entries.map(wireHistoryEntry),
        },
      });
    } catch {
      // The ledger went away; its return sends the history of everybody again.
    }
  }

  #sendBalance(subject: string, balance: LedgerBalance): void {
    const viewers = this.#bySubject.get(subject);
    if (!viewers) return;
    this.#options.socket.deliver(
      [...viewers].map((viewer) => viewer.id),
      toViewer({ case: 'balance', value: wireBalance(balance) }),
    );
  }

  /** Only to viewers who are still there: an answer may come after its viewer left. */
  #tell(viewerId: string, message: ToViewer['message']): void {
    if (message.case !== 'refused' && !this.#viewers.has(viewerId)) return;
    this.#options.socket.deliver([viewerId], toViewer(message));
  }
}

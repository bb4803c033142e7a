// The audience of a show: binds viewers to their subjects, carries their bets to the ledger and the
// ledger's answers back, and tells everybody what changed. It decides nothing about money: every
// bet goes to the ledger, also while betting is paused, because only the ledger knows whether a
// retry was confirmed before. What cannot be delivered is not kept: whoever comes back is told
// everything again.

import { create } from '@bufbuild/protobuf';
import type { MediaClock, Timers } from '../../core/base/clock.ts';
import type { Logger } from '../../core/base/logger.ts';
import { percentileOf, RecentFigures } from '../../core/base/recentFigures.ts';
import { type GameEvent, isSameEvent } from '../../core/contract/events.ts';
import type { MarketView } from '../../core/contract/state.ts';
import {
  type Bet,
  CaptionSchema,
  type FromViewer,
  type ToViewer,
  type ViewerJoined,
} from '../../core/wire/gen/facts_pb.js';
import { viewerMessageFault } from '../../core/wire/viewerChecks.ts';
import { type Refusal, refusedAnswer } from '../../core/wire/viewerReplies.ts';
import type { LedgerClient } from '../ledger/client.ts';
import type { LedgerBalance, LedgerHistoryEntry } from '../ledger/protocol.ts';
import type { StudioSocket } from '../upstream/studioSocket.ts';
import { Desk, type DeskLedger, isQuestion } from './desk.ts';
import {
  refusalOf,
  type ShowView,
  toViewer,
  wireBalance,
  wireEvent,
  wireEventList,
  wireHistoryEntry,
  wireMarket,
  wireRefused,
  wireShow,
} from './messages.ts';
import { newViewer, type Viewer } from './viewer.ts';
import { WatchTime } from './watchTime.ts';

/** Viewers held at once; more are told that the show is full. Each costs about 1 KB. */
const VIEWERS_MAX = 20_000;
/** Entries of history a joiner hears. */
const HISTORY_ON_JOIN = 20;
/** Entries in which a bet sent again is looked for. */
const HISTORY_ASKED = 100;
/** Events that somebody who joins in the middle is told. */
const EVENTS_KEPT = 8;
/** Reports older than this say nothing about now, microseconds. */
const REPORT_WINDOW_US = 15_000_000;
const BET_WINDOW_US = 60_000_000;

export type { ShowView } from './messages.ts';

/** What the audience uses of the ledger client. */
export type AudienceLedger = DeskLedger &
  Pick<LedgerClient, 'bindSubject' | 'balance' | 'history' | 'vest' | 'onConnected'>;

export type AudienceOptions = {
  socket: StudioSocket;
  ledger: AudienceLedger;
  /** Open, locked and recently ended ones, newest first. */
  markets: () => readonly MarketView[];
  /** The ledger accepted a bet, a withdrawal or a sale: pools change. */
  onBetPlaced: (marketId: string) => void;
  /** The ledger knows this connection's key to be its subject's. */
  onBound?: (viewer: Viewer) => void;
  /** A bet came; says why it may not be placed. One that was taken before stays taken. */
  betRefusal?: (viewer: Viewer, bet: Bet, atUs: number) => Refusal | null;
  clock: MediaClock;
  timers: Timers;
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
  /** Shown over the picture by who wants captions; joiners do not hear of earlier ones. */
  sendCaption(caption: { text: string; showMs: number; language: string }): void;
  /** Every viewer is bound to its subject again: the ledger can write again. */
  rebind(): void;
  readings(): AudienceReadings;
  /** Frame made -> presented, of each viewer who told it within the last 15 s, ms. */
  delaysMs(): number[];
  readonly counters: {
    betsConfirmed: number;
    betsRefused: number;
    /** Bets, withdrawals and sales refused by one viewer's rate limit or waiting limit. */
    betsLimited: number;
    /** Messages that made no sense. The relay refuses them too, so this should stay 0. */
    messagesMalformed: number;
  };
  close(): void;
};

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
  readonly #desk: Desk;
  readonly #watchTime: WatchTime;
  readonly #unsubscribe: (() => void)[];
  readonly counters = { betsConfirmed: 0, betsRefused: 0, betsLimited: 0, messagesMalformed: 0 };
  #show: ShowView = { state: 'ready', title: '', liveSinceUs: 0, videoClockOffset: 0 };
  #suspended = '';
  /** Oldest first. */
  #events: readonly GameEvent[] = [];

  constructor(options: AudienceOptions) {
    this.#options = options;
    const { socket, ledger, clock, timers } = options;
    this.#desk = new Desk({
      ...{ ledger, clock, counters: this.counters },
      onMoved: options.onBetPlaced,
      tell: (viewerId, answer) => this.#tell(viewerId, answer),
      tellSubject: (subject, answer) => this.#tellSubject(subject, answer),
      sendBalance: (subject, balance) => this.#sendBalance(subject, balance),
      onBetTimed: (atUs, durationMs) => this.#betDurations.add(atUs, durationMs),
    });
    this.#watchTime = new WatchTime({
      ...{ ledger, clock, timers },
      isLive: () => this.#show.state === 'live',
      onGiven: (subject, balance, grantedMinor) =>
        this.#sendBalance(subject, balance, grantedMinor),
    });
    this.#unsubscribe = [
      socket.onRegistered(() => this.#tellEverything()),
      socket.onLost(() => this.#forgetAll()),
      socket.onViewerJoined((joined) => this.#joined(joined)),
      socket.onViewerLeft((viewerId) => this.#left(viewerId)),
      socket.onViewerMessage((viewerId, message) => this.#received(viewerId, message)),
      socket.onStats(({ mediaLive, watching }) =>
        this.#watchTime.relayTold({ isGoing: mediaLive && !this.#show.slate, readers: watching }),
      ),
    ];
    options.ledger.onConnected(() => this.rebind());
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
    if (!this.#bySubject.has(subject)) return;
    this.#tellSubject(subject, { case: 'settlement', value: wireHistoryEntry(entry) });
    void this.#options.ledger.balance(subject).then(
      (balance) => this.#sendBalance(subject, balance),
      // The ledger went away: its return sends every balance again.
      () => {},
    );
  }

  sendEvent(event: GameEvent): void {
    // After a restart vision judges some frames again and tells the same events again.
    if (this.#events.some((known) => isSameEvent(known, event))) return;
    this.#events = [...this.#events, event].slice(-EVENTS_KEPT);
    this.#everybody({ case: 'event', value: wireEvent(event) });
  }

  sendCaption(caption: { text: string; showMs: number; language: string }): void {
    this.#everybody({ case: 'caption', value: create(CaptionSchema, caption) });
  }

  readings(): AudienceReadings {
    const nowUs = this.#options.clock.nowUs();
    return {
      viewers: this.#viewers.size,
      viewerDelayMs: percentileOf(this.delaysMs(), 0.5),
      betMs: this.#betDurations.percentile(0.95, nowUs),
    };
  }

  delaysMs(): number[] {
    const oldestUs = this.#options.clock.nowUs() - REPORT_WINDOW_US;
    const delaysMs: number[] = [];
    for (const { report } of this.#viewers.values()) {
      if (report && report.atUs >= oldestUs) delaysMs.push(report.delayMs);
    }
    return delaysMs;
  }

  close(): void {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#watchTime.close();
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
    // A fresh engine has seen nothing yet: then the relay's own list stands.
    if (this.#events.length === 0) return;
    this.#everybody({ case: 'events', value: wireEventList(this.#events) });
  }

  #forgetAll(): void {
    // Without a relay there is no word of the picture.
    this.#watchTime.relayTold({ isGoing: false, readers: 0 });
    this.#viewers.clear();
    this.#bySubject.clear();
  }

  #joined(joined: ViewerJoined): void {
    const { viewerId, subject } = joined;
    this.#left(viewerId);
    if (this.#viewers.size >= VIEWERS_MAX) {
      const value = wireRefused('SHOW_FULL', 'The show has as many viewers as it can serve.');
      this.#tell(viewerId, { case: 'refused', value });
      return;
    }
    const viewer = newViewer(joined, this.#options.clock.nowUs());
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
    if (sameSubject?.size !== 0) return;
    this.#bySubject.delete(viewer.subject);
    this.#watchTime.left(viewer.subject);
  }

  rebind(): void {
    for (const viewer of this.#viewers.values()) viewer.binding = this.#bind(viewer);
  }

  /** Binds the subject, then tells its balance and its bets. */
  async #bind(viewer: Viewer): Promise<Refusal | null> {
    const { ledger, clock } = this.#options;
    const { subject, publicKey } = viewer;
    try {
      const args = { subject, publicKey, isStaff: false, atUs: clock.nowUs() };
      const { balance } = await ledger.bindSubject(args);
      if (this.#viewers.has(viewer.id)) this.#options.onBound?.(viewer);
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
    if (message.case === 'bet') void this.#takeBet(viewer, message, nowUs);
    else if (isQuestion(message)) void this.#desk.take(viewer, message, nowUs);
    else if (message.case === 'historyRequest') {
      if (viewer.questions.take(nowUs)) void this.#sendHistory(viewer, message.value.limit);
    } else if (message.case === 'watchReport') {
      viewer.report = { atUs: nowUs, delayMs: message.value.delayMs };
      this.#watchTime.reported(viewer.subject, message.value.framesPerSecond);
    }
  }

  /** A rule of the room stops new bets; what the ledger took before is answered by it. */
  async #takeBet(
    viewer: Viewer,
    message: Extract<FromViewer['message'], { case: 'bet' }>,
    arrivedUs: number,
  ): Promise<void> {
    const refusal = this.#options.betRefusal?.(viewer, message.value, arrivedUs) ?? null;
    const said = refusal && (await this.#saidOfKnown(viewer.subject, message.value.betId, refusal));
    if (said) {
      this.counters.betsRefused++;
      const answer = refusedAnswer(message, said);
      if (answer) this.#tell(viewer.id, answer);
      return;
    }
    await this.#desk.take(viewer, message, arrivedUs);
  }

  /** Null for a bet that the ledger has; "not now" when it cannot say. */
  async #saidOfKnown(subject: string, betId: string, refusal: Refusal): Promise<Refusal | null> {
    try {
      const entries = await this.#options.ledger.history(subject, HISTORY_ASKED);
      return entries.some((entry) => entry.betId === betId) ? null : refusal;
    } catch (error) {
      return refusalOf(error);
    }
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

  #sendBalance(subject: string, balance: LedgerBalance, grantedMinor = 0): void {
    this.#tellSubject(subject, { case: 'balance', value: wireBalance(balance, grantedMinor) });
  }

  /** To every tab of one person. */
  #tellSubject(subject: string, message: ToViewer['message']): void {
    const ids = [...(this.#bySubject.get(subject) ?? [])].map((viewer) => viewer.id);
    if (ids.length > 0) this.#options.socket.deliver(ids, toViewer(message));
  }

  /** Only to viewers who are still there: an answer may come after its viewer left. */
  #tell(viewerId: string, message: ToViewer['message']): void {
    if (message.case !== 'refused' && !this.#viewers.has(viewerId)) return;
    this.#options.socket.deliver([viewerId], toViewer(message));
  }
}

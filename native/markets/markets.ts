// The room that runs the game: suggests and opens markets, locks them by the media clock, resolves
// them from events and voids what cannot be decided. It holds no money and nothing that decides
// money: after a restart it rebuilds itself from the ledger. Only the ledger's answer changes what
// is shown. This file is the room's door; marketsRoom.ts is the room.

import type { MediaClock, Timers } from '../../core/base/clock.ts';
import type { RandomBytes } from '../../core/base/ids.ts';
import type { Logger } from '../../core/base/logger.ts';
import type { Action } from '../../core/contract/actions.ts';
import type { EventType, GameEvent } from '../../core/contract/events.ts';
import type { Role } from '../../core/contract/roles.ts';
import type { MarketView, Suggestion, Template } from '../../core/contract/state.ts';
import type { LedgerClient } from '../ledger/client.ts';
import type { LedgerHistoryEntry } from '../ledger/protocol.ts';
import { MarketsRoom } from './marketsRoom.ts';
import { MarketRefusal } from './refusal.ts';

export { MarketRefusal } from './refusal.ts';

export type PictureHole = { fromUs: number; toUs: number; kind: 'picture' | 'cut' };

/** Who asked: the connection's pseudonym and role, and who they are as a viewer. */
export type MarketCaller = { actor: string; role: Role; actorSubject?: string };

/** What the room asks of the ledger. */
export type MarketsLedger = Pick<
  LedgerClient,
  | 'isConnected'
  | 'market'
  | 'markets'
  | 'betsOf'
  | 'openMarket'
  | 'lockMarket'
  | 'resolveMarket'
  | 'voidMarket'
  | 'correctMarket'
  | 'extendMarket'
  | 'suspendBetting'
  | 'suspendMarket'
>;

export type MarketsOptions = {
  ledger: MarketsLedger;
  clock: MediaClock;
  timers: Timers;
  random: RandomBytes;
  logger: Logger;
  templates: readonly Template[];
  /** Makes changed templates durable; a rejection's sentence says why not. */
  keepTemplates(templates: readonly Template[]): Promise<void>;
  /** Market id -> reason why nobody may bet in it, as kept. */
  suspended: Readonly<Record<string, string>>;
  keepSuspended(suspended: Readonly<Record<string, string>>): Promise<void>;
  /** suggestion.made, suggestion.gone, market.changed, templates.changed. */
  onAction(action: Action): void;
  /** A bet was won, lost or refunded; `entry.subject` says whose. May repeat after a restart. */
  onSettled(subject: string, entry: LedgerHistoryEntry): void;
};

export type Markets = {
  /** Rebuilds from the ledger; call again whenever the ledger came back. */
  restore(): Promise<void>;
  onEvent(event: GameEvent): void;
  /** All frames captured up to then have been judged and their events delivered. */
  /**
   * `blindUntilUs`: up to there vision could not look (0: it always could); `lostUntilUs`: up to
   * there nobody knew where lines and zones lie.
   */
  onJudged(untilCaptureUs: number, blindUntilUs?: number, lostUntilUs?: number): void;
  /** Two witnesses tell events of this kind differently: its markets wait for people. */
  dispute(type: EventType, reason: string): void;
  /** The published picture was missing on the capture clock from `fromUs` to `toUs`. */
  onPictureGap(fromUs: number, toUs: number): void;
  /** Another source came on air between these capture times. */
  onPictureCut(fromUs: number, toUs: number): void;
  /** Runs with each gap and cut before it counts. */
  onPictureHole(run: (hole: PictureHole) => void): void;
  /** Reason in words, empty to go on. Also tells the ledger. */
  suspendBetting(reason: string): void;
  /** The ledger accepted a bet: pools of this market are read again (gathered, 5 a second). */
  onBetPlaced(marketId: string): void;
  open(caller: MarketCaller, args: { templateId: string; marketId: string }): Promise<MarketView>;
  /** Opens a market by a template that is not kept. */
  create(caller: MarketCaller, args: { marketId: string; template: Template }): Promise<MarketView>;
  /** Nobody may bet in a market; an empty reason: they may again. */
  suspend(args: { marketId: string; reason: string }): Promise<void>;
  openSuggestion(
    caller: MarketCaller,
    args: { suggestionId: string; marketId: string },
  ): Promise<MarketView>;
  dismissSuggestion(args: { suggestionId: string }): void;
  lock(caller: MarketCaller, args: { marketId: string }): Promise<void>;
  resolve(
    caller: MarketCaller,
    args: { marketId: string; outcome: number; reason: string },
  ): Promise<void>;
  void(caller: MarketCaller, args: { marketId: string; reason: string }): Promise<void>;
  /** Decides a resolved market anew and tells its bettors again. */
  correct(
    caller: MarketCaller,
    args: { marketId: string; outcome: number | null; tCapUs: number | null; reason: string },
  ): Promise<void>;
  /** Open: locks later, inside the question. Locked: a later deadline. */
  extend(caller: MarketCaller, args: { marketId: string; seconds: number }): Promise<void>;
  exportTemplates(): string;
  /** Rejects with MarketRefusal naming what is wrong with the file; then nothing was taken. */
  importTemplates(json: string): Promise<{ imported: number }>;
  saveTemplate(template: Template): Promise<void>;
  removeTemplate(templateId: string): Promise<void>;
  setOpening(args: { templateId: string; opening: 'ask' | 'auto' }): Promise<void>;
  history(args: { beforeOpensAtUs: number | null; limit: number }): Promise<MarketView[]>;
  templates(): readonly Template[];
  suggestions(): readonly Suggestion[];
  /** Open, locked and recently ended, newest first. */
  markets(): readonly MarketView[];
  close(): void;
};

/** Creates the room; call `restore()` when the ledger is there. */
export function createMarkets(options: MarketsOptions): Markets {
  const room = new MarketsRoom(options);
  const holeListeners: ((hole: PictureHole) => void)[] = [];
  const takeHole = (hole: PictureHole) => {
    for (const run of holeListeners) run(hole);
    room.remember(hole);
  };
  return {
    restore: () => room.restore(),
    onEvent: (event) => room.onEvent(event),
    onJudged: (untilUs, blindUntilUs = 0, lostUntilUs = 0) =>
      room.onJudged(untilUs, blindUntilUs, lostUntilUs),
    dispute: (type, reason) => room.dispute(type, reason),
    onPictureGap: (fromUs, toUs) => takeHole({ fromUs, toUs, kind: 'picture' }),
    onPictureCut: (fromUs, toUs) => takeHole({ fromUs, toUs, kind: 'cut' }),
    onPictureHole: (run) => void holeListeners.push(run),
    suspendBetting: (reason) => room.suspendBetting(reason),
    onBetPlaced: (marketId) => room.onBetPlaced(marketId),
    open: (caller, args) => room.open(caller, args.templateId, args.marketId),
    create: (caller, args) => room.create(caller, args.template, args.marketId),
    suspend: ({ marketId, reason }) => room.suspend(marketId, reason),
    openSuggestion: (caller, args) => room.openSuggestion(caller, args),
    dismissSuggestion: ({ suggestionId }) => {
      if (!room.suggestions.remove(suggestionId)) {
        throw new MarketRefusal('notFound', 'This suggestion is gone.');
      }
    },
    lock: (caller, { marketId }) =>
      room.actFor(caller, marketId, { kind: 'lock', reason: 'Locked by the studio.' }),
    resolve: (caller, { marketId, outcome, reason }) =>
      room.actFor(caller, marketId, {
        kind: 'resolve',
        outcome,
        reason: reason || 'Decided by the studio.',
      }),
    void: (caller, { marketId, reason }) => room.actFor(caller, marketId, { kind: 'void', reason }),
    correct: (caller, args) => room.correct(caller, args),
    extend: (caller, args) => room.extend(caller, args.marketId, args.seconds),
    exportTemplates: () => room.shelf.exported(),
    importTemplates: (json) => room.shelf.import(json),
    saveTemplate: (template) => room.shelf.save(template),
    removeTemplate: (templateId) => room.shelf.remove(templateId),
    setOpening: (args) => room.shelf.setOpening(args),
    history: (args) => room.history(args),
    templates: () => room.shelf.all(),
    suggestions: () => room.suggestions.list(),
    markets: () => room.shown(),
    close: () => room.close(),
  };
}

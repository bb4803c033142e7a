// The room behind markets.ts: tracks the ledger's markets and pursues what clock, events and judged
// picture demand, with one command id per decision, until the ledger has answered. It remembers
// only what a restart may forget; a market whose past it did not see is never answered "no".

import type { CancelTimer } from '../../core/base/clock.ts';
import { newId } from '../../core/base/ids.ts';
import type { EventType, GameEvent } from '../../core/contract/events.ts';
import { MARKETS_SHOWN, type MarketView, type Template } from '../../core/contract/state.ts';
import { LedgerRefusal } from '../../core/ledger/refusal.ts';
import { cutoffUs } from '../../core/markets/mediaClock.ts';
import { rulesOf } from '../../core/markets/rules.ts';
import type { LedgerMarket } from '../ledger/protocol.ts';
import { type Due, dueNow, eventDecides, eventLocks, type Hole } from './decide.ts';
import type { MarketCaller, MarketsOptions } from './markets.ts';
import { MarketRefusal, refusalOf } from './refusal.ts';
import { Suggestions } from './suggestions.ts';
import { Suspensions } from './suspensions.ts';
import { TemplateShelf } from './templateShelf.ts';

/** How often clocks are looked at, ms. The ledger itself refuses bets after the lock. */
const TICK_MS = 50;
/** Pools of a market are read again at most this often, ms: five times a second. */
const POOL_PERIOD_MS = 200;
/** Most markets open or locked at once; more than anybody can follow. */
const LIVE_MARKETS_MAX = 16;
/** Events kept for a market whose opening is still being written, and holes of the picture. */
const REMEMBERED_MAX = 100;
/** How the reason of a suspension begins when witnesses disagree. */
const DISPUTED = 'Disputed: ';
/** Bets per page when results are told. */
const PAGE = 200;
/** Live markets that a restore takes over. */
const RESTORE_MAX = 200;

/** Our own acts: the machine's hand, in the role of what sees. */
const MACHINE: MarketCaller = { actor: 'engine', role: 'vision' };

/** One decision on a market, kept with its command id until the ledger answered. */
type Wanted = { commandId: string; caller: MarketCaller; due: Due; event: GameEvent | null };

type Tracked = {
  view: LedgerMarket;
  wanted: Wanted | null;
  isSending: boolean;
  /** Bets whose end was told. */
  told: Set<string>;
};

/** State and acts of the room; each public member is documented at `Markets`. */
export class MarketsRoom {
  readonly suggestions: Suggestions;
  readonly shelf: TemplateShelf;
  readonly #suspensions: Suspensions;
  readonly #options: MarketsOptions;
  readonly #startedUs: number;
  readonly #tracked = new Map<string, Tracked>();
  readonly #openings = new Map<string, Promise<MarketView>>();
  readonly #poolsToRead = new Set<string>();
  /** Templates whose market is just opening itself. */
  readonly #autoOpening = new Set<string>();
  #events: GameEvent[] = [];
  #holes: Hole[] = [];
  #judgedUntilUs = 0;
  #blindUntilUs = 0;
  #lostUntilUs = 0;
  #suspendedReason = '';
  readonly #cancels: CancelTimer[];

  constructor(options: MarketsOptions) {
    this.#options = options;
    this.shelf = new TemplateShelf(options);
    this.#suspensions = new Suspensions({
      ...options,
      tell: (marketId, reason) => options.ledger.suspendMarket(marketId, reason),
    });
    this.suggestions = new Suggestions(options.onAction);
    this.#startedUs = options.clock.nowUs();
    this.#cancels = [
      options.timers.every(TICK_MS, () => this.#tick()),
      options.timers.every(POOL_PERIOD_MS, () => this.#readPools()),
    ];
  }

  async restore(): Promise<void> {
    const { ledger } = this.#options;
    const ended = await ledger.markets(true, MARKETS_SHOWN);
    const live = await ledger.markets(false, RESTORE_MAX);
    // Oldest first, so that the newest ends up on top of every list.
    const all = new Map([...live, ...ended].map((market) => [market.id, market]));
    const sorted = [...all.values()].sort((one, other) => one.opensAtUs - other.opensAtUs);
    for (const market of sorted) this.#take(market);
    this.#tick();
  }

  onEvent(event: GameEvent): void {
    // After a restart vision judges some frames again and tells the same events again.
    if (this.#events.some((known) => isSameEvent(known, event))) return;
    this.#events = [...this.#events, event].slice(-REMEMBERED_MAX);
    for (const tracked of this.#tracked.values()) this.#decideBy(tracked, event);
    for (const template of this.shelf.all()) {
      const least = template.suggestMinimumConfidence ?? 0;
      if (template.suggestOn === event.type && event.confidence >= least) {
        this.#suggest(template, event);
      }
    }
  }

  /** Nobody bets on what two witnesses tell differently, and only people decide it. */
  dispute(type: EventType, reason: string): void {
    for (const { view } of this.#tracked.values()) {
      const isBound = view.rules?.decideOn?.type === type || view.rules?.lockOn?.type === type;
      if (!isBound || !isLive(view)) continue;
      this.suspend(view.id, `${DISPUTED}${reason}`.slice(0, 300)).catch((cause: unknown) => {
        this.#options.logger.warn('a disputed market is not suspended', { reason: String(cause) });
      });
    }
  }

  /** Kept with the suspension, so that it outlives the engine; resuming ends it. */
  #isDisputed({ view }: Tracked): boolean {
    return this.#suspensions.reasonOf(view.id).startsWith(DISPUTED);
  }

  onJudged(untilUs: number, blindUntilUs: number, lostUntilUs: number): void {
    if (blindUntilUs > this.#blindUntilUs) {
      // A broken look says nothing of any frame since the last good one.
      const fromUs = Math.min(this.#judgedUntilUs, blindUntilUs);
      this.remember({ fromUs, toUs: blindUntilUs, kind: 'vision' });
      this.#blindUntilUs = blindUntilUs;
    }
    if (lostUntilUs > this.#lostUntilUs) {
      const fromUs = Math.min(this.#judgedUntilUs, lostUntilUs);
      this.remember({ fromUs, toUs: lostUntilUs, kind: 'places' });
      this.#lostUntilUs = lostUntilUs;
    }
    this.#judgedUntilUs = Math.max(this.#judgedUntilUs, untilUs);
    this.#tick();
  }

  remember(hole: Hole): void {
    const at = this.#holes.findLastIndex(({ kind }) => kind === hole.kind);
    const last = this.#holes[at];
    // A stretch that goes on is one hole: a minute of it must not push the others out.
    if (last && hole.fromUs >= last.fromUs && hole.fromUs <= last.toUs) {
      this.#holes = this.#holes.with(at, { ...last, toUs: Math.max(last.toUs, hole.toUs) });
      return;
    }
    this.#holes = [...this.#holes, hole].slice(-REMEMBERED_MAX);
  }

  suspendBetting(reason: string): void {
    this.#suspendedReason = reason;
    // The client repeats it when the ledger is back.
    this.#options.ledger.suspendBetting(reason).catch(() => {});
  }

  onBetPlaced(marketId: string): void {
    this.#poolsToRead.add(marketId);
  }

  shown(): readonly MarketView[] {
    return [...this.#tracked.values()].map((tracked) => this.#viewOf(tracked.view)).reverse();
  }

  async history(args: { beforeOpensAtUs: number | null; limit: number }): Promise<MarketView[]> {
    try {
      const markets = await this.#options.ledger.markets(true, args.limit, args.beforeOpensAtUs);
      return markets.map((market) => this.#viewOf(market));
    } catch (cause) {
      throw refusalOf(cause);
    }
  }

  async openSuggestion(
    caller: MarketCaller,
    args: { suggestionId: string; marketId: string },
  ): Promise<MarketView> {
    const suggestion = this.suggestions.get(args.suggestionId);
    if (!suggestion) {
      const already = this.#tracked.get(args.marketId);
      if (already) return this.#viewOf(already.view);
      throw new MarketRefusal('notFound', 'This suggestion is gone.');
    }
    const view = await this.open(caller, suggestion.templateId, args.marketId);
    this.suggestions.remove(args.suggestionId);
    return view;
  }

  /** Opens a market; the same market id again gives the same market. */
  open(caller: MarketCaller, templateId: string, marketId: string): Promise<MarketView> {
    return this.#openOnce(caller, marketId, templateId, () => this.shelf.get(templateId));
  }

  create(caller: MarketCaller, template: Template, marketId: string): Promise<MarketView> {
    return this.#openOnce(caller, marketId, template.id, () => this.shelf.checked(template));
  }

  #openOnce(
    caller: MarketCaller,
    marketId: string,
    templateId: string,
    templateOf: () => Template,
  ): Promise<MarketView> {
    const already = this.#tracked.get(marketId);
    if (already?.view.templateId === templateId) {
      return Promise.resolve(this.#viewOf(already.view));
    }
    const running = this.#openings.get(marketId);
    if (running) return running;
    const opening = this.#open(caller, templateOf, marketId).finally(() =>
      this.#openings.delete(marketId),
    );
    this.#openings.set(marketId, opening);
    return opening;
  }

  async #open(
    caller: MarketCaller,
    templateOf: () => Template,
    marketId: string,
  ): Promise<MarketView> {
    const template = templateOf();
    if (this.#suspendedReason !== '') throw new MarketRefusal('refused', this.#suspendedReason);
    const liveCount = [...this.#tracked.values()].filter((tracked) => isLive(tracked.view)).length;
    if (liveCount >= LIVE_MARKETS_MAX) {
      throw new MarketRefusal('refused', `${liveCount} markets are running; end one first.`);
    }
    const atUs = this.#options.clock.nowUs();
    try {
      const { market } = await this.#options.ledger.openMarket({
        ...caller,
        commandId: newId(this.#options.random),
        atUs,
        marketId,
        rules: rulesOf(template, atUs, newId(this.#options.random)),
        reason: '',
      });
      this.#take(market);
      return this.#viewOf(market);
    } catch (cause) {
      throw refusalOf(cause);
    }
  }

  /** An act of a person: carried out at once or refused; never repeated by itself. */
  async actFor(caller: MarketCaller, marketId: string, due: Due): Promise<void> {
    const tracked = this.#tracked.get(marketId);
    if (!tracked) throw new MarketRefusal('notFound', 'There is no such market.');
    const commandId = newId(this.#options.random);
    try {
      await this.#send(tracked, { commandId, caller, due, event: null });
    } catch (cause) {
      throw refusalOf(cause);
    }
  }

  async suspend(marketId: string, reason: string): Promise<void> {
    const tracked = this.#tracked.get(marketId);
    if (!tracked) throw new MarketRefusal('notFound', 'There is no such market.');
    if (!isLive(tracked.view)) throw new MarketRefusal('wrongState', 'This market has ended.');
    try {
      await this.#suspensions.set(marketId, reason);
    } catch (cause) {
      throw refusalOf(cause);
    } finally {
      this.#tell(tracked.view);
    }
  }

  async correct(
    caller: MarketCaller,
    args: { marketId: string; outcome: number | null; tCapUs: number | null; reason: string },
  ): Promise<void> {
    const tracked = this.#tracked.get(args.marketId);
    try {
      const { market } = await this.#options.ledger.correctMarket({
        ...this.#actOf(caller, args.marketId),
        outcome: args.outcome,
        tCapUs: args.tCapUs,
        reason: args.reason,
      });
      this.#take(market);
    } catch (cause) {
      throw refusalOf(cause);
    }
    // What was told of its bets may be another story now.
    tracked?.told.clear();
    if (tracked) await this.#tellEnds(tracked);
  }

  async extend(caller: MarketCaller, marketId: string, seconds: number): Promise<void> {
    const tracked = this.#tracked.get(marketId);
    if (!tracked) throw new MarketRefusal('notFound', 'There is no such market.');
    const { state, lockAtUs, horizonAtUs, deadlineAtUs, guardMs } = tracked.view;
    const moreUs = seconds * 1_000_000;
    const isOpen = state === 'OPEN';
    const latestUs = Math.max(lockAtUs, horizonAtUs - guardMs * 1000);
    try {
      const { market } = await this.#options.ledger.extendMarket({
        ...this.#actOf(caller, marketId),
        lockAtUs: isOpen ? Math.min(lockAtUs + moreUs, latestUs) : lockAtUs,
        deadlineAtUs: isOpen ? deadlineAtUs : deadlineAtUs + moreUs,
        reason: '',
      });
      this.#take(market);
    } catch (cause) {
      throw refusalOf(cause);
    }
  }

  #actOf(caller: MarketCaller, marketId: string) {
    const { clock, random } = this.#options;
    return { ...caller, commandId: newId(random), marketId, atUs: clock.nowUs() };
  }

  close(): void {
    for (const cancel of this.#cancels) cancel();
  }

  #suggest(template: Template, event: GameEvent): void {
    const isRunning = [...this.#tracked.values()].some(
      (tracked) => tracked.view.templateId === template.id && isLive(tracked.view),
    );
    if (isRunning || this.#suspendedReason !== '') return;
    const isSure = event.confidence >= (template.openMinimumConfidence ?? 0);
    if (template.opening === 'ask' || !isSure) {
      const id = newId(this.#options.random);
      this.suggestions.make(id, template, event, this.#options.clock.nowUs());
      return;
    }
    if (this.#autoOpening.has(template.id)) return;
    this.#autoOpening.add(template.id);
    this.open(MACHINE, template.id, newId(this.#options.random))
      .catch((cause: unknown) => {
        this.#options.logger.warn('A market did not open itself', {
          template: template.id,
          reason: String(cause),
        });
      })
      .finally(() => this.#autoOpening.delete(template.id));
  }

  /** Takes the ledger's word on a market. */
  #take(market: LedgerMarket): void {
    const known = this.#tracked.get(market.id);
    const tracked = known ?? { view: market, wanted: null, isSending: false, told: new Set() };
    if (known && isOlder(market, known.view)) return;
    const wasLive = known === undefined || isLive(known.view);
    tracked.view = market;
    this.#tracked.set(market.id, tracked);
    if (!isLive(market)) this.#suspensions.forget(market.id);
    this.#tell(market);
    if (!known) this.#begin(tracked);
    if (known && wasLive && (!isLive(market) || market.voidedBets > 0)) this.#tellEnds(tracked);
    this.#forget();
  }

  #begin(tracked: Tracked): void {
    const { view } = tracked;
    if (!isLive(view)) return;
    if (view.opensAtUs < this.#startedUs) {
      // Opened by an engine before us: what it saw, and missed, is not known.
      this.remember({ fromUs: view.opensAtUs, toUs: this.#startedUs, kind: 'restart' });
    }
    for (const event of this.#events) this.#decideBy(tracked, event);
  }

  #decideBy(tracked: Tracked, event: GameEvent): void {
    const { rules, cutoffUs: known } = tracked.view;
    if (!rules || !isLive(tracked.view) || this.#isDisputed(tracked)) return;
    const { why: reason, captureUs: tCapUs } = event;
    if (rules.decideOn && eventDecides(rules, event)) {
      this.#want(tracked, { kind: 'resolve', outcome: rules.decideOn.outcome, reason }, event);
      return;
    }
    const isEarlier = known === null || cutoffUs(tCapUs, rules.guardMs) < known;
    if (eventLocks(rules, event) && isEarlier) {
      this.#want(tracked, { kind: 'lock', reason, tCapUs }, event);
    }
  }

  /** The first decision stands; a mere lock gives way to one, and to a lock by the picture. */
  #want(tracked: Tracked, due: Due, event: GameEvent | null): void {
    const known = tracked.wanted?.due;
    if (known && known.kind !== 'lock') return;
    if (known && due.kind === 'lock' && (known.tCapUs !== undefined || !due.tCapUs)) return;
    const commandId = newId(this.#options.random);
    tracked.wanted = { commandId, caller: MACHINE, due, event };
    this.#pursue(tracked);
  }

  #tick(): void {
    const nowUs = this.#options.clock.nowUs();
    this.suggestions.expire(nowUs);
    const judged = { nowUs, judgedUntilUs: this.#judgedUntilUs, holes: this.#holes };
    for (const tracked of this.#tracked.values()) {
      const due = dueNow(tracked.view, { ...judged, isDisputed: this.#isDisputed(tracked) });
      if (due) this.#want(tracked, due, null);
      if (tracked.wanted) this.#pursue(tracked);
    }
  }

  /** Sends what is wanted until the ledger answered; the same command id each time. */
  #pursue(tracked: Tracked): void {
    const { wanted } = tracked;
    if (!wanted || tracked.isSending || !this.#options.ledger.isConnected()) return;
    tracked.isSending = true;
    this.#send(tracked, wanted)
      .catch(async (cause: unknown) => {
        if (cause instanceof LedgerRefusal && cause.code === 'LEDGER_UNAVAILABLE') return;
        if (tracked.wanted === wanted) tracked.wanted = null;
        this.#options.logger.warn('The ledger refused a decision', {
          market: tracked.view.id,
          reason: String(cause),
        });
        await this.#refresh(tracked.view.id);
      })
      .finally(() => {
        tracked.isSending = false;
        // A decision may have come while a lock was under way.
        if (tracked.wanted && tracked.wanted !== wanted) this.#pursue(tracked);
      });
  }

  async #send(tracked: Tracked, wanted: Wanted): Promise<void> {
    const { ledger, clock } = this.#options;
    const { due, caller, commandId, event } = wanted;
    const act = { ...caller, commandId, marketId: tracked.view.id, atUs: clock.nowUs() };
    const { reason } = due;
    let market: LedgerMarket;
    switch (due.kind) {
      case 'lock':
        ({ market } = await ledger.lockMarket({ ...act, tCapUs: due.tCapUs ?? null, reason }));
        break;
      case 'resolve':
        ({ market } = await ledger.resolveMarket({
          ...act,
          outcome: due.outcome,
          reason,
          evidence: event && {
            id: event.id,
            type: event.type,
            captureUs: event.captureUs,
            detectedUs: event.detectedUs,
            confidencePermille: Math.round(event.confidence * 1000),
          },
        }));
        break;
      case 'void':
        ({ market } = await ledger.voidMarket({ ...act, reason }));
        break;
    }
    if (tracked.wanted === wanted) tracked.wanted = null;
    this.#take(market);
  }

  #tell(market: LedgerMarket): void {
    this.#options.onAction({ type: 'market.changed', market: this.#viewOf(market) });
  }

  #viewOf(market: LedgerMarket): MarketView {
    const { rules: _rules, cutoffUs: _cutoffUs, ...view } = market;
    const suspended = this.#suspensions.reasonOf(market.id);
    return suspended === '' ? view : { ...view, suspended };
  }

  async #refresh(marketId: string): Promise<void> {
    // Away again: restore() will read it.
    const market = await this.#options.ledger.market(marketId).catch(() => null);
    if (market) this.#take(market);
  }

  #readPools(): void {
    const ids = [...this.#poolsToRead];
    this.#poolsToRead.clear();
    for (const id of ids) void this.#refresh(id);
  }

  /** Tells each bettor once how the bet ended. */
  async #tellEnds(tracked: Tracked): Promise<void> {
    const { ledger, onSettled, logger } = this.#options;
    try {
      let afterSeq = 0;
      for (;;) {
        const entries = await ledger.betsOf(tracked.view.id, afterSeq, PAGE);
        for (const entry of entries) {
          afterSeq = entry.seq;
          if (entry.result === 'PENDING' || tracked.told.has(entry.betId)) continue;
          tracked.told.add(entry.betId);
          onSettled(entry.subject, entry);
        }
        if (entries.length < PAGE) return;
      }
    } catch (cause) {
      // Pages ask for balance and history again when the ledger is back.
      logger.warn('Results were not told', { market: tracked.view.id, reason: String(cause) });
    }
  }

  /** Keeps what is live and the newest ended ones. */
  #forget(): void {
    for (const [id, tracked] of this.#tracked) {
      if (this.#tracked.size <= MARKETS_SHOWN) return;
      if (!isLive(tracked.view)) this.#tracked.delete(id);
    }
  }
}

function isSameEvent(one: GameEvent, other: GameEvent): boolean {
  return (
    one.id === other.id ||
    (one.type === other.type && one.captureUs === other.captureUs && one.subject === other.subject)
  );
}

function isLive(market: LedgerMarket): boolean {
  return market.state === 'OPEN' || market.state === 'LOCKED';
}

/** Whether an answer was overtaken: a market never comes back from its end, nor opens again. */
function isOlder(market: LedgerMarket, known: LedgerMarket): boolean {
  if (!isLive(known)) return isLive(market);
  return known.state === 'LOCKED' && market.state === 'OPEN';
}

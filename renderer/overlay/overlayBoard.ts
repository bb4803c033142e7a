// What lies over the picture now: the markets that run, what just became of one, and what just
// happened. Pure: it is told of changes with the time and says what is to be seen. What was already
// over when it came up is no news and is never shown.

import { isSameEvent } from '../../core/contract/eventCatalogue.ts';
import type { MarketFace } from '../ui/MarketCard.tsx';

/** How long a result and an alert stay, ms: long enough to read twice, short beside a picture. */
export const RESULT_MS = 8_000;
export const ALERT_MS = 5_000;
/** Alerts that wait; in a burst the oldest of them is old news. */
const ALERTS_WAITING_MAX = 3;
const RESULTS_MAX = 2;
const SEEN_MAX = 64;

/** An event of the show, as much as is said of it. */
export type Happening = {
  id: string;
  type: string;
  subject: string;
  why: string;
  captureUs: number;
};

export type OverlayParts = {
  markets: MarketFace[];
  results: MarketFace[];
  alert: Happening | null;
};

export type OverlayWishes = {
  marketsMax: number;
  /** Types of events that are said. */
  alerts: ReadonlySet<string>;
};

const isRunning = ({ state }: MarketFace) => state === 'OPEN' || state === 'LOCKED';
const isOver = ({ state }: MarketFace) => state === 'RESOLVED' || state === 'VOID';
/** A correction decides anew, and is a result again. */
const verdictOf = ({ state, winner }: MarketFace) => `${state} ${winner ?? ''}`;

export class OverlayBoard {
  readonly #wishes: OverlayWishes;
  #markets = new Map<string, MarketFace>();
  #results: { market: MarketFace; untilMs: number }[] = [];
  #alerts: { said: Happening; untilMs: number }[] = [];
  #seen: Happening[] = [];
  #hasBegun = false;

  constructor(wishes: OverlayWishes) {
    this.#wishes = wishes;
  }

  /** All markets that stand. Only what was seen to run can have a result. */
  takeAll(markets: readonly MarketFace[], nowMs: number): void {
    for (const market of markets) this.take(market, nowMs);
    const names = new Set(markets.map(({ id }) => id));
    for (const id of this.#markets.keys()) if (!names.has(id)) this.#markets.delete(id);
  }

  take(market: MarketFace, nowMs: number): void {
    const known = this.#markets.get(market.id);
    this.#markets.set(market.id, market);
    if (!known || !isOver(market) || verdictOf(known) === verdictOf(market)) return;
    this.#results = [
      ...this.#results.filter((one) => one.market.id !== market.id),
      { market, untilMs: nowMs + RESULT_MS },
    ].slice(-RESULTS_MAX);
  }

  /** Events of the show; the first ones told are what was before. */
  happen(told: readonly Happening[], nowMs: number): void {
    const fresh = told.filter((one) => !this.#seen.some((seen) => isSameEvent(seen, one)));
    this.#seen = [...this.#seen, ...fresh].slice(-SEEN_MAX);
    for (const said of fresh) {
      if (!this.#hasBegun || !this.#wishes.alerts.has(said.type)) continue;
      const last = this.#alerts.at(-1)?.untilMs ?? 0;
      this.#alerts.push({ said, untilMs: Math.max(nowMs, last) + ALERT_MS });
    }
    // The one that is being read stays; of those that wait the newest count.
    const [first, ...waiting] = this.#alerts;
    const kept = waiting.slice(-ALERTS_WAITING_MAX);
    if (first)
      this.#alerts = [
        first,
        ...kept.map((one, at) => ({ ...one, untilMs: first.untilMs + (at + 1) * ALERT_MS })),
      ];
  }

  /** What was told until now is the past. */
  begin(): void {
    this.#hasBegun = true;
  }

  parts(nowMs: number): OverlayParts {
    this.#results = this.#results.filter(({ untilMs }) => untilMs > nowMs);
    this.#alerts = this.#alerts.filter(({ untilMs }) => untilMs > nowMs);
    const markets = [...this.#markets.values()]
      .filter(isRunning)
      .sort((one, other) => one.lockAtUs - other.lockAtUs)
      .slice(0, this.#wishes.marketsMax);
    return {
      markets,
      results: this.#results.map(({ market }) => market),
      alert: this.#alerts[0]?.said ?? null,
    };
  }
}

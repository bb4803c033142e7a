// Holds what the fraud signals are computed from, in memory and for this show only: who came from
// which network (a keyed hash), bets, openings and events. It shows; it never acts.

import { BoundedQueue } from '../../../core/base/boundedQueue.ts';
import type { MediaClock } from '../../../core/base/clock.ts';
import {
  type BetFact,
  type EventFact,
  type GuestFact,
  type MarketFact,
  type Signal,
  signalsOf,
} from '../../../core/fraud/signals.ts';

const BETS_MAX = 20_000;
const GUESTS_MAX = 20_000;
const OTHERS_MAX = 2_000;
/** What is older says nothing about this show, microseconds. */
const WINDOW_US = 6 * 3_600_000_000;

export class FraudWatch {
  readonly #clock: MediaClock;
  readonly #guests = new Map<string, GuestFact>();
  readonly #bets = ring<BetFact>('bets seen', BETS_MAX);
  readonly #markets = ring<MarketFact>('openings seen', OTHERS_MAX);
  readonly #opened = new Set<string>();
  readonly #events = ring<EventFact>('events seen', OTHERS_MAX);

  constructor({ clock }: { clock: MediaClock }) {
    this.#clock = clock;
  }

  came(subject: string, network: string): void {
    if (network === '') return;
    this.#guests.delete(subject);
    this.#guests.set(subject, { subject, network });
    const oldest = this.#guests.size > GUESTS_MAX ? this.#guests.keys().next().value : undefined;
    if (oldest !== undefined) this.#guests.delete(oldest);
  }

  bet(bet: BetFact): void {
    this.#bets.push(bet);
  }

  /** Called for each change of an open market; only the first counts. */
  marketOpened(market: MarketFact): void {
    if (this.#opened.has(market.marketId)) return;
    this.#opened.add(market.marketId);
    const dropped = this.#markets.push(market);
    if (dropped) this.#opened.delete(dropped.marketId);
  }

  happened(event: EventFact): void {
    this.#events.push(event);
  }

  signals(): Signal[] {
    const fromUs = this.#clock.nowUs() - WINDOW_US;
    return signalsOf({
      guests: [...this.#guests.values()],
      // A bet that was sent again counts as it came first.
      bets: [
        ...new Map(
          itemsOf(this.#bets)
            .reverse()
            .map((bet) => [bet.betId, bet]),
        ).values(),
      ]
        .reverse()
        .filter(({ arrivedUs }) => arrivedUs >= fromUs),
      markets: itemsOf(this.#markets),
      events: itemsOf(this.#events).filter(({ captureUs }) => captureUs >= fromUs),
    });
  }
}

function ring<Item>(owner: string, capacity: number): BoundedQueue<Item> {
  return new BoundedQueue<Item>({ owner, capacity, policy: 'drop-oldest' });
}

/** All items, oldest first; they stay. */
function itemsOf<Item>(queue: BoundedQueue<Item>): Item[] {
  const items: Item[] = [];
  for (let left = queue.length; left > 0; left--) {
    const item = queue.shift();
    if (item === undefined) break;
    items.push(item);
    queue.push(item);
  }
  return items;
}

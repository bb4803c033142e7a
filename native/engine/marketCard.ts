// The market that a scene with a market's card shows: the newest that is open, else the newest that
// is locked. It says what everybody sees, never what one viewer has.

import type { MarketView } from '../../core/contract/state.ts';
import type { MarketCardFacts } from '../../core/media/capturePort.ts';

/** The card of what is being asked now; null when nothing is. */
export function marketCardOf(markets: readonly MarketView[]): MarketCardFacts | null {
  const newest = (state: MarketView['state']) =>
    markets
      .filter((market) => market.state === state)
      .reduce<MarketView | null>(
        (best, market) => (best && best.opensAtUs >= market.opensAtUs ? best : market),
        null,
      );
  const market = newest('OPEN') ?? newest('LOCKED');
  if (!market) return null;
  const pool = market.outcomes.reduce((sum, { poolMinor }) => sum + poolMinor, 0);
  const outcomes = market.outcomes.map(({ label, poolMinor }, index) => ({
    label: label.slice(0, 60),
    sharePercent: market.prices
      ? (market.prices.permille[index] ?? 0) / 10
      : pool > 0
        ? (100 * poolMinor) / pool
        : 0,
  }));
  return { title: market.title.slice(0, 160), isOpen: market.state === 'OPEN', outcomes };
}

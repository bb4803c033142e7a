// What a decision moves, in words, before it is made; and what the engine said of a market, in the
// language of the page.

import type { MarketView } from '../../core/contract/state.ts';
import { pointsText } from '../ui/figures.ts';
import { translated } from '../ui/sentences.ts';
import { text } from '../ui/texts.ts';

/** The market, its reason in the language of the page. */
export const said = (market: MarketView): MarketView => ({
  ...market,
  reason: translated(market.reason),
});

function peopleText(count: number): string {
  if (count === 1) return text('studio.markets.person');
  return text('studio.markets.people', { count: pointsText(count) });
}

const poolTotal = (market: MarketView) =>
  market.outcomes.reduce((sum, outcome) => sum + outcome.poolMinor, 0);

/** Who is paid how much when this outcome is the true one. */
export function resolveEffect(market: MarketView, outcome: number): string {
  const bettors = market.outcomes[outcome]?.bettors ?? 0;
  if (bettors === 0) return text('studio.markets.winsNobody');
  const points = pointsText(poolTotal(market));
  return text('studio.markets.wins', { points, count: peopleText(bettors) });
}

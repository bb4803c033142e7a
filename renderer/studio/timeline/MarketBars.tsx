// Markets below the events: from the first bet to the last one solid, then until the question ends.

import type { MarketView } from '../../../core/contract/state.ts';
import { text } from '../../ui/texts.ts';
import { inRows, type TimeView, xOf } from './timelineLayout.ts';

/** Bars at most; the newest ones are shown. */
const BARS_MAX = 8;

type Bar = { market: MarketView; leftPx: number; lockPx: number; widthPx: number };

/** The part of a market that can be seen; null: none. */
function barOf(market: MarketView, view: TimeView, widthPx: number): Bar | null {
  const endUs = market.state === 'OPEN' ? market.horizonAtUs : endOf(market);
  const within = (atUs: number) => Math.min(widthPx, Math.max(0, xOf(atUs, view, widthPx)));
  const leftPx = within(market.opensAtUs);
  const barPx = within(endUs) - leftPx;
  if (barPx < 1) return null;
  return { market, leftPx, lockPx: within(market.lockAtUs) - leftPx, widthPx: barPx };
}

function endOf({ decidedCaptureUs, resolvedAtUs = 0, horizonAtUs, opensAtUs }: MarketView): number {
  return [decidedCaptureUs, resolvedAtUs].find((atUs) => atUs > opensAtUs) ?? horizonAtUs;
}

type MarketBarsProps = { markets: readonly MarketView[]; view: TimeView; widthPx: number };

export function MarketBars({ markets, view, widthPx }: MarketBarsProps) {
  const seen = markets.flatMap((market) => barOf(market, view, widthPx) ?? []).slice(0, BARS_MAX);
  return (
    <ul className="timeline-markets" aria-label={text('studio.timeline.markets')}>
      {inRows(seen).map(({ market, leftPx, lockPx, widthPx: barPx, row }) => (
        <li
          key={market.id}
          className="timeline-market"
          data-state={market.state}
          data-row={row}
          title={market.title}
          style={{
            left: leftPx,
            width: barPx,
            backgroundSize: `${Math.max(0, Math.min(lockPx, barPx))}px 100%`,
          }}
        >
          {`${market.title} · ${text(`studio.timeline.state.${market.state}`)}`}
        </li>
      ))}
    </ul>
  );
}

// The markets a viewer can bet on, and those just decided. A bet stays in its market's card from
// sent to settled. No optimistic money: the balance moves only when the ledger says so.

import { useState } from 'react';
import { useStore } from 'zustand';
import { Figure } from '../ui/Figure.tsx';
import { countdownText } from '../ui/figures.ts';
import { MarketCard, type MarketFace } from '../ui/MarketCard.tsx';
import { text } from '../ui/texts.ts';
import { BetLine } from './BetLine.tsx';
import { BetSlip } from './BetSlip.tsx';
import { useMediaNow } from './mediaNow.ts';
import type { ViewerSession } from './viewerSession.ts';
import { marketsInOrder } from './wireViews.ts';

/** Ended markets that stay on the page; older ones are in the history. */
const ENDED_SHOWN = 1;
/** Bets of one market in its card; older ones are in the history. */
const BETS_SHOWN = 3;

export function Markets({ session }: { session: ViewerSession }) {
  const all = useStore(session.store, (view) => view.markets);
  const ordered = marketsInOrder(all);
  const running = ordered.filter(({ state }) => state === 'OPEN' || state === 'LOCKED');
  const ended = ordered.filter((market) => !running.includes(market)).slice(0, ENDED_SHOWN);
  const hasOpen = running.some(({ state }) => state === 'OPEN');
  return (
    <div className="markets">
      {hasOpen ? null : (
        <div className="emptyMarkets" data-testid="no-market">
          <p className="emptyMarkets-title">{text('viewer.noMarket')}</p>
          <p>{text('viewer.noMarketHint')}</p>
        </div>
      )}
      {[...running, ...ended].map((market) => (
        <MarketWithBets key={market.id} session={session} market={market} />
      ))}
    </div>
  );
}

function MarketWithBets({ session, market }: { session: ViewerSession; market: MarketFace }) {
  const nowUs = useMediaNow(session.clock);
  const [chosen, setChosen] = useState<number | null>(null);
  const bets = useStore(session.store, (view) => view.bets);
  const own = bets.filter((bet) => bet.marketId === market.id).slice(0, BETS_SHOWN);
  const newest = bets[0]?.betId;
  const isOpen = market.state === 'OPEN' && (nowUs === null || nowUs < market.lockAtUs);
  return (
    <div data-testid="market" data-state={market.state}>
      <MarketCard
        market={market}
        nowUs={nowUs}
        {...(market.state === 'OPEN'
          ? {
              onChoose: (outcome: number) => setChosen(outcome === chosen ? null : outcome),
              chosen,
            }
          : {})}
      >
        {market.state === 'OPEN' ? (
          <>
            <OwnCountdown session={session} market={market} nowUs={nowUs} />
            <BetSlip
              session={session}
              market={market}
              isOpen={isOpen}
              chosen={chosen}
              onPlaced={() => setChosen(null)}
            />
          </>
        ) : null}
        <ul className="betLines">
          {own.map((bet) => (
            <BetLine key={bet.betId} bet={bet} isNewest={bet.betId === newest} />
          ))}
          {own.length === 0 ? <li className="betLines-empty">{text('viewer.noBetYet')}</li> : null}
        </ul>
      </MarketCard>
    </div>
  );
}

type OwnCountdownProps = { session: ViewerSession; market: MarketFace; nowUs: number | null };

/** Time left as this viewer's picture shows it: shorter by the picture's delay. */
function OwnCountdown({ session, market, nowUs }: OwnCountdownProps) {
  const delayMs = useStore(session.store, (view) =>
    view.figures.delayMs === null ? null : Math.max(0, Math.round(view.figures.delayMs)),
  );
  if (nowUs === null || delayMs === null) return <p className="ownCountdown" />;
  const left = countdownText(market.lockAtUs - nowUs - delayMs * 1000);
  return (
    <p className="ownCountdown" title={text('viewer.yoursHint', { delay: delayMs })}>
      <Figure>{text('viewer.yours', { left })}</Figure>
    </p>
  );
}

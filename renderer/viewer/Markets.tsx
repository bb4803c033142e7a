// The markets a viewer can bet on, and those just decided. A bet stays in its market's card from
// sent to settled. No optimistic money: the balance moves only when the ledger says so.

import { useState } from 'react';
import { useStore } from 'zustand';
import { Figure } from '../ui/Figure.tsx';
import { countdownText } from '../ui/figures.ts';
import { MarketCard, type MarketFace } from '../ui/MarketCard.tsx';
import { translated } from '../ui/sentences.ts';
import { text } from '../ui/texts.ts';
import { BetActions } from './BetActions.tsx';
import { BetLine } from './BetLine.tsx';
import { BetSlip } from './BetSlip.tsx';
import { useMediaNow } from './mediaNow.ts';
import type { ViewerSession } from './viewerSession.ts';
import { marketsInOrder } from './wireViews.ts';

/** Ended markets that stay on the page; older ones are in the history. */
const ENDED_SHOWN = 1;
/** Bets of a decided market in its card; older ones are in the history. */
const BETS_SHOWN = 3;

export function Markets({ session }: { session: ViewerSession }) {
  const all = useStore(session.store, (view) => view.markets);
  const ordered = marketsInOrder(all);
  const running = ordered.filter(({ state }) => state === 'OPEN' || state === 'LOCKED');
  const ended = ordered.filter((market) => !running.includes(market)).slice(0, ENDED_SHOWN);
  const shown = [...running, ...ended];
  const hasOpen = running.some(({ state }) => state === 'OPEN');
  return (
    <div className="markets">
      {shown.map((market) => (
        <MarketWithBets key={market.id} session={session} market={market} />
      ))}
      <BetsElsewhere session={session} shownIds={shown.map(({ id }) => id)} />
      {hasOpen ? null : (
        <div className="emptyMarkets" data-testid="no-market">
          <p className="emptyMarkets-title">{text('viewer.noMarket')}</p>
          <p>{text('viewer.noMarketHint')}</p>
        </div>
      )}
    </div>
  );
}

/** Bets that wait for an answer or a result while their market is not on the page. */
function BetsElsewhere({ session, shownIds }: { session: ViewerSession; shownIds: string[] }) {
  const bets = useStore(session.store, (view) => view.bets);
  const waiting = bets.filter(
    ({ state, marketId }) =>
      (state === 'sent' || state === 'confirmed') && !shownIds.includes(marketId),
  );
  if (waiting.length === 0) return null;
  return (
    <section className="card" aria-label={text('viewer.runningBets')}>
      <ul className="betLines">
        {waiting.map((bet) => (
          <BetLine key={bet.betId} bet={bet} isNewest={bet.betId === bets[0]?.betId} withTitle />
        ))}
      </ul>
    </section>
  );
}

function MarketWithBets({ session, market }: { session: ViewerSession; market: MarketFace }) {
  const nowUs = useMediaNow(session.clock);
  const [chosen, setChosen] = useState<number | null>(null);
  const isOpen = market.state === 'OPEN';
  const takesBets = isOpen && (nowUs === null || nowUs < market.lockAtUs);
  // The reason stands where the own countdown stood: one line that is always there.
  const face = { ...market, reason: '' };
  const choice = {
    onChoose: (outcome: number) => setChosen(outcome === chosen ? null : outcome),
    chosen,
  };
  return (
    <div data-testid="market" data-state={market.state} data-market={market.id}>
      <MarketCard market={face} nowUs={nowUs} {...(isOpen ? choice : {})}>
        {isOpen && market.suspended ? (
          <p className="marketLine marketLine-paused" role="status" data-testid="market-paused">
            {text('viewer.bettingSuspended', { reason: translated(market.suspended) })}
          </p>
        ) : isOpen ? (
          <OwnCountdown session={session} market={market} nowUs={nowUs} />
        ) : (
          <p className="marketLine">{translated(market.reason)}</p>
        )}
        <OwnBets session={session} market={market} />
        {isOpen ? (
          <BetSlip
            session={session}
            market={market}
            isOpen={takesBets}
            chosen={chosen}
            onPlaced={() => setChosen(null)}
          />
        ) : null}
      </MarketCard>
    </div>
  );
}

/**
 * The bets of one market in their fixed place. While it is open only the newest is shown, so that a
 * second bet does not move the stakes under the finger.
 */
function OwnBets({ session, market }: { session: ViewerSession; market: MarketFace }) {
  const bets = useStore(session.store, (view) => view.bets);
  const own = bets.filter((bet) => bet.marketId === market.id);
  const shown = own.slice(0, market.state === 'OPEN' ? 1 : BETS_SHOWN);
  const newest = bets[0]?.betId;
  return (
    <ul className="betLines ownBets">
      {shown.map((bet, at) => (
        <BetLine
          key={bet.betId}
          bet={bet}
          isNewest={bet.betId === newest}
          moreCount={at === shown.length - 1 ? own.length - shown.length : 0}
        >
          <BetActions session={session} bet={bet} />
        </BetLine>
      ))}
      {own.length === 0 && market.state === 'OPEN' ? (
        <li className="betLines-empty">{text('viewer.noBetYet')}</li>
      ) : null}
    </ul>
  );
}

type OwnCountdownProps = { session: ViewerSession; market: MarketFace; nowUs: number | null };

/** Time left as this viewer's picture shows it: shorter by the picture's delay. */
function OwnCountdown({ session, market, nowUs }: OwnCountdownProps) {
  const delayMs = useStore(session.store, (view) =>
    view.figures.delayMs === null ? null : Math.max(0, Math.round(view.figures.delayMs)),
  );
  if (nowUs === null || delayMs === null) return <p className="marketLine" />;
  const left = countdownText(market.lockAtUs - nowUs - delayMs * 1000);
  return (
    <p className="marketLine" title={text('viewer.yoursHint', { delay: delayMs })}>
      <Figure>{text('viewer.yours', { left })}</Figure>
    </p>
  );
}

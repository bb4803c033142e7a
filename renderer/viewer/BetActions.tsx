// What can still be done with a confirmed bet before its market closes: take the stake back, or,
// where bets have prices, sell it for what is offered. Two taps, because neither can be undone; a
// moved price makes a new offer and never a sale.

import { useEffect, useState } from 'react';
import { useStore } from 'zustand';
import { Button } from '../ui/Button.tsx';
import { pointsText } from '../ui/figures.ts';
import { text } from '../ui/texts.ts';
import type { BetRecord } from './betRecord.ts';
import { useMediaNow } from './mediaNow.ts';
import type { ViewerSession } from './viewerSession.ts';

type BetActionsProps = { session: ViewerSession; bet: BetRecord };

export function BetActions({ session, bet }: BetActionsProps) {
  const market = useStore(session.store, (view) =>
    view.markets.find(({ id }) => id === bet.marketId),
  );
  const showPause = useStore(session.store, (view) => view.show?.bettingSuspended ?? '');
  const nowUs = useMediaNow(session.clock);
  if (bet.state !== 'confirmed' || market?.state !== 'OPEN') return null;
  if (nowUs !== null && nowUs >= market.lockAtUs) return null;
  const { move } = bet;
  if (move?.state === 'sent' || move?.state === 'confirmed') return null;
  const props = { session, bet, isPaused: showPause !== '' || Boolean(market.suspended) };
  return market.prices ? <SellBack {...props} /> : <TakeBack {...props} />;
}

/** A pause takes no button away from under a finger: it only disables it. */
type ActionProps = BetActionsProps & { isPaused: boolean };

function TakeBack({ session, bet, isPaused }: ActionProps) {
  const [isAsking, setAsking] = useState(false);
  if (!isAsking) {
    return (
      <div className="betActions">
        <Button
          size="dense"
          disabled={isPaused}
          data-testid="take-back"
          onClick={() => setAsking(true)}
        >
          {text('viewer.takeBack')}
        </Button>
      </div>
    );
  }
  return (
    <div className="betActions">
      <Button
        size="dense"
        look="primary"
        disabled={isPaused}
        data-testid="take-back-sure"
        onClick={() => session.money.withdraw(bet.betId)}
      >
        {text('viewer.takeBackSure', { points: pointsText(bet.amountMinor) })}
      </Button>
      <Button size="dense" look="quiet" onClick={() => setAsking(false)}>
        {text('viewer.keepBet')}
      </Button>
    </div>
  );
}

function SellBack({ session, bet, isPaused }: ActionProps) {
  // A sale that met another price is asked about again at once.
  const [isAsking, setAsking] = useState(bet.move?.code === 'STALE_QUOTE');
  const { betId, marketId } = bet;
  const { money } = session;
  const offer = useStore(session.store, (view) => view.saleQuotes[betId]);
  useEffect(() => {
    if (!isAsking) return;
    money.wantSale(betId, marketId);
    return () => money.dropSale(betId);
  }, [isAsking, money, betId, marketId]);
  if (!isAsking) {
    return (
      <div className="betActions">
        <Button size="dense" disabled={isPaused} data-testid="sell" onClick={() => setAsking(true)}>
          {text('viewer.sell')}
        </Button>
      </div>
    );
  }
  const points = pointsText(offer?.amountMinor ?? 0);
  const isOffered = offer !== undefined && offer.code === '' && offer.amountMinor > 0;
  return (
    <div className="betActions">
      <Button
        size="dense"
        look="primary"
        disabled={!isOffered || isPaused}
        data-testid="sell-sure"
        onClick={() => offer && money.sell(offer)}
      >
        {isOffered ? text('viewer.sellFor', { points }) : text('viewer.askingPrice')}
      </Button>
      <Button size="dense" look="quiet" onClick={() => setAsking(false)}>
        {text('viewer.keepBet')}
      </Button>
      {offer && offer.code !== '' ? <p className="betActions-note">{offer.message}</p> : null}
    </div>
  );
}

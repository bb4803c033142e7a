// Stake and "bet". The choice of an outcome is given up with each bet, so that a second tap on the
// same button never makes a second bet.

import { useEffect, useState } from 'react';
import { useStore } from 'zustand';
import { parseStake, stakePoints } from '../../core/contract/stake.ts';
import { Button } from '../ui/Button.tsx';
import { pointsText } from '../ui/figures.ts';
import type { MarketFace } from '../ui/MarketCard.tsx';
import { text } from '../ui/texts.ts';
import type { BetRecord } from './betRecord.ts';
import { refusalText } from './betWords.ts';
import { leastOf } from './moneyDesk.ts';
import { isSameStake, type StakeQuote } from './priceAsker.ts';
import type { ViewerSession } from './viewerSession.ts';
import { shareOfBalance } from './wireViews.ts';

type Stake = { kind: 'points'; points: number } | { kind: 'share' } | { kind: 'other' };

const QUICK_POINTS = [10, 50] as const;
const QUICK_SHARE = 0.25;
const CHARACTERS_MAX = 14;

type BetSlipProps = {
  session: ViewerSession;
  market: MarketFace;
  isOpen: boolean;
  chosen: number | null;
  onPlaced(): void;
};

/** What whoever runs the show says, or the usual words where they say nothing. */
function MinimumAge({ session }: { session: ViewerSession }) {
  const years = useStore(session.chat.store, (view) => view.rules?.minimumAge ?? 0);
  return (
    <p className="betSlip-age" data-testid="minimum-age">
      {years > 0 ? text('chat.minimumAge', { years }) : text('viewer.minimumAge')}
    </p>
  );
}

export function BetSlip({ session, market, isOpen, chosen, onPlaced }: BetSlipProps) {
  const [stake, setStake] = useState<Stake>({ kind: 'points', points: QUICK_POINTS[0] });
  const [other, setOther] = useState('');
  const available = useStore(session.store, (view) => view.balance?.availableMinor ?? null);
  const suspended = useStore(session.store, (view) => view.show?.bettingSuspended ?? '');
  const trouble = useStore(session.store, (view) => view.betTrouble);
  const bets = useStore(session.store, (view) => view.bets);
  const moved = chosen === null && isOpen ? movedBet(bets, market) : null;
  const picked = moved?.outcome ?? chosen;
  const amountMinor = moved?.amountMinor ?? amountOf(stake, other, available ?? 0);
  const outcome = picked === null ? undefined : market.outcomes[picked];
  const canAsk = market.prices !== undefined && isOpen && amountMinor > 0;
  const quote = useStakeQuote(session, market.id, canAsk ? picked : null, amountMinor);

  let words = text('viewer.bet', {
    points: pointsText(amountMinor),
    outcome: outcome?.label ?? '',
  });
  let canBet = true;
  const refuse = (reason: string) => {
    words = reason;
    canBet = false;
  };
  if (!isOpen || suspended !== '' || market.suspended) refuse(text('viewer.closed'));
  else if (!outcome) refuse(text('viewer.pickOutcome'));
  else if (isUnclear(stake, other)) refuse(text('viewer.stakeUnclear'));
  else if (amountMinor <= 0) refuse(text('viewer.pickStake'));
  else if (available === null || amountMinor > available) refuse(text('viewer.tooMuch'));
  else if (market.prices && !quote) refuse(text('viewer.askingPrice'));
  else if (market.prices && quote?.code !== '') refuse(text('viewer.noPrice'));

  function bet(): void {
    if (!canBet || picked === null) return;
    session.money.place({ market, outcome: picked, amountMinor, quote: quote ?? null });
    onPlaced();
  }

  return (
    <form
      className="betSlip"
      onSubmit={(event) => {
        event.preventDefault();
        bet();
      }}
    >
      <fieldset className="betSlip-stakes" disabled={!isOpen}>
        <legend className="visuallyHidden">{text('viewer.stake')}</legend>
        {QUICK_POINTS.map((points) => (
          <StakeButton
            key={points}
            name={String(points)}
            testId={`stake-${points}`}
            isChosen={stake.kind === 'points' && stake.points === points}
            onChoose={() => setStake({ kind: 'points', points })}
          />
        ))}
        <StakeButton
          name="25%"
          testId="stake-share"
          isChosen={stake.kind === 'share'}
          onChoose={() => setStake({ kind: 'share' })}
        />
        <input
          className="betSlip-other"
          data-chosen={stake.kind === 'other'}
          data-testid="stake-other"
          autoComplete="off"
          aria-label={text('viewer.stakeOtherName')}
          placeholder={text('viewer.stakeOther')}
          maxLength={CHARACTERS_MAX}
          value={other}
          onFocus={() => setStake({ kind: 'other' })}
          onChange={(event) => {
            setStake({ kind: 'other' });
            setOther(event.target.value);
          }}
        />
      </fieldset>
      {market.prices ? (
        <QuoteLine quote={quote} label={outcome?.label ?? ''} isMoved={moved !== null} />
      ) : null}
      <Button type="submit" look="primary" size="touch" disabled={!canBet} data-testid="place-bet">
        {words}
      </Button>
      {bets.length === 0 ? <MinimumAge session={session} /> : null}
      {trouble === '' ? null : (
        <p className="betSlip-trouble" role="alert">
          {trouble}
        </p>
      )}
    </form>
  );
}

/** What the stake would pay now; its place is kept, so that a price moves nothing. */
function QuoteLine(props: { quote: StakeQuote | undefined; label: string; isMoved: boolean }) {
  const { quote, label, isMoved } = props;
  if (!quote) return <p className="betSlip-quote" />;
  if (quote.code !== '') {
    return (
      <p className="betSlip-quote" role="status">
        {refusalText(quote)}
      </p>
    );
  }
  const points = pointsText(payout(quote.milliShares));
  const least = pointsText(payout(leastOf(quote)));
  return (
    <p className="betSlip-quote" role="status" data-testid="quote" data-seq={quote.quoteSeq}>
      {isMoved ? <strong>{text('viewer.priceMoved')} </strong> : null}
      {text('viewer.pays', { points, least, outcome: label })}
    </p>
  );
}

/** Asks for the price while somebody thinks about this stake. Undefined: none, or none yet. */
function useStakeQuote(
  session: ViewerSession,
  marketId: string,
  outcome: number | null,
  amountMinor: number,
): StakeQuote | undefined {
  const { money } = session;
  const quote = useStore(session.store, (view) => view.stakeQuotes[marketId]);
  useEffect(() => {
    if (outcome === null) return;
    money.wantStake({ marketId, outcome, amountMinor });
    return () => money.dropStake(marketId);
  }, [money, marketId, outcome, amountMinor]);
  if (outcome === null || !quote) return undefined;
  return isSameStake(quote, { marketId, outcome, amountMinor }) ? quote : undefined;
}

/** The newest bet of this market, if it was refused because the price had moved. */
function movedBet(bets: readonly BetRecord[], market: MarketFace): BetRecord | null {
  const newest = bets.find(({ marketId }) => marketId === market.id);
  return newest?.state === 'refused' && newest.code === 'STALE_QUOTE' ? newest : null;
}

/** A share of the winner pays one point. */
function payout(milliShares: number): number {
  return Math.floor(milliShares / 1000);
}

type StakeButtonProps = { name: string; testId: string; isChosen: boolean; onChoose(): void };

function StakeButton({ name, testId, isChosen, onChoose }: StakeButtonProps) {
  return (
    <button
      type="button"
      className="stakeButton figure"
      aria-pressed={isChosen}
      data-testid={testId}
      onClick={onChoose}
    >
      {name}
    </button>
  );
}

/** Something was typed, and it is no stake. */
function isUnclear(stake: Stake, other: string): boolean {
  return stake.kind === 'other' && other.trim() !== '' && parseStake(other) === null;
}

function amountOf(stake: Stake, other: string, availableMinor: number): number {
  if (stake.kind === 'points') return stake.points;
  if (stake.kind === 'share') return shareOfBalance(availableMinor, QUICK_SHARE);
  const typed = parseStake(other);
  return typed === null ? 0 : stakePoints(typed, availableMinor);
}

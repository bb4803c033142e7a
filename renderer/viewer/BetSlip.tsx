// Stake and "bet". The choice of an outcome is given up with each bet, so that a second tap on the
// same button never makes a second bet.

import { useState } from 'react';
import { useStore } from 'zustand';
import { Button } from '../ui/Button.tsx';
import { pointsText } from '../ui/figures.ts';
import type { MarketFace } from '../ui/MarketCard.tsx';
import { text } from '../ui/texts.ts';
import type { ViewerSession } from './viewerSession.ts';
import { shareOfBalance } from './wireViews.ts';

type Stake = { kind: 'points'; points: number } | { kind: 'share' } | { kind: 'other' };

const QUICK_POINTS = [10, 50] as const;
const QUICK_SHARE = 0.25;
const DIGITS_MAX = 9;

type BetSlipProps = {
  session: ViewerSession;
  market: MarketFace;
  isOpen: boolean;
  chosen: number | null;
  onPlaced(): void;
};

export function BetSlip({ session, market, isOpen, chosen, onPlaced }: BetSlipProps) {
  const [stake, setStake] = useState<Stake>({ kind: 'points', points: QUICK_POINTS[0] });
  const [other, setOther] = useState('');
  const available = useStore(session.store, (view) => view.balance?.availableMinor ?? null);
  const suspended = useStore(session.store, (view) => view.show?.bettingSuspended ?? '');
  const trouble = useStore(session.store, (view) => view.betTrouble);
  const amountMinor = amountOf(stake, other, available ?? 0);
  const outcome = chosen === null ? undefined : market.outcomes[chosen];

  let words = text('viewer.bet', {
    points: pointsText(amountMinor),
    outcome: outcome?.label ?? '',
  });
  let canBet = true;
  const refuse = (reason: string) => {
    words = reason;
    canBet = false;
  };
  if (!isOpen || suspended !== '') refuse(text('viewer.closed'));
  else if (!outcome) refuse(text('viewer.pickOutcome'));
  else if (amountMinor <= 0) refuse(text('viewer.pickStake'));
  else if (available === null || amountMinor > available) refuse(text('viewer.tooMuch'));

  function bet(): void {
    if (!canBet || chosen === null) return;
    session.place({ market, outcome: chosen, amountMinor });
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
          inputMode="numeric"
          autoComplete="off"
          aria-label={text('viewer.stakeOtherName')}
          placeholder={text('viewer.stakeOther')}
          maxLength={DIGITS_MAX}
          value={other}
          onFocus={() => setStake({ kind: 'other' })}
          onChange={(event) => {
            setStake({ kind: 'other' });
            setOther(event.target.value.replace(/\D/g, ''));
          }}
        />
      </fieldset>
      <Button type="submit" look="primary" size="touch" disabled={!canBet} data-testid="place-bet">
        {words}
      </Button>
      {trouble === '' ? null : (
        <p className="betSlip-trouble" role="alert">
          {trouble}
        </p>
      )}
    </form>
  );
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

function amountOf(stake: Stake, other: string, availableMinor: number): number {
  if (stake.kind === 'points') return stake.points;
  if (stake.kind === 'share') return shareOfBalance(availableMinor, QUICK_SHARE);
  return other === '' ? 0 : Number(other);
}

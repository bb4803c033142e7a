// The owner's hand on a running market. Resolving and voiding say their effect before they happen,
// because money moves and is only ever put right by another transfer.

import { useState } from 'react';
import type { MarketView } from '../../core/contract/state.ts';
import { Button } from '../ui/Button.tsx';
import { pointsText } from '../ui/figures.ts';
import { OutcomeMark, outcomeStyle } from '../ui/OutcomeMark.tsx';
import { text } from '../ui/texts.ts';
import { ask, studio } from './store.ts';
import { useFirstFocus } from './useFirstFocus.ts';

function people(count: number): string {
  if (count === 1) return text('studio.markets.person');
  return text('studio.markets.people', { count: pointsText(count) });
}

export function MarketControls({ market }: { market: MarketView }) {
  const [doing, setDoing] = useState<'nothing' | 'resolve' | 'void'>('nothing');
  if (doing === 'resolve') {
    return <Resolve market={market} onDone={() => setDoing('nothing')} />;
  }
  if (doing === 'void') return <Void market={market} onDone={() => setDoing('nothing')} />;
  return (
    <div className="marketControls">
      {market.state === 'OPEN' ? (
        <Button size="dense" onClick={() => ask(studio.markets.lock({ marketId: market.id }))}>
          {text('studio.markets.lock')}
        </Button>
      ) : null}
      <Button size="dense" onClick={() => setDoing('resolve')}>
        {text('studio.markets.resolve')}
      </Button>
      <Button size="dense" look="quiet" onClick={() => setDoing('void')}>
        {text('studio.markets.void')}
      </Button>
    </div>
  );
}

type PartProps = { market: MarketView; onDone: () => void };

const totalOf = (market: MarketView) =>
  market.outcomes.reduce((sum, outcome) => sum + outcome.poolMinor, 0);

function Resolve({ market, onDone }: PartProps) {
  const total = totalOf(market);
  const first = useFirstFocus<HTMLButtonElement>();
  return (
    <fieldset className="decide" onKeyDown={(key) => key.key === 'Escape' && onDone()}>
      <legend>{text('studio.markets.whoWon')}</legend>
      {market.outcomes.map((outcome, index) => (
        <button
          key={outcome.label}
          type="button"
          className="button button-plain decide-outcome"
          style={outcomeStyle(index)}
          ref={index === 0 ? first : null}
          onClick={() => {
            const reason = text('studio.markets.decidedByHand');
            ask(studio.markets.resolve({ marketId: market.id, outcome: index, reason }));
            onDone();
          }}
        >
          <OutcomeMark index={index} />
          <span className="outcomeRow-label">{outcome.label}</span>
          <small>
            {outcome.bettors === 0
              ? text('studio.markets.winsNobody')
              : text('studio.markets.wins', {
                  points: pointsText(total),
                  count: people(outcome.bettors),
                })}
          </small>
        </button>
      ))}
      <Button size="dense" look="quiet" onClick={onDone}>
        {text('common.cancel')}
      </Button>
    </fieldset>
  );
}

function Void({ market, onDone }: PartProps) {
  const [reason, setReason] = useState('');
  const field = useFirstFocus<HTMLInputElement>();
  const bettors = market.outcomes.reduce((sum, outcome) => sum + outcome.bettors, 0);
  return (
    <form
      className="decide"
      onKeyDown={(key) => key.key === 'Escape' && onDone()}
      onSubmit={(submit) => {
        submit.preventDefault();
        ask(studio.markets.void({ marketId: market.id, reason: reason.trim() }));
        onDone();
      }}
    >
      <label className="decide-label">
        {text('studio.markets.whyVoid')}
        <input
          className="field"
          ref={field}
          required
          pattern=".*\S.*"
          maxLength={300}
          value={reason}
          onChange={(change) => setReason(change.target.value)}
        />
      </label>
      <p className="marketCard-reason">
        {text('studio.markets.voidEffect', {
          points: pointsText(totalOf(market)),
          people: people(bettors),
        })}
      </p>
      <div className="marketControls">
        <Button size="dense" look="stop" type="submit">
          {text('studio.markets.voidNow')}
        </Button>
        <Button size="dense" look="quiet" onClick={onDone}>
          {text('common.cancel')}
        </Button>
      </div>
    </form>
  );
}

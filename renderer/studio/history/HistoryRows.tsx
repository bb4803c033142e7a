// The cells of a bet and of a market in the history: two lines of one height. Money of people is
// not drawn in streamer mode.

import { memo } from 'react';
import type { PastBet } from '../../../core/contract/historyOperations.ts';
import type { MarketView } from '../../../core/contract/state.ts';
import { pointsText } from '../../ui/figures.ts';
import { OutcomeMark } from '../../ui/OutcomeMark.tsx';
import { text } from '../../ui/texts.ts';
import { Said } from '../Secret.tsx';
import { useStreamerMode } from '../streamerMode.ts';
import { momentsOf } from './moments.ts';
import { RowCell } from './RowList.tsx';

export const betCells = (bet: PastBet) => <BetCells bet={bet} />;
export const marketCells = (market: MarketView) => <MarketCells market={market} />;

const BetCells = memo(function BetCells({ bet }: { bet: PastBet }) {
  const isHiding = useStreamerMode((mode) => mode.isOn);
  const { question, outcome, outcomeLabel, name, atMs, amountMinor, result, paidMinor } = bet;
  const points = isHiding ? '' : pointsText(paidMinor);
  const hidden = text('studio.history.hidden');
  return (
    <>
      <RowCell look="pastRow-what" title={`${outcomeLabel} · ${question}`}>
        <OutcomeMark index={outcome} size={10} /> {outcomeLabel}{' '}
        <span className="pastRow-of">{question}</span>
      </RowCell>
      <RowCell look="pastRow-figure figure">
        {isHiding ? hidden : text('market.points', { points: pointsText(amountMinor) })}
      </RowCell>
      <RowCell look="pastRow-who">
        {name} <time>{momentsOf(atMs)}</time>
      </RowCell>
      <RowCell look="pastRow-result" data-result={result}>
        {result === 'WON' && isHiding
          ? text('studio.history.won')
          : text(`studio.mod.bet.${result}`, { points })}
      </RowCell>
    </>
  );
});

const MarketCells = memo(function MarketCells({ market }: { market: MarketView }) {
  const { title, outcomes, winner, state, paidMinor, resolvedAtUs, revision, reason } = market;
  const won = winner === null ? undefined : outcomes[winner];
  const poolMinor = outcomes.reduce((sum, outcome) => sum + outcome.poolMinor, 0);
  const isPaid = state === 'RESOLVED' && resolvedAtUs !== undefined;
  return (
    <>
      <RowCell look="pastRow-what" title={title}>
        {title}
      </RowCell>
      <RowCell look="pastRow-figure figure">
        {state === 'VOID'
          ? ''
          : text('market.points', { points: pointsText(isPaid ? paidMinor : poolMinor) })}
      </RowCell>
      <RowCell look="pastRow-who">
        {revision === undefined ? null : `${text('studio.history.corrected')} · `}
        <Said>{reason}</Said>
      </RowCell>
      <RowCell look="pastRow-result" data-result={state}>
        {won === undefined || winner === null ? (
          text(state === 'VOID' ? 'market.state.VOID' : 'studio.history.locked')
        ) : (
          <>
            <OutcomeMark index={winner} size={10} /> {won.label}
          </>
        )}
      </RowCell>
    </>
  );
});

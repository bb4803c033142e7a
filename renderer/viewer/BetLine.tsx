// One bet, in three visible states in the same spot: sent (hollow), confirmed (solid, with its
// receipt), settled. A refund and a refusal say why; its code stands small behind.

import type { ReactNode } from 'react';
import { pointsText } from '../ui/figures.ts';
import { OutcomeMark } from '../ui/OutcomeMark.tsx';
import { text } from '../ui/texts.ts';
import type { BetRecord, BetState } from './betRecord.ts';
import { smallPrint, stateText, witnessText } from './betWords.ts';
import { ReceiptLink } from './ReceiptLink.tsx';

const MARKS: Record<BetState, string> = {
  sent: 'M7 1.75a5.25 5.25 0 1 1 0 10.5a5.25 5.25 0 1 1 0-10.5',
  confirmed: 'M7 1a6 6 0 1 1 0 12a6 6 0 1 1 0-12',
  won: 'M2 7.5 5.5 11 12 3.5',
  lost: 'M2.5 7H11.5',
  refunded: 'M5 3 2 6l3 3M2 6h6a3 3 0 0 1 0 6H5',
  refused: 'M3 3 11 11M11 3 3 11',
};

export function BetMark({ state }: { state: BetState }) {
  return (
    <svg className="betMark" width="14" height="14" viewBox="0 0 14 14" aria-hidden="true">
      <path
        d={MARKS[state]}
        fill={state === 'confirmed' ? 'currentColor' : 'none'}
        stroke={state === 'confirmed' ? 'none' : 'currentColor'}
        strokeWidth={state === 'sent' ? 1.5 : 2}
        strokeDasharray={state === 'sent' ? '3 2' : undefined}
      />
    </svg>
  );
}

type BetLineProps = {
  bet: BetRecord;
  isNewest: boolean;
  withTitle?: boolean;
  /** Further bets on the same market that are not shown here. */
  moreCount?: number;
  /** What can still be done with it. */
  children?: ReactNode;
};

export function BetLine(props: BetLineProps) {
  const { bet, isNewest, withTitle = false, moreCount = 0, children } = props;
  const points = pointsText(bet.amountMinor);
  const outcome = bet.outcomeLabel;
  const words = smallPrint(bet);
  return (
    <li
      className="betLine"
      data-state={bet.state}
      data-bet={bet.betId}
      data-seq={bet.seq}
      data-hash={bet.hash}
      data-move={bet.move ? `${bet.move.kind} ${bet.move.state}` : undefined}
      data-witnessed={bet.seq > 0 ? bet.isWitnessed : undefined}
      {...(isNewest ? { 'data-testid': 'bet-state' } : {})}
    >
      <BetMark state={bet.state} />
      <div className="betLine-words">
        {withTitle ? <p className="betLine-title">{bet.marketTitle}</p> : null}
        <p className="betLine-main">
          <strong>{stateText(bet)}</strong>
          <span className="betLine-stake">
            <OutcomeMark index={bet.outcome} size={10} />
            {text('viewer.betOn', { points, outcome })}
          </span>
          {moreCount > 0 ? (
            <span className="betLine-more">{text('viewer.moreBets', { count: moreCount })}</span>
          ) : null}
        </p>
        <p className="betLine-small" title={bet.hash || undefined}>
          {words === '' || bet.seq === 0 ? words : `${words} · `}
          <ReceiptLink bet={bet} />
          {bet.seq > 0 ? ` · ${witnessText(bet)}` : ''}
        </p>
        {children}
      </div>
    </li>
  );
}

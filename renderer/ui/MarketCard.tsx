// One market as studio and viewer show it: title, countdown on the media clock, outcomes with
// colour and shape, pools and odds. It shows what it is given and decides nothing about money.

import type { ReactNode } from 'react';
import type { MarketState } from '../../core/contract/state.ts';
import { Figure } from './Figure.tsx';
import {
  countdownText,
  oddsText,
  percentText,
  pointsText,
  poolOdds,
  poolShare,
  priceOdds,
} from './figures.ts';
import { OutcomeMark, outcomeStyle } from './OutcomeMark.tsx';
import { text } from './texts.ts';

/** What a card needs; a studio's MarketView is one, a viewer's wire Market becomes one. */
export type MarketFace = {
  id: string;
  title: string;
  outcomes: readonly { label: string; poolMinor: number; bettors: number }[];
  state: MarketState;
  lockAtUs: number;
  horizonAtUs: number;
  winner: number | null;
  reason: string;
  /** Where bets have prices: thousandths per outcome, and the number of this price. */
  prices?: { quoteSeq: number; permille: readonly number[] } | undefined;
  /** Why nobody may bet in it now; empty or absent when they may. */
  suspended?: string | undefined;
  /** How often its decision was taken anew by hand; none or absent: never. */
  revision?: number | undefined;
};

type MarketCardProps = {
  market: MarketFace;
  /** Media clock, microseconds; null while it is not known. */
  nowUs: number | null;
  /** Makes the outcomes buttons. */
  onChoose?: (outcome: number) => void;
  /** The outcome that is chosen, when `onChoose` is given. */
  chosen?: number | null;
  /** Below the outcomes: stake, or the owner's controls. */
  children?: ReactNode;
};

/** Below this the countdown turns to the warning colour, microseconds. */
const CLOSING_US = 5_000_000;

export function MarketCard({ market, nowUs, onChoose, chosen, children }: MarketCardProps) {
  const pools = market.outcomes.map((outcome) => outcome.poolMinor);
  return (
    <article className="card marketCard" data-market={market.id} data-state={market.state}>
      <div className="marketCard-head">
        <h3 className="marketCard-title">{market.title}</h3>
        <MarketClock market={market} nowUs={nowUs} />
      </div>
      {market.revision ? <p className="badge">{text('market.corrected')}</p> : null}
      <ul className="marketCard-outcomes">
        {market.outcomes.map((outcome, index) => (
          <li key={outcome.label}>
            <OutcomeRow
              index={index}
              label={outcome.label}
              pools={pools}
              permille={market.prices?.permille[index] ?? null}
              hasWon={market.state === 'RESOLVED' ? market.winner === index : null}
              canChoose={market.state === 'OPEN'}
              isChosen={chosen === index}
              onChoose={onChoose}
            />
          </li>
        ))}
      </ul>
      {market.reason === '' ? null : <p className="marketCard-reason">{market.reason}</p>}
      {children}
    </article>
  );
}

function MarketClock({ market, nowUs }: { market: MarketFace; nowUs: number | null }) {
  if (market.state !== 'OPEN') {
    return <span className="stateDot">{text(`market.state.${market.state}`)}</span>;
  }
  const leftUs = nowUs === null ? null : market.lockAtUs - nowUs;
  return (
    <span
      className="marketCard-countdown"
      data-closing={leftUs !== null && leftUs < CLOSING_US}
      role="timer"
      aria-label={text('market.timeLeft')}
    >
      <Figure charactersMin={5}>{leftUs === null ? '--:--' : countdownText(leftUs)}</Figure>
    </span>
  );
}

type OutcomeRowProps = {
  index: number;
  label: string;
  pools: readonly number[];
  /** The price in thousandths; null where winners share the pool. */
  permille: number | null;
  hasWon: boolean | null;
  canChoose: boolean;
  isChosen: boolean;
  onChoose: ((outcome: number) => void) | undefined;
};

function OutcomeRow(props: OutcomeRowProps) {
  const { index, label, pools, permille, hasWon, canChoose, isChosen, onChoose } = props;
  const share = permille === null ? poolShare(pools, index) : permille / 1000;
  const odds = permille === null ? poolOdds(pools, index) : priceOdds(permille);
  const inside = (
    <>
      <span className="outcomeRow-share" style={{ width: `${share * 100}%` }} />
      <OutcomeMark index={index} />
      <span className="outcomeRow-label">
        {label}
        {hasWon === true ? ` · ${text('market.won')}` : ''}
      </span>
      <span className="outcomeRow-pool">
        <Figure>
          {permille === null
            ? text('market.points', { points: pointsText(pools[index] ?? 0) })
            : percentText(permille)}
        </Figure>
      </span>
      <span className="outcomeRow-odds">
        <Figure>{oddsText(odds)}</Figure>
      </span>
    </>
  );
  const lost = hasWon === false;
  if (onChoose === undefined) {
    return (
      <div className="outcomeRow" data-lost={lost} style={outcomeStyle(index)}>
        {inside}
      </div>
    );
  }
  return (
    <button
      type="button"
      className="outcomeRow"
      data-testid={`outcome-${index}`}
      data-lost={lost}
      style={outcomeStyle(index)}
      disabled={!canChoose}
      aria-pressed={isChosen}
      onClick={() => onChoose(index)}
    >
      {inside}
    </button>
  );
}

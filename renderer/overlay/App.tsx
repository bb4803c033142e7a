// The overlay as it lies over a picture, in one corner: an alert, what became of a market, and the
// markets that run. Each stands on ground of its own, because what lies beneath is anything.

import type { ReactNode } from 'react';
import { MarketCard, type MarketFace } from '../ui/MarketCard.tsx';
import { OutcomeMark, outcomeStyle } from '../ui/OutcomeMark.tsx';
import { translated } from '../ui/sentences.ts';
import { text } from '../ui/texts.ts';
import { eventName } from '../viewer/newsWords.ts';
import type { Happening, OverlayParts } from './overlayBoard.ts';
import type { Corner } from './wishes.ts';

type AppProps = {
  parts: OverlayParts;
  /** Nothing of a show that is not on air. */
  isLive: boolean;
  corner: Corner;
  scale: number;
  nowUs: number | null;
};

export function App({ parts, isLive, corner, scale, nowUs }: AppProps) {
  if (!isLive) return null;
  return (
    <div className="overlay" data-corner={corner} style={{ zoom: scale }}>
      {parts.alert ? <Alert said={parts.alert} /> : null}
      {parts.results.map((market) => (
        <Result key={market.id} market={market} />
      ))}
      {parts.markets.map((market) => (
        <MarketCard key={market.id} market={market} nowUs={nowUs}>
          <Pause market={market} />
        </MarketCard>
      ))}
    </div>
  );
}

function Pause({ market }: { market: MarketFace }): ReactNode {
  if (market.state !== 'OPEN' || !market.suspended) return null;
  return <p className="overlay-pause">{text('overlay.suspended')}</p>;
}

function Alert({ said }: { said: Happening }) {
  return (
    <article className="overlay-alert" data-type={said.type}>
      <strong>{eventName(said.type)}</strong>
      {said.why === '' ? null : <span>{translated(said.why)}</span>}
    </article>
  );
}

function Result({ market }: { market: MarketFace }) {
  const { winner, outcomes, title, reason, state } = market;
  const won = winner === null ? undefined : outcomes[winner];
  const isVoid = state === 'VOID' || won === undefined || winner === null;
  return (
    <article className="overlay-result" data-market={market.id} data-state={state}>
      <span className="overlay-resultHead">{text(isVoid ? 'overlay.void' : 'overlay.result')}</span>
      <strong className="overlay-resultTitle">{title}</strong>
      {isVoid ? null : (
        <span className="overlay-winner" style={outcomeStyle(winner)}>
          <OutcomeMark index={winner} />
          {won.label}
        </span>
      )}
      {reason === '' ? null : <small>{reason}</small>}
    </article>
  );
}

// Balance and history. The words "play points, no cash value" are always on the screen with the
// balance. Figures keep their place: a six-digit balance moves nothing.

import { useStore } from 'zustand';
import { Figure } from '../ui/Figure.tsx';
import { pointsText } from '../ui/figures.ts';
import { text } from '../ui/texts.ts';
import { BetLine } from './BetLine.tsx';
import type { ViewerSession } from './viewerSession.ts';

/** Bets in the list; the ledger has them all. */
const HISTORY_SHOWN = 50;

function Balance({ session }: { session: ViewerSession }) {
  const balance = useStore(session.store, (view) => view.balance);
  return (
    <footer className="wallet">
      <dl className="wallet-figures">
        <div>
          <dt>{text('viewer.balance')}</dt>
          <dd data-testid="balance" data-minor={balance?.availableMinor ?? ''}>
            <Figure charactersMin={7}>{balance ? pointsText(balance.availableMinor) : '–'}</Figure>
          </dd>
        </div>
        <div>
          <dt>{text('viewer.atStake')}</dt>
          <dd data-testid="at-stake" data-minor={balance?.stakedMinor ?? ''}>
            <Figure charactersMin={7}>{balance ? pointsText(balance.stakedMinor) : '–'}</Figure>
          </dd>
        </div>
      </dl>
      <p className="wallet-words">{text('common.playPoints')}</p>
    </footer>
  );
}

function History({ session }: { session: ViewerSession }) {
  const bets = useStore(session.store, (view) => view.bets);
  return (
    <details className="history" data-testid="history">
      <summary className="history-head">
        {text('viewer.history')}
        <span className="history-count">{bets.length}</span>
      </summary>
      {bets.length === 0 ? <p className="history-empty">{text('viewer.noHistory')}</p> : null}
      <ul className="betLines">
        {bets.slice(0, HISTORY_SHOWN).map((bet) => (
          <BetLine key={bet.betId} bet={bet} isNewest={false} withTitle />
        ))}
      </ul>
    </details>
  );
}

export const Wallet = { Balance, History };

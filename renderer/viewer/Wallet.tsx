// Balance, debt and history. The words "play points, no cash value" are always on the screen with
// the balance. Figures keep their place: a six-digit balance moves nothing.

import { useStore } from 'zustand';
import { Figure } from '../ui/Figure.tsx';
import { pointsText } from '../ui/figures.ts';
import { Notice } from '../ui/Notice.tsx';
import { text } from '../ui/texts.ts';
import { BetActions } from './BetActions.tsx';
import { BetLine } from './BetLine.tsx';
import type { BetRecord } from './betRecord.ts';
import { resultOf } from './betWords.ts';
import { DecidingPicture } from './DecidingPicture.tsx';
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
      <p className="wallet-words">
        {balance && balance.grantedMinor > 0 ? (
          <strong className="wallet-granted" data-testid="granted">
            {text('viewer.granted', { points: pointsText(balance.grantedMinor) })}
          </strong>
        ) : null}
        {text('common.playPoints')}
      </p>
    </footer>
  );
}

/** Points owed after a correction, and why; nothing when nothing is owed. */
function Debt({ session }: { session: ViewerSession }) {
  const debtMinor = useStore(session.store, (view) => view.balance?.debtMinor ?? 0);
  if (debtMinor === 0) return null;
  return (
    <div data-testid="debt" data-minor={debtMinor}>
      <Notice severity="warn">{text('viewer.debt', { points: pointsText(debtMinor) })}</Notice>
    </div>
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
      <ResultLine bets={bets} />
      <ul className="betLines">
        {bets.slice(0, HISTORY_SHOWN).map((bet) => (
          <BetLine key={bet.betId} bet={bet} isNewest={false} withTitle>
            <BetActions session={session} bet={bet} />
            <DecidingPicture bet={bet} />
          </BetLine>
        ))}
      </ul>
    </details>
  );
}

/** What all of it came to, said plainly. */
function ResultLine({ bets }: { bets: readonly BetRecord[] }) {
  const { count, netMinor } = resultOf(bets);
  if (count === 0) return null;
  if (netMinor === 0)
    return <p className="history-result">{text('viewer.resultEven', { count })}</p>;
  const direction = text(netMinor > 0 ? 'viewer.result.ahead' : 'viewer.result.behind');
  const points = pointsText(Math.abs(netMinor));
  return (
    <p className="history-result" data-testid="result" data-minor={netMinor}>
      {text('viewer.result', { count, points, direction })}
    </p>
  );
}

export const Wallet = { Balance, Debt, History };

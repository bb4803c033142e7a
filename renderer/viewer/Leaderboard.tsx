// The leaderboard: profit and loss of those who signed in, as the studio tells it from the ledger.
// It says what it counts and, to a guest, why they are not in it; losses stand as plainly as wins.

import { useStore } from 'zustand';
import { pointsText } from '../ui/figures.ts';
import { text } from '../ui/texts.ts';
import type { ViewerSession } from './viewerSession.ts';

export function Leaderboard({ session }: { session: ViewerSession }) {
  const board = useStore(session.store, (view) => view.leaderboard);
  const author = useStore(session.chat.store, ({ standing }) => standing?.author ?? '');
  if (!board) return <p className="history-empty">{text('viewer.boardEmpty')}</p>;
  return (
    <>
      <p className="board-words">{text('viewer.boardWhat', { people: board.people })}</p>
      <WhyNot session={session} />
      {board.rows.length === 0 ? (
        <p className="history-empty">{text('viewer.boardEmpty')}</p>
      ) : (
        <ol className="board-rows">
          {board.rows.map((row, at) => (
            <li
              className="board-row"
              key={row.authors.join()}
              data-own={row.authors.includes(author)}
              data-minor={row.netMinor}
            >
              <span className="board-place">{at + 1}</span>
              <span className="board-name">
                {row.name}
                {row.authors.includes(author) ? ` (${text('viewer.boardYou')})` : ''}
              </span>
              <span className="board-bets">{text('viewer.boardBets', { count: row.bets })}</span>
              <span>{signedText(row.netMinor)}</span>
            </li>
          ))}
        </ol>
      )}
    </>
  );
}

/** To a guest; nothing to who is signed in. */
function WhyNot({ session }: { session: ViewerSession }) {
  const isSignedIn = useStore(session.chat.store, ({ standing }) => standing?.isSignedIn ?? false);
  const canSignIn = useStore(session.chat.store, (view) => view.canSignIn);
  if (isSignedIn) return null;
  return (
    <p className="board-words" data-testid="board-guest">
      {text('viewer.boardGuest')} {text(canSignIn ? 'viewer.boardGuestHow' : 'viewer.boardNoLogIn')}
    </p>
  );
}

function signedText(minor: number): string {
  if (minor === 0) return '0';
  return `${minor > 0 ? '+' : '−'}${pointsText(Math.abs(minor))}`;
}

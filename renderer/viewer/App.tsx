// The viewer page as a whole: picture first, then what can be bet on. One column on a phone;
// picture and a column beside it on a desk; in the large view the market lies over the
// picture as a slim card. Places are kept free before they are filled, so that
// nothing jumps under a finger.

import { lazy, type ReactNode, Suspense, useEffect, useRef, useState } from 'react';
import { useStore } from 'zustand';
import { Notice } from '../ui/Notice.tsx';
import { translated } from '../ui/sentences.ts';
import { text } from '../ui/texts.ts';
import { Announcer } from './Announcer.tsx';
import { isTelevision } from './address.ts';
import { isArrow, moveFocus } from './arrowFocus.ts';
import { Chat } from './Chat.tsx';
import { Markets } from './Markets.tsx';
import { News } from './News.tsx';
import { Stage, togglePictureInPicture } from './Stage.tsx';
import type { ViewerSession } from './viewerSession.ts';
import { Wallet } from './Wallet.tsx';

export type ViewSize = 'normal' | 'theatre' | 'full';

const Limits = lazy(() => import('./Limits.tsx').then((code) => ({ default: code.Limits })));
const Leaderboard = lazy(() =>
  import('./Leaderboard.tsx').then((code) => ({ default: code.Leaderboard })),
);

/** Where a remote's first arrow goes: what can be bet on. */
const FIRST_ON_TV = '[data-testid="outcome-0"]';

type AppProps = { session: ViewerSession; video: HTMLVideoElement };

export function App({ session, video }: AppProps) {
  const [size, setSize] = useState<ViewSize>('normal');
  const page = useRef<HTMLDivElement>(null);
  const [isTv] = useState(() => isTelevision(location.search, navigator.userAgent));

  useEffect(() => {
    const onChange = () => {
      if (document.fullscreenElement) setSize('full');
      else setSize((before) => (before === 'full' ? 'normal' : before));
    };
    document.addEventListener('fullscreenchange', onChange);
    return () => document.removeEventListener('fullscreenchange', onChange);
  }, []);

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.altKey || event.metaKey) return;
      if (isTyping(event.target, event.key)) return;
      if (isArrow(event.key)) {
        const first = isTv ? FIRST_ON_TV : null;
        if (page.current && moveFocus(page.current, event.key, first)) event.preventDefault();
        return;
      }
      if (event.key === 'm') session.setSound(!session.store.getState().sound);
      else if (event.key === 'f') toggleFullScreen();
      else if (event.key === 'p') togglePictureInPicture(video);
      else if (event.key === 't') setSize((now) => (now === 'theatre' ? 'normal' : 'theatre'));
      else if (event.key === 'Escape') setSize((now) => (now === 'theatre' ? 'normal' : now));
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  });

  function toggleFullScreen(): void {
    if (document.fullscreenElement) void document.exitFullscreen();
    // Phones' and in-app browsers may have none: the large picture is the next best.
    else if (!page.current?.requestFullscreen) setSize(size === 'theatre' ? 'normal' : 'theatre');
    else page.current.requestFullscreen().catch(() => setSize('theatre'));
  }

  return (
    <div className="page" data-size={size} data-tv={isTv} ref={page}>
      <Announcer session={session} />
      <Stage
        session={session}
        video={video}
        size={size}
        onTheatre={() => setSize(size === 'theatre' ? 'normal' : 'theatre')}
        onFullScreen={toggleFullScreen}
      />
      <aside className="side" aria-label={text('viewer.markets')}>
        <div className="side-scroll">
          <ShowLine session={session} />
          <LineTrouble session={session} />
          <Wallet.Debt session={session} />
          <Markets session={session} />
          <News session={session} />
          <Chat chat={session.chat} />
          <Wallet.History session={session} />
          <Drawer id="leaderboard" title={text('viewer.board')}>
            <Leaderboard session={session} />
          </Drawer>
          <Drawer
            id="limits"
            title={text('viewer.limits')}
            onOpen={() => session.money.askLimits()}
          >
            <Limits session={session} />
          </Drawer>
        </div>
        <Wallet.Balance session={session} />
      </aside>
    </div>
  );
}

/** Arrows and letters belong to whoever takes them. */
function isTyping(target: EventTarget | null, key: string): boolean {
  if (!(target instanceof HTMLInputElement)) return false;
  const isText = !['checkbox', 'radio'].includes(target.type);
  return isText
    ? key !== 'ArrowUp' && key !== 'ArrowDown'
    : target.type === 'radio' && isArrow(key);
}

type DrawerProps = { id: string; title: string; onOpen?: () => void; children: ReactNode };

/** Its inside is fetched when it is first opened. */
function Drawer({ id, title, onOpen, children }: DrawerProps) {
  const [wasOpened, setOpened] = useState(false);
  return (
    <details
      className="history"
      data-testid={id}
      onToggle={(event) => {
        if (!event.currentTarget.open) return;
        setOpened(true);
        onOpen?.();
      }}
    >
      <summary className="history-head">{title}</summary>
      <Suspense fallback={null}>{wasOpened ? children : null}</Suspense>
    </details>
  );
}

function ShowLine({ session }: { session: ViewerSession }) {
  const show = useStore(session.store, (view) => view.show);
  const title = show?.title || text('viewer.title');
  useEffect(() => {
    document.title = title;
  }, [title]);
  return (
    <header className="showLine">
      <h1 className="showLine-title">{title}</h1>
      <span className="showLine-watching">
        {show ? text('viewer.watching', { count: show.viewers }) : ''}
      </span>
    </header>
  );
}

/** What is wrong with betting, and what becomes of bets; nothing when all is well. */
function LineTrouble({ session }: { session: ViewerSession }) {
  const facts = useStore(session.store, (view) => view.facts);
  const show = useStore(session.store, (view) => view.show);
  const isLasting = useStore(session.store, (view) => view.isLasting);
  return (
    <>
      {facts.state === 'refused' && facts.code === 'UNKNOWN_CHANNEL' ? (
        <Notice severity="warn">{text('viewer.unknownShow')}</Notice>
      ) : null}
      {facts.state === 'refused' && facts.code !== 'UNKNOWN_CHANNEL' ? (
        <Notice severity="stop">{text('viewer.refused', { reason: facts.message })}</Notice>
      ) : null}
      {facts.state === 'connecting' && show ? (
        <Notice severity="warn">{text('viewer.offline')}</Notice>
      ) : null}
      {facts.state === 'welcome' && show?.bettingSuspended ? (
        <Notice severity="warn">
          {text('viewer.bettingSuspended', { reason: translated(show.bettingSuspended) })}
        </Notice>
      ) : null}
      {isLasting ? null : <Notice severity="info">{text('viewer.notLasting')}</Notice>}
    </>
  );
}

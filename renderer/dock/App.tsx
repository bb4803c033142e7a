// The dock inside OBS: how the show is, in one line, and the markets with all their acts. Narrow by
// nature; everything else of the studio stays in the studio.

import { X } from 'lucide-react';
import { Dialogs } from '../studio/Dialogs.tsx';
import { Markets } from '../studio/Markets.tsx';
import { dismissToast, usePage } from '../studio/store.ts';
import { IconButton } from '../ui/Button.tsx';
import { Notice } from '../ui/Notice.tsx';
import { StateDot } from '../ui/StateDot.tsx';
import { text } from '../ui/texts.ts';

export function App() {
  const state = usePage((page) => page.state);
  const connection = usePage((page) => page.connection);
  const toasts = usePage((page) => page.toasts);
  const viewers = usePage((page) => page.readings?.viewers ?? 0);
  if (connection.state === 'refused') return <p className="dockPage-wait">{connection.message}</p>;
  if (state === null) return <p className="dockPage-wait">{text('studio.connecting')}</p>;
  const isLive = state.show.state === 'live';
  return (
    <main className="dockPage" data-connected={connection.state === 'connected'}>
      <header className="dockPage-head">
        <StateDot tone={isLive ? 'live' : 'idle'}>
          {text(isLive ? 'dock.live' : 'dock.ready')}
        </StateDot>
        <span className="dockPage-title">{state.show.title}</span>
        <span>{text('dock.watching', { count: viewers })}</span>
      </header>
      {connection.state === 'lost' ? (
        <Notice severity="warn">
          {text('studio.lost', { seconds: Math.max(1, Math.round(connection.retryMs / 1000)) })}
        </Notice>
      ) : null}
      <section className="dockPage-markets" aria-label={text('dock.title')}>
        <Markets state={state} />
      </section>
      <Dialogs state={state} />
      <div className="toasts" aria-live="polite">
        {toasts.map((toast) => (
          <Notice
            key={toast.id}
            severity="stop"
            action={
              <IconButton
                size="dense"
                name={text('common.close')}
                onClick={() => dismissToast(toast.id)}
              >
                <X size={14} aria-hidden="true" />
              </IconButton>
            }
          >
            {toast.text}
          </Notice>
        ))}
      </div>
    </main>
  );
}

// The crew's page: the moderators' panel and the markets of a show that runs elsewhere. A role that
// was taken back, or an invitation that is over, is said in words; there is nothing behind it.

import { Eye } from 'lucide-react';
import type { StudioState } from '../../core/contract/state.ts';
import { PanelFrame } from '../studio/docks/DockFrame.tsx';
import { Markets } from '../studio/Markets.tsx';
import { roleWords } from '../studio/moderation/actWords.ts';
import { Moderation } from '../studio/moderation/Moderation.tsx';
import { usePage } from '../studio/store.ts';
import { Toasts } from '../studio/Toasts.tsx';
import { Figure } from '../ui/Figure.tsx';
import { Notice } from '../ui/Notice.tsx';
import { StateDot } from '../ui/StateDot.tsx';
import { translated } from '../ui/sentences.ts';
import { text } from '../ui/texts.ts';
import { channelId } from './chooseLine.ts';
import { useLine } from './lineStore.ts';

export function CrewPage() {
  const state = usePage((page) => page.state);
  const connection = usePage((page) => page.connection);
  const { refusal, isFinal } = useLine();
  if (isFinal || connection.state === 'refused') {
    return (
      <main className="fullPage">
        <h1>{text('studio.crew.refused')}</h1>
        <p>{translated(refusal || (connection.state === 'refused' ? connection.message : ''))}</p>
        <p>{text('studio.crew.refusedHint')}</p>
      </main>
    );
  }
  if (state === null) {
    return (
      <main className="fullPage" aria-busy="true">
        <p>{text('studio.crew.connecting')}</p>
        {refusal === '' ? null : <Notice severity="warn">{translated(refusal)}</Notice>}
      </main>
    );
  }
  return (
    <div className="crewPage">
      <Head state={state} />
      <div className="crewPage-notices" aria-live="polite">
        {connection.state === 'connected' ? null : (
          <Notice severity="warn">{text('studio.crew.lost')}</Notice>
        )}
      </div>
      <main className="crewPage-panels">
        <PanelFrame id="crew-moderation" title={text('studio.mod')} className="crewPage-panel">
          <Moderation state={state} />
        </PanelFrame>
        <PanelFrame
          id="crew-markets"
          title={text('studio.crew.markets')}
          className="crewPage-panel"
        >
          <Markets state={state} />
        </PanelFrame>
      </main>
      <Toasts />
    </div>
  );
}

function Head({ state: { show, relay } }: { state: StudioState }) {
  const connection = usePage((page) => page.connection);
  const isLive = show.state === 'live';
  return (
    <header className="crewPage-head">
      <StateDot tone={isLive ? 'live' : 'idle'}>
        {isLive ? text('studio.header.live') : text('studio.crew.ready')}
      </StateDot>
      <h1>{text('studio.crew.title', { title: show.title })}</h1>
      <span>
        <Figure>{text('studio.crew.watching', { count: relay.viewers })}</Figure>
      </span>
      {connection.state === 'connected' ? (
        <span>{text('studio.crew.you', { role: roleWords(connection.role) })}</span>
      ) : null}
      <a className="crewPage-watch" href={`/s/${channelId}`} target="_blank" rel="noreferrer">
        <Eye size={14} aria-hidden="true" />
        {text('studio.crew.watch')}
      </a>
    </header>
  );
}

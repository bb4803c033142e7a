// What can be shown and what is shown. The current source says its state and, in trouble, why.

import { ExternalLink, Plus } from 'lucide-react';
import { useState } from 'react';
import type { SourceState, StudioState } from '../../core/contract/state.ts';
import { Button } from '../ui/Button.tsx';
import { Figure } from '../ui/Figure.tsx';
import { StateDot, type StateTone } from '../ui/StateDot.tsx';
import { text } from '../ui/texts.ts';
import { ask, studio } from './store.ts';
import { useFirstFocus } from './useFirstFocus.ts';

const TONES: Record<SourceState['state'], StateTone> = {
  ready: 'idle',
  connecting: 'warn',
  live: 'go',
  stalled: 'warn',
  reconnecting: 'warn',
  failed: 'stop',
};

export function Sources({ state }: { state: StudioState }) {
  const { source, sources } = state;
  const isListed = sources.some((other) => other.url === source.url);
  const all = isListed ? sources : [{ url: source.url, title: source.title }, ...sources];
  return (
    <section className="dockPart" aria-labelledby="sources-title">
      <h2 id="sources-title" className="dockTitle">
        {text('studio.sources')}
      </h2>
      <ul className="sourceList">
        {all.map((other) =>
          other.url === source.url ? (
            <li key={other.url} className="source source-current" aria-current="true">
              <CurrentSource source={source} />
            </li>
          ) : (
            <li key={other.url}>
              <button
                type="button"
                className="source"
                aria-label={text('studio.sources.switch', { title: other.title })}
                onClick={() => ask(studio.sources.select({ url: other.url }))}
              >
                <span className="source-title">{other.title}</span>
              </button>
            </li>
          ),
        )}
      </ul>
      <AddSource />
    </section>
  );
}

function CurrentSource({ source }: { source: SourceState }) {
  return (
    <>
      <span className="source-head">
        <span className="source-title">{source.title}</span>
        <StateDot tone={TONES[source.state]}>{text(`studio.source.${source.state}`)}</StateDot>
      </span>
      {source.width > 0 ? (
        <span className="source-facts">
          <Figure>
            {source.width}×{source.height} · {Math.round(source.framesPerSecond)} fps
          </Figure>
          {' · '}
          {text(source.hasSound ? 'studio.source.sound' : 'studio.source.noSound')}
        </span>
      ) : null}
      {source.reason === '' ? null : <span className="source-reason">{source.reason}</span>}
      {needsCameraPage(source) ? <CameraPageLink /> : null}
    </>
  );
}

/** In a browser a person opens the page that owns the camera; the desktop app opens it itself. */
function needsCameraPage(source: SourceState): boolean {
  const isBrowser = location.protocol.startsWith('http');
  return isBrowser && source.url.startsWith('camera:') && source.state !== 'live';
}

/** Always the same tab: a second camera page would take the camera from the first. */
function CameraPageLink() {
  return (
    <a className="button button-primary button-dense" href="/capture/" target="morphine-camera">
      {text('studio.sources.openCamera')}
      <ExternalLink size={14} aria-hidden="true" />
    </a>
  );
}

function AddSource() {
  const [isOpen, setIsOpen] = useState(false);
  if (isOpen) return <AddSourceForm onDone={() => setIsOpen(false)} />;
  return (
    <Button look="quiet" size="dense" onClick={() => setIsOpen(true)}>
      <Plus size={14} aria-hidden="true" />
      {text('studio.sources.add')}
    </Button>
  );
}

function AddSourceForm({ onDone }: { onDone: () => void }) {
  const [url, setUrl] = useState('');
  const field = useFirstFocus<HTMLInputElement>();
  async function use(): Promise<void> {
    const wanted = url.trim();
    if (wanted !== '' && (await ask(studio.sources.select({ url: wanted })))) onDone();
  }
  return (
    <form
      className="addSource"
      onSubmit={(submit) => {
        submit.preventDefault();
        use();
      }}
      onKeyDown={(key) => key.key === 'Escape' && onDone()}
    >
      <input
        className="field"
        ref={field}
        aria-label={text('studio.sources.url')}
        placeholder={text('studio.sources.hint')}
        value={url}
        spellCheck={false}
        onChange={(change) => setUrl(change.target.value)}
      />
      <Button size="dense" type="submit">
        {text('studio.sources.use')}
      </Button>
    </form>
  );
}

// What can be shown, what is shown and what is about to be. The source on air stays the current one
// until the next has a picture; each says its state and, in trouble, why.

import { ExternalLink, Plus } from 'lucide-react';
import { useState } from 'react';
import type { SourceState, StudioState } from '../../core/contract/state.ts';
import { isPageSource } from '../../core/media/capturePort.ts';
import { Button } from '../ui/Button.tsx';
import { Figure } from '../ui/Figure.tsx';
import { StateDot, type StateTone } from '../ui/StateDot.tsx';
import { text } from '../ui/texts.ts';
import { TextField } from './Field.tsx';
import { PicturePanel } from './PicturePanel.tsx';
import { PlaybackLine } from './PlaybackLine.tsx';
import { Said } from './Secret.tsx';
import { ask, studio } from './store.ts';
import { useVeil } from './streamerMode.ts';
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
  const { source } = state;
  const { next } = source;
  return (
    <div className="dockPart">
      <ul className="sourceList">
        {listOf(state).map((other) => {
          if (other.url === source.url) {
            return (
              <li key={other.url} className="source source-current" aria-current="true">
                <CurrentSource source={source} />
              </li>
            );
          }
          return (
            <li key={other.url}>
              {other.url === next?.url && next.state !== 'failed' ? (
                <NextSource next={next} onAirUrl={source.url} />
              ) : (
                <OtherSource other={other} failure={other.url === next?.url ? next.reason : ''} />
              )}
            </li>
          );
        })}
      </ul>
      <AddSource />
      <PicturePanel picture={state.picture} source={source} />
    </div>
  );
}

/** What is known, with what is on air or about to be in front. */
function listOf({ source, sources }: StudioState): StudioState['sources'] {
  const shown = [source, ...(source.next ? [source.next] : [])].filter(({ url }) => url !== '');
  const unlisted = shown.filter(({ url }) => sources.every((other) => other.url !== url));
  return [...unlisted.map(({ url, title }) => ({ url, title })), ...sources];
}

function OtherSource(props: { other: { url: string; title: string }; failure: string }) {
  const { other, failure } = props;
  const veil = useVeil();
  return (
    <button
      type="button"
      className="source"
      aria-label={text('studio.sources.switch', { title: veil(other.title) })}
      onClick={() => ask(studio.sources.select({ url: other.url }))}
    >
      <span className="source-head">
        <SourceTitle>{other.title}</SourceTitle>
        {failure === '' ? null : <StateDot tone="stop">{text('studio.source.failed')}</StateDot>}
      </span>
      {failure === '' ? null : (
        <span className="source-reason">
          <Said>{failure}</Said>
        </span>
      )}
    </button>
  );
}

/** A source without a name of its own shows its address. */
function SourceTitle({ children }: { children: string }) {
  return <span className="source-title">{useVeil()(children)}</span>;
}

/** On its way to the air; what is on air goes on. */
function NextSource(props: { next: NonNullable<SourceState['next']>; onAirUrl: string }) {
  const { next, onAirUrl } = props;
  return (
    <div className="source source-next">
      <span className="source-head">
        <SourceTitle>{next.title}</SourceTitle>
        <StateDot tone="warn">{text('studio.source.switching')}</StateDot>
      </span>
      {next.reason === '' ? null : (
        <span className="source-reason">
          <Said>{next.reason}</Said>
        </span>
      )}
      {isPageSource(next.url) && isBrowser() ? <CameraPageLink /> : null}
      <Button
        look="quiet"
        size="dense"
        onClick={() => ask(studio.sources.select({ url: onAirUrl }))}
      >
        {text('studio.source.cancelSwitch')}
      </Button>
    </div>
  );
}

/** A hand paused it; that is no trouble, and has no reason to give. */
function CurrentSource({ source }: { source: SourceState }) {
  const isPaused = source.playback?.isPaused === true;
  return (
    <>
      <span className="source-head">
        <SourceTitle>{source.title}</SourceTitle>
        <StateDot tone={isPaused ? 'warn' : TONES[source.state]}>
          {text(isPaused ? 'studio.playback.paused' : `studio.source.${source.state}`)}
        </StateDot>
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
      {source.next?.url === source.url ? <OpenedAnew next={source.next} /> : null}
      {source.isSlate ? (
        <span className="source-reason">
          {text(isPaused ? 'studio.playback.held' : 'studio.source.slate')}
        </span>
      ) : null}
      {source.reason === '' || isPaused ? null : (
        <span className="source-reason">
          <Said>{source.reason}</Said>
        </span>
      )}
      {source.playback ? <PlaybackLine playback={source.playback} /> : null}
      {needsCameraPage(source) ? <CameraPageLink /> : null}
      {needsDemo(source) ? <ShowDemo /> : null}
      <SystemSound sound={source.systemSound} />
    </>
  );
}

/** What this computer plays, where it can be heard; the refusal says what is lacking. */
function SystemSound({ sound }: { sound: SourceState['systemSound'] }) {
  return (
    <>
      <label className="source-choice">
        <input
          type="checkbox"
          checked={sound !== undefined}
          onChange={({ target }) => ask(studio.sources.setSystemSound({ isOn: target.checked }))}
        />
        {text('studio.sound.system')}
      </label>
      {sound?.reason ? (
        <span className="source-reason">
          <Said>{sound.reason}</Said>
        </span>
      ) : null}
    </>
  );
}

/** The same source beside itself, for another picture. */
function OpenedAnew({ next }: { next: NonNullable<SourceState['next']> }) {
  const words = text(next.state === 'failed' ? 'studio.source.failed' : 'studio.source.switching');
  return (
    <>
      <StateDot tone={next.state === 'failed' ? 'stop' : 'warn'}>{words}</StateDot>
      {next.reason === '' ? null : (
        <span className="source-reason">
          <Said>{next.reason}</Said>
        </span>
      )}
    </>
  );
}

/** A source in trouble comes back by itself; meanwhile viewers may see something else. */
function needsDemo({ state, url, next }: SourceState): boolean {
  const isTroubled = state === 'failed' || state === 'stalled' || state === 'reconnecting';
  return isTroubled && !url.startsWith('demo:') && next === undefined;
}

function ShowDemo() {
  return (
    <Button size="dense" onClick={() => void ask(studio.sources.select({ url: 'demo:' }))}>
      {text('studio.wayOut.demo')}
    </Button>
  );
}

/** In a browser a person opens the page that owns the camera; the desktop app opens it itself. */
function needsCameraPage(source: SourceState): boolean {
  return isBrowser() && isPageSource(source.url) && source.state !== 'live';
}

function isBrowser(): boolean {
  return location.protocol.startsWith('http');
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

/** What the studio opens; what is not finished yet may still become one. */
function isKnownScheme(url: string): boolean {
  const scheme = /^([^:]*):/.exec(url.trim())?.[1];
  return scheme === undefined || SCHEMES.includes(scheme);
}

const SCHEMES = [
  ...['demo', 'file', 'playlist', 'camera', 'screen', 'window', 'test', 'rtmp', 'whip', 'srt'],
  ...['rtsp', 'rtsps', 'http', 'https', 'udp'],
];

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
      <TextField
        input={field}
        label={text('studio.sources.url')}
        hint={text('studio.sources.hint')}
        fault={isKnownScheme(url) ? null : text('studio.sources.scheme')}
        value={url}
        maxLength={2000}
        autoComplete="off"
        spellCheck={false}
        onValue={setUrl}
      />
      <Button size="dense" type="submit">
        {text('studio.sources.use')}
      </Button>
    </form>
  );
}

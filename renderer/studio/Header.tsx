// On air or not, since when, what the show is called, how many watch, the link, and the one large
// control: Go live. Ending asks once.

import { Share2, Square } from 'lucide-react';
import { useEffect, useId, useRef, useState } from 'react';
import type { SourceState, StudioState } from '../../core/contract/state.ts';
import { Button } from '../ui/Button.tsx';
import { Figure } from '../ui/Figure.tsx';
import { elapsedText, pointsText } from '../ui/figures.ts';
import { StateDot } from '../ui/StateDot.tsx';
import { type TextKey, text } from '../ui/texts.ts';
import { longestWords } from './Field.tsx';
import { GoLive } from './GoLive.tsx';
import { HeaderTools } from './HeaderTools.tsx';
import { closeDialog, openDialog, useOpened } from './opened.ts';
import { useReportAtEnd } from './report/useReportAtEnd.ts';
import { SharePanel } from './SharePanel.tsx';
import { ask, studio, usePage } from './store.ts';
import { rememberUndo } from './undo.ts';
import { useNowUs } from './useNowUs.ts';

export function Header({ state }: { state: StudioState }) {
  useReportAtEnd(state);
  const isLive = state.show.state === 'live';
  const watching = usePage((page) => page.readings?.viewers ?? state.relay.viewers);
  return (
    <header className="header">
      <OnAir isLive={isLive} sinceUs={state.show.liveSinceUs} source={state.source} />
      <Title title={state.show.title} />
      <span className="header-watching">
        <Figure charactersMin={3}>
          {text('studio.header.watching', { count: pointsText(watching) })}
        </Figure>
      </span>
      <HeaderTools />
      <Share url={state.show.viewerUrl} />
      {isLive ? <End watching={watching} /> : <GoLive />}
    </header>
  );
}

/** Packets flow while a still stands in the place of the picture; that is not simply live. */
function onAirWords({ isSlate, playback }: SourceState): TextKey {
  if (playback?.isPaused) return 'studio.header.paused';
  return isSlate ? 'studio.header.noPicture' : 'studio.header.live';
}

function OnAir(props: { isLive: boolean; sinceUs: number; source: SourceState }) {
  const { isLive, sinceUs, source } = props;
  const nowUs = useNowUs();
  if (!isLive) {
    return (
      <span className="header-state">
        <StateDot tone="idle">{text('studio.header.ready')}</StateDot>
      </span>
    );
  }
  return (
    <span
      className="header-state header-live"
      data-testid="live"
      data-still={source.isSlate === true}
    >
      <StateDot tone={source.isSlate ? 'warn' : 'live'}>{text(onAirWords(source))}</StateDot>
      <Figure charactersMin={8}>{nowUs === null ? '' : elapsedText(nowUs - sinceUs)}</Figure>
    </span>
  );
}

const TITLE_CHARACTERS_MAX = 80;

/** Text that can be edited in place: Enter keeps it, Escape gives the old one back. */
function Title({ title }: { title: string }) {
  const [draft, setDraft] = useState(title);
  const hintId = useId();
  useEffect(() => setDraft(title), [title]);
  async function keep(): Promise<void> {
    const wanted = draft.trim();
    if (wanted === title) return;
    if (wanted === '' || !(await ask(studio.show.rename({ title: wanted })))) {
      setDraft(title);
      return;
    }
    rememberUndo({
      title: 'studio.command.rename',
      undo: () => void ask(studio.show.rename({ title })),
    });
  }
  return (
    <span className="header-name">
      <input
        className="header-title"
        aria-label={text('studio.header.title')}
        aria-describedby={hintId}
        value={draft}
        maxLength={TITLE_CHARACTERS_MAX}
        spellCheck={false}
        onChange={(change) => setDraft(change.target.value)}
        onBlur={keep}
        onKeyDown={(key) => {
          if (key.key === 'Escape') setDraft(title);
          if (key.key === 'Enter' || key.key === 'Escape') key.currentTarget.blur();
        }}
      />
      <small id={hintId} className="header-hint">
        {text('studio.fault.empty')} {longestWords(TITLE_CHARACTERS_MAX)}
      </small>
    </span>
  );
}

function Share({ url }: { url: string }) {
  const isOpen = useOpened(({ dialog }) => dialog?.name === 'share');
  const button = useRef<HTMLDivElement>(null);
  return (
    <div className="share" ref={button}>
      <Button
        aria-expanded={isOpen}
        aria-haspopup="dialog"
        onClick={() => (isOpen ? closeDialog() : openDialog({ name: 'share' }))}
      >
        <Share2 size={16} aria-hidden="true" />
        {text('studio.header.share')}
      </Button>
      {isOpen ? (
        <SharePanel
          url={url}
          onClose={() => {
            closeDialog();
            button.current?.querySelector('button')?.focus();
          }}
        />
      ) : null}
    </div>
  );
}

function End({ watching }: { watching: number }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const asked = useOpened((opened) => (opened.dialog?.name === 'end' ? opened.dialog : null));
  // Asked again counts as well: the browser tells of a closing some moments later.
  useEffect(() => {
    if (asked === null) dialog.current?.close();
    else if (dialog.current?.open === false) dialog.current.showModal();
  }, [asked]);
  return (
    <>
      <Button size="touch" onClick={() => openDialog({ name: 'end' })}>
        <Square size={14} aria-hidden="true" />
        {text('studio.header.end')}
      </Button>
      <dialog
        ref={dialog}
        className="dialog"
        aria-labelledby="end-title"
        onClose={({ currentTarget }) => currentTarget.open || closeDialog()}
      >
        <h2 id="end-title">{text('studio.end.title')}</h2>
        <p>{text('studio.end.text', { count: pointsText(watching) })}</p>
        <div className="dialog-actions">
          <Button onClick={closeDialog}>{text('studio.end.keep')}</Button>
          <Button
            look="stop"
            onClick={() => {
              closeDialog();
              ask(studio.show.end({}));
            }}
          >
            {text('studio.end.end')}
          </Button>
        </div>
      </dialog>
    </>
  );
}

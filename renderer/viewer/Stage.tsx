// The picture with its state, its boxes and its few controls. The state word comes from frames; the
// controls never change it. A picture that stopped stays visible, dimmed, under the reason.

import {
  Maximize,
  Minimize,
  PictureInPicture2,
  RectangleHorizontal,
  SlidersHorizontal,
  Volume2,
  VolumeX,
} from 'lucide-react';
import { lazy, Suspense, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { useStore } from 'zustand';
import { realTimers } from '../../core/base/clock.ts';
import { IconButton } from '../ui/Button.tsx';
import { Figure } from '../ui/Figure.tsx';
import type { OverlayMode } from '../ui/overlayPainter.ts';
import { StateDot, type StateTone } from '../ui/StateDot.tsx';
import { text } from '../ui/texts.ts';
import type { ViewSize } from './App.tsx';
import type { ViewerSession } from './viewerSession.ts';
import type { ViewerView } from './viewerView.ts';
import type { WatchState } from './watchState.ts';

type StageProps = {
  session: ViewerSession;
  /** The page's one video element; it may be playing already. */
  video: HTMLVideoElement;
  size: ViewSize;
  onTheatre(): void;
  onFullScreen(): void;
};

const TONES: Record<WatchState, StateTone> = {
  connecting: 'idle',
  live: 'live',
  stalled: 'warn',
  ended: 'idle',
  noH264: 'stop',
};

export function Stage({ session, video, size, onTheatre, onFullScreen }: StageProps) {
  const place = useRef<HTMLDivElement>(null);
  const still = useRef<HTMLCanvasElement>(null);
  const boxes = useRef<HTMLCanvasElement>(null);
  const streamed = useRef<HTMLCanvasElement>(null);
  const watch = useStore(session.store, (view) => view.watch);

  // In the task that took the element off the page, so that it does not stop playing.
  useLayoutEffect(() => {
    if (!place.current || !still.current || !boxes.current || !streamed.current) return;
    place.current.prepend(video);
    return session.showIn({
      ...{ video, still: still.current },
      ...{ boxes: boxes.current, streamed: streamed.current },
    });
  }, [session, video]);

  return (
    <section className="stage" aria-label={text('viewer.picture')} data-state={watch}>
      <div className="stage-picture" ref={place}>
        <canvas ref={streamed} className="stage-still" data-testid="streamed" hidden />
        <canvas ref={still} className="stage-still" data-testid="still" hidden />
        <canvas ref={boxes} className="stage-boxes" />
        <CaptionLine session={session} />
        <StageMessage session={session} />
        <SoundInvitation session={session} />
      </div>
      <div className="stage-bar">
        <StateChip session={session} />
        <span className="stage-space" />
        <BoxesChoice session={session} />
        <SoundButton session={session} />
        <MenuButton session={session} />
        <PictureInPictureButton session={session} video={video} />
        <span className="stage-wide">
          <IconButton
            name={text(size === 'theatre' ? 'viewer.theatreLeave' : 'viewer.theatre')}
            aria-pressed={size === 'theatre'}
            onClick={onTheatre}
            data-testid="theatre"
          >
            <RectangleHorizontal size={18} aria-hidden="true" />
          </IconButton>
        </span>
        <IconButton
          name={text(size === 'full' ? 'viewer.fullScreenLeave' : 'viewer.fullScreen')}
          onClick={onFullScreen}
          data-testid="full-screen"
        >
          {size === 'full' ? (
            <Minimize size={18} aria-hidden="true" />
          ) : (
            <Maximize size={18} aria-hidden="true" />
          )}
        </IconButton>
      </div>
    </section>
  );
}

function StateChip({ session }: { session: ViewerSession }) {
  const watch = useStore(session.store, (view) => view.watch);
  const delay = useStore(session.store, (view) =>
    view.watch === 'live' && view.figures.delayMs !== null
      ? Math.max(0, Math.round(view.figures.delayMs))
      : null,
  );
  const error = useStore(session.store, (view) => Math.ceil(view.figures.uncertaintyMs ?? 0));
  return (
    <span className="stateChip">
      <span data-testid="viewer-state" data-state={watch} role="status">
        <StateDot tone={TONES[watch]}>{text(`viewer.state.${watch}`)}</StateDot>
      </span>
      <span
        className="stateChip-delay"
        title={delay === null ? undefined : text('viewer.delayHint', { delay, error })}
      >
        <Figure charactersMin={delay === null ? 0 : 6}>
          {delay === null ? '' : text('viewer.delay', { delay })}
        </Figure>
      </span>
      <TransportNote session={session} />
    </span>
  );
}

/** By which way the picture comes, when it is not the usual one. */
function TransportNote({ session }: { session: ViewerSession }) {
  const reason = useStore(session.store, (view) =>
    view.watch === 'live' && view.transport === 'websocket' ? view.transportReason : null,
  );
  if (reason === null) return null;
  const why = text(`viewer.byWebSocket.${reason}`);
  return (
    <span className="stateChip-way" title={why} data-testid="transport" data-reason={reason}>
      {text('viewer.byWebSocket')}
      <span className="visuallyHidden">{`: ${why}`}</span>
    </span>
  );
}

const MODES: readonly OverlayMode[] = ['live', 'exact', 'off'];

function BoxesChoice({ session }: { session: ViewerSession }) {
  const overlay = useStore(session.store, (view) => view.overlay);
  const hasTimes = useStore(session.store, (view) => view.move.shift !== null);
  return (
    <fieldset className="choice">
      <legend className="choice-name">{text('viewer.boxes')}</legend>
      {MODES.map((mode) => (
        <button
          key={mode}
          type="button"
          className="choice-button"
          aria-pressed={overlay === mode}
          title={text(`viewer.boxesHint.${mode}`)}
          data-testid={`boxes-${mode}`}
          onClick={() => session.setOverlay(mode)}
        >
          {text(`viewer.boxes.${mode}`)}
        </button>
      ))}
      {hasTimes ? null : <span role="status">{text('viewer.boxesNoTimes')}</span>}
    </fieldset>
  );
}

function SoundButton({ session }: { session: ViewerSession }) {
  const isOn = useStore(session.store, (view) => view.sound);
  return (
    <IconButton
      name={text(isOn ? 'viewer.soundOff' : 'viewer.soundOn')}
      aria-pressed={isOn}
      data-testid="sound"
      onClick={() => session.setSound(!isOn)}
    >
      {isOn ? <Volume2 size={18} aria-hidden="true" /> : <VolumeX size={18} aria-hidden="true" />}
    </IconButton>
  );
}

const ViewMenu = lazy(() => import('./ViewMenu.tsx').then((code) => ({ default: code.ViewMenu })));

/** Quality, and what is drawn over the picture. */
function MenuButton({ session }: { session: ViewerSession }) {
  const [isOpen, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const close = () => {
    setOpen(false);
    button.current?.focus();
  };
  return (
    <span className="viewMenu-place">
      <button
        ref={button}
        type="button"
        className="button button-quiet button-normal iconButton"
        aria-label={text('viewer.menu')}
        title={text('viewer.menu')}
        aria-expanded={isOpen}
        aria-controls="view-menu"
        data-testid="view-menu-button"
        onClick={() => setOpen(!isOpen)}
      >
        <SlidersHorizontal size={18} aria-hidden="true" />
      </button>
      {isOpen ? (
        <Suspense fallback={null}>
          <ViewMenu session={session} onClose={close} />
        </Suspense>
      ) : null}
    </span>
  );
}

export function togglePictureInPicture(video: HTMLVideoElement): void {
  if (!document.pictureInPictureEnabled) return;
  const change = document.pictureInPictureElement
    ? document.exitPictureInPicture()
    : video.requestPictureInPicture();
  // Refused while nothing plays; the button stays.
  change.catch(() => {});
}

/** Only where the browser has it and the picture is the element's own. */
function PictureInPictureButton(props: { session: ViewerSession; video: HTMLVideoElement }) {
  const { session, video } = props;
  const isElement = useStore(session.store, (view) => view.transport === 'webrtc');
  if (!document.pictureInPictureEnabled || !isElement) return null;
  return (
    <span className="stage-wide">
      <IconButton
        name={text('viewer.pictureInPicture')}
        onClick={() => togglePictureInPicture(video)}
        data-testid="picture-in-picture"
      >
        <PictureInPicture2 size={18} aria-hidden="true" />
      </IconButton>
    </span>
  );
}

/** What is being said, over the picture. Screen readers hear the sound itself. */
function CaptionLine({ session }: { session: ViewerSession }) {
  const caption = useStore(session.store, (view) => (view.hasCaptions ? view.caption : null));
  const [goneNumber, setGone] = useState(0);
  useEffect(() => {
    if (!caption) return;
    return realTimers.after(caption.showMs, () => setGone(caption.number));
  }, [caption]);
  if (!caption || caption.number === goneNumber) return null;
  return (
    <p className="caption" lang={caption.language} data-testid="caption">
      <span>{caption.text}</span>
    </p>
  );
}

function SoundInvitation({ session }: { session: ViewerSession }) {
  const isOn = useStore(session.store, (view) => view.sound);
  const watch = useStore(session.store, (view) => view.watch);
  if (isOn || watch !== 'live') return null;
  return (
    <button
      type="button"
      className="soundInvitation"
      data-testid="tap-for-sound"
      onClick={() => session.setSound(true)}
    >
      <VolumeX size={16} aria-hidden="true" />
      {text('viewer.tapForSound')}
    </button>
  );
}

function StageMessage({ session }: { session: ViewerSession }) {
  const watch = useStore(session.store, (view) => view.watch);
  const sentence = useStore(session.store, messageOf);
  if (sentence === '') return null;
  return (
    <div className="stageMessage" data-testid="stage-message">
      {watch === 'connecting' || watch === 'stalled' ? (
        <span className="stageMessage-wait" aria-hidden="true" />
      ) : null}
      <p className="stageMessage-text">{sentence}</p>
      {watch === 'noH264' ? <p className="stageMessage-fix">{text('viewer.noH264Fix')}</p> : null}
    </div>
  );
}

const SEALED = {
  none: 'viewer.sealed.lacksKey',
  lacksKey: 'viewer.sealed.lacksKey',
  insecure: 'viewer.sealed.insecure',
  noSupport: 'viewer.sealed.noSupport',
} as const;

function messageOf(view: ViewerView): string {
  const { seal, show } = view;
  const mayPlay = seal === 'open' || seal === 'waiting' || view.watch === 'live';
  if (show?.isEncrypted && show.state === 'live' && !mayPlay) return text(SEALED[seal]);
  switch (view.watch) {
    case 'live':
      return '';
    case 'connecting':
      return text(view.transportReason === 'blocked' ? 'viewer.blocked' : 'viewer.connecting');
    case 'stalled':
      if (view.show?.slate) return text('viewer.slate', { source: view.show.slate });
      return text(
        view.show?.studioConnected === false ? 'viewer.stalledStudioAway' : 'viewer.stalled',
      );
    case 'ended': {
      const isOver = view.wasLive || view.show?.state === 'ended';
      return text(isOver ? 'viewer.ended' : 'viewer.notBegun');
    }
    case 'noH264':
      return text('viewer.noH264');
  }
}

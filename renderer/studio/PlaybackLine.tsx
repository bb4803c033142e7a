// One slim line under a file or a playlist on air: play or pause, the place in it, and the files
// before and after. The place counts on by itself between what the engine tells; while a hand is on
// it, the hand wins, and the engine is asked once the hand rests.

import { Pause, Play, SkipBack, SkipForward } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { type CancelTimer, realTimers } from '../../core/base/clock.ts';
import { type Playback, positionAt } from '../../core/contract/playback.ts';
import { IconButton } from '../ui/Button.tsx';
import { Figure } from '../ui/Figure.tsx';
import { elapsedText } from '../ui/figures.ts';
import { text } from '../ui/texts.ts';
import { Said } from './Secret.tsx';
import { ask, studio } from './store.ts';
import { useNowUs } from './useNowUs.ts';

const REST_MS = 250;
/** A key press moves so far; a long file by a hundredth of itself. */
const STEP_MS = 1_000;

export function PlaybackLine({ playback }: { playback: Playback }) {
  const { isPaused, entries, entry, title } = playback;
  const isList = entries > 1;
  const { sources } = studio;
  return (
    <fieldset className="playback" data-testid="playback" data-paused={isPaused}>
      <legend className="visuallyHidden">{text('studio.playback', { title })}</legend>
      {isList ? (
        <span className="source-facts playback-entry">
          <Said>{text('studio.playback.entry', { entry, entries, title })}</Said>
        </span>
      ) : null}
      <Position playback={playback} />
      <span className="playback-buttons">
        <IconButton
          size="dense"
          name={text(isList ? 'studio.playback.previous' : 'studio.playback.begin')}
          onClick={() => ask(sources.skip({ to: 'previous' }))}
        >
          <SkipBack size={14} aria-hidden="true" />
        </IconButton>
        <IconButton
          size="dense"
          look={isPaused ? 'primary' : 'quiet'}
          name={text(isPaused ? 'studio.playback.play' : 'studio.playback.pause')}
          onClick={() => ask(sources.setPaused({ isPaused: !isPaused }))}
        >
          {isPaused ? (
            <Play size={14} aria-hidden="true" />
          ) : (
            <Pause size={14} aria-hidden="true" />
          )}
        </IconButton>
        {isList ? (
          <IconButton
            size="dense"
            name={text('studio.playback.next')}
            onClick={() => ask(sources.skip({ to: 'next' }))}
          >
            <SkipForward size={14} aria-hidden="true" />
          </IconButton>
        ) : null}
      </span>
      <Time playback={playback} />
    </fieldset>
  );
}

/** Where it is now, ms; null before the page knows the engine's clock. */
function usePosition(playback: Playback): number | null {
  const nowUs = useNowUs();
  return nowUs === null ? null : positionAt(playback, nowUs);
}

function Time({ playback }: { playback: Playback }) {
  const positionMs = usePosition(playback);
  const words = timeWords(positionMs ?? playback.positionMs, playback.lengthMs);
  return <Figure charactersMin={11}>{words}</Figure>;
}

function timeWords(positionMs: number, lengthMs: number | null): string {
  const position = shortTime(positionMs);
  if (lengthMs === null) return position;
  return text('studio.playback.time', { position, length: shortTime(lengthMs) });
}

/** "12:41"; hours only where there are some. */
function shortTime(ms: number): string {
  return elapsedText(ms * 1000).replace(/^00:/, '');
}

function Position({ playback }: { playback: Playback }) {
  const { lengthMs, title } = playback;
  const shownMs = usePosition(playback) ?? playback.positionMs;
  const [handMs, setHandMs] = useState<number | null>(null);
  const cancel = useRef<CancelTimer>(() => {});
  useEffect(() => () => cancel.current(), []);
  if (lengthMs === null) return null;
  function moved(positionMs: number): void {
    setHandMs(positionMs);
    cancel.current();
    cancel.current = realTimers.after(REST_MS, async () => {
      await ask(studio.sources.seek({ positionMs }));
      setHandMs(null);
    });
  }
  const atMs = Math.min(lengthMs, Math.round(handMs ?? shownMs));
  return (
    <input
      className="playback-position"
      type="range"
      min={0}
      max={lengthMs}
      step={Math.max(STEP_MS, Math.round(lengthMs / 100_000) * STEP_MS)}
      value={atMs}
      aria-label={text('studio.playback.position', { title })}
      aria-valuetext={timeWords(atMs, lengthMs)}
      onChange={(change) => moved(Number(change.target.value))}
    />
  );
}

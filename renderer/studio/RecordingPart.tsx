// The recording of the show, in the dock: on or off, how long and how large, and the last seconds
// as a clip. Why one ended by itself stands below.

import { useState } from 'react';
import type { StudioState } from '../../core/contract/state.ts';
import { Button } from '../ui/Button.tsx';
import { elapsedText } from '../ui/figures.ts';
import { StateDot } from '../ui/StateDot.tsx';
import { translated } from '../ui/sentences.ts';
import { text } from '../ui/texts.ts';
import { ClipsButton } from './Clips.tsx';
import { ask, studio } from './store.ts';

const CLIP_SECONDS = 30;
const TONES = { off: 'idle', recording: 'live', failed: 'stop' } as const;

export function RecordingPart({ state: { recording } }: { state: StudioState }) {
  const [saved, setSaved] = useState('');
  const { state, reason, settings, seconds, bytes } = recording;
  const isOn = state === 'recording';
  const { whileLive } = settings;
  async function saveClip(): Promise<void> {
    const title = text('studio.recording.clipTitle');
    const clip = studio.recording.saveClip({ seconds: CLIP_SECONDS, title });
    if (await ask(clip)) setSaved((await clip).name);
  }
  return (
    <div className="dockPart">
      <StateDot tone={TONES[state]}>
        {text(`studio.recording.state.${state}`, {
          time: elapsedText(seconds * 1_000_000),
          size: (bytes / 1_000_000).toFixed(1),
        })}
      </StateDot>
      {reason === '' ? null : <p className="health-reason">{translated(reason)}</p>}
      <div className="marketControls">
        <Button
          size="dense"
          onClick={() => ask(isOn ? studio.recording.stop({}) : studio.recording.start({}))}
        >
          {text(isOn ? 'studio.recording.stop' : 'studio.recording.start')}
        </Button>
        <button
          type="button"
          role="switch"
          className="switch"
          aria-checked={whileLive}
          aria-label={text('studio.recording.whileLiveNamed')}
          onClick={() =>
            ask(studio.recording.configure({ settings: { ...settings, whileLive: !whileLive } }))
          }
        >
          <span className="switch-track" aria-hidden="true" />
          {text('studio.recording.whileLive')}
        </button>
      </div>
      <div className="marketControls">
        <Button size="dense" look="quiet" onClick={saveClip}>
          {text('studio.recording.clip')}
        </Button>
        <ClipsButton />
      </div>
      {saved === '' ? null : (
        <p className="health-reason" role="status">
          {text('studio.recording.clipSaved', { name: saved })}
        </p>
      )}
    </div>
  );
}

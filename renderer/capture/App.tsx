// What a person sees of the capture page: the picture, one state, one reason, one remedy, and
// beside it what the picture is made of.

import { useEffect, useRef, useSyncExternalStore } from 'react';
import { CAPTURE_PROGRAMS } from '../../core/media/capturePort.ts';
import { Button } from '../ui/Button.tsx';
import { StateDot, type StateTone } from '../ui/StateDot.tsx';
import { text } from '../ui/texts.ts';
import type { CaptureSession, CaptureView } from './captureSession.ts';
import { LayerFrames } from './LayerFrames.tsx';
import { Layers } from './Layers.tsx';

const TONES: Record<CaptureView['state'], StateTone> = {
  starting: 'idle',
  ready: 'go',
  live: 'live',
  failed: 'stop',
};
const REMEDIES = {
  tryAgain: 'capture.tryAgain',
  useThisPage: 'capture.useThisPage',
  share: 'capture.share',
} as const;

export function App({ session }: { session: CaptureSession }) {
  const view = useSyncExternalStore(
    (run) => session.subscribe(run),
    () => session.view(),
  );
  return (
    <main className="capturePage" data-state={view.state}>
      <header className="capturePage-head">
        <h1>{text('capture.title')}</h1>
        <Programs session={session} view={view} />
        <StateDot tone={TONES[view.state]}>{text(`capture.${view.state}`)}</StateDot>
      </header>
      <div className="capturePage-room">
        <section className="capturePage-stage" aria-label={text('capture.previewLabel')}>
          <div className="capturePage-picture">
            <Preview view={view} />
            <LayerFrames session={session} scene={view.program.scene} />
          </div>
          {view.reason ? <Reason view={view} onRemedy={() => session.remedy()} /> : null}
        </section>
        <Layers session={session} view={view} />
      </div>
      <Figures view={view} />
    </main>
  );
}

function Programs({ session, view }: { session: CaptureSession; view: CaptureView }) {
  return (
    <fieldset className="capturePage-programs">
      <legend className="visuallyHidden">{text('capture.programs')}</legend>
      {CAPTURE_PROGRAMS.map((program) => (
        <label key={program} data-wanted={view.wanted.includes(program)}>
          <input
            type="radio"
            name="program"
            checked={view.shown === program}
            onChange={() => session.look(program)}
          />
          {text(`capture.program.${program}`)}
        </label>
      ))}
    </fieldset>
  );
}

function Preview({ view }: { view: CaptureView }) {
  const { stream, canvas } = view.program;
  const video = useRef<HTMLVideoElement>(null);
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (video.current) video.current.srcObject = stream;
  }, [stream]);
  useEffect(() => {
    place.current?.replaceChildren(...(canvas ? [canvas] : []));
  }, [canvas]);
  return (
    <>
      <video ref={video} autoPlay muted playsInline hidden={stream === null} />
      <div ref={place} hidden={canvas === null} />
    </>
  );
}

function Reason({ view, onRemedy }: { view: CaptureView; onRemedy: () => void }) {
  return (
    <div className="capturePage-reason" role="status">
      <p>{view.reason}</p>
      {view.remedy ? (
        <Button look="primary" onClick={onRemedy}>
          {text(REMEDIES[view.remedy])}
        </Button>
      ) : null}
    </div>
  );
}

function Figures({ view }: { view: CaptureView }) {
  const { width, height, hasSound } = view.program;
  return (
    <footer className="capturePage-foot">
      <span>
        {text('capture.size')} <b>{width > 0 ? `${width}×${height}` : '–'}</b>
      </span>
      <span>
        {text('capture.sound')} <b>{text(hasSound ? 'capture.soundOn' : 'capture.soundOff')}</b>
      </span>
      <span>
        {text('capture.sent')} <b>{view.framesSent}</b>
      </span>
      <span>
        {text('capture.dropped')} <b>{view.framesDropped}</b>
      </span>
    </footer>
  );
}

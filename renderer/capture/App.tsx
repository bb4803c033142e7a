// What a person sees of the capture page: the picture, one state, one reason, one remedy.

import { useEffect, useRef, useSyncExternalStore } from 'react';
import { Button } from '../ui/Button.tsx';
import { StateDot, type StateTone } from '../ui/StateDot.tsx';
import { text } from '../ui/texts.ts';
import type { CaptureSession, CaptureView } from './captureSession.ts';

const TONES: Record<CaptureView['state'], StateTone> = {
  starting: 'idle',
  ready: 'go',
  live: 'live',
  failed: 'stop',
};

export function App({ session }: { session: CaptureSession }) {
  const view = useSyncExternalStore(
    (run) => session.subscribe(run),
    () => session.view(),
  );
  return (
    <main className="capturePage" data-state={view.state}>
      <header className="capturePage-head">
        <h1>{text('capture.title')}</h1>
        <StateDot tone={TONES[view.state]}>{text(`capture.${view.state}`)}</StateDot>
      </header>
      <section className="capturePage-stage" aria-label={text('capture.previewLabel')}>
        <Preview stream={view.stream} />
        {view.reason ? <Reason view={view} onRemedy={() => session.remedy()} /> : null}
      </section>
      <footer className="capturePage-foot">
        <span>
          {text('capture.size')} <b>{view.width > 0 ? `${view.width}×${view.height}` : '–'}</b>
        </span>
        <span>
          {text('capture.sound')}{' '}
          <b>{text(view.hasSound ? 'capture.soundOn' : 'capture.soundOff')}</b>
        </span>
        <span>
          {text('capture.sent')} <b>{view.framesSent}</b>
        </span>
        <span>
          {text('capture.dropped')} <b>{view.framesDropped}</b>
        </span>
      </footer>
    </main>
  );
}

function Preview({ stream }: { stream: MediaStream | null }) {
  const element = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    if (element.current) element.current.srcObject = stream;
  }, [stream]);
  return <video ref={element} autoPlay muted playsInline />;
}

function Reason({ view, onRemedy }: { view: CaptureView; onRemedy: () => void }) {
  return (
    <div className="capturePage-reason" role="status">
      <p>{view.reason}</p>
      {view.remedy ? (
        <Button look="primary" onClick={onRemedy}>
          {text(view.remedy === 'tryAgain' ? 'capture.tryAgain' : 'capture.useThisPage')}
        </Button>
      ) : null}
    </div>
  );
}

// What is shown to begin with: the demo, a camera with its picture, a screen, a window, or what OBS
// sends. Nothing changes before one goes on.

import { Camera, Monitor, Radio, Video } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import type { StudioState } from '../../../core/contract/state.ts';
import { isPageSource } from '../../../core/media/capturePort.ts';
import { Button } from '../../ui/Button.tsx';
import { proposeCamera } from '../../ui/keptDevices.ts';
import { type TextKey, text } from '../../ui/texts.ts';
import { Said } from '../Secret.tsx';
import { attempt, studio } from '../store.ts';
import { useVeil } from '../streamerMode.ts';
import { StepFrame, type StepProps } from './FirstRun.tsx';
import { stepBy } from './firstRunStore.ts';
import { type CameraView, useCameras } from './useCameras.ts';

type Offer = {
  /** Of the choice: a camera's own, or the source's address. */
  id: string;
  url: string;
  title: string;
  what: string;
  stream: MediaStream | null;
  /** Seen below this dialog already. */
  isOnAir: boolean;
};

const ICONS = { 'screen:': Monitor, 'window:': Monitor, 'camera:': Camera } as const;
const WHAT: Readonly<Record<string, TextKey>> = {
  'demo:': 'studio.firstRun.what.demo',
  'camera:': 'studio.firstRun.what.camera',
  'screen:': 'studio.firstRun.what.screen',
  'window:': 'studio.firstRun.what.window',
  'rtmp:': 'studio.firstRun.what.obs',
  'whip:': 'studio.firstRun.what.obs',
};

export function PictureStep({ state }: StepProps) {
  const seen = useCameras();
  const veil = useVeil();
  const [chosen, setChosen] = useState(state.source.url);
  const [fault, setFault] = useState<string | null>(null);
  const offers = offersOf(state, seen.cameras, veil);
  const offer = offers.find(({ id }) => id === chosen) ?? offers.find(({ url }) => url === chosen);
  async function use(): Promise<void> {
    if (offer === undefined) return;
    if (offer.url === 'camera:' && offer.id !== offer.url) proposeCamera(offer.id);
    openCapturePage(offer.url);
    const isNew = offer.url !== state.source.url;
    const refusal = isNew ? await attempt(studio.sources.select({ url: offer.url })) : null;
    setFault(refusal);
    if (refusal === null) stepBy(1);
  }
  return (
    <StepFrame step="picture" next={text('studio.firstRun.next')} onNext={() => void use()}>
      <fieldset className="firstRun-offers">
        <legend className="visuallyHidden">{text('studio.firstRun.question.picture')}</legend>
        {offers.map((one) => (
          <label key={one.id} className="offer">
            <input
              type="radio"
              name="picture"
              checked={one === offer}
              onChange={() => setChosen(one.id)}
              {...(one === offer ? { 'data-begin': true } : {})}
            />
            {one.isOnAir ? <OnAir url={one.url} /> : <Picture stream={one.stream} url={one.url} />}
            <span className="offer-title">{one.title}</span>
            <span className="offer-what">{one.what}</span>
          </label>
        ))}
      </fieldset>
      {seen.state === 'mustAsk' ? (
        <div className="firstRun-ask">
          <Button size="dense" onClick={seen.show}>
            <Camera size={14} aria-hidden="true" />
            {text('studio.firstRun.camera.show')}
          </Button>
          <span>{text('studio.firstRun.camera.ask')}</span>
        </div>
      ) : null}
      {seen.reason === null ? null : (
        <p className="firstRun-note" role="status">
          {text(seen.reason)}
        </p>
      )}
      {fault === null ? null : (
        <p className="formField-fault" role="alert">
          <Said>{fault}</Said>
        </p>
      )}
    </StepFrame>
  );
}

/** Each camera of its own where they are seen; else whichever there is. */
function offersOf(
  state: StudioState,
  cameras: readonly CameraView[],
  veil: (words: string) => string,
): Offer[] {
  const { source, sources } = state;
  const isListed = source.url === '' || sources.some(({ url }) => url === source.url);
  const all = isListed ? sources : [{ url: source.url, title: source.title }, ...sources];
  // OBS by its newer way is found in its own panel; one line of it is enough for a beginning.
  const shown = all.filter(({ url }) => url !== 'rtmp:' || source.url === 'rtmp:');
  return shown.flatMap(({ url, title }): Offer[] => {
    const key = WHAT[url];
    const what = key === undefined ? '' : text(key);
    if (url === 'camera:' && cameras.length > 0) {
      return cameras.map((camera) => ({
        ...{ id: camera.id, url, what, title: camera.title || text('studio.firstRun.camera') },
        ...{ stream: camera.stream, isOnAir: false },
      }));
    }
    return [
      {
        id: url,
        url,
        title: veil(sourceName(url, title)),
        what,
        stream: null,
        isOnAir: url === source.url,
      },
    ];
  });
}

/** What comes with the studio has a name in every language. */
export function sourceName(url: string, title: string): string {
  return url in WHAT ? text(`studio.firstRun.source.${url.slice(0, -1)}` as TextKey) : title;
}

/** In a browser the page that owns the camera is a tab of its own; the desktop app opens it. */
function openCapturePage(url: string): void {
  if (!isPageSource(url) || !location.protocol.startsWith('http')) return;
  // Within the press, or the browser takes it for an advertisement.
  window.open('/capture/', 'morphine-camera');
}

function Picture({ stream, url }: { stream: MediaStream | null; url: string }) {
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    if (video.current) video.current.srcObject = stream;
  }, [stream]);
  const Icon = ICONS[url as keyof typeof ICONS] ?? (url === 'whip:' ? Radio : Video);
  return (
    <span className="offer-picture">
      {stream === null ? (
        <Icon size={24} aria-hidden="true" />
      ) : (
        <video ref={video} autoPlay muted playsInline tabIndex={-1} />
      )}
    </span>
  );
}

/** What is on its way to viewers is seen already, below this dialog; here it is again, small. */
function OnAir({ url }: { url: string }) {
  const [stream, setStream] = useState<MediaStream | null>(null);
  useEffect(() => {
    const look = () => {
      const program = document.querySelector<HTMLVideoElement>('.program-video');
      const shown = program?.srcObject;
      setStream(shown instanceof MediaStream ? shown : null);
    };
    look();
    const every = setInterval(look, 500);
    return () => clearInterval(every);
  }, []);
  return <Picture stream={stream} url={url} />;
}

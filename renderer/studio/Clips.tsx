// The clips of the show: each with its picture, title and reason, to be played here, downloaded or
// deleted, and how long clips, recordings and evidence are kept. Everybody of the crew sees them;
// the server says who may delete and set.

import { Download, Play, Trash2 } from 'lucide-react';
import { useEffect, useState } from 'react';
import type { ClipView, RecordingSettings } from '../../core/contract/recording.ts';
import { Button, IconButton } from '../ui/Button.tsx';
import { elapsedText } from '../ui/figures.ts';
import { Notice } from '../ui/Notice.tsx';
import { translated } from '../ui/sentences.ts';
import { text } from '../ui/texts.ts';
import { ChoiceField } from './Field.tsx';
import { addressOfBytes, readParts, useFetched } from './fetchParts.ts';
import { Modal } from './Modal.tsx';
import { closeDialog, openDialog } from './opened.ts';
import { ask, attempt, studio } from './store.ts';
import './clips.css';

export function ClipsButton() {
  return (
    <Button size="dense" look="quiet" onClick={() => openDialog({ name: 'clips' })}>
      {text('studio.clips.open')}
    </Button>
  );
}

export function ClipsDialog({ settings }: { settings: RecordingSettings }) {
  return (
    <Modal title={text('studio.clips.title')} onClose={closeDialog}>
      <Clips settings={settings} />
    </Modal>
  );
}

function Clips({ settings }: { settings: RecordingSettings }) {
  const [clips, setClips] = useState<ClipView[] | null>(null);
  const [playing, setPlaying] = useState('');
  const [refusal, setRefusal] = useState<string | null>(null);
  async function fetchList(): Promise<void> {
    const listed = studio.recording.clips({});
    setRefusal(await attempt(listed));
    setClips(await listed.catch(() => []));
  }
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, as it opens
  useEffect(() => void fetchList(), []);
  async function remove(name: string): Promise<void> {
    setRefusal(await attempt(studio.recording.removeClip({ name })));
    await fetchList();
  }
  return (
    <div className="clips">
      {refusal === null ? null : <Notice severity="stop">{refusal}</Notice>}
      {clips === null ? <p aria-busy="true">{text('studio.evidence.wait')}</p> : null}
      {clips?.length === 0 ? <p>{text('studio.clips.none')}</p> : null}
      <ul className="clipList">
        {clips?.map((clip) => (
          <Clip
            key={clip.name}
            clip={clip}
            isPlaying={clip.name === playing}
            onPlay={() => setPlaying(clip.name === playing ? '' : clip.name)}
            onRemove={() => void remove(clip.name)}
          />
        ))}
      </ul>
      <Retention settings={settings} />
    </div>
  );
}

type ClipProps = { clip: ClipView; isPlaying: boolean; onPlay(): void; onRemove(): void };

function Clip({ clip, isPlaying, onPlay, onRemove }: ClipProps) {
  const { name, title, reason, seconds, bytes, stillBytes } = clip;
  const [isSure, setIsSure] = useState(false);
  const still = useFetched({
    key: stillBytes === 0 ? null : name,
    ...{ length: stillBytes, type: 'image/jpeg' },
    read: (offset) => studio.recording.readClip({ name, part: 'still', offset }),
  });
  const long = elapsedText(seconds * 1_000_000);
  const size = (bytes / 1_000_000).toFixed(1);
  return (
    <li className="clip" data-testid="clip">
      {still === 'wait' || still === 'none' ? (
        <span className="clip-still" aria-hidden="true" />
      ) : (
        <img className="clip-still" src={still} alt="" />
      )}
      <div className="clip-words">
        <strong>{title}</strong>
        {reason === '' ? null : <span>{translated(reason)}</span>}
        <small>{text('studio.clips.facts', { day: name.slice(0, 16), time: long, size })}</small>
      </div>
      {isSure ? (
        <span className="clip-acts">
          <Button size="dense" look="stop" onClick={onRemove}>
            {text('studio.clips.removeSure')}
          </Button>
          <Button size="dense" onClick={() => setIsSure(false)}>
            {text('common.cancel')}
          </Button>
        </span>
      ) : (
        <span className="clip-acts">
          <IconButton name={text('studio.clips.play', { title })} onClick={onPlay}>
            <Play size={16} aria-hidden="true" />
          </IconButton>
          <IconButton
            name={text('studio.clips.download', { title })}
            onClick={() => void ask(download(clip))}
          >
            <Download size={16} aria-hidden="true" />
          </IconButton>
          <IconButton name={text('studio.clips.remove', { title })} onClick={() => setIsSure(true)}>
            <Trash2 size={16} aria-hidden="true" />
          </IconButton>
        </span>
      )}
      {isPlaying ? <Movie clip={clip} /> : null}
    </li>
  );
}

const readMovie = (name: string) => (offset: number) =>
  studio.recording.readClip({ name, part: 'clip', offset });

/** Plays one, fetched whole. */
export function Movie({ clip: { name, title, bytes } }: { clip: ClipView }) {
  const address = useFetched({
    ...{ key: name, length: bytes, type: 'video/mp4' },
    read: readMovie(name),
  });
  if (address === 'wait') return <p aria-busy="true">{text('studio.evidence.wait')}</p>;
  if (address === 'none') return <Notice severity="stop">{text('studio.clips.gone')}</Notice>;
  // biome-ignore lint/a11y/useMediaCaption: what was said in a show is not written down anywhere
  return <video className="clip-movie" src={address} controls autoPlay aria-label={title} />;
}

async function download({ name, bytes }: ClipView): Promise<void> {
  const address = addressOfBytes(await readParts(bytes, readMovie(name)), 'video/mp4');
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  // The browser has taken the bytes by then.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

const KINDS = ['evidenceDays', 'clipDays', 'recordingDays'] as const;
const DAYS = [7, 30, 90, 365, 0];

function Retention({ settings }: { settings: RecordingSettings }) {
  const [refusal, setRefusal] = useState<string | null>(null);
  const words = (days: number) =>
    days === 0 ? text('studio.clips.forGood') : text('studio.clips.days', { days });
  return (
    <fieldset className="formPart formPart-grid">
      <legend>{text('studio.clips.keep')}</legend>
      {KINDS.map((kind) => {
        const days = DAYS.includes(settings[kind]) ? DAYS : [settings[kind], ...DAYS];
        return (
          <ChoiceField
            key={kind}
            label={text(`studio.clips.${kind}`)}
            value={String(settings[kind])}
            choices={days.map((one) => [String(one), words(one)] as const)}
            onValue={async (value) => {
              const changed = { ...settings, [kind]: Number(value) };
              setRefusal(await attempt(studio.recording.configure({ settings: changed })));
            }}
          />
        );
      })}
      {refusal === null ? null : <Notice severity="stop">{refusal}</Notice>}
      <p className="formField-hint">{text('studio.clips.keepHint')}</p>
    </fieldset>
  );
}

// What the picture is made of: the layers from the front to the back, what each of them needs, what
// can be added, and the microphone.

import { ArrowDown, ArrowUp, Plus, Trash2 } from 'lucide-react';
import { useRef, useState } from 'react';
import { Button, IconButton } from '../ui/Button.tsx';
import { text } from '../ui/texts.ts';
import type { CaptureSession, CaptureView } from './captureSession.ts';
import { nameOf } from './LayerFrames.tsx';
import {
  addLayer,
  LAYER_KINDS,
  LAYERS_MAX,
  type Layer,
  type LayerKind,
  raiseLayer,
  removeLayer,
  setDetail,
  WORDS_CHARACTERS_MAX,
} from './scene.ts';

type Props = { session: CaptureSession; view: CaptureView };

export function Layers({ session, view }: Props) {
  const { scene } = view.program;
  return (
    <section className="layers" aria-labelledby="layers-title">
      <h2 id="layers-title">{text('capture.layers')}</h2>
      <ul>
        {scene.layers.toReversed().map((layer) => (
          <LayerRow key={layer.id} session={session} view={view} layer={layer} />
        ))}
      </ul>
      <AddLayers session={session} view={view} />
      <Microphone session={session} view={view} />
    </section>
  );
}

function LayerRow({ session, view, layer }: Props & { layer: Layer }) {
  const { scene, inputs } = view.program;
  const input = inputs.get(layer.id);
  const reason = input?.state === 'failed' ? input.reason : null;
  const name = nameOf(layer);
  return (
    <li className="layerRow">
      <span className="layerRow-name">{name}</span>
      <IconButton
        name={text('capture.layer.nearer', { name })}
        size="dense"
        onClick={() => session.setScene(raiseLayer(scene, layer.id, 1))}
      >
        <ArrowUp size={14} aria-hidden="true" />
      </IconButton>
      <IconButton
        name={text('capture.layer.farther', { name })}
        size="dense"
        onClick={() => session.setScene(raiseLayer(scene, layer.id, -1))}
      >
        <ArrowDown size={14} aria-hidden="true" />
      </IconButton>
      <IconButton
        name={text('capture.layer.remove', { name })}
        size="dense"
        onClick={() => session.setScene(removeLayer(scene, layer.id))}
      >
        <Trash2 size={14} aria-hidden="true" />
      </IconButton>
      <LayerDetail session={session} view={view} layer={layer} />
      {reason ? <span className="layerRow-reason">{text(reason)}</span> : null}
      {input?.needsPress && layer.kind !== 'camera' ? (
        <Button size="dense" onClick={() => void session.share(layer.id)}>
          {text('capture.share')}
        </Button>
      ) : null}
    </li>
  );
}

function LayerDetail({ session, view, layer }: Props & { layer: Layer }) {
  const { scene } = view.program;
  const set = (detail: string) => session.setScene(setDetail(scene, layer.id, detail));
  if (layer.kind === 'camera') {
    return (
      <select
        className="field"
        aria-label={text('capture.layer.camera')}
        value={layer.deviceId}
        onChange={(change) => set(change.target.value)}
      >
        <option value="">{text('capture.anyCamera')}</option>
        {view.cameras.map(({ id, title }) => (
          <option key={id} value={id}>
            {title}
          </option>
        ))}
      </select>
    );
  }
  if (layer.kind !== 'text') return null;
  return (
    <input
      className="field"
      aria-label={text('capture.layer.text')}
      placeholder={text('capture.wordsHint')}
      maxLength={WORDS_CHARACTERS_MAX}
      value={layer.words}
      onChange={(change) => set(change.target.value)}
    />
  );
}

function AddLayers({ session, view }: Props) {
  const { scene } = view.program;
  const file = useRef<HTMLInputElement>(null);
  const [refusal, setRefusal] = useState('');
  const isFull = scene.layers.length >= LAYERS_MAX;

  function add(kind: LayerKind, detail = ''): void {
    const next = addLayer(scene, kind, detail);
    if (next) session.setScene(next);
  }

  async function addImage(chosen: File | undefined): Promise<void> {
    if (!chosen) return;
    try {
      add('image', await session.addImage(chosen));
      setRefusal('');
    } catch {
      setRefusal(text('capture.imageRefused', { name: chosen.name }));
    }
  }

  return (
    <fieldset className="layers-add" disabled={isFull}>
      <legend>{text(isFull ? 'capture.full' : 'capture.add')}</legend>
      {LAYER_KINDS.map((kind) => (
        <Button
          key={kind}
          size="dense"
          onClick={() => (kind === 'image' ? file.current?.click() : add(kind))}
        >
          <Plus size={14} aria-hidden="true" />
          {text(`capture.layer.${kind}`)}
        </Button>
      ))}
      <input
        ref={file}
        type="file"
        accept="image/*"
        hidden
        aria-label={text('capture.layer.image')}
        onChange={(change) => {
          void addImage(change.target.files?.[0]);
          change.target.value = '';
        }}
      />
      {refusal === '' ? null : (
        <p className="layerRow-reason" role="alert">
          {refusal}
        </p>
      )}
    </fieldset>
  );
}

function Microphone({ session, view }: Props) {
  const { microphoneLack } = view;
  return (
    <div className="layers-microphone">
      <MicrophoneChoice session={session} view={view} />
      {microphoneLack === null ? null : (
        <div role="status">
          <span className="layerRow-reason">{text(microphoneLack)}</span>
          <Button size="dense" onClick={() => void session.retryMicrophone()}>
            {text('capture.retryMicrophone')}
          </Button>
        </div>
      )}
    </div>
  );
}

function MicrophoneChoice({ session, view }: Props) {
  return (
    <label>
      {text('capture.microphone')}
      <select
        className="field"
        value={view.microphone}
        onChange={(change) => void session.chooseMicrophone(change.target.value)}
      >
        <option value="">{text('capture.anyMicrophone')}</option>
        {view.microphones.map(({ id, title }) => (
          <option key={id} value={id}>
            {title}
          </option>
        ))}
      </select>
    </label>
  );
}

// The picture's settings: quality, as far as the relay offers a choice, and what is drawn over the
// picture. Fetched when it is first opened. Escape and a press beside it close it.

import { useEffect, useRef, useState } from 'react';
import { useStore } from 'zustand';
import { OVERLAY_LAYERS } from '../ui/overlayLayers.ts';
import { type TextKey, text } from '../ui/texts.ts';
import type { Qualities } from './qualities.ts';
import type { ViewerSession } from './viewerSession.ts';

export function ViewMenu({ session, onClose }: { session: ViewerSession; onClose(): void }) {
  const menu = useRef<HTMLDivElement>(null);
  useEffect(() => {
    menu.current?.querySelector('input')?.focus();
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== 'Escape') return;
      event.stopPropagation();
      onClose();
    };
    const onPress = (event: PointerEvent) => {
      const place = menu.current?.parentElement;
      if (event.target instanceof Node && !place?.contains(event.target)) onClose();
    };
    document.addEventListener('keydown', onKey, true);
    document.addEventListener('pointerdown', onPress);
    return () => {
      document.removeEventListener('keydown', onKey, true);
      document.removeEventListener('pointerdown', onPress);
    };
  }, [onClose]);
  return (
    <div
      id="view-menu"
      ref={menu}
      className="viewMenu"
      role="dialog"
      aria-label={text('viewer.menu')}
      data-testid="view-menu"
    >
      <LayerChoice session={session} />
      <QualityChoice session={session} />
    </div>
  );
}

function LayerChoice({ session }: { session: ViewerSession }) {
  const layers = useStore(session.store, (view) => view.layers);
  const hasCaptions = useStore(session.store, (view) => view.hasCaptions);
  return (
    <fieldset>
      <legend>{text('viewer.layers')}</legend>
      {OVERLAY_LAYERS.map((layer) => (
        <label key={layer} className="viewMenu-row">
          <input
            type="checkbox"
            checked={layers[layer]}
            data-testid={`layer-${layer}`}
            onChange={({ target }) => session.setLayers({ ...layers, [layer]: target.checked })}
          />
          {text(`viewer.layer.${layer}`)}
        </label>
      ))}
      <label className="viewMenu-row">
        <input
          type="checkbox"
          checked={hasCaptions}
          data-testid="captions"
          onChange={({ target }) => session.store.setState({ hasCaptions: target.checked })}
        />
        {text('viewer.captions')}
      </label>
    </fieldset>
  );
}

function QualityChoice({ session }: { session: ViewerSession }) {
  const [known, setKnown] = useState<Qualities | null | 'asking'>('asking');
  const [wish, setWish] = useState<string | null>(null);
  useEffect(() => {
    let isHere = true;
    session.qualities().then((answer) => isHere && setKnown(answer));
    return () => {
      isHere = false;
    };
  }, [session]);
  if (known === 'asking' || known === null) {
    const words = text(known === null ? 'viewer.quality.one' : 'viewer.quality.looking');
    return (
      <fieldset>
        <legend>{text('viewer.quality')}</legend>
        <p className="viewMenu-note">{words}</p>
      </fieldset>
    );
  }
  const choose = (id: string | null) => {
    setWish(id);
    session.qualities(id).then((answer) => answer && setKnown(answer));
  };
  const current = nameOf(known.current);
  return (
    <fieldset>
      <legend>{text('viewer.quality')}</legend>
      {[null, ...known.layers.map(({ id }) => id)].map((id) => (
        <label key={id ?? 'auto'} className="viewMenu-row">
          <input
            type="radio"
            name="quality"
            checked={wish === id}
            data-testid={`quality-${id ?? 'auto'}`}
            onChange={() => choose(id)}
          />
          {id === null ? text('viewer.quality.auto') : nameOf(id)}
          <span className="viewMenu-note">
            {id === null
              ? text('viewer.quality.now', { layer: current })
              : rateOf(known.layers.find((layer) => layer.id === id)?.bitsPerSecond ?? 0)}
          </span>
        </label>
      ))}
    </fieldset>
  );
}

const NAMES: Readonly<Record<string, TextKey>> = {
  high: 'viewer.layerName.high',
  medium: 'viewer.layerName.medium',
  low: 'viewer.layerName.low',
};

function nameOf(id: string): string {
  const key = NAMES[id];
  return key ? text(key) : id;
}

function rateOf(bitsPerSecond: number): string {
  return bitsPerSecond > 0 ? `${(bitsPerSecond / 1e6).toFixed(1)} Mbit/s` : '';
}
